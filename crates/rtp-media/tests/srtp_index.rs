// SPDX-License-Identifier: GPL-2.0-only

//! Packet indices: estimated, and given to what is sent.

use host_crypto::{outbound::KeyUse, Indices};
use proptest::prelude::*;
use rtp_media::reason::Unsent;
use rtp_media::srtp::index::{estimate, Counters, Guesses, NoIndex, Received, Stream};

/// The indices of an output that lists some SSRCs.
struct Output(Indices, KeyUse);

impl Output {
    /// Nothing was used of the first `count` SSRCs from 1 on.
    fn new(count: u32) -> Self {
        let mut indices = Indices::new(0);
        let ssrcs: Vec<u32> = (1..=count).collect();
        let used = indices.begin(0, 0, &ssrcs);
        Self(indices, used)
    }

    /// All indices of SSRC 1 were used up to that one, by the counters.
    fn after(used: u32) -> Self {
        let mut output = Self::new(1);
        let counters = counters(used, 0, 0);
        assert_eq!(output.0.raise(&output.1, 1, &counters), Some(used));
        output
    }

    fn next(&mut self, ssrc: u32, sequence: u16, shared: u32) -> Result<u32, NoIndex> {
        self.0.next_rtp(&self.1, ssrc, sequence, shared)
    }
}

/// What counters say that one SSRC has.
fn counters(sent: u32, received: u32, seq_offset: u16) -> Counters {
    Counters {
        sent,
        is_shared: false,
        received,
        seq_offset,
    }
}

/// What they say where several have them.
fn shared(sent: u32, received: u32, seq_offset: u16) -> Counters {
    Counters {
        is_shared: true,
        ..counters(sent, received, seq_offset)
    }
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
    let mut output = Output::new(2);
    for index in 0..0x2_0010u32 {
        assert_eq!(output.next(1, index as u16, 0), Ok(index));
    }
    assert_eq!(output.next(2, 0xffff, 0), Ok(0xffff));
    assert_eq!(output.next(2, 0, 0), Ok(0x1_0000));
    assert_eq!(output.next(1, 0x0010, 0), Ok(0x2_0010));
    assert_eq!(output.next(1, 0x0012, 0), Ok(0x2_0012));
    // A late one does not turn it back.
    assert_eq!(output.next(1, 0x0011, 0), Ok(0x2_0011));
    assert_eq!(output.next(1, 0x0013, 0), Ok(0x2_0013));
}

/// Two packets of one index would have one keystream, whatever is in them.
#[test]
fn field_15_no_index_is_sent_twice() {
    let mut output = Output::new(1);
    for index in (0xff00..0x1_0100u32).step_by(2) {
        assert_eq!(output.next(1, index as u16, 0), Ok(index));
        assert_eq!(output.next(1, index as u16, 0), Err(NoIndex::Used));
    }
    // Those that were left out may still come, each once, as far back as is known.
    let highest = 0x1_00feu32;
    for index in (0xff01..highest).step_by(2) {
        assert_eq!(output.next(1, index as u16, 0), Ok(index));
        assert_eq!(output.next(1, index as u16, 0), Err(NoIndex::Used));
    }
    assert_eq!(
        output.next(1, (highest - 1024) as u16, 0),
        Err(NoIndex::Used)
    );
    assert_eq!(output.next(1, 0x9000, 0), Err(NoIndex::Used));
    assert_eq!(output.next(1, highest as u16 + 1, 0), Ok(highest + 1));
    assert!(Unsent::from(NoIndex::Used).is_error());
}

/// A new target goes on behind all that its counters know of.
#[test]
fn field_15_what_others_used_is_not_sent_again() {
    for shared in [1, 0x7fff, 0xffff, 0x1_0000, 0x3_9000] {
        let mut output = Output::after(shared);
        for back in [0, 1, 500, 1023, 1024, 5000] {
            let Some(index) = u32::checked_sub(shared, back) else {
                continue;
            };
            let next = output.next(1, index as u16, shared);
            assert_eq!(next, Err(NoIndex::Used), "{shared:x}, {back} back");
        }
        for index in shared + 1..shared + 70 {
            assert_eq!(output.next(1, index as u16, index - 1), Ok(index));
        }
    }
}

/// Counters that go with what was received are the SSRC's own: all that they tell was used.
#[test]
fn field_15_counters_that_go_with_what_was_received_tell_what_was_used() {
    for (sent, received, seq_offset) in [
        (7, 7, 0),
        // Some of what was received was not sent.
        (7, 70, 0),
        (0xfff0, 0x1_002f, 0),
        // In another session than what was received, another round, other sequence numbers.
        (7, 0x5_0007, 0),
        (0x3_0002, 0xfff1, 17),
        // Nothing says what was received.
        (0x2_1234, 0, 5),
    ] {
        for counters in [counters, shared].map(|of| of(sent, received, seq_offset)) {
            assert_eq!(counters.used_before(None), Some(sent), "{counters:x?}");
        }
    }
}

/// The daemon gives the audio and the video of a bundle the same counters.
#[test]
fn field_15_counters_of_another_ssrc_tell_nothing() {
    for (sent, received, seq_offset) in [
        (0, 0, 0),
        (0, 9, 0),
        (7, 71, 0),
        (7, 6, 0),
        (0x9000, 0x1000, 0),
        (0x1000, 0x9000, 0),
        (7, 7, 64),
    ] {
        for counters in [counters, shared].map(|of| of(sent, received, seq_offset)) {
            assert_eq!(counters.used_before(None), None, "{counters:x?}");
        }
    }
}

