// SPDX-License-Identifier: GPL-2.0-only

//! SRTCP packets (RFC 3711, 3.4; RFC 7714, 9).

use super::cipher::{nonce, Keyed, Place};
use super::context::{Context, RTCP_INDEX_LEN};
use super::crypto::{Crypto, Gcm as _, Tag};
use super::Opened;

/// Length of what is never encrypted.
const HEADER_LEN: usize = 8;
/// The E bit, which says that the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// Where the keystream of a packet starts. `word` is the E bit and the index.
fn place(header: &[u8], word: u32) -> Option<Place> {
    let [h0, h1, h2, h3, ssrc @ ..] = *header.first_chunk::<HEADER_LEN>()?;
    let [s0, s1, s2, s3] = ssrc;
    let [w0, w1, w2, w3] = word.to_be_bytes();
    Some(Place {
        ssrc,
        index: word & !ENCRYPTED,
        // RFC 3711, 4.1.2.3.
        f8: [0, 0, 0, 0, w0, w1, w2, w3, h0, h1, h2, h3, s0, s1, s2, s3],
    })
}

impl<C: Crypto> Context<C> {
    /// Protects the RTCP packet in the first `length` bytes of a buffer, and returns its new length.
    /// None when there is no room for [`rtcp_overhead`](Context::rtcp_overhead) more bytes: the packet
    /// is not to be sent then. `index` counts packets; 31 bits of it are used.
    pub fn protect_rtcp(
        &self,
        buffer: &mut [u8],
        length: usize,
        index: u32,
        mki: &[u8],
    ) -> Option<usize> {
        let session = &self.rtcp;
        let encrypted = !matches!(session.cipher, Keyed::Null);
        let word = (index & !ENCRYPTED) | if encrypted { ENCRYPTED } else { 0 };
        let (packet, room) = buffer.split_at_mut_checked(length)?;
        let (header, payload) = packet.split_at_mut_checked(HEADER_LEN)?;
        let place = place(header, word)?;
        let word = word.to_be_bytes();
        let mut end =
            length.checked_add(session.encrypt(&place, [header, &word], payload, room)?)?;
        let to = buffer.get_mut(end..)?.first_chunk_mut::<RTCP_INDEX_LEN>()?;
        *to = word;
        end = end.checked_add(RTCP_INDEX_LEN)?;
        session.authenticate(buffer, end, mki, &[])
    }

    /// The SRTCP index that a packet claims, before it is authenticated.
    pub(super) fn claimed_rtcp_index(&self, packet: &[u8]) -> Option<u32> {
        let behind = self
            .rtcp_overhead()
            .checked_sub(self.rtcp_leading_overhead())?;
        let at = packet.len().checked_sub(behind)?;
        let word = packet.get(at..)?.first_chunk::<RTCP_INDEX_LEN>()?;
        Some(u32::from_be_bytes(*word) & !ENCRYPTED)
    }

    /// What SRTCP adds before the index: the tag of AES-GCM.
    const fn rtcp_leading_overhead(&self) -> usize {
        match self.rtcp.cipher {
            Keyed::AeadAesGcm(_) => size_of::<Tag>(),
            _ => 0,
        }
    }

    /// Authenticates a packet, and decrypts it. None when it is not authentic, and the packet is as
    /// before.
    pub(super) fn try_rtcp(&self, packet: &mut [u8]) -> Option<Opened> {
        let session = &self.rtcp;
        let packet = session.authenticated(packet, self.mki_len, &[])?;
        let (packet, word) = packet.split_last_chunk_mut::<RTCP_INDEX_LEN>()?;
        let (header, payload) = packet.split_at_mut_checked(HEADER_LEN)?;
        let number = u32::from_be_bytes(*word);
        let encrypted = number & ENCRYPTED != 0;
        let place = place(header, number)?;
        let end = if let Keyed::AeadAesGcm(key) = &session.cipher {
            let (payload, tag) = payload.split_last_chunk_mut::<{ size_of::<Tag>() }>()?;
            let end = HEADER_LEN.checked_add(payload.len())?;
            let nonce = nonce(&session.salt, &place);
            let authentic = if encrypted {
                key.open(&nonce, [header, word], payload, tag)
            } else {
                // RFC 7714, 9.3: all of it is associated data.
                let (clear, tag) = packet.split_last_chunk_mut::<{ size_of::<Tag>() }>()?;
                key.open(&nonce, [clear, word], &mut [], tag)
            };
            if !authentic {
                return None;
            }
            end
        } else {
            if encrypted {
                session.cipher.keystream(&session.salt, &place, payload);
            }
            packet.len()
        };
        Some(Opened {
            index: place.index,
            end,
            encrypted,
        })
    }

    /// Makes an opened RTCP packet what it was before.
    pub fn restore_rtcp(&self, packet: &mut [u8], opened: &Opened) {
        if !opened.encrypted {
            return;
        }
        let Some((header, payload)) = packet
            .get_mut(..opened.end)
            .and_then(|packet| packet.split_at_mut_checked(HEADER_LEN))
        else {
            return;
        };
        if let Some(place) = place(header, opened.index | ENCRYPTED) {
            self.rtcp.cipher.keystream(&self.rtcp.salt, &place, payload);
        }
    }
}
