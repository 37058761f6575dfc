// SPDX-License-Identifier: GPL-2.0-only

//! What the scenario prepared: open sockets, and targets by the commands that made them.

use std::net::IpAddr;
use std::os::fd::RawFd;

use serde::Deserialize;

/// The first line of the input.
#[derive(Deserialize)]
pub(crate) struct Plan {
    /// What all choices follow from.
    pub(crate) seed: u64,
    /// A packet socket on the hostile link, whose frames follow a `virtio_net_hdr`.
    pub(crate) link: RawFd,
    /// Ethernet addresses, the receiver's first.
    pub(crate) ethernet: String,
    /// The targets that take hostile packets.
    pub(crate) places: Vec<Place>,
    /// Targets that take valid ones, at the same time.
    pub(crate) streams: Vec<Stream>,
}

/// A target, and the sockets round it. All sockets are non-blocking.
#[derive(Clone, Deserialize)]
pub(crate) struct Place {
    /// Its name in reports.
    pub(crate) name: String,
    /// ADD_TARGET in hexadecimal.
    pub(crate) target: String,
    /// ADD_DESTINATION of each output.
    pub(crate) outputs: Vec<String>,
    /// Numbers of its payload types.
    pub(crate) payload_types: Vec<u8>,
    /// Address and port of the peer.
    pub(crate) source: (IpAddr, u16),
    /// The socket of the local address: what is passed comes out there.
    pub(crate) passed: RawFd,
    /// The socket that all outputs send to.
    pub(crate) receiver: RawFd,
    /// A socket of the peer's stack that sends bursts.
    pub(crate) sender: RawFd,
    /// Whether valid RTP of the peer has to be relayed.
    pub(crate) carries: bool,
    /// How many packets of a turn are for it.
    pub(crate) share: usize,
}

/// A target for valid packets.
#[derive(Deserialize)]
pub(crate) struct Stream {
    /// The target, whose sender sends all packets.
    #[serde(flatten)]
    pub(crate) place: Place,
    /// Length of the payload.
    pub(crate) size: usize,
}

/// A further line of the input: how to go on.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct Round {
    /// How many hostile datagrams to send at least.
    pub(crate) hostile: u64,
    /// Checksums are left to the link's device, and bursts too.
    pub(crate) offload: bool,
    /// The hub joins packets: each may be relayed or passed.
    pub(crate) joined: bool,
}

/// Bytes from hexadecimal digits.
pub(crate) fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(pair).collect()
}

/// Hexadecimal digits of bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        for digit in [byte >> 4, byte & 0xf] {
            text.extend(char::from_digit(digit.into(), 16));
        }
        text
    })
}
