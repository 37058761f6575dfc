// SPDX-License-Identifier: GPL-2.0-only

//! Packet indices: estimated, and given to what is sent.

use proptest::prelude::*;
use rtp_media::reason::Unsent;
use rtp_media::srtp::index::{estimate, NoIndex, Sent, Stream};

fn sent(places: usize) -> Sent<Vec<Stream>> {
    Sent::new(vec![Stream::EMPTY; places])
}

#[test]
fn within_one_round() {
    assert_eq!(estimate(0x0003_1000, 0x1001), Some(0x0003_1001));
    assert_eq!(estimate(0x0003_1000, 0x0fff), Some(0x0003_0fff));
    assert_eq!(estimate(0x0003_1000, 0x1000), Some(0x0003_1000));
}

#[test]
fn across_the_wrap() {
    assert_eq!(estimate(0x0003_ffff, 0x0000), Some(0x0004_0000));
    assert_eq!(estimate(0x0003_ff00, 0x0080), Some(0x0004_0080));
    assert_eq!(estimate(0x0004_0000, 0xffff), Some(0x0003_ffff));
    assert_eq!(estimate(0x0004_0080, 0xff00), Some(0x0003_ff00));
}

#[test]
fn the_turning_points_of_the_rfc() {
    // s_l < 32768: one less when SEQ - s_l > 32768.
    assert_eq!(estimate(0x0003_0000, 0x8000), Some(0x0003_8000));
    assert_eq!(estimate(0x0003_0000, 0x8001), Some(0x0002_8001));
    assert_eq!(estimate(0x0003_7fff, 0xffff), Some(0x0003_ffff));
    // s_l >= 32768: one more when s_l - 32768 > SEQ.
    assert_eq!(estimate(0x0003_8000, 0x0000), Some(0x0003_0000));
    assert_eq!(estimate(0x0003_8001, 0x0000), Some(0x0004_0000));
    assert_eq!(estimate(0x0003_ffff, 0x7fff), Some(0x0003_7fff));
    assert_eq!(estimate(0x0003_ffff, 0x7ffe), Some(0x0004_7ffe));
}

#[test]
fn nothing_comes_before_the_first_round() {
    assert_eq!(estimate(0, 0x9c40), Some(0x9c40));
    assert_eq!(estimate(5, 0xfffe), Some(0xfffe));
}

#[test]
fn field_16_there_is_nothing_beyond_the_last_index() {
    assert_eq!(estimate(0xffff_fffe, 0xffff), Some(0xffff_ffff));
    assert_eq!(estimate(0xffff_fffe, 6), None);
    assert_eq!(estimate(0xffff_8001, 0), None);
    assert_eq!(estimate(0xffff_8000, 0), Some(0xffff_0000));
}

proptest! {
    #[test]
    fn near_packets_are_placed_right(highest in 0x8000..u32::MAX, step in -0x7fff_i32..=0x7fff) {
        let index = highest.checked_add_signed(step);
        let Some(index) = index else {
            return Ok(());
        };
        prop_assert_eq!(estimate(highest, index as u16), Some(index));
    }

    #[test]
    fn the_sequence_number_is_kept(highest in any::<u32>(), sequence in any::<u16>()) {
        let index = estimate(highest, sequence);
        prop_assert!(index.is_none_or(|index| index as u16 == sequence));
    }
}

#[test]
fn what_is_sent_rolls_over_for_each_ssrc() {
    let mut sent = sent(2);
    for index in 0..0x2_0010u32 {
        assert_eq!(sent.next(1, index as u16, None, None), Ok(index));
    }
    assert_eq!(sent.next(2, 0xffff, None, None), Ok(0xffff));
    assert_eq!(sent.next(2, 0, None, None), Ok(0x1_0000));
    assert_eq!(sent.next(1, 0x0010, None, None), Ok(0x2_0010));
    assert_eq!(sent.next(1, 0x0012, None, None), Ok(0x2_0012));
    // A late one does not turn it back.
    assert_eq!(sent.next(1, 0x0011, None, None), Ok(0x2_0011));
    assert_eq!(sent.next(1, 0x0013, None, None), Ok(0x2_0013));
}

