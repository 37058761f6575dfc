// SPDX-License-Identifier: GPL-2.0-only

//! Rewriting of payload, sequence number and SSRC.

use crate::common::rtp;
use rtp_media::rewrite::{header, payload, PayloadRule};

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
