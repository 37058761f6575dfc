// SPDX-License-Identifier: GPL-2.0-only

//! What the peer of a target has not sent, or not now.

use crate::{meant::Difference, protection::is_gcm, traffic::Traffic};

impl Traffic<'_> {
    /// A packet that was sent before.
    pub(crate) fn again(&mut self) {
        match self.last.clone() {
            Some(bytes) => self.packets.push(bytes),
            None => self.good(),
        }
    }

    /// From an SSRC that no target lists.
    pub(crate) fn stranger(&mut self) {
        let (bytes, _) = self.rtp(usize::MAX);
        self.stranger.index += 1;
        self.packets.push(bytes);
    }

    /// What nobody with the key has sent, instead of the packet that comes next.
    pub(crate) fn forged(&mut self) {
        let which = self.which();
        let (mut bytes, start) = self.unauthentic(which);
        // Not the second byte, nor the sequence number: they tell what it is, and which. Nor the master key identifier,
        // which nobody looks at.
        let decrypt = self.shape.decrypt.as_ref();
        let overhead = decrypt.map_or(0, |decrypt| decrypt.rtp_overhead());
        let payload = start as u32..(bytes.len() - overhead) as u32;
        let place = match self.random.below(4) {
            0 => self.random.pick(&[0, 4, 7, 8, 11]),
            1 => bytes.len() as u32 - 1,
            _ if payload.is_empty() => 4,
            _ => self.random.within(payload.start, payload.end - 1),
        };
        let bit = 1u8 << self.random.below(8);
        if let Some(byte) = bytes.get_mut(place as usize) {
            *byte ^= bit;
        }
        self.packets.push(bytes);
    }

    /// What nobody with the key has sent, far ahead.
    pub(crate) fn forged_far(&mut self) {
        let which = self.which();
        let (mut bytes, _) = self.rtp(which);
        if let Some(high) = bytes.get_mut(2) {
            *high ^= 0x80;
        }
        self.packets.push(bytes);
    }

    /// A packet to make unauthentic. The C module looks at the payload type first with AES-GCM.
    fn unauthentic(&mut self, which: usize) -> (Vec<u8>, usize) {
        let is_gcm = self
            .shape
            .decrypt
            .as_ref()
            .is_some_and(|it| is_gcm(it.suite));
        let is_filtered = is_gcm && self.shape.target.flags.pt_filter;
        match self.shape.payload_types.first() {
            _ if self.shape.shows == Some(Difference::GcmFilter) => self.rtp_of(which, 17),
            Some(&(known, _)) if is_filtered => self.rtp_of(which, known),
            _ => self.rtp(which),
        }
    }

    /// The beginning of the packet that comes next.
    pub(crate) fn truncated(&mut self) {
        let which = self.which();
        let (mut bytes, _) = self.unauthentic(which);
        let length = self.random.below(bytes.len() as u32);
        bytes.truncate(length as usize);
        self.packets.push(bytes);
    }
}
