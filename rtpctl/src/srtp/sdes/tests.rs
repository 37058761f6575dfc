// SPDX-License-Identifier: GPL-2.0-only

use super::super::tests::base64;
use super::*;

const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";

fn key() -> String {
    base64(30)
}

/// Reads text in which KEY stands for a key.
fn read(text: &str) -> Result<Srtp, Failure> {
    parse(&text.replace("KEY", &key()))
}

#[test]
fn all_forms_mean_the_same() {
    let expected = read(&format!("{SUITE}:inline:KEY")).expect("valid");
    for text in [
        "aes_cm_128_hmac_sha1_80:inline:KEY",
        "AES_CM_128_HMAC_SHA1_80 inline:KEY",
        "1 AES_CM_128_HMAC_SHA1_80 inline:KEY",
        "crypto:2 AES_CM_128_HMAC_SHA1_80 inline:KEY",
        "a=crypto:10 AES_CM_128_HMAC_SHA1_80  inline:KEY\r\n",
        "  AES_CM_128_HMAC_SHA1_80:inline:KEY|2^48",
        "AES_CM_128_HMAC_SHA1_80:inline:KEY|1048576",
        "AES_CM_128_HMAC_SHA1_80:inline:KEY KDR=0 WSH=128 -WHATEVER=1",
    ] {
        assert!(read(text).expect(text) == expected, "{text}");
    }
}

#[test]
fn the_key_comes_before_the_salt() {
    let srtp = read(&format!("{SUITE}:inline:KEY")).expect("valid");
    assert_eq!(srtp.key[..3], [1, 2, 3]);
    assert_eq!(srtp.key[15..], [&[16][..], &[0; 16]].concat());
    assert_eq!((srtp.salt[0], srtp.salt[13]), (17, 30));
}

#[test]
fn padding_may_be_left_out() {
    let padded = base64(46);
    let bare = padded.trim_end_matches('=');
    assert_ne!(padded, bare);
    let read = |key: &str| parse(&format!("AES_256_CM_HMAC_SHA1_80:inline:{key}"));
    assert!(read(bare).expect("valid") == read(&padded).expect("valid"));
}

#[test]
fn session_parameters_are_told_apart() {
    let session = |words: &str| {
        let session = read(&format!("{SUITE}:inline:KEY {words}"))
            .expect(words)
            .session;
        [
            session.unencrypted_rtp,
            session.unencrypted_rtcp,
            session.unauthenticated_rtp,
        ]
    };
    assert_eq!(session(""), [false; 3]);
    assert_eq!(session("UNENCRYPTED_SRTP"), [true, false, false]);
    assert_eq!(session("UNENCRYPTED_SRTCP"), [false, true, false]);
    assert_eq!(session("UNAUTHENTICATED_SRTP"), [false, false, true]);
    assert_eq!(
        session("UNENCRYPTED_SRTCP UNAUTHENTICATED_SRTP UNENCRYPTED_SRTP"),
        [true; 3]
    );
}

#[test]
fn an_mki_is_a_number_of_some_bytes() {
    for (text, bytes) in [
        ("1:1", &[1][..]),
        ("255:1", &[255]),
        ("256:2", &[1, 0]),
        ("65535:3", &[0, 255, 255]),
        ("00000007:1", &[7]),
        ("18446744073709551616:9", &[1, 0, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        assert_eq!(mki(text).as_deref(), Some(bytes), "{text}");
    }
    assert_eq!(mki("1:128").map(|mki| mki.len()), Some(128));
    for text in [
        "256:1", "1:0", "0:0", "1:129", ":1", "1:", "x:1", "-1:4", "1:1:1",
    ] {
        assert_eq!(mki(text), None, "{text}");
    }
}

#[test]
fn what_is_wrong_is_said_without_the_key() {
    for (text, word) in [
        ("", "name of a suite"),
        ("inline:KEY", "name of a suite"),
        ("KEY", "name of a suite"),
        ("AES_CM_128_HMAC_SHA1_81:inline:KEY", "name of a suite"),
        ("AES_CM_128_HMAC_SHA1_80", "no key follows"),
        ("AES_CM_128_HMAC_SHA1_80:KEY", "no key follows"),
        ("AES_CM_128_HMAC_SHA1_80 KEY", "no key follows"),
        ("AES_CM_128_HMAC_SHA1_80:inline:", "has 0 bytes"),
        (
            "AES_256_CM_HMAC_SHA1_80:inline:KEY",
            "has 30 bytes, AES_256_CM_HMAC_SHA1_80 takes 46",
        ),
        (
            "AEAD_AES_128_GCM:inline:KEY",
            "takes 28: a key of 16 and a salt of 12",
        ),
        (
            "AES_CM_128_HMAC_SHA1_80:inline:KEYKEYKEYKEYKEY",
            "more than 128",
        ),
        ("AES_CM_128_HMAC_SHA1_80:inline:KEY*", "not base64"),
        ("AES_CM_128_HMAC_SHA1_80:inline:KEY=", "not base64"),
        (
            "AES_CM_128_HMAC_SHA1_80:inline:KEY;inline:KEY",
            "more than one key",
        ),
        ("AES_CM_128_HMAC_SHA1_80:inline:KEY|", "neither a lifetime"),
        (
            "AES_CM_128_HMAC_SHA1_80:inline:KEY|2^",
            "neither a lifetime",
        ),
        (
            "AES_CM_128_HMAC_SHA1_80:inline:KEY|KEY",
            "neither a lifetime",
        ),
        ("AES_CM_128_HMAC_SHA1_80:inline:KEY|2^20|2^20", "MKI"),
        ("AES_CM_128_HMAC_SHA1_80:inline:KEY|1:4|2^20", "MKI"),
        ("AES_CM_128_HMAC_SHA1_80:inline:KEY|256:1", "MKI"),
        ("AES_CM_128_HMAC_SHA1_80:inline:KEY KDR=1", "KDR=0"),
        (
            "AES_CM_128_HMAC_SHA1_80:inline:KEY FEC_ORDER=FEC_SRTP",
            "error correction",
        ),
        (
            "AES_CM_128_HMAC_SHA1_80:inline:KEY KEY",
            "session parameter",
        ),
    ] {
        let failure = read(text).expect_err(text);
        assert_eq!(failure.code, Code::Usage);
        assert!(failure.what.contains(word), "{text}: {}", failure.what);
        assert!(!failure.to_string().contains(&key()[..8]), "{failure}");
    }
}

#[test]
fn aead_takes_nothing_away() {
    for word in [
        "UNENCRYPTED_SRTP",
        "UNENCRYPTED_SRTCP",
        "UNAUTHENTICATED_SRTP",
    ] {
        let text = format!("AEAD_AES_128_GCM:inline:{} {word}", base64(28));
        let failure = parse(&text).expect_err(word);
        assert!(failure.what.contains("RFC 7714"), "{}", failure.what);
    }
}
