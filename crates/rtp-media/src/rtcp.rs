// SPDX-License-Identifier: GPL-2.0-only

//! Compound RTCP packets (RFC 3550, 6.1).

/// Transport layer feedback (RFC 4585).
pub const RTPFB: u8 = 205;
/// Payload-specific feedback (RFC 4585).
pub const PSFB: u8 = 206;

/// SSRC of the sender of the first packet of a compound.
pub fn sender(datagram: &[u8]) -> Option<u32> {
    let (_, rest) = datagram.split_first_chunk::<4>()?;
    rest.first_chunk().copied().map(u32::from_be_bytes)
}

/// One packet of a compound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Its type.
    pub packet_type: u8,
    /// Its count or format, 5 bits.
    pub count: u8,
    /// What follows its first 4 bytes.
    pub body: &'a [u8],
}

/// A part that is not RTCP version 2, or not all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The parts of a compound. A malformed one is the last.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    /// The parts of this datagram.
    pub const fn new(datagram: &'a [u8]) -> Self {
        Self { rest: datagram }
    }

    fn split(rest: &'a [u8]) -> Option<(Part<'a>, &'a [u8])> {
        let (&[first, packet_type, high, low], rest) = rest.split_first_chunk::<4>()?;
        if first >> 6 != 2 {
            return None;
        }
        let words = usize::from(u16::from_be_bytes([high, low]));
        let (body, rest) = rest.split_at_checked(words.checked_mul(4)?)?;
        let part = Part {
            packet_type,
            count: first & 0x1f,
            body,
        };
        Some((part, rest))
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Self::split(self.rest) {
            Some((part, rest)) => {
                self.rest = rest;
                Some(Ok(part))
            }
            None => {
                self.rest = &[];
                Some(Err(Malformed))
            }
        }
    }
}

impl Part<'_> {
    /// Whether it is feedback.
    pub const fn is_feedback(&self) -> bool {
        matches!(self.packet_type, RTPFB | PSFB)
    }
}

/// Whether every part is feedback, and there is at least one.
pub fn all_feedback(datagram: &[u8]) -> bool {
    let is_feedback = |part: Result<Part<'_>, Malformed>| part.is_ok_and(|part| part.is_feedback());
    !datagram.is_empty() && Parts::new(datagram).all(is_feedback)
}

/// SSRCs of the media sources that feedback is about (RFC 4585, 6.1).
pub fn media_sources(datagram: &[u8]) -> impl Iterator<Item = u32> + '_ {
    let feedback = Parts::new(datagram).flatten().filter(Part::is_feedback);
    feedback.filter_map(|part| {
        let [_, _, _, _, ssrc @ ..] = *part.body.first_chunk::<8>()?;
        Some(u32::from_be_bytes(ssrc))
    })
}
