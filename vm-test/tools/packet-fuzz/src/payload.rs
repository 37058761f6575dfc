// SPDX-License-Identifier: GPL-2.0-only

//! Payloads of datagrams: RTCP, STUN and DTLS as they should be, and as they should not.

use crate::dice::{put16, put8, Dice};

/// What a target's peer may send.
pub(crate) struct Manner {
    /// Payload types that the target knows.
    pub(crate) payload_types: Vec<u8>,
    /// SSRCs of the peer.
    pub(crate) ssrcs: Vec<u32>,
    /// Media identifications that the target knows, and the id of their extension.
    pub(crate) mids: Vec<Vec<u8>>,
    pub(crate) mid_extension: u8,
}

/// RTCP: well-formed, or with lengths that lie.
pub(crate) fn rtcp(dice: &mut Dice, manner: &Manner) -> (&'static str, Vec<u8>) {
    let feedback = dice.one_in(2);
    let mut compound = Vec::new();
    let mut starts = Vec::new();
    for _ in 0..dice.within(1, 6) {
        starts.push(compound.len());
        let kind = if feedback {
            dice.pick(&[205, 206])
        } else {
            dice.within(194, 224) as u8
        };
        let (count, words) = (dice.byte() & 0x3f, dice.below(8));
        let (ssrc, body) = (dice.pick(&manner.ssrcs), dice.bytes(words * 4));
        compound.extend(packets::rtcp(count, kind, ssrc, &body));
    }
    let name = match dice.below(8) {
        0 => {
            let at = dice.pick(&starts) + 2;
            let any = dice.short();
            let words = dice.pick(&[0, 1, 0x100, 0xffff, any]);
            put16(&mut compound, at, words);
            "rtcp: length"
        }
        1 => {
            compound.truncate(dice.below(compound.len()));
            "rtcp: truncated"
        }
        2 => {
            put8(&mut compound, dice.pick(&starts), dice.byte());
            "rtcp: version"
        }
        3 => {
            let more = dice.within(1, 8);
            compound.extend_from_slice(&dice.bytes(more));
            "rtcp: more behind"
        }
        _ if feedback => "rtcp: feedback",
        _ => "rtcp: compound",
    };
    (name, compound)
}

/// STUN with a fingerprint, or what is not quite that.
pub(crate) fn stun(dice: &mut Dice) -> (&'static str, Vec<u8>) {
    let length = 12 + dice.below(30) * 4;
    let (transaction, code) = (dice.bytes(length), dice.word().to_be_bytes());
    let mut message = packets::stun(1, &transaction, &code);
    if dice.one_in(2) {
        return ("stun", message);
    }
    match dice.below(5) {
        0 => put8(&mut message, 0, dice.byte()),
        1 => put8(&mut message, dice.within(4, 8), dice.byte()),
        2 => message.push(dice.byte()),
        3 => {
            let at = message.len() - dice.within(5, 9);
            put8(&mut message, at, dice.byte());
        }
        _ => message.truncate(dice.below(message.len())),
    }
    ("stun: not quite", message)
}

/// DTLS, or what is not quite that.
pub(crate) fn dtls(dice: &mut Dice) -> (&'static str, Vec<u8>) {
    let first = dice.pick(&[19, 20, 21, 22, 23, 25, 63, 64]);
    let length = dice.length();
    let mut record = vec![first, 0xfe, 0xfd, 0, 0];
    record.extend_from_slice(&dice.bytes(6));
    record.extend_from_slice(&(length as u16).to_be_bytes());
    record.extend_from_slice(&dice.bytes(length));
    if dice.one_in(3) {
        record.truncate(dice.below(20));
    }
    ("dtls", record)
}

/// Any bytes at all.
pub(crate) fn noise(dice: &mut Dice) -> (&'static str, Vec<u8>) {
    match dice.below(6) {
        0 => ("empty", Vec::new()),
        1 => {
            let length = dice.within(1, 16);
            ("tiny", dice.bytes(length))
        }
        _ => {
            let length = dice.length();
            ("noise", dice.bytes(length))
        }
    }
}

/// Changes some bytes.
pub(crate) fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..dice.within(1, 6) {
        // Mostly where headers are.
        let at = if dice.one_in(3) {
            dice.below(bytes.len())
        } else {
            dice.below(bytes.len().min(24))
        };
        match dice.below(4) {
            0 => put8(bytes, at, dice.byte()),
            1 => put8(bytes, at, dice.pick(&[0, 1, 0x7f, 0x80, 0xff])),
            2 if at < bytes.len() => {
                bytes.remove(at);
            }
            _ => dice.flip(bytes, at),
        }
    }
}
