// SPDX-License-Identifier: GPL-2.0-only

//! Packets as they should be, byte by byte, for the tools of the tests to send and to spoil.

#![forbid(unsafe_code)]

/// Profile of header extensions of the one-byte form (RFC 8285, 4.2).
pub const ONE_BYTE: u16 = 0xbede;
/// Profile of those of the two-byte form (RFC 8285, 4.3).
pub const TWO_BYTE: u16 = 0x1000;

/// An RTP packet (RFC 3550, 5.1).
#[derive(Clone, Debug, Default)]
pub struct Rtp {
    /// The P bit alone.
    pub padding: bool,
    /// The M bit.
    pub marker: bool,
    /// Below 128.
    pub payload_type: u8,
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// Its SSRC.
    pub ssrc: u32,
    /// At most 15.
    pub csrcs: Vec<u32>,
    /// Profile and data of its header extension, which is filled up to whole words.
    pub extension: Option<(u16, Vec<u8>)>,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl Rtp {
    /// Its bytes, and where the payload starts.
    pub fn bytes(&self) -> (Vec<u8>, usize) {
        let first = 0x80
            | (u8::from(self.padding) << 5)
            | (u8::from(self.extension.is_some()) << 4)
            | (self.csrcs.len() as u8 & 15);
        let mut bytes = vec![first, (u8::from(self.marker) << 7) | self.payload_type];
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.ssrc.to_be_bytes());
        bytes.extend(self.csrcs.iter().flat_map(|csrc| csrc.to_be_bytes()));
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

/// Elements of a header extension, in the one-byte or the two-byte form (RFC 8285, 4).
#[derive(Clone, Debug, Default)]
pub struct Elements {
    /// In the two-byte form.
    pub two_byte: bool,
    /// The elements.
    pub data: Vec<u8>,
}

impl Elements {
    /// Appends an element: of 1 to 16 bytes in the one-byte form.
    pub fn push(&mut self, id: u8, content: &[u8]) {
        let length = content.len() as u8;
        if self.two_byte {
            self.data.extend([id, length]);
        } else {
            self.data.push((id << 4) | (length.wrapping_sub(1) & 15));
        }
        self.data.extend(content);
    }

    /// Appends bytes of padding.
    pub fn pad(&mut self, count: usize) {
        self.data.resize(self.data.len() + count, 0);
    }

    /// Profile and data.
    pub fn into_extension(self) -> (u16, Vec<u8>) {
        let profile = if self.two_byte { TWO_BYTE } else { ONE_BYTE };
        (profile, self.data)
    }
}

/// One RTCP packet (RFC 3550, 6): its count or format, below 32, or with the P bit; its type; the SSRC of its sender; what
/// follows, in whole words.
pub fn rtcp(count: u8, kind: u8, ssrc: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | count, kind];
    bytes.extend((body.len() as u16 / 4 + 1).to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    bytes.extend(body);
    bytes
}

/// A STUN message (RFC 5389, 6): its type, 12 bytes of transaction id with attributes in whole words behind them, and the
/// value of the FINGERPRINT at its end.
pub fn stun(kind: u16, transaction: &[u8], fingerprint: &[u8; 4]) -> Vec<u8> {
    let attributes = transaction.len() as u16 - 12;
    let mut bytes = kind.to_be_bytes().to_vec();
    bytes.extend((attributes + 8).to_be_bytes());
    bytes.extend(0x2112_a442_u32.to_be_bytes());
    bytes.extend(transaction);
    bytes.extend([0x80, 0x28, 0, 4]);
    bytes.extend(fingerprint);
    bytes
}
