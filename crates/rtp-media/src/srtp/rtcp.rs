// SPDX-License-Identifier: GPL-2.0-only

//! SRTCP packets (RFC 3711, 3.4; RFC 7714, 9).

use super::cipher::{nonce, Keyed, Place};
use super::context::{Context, RTCP_INDEX_LEN};
use super::crypto::{Block, Crypto, Tag};
use super::index::Refused;
use super::Opened;

/// Length of what is never encrypted.
const HEADER_LEN: usize = 8;
/// The E bit, which says that the packet is encrypted.
const ENCRYPTED: u32 = 1 << 31;

/// Where the keystream of a packet starts. `word` is the E bit and the index.
fn place(header: &[u8], word: u32) -> Option<Place<impl Fn() -> Block>> {
    let [h0, h1, h2, h3, ssrc @ ..] = *header.first_chunk::<HEADER_LEN>()?;
    let [s0, s1, s2, s3] = ssrc;
    let [w0, w1, w2, w3] = word.to_be_bytes();
    Some(Place {
        ssrc,
        index: word & !ENCRYPTED,
        // RFC 3711, 4.1.2.3.
        f8: move || [0, 0, 0, 0, w0, w1, w2, w3, h0, h1, h2, h3, s0, s1, s2, s3],
    })
}

impl<C: Crypto> Context<C> {
    /// Protects the RTCP packet in the first `length` bytes of a buffer, and returns its new length.
    /// None when there is no room for [`rtcp_overhead`](Context::rtcp_overhead) more bytes: the packet
    /// is not to be sent then. `index` is at most [`LAST_RTCP`](super::index::LAST_RTCP).
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
        let place = place(buffer.get(..length)?, word)?;
        let word = word.to_be_bytes();
        let mut end = session.encrypt(&place, buffer, HEADER_LEN..length, &word)?;
        let to = buffer.get_mut(end..)?.first_chunk_mut::<RTCP_INDEX_LEN>()?;
        *to = word;
        end = end.checked_add(RTCP_INDEX_LEN)?;
        session.authenticate(buffer, end, mki, None)
    }

    /// Authenticates an RTCP packet, and decrypts it in place where `admit` takes its index. A packet that is
    /// refused is as before.
    pub fn open_rtcp(
        &self,
        packet: &mut [u8],
        admit: impl FnOnce(u32) -> Result<(), Refused>,
    ) -> Result<Opened, Refused> {
        let opened = self
            .authenticate_rtcp(packet)
            .ok_or(Refused::NotAuthentic)?;
        let admitted = admit(opened.index);
        // AES-GCM has decrypted it already.
        if admitted.is_ok() != matches!(self.rtcp.cipher, Keyed::AeadAesGcm(_)) {
            let crypted = self.restore_rtcp(packet, &opened);
            crypted.ok_or(Refused::NoMemory)?;
        }
        admitted.map(|()| opened)
    }

    /// Which index an RTCP packet has, and where it will end. None, and the packet as before, when it is not
    /// authentic.
    fn authenticate_rtcp(&self, packet: &mut [u8]) -> Option<Opened> {
        let session = &self.rtcp;
        let (packet, _) = session.authenticated(packet, core::iter::once(()), |()| None)?;
        let (packet, word) = packet.split_last_chunk_mut::<RTCP_INDEX_LEN>()?;
        let mut end = packet.len();
        let number = u32::from_be_bytes(*word);
        let encrypted = number & ENCRYPTED != 0;
        let place = place(packet, number)?;
        let index = place.index;
        if let Keyed::AeadAesGcm(key) = &session.cipher {
            end = end.checked_sub(size_of::<Tag>())?;
            packet.get(HEADER_LEN..end)?;
            // RFC 7714, 9.3: what is not encrypted is associated data, all of it.
            let clear = if encrypted { HEADER_LEN } else { end };
            let nonce = |()| nonce(&session.salt, &place);
            key.open(core::iter::once(()), nonce, packet, clear, word)?;
        }
        Some(Opened {
            index,
            end,
            encrypted,
        })
    }

    /// Makes an opened RTCP packet what it was before, without what stood behind it. None, and it is of no use any more, when
    /// that fails.
    pub fn restore_rtcp(&self, packet: &mut [u8], opened: &Opened) -> Option<()> {
        if !opened.encrypted {
            return Some(());
        }
        let session = &self.rtcp;
        let place = place(packet, opened.index | ENCRYPTED)?;
        let payload = packet.get_mut(HEADER_LEN..opened.end)?;
        session.cipher.keystream(&session.salt, &place, payload)
    }
}
