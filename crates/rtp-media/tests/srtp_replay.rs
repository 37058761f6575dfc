// SPDX-License-Identifier: GPL-2.0-only

//! Nothing is accepted twice, and nothing that is too late.

use crate::common;
use std::sync::LazyLock;

use crate::common::rtcp;
use crate::common::srtp::{context, protect_rtcp, srtp_of, Receiver, SSRC};
use host_crypto::suites::{Suite, ALL};
use host_crypto::HostCrypto;
use proptest::prelude::*;
use rtp_media::reason::{Fate, Reason};
use rtp_media::srtp::index::{Age, Refused, Window, CAPACITY};
use rtp_media::srtp::Context;

const SUITE: &Suite = &ALL[0];

fn receiver(window: u32) -> Receiver<HostCrypto> {
    Receiver::new(context(SUITE, 0), window)
}

static CONTEXT: LazyLock<Context<HostCrypto>> = LazyLock::new(|| context(SUITE, 0));

fn srtp(index: u32) -> Vec<u8> {
    srtp_of(&CONTEXT, SSRC, index)
}

fn srtcp(index: u32) -> Vec<u8> {
    protect_rtcp(&CONTEXT, rtcp(200, 6), index, b"")
}

#[test]
fn defect_08_a_packet_is_accepted_once() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtp()) {
        let context = context(suite, 0);
        let mut receiver = Receiver::new(common::srtp::context(suite, 0), 64);
        for index in 0x0001_2000..0x0001_2080 {
            receiver.shared = Some(index - 1);
            let packet = srtp_of(&context, SSRC, index);
            assert_eq!(receiver.take(&packet), Ok(index), "{}", suite.name);
            assert_eq!(receiver.take(&packet), Err(Refused::Replayed));
            receiver.shared = None;
            assert_eq!(receiver.take(&packet), Err(Refused::Replayed));
        }
    }
}

/// The last packet that is not too late is accepted, once; of the one before it nobody can tell.
#[test]
fn the_edges_of_the_window() {
    for (window, effective) in [
        (1, 1),
        (2, 2),
        (63, 63),
        (64, 64),
        (65, 65),
        (128, 128),
        (1000, 1000),
        (1023, 1023),
        (1024, 1024),
        (1025, 1024),
        (u32::MAX, 1024),
    ] {
        let mut receiver = receiver(window);
        let highest = 0x0002_0100;
        receiver.shared = Some(highest);
        receiver.take(&srtp(highest)).unwrap();
        let last = highest - effective + 1;
        assert_eq!(
            receiver.take(&srtp(last - 1)),
            Err(Refused::TooOld),
            "{window}"
        );
        if last < highest {
            assert_eq!(receiver.take(&srtp(last)), Ok(last), "{window}");
        }
        assert_eq!(receiver.take(&srtp(last)), Err(Refused::Replayed));
        assert_eq!(receiver.take(&srtp(highest)), Err(Refused::Replayed));
        assert_eq!(receiver.take(&srtp(highest + 1)), Ok(highest + 1));
        assert_eq!(receiver.take(&srtp(last)), Err(Refused::TooOld));
    }
}

#[test]
fn without_a_window_nothing_is_a_replay() {
    let mut receiver = receiver(0);
    receiver.shared = Some(0x0001_0000);
    for index in [
        0x0001_2000,
        0x0001_2000,
        0x0001_1fff,
        0x0001_0005,
        0x0001_2000,
    ] {
        assert_eq!(receiver.take(&srtp(index)), Ok(index));
    }
    for index in [7, 7, 6] {
        assert_eq!(receiver.take_rtcp(&srtcp(index)).unwrap().1, index);
    }
}

