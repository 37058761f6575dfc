// SPDX-License-Identifier: GPL-2.0-only

//! SRTP packets (RFC 3711, 3.1; RFC 7714, 8).

use super::cipher::{nonce, Keyed, Place};
use super::context::Context;
use super::crypto::{Crypto, Gcm as _, Tag};
use super::Opened;

/// Rollover counter of a packet index.
fn rollover_counter(index: u32) -> [u8; 4] {
    let [a, b, ..] = index.to_be_bytes();
    [0, 0, a, b]
}

/// Where the keystream of a packet starts.
fn place(header: &[u8], index: u32) -> Option<Place> {
    let [_, h1, h2, h3, h4, h5, h6, h7, ssrc @ ..] = *header.first_chunk::<12>()?;
    let [s0, s1, s2, s3] = ssrc;
    let [r0, r1, r2, r3] = rollover_counter(index);
    Some(Place {
        ssrc,
        index,
        // RFC 3711, 4.1.2.2.
        f8: [
            0, h1, h2, h3, h4, h5, h6, h7, s0, s1, s2, s3, r0, r1, r2, r3,
        ],
    })
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
        let place = place(header, index)?;
        let end = length.checked_add(session.encrypt(&place, [header, &[]], payload, room)?)?;
        session.authenticate(buffer, end, mki, &rollover_counter(index))
    }

    /// Authenticates a packet as that of an index, and decrypts it. None when it is not, and the
    /// packet is as before.
    pub(super) fn try_rtp(
        &self,
        packet: &mut [u8],
        payload_start: usize,
        index: u32,
    ) -> Option<Opened> {
        let session = &self.rtp;
        let packet = session.authenticated(packet, self.mki_len, &rollover_counter(index))?;
        let (header, payload) = packet.split_at_mut_checked(payload_start)?;
        let place = place(header, index)?;
        let end = if let Keyed::AeadAesGcm(key) = &session.cipher {
            let (payload, tag) = payload.split_last_chunk_mut::<{ size_of::<Tag>() }>()?;
            if !key.open(&nonce(&session.salt, &place), [header, &[]], payload, tag) {
                return None;
            }
            payload_start.checked_add(payload.len())?
        } else {
            session.cipher.keystream(&session.salt, &place, payload);
            packet.len()
        };
        Some(Opened {
            index,
            end,
            encrypted: true,
        })
    }

    /// Whether a packet is authentic as that of an index. It is left as it is.
    pub(super) fn is_rtp_of(&self, packet: &mut [u8], payload_start: usize, index: u32) -> bool {
        let opened = self.try_rtp(packet, payload_start, index);
        if let Some(opened) = &opened {
            self.restore_rtp(packet, payload_start, opened);
        }
        opened.is_some()
    }

    /// Makes an opened RTP packet what it was before.
    pub fn restore_rtp(&self, packet: &mut [u8], payload_start: usize, opened: &Opened) {
        let Some((header, payload)) = packet
            .get_mut(..opened.end)
            .and_then(|packet| packet.split_at_mut_checked(payload_start))
        else {
            return;
        };
        if let Some(place) = place(header, opened.index) {
            self.rtp.cipher.keystream(&self.rtp.salt, &place, payload);
        }
    }
}
