// SPDX-License-Identifier: GPL-2.0-only

//! What one end protects, the other opens, in every suite.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

mod common;

use common::{rtcp, rtp};
use host_crypto::HostCrypto;
use rtp_media::srtp::{Cipher, Context, Policy, Sender, Sources};

const SSRC: u32 = 0x5555_0001;
const KEY: [u8; 32] = *b"0123456789abcdef0123456789abcdef";
const SENDER: Sender = Sender {
    listed: Some(0),
    ssrc: SSRC,
};

/// Every suite, with a master key identifier of 4 bytes.
fn policies() -> Vec<Policy<'static>> {
    let policy = |cipher, key: usize, hmac, rtp_tag_len, rtcp_tag_len| Policy {
        cipher,
        hmac,
        master_key: &KEY[..key],
        master_salt: &KEY[..if cipher == Cipher::AeadAesGcm { 12 } else { 14 }],
        rtp_tag_len,
        rtcp_tag_len,
        mki_len: 4,
    };
    vec![
        policy(Cipher::Null, 16, true, 10, 10),
        policy(Cipher::Null, 16, false, 0, 0),
        policy(Cipher::AesCm, 16, true, 10, 10),
        policy(Cipher::AesCm, 16, true, 4, 10),
        policy(Cipher::AesCm, 16, true, 0, 10),
        policy(Cipher::AesCm, 24, true, 10, 10),
        policy(Cipher::AesCm, 32, true, 10, 10),
        policy(Cipher::AesF8, 16, true, 10, 10),
        policy(Cipher::AeadAesGcm, 16, false, 0, 0),
        policy(Cipher::AeadAesGcm, 32, false, 0, 0),
    ]
}

#[test]
fn rtp_comes_back_and_can_be_restored() {
    for policy in policies() {
        let context = Context::<HostCrypto>::new(&policy).unwrap();
        let plain = rtp(SSRC, &[7; 100]);
        let index = 0x0003_1234;
        let mut packet = plain.clone();
        packet.resize(plain.len() + context.rtp_overhead(), 0);
        let length = context
            .protect_rtp(&mut packet, plain.len(), 12, index, b"mki!")
            .unwrap();
        assert_eq!(length, packet.len());
        let protected = packet.clone();

        let mut sources = Sources::new(64);
        let opened = sources
            .open_rtp(&context, &mut packet, 12, SENDER, 0x1234, Some(0x0003_1000))
            .unwrap();
        assert_eq!((opened.index, &packet[..opened.end]), (index, &plain[..]));
        context.restore_rtp(&mut packet, 12, &opened);
        assert_eq!(packet, protected);
    }
}

#[test]
fn rtcp_comes_back_and_can_be_restored() {
    for policy in policies() {
        let context = Context::<HostCrypto>::new(&policy).unwrap();
        let plain = rtcp(200, 6);
        let mut packet = plain.clone();
        packet.resize(plain.len() + context.rtcp_overhead(), 0);
        let length = context
            .protect_rtcp(&mut packet, plain.len(), 77, b"mki!")
            .unwrap();
        assert_eq!(length, packet.len());
        let protected = packet.clone();

        let opened = Sources::new(64)
            .open_rtcp(&context, &mut packet, SENDER)
            .unwrap();
        assert_eq!((opened.index, &packet[..opened.end]), (77, &plain[..]));
        context.restore_rtcp(&mut packet, &opened);
        assert_eq!(packet, protected);
    }
}
