// SPDX-License-Identifier: GPL-2.0-only

//! SRTP packets (RFC 3711, 3.1; RFC 7714, 8).

use super::cipher::{Keyed, Place};
use super::context::Context;
use super::crypto::{Crypto, Tag};
use super::index::{Guesses, Refused};
use super::Opened;

/// Rollover counter of a packet index.
fn rollover_counter(index: u32) -> [u8; 4] {
    let [a, b, ..] = index.to_be_bytes();
    [0, 0, a, b]
}

/// Where the keystream of a packet starts.
fn place(header: &[u8; 12], index: u32) -> Place {
    let [_, h1, h2, h3, h4, h5, h6, h7, ssrc @ ..] = *header;
    let [s0, s1, s2, s3] = ssrc;
    let [r0, r1, r2, r3] = rollover_counter(index);
    Place {
        ssrc,
        index,
        // RFC 3711, 4.1.2.2.
        f8: [
            0, h1, h2, h3, h4, h5, h6, h7, s0, s1, s2, s3, r0, r1, r2, r3,
        ],
    }
}

impl<C: Crypto> Context<C> {
    /// Protects the RTP packet in the first `length` bytes of a buffer, whose payload starts at
    /// `payload_start`, and returns its new length. None when there is no room for
    /// [`rtp_overhead`](Context::rtp_overhead) more bytes: the packet is not to be sent then.
    pub fn protect_rtp(
        &self,
        buffer: &mut [u8],
        length: usize,
        payload_start: usize,
        index: u32,
        mki: &[u8],
    ) -> Option<usize> {
        let session = &self.rtp;
        let (packet, room) = buffer.split_at_mut_checked(length)?;
        let (header, payload) = packet.split_at_mut_checked(payload_start)?;
        let place = place(header.first_chunk()?, index);
        let end = length.checked_add(session.encrypt(&place, [header, &[]], payload, room)?)?;
        session.authenticate(buffer, end, mki, &rollover_counter(index))
    }

    /// Authenticates an RTP packet as that of one of the indices that it may have, and decrypts it in place
    /// where `admit` takes the index. A packet that is refused is as before.
    ///
    /// Packets that carry no tag are taken for the index that is most likely.
    pub fn open_rtp(
        &self,
        packet: &mut [u8],
        payload_start: usize,
        guesses: &Guesses,
        admit: impl FnOnce(u32) -> Result<(), Refused>,
    ) -> Result<Opened, Refused> {
        let opened = self
            .authenticate_rtp(packet, payload_start, guesses.as_slice())
            .ok_or(Refused::NotAuthentic)?;
        let admitted = admit(opened.index);
        // AES-GCM has decrypted it already.
        if admitted.is_ok() != matches!(self.rtp.cipher, Keyed::AeadAesGcm(_)) {
            self.crypt_rtp(packet, payload_start, &opened);
        }
        admitted.map(|()| opened)
    }

    /// Which of its indices an RTP packet has, and where it will end. None, and the packet as before, when
    /// it is not authentic.
    fn authenticate_rtp(
        &self,
        packet: &mut [u8],
        payload_start: usize,
        guesses: &[u32],
    ) -> Option<Opened> {
        let session = &self.rtp;
        let ends = guesses.iter().map(|&index| rollover_counter(index));
        let (packet, mut number) = session.authenticated(packet, self.mki_len, ends)?;
        let mut end = packet.len();
        let (header, payload) = packet.split_at_mut_checked(payload_start)?;
        let fixed = header.first_chunk()?;
        if let Keyed::AeadAesGcm(key) = &session.cipher {
            let (payload, tag) = payload.split_last_chunk_mut::<{ size_of::<Tag>() }>()?;
            let places = guesses
                .get(number..)?
                .iter()
                .map(|&index| place(fixed, index));
            let more = session.open_gcm(key, places, [header, &[]], payload, tag)?;
            number = number.checked_add(more)?;
            end = payload_start.checked_add(payload.len())?;
        }
        Some(Opened {
            index: *guesses.get(number)?,
            end,
            encrypted: true,
        })
    }

    /// Makes an opened RTP packet what it was before, without what stood behind it.
    pub fn restore_rtp(&self, packet: &mut [u8], payload_start: usize, opened: &Opened) {
        self.crypt_rtp(packet, payload_start, opened);
    }

    /// Encrypts or decrypts the payload.
    fn crypt_rtp(&self, packet: &mut [u8], payload_start: usize, opened: &Opened) {
        let payload = packet
            .get_mut(..opened.end)
            .and_then(|packet| packet.split_at_mut_checked(payload_start));
        if let Some((header, payload)) = payload {
            if let Some(header) = header.first_chunk() {
                let place = place(header, opened.index);
                self.rtp.cipher.keystream(&self.rtp.salt, &place, payload);
            }
        }
    }
}
