// SPDX-License-Identifier: GPL-2.0-only

//! The ciphers with a session's key in place, and where each packet's keystream starts.

use super::crypto::{Aes, Block, Crypto, Ctr, Nonce};
use super::gcm::Gcm;
use super::keys::{Part, SessionKeys, SALT_LEN};

/// A cipher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// None.
    Null,
    /// AES in counter mode (RFC 3711, 4.1.1; RFC 6188).
    AesCm,
    /// AES in f8 mode (RFC 3711, 4.1.2).
    AesF8,
    /// AES in Galois/counter mode (RFC 7714).
    AeadAesGcm,
}

impl Cipher {
    /// Length of its session salt.
    pub(super) const fn salt_len(self) -> usize {
        match self {
            Cipher::AeadAesGcm => 12,
            _ => SALT_LEN,
        }
    }
}

/// Which packet a keystream is for.
pub(super) struct Place<F> {
    /// SSRC of the sender, in network order.
    pub(super) ssrc: [u8; 4],
    /// Packet index.
    pub(super) index: u32,
    /// Makes the initialization vector of f8 mode, not encrypted yet.
    pub(super) f8: F,
}

/// A cipher and the keys it needs.
pub(super) enum Keyed<C: Crypto> {
    Null,
    AesCm(C::Ctr),
    AesF8 { data: C::Aes, vector: C::Aes },
    AeadAesGcm(Gcm<C>),
}

impl<C: Crypto> Keyed<C> {
    /// Prepares the keys. None when their length is wrong, or without memory.
    pub(super) fn new(cipher: Cipher, part: Part, keys: &SessionKeys) -> Option<Self> {
        Some(match cipher {
            Cipher::Null => Keyed::Null,
            Cipher::AesCm => Keyed::AesCm(C::Ctr::new(keys.key(), part)?),
            Cipher::AesF8 => Keyed::AesF8 {
                data: C::Aes::new(keys.key())?,
                vector: f8_vector_key(keys)?,
            },
            Cipher::AeadAesGcm => Keyed::AeadAesGcm(Gcm::new(keys.key(), part)?),
        })
    }

    /// Encrypts or decrypts, and does not authenticate. None, and the data is of no use any more, when it fails.
    pub(super) fn keystream(
        &self,
        salt: &Block,
        place: &Place<impl Fn() -> Block>,
        data: &mut [u8],
    ) -> Option<()> {
        match self {
            Keyed::Null => {}
            Keyed::AesCm(key) => key.crypt(&counter(salt, place), data)?,
            Keyed::AesF8 { data: key, vector } => f8(key, vector, (place.f8)(), data),
            Keyed::AeadAesGcm(key) => key.crypt(&nonce(salt, place), data),
        }
        Some(())
    }
}

/// A salt with the zeros behind it, SSRC and 48-bit index, added up. `ssrc` and `index` tell where the last bits of those are.
fn added<F>(salt: &Block, place: &Place<F>, ssrc: u32, index: u32) -> Block {
    let salt = u128::from_be_bytes(*salt);
    let sender = u128::from(u32::from_be_bytes(place.ssrc));
    (salt ^ (sender << ssrc) ^ (u128::from(place.index) << index)).to_be_bytes()
}

/// First counter of AES-CM (RFC 3711, 4.1.1).
fn counter<F>(salt: &Block, place: &Place<F>) -> Block {
    added(salt, place, 64, 16)
}

/// Nonce of AES-GCM (RFC 7714, 8.1 and 9.1).
pub(super) fn nonce<F>(salt: &Block, place: &Place<F>) -> Nonce {
    let [a, b, c, d, e, f, g, h, i, j, k, l, ..] = added(salt, place, 80, 32);
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

/// The key that f8 mode encrypts its vector with: that of the data, changed by the salt.
fn f8_vector_key<A: Aes>(keys: &SessionKeys) -> Option<A> {
    let mut key: Block = keys.key().try_into().ok()?;
    let mask = keys.salt.iter().copied().chain(core::iter::repeat(0x55));
    for (byte, mask) in key.iter_mut().zip(mask) {
        *byte ^= mask;
    }
    let vector = A::new(&key);
    super::wipe(&mut key);
    vector
}

/// AES in f8 mode (RFC 3711, 4.1.2.1).
fn f8<A: Aes>(key: &A, vector_key: &A, mut vector: Block, data: &mut [u8]) {
    vector_key.encrypt(&mut vector);
    let vector = u128::from_be_bytes(vector);
    let mut stream = 0;
    for (number, chunk) in (0u128..).zip(data.chunks_mut(16)) {
        let mut block = (vector ^ number ^ stream).to_be_bytes();
        key.encrypt(&mut block);
        stream = u128::from_be_bytes(block);
        for (byte, mask) in chunk.iter_mut().zip(block) {
            *byte ^= mask;
        }
    }
}

#[cfg(test)]
#[path = "cipher_tests.rs"]
mod tests;
