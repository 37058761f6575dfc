// SPDX-License-Identifier: GPL-2.0-only

use super::*;

const RTP: &str = "          <idle>-0       [001] ..s1.  1234.000567: decision: reason=foreign-passed netns=4026531840 source=10.0.0.2:5000 destination=10.1.0.1:4000 length=172 head=80000005000000a012345678";

fn packet(line: &str) -> Packet {
    match parse(line) {
        Some(Line::Packet(packet)) => packet,
        other => panic!("{line}: {other:?}"),
    }
}

fn text(line: &str, start: u64) -> String {
    let mut text = Vec::new();
    packet(line)
        .text(Duration::from_secs(start), &mut text)
        .expect("memory");
    String::from_utf8(text).expect("text")
}

#[test]
fn a_decision_is_told_with_its_packet() {
    let packet = packet(RTP);
    assert_eq!(packet.tracepoint, Tracepoint::Decision);
    assert_eq!(packet.time, Duration::from_micros(1_234_000_567));
    assert_eq!(packet.netns, 4_026_531_840);
    assert_eq!(packet.bytes, Some(172));
    assert_eq!(
        packet.kind,
        Some(Kind::Rtp {
            payload_type: 0,
            sequence: 5,
            timestamp: 160,
            ssrc: 0x1234_5678
        })
    );
    assert_eq!(
        text(RTP, 1233),
        "1.000567  10.0.0.2:5000 > 10.1.0.1:4000  172 bytes  RTP payload type 0, number 5, timestamp 160, SSRC 0x12345678  \
         not relayed: it comes from another source, which userspace judges (foreign-passed)\n"
    );
}

#[test]
fn ipv6_and_other_protocols_are_told() {
    let line = |head: &str| {
        format!(" a-1 [000] ..... 1.000000: decision: reason=relayed netns=1 source=[2001:db8::2]:5000 destination=[2001:db8::1]:4000 length=40 head={head}")
    };
    let said = |head: &str| text(&line(head), 1);
    let ends = "0.000000  [2001:db8::2]:5000 > [2001:db8::1]:4000  40 bytes";
    assert_eq!(
        said("81c9000700000001ffffffff"),
        format!("{ends}  RTCP packet type 201, SSRC 0x00000001  relayed\n")
    );
    assert_eq!(said("16feff00"), format!("{ends}  DTLS  relayed\n"));
    assert_eq!(said("00010000"), format!("{ends}  STUN  relayed\n"));
    assert_eq!(said("ff"), format!("{ends}  relayed\n"));
    assert_eq!(said(""), format!("{ends}  relayed\n"));
}

#[test]
fn what_is_not_sent_is_told_with_the_ends_of_the_output() {
    let line = " a b-7 [000] b.s1. 7.500000: unsent: reason=no-route netns=1 source=10.1.0.1:1 destination=10.9.0.1:2 length=0 head=";
    assert_eq!(
        text(line, 7),
        "0.500000  10.1.0.1:1 > 10.9.0.1:2  not sent: there is no route to the destination (no-route)\n"
    );
    let json = serde_json::to_value(packet(line)).expect("JSON");
    assert_eq!(
        json,
        serde_json::json!({ "event": "unsent", "uptime_us": 7_500_000, "netns": 1, "source": "10.1.0.1:1",
            "destination": "10.9.0.1:2", "reason": "no-route" })
    );
}

#[test]
fn what_was_lost_is_counted_and_the_rest_left_out() {
    assert_eq!(parse("CPU:1 [LOST 12 EVENTS]"), Some(Line::Lost(12)));
    for line in [
        "",
        "# tracer: nop",
        ": decision: ",
        "a-1 [000] 1.0: decision: reason=relayed",
        &RTP.replace("netns", "ns"),
    ] {
        assert_eq!(parse(line), None, "{line}");
    }
}
