// SPDX-License-Identifier: GPL-2.0-only

//! Headers of UDP datagrams over IPv4 and IPv6: those received are taken apart ([`receive`]),
//! those sent are written ([`send`]).
//!
//! No packet makes this crate panic. It is compiled by cargo, and as a plain module of the kernel
//! module: hence the relative paths, and no allocation.

#![cfg_attr(not(any(CONFIG_RUST, test)), no_std)]
#![forbid(unsafe_code)]

pub mod receive;
pub mod send;

pub use receive::{parse, Datagram, Malformed};

/// Length of an IPv4 header without options (RFC 791 section 3.1).
pub const IPV4_HEADER: usize = 20;
/// Length of an IPv6 header (RFC 8200 section 3).
pub const IPV6_HEADER: usize = 40;
/// Length of a UDP header (RFC 768).
pub const UDP_HEADER: usize = 8;
/// Protocol number of UDP.
pub const UDP: u8 = 17;

/// An IP address in network order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// IPv4.
    V4([u8; 4]),
    /// IPv6.
    V6([u8; 16]),
}

/// The version of IP that a packet arrived with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}
