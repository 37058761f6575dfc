// SPDX-License-Identifier: GPL-2.0-only

//! Compound RTCP packets.

use crate::common::rtcp;
use rtp_media::rtcp::{all_feedback, Malformed, Part, Parts};

fn compound(parts: &[(u8, u16)]) -> Vec<u8> {
    parts
        .iter()
        .flat_map(|&(kind, words)| rtcp(kind, words))
        .collect()
}

#[test]
fn parts_are_told_apart() {
    let packet = compound(&[(200, 6), (202, 0), (206, 2)]);
    let parts: Vec<_> = Parts::new(&packet).collect();
    let part = |packet_type, words: usize| {
        let body = &[0xcc; 24][..words * 4];
        Ok(Part {
            packet_type,
            count: 1,
            body,
        })
    };
    assert_eq!(parts, [part(200, 6), part(202, 0), part(206, 2)]);
}

#[test]
fn malformed_parts_end_the_compound() {
    let good = compound(&[(205, 1)]);
    for wrong in [
        &[0x81][..],
        &[0x81, 205, 0],
        &[0x81, 205, 0, 1],
        &[0x81, 205, 0, 1, 0, 0, 0],
        &[0x81, 205, 0xff, 0xff, 0, 0, 0, 0],
        &[0x41, 205, 0, 0],
        &[0xc1, 205, 0, 0],
        &[0x01, 205, 0, 0],
    ] {
        let mut packet = good.clone();
        packet.extend_from_slice(wrong);
        let parts: Vec<_> = Parts::new(&packet).collect();
        assert_eq!(parts.len(), 2);
        assert!(parts[0].is_ok());
        assert_eq!(parts[1], Err(Malformed));
        assert!(!all_feedback(&packet));
        assert!(!all_feedback(wrong));
    }
}

#[test]
fn feedback_is_all_of_it() {
    assert!(all_feedback(&compound(&[(205, 2)])));
    assert!(all_feedback(&compound(&[(206, 2)])));
    assert!(all_feedback(&compound(&[(205, 2), (206, 0), (205, 3)])));
    for other in [194, 200, 201, 202, 203, 204, 207, 223] {
        assert!(!all_feedback(&compound(&[(other, 1)])));
        assert!(!all_feedback(&compound(&[(205, 1), (other, 1)])));
        assert!(!all_feedback(&compound(&[(other, 1), (205, 1)])));
    }
    assert!(!all_feedback(&[]));
}
