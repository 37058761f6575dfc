// SPDX-License-Identifier: GPL-2.0-only

//! The algorithms that SRTP is made of, which somebody else implements.

/// A block of AES.
pub type Block = [u8; 16];
/// A nonce of AES-GCM.
pub type Nonce = [u8; 12];
/// An authentication tag of AES-GCM.
pub type Tag = [u8; 16];

/// A family of implementations.
pub trait Crypto {
    /// AES.
    type Aes: Aes;
    /// AES in Galois/counter mode.
    type Gcm: Gcm;
    /// HMAC-SHA1.
    type Mac: Mac;
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

/// An AES key for Galois/counter mode that is ready for use, with tags of 16 bytes. It is
/// overwritten when it is dropped.
pub trait Gcm: Sized {
    /// Prepares a key of 16 or 32 bytes. None for another length, or without memory.
    fn new(key: &[u8]) -> Option<Self>;
    /// Encrypts, and computes the tag of the associated data, in two parts, and the ciphertext.
    fn seal(&self, nonce: &Nonce, associated: [&[u8]; 2], data: &mut [u8]) -> Tag;
    /// Compares the tag, in constant time, and decrypts. When the tag is wrong it returns false, and
    /// the data is as before.
    fn open(&self, nonce: &Nonce, associated: [&[u8]; 2], data: &mut [u8], tag: &Tag) -> bool;
    /// Encrypts or decrypts, and does not authenticate.
    fn keystream(&self, nonce: &Nonce, data: &mut [u8]);
}

/// A key of HMAC-SHA1 that is ready for use. It is overwritten when it is dropped.
pub trait Mac: Sized {
    /// Prepares a key. None without memory.
    fn new(key: &[u8; 20]) -> Option<Self>;
    /// The code of a message in two parts.
    fn code(&self, message: [&[u8]; 2]) -> [u8; 20];
    /// Whether the code of a message starts with `tag`, compared in constant time.
    fn verify(&self, message: [&[u8]; 2], tag: &[u8]) -> bool;
}
