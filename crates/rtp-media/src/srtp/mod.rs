// SPDX-License-Identifier: GPL-2.0-only

//! SRTP and SRTCP (RFC 3711, RFC 6188, RFC 7714), in place.
//!
//! A [`Context`] holds the session keys of one direction and protects packets or opens them; [`index`]
//! tells which packet index one has, and that it was not used before. The algorithms themselves are behind
//! [`Crypto`].

mod cipher;
mod context;
mod crypto;
mod gcm;
pub mod index;
mod keys;
mod rtcp;
mod rtp;

pub use cipher::Cipher;
pub use context::Context;
pub use crypto::{Aes, Block, Code, Crypto, Ctr, Gcm, Ghash, Mac, Nonce, Started, Tag};
pub use keys::{Part, Policy, SessionKeys, AUTH_KEY_LEN, MAX_KEY, SALT_LEN};

/// A packet whose authentication tag was right, and which was decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Its packet index: rollover counter and sequence number of RTP, or the SRTCP index.
    pub index: u32,
    /// Where it ends now, without all that SRTP added.
    pub end: usize,
    /// Whether it had been encrypted.
    encrypted: bool,
}

/// Overwrites a secret with zeros.
fn wipe(secret: &mut [u8]) {
    secret.fill(0);
    // The zeros are of use to nobody; this keeps the compiler from leaving them out.
    core::hint::black_box(secret);
}
