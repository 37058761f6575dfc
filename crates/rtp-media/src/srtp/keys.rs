// SPDX-License-Identifier: GPL-2.0-only

//! Derivation of session keys (RFC 3711, 4.3; RFC 6188; RFC 7714, 11), with a key derivation rate of
//! zero.

use super::super::rtp_wire::{Cipher as Wire, Hmac, Srtp};
use super::crypto::{Aes, Block};
use super::{wipe, Cipher};

/// Longest key.
pub const MAX_KEY: usize = 32;
/// Length of a salt, padded with zeros where that of the cipher is shorter.
pub const SALT_LEN: usize = 14;
/// Length of an authentication key.
pub const AUTH_KEY_LEN: usize = 20;

/// What both ends agreed upon.
#[derive(Clone, Copy)]
pub struct Policy<'a> {
    /// The cipher.
    pub cipher: Cipher,
    /// Whether packets carry an HMAC-SHA1 tag.
    pub hmac: bool,
    /// Master key: of 16, 24 or 32 bytes, as the cipher asks for.
    pub master_key: &'a [u8],
    /// Master salt: at most 14 bytes, 12 for AES-GCM.
    pub master_salt: &'a [u8],
    /// Length of the HMAC-SHA1 tag of RTP, at most 20; 0 for none.
    pub rtp_tag_len: u8,
    /// Length of the HMAC-SHA1 tag of RTCP, at most 20; 0 for none.
    pub rtcp_tag_len: u8,
    /// Length of the master key identifier.
    pub mki_len: u8,
}

impl<'a> Policy<'a> {
    /// The parameters of a command in the form that keys are derived from.
    pub fn of<const MKI: usize>(srtp: &'a Srtp<MKI>) -> Self {
        Self {
            cipher: match srtp.cipher {
                Wire::Null => Cipher::Null,
                Wire::AesCm128 | Wire::AesCm192 | Wire::AesCm256 => Cipher::AesCm,
                Wire::AesF8 => Cipher::AesF8,
                Wire::AeadAesGcm128 | Wire::AeadAesGcm256 => Cipher::AeadAesGcm,
            },
            hmac: srtp.hmac == Hmac::HmacSha1,
            master_key: srtp.master_key(),
            master_salt: srtp.master_salt(),
            rtp_tag_len: srtp.rtp_auth_tag_len,
            rtcp_tag_len: srtp.rtcp_auth_tag_len,
            mki_len: srtp.mki_len,
        }
    }
}

/// Which packets a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// RTP.
    Rtp,
    /// RTCP.
    Rtcp,
}

impl Part {
    /// Labels of cipher key, authentication key and salt.
    const fn labels(self) -> [u8; 3] {
        match self {
            Part::Rtp => [0, 1, 2],
            Part::Rtcp => [3, 4, 5],
        }
    }
}

/// Keys of a session. They are overwritten when they are dropped.
pub struct SessionKeys {
    key: [u8; MAX_KEY],
    key_len: usize,
    /// Authentication key.
    pub auth: [u8; AUTH_KEY_LEN],
    /// Salt.
    pub salt: [u8; SALT_LEN],
}

impl SessionKeys {
    /// Derives them. None when the lengths of the policy are wrong, or without memory.
    pub fn derive<A: Aes>(policy: &Policy<'_>, part: Part) -> Option<Self> {
        let mut keys = Self {
            key: [0; MAX_KEY],
            key_len: policy.master_key.len(),
            auth: [0; AUTH_KEY_LEN],
            salt: [0; SALT_LEN],
        };
        let master = A::new(policy.master_key)?;
        let salt_len = policy.cipher.salt_len();
        let mut salt = [0; SALT_LEN];
        salt.get_mut(..salt_len)?
            .get_mut(..policy.master_salt.len())?
            .copy_from_slice(policy.master_salt);

        let [key, auth, salting] = part.labels();
        derive(&master, &salt, key, keys.key.get_mut(..keys.key_len)?);
        derive(&master, &salt, auth, &mut keys.auth);
        derive(&master, &salt, salting, keys.salt.get_mut(..salt_len)?);
        wipe(&mut salt);
        Some(keys)
    }

    /// Cipher key.
    pub fn key(&self) -> &[u8] {
        self.key.get(..self.key_len).unwrap_or(&[])
    }
}

impl Drop for SessionKeys {
    fn drop(&mut self) {
        wipe(&mut self.key);
        wipe(&mut self.auth);
        wipe(&mut self.salt);
    }
}

/// The pseudo-random function: AES in counter mode, from the salt with the label in it on.
fn derive<A: Aes>(master: &A, salt: &[u8; SALT_LEN], label: u8, out: &mut [u8]) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = *salt;
    let counter: Block = [a, b, c, d, e, f, g, h ^ label, i, j, k, l, m, n, 0, 0];
    out.fill(0);
    master.ctr(&counter, out);
}
