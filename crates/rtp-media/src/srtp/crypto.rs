// SPDX-License-Identifier: GPL-2.0-only

//! The algorithms that SRTP is made of, which somebody else implements.

use super::keys::Part;

/// A block of AES.
pub type Block = [u8; 16];
/// A nonce of AES-GCM.
pub type Nonce = [u8; 12];
/// An authentication tag of AES-GCM.
pub type Tag = [u8; 16];
/// A code of HMAC-SHA1.
pub type Code = [u8; 20];

/// A family of implementations.
pub trait Crypto {
    /// AES, of small things: derivation, f8 mode, a block of AES-GCM, and RTCP.
    type Aes: Aes;
    /// AES in counter mode.
    type Ctr: Ctr;
    /// AES in Galois/counter mode.
    type Gcm: Gcm;
    /// The hash of AES-GCM.
    type Ghash: Ghash;
    /// HMAC-SHA1.
    type Mac: Mac;

    /// Whether two tags of one length are the same, compared in constant time.
    fn is_equal(one: &[u8], other: &[u8]) -> bool;
}

/// An AES key that is ready for use. It is overwritten when it is dropped.
pub trait Aes: Sized {
    /// Prepares a key of 16, 24 or 32 bytes. None for another length, or without memory.
    fn new(key: &[u8]) -> Option<Self>;
    /// Encrypts a block.
    fn encrypt(&self, block: &mut Block);
    /// Encrypts or decrypts in counter mode, from this value of the 128-bit counter on.
    fn ctr(&self, counter: &Block, data: &mut [u8]);
}

/// An AES key for counter mode that is ready for use. It is overwritten when it is dropped.
pub trait Ctr: Sized {
    /// Prepares a key of 16, 24 or 32 bytes, for packets of which there are few in RTCP. None for another length, or
    /// without memory.
    fn new(key: &[u8], part: Part) -> Option<Self>;
    /// Encrypts or decrypts from this value of the 128-bit counter on. The data is that of a packet, or of a command: it has
    /// pages. None, and the data is of no use any more, when it fails.
    fn crypt(&self, counter: &Block, data: &mut [u8]) -> Option<()>;
}

/// An AES key for Galois/counter mode with tags of 16 bytes, which takes a packet in one call. It is overwritten when it is
/// dropped. The data is that of a packet: it has pages.
pub trait Gcm: Sized {
    /// Prepares a key of 16 or 32 bytes. None for another length, without memory, or where there is nothing that would be faster
    /// than [`Aes`] and [`Ghash`].
    fn new(key: &[u8]) -> Option<Self>;
    /// Encrypts what follows the first `clear` bytes of a packet, as far as its last 16 bytes, and writes the tag of all that
    /// there. None, and the packet is of no use any more, when it fails.
    fn seal(&self, nonce: &Nonce, packet: &mut [u8], clear: usize) -> Option<()>;
    /// Decrypts what [`seal`](Self::seal) encrypted, and returns whether the tag is right. If it is not, the data is
    /// decrypted all the same.
    fn open(&self, nonce: &Nonce, packet: &mut [u8], clear: usize) -> bool;
}

/// A key of GHASH (NIST SP 800-38D, 6.4) that is ready for use. It is overwritten when it is dropped.
pub trait Ghash: Sized {
    /// Prepares a key. None without memory.
    fn new(key: &Block) -> Option<Self>;
    /// The hash of data in several parts, each of whole blocks.
    fn hash(&self, parts: [&[u8]; 4]) -> Block;
}

/// A key of HMAC-SHA1 that is ready for use. It is overwritten when it is dropped.
pub trait Mac: Sized {
    /// What was computed of a message that is not at its end.
    type Started<'m>: Started
    where
        Self: 'm;
    /// Prepares a key. None without memory.
    fn new(key: &Code) -> Option<Self>;
    /// Computes the code of a message that begins so.
    fn start<'m>(&'m self, message: &'m [u8]) -> Self::Started<'m>;
}

/// A started computation of HMAC-SHA1, from which nobody learns the key.
pub trait Started {
    /// The code of the message that ends so: nothing more, or a rollover counter.
    fn finish(&self, end: Option<[u8; 4]>) -> Code;
}