/// What is remembered besides tells for certain: counters add what was sent since.
#[test]
fn field_15_what_is_known_is_told_whatever_counters_say() {
    for (known, sent, received, seq_offset, used) in [
        (100, 0, 0, 0, 100),
        (100, 99, 99, 0, 100),
        (100, 120, 121, 0, 120),
        (100, 120, 129, 0xffff, 120),
        // They are another one's.
        (100, 120, 0, 0, 100),
        (100, 120, 119, 0, 100),
        (100, 0x1_0064, 100, 0, 100),
        (100, 0x3_0064, 0x3_0064, 0, 100),
        (0x1_fff0, 0x2_0010, 0x12, 0, 0x2_0010),
    ] {
        let counters = shared(sent, received, seq_offset);
        let got = counters.used_before(Some(known));
        assert_eq!(got, Some(used), "{known:x} {counters:x?}");
    }
    // However far userspace went on with those that one SSRC alone has.
    for (known, sent, received, used) in [
        (100, 0, 0, 100),
        (100, 99, 99, 100),
        (100, 120, 0, 120),
        (100, 120, 121, 120),
        (100, 0x3_0064, 0x64, 0x3_0064),
        (100, 0x3_0064, 0, 0x3_0064),
        (100, 120, 119, 100),
    ] {
        let counters = counters(sent, received, 0);
        let got = counters.used_before(Some(known));
        assert_eq!(got, Some(used), "{known:x} {counters:x?}");
    }
}

proptest! {
    #[test]
    fn field_15_what_is_told_is_what_was_counted(
        sent in any::<u32>(), received in any::<u32>(), seq_offset in any::<u16>(),
    ) {
        let told = |received| counters(sent, received, seq_offset).used_before(None);
        prop_assert!(told(received).is_none_or(|used| used == sent && used != 0));
        if sent != 0 {
            prop_assert_eq!(told(0), Some(sent));
            let as_sent = (sent as u16).wrapping_sub(seq_offset);
            prop_assert_eq!(told(as_sent.into()), Some(sent));
        }
    }

    /// However far apart they are, SSRCs that share counters are sent as if each had its own, from the first one of each on.
    #[test]
    fn field_15_ssrcs_that_share_counters_count_by_themselves(
        starts in prop::array::uniform2(0x8000..0x3_0000u32),
        steps in prop::collection::vec((0..2usize, 1..200u32), 1..400),
    ) {
        let mut output = Output::new(2);
        let mut next = starts;
        for (ssrc, start) in (1..).zip(starts) {
            prop_assert_eq!(output.next(ssrc, start as u16, start), Ok(start));
        }
        let mut shared = starts[0].max(starts[1]);
        for (which, step) in steps {
            next[which] += step;
            let index = next[which];
            prop_assert_eq!(output.next(which as u32 + 1, index as u16, shared), Ok(index));
            prop_assert_eq!(output.next(which as u32 + 1, index as u16, shared), Err(NoIndex::Used));
            shared = shared.max(index);
        }
    }
}

/// The first of an SSRC is near what its counters tell, whoever used that.
#[test]
fn field_15_counters_of_several_ssrcs_refuse_none() {
    let mut output = Output::new(3);
    for sequence in 1..=10 {
        assert_eq!(output.next(1, sequence, 0), Ok(sequence.into()));
    }
    for sequence in 5..=10 {
        assert_eq!(output.next(2, sequence, 4), Ok(sequence.into()));
        assert_eq!(output.next(2, sequence, 4), Err(NoIndex::Used));
    }
    assert_eq!(output.next(3, 3, 0x2_fff0), Ok(0x3_0003));
}

/// The daemon may have sent on meanwhile, and brought the counters forward.
#[test]
fn what_is_sent_follows_the_shared_counter() {
    let mut output = Output::new(1);
    assert_eq!(output.next(1, 0xfff0, 0), Ok(0xfff0));
    assert_eq!(output.next(1, 0x3001, 0x1_3000), Ok(0x1_3001));
    // Also by more than a sequence number tells, if the packet goes with that.
    assert_eq!(output.next(1, 0x9001, 0x4_9000), Ok(0x4_9001));
    // But not with another one's.
    assert_eq!(output.next(1, 0x9002, 0x9_9000), Ok(0x4_9002));
    // Nor does it go back.
    assert_eq!(output.next(1, 0x9003, 3), Ok(0x4_9003));
}

#[test]
fn field_16_the_last_index_is_sent_and_then_none() {
    let mut output = Output::after(0xffff_fff7);
    for index in 0xffff_fff8..=0xffff_ffffu32 {
        let shared = index - 1;
        assert_eq!(output.next(1, index as u16, shared), Ok(index));
    }
    for sequence in [0, 1, 5, 0x7ffe] {
        let next = output.next(1, sequence, 0xffff_ffff);
        assert_eq!(next, Err(NoIndex::UsedUp), "{sequence}");
    }
    assert!(Unsent::from(NoIndex::UsedUp).is_error());
}

/// What is kept of the SSRC of the last packet guesses what its windows do, and nothing for another one.
#[test]
fn guesses_of_the_last_ssrc() {
    let mut received = Received::new(vec![Stream::EMPTY; 2], 64);
    assert_eq!(received.last(7), 0);
    assert!(Guesses::of_last(0, 0, 1, None).is_none());
    for index in [0x2_fff0, 0x2_ffe0] {
        received.admit(7, index, None).unwrap();
    }
    received.admit(8, 5, None).unwrap();
    let last = received.last(7);
    for (sequence, shared) in [(3, None), (0xfff1, Some(0x9_fff0)), (0x8000, Some(3))] {
        let guessed = Guesses::of_last(last, 7, sequence, shared).unwrap();
        let by_window: Vec<_> = received.guesses(7, sequence, shared).collect();
        assert!(guessed.eq(by_window.iter().copied()));
        assert!(by_window.len() >= 3);
    }
    assert!(Guesses::of_last(last, 8, 3, None).is_none());
}
