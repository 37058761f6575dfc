// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::exit::Code;
use super::super::tests::stream;
use super::*;

const KEY: &str = "AES_CM_128_HMAC_SHA1_80:inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";

/// An object with more fields than it must have.
fn object(more: &str) -> Result<Vec<StreamConfig>, Failure> {
    let line = format!(
        r#"{{"local": "192.0.2.1:30000", "outputs": [{{"to": "198.51.100.7:4000"}}]{more}}}"#
    );
    StreamConfig::from_json(line.as_bytes(), Some(3))
}

fn line(line: &str) -> Result<Vec<StreamConfig>, Failure> {
    StreamConfig::from_json(line.as_bytes(), Some(3))
}

#[test]
fn an_object_is_what_the_command_line_is() {
    let key = format!("{KEY}|1:4");
    for (typed, object) in [
        ("--to 198.51.100.7:4000", r#""outputs": [{"to": "198.51.100.7:4000"}]"#.to_owned()),
        (
            "--to 198.51.100.7:4000 --expect 203.0.113.9:5000 --mismatch pass --tos 184 --from 192.0.2.9:1 --stun --dtls",
            r#""outputs": [{"to": "198.51.100.7:4000"}], "expect": "203.0.113.9:5000", "mismatch": "pass", "tos": 184,
               "from": ["192.0.2.9:1"], "stun": true, "dtls": true"#.to_owned(),
        ),
        (
            "-p 8 -p 96/48000,media=1 -s 0x1234abcd -s 5,media=1 --rtcp=feedback --pt-filter --rtp-only --ssrc-req \
             --mid-extension 4 --mid audio --mid video,media=1 --to 198.51.100.7:4000,tos=8,from=192.0.2.9:1 \
             --to 198.51.100.7:4002,media=1,rtcp=none",
            r#""payload_types": [{"payload_type": 8}, {"payload_type": 96, "clock_rate": 48000, "media": 1}],
               "ssrcs": [{"ssrc": "0x1234abcd"}, {"ssrc": 5, "media": 1}], "rtcp": "feedback", "pt_filter": true,
               "rtp_only": true, "ssrc_req": true, "mid_extension": 4, "mids": [{"mid": "audio"}, {"mid": "video", "media": 1}],
               "outputs": [{"to": "198.51.100.7:4000", "tos": 8, "from": "192.0.2.9:1"},
                           {"to": "198.51.100.7:4002", "media": 1, "rtcp": false}]"#.to_owned(),
        ),
        (
            "-p 8 -p 101/8000 -s 5 -s 6 --to 198.51.100.7:1,ssrc=5:9,seq-offset=6:-3,blackhole=101,min-len=8:20,replace=8:d555,\
             ext=1:3,mid=3:a",
            r#""payload_types": [{"payload_type": 8}, {"payload_type": 101, "clock_rate": 8000}], "ssrcs": [{"ssrc": 5}, {"ssrc": 6}],
               "outputs": [{"to": "198.51.100.7:1", "ssrcs": [{"ssrc": 9}, {"sequence_offset": -3}],
                 "payload_types": [{"payload_type": 101, "blackhole": true}, {"payload_type": 8, "min_length": 20, "replace": "d555"}],
                 "extensions": [1, 3], "mid": "a", "mid_extension": 3}]"#.to_owned(),
        ),
        (
            &format!("-s 5 --decrypt {key} --encrypt {KEY} --to 198.51.100.7:1 --to 198.51.100.7:3,encrypt=none"),
            format!(r#""ssrcs": [{{"ssrc": 5}}], "decrypt": "{key}", "encrypt": "{KEY}",
               "outputs": [{{"to": "198.51.100.7:1"}}, {{"to": "198.51.100.7:3", "encrypt": "none"}}]"#),
        ),
        (
            "-p 8 --rtcp --to 198.51.100.7:1,rtcp=198.51.100.7:2",
            r#""payload_types": [{"payload_type": 8}], "rtcp": "all",
               "outputs": [{"to": "198.51.100.7:1", "rtcp": false}, {"to": "198.51.100.7:2", "rtcp": true}]"#.to_owned(),
        ),
        ("--non-forwarding --blackhole", r#""non_forwarding": true, "blackhole": true"#.to_owned()),
        ("--opaque --to 198.51.100.7:1", r#""rtp": false, "outputs": [{"to": "198.51.100.7:1"}]"#.to_owned()),
        ("-p 8 -s 5 --rtp-stats off --to 198.51.100.7:1",
            r#""payload_types": [{"payload_type": 8}], "ssrcs": [{"ssrc": 5}], "rtp_stats": false,
               "outputs": [{"to": "198.51.100.7:1"}]"#.to_owned()),
    ] {
        let expected = stream(&format!("-t 3 -l 192.0.2.1:30000 {typed}")).expect(typed);
        let read = line(&format!(r#"{{"local": "192.0.2.1:30000", {object}}}"#)).expect(&object);
        assert_eq!(read, [expected], "{object}");
    }
}

#[test]
fn a_range_is_a_stream_for_each_port() {
    let read = line(
        r#"{"local": "192.0.2.1:30000-30002", "expect": "203.0.113.9:5000-5002",
            "outputs": [{"to": "198.51.100.7:4000-4002", "from": "192.0.2.9:7"}]}"#,
    )
    .expect("valid");
    let ports: Vec<_> = read
        .iter()
        .map(|it| {
            let expect = it.expect.map(|(from, _)| from.port());
            let output = it.outputs.first().expect("one");
            (
                it.local.port(),
                expect,
                output.to().port(),
                output.from().port(),
            )
        })
        .collect();
    assert_eq!(
        ports,
        [
            (30_000, Some(5000), 4000, 7),
            (30_001, Some(5001), 4001, 7),
            (30_002, Some(5002), 4002, 7)
        ]
    );
}

#[test]
fn the_table_is_that_of_the_line_or_of_the_command() {
    let table = |text, given| {
        let text =
            format!(r#"{{"local": "192.0.2.1:1", "outputs": [{{"to": "198.51.100.7:1"}}]{text}}}"#);
        StreamConfig::from_json(text.as_bytes(), given).map(|streams| streams[0].table)
    };
    assert_eq!(table(r#", "table": 5"#, Some(3)), Ok(5));
    assert_eq!(table("", Some(3)), Ok(3));
    assert_eq!(table("", None).expect_err("none").what, "it names no table");
    assert!(table(r#", "table": 64"#, None).is_err());
}

#[test]
fn what_a_list_has_besides_is_left_out_of_account() {
    let more = r#", "received": {"packets": 1, "bytes": 2, "errors": 0}, "last_packet": 7, "missing_outputs": 0,
        "decryption": null, "options": ["RTP"], "output_groups": ["[0]=(0->1/0->0)"], "rtcp": null, "expect": null,
        "ssrcs": [{"ssrc": 5, "sequence": 9, "rtcp_index": 1}], "mids": [], "mid_extension": null"#;
    assert_eq!(object(more), object(r#", "ssrcs": [{"ssrc": 5}]"#));
}

#[test]
fn what_is_wrong_is_one_sentence() {
    for (more, words) in [
        (r#", "colour": "blue""#, "unknown field `colour`"),
        (
            r#", "tos": 256"#,
            "tos: a TOS byte is a number from 0 to 255",
        ),
        (
            r#", "expect": "localhost:5""#,
            "localhost:5: `localhost` is no address",
        ),
        (r#", "expect": 5"#, "an address and port in quotes"),
        (
            r#", "mismatch": "drop""#,
            "mismatch is of no use without expect",
        ),
        (
            r#", "pt_filter": true"#,
            "pt_filter is of no use without payload_types",
        ),
        (
            r#", "rtp": false, "rtcp": "all""#,
            "rtp: false and rtcp do not go together",
        ),
        (
            r#", "non_forwarding": true"#,
            "non_forwarding and outputs do not go together",
        ),
        (
            r#", "decryption": {"cipher": "AES-CM-128"}"#,
            "the key is not in a list",
        ),
        (r#", "missing_outputs": 1"#, "before its outputs were there"),
        (
            r#", "payload_types": [{"payload_type": 128}]"#,
            "from 0 to 127",
        ),
        (
            r#", "payload_types": [{"payload_type": 96, "clock_rate": 0}]"#,
            "above 0",
        ),
        (
            r#", "ssrcs": [{"ssrc": 0}]"#,
            "SSRC 0 cannot be singled out",
        ),
        (r#", "rtcp": "some""#, "unknown variant `some`"),
        (r#", "local": "192.0.2.1:1""#, "duplicate field `local`"),
    ] {
        let failure = object(more).expect_err(more);
        assert_eq!(failure.code, Code::Usage, "{more}");
        assert!(failure.what.contains(words), "{more}: {}", failure.what);
        assert_eq!(failure.what.lines().count(), 1, "{more}");
    }
    for (text, words) in [
        ("", "it is not a JSON object"),
        ("{", "it is not JSON"),
        ("[1]", "it is not a JSON object"),
        (r#"{"local": "192.0.2.1:1"}"#, "it has no outputs"),
        (r#"{"outputs": []}"#, "missing field `local`"),
        (
            r#"{"local": "192.0.2.1:1-3", "outputs": [{"to": "198.51.100.7:1-2"}]}"#,
            "--to 198.51.100.7:1-2 has 2 ports, and --local 192.0.2.1:1-3 has 3",
        ),
        (
            r#"{"local": "192.0.2.1:1", "outputs": [{"to": "198.51.100.7:1", "rtcp": true}]}"#,
            "it takes RTCP, and the stream relays none",
        ),
        (
            r#"{"local": "192.0.2.1:1", "outputs": [{"to": "198.51.100.7:1", "encryption": {}}]}"#,
            "output 198.51.100.7:1: the key is not in a list",
        ),
        (
            r#"{"local": "192.0.2.1:1", "payload_types": [{"payload_type": 8}], "outputs": [{"to": "198.51.100.7:1",
               "payload_types": [{"payload_type": 8, "pattern_length": 2}]}]}"#,
            "the pattern of a payload type is not in a list",
        ),
    ] {
        let failure = line(text).expect_err(text);
        assert!(failure.what.contains(words), "{text}: {}", failure.what);
    }
}

#[test]
fn a_key_is_not_repeated() {
    for more in [
        format!(r#", "{KEY}": 1"#),
        format!(r#", "mismatch": "{KEY}""#),
        format!(r#", "expect": "{KEY}""#),
        format!(r#", "decrypt": "{KEY}x""#),
        format!(r#", "stun": "{KEY}""#),
        format!(r#", "ssrcs": [{{"ssrc": "{KEY}"}}]"#),
    ] {
        let failure = object(&more).expect_err(&more);
        assert!(!failure.to_string().contains("AQIDBAUG"), "{failure}");
    }
}
