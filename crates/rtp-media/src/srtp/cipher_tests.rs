// SPDX-License-Identifier: GPL-2.0-only

//! Keystreams of f8 mode. Those of the other ciphers are tested from outside.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use aes::cipher::{BlockEncrypt as _, KeyInit as _};

use super::super::crypto::{Aes, Block};
use super::f8;

struct Aes128(aes::Aes128);

impl Aes for Aes128 {
    fn new(key: &[u8]) -> Option<Self> {
        aes::Aes128::new_from_slice(key).ok().map(Self)
    }

    fn encrypt(&self, block: &mut Block) {
        self.0.encrypt_block(block.into());
    }

    fn ctr(&self, _: &Block, _: &mut [u8]) {
        unreachable!("f8 mode counts by itself");
    }
}

fn aes(key: u128) -> Aes128 {
    Aes128::new(&key.to_be_bytes()).unwrap()
}

/// RFC 3711, B.1.
#[test]
fn b1_f8() {
    let mut data = *b"pseudorandomness is the next best thing";
    f8(
        &aes(0x2348_2900_8467_be18_6c3d_e14a_ae72_d62c),
        &aes(0x11ba_ae0d_d132_eb4d_3968_b41f_fb27_8379),
        0x006e_5cba_5068_1de5_5c62_1599_d462_564a_u128.to_be_bytes(),
        &mut data,
    );
    let (first, rest) = data.split_first_chunk().unwrap();
    let (second, rest) = rest.split_first_chunk().unwrap();
    assert_eq!(
        u128::from_be_bytes(*first),
        0x019c_e7a2_6e78_5401_4a63_66aa_95d4_eefd
    );
    assert_eq!(
        u128::from_be_bytes(*second),
        0x1ad4_172a_14f9_faf4_55b7_f1d4_b62b_d08f
    );
    assert_eq!(rest, [0x56, 0x2c, 0x0e, 0xef, 0x7c, 0x48, 0x02]);
}
