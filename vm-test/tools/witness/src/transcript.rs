// SPDX-License-Identifier: GPL-2.0-only

//! What a module made of a case, one JSON line each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a module made of a case.
#[derive(Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Transcript {
    /// Its number.
    pub(crate) case: u32,
    /// The difference that it is to show; none when it is to show that there is no other.
    pub(crate) shows: Option<String>,
    /// Differences that are meant besides.
    pub(crate) meant: Vec<String>,
    /// What it is about.
    pub(crate) about: String,
    /// How many bytes SRTP adds to RTP of each output; none where it is plain.
    pub(crate) overheads: Vec<Option<u64>>,
    /// Packets sent to the target.
    pub(crate) packets: u32,
    /// What the commands returned: 0, or the number of the error.
    pub(crate) commands: Vec<i32>,
    /// What userspace saw: `source [relayed] bytes`.
    pub(crate) passed: Vec<String>,
    /// What the outputs sent, in order: `output source TOS TTL bytes`.
    pub(crate) sent: Vec<String>,
    /// Datagrams over IPv4 with DF set, and without.
    pub(crate) dont_fragment: [u32; 2],
    /// Counters that are not zero.
    pub(crate) counters: BTreeMap<String, u64>,
    /// The target in `list`.
    pub(crate) list: Vec<String>,
}

/// Adds hexadecimal digits to a line.
pub(crate) fn append_hex(line: &mut String, bytes: &[u8]) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    line.reserve(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            line.extend(DIGITS.get(usize::from(digit)));
        }
    }
}
