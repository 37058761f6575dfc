// SPDX-License-Identifier: GPL-2.0-only

//! RTP packets (RFC 3550, 5.1).

use super::extension::Extension;

/// Length of the fixed header.
pub const HEADER_LEN: usize = 12;

/// An RTP packet whose header, CSRC list and header extension lie inside it.
#[derive(Clone, Copy, Debug)]
pub struct RtpView<'a> {
    header: &'a [u8; HEADER_LEN],
    extension: Option<Extension<'a>>,
    extension_start: usize,
    payload: &'a [u8],
    payload_start: usize,
}

impl<'a> RtpView<'a> {
    /// The packet in these bytes, if there is one. Padding is left with the payload.
    pub fn parse(packet: &'a [u8]) -> Option<Self> {
        let (header, rest) = packet.split_first_chunk::<HEADER_LEN>()?;
        let [first, ..] = *header;
        if first >> 6 != 2 {
            return None;
        }
        let csrcs = usize::from(first & 0x0f);
        let rest = rest.get(csrcs.checked_mul(4)?..)?;
        let extension_start = packet.len().checked_sub(rest.len())?;

        let (extension, payload) = if first & 0x10 != 0 {
            let (extension, payload) = Extension::split(rest)?;
            (Some(extension), payload)
        } else {
            (None, rest)
        };
        Some(Self {
            header,
            extension,
            extension_start,
            payload,
            payload_start: packet.len().checked_sub(payload.len())?,
        })
    }

    /// The marker bit.
    pub const fn marker(&self) -> bool {
        let [_, second, ..] = *self.header;
        second & 0x80 != 0
    }

    /// The payload type, at most 127.
    pub const fn payload_type(&self) -> u8 {
        let [_, second, ..] = *self.header;
        second & 0x7f
    }

    /// The sequence number.
    pub const fn sequence(&self) -> u16 {
        let [_, _, high, low, ..] = *self.header;
        u16::from_be_bytes([high, low])
    }

    /// The timestamp.
    pub const fn timestamp(&self) -> u32 {
        let [_, _, _, _, a, b, c, d, ..] = *self.header;
        u32::from_be_bytes([a, b, c, d])
    }

    /// The SSRC.
    pub const fn ssrc(&self) -> u32 {
        let [_, _, _, _, _, _, _, _, a, b, c, d] = *self.header;
        u32::from_be_bytes([a, b, c, d])
    }

    /// The header extension, if there is one.
    pub const fn extension(&self) -> Option<Extension<'a>> {
        self.extension
    }

    /// Where the header extension starts, or would.
    pub const fn extension_start(&self) -> usize {
        self.extension_start
    }

    /// The payload.
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Where the payload starts.
    pub const fn payload_start(&self) -> usize {
        self.payload_start
    }
}

/// Replaces the sequence number of an RTP packet.
pub fn set_sequence(packet: &mut [u8], sequence: u16) {
    if let Some(field) = packet.get_mut(2..4) {
        field.copy_from_slice(&sequence.to_be_bytes());
    }
}

/// Replaces the SSRC of an RTP packet.
pub fn set_ssrc(packet: &mut [u8], ssrc: u32) {
    if let Some(field) = packet.get_mut(8..12) {
        field.copy_from_slice(&ssrc.to_be_bytes());
    }
}
