// SPDX-License-Identifier: GPL-2.0-only

//! Rewriting of payload, sequence number and SSRC.

use crate::common;
use crate::common::rtp;
use rtp_media::decide::{decide, Plan};
use rtp_media::extension::Element;
use rtp_media::extension_rewrite::Rule;
use rtp_media::reason::Unsent;
use rtp_media::rewrite::{header, payload, PayloadRule, Rewrite, SsrcRule};
use rtp_media::rules::Rules;
use udp_ip::Endpoint;

#[test]
fn without_a_rule_nothing_changes() {
    let mut bytes = *b"payload";
    assert!(payload(&PayloadRule::default(), &mut bytes));
    assert_eq!(bytes, *b"payload");
}

#[test]
fn a_blackhole_sends_nothing() {
    let rule = PayloadRule {
        blackhole: true,
        ..PayloadRule::default()
    };
    assert!(!payload(&rule, &mut [0; 200]));
}

#[test]
fn short_payloads_are_not_sent() {
    let rule = PayloadRule {
        min_payload_len: 20,
        ..PayloadRule::default()
    };
    assert!(!payload(&rule, &mut [0; 19]));
    assert!(payload(&rule, &mut [0; 20]));
    assert!(!payload(&rule, &mut []));
    assert!(payload(&PayloadRule::default(), &mut []));
}

#[test]
fn defect_06_patterns_are_repeated_and_cut_at_the_end() {
    for pattern in [&[7][..], &[1, 2], &[1, 2, 3, 4, 5], &[9; 16]] {
        for length in 0..40 {
            let rule = PayloadRule {
                pattern,
                ..PayloadRule::default()
            };
            let mut room = vec![0xee; length + 16];
            assert!(payload(&rule, &mut room[..length]));
            let expected: Vec<u8> = pattern.iter().copied().cycle().take(length).collect();
            assert_eq!(room[..length], expected);
            assert_eq!(room[length..], [0xee; 16]);
        }
    }
}

#[test]
fn sequence_numbers_are_shifted() {
    for (offset, shifted) in [(0, [0x12, 0x34]), (1, [0x12, 0x35]), (0xf000, [0x02, 0x34])] {
        let mut packet = rtp(0x0102_0304, b"payload");
        header(&mut packet, 0x1234, offset, None);
        let mut expected = rtp(0x0102_0304, b"payload");
        expected[2..4].copy_from_slice(&shifted);
        assert_eq!(packet, expected);
    }
}

#[test]
fn ssrcs_are_replaced() {
    let mut packet = rtp(0x0102_0304, b"payload");
    header(&mut packet, 0x1234, 0, Some(0xa0b0_c0d0));
    assert_eq!(packet, rtp(0xa0b0_c0d0, b"payload"));
    header(&mut packet, 0x1234, 0, None);
    assert_eq!(packet, rtp(0xa0b0_c0d0, b"payload"));
}

/// What an output changes: header extensions first, so that the payload is found where it is then.
#[test]
fn all_of_a_packet() {
    let mut packet =
        common::rtp_with_extension(0x1122_3344, 0xbede, &[0x10, 7, 0x20, 8], b"payload");
    let plan = decide(
        &Rules {
            rtp: true,
            ..Rules::default()
        },
        &Endpoint::v4([192, 0, 2, 9], 4000),
        &packet,
        |_| None,
    );
    let Ok(Plan::Rtp(rtp)) = plan else {
        panic!("it is RTP");
    };
    let rule = Rule {
        keep: |id| id == 2,
        append: Some(Element {
            id: 3,
            data: b"audio",
        }),
    };
    let mut pattern = rtp_wire::PayloadRule {
        min_payload_len: 0,
        pattern: [0; 16],
        pattern_len: 2,
        blackhole: false,
    };
    pattern.pattern[..2].copy_from_slice(b"xy");
    let ssrc = SsrcRule {
        seq_offset: 0xffff,
        ssrc: Some(0x5566_7788),
    };
    let how = Rewrite {
        extensions: Some(&rule),
        payload: Some(&pattern),
        ssrc: Some(&ssrc),
    };
    let (mut as_it_was, length) = (packet.clone(), packet.len());
    packet.resize(length + 8, 0);
    let rewritten = rtp_media::rewrite::rtp(&mut packet, length, &rtp, &how).unwrap();
    packet.truncate(rewritten.length);
    let mut expected = common::rtp_with_extension(
        0x5566_7788,
        0xbede,
        &[0x20, 8, 0x34, b'a', b'u', b'd', b'i', b'o'],
        b"xyxyxyx",
    );
    expected[3] -= 1;
    assert_eq!(packet, expected);
    assert_eq!(
        (rewritten.payload_start, rewritten.ssrc, rewritten.sequence),
        (24, 0x5566_7788, 0x1233)
    );

    // There is no room for more.
    let result = rtp_media::rewrite::rtp(&mut as_it_was, length, &rtp, &how);
    assert_eq!(result, Err(Unsent::NoMemory));
    let nothing = rtp_wire::PayloadRule {
        blackhole: true,
        ..pattern
    };
    let kept_back = Rewrite {
        extensions: None,
        payload: Some(&nothing),
        ..how
    };
    let before = as_it_was.clone();
    let result = rtp_media::rewrite::rtp(&mut as_it_was, length, &rtp, &kept_back);
    assert_eq!(result, Err(Unsent::KeptBack));
    assert_eq!(as_it_was, before);
}
