// SPDX-License-Identifier: GPL-2.0-only

//! The vectors of RFC 7714, sections 16 and 17: AES in Galois/counter mode.

use crate::common::srtp::{hex, protect_rtcp, protect_rtp, with_session_keys, GivenKeys};
use host_crypto::{HostGcm, Inbound};
use rtp_media::srtp::{Cipher, Context, Gcm};

const KEY_128: &str = "000102030405060708090a0b0c0d0e0f";
const KEY_256: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const SALT: &str = "517569642070726f2071756f";

const RTP_HEADER: &str = "8040f17b 8041f8d3 5501a0b2";
const RTP_PAYLOAD: &str = "47616c6c 69612065 7374206f 6d6e6973 20646976 69736120
    696e2070 61727465 73207472 6573";
const RTP_INDEX: u32 = 0xf17b;

const RTCP_HEADER: &str = "81c8000d 4d617273";
const RTCP_PAYLOAD: &str = "4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
    deadbeef deadbeef deadbeef deadbeef deadbeef";
const RTCP_INDEX: u32 = 0x05d4;

fn context(key: &str) -> Context<GivenKeys> {
    with_session_keys(Cipher::AeadAesGcm, &hex(key), &hex(SALT), None)
}

/// Encryption, decryption and what comes of a wrong tag.
fn check_rtp(key: &str, ciphertext: &str) {
    let plain = hex(&format!("{RTP_HEADER}{RTP_PAYLOAD}"));
    let protected = hex(&format!("{RTP_HEADER}{ciphertext}"));
    assert_eq!(
        protect_rtp(&context(key), plain.clone(), 12, RTP_INDEX, b""),
        protected
    );

    let open = |packet: &mut [u8]| {
        Inbound::new(context(key), 64).open_rtp(packet, 12, 0x5501_a0b2, 0xf17b, None)
    };
    let mut packet = protected.clone();
    let opened = open(&mut packet).unwrap();
    assert_eq!(opened.index, RTP_INDEX);
    assert_eq!(packet[..opened.end], plain);

    let mut forged = protected;
    *forged.last_mut().unwrap() ^= 1;
    assert!(open(&mut forged).is_err());
}

/// Decryption, or verification of the tag alone, by the E bit.
fn check_rtcp(key: &str, protected: &str) {
    let plain = hex(&format!("{RTCP_HEADER}{RTCP_PAYLOAD}"));
    let protected = hex(&format!("{RTCP_HEADER}{protected}"));
    let open = |packet: &mut [u8]| Inbound::new(context(key), 64).open_rtcp(packet, 0x4d61_7273);

    let mut packet = protected.clone();
    let opened = open(&mut packet).unwrap();
    assert_eq!(opened.index, RTCP_INDEX);
    assert_eq!(packet[..opened.end], plain);
    context(key).restore_rtcp(&mut packet, &opened).unwrap();
    assert_eq!(packet, protected);

    for byte in 0..protected.len() {
        let mut forged = protected.clone();
        forged[byte] ^= 0x80;
        assert!(open(&mut forged).is_err(), "byte {byte}");
    }
}

fn check_rtcp_encryption(key: &str, protected: &str) {
    let plain = hex(&format!("{RTCP_HEADER}{RTCP_PAYLOAD}"));
    assert_eq!(
        protect_rtcp(&context(key), plain, RTCP_INDEX, b""),
        hex(&format!("{RTCP_HEADER}{protected}"))
    );
    check_rtcp(key, protected);
}

/// A tag of RTP that is not encrypted: no suite of SRTP, but a vector for the algorithm.
fn check_rtp_tag(key: &str, tag: &str) {
    let key = HostGcm::new(&hex(key)).unwrap();
    let nonce = hex("51753c65 80c2726f 20718414").try_into().unwrap();
    let (header, payload) = (hex(RTP_HEADER), hex(RTP_PAYLOAD));
    let mut packet = [&header[..], &payload[..], &[0; 16]].concat();
    let clear = header.len() + payload.len();
    key.seal(&nonce, &mut packet, clear).unwrap();
    assert_eq!(packet[clear..], hex(tag));
    assert!(key.open(&nonce, &mut packet, clear));
}

#[test]
fn s16_1_1_and_2_srtp_aes_128() {
    check_rtp(
        KEY_128,
        "f24de3a3 fb34de6c acba861c 9d7e4bca be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833
         899d7f27 beb16a91 52cf765e e4390cce",
    );
}

#[test]
fn s16_1_3_and_4_tag_of_aes_128() {
    check_rtp_tag(KEY_128, "22493f82 d2bce397 e9d79e3b 19aa4216");
}

#[test]
fn s16_2_1_and_2_srtp_aes_256() {
    check_rtp(
        KEY_256,
        "32b1de78 a822fe12 ef9f78fa 332e33aa b1801238 9a58e2f3 b50b2a02 76ffae0f 1ba63799 b87b
         7aa3db36 dfffd6b0 f9bb7878 d7a76c13",
    );
}

#[test]
fn s16_2_3_and_4_tag_of_aes_256() {
    check_rtp_tag(KEY_256, "a866d591 0f887463 067ceefe c45215d4");
}

#[test]
fn s17_1_srtcp_aes_128() {
    check_rtcp_encryption(
        KEY_128,
        "63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7 6c06f32d c676a5f1 730d6fda 4ce09b46
         86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade 800005d4",
    );
}

#[test]
fn s17_2_srtcp_aes_256() {
    check_rtcp_encryption(
        KEY_256,
        "d50ae4d1 f5ce5d30 4ba297e4 7d470c28 2c3ece5d bffe0a50 a2eaa5c1 110555be 8415f658
         c61de047 6f1b6fad 1d1eb30c 4446839f 57ff6f6c b26ac3be 800005d4",
    );
}

#[test]
fn s17_3_srtcp_tag_of_aes_128() {
    check_rtcp(
        KEY_128,
        &format!("{RTCP_PAYLOAD} 841dd968 3dd78ec9 2ae58790 125f62b3 000005d4"),
    );
}

#[test]
fn s17_4_srtcp_tag_of_aes_256() {
    check_rtcp(
        KEY_256,
        &format!("{RTCP_PAYLOAD} 91db4afb feee5a97 8fab4393 ed2615fe 000005d4"),
    );
}
