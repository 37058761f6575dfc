// SPDX-License-Identifier: GPL-2.0-only

//! The algorithms that SRTP is made of, which somebody else implements.

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
    /// AES.
    type Aes: Aes;
    /// AES in Galois/counter mode.
    type Gcm: Gcm;
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

/// An AES key for Galois/counter mode that is ready for use, with tags of 16 bytes. It is
/// overwritten when it is dropped.
pub trait Gcm: Sized {
    /// Prepares a key of 16 or 32 bytes. None for another length, or without memory.
    fn new(key: &[u8]) -> Option<Self>;
    /// Encrypts, and computes the tag of the associated data, in two parts, and the ciphertext.
    fn seal(&self, nonce: &Nonce, associated: [&[u8]; 2], data: &mut [u8]) -> Tag;
    /// Decrypts, and computes the tag of the associated data and the ciphertext, which is to be compared.
    fn open(&self, nonce: &Nonce, associated: [&[u8]; 2], data: &mut [u8]) -> Tag;
    /// Encrypts or decrypts, and does not authenticate.
    fn keystream(&self, nonce: &Nonce, data: &mut [u8]);
}

/// A key of HMAC-SHA1 that is ready for use. It is overwritten when it is dropped.
pub trait Mac: Sized {
    /// What was computed of a message that is not at its end.
    type Started: Started;
    /// Prepares a key. None without memory.
    fn new(key: &Code) -> Option<Self>;
    /// Computes the code of a message that begins so.
    fn start(&self, message: &[u8]) -> Self::Started;
}

/// A started computation of HMAC-SHA1. It is overwritten when it is dropped.
pub trait Started: Clone {
    /// The code of the message that ends so.
    fn finish(self, end: &[u8]) -> Code;
}
