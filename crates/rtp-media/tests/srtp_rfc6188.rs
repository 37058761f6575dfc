// SPDX-License-Identifier: GPL-2.0-only

//! The vectors of RFC 6188, section 7: AES in counter mode with longer keys.

use crate::common::srtp::{hex, protect_rtp, with_session_keys};
use host_crypto::HostAes;
use rtp_media::srtp::{Cipher, Part, Policy, SessionKeys};

/// First and last three blocks of 65,282.
fn check_keystream(key: &str, first: &str, last: &str) {
    let salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    let context = with_session_keys(Cipher::AesCm, &hex(key), &salt, None);
    let mut packet = vec![0; 12 + 65_282 * 16];
    packet[0] = 0x80;
    let packet = protect_rtp(&context, packet, 12, 0, b"");
    assert_eq!(packet[12..][..48], hex(first));
    assert_eq!(packet[12..][0xfeff * 16..], hex(last));
}

fn check_keys(master_key: &str, master_salt: &str, key: &str, salt: &str, auth: &str) {
    let policy = Policy {
        cipher: Cipher::AesCm,
        hmac: true,
        master_key: &hex(master_key),
        master_salt: &hex(master_salt),
        rtp_tag_len: 10,
        rtcp_tag_len: 10,
        mki_len: 0,
    };
    let keys = SessionKeys::derive::<HostAes>(&policy, Part::Rtp).unwrap();
    assert_eq!(keys.key(), hex(key));
    assert_eq!(keys.salt, *hex(salt));
    assert_eq!(keys.auth, *hex(auth));
}

#[test]
fn s7_1_keystream_of_aes_256_cm() {
    check_keystream(
        "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
        "92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac63c4868b7096d88421b563b8c94c9a31",
        "cea518c90fd91ced9cbb18c078a547113dbc4814f4da5f00a08772b63c6a046d6eb246913062a16891433e97dd01a57f",
    );
}

#[test]
fn s7_2_key_derivation_with_aes_256_cm() {
    check_keys(
        "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6",
        "3b04803de51ee7c96423ab5b78d2",
        "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4",
        "fa31791685ca444a9e07c6c64e93",
        "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05",
    );
}

#[test]
fn s7_3_keystream_of_aes_192_cm() {
    check_keystream(
        "eab234764e517b2d3d160d587d8c86219740f65f99b6bcf7",
        "35096cba4610028dc1b57503804ce37c5de986291dcce161d5165ec4568f5c9a474a40c77894bc17180202272a4c264d",
        "d108d1a31a00bad6367ec23eb044b415c8f57129fdeb970b59f917b257662d4ca5dab625811034e8cebdfeb6dc158dd3",
    );
}

#[test]
fn s7_4_key_derivation_with_aes_192_cm() {
    check_keys(
        "73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1",
        "c8522f3acd4ce86d5add78edbb11",
        "31874736a8f1143870c26e4857d8a5b2c4a354407faadabb",
        "2372b82d639b6d8503a47adc0a6c",
        "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb",
    );
}