/// Also without a window: what is authentic, but old, does not lead the index astray.
#[test]
fn defect_08_an_old_packet_does_not_turn_the_counter_back() {
    let mut receiver = receiver(0);
    receiver.shared = Some(0x0005_1000);
    receiver.take(&srtp(0x0005_1001)).unwrap();
    assert_eq!(receiver.take(&srtp(0x0004_2000)), Ok(0x0004_2000));
    for shared in [Some(0x0004_2000), None] {
        receiver.shared = shared;
        let next = 0x0005_1002 + u32::from(shared.is_none());
        assert_eq!(receiver.take(&srtp(next)), Ok(next));
    }
}

#[test]
fn defect_08_old_packets_of_an_earlier_round_are_refused() {
    let mut receiver = receiver(64);
    let old = [0x0000_0005, 0x0000_9000, 0x0001_fff0, 0x0002_0003];
    for index in old {
        receiver.shared = Some(index);
        assert_eq!(receiver.take(&srtp(index)), Ok(index));
    }
    receiver.shared = Some(0x0002_8000);
    receiver.take(&srtp(0x0002_8001)).unwrap();
    for shared in [None, Some(0), Some(0x0002_8001), Some(0x0003_0000)] {
        receiver.shared = shared;
        for index in old.into_iter().chain([0x0000_7000]) {
            let refused = receiver.take(&srtp(index)).unwrap_err();
            let is_near = index >> 16 != 0;
            let expected = if is_near {
                Refused::TooOld
            } else {
                Refused::NotAuthentic
            };
            assert_eq!(refused, expected, "{index:x}, {shared:x?}");
        }
    }
    receiver.shared = None;
    assert_eq!(receiver.take(&srtp(0x0002_8002)), Ok(0x0002_8002));
}

#[test]
fn a_replay_after_the_rollover() {
    let mut receiver = receiver(64);
    for index in 0xffe0..0x1_0020 {
        assert_eq!(receiver.take(&srtp(index)), Ok(index));
    }
    for index in 0xffe0..0x1_0020 {
        assert_eq!(receiver.take(&srtp(index)), Err(Refused::Replayed));
    }
}

#[test]
fn late_packets_across_the_rollover() {
    let mut receiver = receiver(64);
    receiver.take(&srtp(0xfff0)).unwrap();
    receiver.take(&srtp(0x1_0010)).unwrap();
    for index in (0xfff1..0x1_0010).rev() {
        assert_eq!(receiver.take(&srtp(index)), Ok(index));
        assert_eq!(receiver.take(&srtp(index)), Err(Refused::Replayed));
    }
}

/// Nothing comes after the last index, and what looks like it is of another key.
#[test]
fn field_16_the_rollover_counter_does_not_roll_over() {
    let mut receiver = receiver(64);
    receiver.shared = Some(0xffff_fff0);
    for index in 0xffff_fff0..=0xffff_ffff {
        assert_eq!(receiver.take(&srtp(index)), Ok(index));
    }
    receiver.shared = None;
    for index in [0, 3, 0x7fff] {
        assert_eq!(receiver.take(&srtp(index)), Err(Refused::NotAuthentic));
    }
    assert_eq!(receiver.take(&srtp(0xffff_ffff)), Err(Refused::Replayed));
}

#[test]
fn defect_08_rtcp_is_accepted_once() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtcp()) {
        let context = context(suite, 4);
        let srtcp = |index| protect_rtcp(&context, rtcp(200, 6), index, b"mki!");
        let mut receiver = Receiver::new(common::srtp::context(suite, 4), 64);
        for index in [5, 0, 63, 64, 3, 66] {
            let packet = srtcp(index);
            let taken = receiver.take_rtcp(&packet);
            assert_eq!(taken, Ok((rtcp(200, 6), index)), "{}", suite.name);
            assert_eq!(receiver.take_rtcp(&packet), Err(Refused::Replayed));
        }
        // 64 of them, with 66 the highest.
        assert_eq!(receiver.take_rtcp(&srtcp(2)), Err(Refused::TooOld));
        assert!(receiver.take_rtcp(&srtcp(4)).is_ok());
        // What is authentic has no other index.
        assert!(receiver.take_rtcp(&srtcp(0x7fff_ffff)).is_ok());
    }
}

