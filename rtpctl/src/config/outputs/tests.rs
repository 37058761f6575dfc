// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::srtp;
use super::super::tests::{address, refused, stream, HERE};
use super::*;

const KEYS: [&str; 2] = [
    "AES_CM_128_HMAC_SHA1_80:inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e",
    "NULL_HMAC_SHA1_32:inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e",
];

fn outputs(options: &str) -> Vec<Output> {
    stream(&format!("{HERE} {options}")).expect(options).outputs
}

#[test]
fn an_output_has_its_own_settings_or_those_of_all() {
    let [common, own] = KEYS;
    let outputs = outputs(&format!(
        "-s 5 --tos 8 --encrypt {common} --from 192.0.2.9:1 --to 198.51.100.7:1 \
         --to 198.51.100.7:2,tos=16,encrypt={own},from=192.0.2.9:2 --to 198.51.100.7:3,encrypt=none"
    ));
    let key = |text| Some(Rc::new(srtp::read(text).expect("valid")));
    let seen: Vec<_> = outputs
        .into_iter()
        .map(|o| (o.from().port(), o.to().port(), o.tos, o.encrypt))
        .collect();
    assert_eq!(
        seen,
        [
            (1, 1, 8, key(common)),
            (2, 2, 16, key(own)),
            (1, 3, 8, None)
        ]
    );
}

#[test]
fn no_output_is_sent_from_an_address_of_many_hosts() {
    for options in [
        "--to 198.51.100.7:1 --from 224.0.0.1:9",
        "--to 198.51.100.7:1,from=255.255.255.255:9",
        "--to [2001:db8::7]:1 --from [ff05::1]:9",
    ] {
        let what = refused(&format!("{HERE} {options}"));
        assert!(what.contains("which stands for many hosts"), "{what}");
    }
    let what = refused("-t 3 -l 239.1.1.1:5000 --to 198.51.100.7:1");
    assert!(
        what.contains("no datagram has the source 239.1.1.1"),
        "{what}"
    );
    // A group may well be sent to.
    assert_eq!(outputs("--to 239.1.1.1:5000").len(), 1);
}

#[test]
fn rtcp_goes_where_it_is_sent() {
    let [key, _] = KEYS;
    let outputs = outputs(&format!(
        "--rtcp -s 5 --tos 8 --from [2001:db8::1]:9 --to 198.51.100.7:1 \
         --to 198.51.100.7:2,rtcp=198.51.100.8:20,rtcp-from=192.0.2.9:7,encrypt={key},tos=16,ssrc=9 \
         --to 198.51.100.7:3,rtcp=none --to 198.51.100.7:4,from=192.0.2.9:8 \
         --to 198.51.100.7:5,from=192.0.2.9:8,rtcp=[2001:db8::7]:50"
    ));
    let rtcp: Vec<_> = outputs.iter().filter(|output| output.rtcp).collect();
    let seen: Vec<_> = rtcp.iter().map(|o| (o.from(), o.to(), o.tos)).collect();
    assert_eq!(
        seen,
        [
            (address("192.0.2.1:30000"), address("198.51.100.7:1"), 8),
            (address("192.0.2.9:7"), address("198.51.100.8:20"), 16),
            (address("192.0.2.9:8"), address("198.51.100.7:4"), 8),
            (address("[2001:db8::1]:9"), address("[2001:db8::7]:50"), 8),
        ]
    );
    let encrypted: Vec<_> = rtcp.iter().map(|o| o.encrypt.is_some()).collect();
    assert_eq!(encrypted, [false, true, false, false]);
    // The SSRCs of RTCP are left as they are.
    assert!(rtcp.iter().all(|o| o.rewrite == Rewrite::default()));
}

#[test]
fn rewriting_goes_by_ssrc_and_payload_type() {
    let outputs = outputs(
        "-s 5 -s 6 -p 96/48000 -p 8 -p 18 --to 198.51.100.7:1,ssrc=6:60,seq-offset=5:-2,seq-offset=6:3,\
         blackhole=18,min-len=8:20,replace=8:d5,ext=1,mid=4:a --to 198.51.100.7:2",
    );
    let [first, second] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    let ssrc = |ssrc, seq_offset| SsrcRewrite { ssrc, seq_offset };
    assert_eq!(first.rewrite.ssrcs, [ssrc(0, 0xfffe), ssrc(60, 3)]);
    let rules: Vec<_> = first
        .rewrite
        .payload_rules
        .iter()
        .map(|rule| (rule.min_payload_len, rule.pattern(), rule.blackhole))
        .collect();
    let nothing = (0, &[][..], false);
    assert_eq!(rules, [(20, &[0xd5][..], false), (0, &[], true), nothing]);
    assert_eq!(first.rewrite.mid, Some((4, "a".to_owned())));
    assert_eq!(second.rewrite.ssrcs, [SsrcRewrite::default(); 2]);
    assert_eq!(
        (second.rewrite.extensions, &second.rewrite.mid),
        (None, &None)
    );
}

#[test]
fn one_ssrc_need_not_be_named() {
    let outputs = outputs("-s 5 --to 198.51.100.7:1,ssrc=0x50,seq-offset=1");
    let only = SsrcRewrite {
        ssrc: 0x50,
        seq_offset: 1,
    };
    assert_eq!(outputs[0].rewrite.ssrcs, [only]);
}

#[test]
fn what_does_not_fit_the_stream_is_refused() {
    for (options, word) in [
        ("--to 198.51.100.7:1,ssrc=9", "none is"),
        (
            "-s 5 -s 6 --to 198.51.100.7:1,ssrc=9",
            "more than one --ssrc",
        ),
        (
            "-s 5 --to 198.51.100.7:1,seq-offset=7:1",
            "SSRC 0x00000007 is not given",
        ),
        (
            "-p 8 --to 198.51.100.7:1,blackhole=9",
            "payload type 9 is rewritten but not given",
        ),
        ("--to 198.51.100.7:1,rtcp=none", "of no use without --rtcp"),
        (
            "--to 198.51.100.7:1,rtcp-from=192.0.2.1:1",
            "of no use without --rtcp",
        ),
        (
            "--to 198.51.100.7:1,from=[2001:db8::1]:1",
            "from=[2001:db8::1]:1 is of another family",
        ),
        (
            "--rtcp --to 198.51.100.7:1,rtcp=[2001:db8::7]:1",
            "no source address to send from",
        ),
        (
            "--rtcp --to 198.51.100.7:1,rtcp-from=[2001:db8::1]:1",
            "rtcp-from=[2001:db8::1]:1 is of another family",
        ),
        (
            "--from 192.0.2.9:1 --to 198.51.100.7:1,from=192.0.2.9:2",
            "--from 192.0.2.9:1: no output is sent from it",
        ),
    ] {
        let what = refused(&format!("{HERE} {options}"));
        assert!(what.contains(word), "{options}: {what}");
    }
}
