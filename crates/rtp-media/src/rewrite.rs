// SPDX-License-Identifier: GPL-2.0-only

//! Changes to an RTP packet before it is sent, in place.

use super::rtp;

/// How the payload of a payload type is rewritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayloadRule<'a> {
    /// Nothing of this payload type is sent.
    pub blackhole: bool,
    /// A shorter payload is not sent; 0 for any length.
    pub min_payload_len: u32,
    /// What overwrites the payload, repeated; empty to leave it.
    pub pattern: &'a [u8],
}

/// Rewrites a payload. False when the packet is not to be sent.
#[must_use]
pub fn payload(rule: &PayloadRule<'_>, payload: &mut [u8]) -> bool {
    if rule.blackhole || u32::try_from(payload.len()).is_ok_and(|len| len < rule.min_payload_len) {
        return false;
    }
    if let [byte] = rule.pattern {
        payload.fill(*byte);
    } else {
        for (to, from) in payload.iter_mut().zip(rule.pattern.iter().cycle()) {
            *to = *from;
        }
    }
    true
}

/// Shifts the sequence number of an RTP packet, and replaces its SSRC when there is one to send.
pub fn header(packet: &mut [u8], sequence: u16, seq_offset: u16, ssrc: Option<u32>) {
    if seq_offset != 0 {
        rtp::set_sequence(packet, sequence.wrapping_add(seq_offset));
    }
    if let Some(ssrc) = ssrc {
        rtp::set_ssrc(packet, ssrc);
    }
}
