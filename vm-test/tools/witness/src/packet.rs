// SPDX-License-Identifier: GPL-2.0-only

//! The packets that are sent to a target, byte by byte.

use crate::random::Random;

/// An RTP packet.
#[derive(Default)]
pub(crate) struct Rtp {
    pub(crate) padding: bool,
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) csrcs: u8,
    pub(crate) extension: Option<(u16, Vec<u8>)>,
    pub(crate) payload: Vec<u8>,
}

impl Rtp {
    /// Its bytes, and where the payload starts.
    pub(crate) fn bytes(&self) -> (Vec<u8>, usize) {
        let first = 0x80
            | if self.padding { 0x20 } else { 0 }
            | if self.extension.is_some() { 0x10 } else { 0 }
            | (self.csrcs & 15);
        let second = if self.marker { 0x80 } else { 0 } | self.payload_type;
        let mut bytes = vec![first, second];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.ssrc.to_be_bytes());
        for csrc in 0..self.csrcs {
            bytes.extend([0xc5, 0xc5, 0, csrc]);
        }
        if let Some((profile, data)) = &self.extension {
            bytes.extend(profile.to_be_bytes());
            bytes.extend((data.len().div_ceil(4) as u16).to_be_bytes());
            bytes.extend(data);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        let start = bytes.len();
        bytes.extend(&self.payload);
        (bytes, start)
    }
}

/// Elements of a header extension, in the one-byte or the two-byte form.
#[derive(Default)]
pub(crate) struct Elements {
    pub(crate) two_byte: bool,
    pub(crate) data: Vec<u8>,
}

impl Elements {
    /// Appends an element of 1 to 16 bytes.
    pub(crate) fn push(&mut self, id: u8, content: &[u8]) {
        let length = content.len() as u8;
        if self.two_byte {
            self.data.extend([id, length]);
        } else {
            self.data.push((id << 4) | (length - 1));
        }
        self.data.extend(content);
    }

    /// Appends bytes of padding.
    pub(crate) fn pad(&mut self, count: u32) {
        self.data.extend((0..count).map(|_| 0));
    }
}

/// One RTCP packet of a type, with that many words after the SSRC of its sender.
pub(crate) fn rtcp(random: &mut Random, kind: u8, ssrc: u32, words: u16) -> Vec<u8> {
    let mut bytes = vec![0x80 | random.below(3) as u8, kind];
    bytes.extend((words + 1).to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    let body = random.bytes(usize::from(words) * 4);
    bytes.extend(body);
    bytes
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
    let mut bytes = vec![0, random.pick(&[1, 17, 1, 1])];
    let attributes = random.below(4) as u16 * 4;
    bytes.extend((attributes + 8).to_be_bytes());
    bytes.extend(0x2112_a442_u32.to_be_bytes());
    let transaction = random.bytes(12 + usize::from(attributes));
    bytes.extend(transaction);
    bytes.extend([0x80, 0x28, 0, 4]);
    let code = random.bytes(4);
    bytes.extend(code);
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
        csrcs: random.within(1, 15) as u8,
        extension: random.percent(50).then(|| (0xbede, vec![0x10; 8])),
        ..Rtp::default()
    };
    let (mut bytes, start) = rtp.bytes();
    bytes.truncate(random.below(start as u32) as usize);
    bytes
}
