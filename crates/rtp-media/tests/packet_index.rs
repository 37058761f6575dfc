// SPDX-License-Identifier: GPL-2.0-only

//! Estimated extended sequence numbers.

use proptest::prelude::*;
use rtp_media::packet_index::estimate;

#[test]
fn within_one_round() {
    assert_eq!(estimate(0x0003_1000, 0x1001), 0x0003_1001);
    assert_eq!(estimate(0x0003_1000, 0x0fff), 0x0003_0fff);
    assert_eq!(estimate(0x0003_1000, 0x1000), 0x0003_1000);
}

#[test]
fn across_the_wrap() {
    assert_eq!(estimate(0x0003_ffff, 0x0000), 0x0004_0000);
    assert_eq!(estimate(0x0003_ff00, 0x0080), 0x0004_0080);
    assert_eq!(estimate(0x0004_0000, 0xffff), 0x0003_ffff);
    assert_eq!(estimate(0x0004_0080, 0xff00), 0x0003_ff00);
}

#[test]
fn the_turning_points_of_the_rfc() {
    // s_l < 32768: one less when SEQ - s_l > 32768.
    assert_eq!(estimate(0x0003_0000, 0x8000), 0x0003_8000);
    assert_eq!(estimate(0x0003_0000, 0x8001), 0x0002_8001);
    assert_eq!(estimate(0x0003_7fff, 0xffff), 0x0003_ffff);
    // s_l >= 32768: one more when s_l - 32768 > SEQ.
    assert_eq!(estimate(0x0003_8000, 0x0000), 0x0003_0000);
    assert_eq!(estimate(0x0003_8001, 0x0000), 0x0004_0000);
    assert_eq!(estimate(0x0003_ffff, 0x7fff), 0x0003_7fff);
    assert_eq!(estimate(0x0003_ffff, 0x7ffe), 0x0004_7ffe);
}

#[test]
fn nothing_comes_before_the_first_round() {
    assert_eq!(estimate(0, 0x9c40), 0x9c40);
    assert_eq!(estimate(5, 0xfffe), 0xfffe);
}

#[test]
fn the_counter_wraps() {
    assert_eq!(estimate(0xffff_fffe, 6), 6);
}

proptest! {
    #[test]
    fn near_packets_are_placed_right(highest in 0x8000..u32::MAX, step in -0x7fff_i32..=0x7fff) {
        let index = highest.wrapping_add_signed(step);
        prop_assert_eq!(estimate(highest, index as u16), index);
    }

    #[test]
    fn the_sequence_number_is_kept(highest in any::<u32>(), sequence in any::<u16>()) {
        prop_assert_eq!(estimate(highest, sequence) as u16, sequence);
    }
}
