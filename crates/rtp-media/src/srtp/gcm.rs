// SPDX-License-Identifier: GPL-2.0-only

//! AES in Galois/counter mode (NIST SP 800-38D): in one call, or put together of its two halves.
//!
//! One call decrypts as it hashes, which is the least that a genuine packet costs, and has to be undone for a forged one. Where
//! one was forged, packets are hashed first for a while, and not decrypted unless a tag is right: what is forged
//! is hashed once, but for the first one after [`TRUSTED`] that were not.

use super::crypto::{Aes, Block, Crypto, Gcm as _, Ghash, Nonce, Tag};
use super::keys::Part;
use super::wipe;
use core::ops::Range;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// How many packets have to be authentic before one is decrypted as it is hashed again.
pub(super) const TRUSTED: u8 = 64;
/// Length of a block.
const BLOCK: usize = size_of::<Block>();
/// Length of a tag.
const TAG: usize = size_of::<Tag>();
/// The block that encrypts the hash, and the first one of the keystream.
const MASK: u32 = 1;
const FIRST: u32 = 2;

/// A key that is ready for use.
pub(super) struct Gcm<C: Crypto> {
    aes: C::Aes,
    ghash: C::Ghash,
    /// What does both in one call. None for RTCP, which is rare, and whose associated data is in two places.
    whole: Option<C::Gcm>,
    /// How many packets are yet to be hashed first.
    doubt: AtomicU8,
}

impl<C: Crypto> Gcm<C> {
    /// Prepares a key of 16 or 32 bytes. None for another length, or without memory.
    pub(super) fn new(key: &[u8], part: Part) -> Option<Self> {
        if ![16, 32].contains(&key.len()) {
            return None;
        }
        let aes = C::Aes::new(key)?;
        let mut hash_key = [0; BLOCK];
        aes.encrypt(&mut hash_key);
        let ghash = C::Ghash::new(&hash_key);
        wipe(&mut hash_key);
        Some(Self {
            aes,
            ghash: ghash?,
            whole: match part {
                Part::Rtp => C::Gcm::new(key),
                Part::Rtcp => None,
            },
            doubt: AtomicU8::new(0),
        })
    }

    /// Encrypts what follows the first `clear` bytes of a packet, as far as its last 16 bytes, and writes the tag there: that of `more`,
    /// too, which follows what is clear. None, and the packet is of no use any more, when it fails.
    pub(super) fn seal(
        &self,
        nonce: &Nonce,
        packet: &mut [u8],
        clear: usize,
        more: &[u8],
    ) -> Option<()> {
        if let Some(whole) = self.whole_for(more) {
            return whole.seal(nonce, packet, clear);
        }
        let (associated, data, _) = split(packet, clear)?;
        self.crypt(nonce, data);
        let tag = self.tag_of(self.hash([associated, more], data), nonce);
        *packet.last_chunk_mut()? = tag;
        Some(())
    }

    /// Decrypts what [`seal`](Self::seal) encrypted, and returns the first of `guesses` whose nonce its tag is right for. Without
    /// one the packet is as before. Its hash does not depend on the nonce (NIST SP 800-38D, 7.1): it is hashed once
    /// for all of them.
    pub(super) fn open<T: Copy>(
        &self,
        mut guesses: impl Iterator<Item = T>,
        nonce: impl Fn(T) -> Nonce,
        packet: &mut [u8],
        clear: usize,
        more: &[u8],
    ) -> Option<T> {
        let mut hash = None;
        if let Some(whole) = self.whole_for(more) {
            if self.doubt.load(Relaxed) == 0 {
                let tag = *packet.last_chunk()?;
                let guess = guesses.next()?;
                let nonce = nonce(guess);
                if whole.open(&nonce, packet, clear) {
                    return Some(guess);
                }
                hash = Some(self.undo(whole, &nonce, packet, clear, tag)?);
            }
        }
        self.open_hashed(hash, guesses, nonce, packet, clear, more)
    }

    /// What takes a packet in one call, where there is nothing more to be authenticated.
    fn whole_for(&self, more: &[u8]) -> Option<&C::Gcm> {
        self.whole.as_ref().filter(|_| more.is_empty())
    }

    /// Undoes that a packet was decrypted which is not authentic, and tells its hash.
    #[cold]
    fn undo(
        &self,
        whole: &C::Gcm,
        nonce: &Nonce,
        packet: &mut [u8],
        clear: usize,
        tag: Tag,
    ) -> Option<Block> {
        self.doubt.store(TRUSTED, Relaxed);
        whole.seal(nonce, packet, clear)?;
        let computed = packet.last_chunk_mut()?;
        let hash = self.tag_of(*computed, nonce);
        *computed = tag;
        Some(hash)
    }

