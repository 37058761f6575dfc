// SPDX-License-Identifier: GPL-2.0-only

//! SRTP parameters of a target or of an output.

use core::fmt;
use zerocopy::FromZeros as _;
use zerocopy_derive::FromZeros;

/// Cipher of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(u8)]
pub enum Cipher {
    /// None.
    Null = 0,
    /// AES in counter mode with a 128-bit key.
    AesCm128,
    /// AES in f8 mode with a 128-bit key.
    AesF8,
    /// AES in counter mode with a 192-bit key.
    AesCm192,
    /// AES in counter mode with a 256-bit key.
    AesCm256,
    /// AES in Galois/counter mode with a 128-bit key.
    AeadAesGcm128,
    /// AES in Galois/counter mode with a 256-bit key.
    AeadAesGcm256,
}

impl Cipher {
    /// Length of the key, for the master key and the session key alike; none for the null cipher.
    pub const fn key_len(self) -> Option<usize> {
        match self {
            Cipher::Null => None,
            Cipher::AesCm128 | Cipher::AesF8 | Cipher::AeadAesGcm128 => Some(16),
            Cipher::AesCm192 => Some(24),
            Cipher::AesCm256 | Cipher::AeadAesGcm256 => Some(32),
        }
    }

    /// Length of the salt, for the master salt and the session salt alike; none for the null cipher.
    pub const fn salt_len(self) -> Option<usize> {
        match self {
            Cipher::Null => None,
            Cipher::AeadAesGcm128 | Cipher::AeadAesGcm256 => Some(12),
            _ => Some(14),
        }
    }

    /// The name, as the target list prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Cipher::Null => "NULL",
            Cipher::AesCm128 => "AES-CM-128",
            Cipher::AesF8 => "AES-F8",
            Cipher::AesCm192 => "AES-CM-192",
            Cipher::AesCm256 => "AES-CM-256",
            Cipher::AeadAesGcm128 => "AEAD-AES-GCM-128",
            Cipher::AeadAesGcm256 => "AEAD-AES-GCM-256",
        }
    }
}

/// Message authentication code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(u8)]
pub enum Hmac {
    /// None.
    Null = 0,
    /// HMAC-SHA1.
    HmacSha1,
}

impl Hmac {
    /// The name, as the target list prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Hmac::Null => "NULL",
            Hmac::HmacSha1 => "HMAC-SHA1",
        }
    }
}

/// Longest master key.
pub const MAX_KEY: usize = 32;
/// Longest master salt.
pub const MAX_SALT: usize = 14;
/// Longest authentication tag.
pub const MAX_AUTH_TAG: usize = 20;
/// Longest master key identifier.
pub const MAX_MKI: usize = 255;

/// SRTP parameters. All zero is "no SRTP".
///
/// It holds a secret, which is overwritten when it is dropped.
#[derive(FromZeros)]
#[repr(C)]
pub struct Srtp<const MKI: usize = MAX_MKI> {
    /// The cipher.
    pub cipher: Cipher,
    /// The message authentication code.
    pub hmac: Hmac,
    /// Master key; the first `master_key_len` bytes count.
    pub master_key: [u8; MAX_KEY],
    /// Length of the master key.
    pub master_key_len: u8,
    /// Master salt; the first `master_salt_len` bytes count.
    pub master_salt: [u8; MAX_SALT],
    /// Length of the master salt.
    pub master_salt_len: u8,
    /// Length of the session key to derive.
    pub session_key_len: u8,
    /// Length of the session salt to derive.
    pub session_salt_len: u8,
    /// Length of the authentication tag of RTP.
    pub rtp_auth_tag_len: u8,
    /// Length of the authentication tag of RTCP.
    pub rtcp_auth_tag_len: u8,
    /// Length of the master key identifier.
    pub mki_len: u8,
    /// Master key identifier; the first `mki_len` bytes count, as far as there are so many.
    pub mki: [u8; MKI],
}

impl<const MKI: usize> Srtp<MKI> {
    /// Whether packets go as they are: neither encrypted nor authenticated.
    pub const fn is_plain(&self) -> bool {
        matches!(self.cipher, Cipher::Null) && matches!(self.hmac, Hmac::Null)
    }

    /// The master key.
    pub fn master_key(&self) -> &[u8] {
        let len = usize::from(self.master_key_len);
        self.master_key.get(..len).unwrap_or(&[])
    }

    /// The master salt.
    pub fn master_salt(&self) -> &[u8] {
        let len = usize::from(self.master_salt_len);
        self.master_salt.get(..len).unwrap_or(&[])
    }

    /// The master key identifier.
    pub fn mki(&self) -> &[u8] {
        let len = usize::from(self.mki_len).min(MKI);
        self.mki.get(..len).unwrap_or(&[])
    }

    /// Takes over all of another one's, without a copy elsewhere; of its master key identifier as much as there is room for.
    pub fn copy_from<const OTHER: usize>(&mut self, other: &Srtp<OTHER>) {
        self.cipher = other.cipher;
        self.hmac = other.hmac;
        self.master_key = other.master_key;
        self.master_key_len = other.master_key_len;
        self.master_salt = other.master_salt;
        self.master_salt_len = other.master_salt_len;
        self.session_key_len = other.session_key_len;
        self.session_salt_len = other.session_salt_len;
        self.rtp_auth_tag_len = other.rtp_auth_tag_len;
        self.rtcp_auth_tag_len = other.rtcp_auth_tag_len;
        self.mki_len = other.mki_len;
        for (to, from) in self.mki.iter_mut().zip(&other.mki) {
            *to = *from;
        }
    }

    /// Overwrites everything with zeros.
    pub fn wipe(&mut self) {
        self.zero();
        // The zeros are of use to nobody; this keeps the compiler from leaving them out.
        core::hint::black_box(self);
    }
}

impl<const MKI: usize> Drop for Srtp<MKI> {
    fn drop(&mut self) {
        self.wipe();
    }
}

impl<const MKI: usize> fmt::Debug for Srtp<MKI> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Srtp")
            .field("cipher", &self.cipher)
            .field("hmac", &self.hmac)
            .field("master_key", &"<redacted>")
            .field("master_salt", &"<redacted>")
            .field("rtp_auth_tag_len", &self.rtp_auth_tag_len)
            .field("rtcp_auth_tag_len", &self.rtcp_auth_tag_len)
            .field("mki", &self.mki())
            .finish_non_exhaustive()
    }
}
