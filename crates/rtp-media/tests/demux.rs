// SPDX-License-Identifier: GPL-2.0-only

//! Telling STUN, DTLS and RTCP apart from the rest.

use crate::common::{rtcp, rtp, stun};
use rtp_media::demux::{is_dtls, is_rtcp, is_stun};

#[test]
fn stun_has_a_fingerprint() {
    assert!(is_stun(&stun()));
    let mut longer = stun();
    longer.splice(20..20, [9; 8]);
    assert!(is_stun(&longer));
}

#[test]
fn every_condition_of_stun_counts() {
    let change = |at: usize, to: u8| {
        let mut packet = stun();
        packet[at] = to;
        is_stun(&packet)
    };
    assert!(change(0, 0x3f));
    assert!(!change(0, 0x40));
    assert!(!change(0, 0x80));
    for at in 4..8 {
        assert!(!change(at, 0), "cookie {at}");
    }
    for at in 20..24 {
        assert!(!change(at, 0x7f), "attribute {at}");
    }
    // The value of the attribute is not looked at.
    assert!(change(27, 0));
}

#[test]
fn lengths_of_stun_count() {
    let packet = stun();
    for length in 0..28 {
        assert!(!is_stun(&packet[..length]));
        assert!(!is_stun(&packet[28 - length..]));
    }
    for more in 1..4 {
        let mut odd = packet.clone();
        odd.splice(20..20, vec![0; more]);
        assert!(!is_stun(&odd));
    }
    let mut unfinished = packet;
    unfinished.extend_from_slice(&[0; 4]);
    assert!(!is_stun(&unfinished));
    // The shortest that could hold cookie and attribute, without a transaction id.
    let short = [
        0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, 7, 7, 7, 7, 7, 7, 7, 7, 0x80, 0x28, 0, 4, 1, 2, 3, 4,
    ];
    assert!(!is_stun(&short));
}

#[test]
fn dtls_is_told_by_its_first_byte() {
    for first in 0..=255 {
        assert_eq!(is_dtls(&[first]), (20..=63).contains(&first));
        assert_eq!(is_dtls(&[first, 0, 0, 0]), (20..=63).contains(&first));
    }
    assert!(!is_dtls(&[]));
}

#[test]
fn rtcp_is_told_by_its_second_byte() {
    for second in 0..=255 {
        let mut packet = rtcp(200, 1);
        packet[1] = second;
        assert_eq!(is_rtcp(&packet), (194..=223).contains(&second));
    }
    let packet = rtcp(200, 1);
    assert_eq!(packet.len(), 8);
    for length in 0..8 {
        assert!(!is_rtcp(&packet[..length]));
    }
    assert!(!is_rtcp(&rtp(1, &[0; 160])));
}
