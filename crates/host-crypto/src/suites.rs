// SPDX-License-Identifier: GPL-2.0-only

//! Every suite that there is, with keys to try it with.

use rtp_media::srtp::{Cipher, Policy};

/// Master keys are the first bytes of this one.
pub const KEY: [u8; 32] = *b"0123456789abcdef0123456789abcdef";
/// Master salts are the first bytes of this one.
pub const SALT: [u8; 14] = *b"not so much...";

/// What two ends agree upon, but for the keys.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// Its name, as in RFC 4568, RFC 6188 and RFC 7714 where they have it.
    pub name: &'static str,
    /// The cipher.
    pub cipher: Cipher,
    /// Length of its key.
    pub key_len: usize,
    /// Whether there is HMAC-SHA1.
    pub hmac: bool,
    /// Length of the HMAC-SHA1 tag of RTP.
    pub rtp_tag_len: u8,
    /// Length of the HMAC-SHA1 tag of RTCP.
    pub rtcp_tag_len: u8,
}

impl Suite {
    const fn new(name: &'static str, cipher: Cipher, key_len: usize, tag_lens: (u8, u8)) -> Self {
        Self {
            name,
            cipher,
            key_len,
            hmac: tag_lens.0 > 0 || tag_lens.1 > 0,
            rtp_tag_len: tag_lens.0,
            rtcp_tag_len: tag_lens.1,
        }
    }

    /// Its policy with [`KEY`] and [`SALT`].
    pub fn policy(&self, mki_len: u8) -> Policy<'static> {
        let salt_len = match self.cipher {
            Cipher::AeadAesGcm => 12,
            _ => SALT.len(),
        };
        Policy {
            cipher: self.cipher,
            hmac: self.hmac,
            master_key: &KEY[..self.key_len],
            master_salt: &SALT[..salt_len],
            rtp_tag_len: self.rtp_tag_len,
            rtcp_tag_len: self.rtcp_tag_len,
            mki_len,
        }
    }

    /// Whether RTP is authenticated.
    pub fn authenticates_rtp(&self) -> bool {
        self.cipher == Cipher::AeadAesGcm || self.rtp_tag_len > 0
    }

    /// Whether RTCP is authenticated.
    pub fn authenticates_rtcp(&self) -> bool {
        self.cipher == Cipher::AeadAesGcm || self.rtcp_tag_len > 0
    }
}

/// All of them.
pub const ALL: [Suite; 18] = [
    Suite::new("AES_CM_128_HMAC_SHA1_80", Cipher::AesCm, 16, (10, 10)),
    Suite::new("AES_CM_128_HMAC_SHA1_32", Cipher::AesCm, 16, (4, 10)),
    Suite::new("AES_CM_128 without RTP tags", Cipher::AesCm, 16, (0, 10)),
    Suite::new("AES_CM_128 without tags", Cipher::AesCm, 16, (0, 0)),
    Suite::new("AES_192_CM_HMAC_SHA1_80", Cipher::AesCm, 24, (10, 10)),
    Suite::new("AES_192_CM_HMAC_SHA1_32", Cipher::AesCm, 24, (4, 10)),
    Suite::new("AES_192_CM without tags", Cipher::AesCm, 24, (0, 0)),
    Suite::new("AES_256_CM_HMAC_SHA1_80", Cipher::AesCm, 32, (10, 10)),
    Suite::new("AES_256_CM_HMAC_SHA1_32", Cipher::AesCm, 32, (4, 10)),
    Suite::new("AES_256_CM without tags", Cipher::AesCm, 32, (0, 0)),
    Suite::new("F8_128_HMAC_SHA1_80", Cipher::AesF8, 16, (10, 10)),
    Suite::new("F8_128_HMAC_SHA1_32", Cipher::AesF8, 16, (4, 10)),
    Suite::new("NULL_HMAC_SHA1_80", Cipher::Null, 16, (10, 10)),
    Suite::new("NULL_HMAC_SHA1_32", Cipher::Null, 16, (4, 10)),
    Suite::new("NULL without tags", Cipher::Null, 16, (0, 0)),
    Suite::new("AEAD_AES_128_GCM", Cipher::AeadAesGcm, 16, (0, 0)),
    Suite::new("AEAD_AES_256_GCM", Cipher::AeadAesGcm, 32, (0, 0)),
    Suite::new(
        "AEAD_AES_128_GCM and HMAC_SHA1_80",
        Cipher::AeadAesGcm,
        16,
        (10, 10),
    ),
];
