// SPDX-License-Identifier: GPL-2.0-only

//! SRTP packets (RFC 3711, 3.1; RFC 7714, 8).

use super::cipher::{nonce, Keyed, Place};
use super::context::Context;
use super::crypto::{Block, Crypto, Tag};
use super::index::{Guesses, Refused};
use super::Opened;

/// Rollover counter of a packet index.
fn rollover_counter(index: u32) -> [u8; 4] {
    let [a, b, ..] = index.to_be_bytes();
    [0, 0, a, b]
}

/// Where the keystream of a packet starts.
fn place(header: &[u8; 12], index: u32) -> Place<impl Fn() -> Block> {
    let [_, h1, h2, h3, h4, h5, h6, h7, ssrc @ ..] = *header;
    let [s0, s1, s2, s3] = ssrc;
    let [r0, r1, r2, r3] = rollover_counter(index);
    Place {
        ssrc,
        index,
        // RFC 3711, 4.1.2.2.
        f8: move || {
            [
                0, h1, h2, h3, h4, h5, h6, h7, s0, s1, s2, s3, r0, r1, r2, r3,
            ]
        },
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
        let place = place(buffer.get(..payload_start)?.first_chunk()?, index);
        let end = session.encrypt(&place, buffer, payload_start..length, &[])?;
        session.authenticate(buffer, end, mki, Some(rollover_counter(index)))
    }

    /// Authenticates an RTP packet as that of one of the indices that it may have, and decrypts it in place
    /// where `admit` takes the index. A packet that is refused is as before.
    ///
    /// Packets that carry no tag are taken for the index that is most likely.
    pub fn open_rtp(
        &self,
        packet: &mut [u8],
        payload_start: usize,
        guesses: Guesses,
        admit: impl FnOnce(u32) -> Result<(), Refused>,
    ) -> Result<Opened, Refused> {
        let opened = self
            .authenticate_rtp(packet, payload_start, guesses)
            .ok_or(Refused::NotAuthentic)?;
        let admitted = admit(opened.index);
        // AES-GCM has decrypted it already.
        if admitted.is_ok() != matches!(self.rtp.cipher, Keyed::AeadAesGcm(_)) {
            let crypted = self.restore_rtp(packet, payload_start, &opened);
            crypted.ok_or(Refused::NoMemory)?;
        }
        admitted.map(|()| opened)
    }

    /// Which of its indices an RTP packet has, and where it will end. None, and the packet as before, when
    /// it is not authentic.
    fn authenticate_rtp(
        &self,
        packet: &mut [u8],
        payload_start: usize,
        mut guesses: Guesses,
    ) -> Option<Opened> {
        let session = &self.rtp;
        let end = |index| Some(rollover_counter(index));
        let (packet, known) = session.authenticated(packet, guesses.clone(), end)?;
        let (header, payload) = packet.split_at_checked(payload_start)?;
        let header = *header.first_chunk()?;
        let mut end = packet.len();
        let index = if let Keyed::AeadAesGcm(key) = &session.cipher {
            end = payload_start.checked_add(payload.len().checked_sub(size_of::<Tag>())?)?;
            // HMAC beside it has told which one.
            let guesses = guesses.filter(|&guess| known.is_none_or(|known| known == guess));
            let nonce = |index| nonce(&session.salt, &place(&header, index));
            key.open(guesses, nonce, packet, payload_start, &[])?
        } else {
            known.or_else(|| guesses.next())?
        };
        Some(Opened {
            index,
            end,
            encrypted: true,
        })
    }

    /// Makes an opened RTP packet what it was before, without what stood behind it. None, and it is of no use any more, when
    /// that fails.
    pub fn restore_rtp(
        &self,
        packet: &mut [u8],
        payload_start: usize,
        opened: &Opened,
    ) -> Option<()> {
        let session = &self.rtp;
        let place = place(packet.get(..payload_start)?.first_chunk()?, opened.index);
        let payload = payload_start..opened.end;
        if let Keyed::AeadAesGcm(key) = &session.cipher {
            return key.restore(&nonce(&session.salt, &place), packet, payload);
        }
        let payload = packet.get_mut(payload)?;
        session.cipher.keystream(&session.salt, &place, payload)
    }
}
