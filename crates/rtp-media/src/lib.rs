// SPDX-License-Identifier: GPL-2.0-only

//! What to do with a datagram of a media stream, and how to do it in place.
//!
//! Nothing here allocates, reads a clock, or does I/O, and no datagram makes it panic: the caller
//! hands in bytes and values, and gets a decision or changed bytes back. [`decide`] is the entry;
//! [`rewrite`] prepares what is sent.
//!
//! The crate is compiled by cargo, and as a plain module of the kernel module: hence the relative
//! paths.

#![cfg_attr(not(CONFIG_RUST), no_std)]
#![forbid(unsafe_code)]

pub mod decide;
pub mod demux;
pub mod extension;
pub mod extension_rewrite;
pub mod reason;
pub mod receiver;
pub mod rewrite;
pub mod rtcp;
pub mod rtp;
pub mod rules;
pub mod select;
pub mod srtp;

#[cfg(CONFIG_RUST)]
pub(crate) use super::{rtp_wire, udp_ip};
#[cfg(not(CONFIG_RUST))]
pub(crate) use ::{rtp_wire, udp_ip};
