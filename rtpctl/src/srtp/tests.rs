// SPDX-License-Identifier: GPL-2.0-only

use rtp_wire::v26_0::encode;
use rtp_wire::{
    Direction, Endpoint, Flow, Generation, Hmac, Output, OutputGroup, Refusal, Request, Target,
    UserPointer,
};
use zerocopy::{FromZeros, IntoBytes};

use super::suite::SUITES;
use super::*;

/// Base64 of the bytes from 1 on.
pub(super) fn base64(length: usize) -> String {
    use base64::Engine;
    let bytes: Vec<u8> = (1..=255).take(length).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Text of a suite with the key 1, 2, 3 and so on.
fn text(suite: &Suite) -> String {
    let length = suite.key_len + suite.salt_len;
    format!("{}:inline:{}", suite.name, base64(length.into()))
}

fn parse(message: &[u8]) -> Result<Request<'_>, Refusal> {
    rtp_wire::parse(Some(Generation::V26_0), Direction::Write, message)
}

/// What the module would make of it, both of a target and of an output.
fn decoded(srtp: &Srtp) -> (rtp_wire::Srtp, rtp_wire::Srtp) {
    let counters = UserPointer(0x1000);
    let mut target = Target::new_zeroed();
    target.local = Endpoint::v4([192, 0, 2, 1], 30_000);
    target.num_outputs = 1;
    target.groups[0] = OutputGroup {
        rtp_end: 1,
        ..OutputGroup::new_zeroed()
    };
    (target.stats, target.interface_stats) = (counters, counters);
    srtp.fill(&mut target.decrypt);
    let message = encode::add_target(&target);
    let mut target = Target::new_zeroed();
    match parse(message.as_bytes()) {
        Ok(Request::AddTarget(encoded)) => encoded.decode(&mut target).expect("accepted"),
        _ => panic!("another message"),
    }

    let mut output = Output::new_zeroed();
    output.flow = Flow::v4(([192, 0, 2, 1], 30_000), ([192, 0, 2, 2], 30_000));
    (output.stats, output.interface_stats) = (counters, counters);
    srtp.fill(&mut output.encrypt);
    let message = encode::add_destination(&target.local, 0, &output);
    let mut output = Output::new_zeroed();
    match parse(message.as_bytes()) {
        Ok(Request::AddDestination {
            output: encoded, ..
        }) => encoded.decode(&mut output).expect("accepted"),
        _ => panic!("another message"),
    }
    (target.decrypt, output.encrypt)
}

#[test]
fn every_suite_arrives_whole() {
    for suite in &SUITES {
        let (target, output) = decoded(&read(&text(suite)).expect(suite.name));
        let bytes: Vec<u8> = (1..=suite.key_len + suite.salt_len).collect();
        let (key, salt) = bytes.split_at(suite.key_len.into());
        for srtp in [target, output] {
            assert_eq!(
                (srtp.cipher, srtp.hmac),
                (suite.cipher, suite.hmac),
                "{}",
                suite.name
            );
            assert_eq!((srtp.master_key(), srtp.master_salt()), (key, salt));
            assert_eq!(srtp.session_key_len, suite.key_len);
            assert_eq!(srtp.session_salt_len, suite.salt_len);
            assert_eq!(srtp.rtp_auth_tag_len, suite.rtp_tag);
            assert_eq!(srtp.rtcp_auth_tag_len, suite.rtcp_tag);
            assert_eq!(srtp.mki(), b"");
        }
    }
}

#[test]
fn suites_are_those_of_the_rfcs_and_the_daemon() {
    use Cipher::{AeadAesGcm128, AeadAesGcm256, AesCm128, AesCm192, AesCm256, AesF8, Null};
    use Hmac::HmacSha1;
    let expected = [
        (
            "AES_CM_128_HMAC_SHA1_80",
            AesCm128,
            HmacSha1,
            16,
            14,
            10,
            10,
        ),
        ("AES_CM_128_HMAC_SHA1_32", AesCm128, HmacSha1, 16, 14, 4, 10),
        (
            "AES_192_CM_HMAC_SHA1_80",
            AesCm192,
            HmacSha1,
            24,
            14,
            10,
            10,
        ),
        ("AES_192_CM_HMAC_SHA1_32", AesCm192, HmacSha1, 24, 14, 4, 10),
        (
            "AES_256_CM_HMAC_SHA1_80",
            AesCm256,
            HmacSha1,
            32,
            14,
            10,
            10,
        ),
        ("AES_256_CM_HMAC_SHA1_32", AesCm256, HmacSha1, 32, 14, 4, 10),
        ("AEAD_AES_128_GCM", AeadAesGcm128, Hmac::Null, 16, 12, 0, 0),
        ("AEAD_AES_256_GCM", AeadAesGcm256, Hmac::Null, 32, 12, 0, 0),
        ("F8_128_HMAC_SHA1_80", AesF8, HmacSha1, 16, 14, 10, 10),
        ("F8_128_HMAC_SHA1_32", AesF8, HmacSha1, 16, 14, 4, 10),
        ("NULL_HMAC_SHA1_80", Null, HmacSha1, 16, 14, 10, 10),
        ("NULL_HMAC_SHA1_32", Null, HmacSha1, 16, 14, 4, 10),
    ];
    let suites = SUITES.each_ref().map(|s| {
        (
            s.name, s.cipher, s.hmac, s.key_len, s.salt_len, s.rtp_tag, s.rtcp_tag,
        )
    });
    assert_eq!(suites, expected);
}

#[test]
fn session_parameters_and_mki_arrive() {
    let suite = &SUITES[3];
    let with = |more: &str| decoded(&read(&format!("{}{more}", text(suite))).expect(more)).0;
    let srtp = with("|2^20|258:4 UNENCRYPTED_SRTP");
    // There is no encryption, but the keys for authentication are derived from the same master key.
    assert_eq!((srtp.cipher, srtp.hmac), (Cipher::Null, suite.hmac));
    assert_eq!((srtp.master_key_len, srtp.rtp_auth_tag_len), (24, 4));
    assert_eq!(srtp.mki(), [0, 0, 1, 2]);
    let srtp = with(" UNAUTHENTICATED_SRTP");
    assert_eq!((srtp.cipher, srtp.hmac), (suite.cipher, suite.hmac));
    assert_eq!((srtp.rtp_auth_tag_len, srtp.rtcp_auth_tag_len), (0, 10));
    let srtp = with("|1:128 UNENCRYPTED_SRTCP");
    assert_eq!((srtp.cipher, srtp.mki_len), (suite.cipher, 128));
    assert_eq!(srtp.mki().last(), Some(&1));
}

#[test]
fn keys_are_not_shown() {
    let srtp = read(&text(&SUITES[0])).expect("valid");
    let shown = format!("{srtp:?}");
    assert!(shown.contains("AES_CM_128_HMAC_SHA1_80") && shown.contains("<redacted>"));
    assert!(
        !shown.contains("1, 2, 3") && !shown.contains("AQID"),
        "{shown}"
    );
}
