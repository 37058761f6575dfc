// SPDX-License-Identifier: GPL-2.0-only

//! The vectors of RFC 3711, appendix B. That of f8 mode (B.1) has a rollover counter of 32 bits: it is
//! beside the code.

use crate::common::srtp::{hex, protect_rtcp, protect_rtp, with_session_keys};
use host_crypto::HostAes;
use rtp_media::srtp::{Cipher, Part, Policy, SessionKeys};

#[test]
fn b2_keystream_of_aes_cm() {
    let context = with_session_keys(
        Cipher::AesCm,
        &hex("2B7E151628AED2A6ABF7158809CF4F3C"),
        &hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"),
        None,
    );
    // Index, SSRC and plaintext are zero.
    let mut packet = vec![0; 12 + 65_282 * 16];
    packet[0] = 0x80;
    let packet = protect_rtp(&context, packet, 12, 0, b"");
    let keystream = &packet[12..];
    assert_eq!(
        keystream[..48],
        hex("E03EAD0935C95E80E166B16DD92B4EB4
             D23513162B02D0F72A43A2FE4A5F97AB
             41E95B3BB0A2E8DD477901E4FCA894C0")
    );
    assert_eq!(
        keystream[0xfeff * 16..],
        hex("EC8CDF7398607CB0F2D21675EA9EA1E4
             362B7C3C6773516318A077D7FC5073AE
             6A2CC3787889374FBEB4C81B17BA6C44")
    );
}

fn keys_of_b3(part: Part) -> SessionKeys {
    let policy = Policy {
        cipher: Cipher::AesCm,
        hmac: true,
        master_key: &hex("E1F97A0D3E018BE0D64FA32C06DE4139"),
        master_salt: &hex("0EC675AD498AFEEBB6960B3AABE6"),
        rtp_tag_len: 10,
        rtcp_tag_len: 10,
        mki_len: 0,
    };
    SessionKeys::derive::<HostAes>(&policy, part).unwrap()
}

#[test]
fn b3_key_derivation() {
    let keys = keys_of_b3(Part::Rtp);
    assert_eq!(keys.key(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
    assert_eq!(keys.salt, *hex("30CBBC08863D8C85D49DB34A9AE1"));
    // The RFC derives more of it.
    assert_eq!(keys.auth, *hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"));
}

/// Not in the RFC: computed with the AES of OpenSSL for labels 3 to 5.
#[test]
fn b3_key_derivation_for_rtcp() {
    let keys = keys_of_b3(Part::Rtcp);
    assert_eq!(keys.key(), hex("4c1aa45a81f73d61c800bbb00fbb1eaa"));
    assert_eq!(keys.auth, *hex("8d54534feb49ae8e7993a6bd0b844fc323a93dfd"));
    assert_eq!(keys.salt, *hex("9581c7ad87b3e530bf3e4454a8b3"));
}

/// Not in the RFC: computed with the AES of OpenSSL by section 4.1.2, with the vectors of 4.1.2.2 and
/// 4.1.2.3.
#[test]
fn f8_of_rtp_and_rtcp() {
    let context = with_session_keys(
        Cipher::AesF8,
        &hex("234829008467be186c3de14aae72d62c"),
        &hex("32f2870d0102030405060708090a"),
        None,
    );
    let payload = b"pseudorandomness is the next best thing";

    let mut rtp = hex("80ee5cba50681de55c621599");
    rtp.extend_from_slice(payload);
    assert_eq!(
        protect_rtp(&context, rtp, 12, 0xd462_5cba, b""),
        hex("80ee5cba50681de55c621599 cd3668fa43d2272b4536a7866f6f013d2b0254c7cb66dc2f83eee7ce8eed2ae5e6656128271e62")
    );

    let mut rtcp = hex("81c8000b5c621599");
    rtcp.extend_from_slice(payload);
    assert_eq!(
        protect_rtcp(&context, rtcp, 0x0462_564a, b""),
        hex("81c8000b5c621599 a0b6a3964ef5c7a9fe3721993c71cb01c376d25311f33b5574ba8fe7f3c5093737d07a6f62acfa 8462564a")
    );
}
