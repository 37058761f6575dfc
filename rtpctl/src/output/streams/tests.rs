// SPDX-License-Identifier: GPL-2.0-only

use std::time::{Duration, UNIX_EPOCH};

use super::super::super::listing::Listing;
use super::super::tests::printed;
use super::*;

fn list(text: &str) -> StreamList {
    StreamList {
        table: 3,
        listing: Listing::read(text.as_bytes()).expect("read"),
        details: true,
        now: UNIX_EPOCH + Duration::from_secs(1003),
    }
}

const FULL: &str = "\
local inet4 10.1.0.1:30000
    expect inet4 10.1.0.2:34499
    src mismatch action: propagate
    stats:                 8600 bytes,                   50 packets,                    2 errors
        RTP payload type   8:                 8600 bytes,                   50 packets   [group #0]
    last packet: 1000
    SSRC in: 234abcd [seq 49/0 #0]
    SRTP decryption parameters:
        cipher: AES-CM-128
            MKI: length 4, 01:02:03:04:00:00:00:00...
          HMAC: HMAC-SHA1
            auth tag length: 10
    options: RTP forward-RTCP
    output groups: [0]=(0->1/1->2)
    output #0 (media #0)
       src inet4 10.2.0.1:30002
       dst inet6 [2001:db8:0:0:0:0:0:7]:52325
       stats:                    1 bytes,                    1 packets,                    0 errors
       SSRC out: 7 [seq 49+100/0], 0 [seq 1+0/0]
        RTP payload type   8: blackhole
      SRTP encryption parameters:
          HMAC: HMAC-SHA1
    output #1 (media #3, RTCP)
       dst inet4 10.2.0.2:52325

local inet4 10.1.0.1:30002
    outputs not fully filled (2 missing)
";

#[test]
fn streams_are_printed_for_people() {
    assert_eq!(
        printed(&list(FULL), false),
        "\
10.1.0.1:30000  RTP, forward-RTCP
  expects       10.1.0.2:34499, others are passed on
  received      50 packets, 8600 bytes (8.3 KiB), 2 errors, the last 3 s ago
  payload type  8: 50 packets, 8600 bytes (8.3 KiB)
  SSRC          0x0234abcd: sequence number 49
  decryption    AES-CM-128, HMAC-SHA1, tag of 10 bytes, MKI of 4 bytes
  to            [2001:db8::7]:52325 from 10.2.0.1:30002
    sent        1 packet, 1 byte, 0 errors
    SSRC        0x00000007: sequence numbers plus 100
    rewriting   RTP payload type   8: blackhole
    encryption  no cipher, HMAC-SHA1
  RTCP to       10.2.0.2:52325, media 3
    sent        0 packets, 0 bytes, 0 errors

10.1.0.1:30002
  incomplete    2 outputs missing, it takes no packets yet
"
    );
}

#[test]
fn a_stream_is_a_line() {
    let short = |text| StreamList {
        details: false,
        ..list(text)
    };
    assert_eq!(
        printed(&short(FULL), false),
        "\
LOCAL           TO                   PACKETS  BYTES  ERRORS  LAST
10.1.0.1:30000  [2001:db8::7]:52325  50       8600   2       3 s ago
10.1.0.1:30002  incomplete           0        0      0       -
2 streams                            50       8600   2
"
    );
    assert_eq!(printed(&short(""), false), "no streams\n");
    let one =
        "local inet4 10.1.0.1:1\n    options: RTP\n    stats: 172 bytes, 1 packets, 1 errors\n";
    assert_eq!(
        printed(&short(one), false),
        "\
LOCAL       TO  PACKETS  BYTES  ERRORS  LAST
10.1.0.1:1  -   1        172    1       -
"
    );
}

#[test]
fn errors_for_want_of_payload_types_are_explained() {
    let text = "local inet4 10.1.0.1:1\n    stats: 172 bytes, 1 packets, 1 errors\n";
    let explained = "  payload type  none given: each RTP packet counts as an error\n";
    let with_options =
        |options: &str| printed(&list(&format!("{text}    options: {options}\n")), false);
    assert!(with_options("RTP").contains(explained));
    assert!(!with_options("forward-RTCP").contains(explained));
    assert!(!printed(&list(FULL), false).contains(explained));
}

#[test]
fn no_streams_are_told() {
    assert_eq!(printed(&list(""), false), "no streams\n");
    let json: serde_json::Value = serde_json::from_str(&printed(&list(""), true)).expect("JSON");
    let total = serde_json::json!({"streams": 0, "packets": 0, "bytes": 0, "errors": 0});
    assert_eq!(
        json,
        serde_json::json!({"table": 3, "streams": [], "total": total})
    );
}

#[test]
fn what_was_not_understood_is_shown_escaped() {
    let text = printed(
        &list("local inet4 10.1.0.1:1\n    colour: \u{1b}[31m\n"),
        false,
    );
    assert!(
        text.ends_with("not understood: colour: \\u{1b}[31m\n"),
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&printed(&list("what\n"), true)).expect("JSON");
    assert_eq!(json["unparsed"], serde_json::json!(["what"]));
}

#[test]
fn streams_are_objects() {
    let json: serde_json::Value = serde_json::from_str(&printed(&list(FULL), true)).expect("JSON");
    assert_eq!(json["table"], 3);
    let stream = &json["streams"][0];
    assert_eq!(stream["local"], "10.1.0.1:30000");
    assert_eq!(
        (&stream["mismatch"], &stream["rtcp"]),
        (&"pass".into(), &"copy".into())
    );
    assert_eq!(json["total"]["packets"], 50);
    assert_eq!(
        stream["received"],
        serde_json::json!({"packets": 50, "bytes": 8600, "errors": 2})
    );
    assert_eq!(stream["last_packet"], 1000);
    assert_eq!(
        stream["ssrcs"][0],
        serde_json::json!({"ssrc": 0x0234_abcd, "media": 0, "sequence": 49, "rtcp_index": 0})
    );
    assert_eq!(stream["decryption"]["auth_tag_length"], 10);
    assert_eq!(stream["outputs"][0]["to"], "[2001:db8::7]:52325");
    assert_eq!(stream["outputs"][1]["rtcp"], true);
    assert_eq!(json["streams"][1]["missing_outputs"], 2);
}