/// The places of packets that were skipped are not those of packets before the window.
#[test]
fn what_was_skipped_may_come_late() {
    for skipped in 1..200 {
        let mut window = Window::<16>::EMPTY;
        let first = 0xff00;
        for step in 0..CAPACITY {
            window.mark(first + step);
        }
        let next = first + CAPACITY;
        window.mark(next + skipped);
        for step in 0..skipped {
            assert_eq!(window.age(next + step, CAPACITY), Age::Late);
        }
        assert_eq!(window.age(next + skipped, CAPACITY), Age::Used);
        assert_eq!(window.age(next - 1, CAPACITY), Age::Used);
        assert_eq!(window.age(next + skipped + 1, CAPACITY), Age::New);
        assert_eq!(window.age(next + skipped - CAPACITY, CAPACITY), Age::Old);
    }
}

#[test]
fn rtp_and_rtcp_are_told_apart() {
    let mut receiver = receiver(64);
    receiver.take(&srtp(100)).unwrap();
    receiver.take_rtcp(&srtcp(100)).unwrap();
    receiver.take_rtcp(&srtcp(1)).unwrap_err();
    receiver.take(&srtp(99)).unwrap();
}

/// As many SSRCs as a bundle with simulcast has are remembered; one more takes the place of the one that was
/// silent for the longest time, and no other's.
#[test]
fn field_18_sixteen_ssrcs_and_the_least_recently_used_goes() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtp()) {
        let context = context(suite, 0);
        let mut receiver = Receiver::new(common::srtp::context(suite, 0), 64);
        let mut take = |ssrc, index| receiver.take_from(ssrc, &srtp_of(&context, ssrc, index));
        // In their second round, where one that is forgotten is not found any more.
        for index in [0x7000, 0xe000, 0x1_5000, 0x1_c000, 0x2_0000] {
            for ssrc in 1..=16 {
                assert_eq!(take(ssrc, index), Ok(index), "{}, SSRC {ssrc}", suite.name);
            }
        }
        for ssrc in (1..=16).rev() {
            assert_eq!(take(ssrc, 0x2_0000), Err(Refused::Replayed));
            assert_eq!(take(ssrc, 0x1_ffff), Ok(0x1_ffff));
        }
        // The last one that was heard of is the first.
        assert_eq!(take(17, 20), Ok(20));
        for ssrc in 1..=15 {
            assert_eq!(take(ssrc, 0x2_0000), Err(Refused::Replayed));
            assert_eq!(take(ssrc, 0x2_0001), Ok(0x2_0001));
        }
        assert_eq!(take(17, 20), Err(Refused::Replayed));
        assert_eq!(take(16, 0x2_0001), Err(Refused::NotAuthentic));
        assert_eq!(take(17, 21), Ok(21));
    }
}

/// What is refused takes no place either: nothing is known of it.
#[test]
fn an_old_packet_of_a_new_ssrc_takes_no_place() {
    let context = context(SUITE, 0);
    let mut receiver = receiver(64);
    for ssrc in 1..=16 {
        receiver
            .take_from(ssrc, &srtp_of(&context, ssrc, 9))
            .unwrap();
    }
    receiver.shared = Some(0x5000);
    let old = srtp_of(&context, 17, 0x1000);
    assert_eq!(receiver.take_from(17, &old), Err(Refused::TooOld));
    receiver.shared = None;
    for ssrc in 1..=16 {
        let again = srtp_of(&context, ssrc, 9);
        assert_eq!(receiver.take_from(ssrc, &again), Err(Refused::Replayed));
    }
}

