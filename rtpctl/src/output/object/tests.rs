// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::config::StreamConfig;
use super::super::super::exit::Failure;
use super::super::super::listing::Listing;
use super::*;

const LIST: &str = "\
local inet4 192.0.2.1:30000
    expect inet4 203.0.113.9:5000
    src mismatch action: propagate
    stats:                 8600 bytes,                   50 packets,                    2 errors
        RTP payload type   8:                 8600 bytes,                   50 packets   [group #0]
        RTP payload type 100:                    0 bytes,                    0 packets   [group #1]
    last packet: 1000
    SSRC in: 1234abcd [seq 49/0 #1], 7 [seq 1/0]
    options: RTP PT-filter STUN forward-RTCP-FB extmap[5]
    output groups: [0/'audio']=(0->1/1->2) [1/'video']=(1->2/0->0)
    output #0 (media #0)
       src inet4 192.0.2.1:30002
       dst inet4 198.51.100.7:4000
       stats:                 8600 bytes,                   50 packets,                    0 errors
       SSRC out: 63 [seq 49+0/0], 0 [seq 0+65533/0]
        RTP payload type   8: 0 bytes replacement payload, min payload len 20
        RTP payload type   8: blackhole
       Allowed RTP extensions: 1 3
       Media ID (ext 3): 'a'
    output #1 (media #1)
       src inet4 192.0.2.1:30002
       dst inet4 198.51.100.7:4002
       stats:                    0 bytes,                    0 packets,                    0 errors
       SSRC out: 0 [seq 0+0/0], 0 [seq 0+0/0]
    output #2 (media #0, RTCP)
       src inet4 192.0.2.1:30002
       dst inet4 198.51.100.7:4001
       stats:                    0 bytes,                    0 packets,                    0 errors
       SSRC out: 0 [seq 0+0/0], 0 [seq 0+0/0]

";

fn listed(text: &str) -> Target {
    let mut listing = Listing::read(text.as_bytes()).expect("read");
    assert_eq!(listing.unparsed, Vec::<String>::new());
    listing.streams.swap_remove(0)
}

fn read(target: &Target) -> Result<Vec<StreamConfig>, Failure> {
    let line = serde_json::to_vec(&Configuration::new(3, target)).expect("JSON");
    StreamConfig::from_json(&line, None)
}

#[test]
fn what_is_saved_is_what_was_configured() {
    let line = serde_json::to_string(&Configuration::new(3, &listed(LIST))).expect("JSON");
    assert_eq!(
        line,
        r#"{"table":3,"local":"192.0.2.1:30000","expect":"203.0.113.9:5000","mismatch":"pass","rtp":true,"rtcp":"feedback","pt_filter":true,"stun":true,"rtp_stats":false,"mid_extension":5,"mids":[{"mid":"audio","media":0},{"mid":"video","media":1}],"payload_types":[{"payload_type":8},{"payload_type":100,"media":1}],"ssrcs":[{"ssrc":305441741,"media":1},{"ssrc":7}],"outputs":[{"to":"198.51.100.7:4000","from":"192.0.2.1:30002","rtcp":false,"ssrcs":[{"ssrc":99,"sequence_offset":0},{"ssrc":0,"sequence_offset":-3}],"payload_types":[{"payload_type":8,"blackhole":true,"min_length":20}],"extensions":[1,3],"mid":"a","mid_extension":3},{"to":"198.51.100.7:4002","from":"192.0.2.1:30002","rtcp":false,"media":1},{"to":"198.51.100.7:4001","from":"192.0.2.1:30002","rtcp":true}]}"#
    );
}

#[test]
fn what_is_saved_is_read_as_it_was() {
    let streams = read(&listed(LIST)).expect("valid");
    let [stream] = &streams[..] else {
        panic!("{streams:?}");
    };
    let seen: Vec<_> = stream
        .outputs
        .iter()
        .map(|it| (it.to().port(), it.rtcp, it.media))
        .collect();
    assert_eq!(seen, [(4000, false, 0), (4002, false, 1), (4001, true, 0)]);
    let first = stream.outputs.first().expect("one");
    let ssrcs: Vec<_> = first
        .rewrite
        .ssrcs
        .iter()
        .map(|it| (it.ssrc, it.seq_offset))
        .collect();
    assert_eq!(ssrcs, [(99, 0), (0, 65_533)]);
    assert!(stream.pt_filter && stream.stun && !stream.dtls && !stream.rtp_stats);
}

#[test]
fn what_a_list_has_not_is_told() {
    let with = |old: &str, new: &str| listed(&LIST.replace(old, new));
    let decrypted = with(
        "    options:",
        "    SRTP decryption parameters:\n    options:",
    );
    let failure = read(&decrypted).expect_err("no key");
    assert_eq!(failure.what, "the key is not in a list");
    let replaced = with("0 bytes replacement", "2 bytes replacement");
    let failure = read(&replaced).expect_err("no pattern");
    assert!(
        failure.what.contains("the pattern of a payload type"),
        "{failure}"
    );
    // The clock of payload type 100 is not listed.
    let measured = with("options: RTP", "options: RTP-stats RTP");
    let failure = read(&measured).expect_err("no clock");
    assert!(failure.to_string().contains("clock_rate"), "{failure}");
}

#[test]
fn a_source_that_is_ignored_is_told_as_one() {
    let target =
        listed("local inet4 192.0.2.1:1\n    expect inet4 192.0.2.2:1\n    options: RTP\n");
    assert_eq!(Words::of(&target).mismatch, Some("ignore"));
}
