// SPDX-License-Identifier: GPL-2.0-only

use super::*;

#[test]
fn numbers_are_read_in_both_forms() {
    assert_eq!(ssrc_number("0x1234abcd"), Ok(0x1234_abcd));
    assert_eq!(ssrc_number("4294967295"), Ok(u32::MAX));
    assert!(ssrc("4294967296").is_err());
    assert!(ssrc("0").is_err());
    assert!(ssrc("1234abcd").is_err());
    assert_eq!(tos("0xb8"), Ok(184));
    assert_eq!(tos("255"), Ok(255));
    assert!(tos("256").is_err());
    assert!(payload_type("127").is_ok());
    assert!(payload_type("128").is_err());
    assert!(payload_type("96/").is_err());
    assert!(payload_type("96/0").is_err());
    assert!(payload_type("/8000").is_err());
}

#[test]
fn a_media_may_follow() {
    let plain = PayloadType {
        number: 96,
        clock_rate: 48_000,
        media: 0,
    };
    assert_eq!(payload_type("96/48000"), Ok(plain));
    assert_eq!(
        payload_type("96/48000,media=7"),
        Ok(PayloadType { media: 7, ..plain })
    );
    let number = 5;
    assert_eq!(
        ssrc("5"),
        Ok(Ssrc {
            number,
            media: None
        })
    );
    assert_eq!(
        ssrc("5,media=0"),
        Ok(Ssrc {
            number,
            media: Some(0)
        })
    );
    for wrong in [
        "5,media=8",
        "5,media=",
        "5,media",
        "5,",
        "5,media=1,media=2",
    ] {
        assert!(ssrc(wrong).is_err(), "{wrong}");
        assert!(payload_type(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_mid_is_short_and_not_empty() {
    let text = |text: &str| mid(text).map(|mid| (mid.text, mid.media));
    assert_eq!(text("audio"), Ok(("audio".to_owned(), 0)));
    assert_eq!(text("v,media=3"), Ok(("v".to_owned(), 3)));
    assert!(text("").is_err());
    assert!(text(",media=3").is_err());
    assert!(text(&"x".repeat(255)).is_ok());
    assert!(text(&"x".repeat(256)).is_err());
    assert_eq!(extension_id("255"), Ok(255));
    assert!(extension_id("0").is_err());
    assert!(extension_id("256").is_err());
}

#[test]
fn priorities_have_the_words_of_nft() {
    for (text, expected) in [
        ("0", 0),
        ("-5", -5),
        ("+5", 5),
        ("filter", 0),
        ("raw", -300),
        ("dstnat", -100),
        ("filter-5", -5),
        ("mangle+10", -140),
        ("filter - 5", -5),
    ] {
        assert_eq!(priority(text), Ok(expected), "{text}");
    }
    for text in [
        "",
        "first",
        "filter--5",
        "filter5x",
        "filter-",
        "2147483648",
        "srcnat+2147483647",
    ] {
        assert!(priority(text).is_err(), "{text}");
    }
}
