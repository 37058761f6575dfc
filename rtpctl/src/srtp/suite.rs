// SPDX-License-Identifier: GPL-2.0-only

//! The crypto suites of SRTP, by their names in SDP (RFC 4568, 6188 and 7714, and what the rtpengine daemon adds).

use rtp_wire::{Cipher, Hmac};

/// A crypto suite. Lengths are in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Suite {
    /// Its name in SDP.
    pub(crate) name: &'static str,
    /// The cipher.
    pub(crate) cipher: Cipher,
    /// The message authentication code.
    pub(crate) hmac: Hmac,
    /// Length of the master key.
    pub(crate) key_len: u8,
    /// Length of the master salt.
    pub(crate) salt_len: u8,
    /// Length of the authentication tag of RTP. An AEAD cipher has one of its own, which is not counted.
    pub(crate) rtp_tag: u8,
    /// Length of the authentication tag of RTCP.
    pub(crate) rtcp_tag: u8,
}

impl Suite {
    /// Of a cipher and HMAC-SHA1. A short tag is for RTP alone (RFC 4568, 6.2.2).
    const fn sha1(name: &'static str, cipher: Cipher, key_len: u8, rtp_tag: u8) -> Self {
        Self {
            name,
            cipher,
            hmac: Hmac::HmacSha1,
            key_len,
            salt_len: 14,
            rtp_tag,
            rtcp_tag: 10,
        }
    }

    const fn aead(name: &'static str, cipher: Cipher, key_len: u8) -> Self {
        Self {
            name,
            cipher,
            hmac: Hmac::Null,
            key_len,
            salt_len: 12,
            rtp_tag: 0,
            rtcp_tag: 0,
        }
    }

    /// Whether it does not encrypt.
    pub(crate) const fn is_null(&self) -> bool {
        matches!(self.cipher, Cipher::Null)
    }

    /// Whether the cipher authenticates, too.
    pub(crate) const fn is_aead(&self) -> bool {
        matches!(self.hmac, Hmac::Null)
    }
}

/// All suites, the most common first.
pub(crate) static SUITES: [Suite; 12] = [
    Suite::sha1("AES_CM_128_HMAC_SHA1_80", Cipher::AesCm128, 16, 10),
    Suite::sha1("AES_CM_128_HMAC_SHA1_32", Cipher::AesCm128, 16, 4),
    Suite::sha1("AES_192_CM_HMAC_SHA1_80", Cipher::AesCm192, 24, 10),
    Suite::sha1("AES_192_CM_HMAC_SHA1_32", Cipher::AesCm192, 24, 4),
    Suite::sha1("AES_256_CM_HMAC_SHA1_80", Cipher::AesCm256, 32, 10),
    Suite::sha1("AES_256_CM_HMAC_SHA1_32", Cipher::AesCm256, 32, 4),
    Suite::aead("AEAD_AES_128_GCM", Cipher::AeadAesGcm128, 16),
    Suite::aead("AEAD_AES_256_GCM", Cipher::AeadAesGcm256, 32),
    Suite::sha1("F8_128_HMAC_SHA1_80", Cipher::AesF8, 16, 10),
    Suite::sha1("F8_128_HMAC_SHA1_32", Cipher::AesF8, 16, 4),
    Suite::sha1("NULL_HMAC_SHA1_80", Cipher::Null, 16, 10),
    Suite::sha1("NULL_HMAC_SHA1_32", Cipher::Null, 16, 4),
];

/// The suite of a name, in upper or lower case.
pub(crate) fn find(name: &str) -> Option<&'static Suite> {
    SUITES
        .iter()
        .find(|suite| suite.name.eq_ignore_ascii_case(name))
}

/// The names of all suites.
pub(crate) fn names() -> String {
    SUITES.each_ref().map(|suite| suite.name).join(", ")
}
