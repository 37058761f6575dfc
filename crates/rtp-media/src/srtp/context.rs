// SPDX-License-Identifier: GPL-2.0-only

//! Keys and settings of one direction.

use super::cipher::{nonce, Cipher, Keyed, Place};
use super::crypto::{Block, Crypto, Mac as _, Started as _, Tag};
use super::keys::{Part, Policy, SessionKeys};
use super::wipe;
use core::ops::Range;

/// Longest tag of HMAC-SHA1.
const MAX_TAG: u8 = 20;
/// Length of the E bit and the SRTCP index.
pub(super) const RTCP_INDEX_LEN: usize = 4;

/// What protects RTP, or RTCP.
pub(super) struct Session<C: Crypto> {
    pub(super) cipher: Keyed<C>,
    /// Its salt, and zeros.
    pub(super) salt: Block,
    mac: Option<C::Mac>,
    tag_len: u8,
    mki_len: u8,
}

impl<C: Crypto> Drop for Session<C> {
    fn drop(&mut self) {
        wipe(&mut self.salt);
    }
}

/// Keys and settings of one direction.
pub struct Context<C: Crypto> {
    pub(super) rtp: Session<C>,
    pub(super) rtcp: Session<C>,
}

impl<C: Crypto> Context<C> {
    /// Derives the session keys and prepares them. None when a length of the policy is wrong, or
    /// without memory.
    pub fn new(policy: &Policy<'_>) -> Option<Self> {
        Some(Self {
            rtp: Session::new(policy, Part::Rtp)?,
            rtcp: Session::new(policy, Part::Rtcp)?,
        })
    }

    /// Whether packets carry a tag: RTP, or RTCP. Without one nothing tells a replay (RFC 3711, 3.3.2).
    pub const fn is_authenticated(&self, part: Part) -> bool {
        match part {
            Part::Rtp => self.rtp.is_authenticated(),
            Part::Rtcp => self.rtcp.is_authenticated(),
        }
    }

    /// How many bytes longer RTP gets at most.
    pub fn rtp_overhead(&self) -> usize {
        self.rtp.overhead()
    }

    /// How many bytes longer RTCP gets at most.
    pub fn rtcp_overhead(&self) -> usize {
        self.rtcp.overhead().saturating_add(RTCP_INDEX_LEN)
    }
}

impl<C: Crypto> Session<C> {
    fn new(policy: &Policy<'_>, part: Part) -> Option<Self> {
        let tag_len = match (policy.hmac, part) {
            (false, _) => 0,
            (true, Part::Rtp) => policy.rtp_tag_len,
            (true, Part::Rtcp) => policy.rtcp_tag_len,
        };
        if tag_len > MAX_TAG {
            return None;
        }
        if policy.cipher == Cipher::Null && tag_len == 0 {
            return Some(Self {
                cipher: Keyed::Null,
                salt: Block::default(),
                mac: None,
                tag_len,
                mki_len: policy.mki_len,
            });
        }
        let keys = SessionKeys::derive::<C::Aes>(policy, part)?;
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = keys.salt;
        Some(Self {
            cipher: Keyed::new(policy.cipher, part, &keys)?,
            salt: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, 0, 0],
            mac: match tag_len {
                0 => None,
                _ => Some(C::Mac::new(&keys.auth)?),
            },
            tag_len,
            mki_len: policy.mki_len,
        })
    }

    const fn is_authenticated(&self) -> bool {
        self.mac.is_some() || matches!(self.cipher, Keyed::AeadAesGcm(_))
    }

    fn tag_len(&self) -> usize {
        usize::from(self.tag_len)
    }

    fn overhead(&self) -> usize {
        let tag = match self.cipher {
            Keyed::AeadAesGcm(_) => size_of::<Tag>(),
            _ => 0,
        };
        tag.saturating_add(self.tag_len())
            .saturating_add(usize::from(self.mki_len))
    }

    /// Encrypts the payload of a packet in place, and returns where the packet ends now: behind the tag of AES-GCM, which is that of
    /// what precedes the payload, and of `more`, too.
    pub(super) fn encrypt(
        &self,
        place: &Place<impl Fn() -> Block>,
        buffer: &mut [u8],
        payload: Range<usize>,
        more: &[u8],
    ) -> Option<usize> {
        if let Keyed::AeadAesGcm(key) = &self.cipher {
            let end = payload.end.checked_add(size_of::<Tag>())?;
            let packet = buffer.get_mut(..end)?;
            key.seal(&nonce(&self.salt, place), packet, payload.start, more)?;
            Some(end)
        } else {
            let end = payload.end;
            self.cipher
                .keystream(&self.salt, place, buffer.get_mut(payload)?)?;
            Some(end)
        }
    }

    /// Splits off what stands behind the authenticated part: the master key identifier, which is not looked at, and the tag.
    /// Returns that part and the first of `guesses` that the tag is right for, none where there is no tag. The `end` of a guess is
    /// authenticated as if it followed the packet, and is not sent. The packet is hashed once.
    pub(super) fn authenticated<'p, T: Copy>(
        &self,
        packet: &'p mut [u8],
        mut guesses: impl Iterator<Item = T>,
        end: impl Fn(T) -> Option<[u8; 4]>,
    ) -> Option<(&'p mut [u8], Option<T>)> {
        let tag_start = packet.len().checked_sub(self.tag_len())?;
        let (rest, tag) = packet.split_at_mut_checked(tag_start)?;
        let mki_start = rest.len().checked_sub(usize::from(self.mki_len))?;
        let (packet, _) = rest.split_at_mut_checked(mki_start)?;
        let Some(mac) = &self.mac else {
            return Some((packet, None));
        };
        let right = {
            let started = mac.start(packet);
            guesses.find(|&guess| {
                let code = started.finish(end(guess));
                code.get(..self.tag_len())
                    .is_some_and(|code| C::is_equal(code, tag))
            })?
        };
        Some((packet, Some(right)))
    }

    /// Writes the master key identifier, and the tag of the first `end` bytes and of `more`, behind those bytes, and returns where they
    /// end.
    pub(super) fn authenticate(
        &self,
        buffer: &mut [u8],
        end: usize,
        mki: &[u8],
        more: Option<[u8; 4]>,
    ) -> Option<usize> {
        let (packet, room) = buffer.split_at_mut_checked(end)?;
        let (to, room) = room.split_at_mut_checked(mki.len())?;
        to.copy_from_slice(mki);
        let (to, _) = room.split_at_mut_checked(self.tag_len())?;
        if let Some(mac) = &self.mac {
            let code = mac.start(packet).finish(more);
            to.copy_from_slice(code.get(..self.tag_len())?);
        }
        end.checked_add(mki.len())?.checked_add(self.tag_len())
    }
}