/// The target is made anew with each change of a call; what the shared counter says is that its packets were received
/// up to there.
#[test]
fn field_14_a_recorded_packet_is_not_accepted_by_a_new_target() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtp()) {
        let context = context(suite, 0);
        let highest = 0x0003_2000;
        for window in [64, 1024] {
            for recorded in [
                0,
                3,
                0x1fff,
                0x2000,
                0x2001,
                0x9000,
                0xffff,
                0x1_2000,
                0x2_1fff,
                0x2_9000,
                highest - 1024,
                highest - 0x1000,
                0x3_0000,
            ] {
                let mut receiver = Receiver::new(common::srtp::context(suite, 0), window);
                receiver.shared = Some(highest);
                let taken = receiver.take(&srtp_of(&context, SSRC, recorded));
                assert!(taken.is_err(), "{}, {recorded:x}", suite.name);
                // Nothing of the stream that follows is lost, be it late or early.
                for index in [
                    highest + 3,
                    highest + 1,
                    highest - 60,
                    highest + 2,
                    highest + 90,
                ] {
                    let packet = srtp_of(&context, SSRC, index);
                    assert_eq!(receiver.take(&packet), Ok(index), "{}", suite.name);
                    assert_eq!(receiver.take(&packet), Err(Refused::Replayed));
                }
            }
        }
    }
}

/// The first round is guessed as long as the stream is in it.
#[test]
fn field_14_the_first_round_is_guessed_only_from_there() {
    let recorded = srtp(0x2000);
    for (shared, expected) in [
        (None, Ok(0x2000)),
        (Some(0x1000), Ok(0x2000)),
        (Some(0x2000 + 63), Ok(0x2000)),
        (Some(0x2000 + 64), Err(Refused::TooOld)),
        (Some(0xc000), Err(Refused::TooOld)),
        (Some(0x1_0000), Err(Refused::TooOld)),
        (Some(0x1_c000), Err(Refused::NotAuthentic)),
        (Some(0x2_0000), Err(Refused::NotAuthentic)),
        (Some(0xffff_0000), Err(Refused::NotAuthentic)),
    ] {
        let mut receiver = receiver(64);
        receiver.shared = shared;
        assert_eq!(receiver.take(&recorded), expected, "{shared:x?}");
    }
}

/// A stream that goes on over a rollover while its target is made anew with every few packets.
#[test]
fn field_14_genuine_packets_are_not_lost_by_new_targets() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtp()) {
        let context = context(suite, 0);
        let mut shared = None;
        for start in [0xfff0u32, 0x1_8000, 0x1_fff0, 0x2_7000] {
            // Leaps that a receiver can follow.
            for first in (start..start + 0x40).step_by(3) {
                let mut receiver = Receiver::new(common::srtp::context(suite, 0), 1024);
                for index in [first + 1, first, first + 2] {
                    receiver.shared = shared;
                    let packet = srtp_of(&context, SSRC, index);
                    assert_eq!(receiver.take(&packet), Ok(index), "{}", suite.name);
                    shared = shared.max(Some(index));
                }
            }
        }
    }
}

/// Userspace judges what is too old; what was received before goes nowhere. Each has a reason of its own.
#[test]
fn field_19_what_is_too_old_to_judge_is_passed() {
    let mut receiver = receiver(1024);
    receiver.shared = Some(0x9000);
    for index in 0x9000..0x9400 {
        receiver.take(&srtp(index)).unwrap();
    }
    let reason = |refused: Result<u32, Refused>| Reason::from(refused.unwrap_err());
    let replay = reason(receiver.take(&srtp(0x9000)));
    let old = reason(receiver.take(&srtp(0x8fff)));
    assert_eq!((replay, old), (Reason::Replayed, Reason::TooOld));
    assert_eq!((replay.fate(), old.fate()), (Fate::Drop, Fate::Pass));
    assert!(replay.is_error() && old.is_error());
    // A sender that starts again lower, under its key.
    for index in 0x3000..0x3010 {
        assert_eq!(receiver.take(&srtp(index)), Err(Refused::TooOld));
    }
    assert_eq!(receiver.take(&srtp(0x9400)), Ok(0x9400));
}

