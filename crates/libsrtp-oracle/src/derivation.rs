// SPDX-License-Identifier: GPL-2.0-only

//! Session keys as libsrtp derives them.
//!
//! For AES-192 libsrtp up to 2.7 does not do what RFC 6188 says: it takes the key, the salt and zeros
//! behind it for the key and the salt of AES-256 (<https://github.com/cisco/libsrtp/issues/763>). The
//! vectors of the RFC are tests of `rtp_media`; here the keys are those of libsrtp, so that the packets
//! can be compared.

use host_crypto::suites::{KEY, SALT};
use host_crypto::{HostAes, HostGcm, HostGhash, HostMac};
use rtp_media::srtp::{Aes, Block, Crypto};

/// RustCrypto, with the derivation of libsrtp.
pub struct LibsrtpKeys;

impl Crypto for LibsrtpKeys {
    type Aes = LibsrtpAes;
    type Ctr = HostAes;
    type Gcm = HostGcm;
    type Ghash = HostGhash;
    type Mac = HostMac;

    fn is_equal(one: &[u8], other: &[u8]) -> bool {
        one == other
    }
}

/// AES.
pub enum LibsrtpAes {
    /// As it should be.
    Right(HostAes),
    /// AES-256 in the place of AES-192, with a master key.
    Master192(HostAes),
}

impl Aes for LibsrtpAes {
    fn new(key: &[u8]) -> Option<Self> {
        if key != &KEY[..24] {
            return <HostAes as Aes>::new(key).map(Self::Right);
        }
        let key = [key, &SALT[..8]].concat();
        <HostAes as Aes>::new(&key).map(Self::Master192)
    }

    fn encrypt(&self, block: &mut Block) {
        let (Self::Right(key) | Self::Master192(key)) = self;
        key.encrypt(block);
    }

    fn ctr(&self, counter: &Block, data: &mut [u8]) {
        match self {
            Self::Right(key) => key.ctr(counter, data),
            Self::Master192(key) => {
                let mut counter = *counter;
                let taken_for_salt = SALT[8..].iter().copied().chain([0; 8]);
                for ((byte, salt), other) in counter.iter_mut().zip(SALT).zip(taken_for_salt) {
                    *byte ^= salt ^ other;
                }
                key.ctr(&counter, data);
            }
        }
    }
}
