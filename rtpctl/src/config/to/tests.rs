// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::exit::Code;
use super::*;

const KEY: &str = "AES_CM_128_HMAC_SHA1_80:inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";

fn parse(settings: &str) -> Result<To, Failure> {
    To::parse(&format!("198.51.100.7:4000{settings}"))?.nth(0)
}

#[test]
fn every_setting_is_read() {
    let to = parse(&format!(
        ",from=192.0.2.9:1,tos=0xb8,encrypt={KEY}|2^20|1:4,rtcp=198.51.100.8:2,rtcp-from=192.0.2.9:3,media=7,\
         ssrc=0x10,ssrc=5:6,seq-offset=-1,seq-offset=5:65535,blackhole=8,min-len=9:20,replace=10:d555,ext=1:3:200,\
         mid=4:audio"
    ))
    .expect("valid");
    let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
    let srtp = srtp::read(&format!("{KEY}|2^20|1:4")).expect("valid");
    let mut extensions = ExtensionSet::EMPTY;
    for id in [1, 3, 200] {
        extensions.insert(id);
    }
    let expected = To {
        address: address("198.51.100.7:4000"),
        takes: Takes::All,
        from: Some(address("192.0.2.9:1")),
        tos: Some(0xb8),
        encrypt: Some(Some(Rc::new(srtp))),
        rtcp: Some(RtcpTo::Address(address("198.51.100.8:2"))),
        rtcp_from: Some(address("192.0.2.9:3")),
        media: Some(7),
        ssrcs: vec![(None, 16), (Some(5), 6)],
        offsets: vec![(None, 65_535), (Some(5), 65_535)],
        payloads: vec![
            (8, PayloadSetting::Blackhole),
            (9, PayloadSetting::MinLen(20)),
            (10, PayloadSetting::Replace(vec![0xd5, 0x55])),
        ],
        extensions: Some(extensions),
        mid: Some((4, "audio".to_owned())),
    };
    assert_eq!(to, expected);
}

#[test]
fn none_is_not_the_same_as_nothing() {
    let to = parse("").expect("valid");
    assert_eq!((to.encrypt, to.rtcp, to.extensions), (None, None, None));
    let to = parse(",encrypt=none,rtcp=none,ext=none").expect("valid");
    assert_eq!(to.encrypt, Some(None));
    assert_eq!(to.rtcp, Some(RtcpTo::None));
    assert_eq!(to.extensions, Some(ExtensionSet::EMPTY));
}

#[test]
fn what_is_wrong_is_said_and_where() {
    for (settings, word) in [
        (",", "no such setting"),
        (",colour=blue", "colour: there is no such setting"),
        (",tos=256", "tos: a TOS byte"),
        (",tos=1,tos=1", "tos: it is given twice"),
        (",from=192.0.2.9", "from: it has no port"),
        (",from=0.0.0.0:1", "neither may be zero"),
        (",rtcp=maybe", "rtcp: it is neither"),
        (",media=8", "media: a media is a number from 0 to 7"),
        (",ssrc=0", "ssrc: SSRC 0"),
        (",ssrc=x:1", "ssrc: an SSRC is"),
        (",seq-offset=65536", "seq-offset: an offset is"),
        (",blackhole=128", "blackhole: a payload type is"),
        (",min-len=8", "min-len: the form is PT:BYTES"),
        (",min-len=8:-1", "min-len: a length is"),
        (",replace=8", "replace: the form is PT:HEX"),
        (",replace=8:", "replace: a pattern is 1 to 16 bytes"),
        (",replace=8:abc", "replace: a pattern is 1 to 16 bytes"),
        (",replace=8:0g", "replace: a pattern is 1 to 16 bytes"),
        (
            ",replace=8:000102030405060708090a0b0c0d0e0f10",
            "1 to 16 bytes",
        ),
        (",ext=0", "ext: the id of a header extension"),
        (",ext=", "ext: the id of a header extension"),
        (",ext=none,mid=4", "mid: the form is ID:TEXT"),
        (",ext=none,mid=4:", "mid: a MID is"),
        (",mid=4:audio", "those not named are removed"),
        (",encrypt=AES", "encrypt: it does not begin"),
    ] {
        let failure = parse(settings).expect_err(settings);
        assert_eq!(failure.code, Code::Usage, "{settings}");
        assert!(
            failure.what.starts_with("--to 198.51.100.7:4000: ") || settings.contains("0.0.0.0")
        );
        assert!(failure.what.contains(word), "{settings}: {}", failure.what);
    }
    let many: Vec<_> = (1..=33).map(|id| id.to_string()).collect();
    let failure = parse(&format!(",ext={}", many.join(":"))).expect_err("too many");
    assert!(failure.what.contains("at most 32"), "{}", failure.what);
    let failure = To::parse("198.51.100.7").expect_err("no port");
    assert_eq!(
        failure.what,
        "--to 198.51.100.7: it has no port: write 198.51.100.7:30000"
    );
}

#[test]
fn keys_are_not_repeated() {
    let secret = "AQIDBAUG";
    for text in [
        KEY.to_owned(),
        format!("198.51.100.7:4000,{KEY}"),
        format!("198.51.100.7:4000,encrypt={KEY}x"),
        format!("198.51.100.7:4000,encrypt={KEY},encrypt={KEY}"),
        format!("198.51.100.7:4000,from={KEY}"),
        format!("198.51.100.7:4000,ssrc={KEY}"),
        format!("198.51.100.7:4000,mid={KEY}"),
    ] {
        let failure = To::parse(&text).expect_err(&text);
        assert!(!failure.to_string().contains(secret), "{failure}");
    }
}