    /// Finds a tag that is right, and decrypts then. The packet is hashed unless its hash is known.
    #[cold]
    fn open_hashed<T: Copy>(
        &self,
        hash: Option<Block>,
        mut guesses: impl Iterator<Item = T>,
        nonce: impl Fn(T) -> Nonce,
        packet: &mut [u8],
        clear: usize,
        more: &[u8],
    ) -> Option<T> {
        let (associated, data, tag) = split(packet, clear)?;
        let hash = hash.unwrap_or_else(|| self.hash([associated, more], data));
        let is_right = |guess| C::is_equal(&self.tag_of(hash, &nonce(guess)), &tag);
        let guess = guesses.find(|&guess| is_right(guess))?;
        match self.whole_for(more) {
            Some(whole) => {
                if !whole.open(&nonce(guess), packet, clear) {
                    return None;
                }
                let doubt = self.doubt.load(Relaxed);
                self.doubt.store(doubt.saturating_sub(1), Relaxed);
            }
            None => self.crypt(&nonce(guess), data),
        }
        Some(guess)
    }

    /// Makes an opened packet what it was before: its tag is behind the payload.
    pub(super) fn restore(
        &self,
        nonce: &Nonce,
        packet: &mut [u8],
        payload: Range<usize>,
    ) -> Option<()> {
        let end = payload.end.checked_add(TAG)?;
        if let (Some(whole), Some(packet)) = (&self.whole, packet.get_mut(..end)) {
            return whole.seal(nonce, packet, payload.start);
        }
        self.crypt(nonce, packet.get_mut(payload)?);
        Some(())
    }

    /// Encrypts or decrypts, and does not authenticate.
    pub(super) fn crypt(&self, nonce: &Nonce, data: &mut [u8]) {
        self.aes.ctr(&counter(nonce, FIRST), data);
    }

    /// What does not depend on the nonce.
    fn hash(&self, associated: [&[u8]; 2], ciphertext: &[u8]) -> Block {
        let [first, second] = associated;
        let (blocks, rest) = whole_blocks(first);
        let head = Padded::new(rest, second);
        let (data, rest) = whole_blocks(ciphertext);
        let mut tail = Padded::new(rest, &[]);
        tail.push_lengths(first.len().saturating_add(second.len()), ciphertext.len());
        let hash = [blocks, head.blocks(), data, tail.blocks()];
        self.ghash.hash(hash)
    }

    /// The tag of what has that hash, and the hash of what has that tag.
    fn tag_of(&self, hash: Block, nonce: &Nonce) -> Tag {
        let mut mask = counter(nonce, MASK);
        self.aes.encrypt(&mut mask);
        (u128::from_ne_bytes(hash) ^ u128::from_ne_bytes(mask)).to_ne_bytes()
    }
}

/// What is clear, what is encrypted, and the tag.
fn split(packet: &mut [u8], clear: usize) -> Option<(&[u8], &mut [u8], Tag)> {
    let (packet, tag) = packet.split_last_chunk_mut()?;
    let (associated, data) = packet.split_at_mut_checked(clear)?;
    Some((associated, data, *tag))
}

fn counter(nonce: &Nonce, number: u32) -> Block {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = *nonce;
    let [m, n, o, p] = number.to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}

/// Whole blocks, and what is left.
fn whole_blocks(bytes: &[u8]) -> (&[u8], &[u8]) {
    let rest = bytes.len() % BLOCK;
    bytes
        .split_at_checked(bytes.len().saturating_sub(rest))
        .unwrap_or((&[], bytes))
}

/// Bytes that are filled up to whole blocks with zeros.
struct Padded {
    bytes: [u8; 3 * BLOCK],
    len: usize,
}

impl Padded {
    /// Less than a block, and a few bytes behind it.
    fn new(one: &[u8], other: &[u8]) -> Self {
        let mut bytes = [0; 3 * BLOCK];
        let mut len = 0;
        for part in [one, other] {
            let end = part.len().saturating_add(len);
            if let Some(to) = bytes.get_mut(len..end) {
                to.copy_from_slice(part);
                len = end;
            }
        }
        let len = len.next_multiple_of(BLOCK);
        Self { bytes, len }
    }

    /// The block of the lengths in bits that ends what is hashed.
    fn push_lengths(&mut self, associated: usize, ciphertext: usize) {
        let lengths = ((associated as u128) << 67) | ((ciphertext as u128) << 3);
        let end = self.bytes.get_mut(self.len..);
        if let Some(to) = end.and_then(<[u8]>::first_chunk_mut) {
            *to = lengths.to_be_bytes();
            self.len = self.len.saturating_add(BLOCK);
        }
    }

    fn blocks(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
}
