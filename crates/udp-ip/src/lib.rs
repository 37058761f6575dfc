// SPDX-License-Identifier: GPL-2.0-only

//! UDP datagrams over IPv4 and IPv6: their two ends ([`endpoint`]), and the headers of those received,
//! which are taken apart ([`receive`]).
//!
//! No packet makes this crate panic. It is compiled by cargo, and as a plain module of the kernel
//! module: hence the relative paths, and no allocation.

#![cfg_attr(not(any(CONFIG_RUST, test)), no_std)]
#![forbid(unsafe_code)]

pub mod endpoint;
pub mod receive;

pub use endpoint::{Addresses, Endpoint, Family, Flow};
pub use receive::{parse, Datagram, Malformed};

/// Length of an IPv4 header without options (RFC 791 section 3.1).
pub const IPV4_HEADER: usize = 20;
/// Length of an IPv6 header (RFC 8200 section 3).
pub const IPV6_HEADER: usize = 40;
/// Length of a UDP header (RFC 768).
pub const UDP_HEADER: usize = 8;
/// Length of the headers of a datagram at most: those of IPv4 with options.
pub const MAX_HEADERS: usize = 60 + UDP_HEADER;
/// Protocol number of UDP.
pub const UDP: u8 = 17;
