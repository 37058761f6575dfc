// SPDX-License-Identifier: GPL-2.0-only

//! The packets that are sent to a target.

use packets::{Rtp, ONE_BYTE};

use crate::random::Random;

/// One RTCP packet of a type, with that many words after the SSRC of its sender.
pub(crate) fn rtcp(random: &mut Random, kind: u8, ssrc: u32, words: u16) -> Vec<u8> {
    let count = random.below(3) as u8;
    let body = random.bytes(usize::from(words) * 4);
    packets::rtcp(count, kind, ssrc, &body)
}

/// A compound of reports, which is no feedback.
pub(crate) fn report(random: &mut Random, ssrc: u32) -> Vec<u8> {
    let kind = random.pick(&[200, 201, 203, 204, 207, 194, 223]);
    let words = random.below(7) as u16;
    let mut bytes = rtcp(random, kind, ssrc, words);
    if random.percent(40) {
        let kind = random.pick(&[202, 205, 206]);
        let words = random.below(5) as u16;
        let more = rtcp(random, kind, ssrc, words);
        bytes.extend(more);
    }
    bytes
}

/// Nothing but feedback.
pub(crate) fn feedback(random: &mut Random, ssrc: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.within(1, 3) {
        let kind = random.pick(&[205, 206]);
        let words = random.within(1, 4) as u16;
        let part = rtcp(random, kind, ssrc, words);
        bytes.extend(part);
    }
    bytes
}

/// A STUN message; what makes one may be missing.
pub(crate) fn stun(random: &mut Random) -> Vec<u8> {
    let kind = random.pick(&[1, 17, 1, 1]);
    let attributes = random.below(4) as usize * 4;
    let transaction = random.bytes(12 + attributes);
    let code = std::array::from_fn(|_| random.below(256) as u8);
    let mut bytes = packets::stun(kind, &transaction, &code);
    match random.below(8) {
        0 => bytes.push(0),
        1 => bytes.truncate(bytes.len() - 8),
        2 => bytes.iter_mut().skip(4).take(1).for_each(|byte| *byte ^= 1),
        3 => bytes.iter_mut().take(1).for_each(|byte| *byte |= 0x40),
        _ => {}
    }
    bytes
}

/// Anything that is not RTP version 2, nor takes the second byte of RTCP.
pub(crate) fn other(random: &mut Random) -> Vec<u8> {
    let length = random.below(48) as usize;
    let mut bytes = random.bytes(length);
    if let Some(first) = bytes.first_mut() {
        if *first & 0xc0 == 0x80 {
            *first ^= 0x40;
        }
    }
    if let Some(second) = bytes.get_mut(1) {
        if (192..=223).contains(second) {
            *second &= 0x3f;
        }
    }
    bytes
}

/// What says that it is RTP, but is shorter than it says.
pub(crate) fn short(random: &mut Random, ssrc: u32) -> Vec<u8> {
    let rtp = Rtp {
        payload_type: 0,
        ssrc,
        csrcs: csrcs(random.within(1, 15)),
        extension: random.percent(50).then(|| (ONE_BYTE, vec![0x10; 8])),
        ..Rtp::default()
    };
    let (mut bytes, start) = rtp.bytes();
    bytes.truncate(random.below(start as u32) as usize);
    bytes
}

/// So many CSRCs.
pub(crate) fn csrcs(count: u32) -> Vec<u32> {
    (0..count).map(|csrc| 0xc5c5_0000 | csrc).collect()
}