#[test]
fn defect_07_forged_packets_of_unlisted_ssrcs_take_no_place() {
    let context = context(SUITE, 0);
    let mut receiver = receiver(64);
    let packet = srtp_of(&context, 1, 100);
    receiver.take_from(1, &packet).unwrap();
    for ssrc in 2..100 {
        let mut forged = srtp_of(&context, ssrc, 100);
        forged[20] ^= 1;
        let refused = receiver.take_from(ssrc, &forged);
        assert_eq!(refused, Err(Refused::NotAuthentic));
    }
    assert_eq!(receiver.take_from(1, &packet), Err(Refused::Replayed));
}

/// Without authentication nothing tells a replay, and there is one index that is most likely.
#[test]
fn what_is_not_authenticated_is_decrypted_with_the_most_likely_index() {
    for suite in ALL.iter().filter(|suite| !suite.authenticates_rtp()) {
        let context = context(suite, 0);
        let mut receiver = Receiver::new(common::srtp::context(suite, 0), 64);
        for index in [
            0x8000, 0xfff0, 0xfff0, 0x1_0002, 0xffff, 0x1_0002, 0x1_7000, 0x1_0003,
        ] {
            let packet = srtp_of(&context, SSRC, index);
            assert_eq!(receiver.take(&packet), Ok(index), "{}", suite.name);
        }
    }
    for suite in ALL.iter().filter(|suite| !suite.authenticates_rtcp()) {
        let context = context(suite, 0);
        let mut receiver = Receiver::new(common::srtp::context(suite, 0), 64);
        for index in [5, 500, 5, 5] {
            let packet = protect_rtcp(&context, rtcp(200, 6), index, b"");
            assert_eq!(receiver.take_rtcp(&packet), Ok((rtcp(200, 6), index)));
        }
    }
}

/// What a window does, in the simplest words.
struct Model {
    size: u32,
    used: Vec<u32>,
}

impl Model {
    fn age(&self, index: u32) -> Age {
        let size = self.size.min(CAPACITY);
        match self.used.iter().max() {
            Some(&highest) if index > highest => Age::New,
            Some(&highest) if u64::from(index) + u64::from(size) <= highest.into() => Age::Old,
            Some(_) if self.used.contains(&index) => Age::Used,
            Some(_) => Age::Late,
            None => Age::New,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_window_does_what_it_is_to_do(
        size in prop_oneof![1..200u32, 1000..1100u32],
        start in prop_oneof![0..5000u32, 0xfff0..0x2_0000u32, 0xffff_0000..u32::MAX],
        steps in proptest::collection::vec(
            prop_oneof![8 => -70..40i32, 2 => -1100..1200i32, 1 => -3000..70_000i32],
            1..300,
        ),
    ) {
        let mut window = Window::<16>::EMPTY;
        let mut model = Model { size, used: Vec::new() };
        let mut at = start;
        for step in steps {
            let index = at.saturating_add_signed(step);
            let age = window.age(index, size);
            prop_assert_eq!(age, model.age(index), "{} after {:?}", index, model.used);
            if matches!(age, Age::New | Age::Late) {
                window.mark(index);
                model.used.push(index);
            }
            prop_assert_eq!(window.highest(), model.used.iter().max().copied());
            at = window.highest().unwrap();
        }
    }

    /// Losses, reordering and duplicates within the window: each packet is accepted once.
    #[test]
    fn every_packet_within_the_window_is_accepted_once(
        start in prop_oneof![0..0x1_0000u32, 0x4_fff0..0x5_0000u32],
        order in proptest::collection::vec((0..64u32, 0..3usize), 300),
    ) {
        let mut receiver = receiver(64);
        receiver.shared = Some(start);
        let mut packets: Vec<(u32, u32)> = Vec::new();
        for (at, (late, copies)) in order.into_iter().enumerate() {
            let at = at as u32;
            packets.extend(std::iter::repeat_n((at + late, start + at), copies));
        }
        packets.sort_unstable();
        let mut seen = std::collections::HashSet::new();
        for (_, index) in packets {
            let expected = if seen.insert(index) { Ok(index) } else { Err(Refused::Replayed) };
            prop_assert_eq!(receiver.take(&srtp(index)), expected);
            receiver.shared = None;
        }
    }
}