/// Two packets of one index would have one keystream, whatever is in them.
#[test]
fn field_15_no_index_is_sent_twice() {
    let mut sent = sent(1);
    for index in (0xff00..0x1_0100u32).step_by(2) {
        assert_eq!(sent.next(1, index as u16, None, None), Ok(index));
        assert_eq!(sent.next(1, index as u16, None, None), Err(NoIndex::Used));
    }
    // Those that were left out may still come, each once, as far back as is known.
    let highest = 0x1_00feu32;
    for index in (0xff01..highest).step_by(2) {
        assert_eq!(sent.next(1, index as u16, None, None), Ok(index));
        assert_eq!(sent.next(1, index as u16, None, None), Err(NoIndex::Used));
    }
    assert_eq!(
        sent.next(1, (highest - 1024) as u16, None, None),
        Err(NoIndex::Used)
    );
    assert_eq!(sent.next(1, 0x9000, None, None), Err(NoIndex::Used));
    assert_eq!(
        sent.next(1, highest as u16 + 1, None, None),
        Ok(highest + 1)
    );
    assert!(Unsent::from(NoIndex::Used).is_error());
}

/// A new target goes on behind all that its counters know of.
#[test]
fn field_15_what_others_used_is_not_sent_again() {
    for shared in [1, 0x7fff, 0xffff, 0x1_0000, 0x3_9000] {
        let mut sent = sent(1);
        for back in [0, 1, 500, 1023, 1024, 5000] {
            let Some(index) = u32::checked_sub(shared, back) else {
                continue;
            };
            let next = sent.next(1, index as u16, Some(shared), Some(shared));
            assert_eq!(next, Err(NoIndex::Used), "{shared:x}, {back} back");
        }
        for index in shared + 1..shared + 70 {
            assert_eq!(
                sent.next(1, index as u16, Some(index - 1), Some(index - 1)),
                Ok(index)
            );
        }
    }
}

/// The counters of a bundle are those of audio and video: what one has sent says nothing of the other.
#[test]
fn field_15_counters_of_several_ssrcs_refuse_none() {
    let mut sent = sent(2);
    for sequence in 1..=10 {
        assert_eq!(sent.next_apart(0xca22, sequence, 0), Ok(sequence.into()));
    }
    for sequence in 5..=10 {
        assert_eq!(sent.next_apart(0xca33, sequence, 4), Ok(sequence.into()));
        assert_eq!(sent.next_apart(0xca33, sequence, 4), Err(NoIndex::Used));
    }
    assert_eq!(sent.next_apart(1, 3, 0x2_fff0), Ok(0x3_0003));
}

/// The counters may have been brought forward by others meanwhile.
#[test]
fn what_is_sent_follows_the_shared_counter() {
    let mut sent = sent(1);
    assert_eq!(sent.next(1, 5, None, None), Ok(5));
    assert_eq!(
        sent.next(1, 7, Some(0x3_0005), Some(0x3_0005)),
        Ok(0x3_0007)
    );
    assert_eq!(sent.next(1, 8, Some(3), Some(3)), Ok(0x3_0008));
}

#[test]
fn field_16_the_last_index_is_sent_and_then_none() {
    let mut sent = sent(1);
    for index in 0xffff_fff8..=0xffff_ffffu32 {
        let shared = Some(index - 1);
        assert_eq!(sent.next(1, index as u16, shared, shared), Ok(index));
    }
    for sequence in [0, 1, 5, 0x7ffe] {
        let next = sent.next(1, sequence, Some(0xffff_ffff), Some(0xffff_ffff));
        assert_eq!(next, Err(NoIndex::UsedUp), "{sequence}");
    }
    assert!(Unsent::from(NoIndex::UsedUp).is_error());
}
