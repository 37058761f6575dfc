// SPDX-License-Identifier: GPL-2.0-only

//! Nothing is accepted twice, and nothing that is too late.

use crate::common;
use std::sync::LazyLock;

use crate::common::rtcp;
use crate::common::srtp::{context, protect_rtcp, srtp_of, Receiver, SSRC};
use host_crypto::suites::{Suite, ALL};
use host_crypto::HostCrypto;
use proptest::prelude::*;
use rtp_media::srtp::{Context, Refused, Sender, Window, WINDOW_CAPACITY};

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

/// The last packet that is not too late is accepted, once; the one before it is not.
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
            Err(Refused::Replayed),
            "{window}"
        );
        if last < highest {
            assert_eq!(receiver.take(&srtp(last)), Ok(last), "{window}");
        }
        assert_eq!(receiver.take(&srtp(last)), Err(Refused::Replayed));
        assert_eq!(receiver.take(&srtp(highest)), Err(Refused::Replayed));
        assert_eq!(receiver.take(&srtp(highest + 1)), Ok(highest + 1));
        assert_eq!(receiver.take(&srtp(last)), Err(Refused::Replayed));
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
    assert_eq!(receiver.take(&srtp(0x0000_2000)), Ok(0x0000_2000));
    // What the module stores then, because it cannot tell.
    receiver.shared = Some(0x0000_2000);
    assert_eq!(receiver.take(&srtp(0x0005_1002)), Ok(0x0005_1002));
    receiver.shared = None;
    assert_eq!(receiver.take(&srtp(0x0005_1003)), Ok(0x0005_1003));
}

#[test]
fn defect_08_old_packets_of_an_earlier_round_are_replays() {
    let mut receiver = receiver(64);
    let old = [0x0000_0005, 0x0000_9000, 0x0001_fff0, 0x0002_0003];
    receiver.shared = Some(0);
    for index in old {
        receiver.shared = Some(index);
        assert_eq!(receiver.take(&srtp(index)), Ok(index));
    }
    receiver.shared = Some(0x0002_8000);
    receiver.take(&srtp(0x0002_8001)).unwrap();
    for shared in [None, Some(0), Some(0x0002_8001), Some(0x0003_0000)] {
        receiver.shared = shared;
        for index in old {
            assert_eq!(receiver.take(&srtp(index)), Err(Refused::Replayed));
        }
        // Of the first round, which the guess of zero would find: never seen, but too old.
        assert_eq!(receiver.take(&srtp(0x0000_7000)), Err(Refused::Replayed));
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

#[test]
fn the_rollover_counter_itself_rolls_over() {
    let mut receiver = receiver(64);
    receiver.shared = Some(0xffff_fff0);
    for index in 0xffff_fff0..=0xffff_ffff {
        assert_eq!(receiver.take(&srtp(index)), Ok(index));
    }
    receiver.shared = None;
    assert_eq!(receiver.take(&srtp(3)), Ok(3));
    assert_eq!(receiver.take(&srtp(2)), Ok(2));
    assert_eq!(receiver.take(&srtp(2)), Err(Refused::Replayed));
    // There is nothing before the first round.
    assert!(receiver.take(&srtp(0xffff_ffff)).is_err());
    assert_eq!(receiver.take(&srtp(4)), Ok(4));
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
        assert_eq!(receiver.take_rtcp(&srtcp(2)), Err(Refused::Replayed));
        assert!(receiver.take_rtcp(&srtcp(4)).is_ok());
        // What is authentic has no other index.
        assert!(receiver.take_rtcp(&srtcp(0x7fff_ffff)).is_ok());
    }
}

/// The places of packets that were skipped are not those of packets before the window.
#[test]
fn what_was_skipped_may_come_late() {
    for skipped in 1..200 {
        let mut window = Window::default();
        let first = 0xffff_ff00u32;
        for step in 0..WINDOW_CAPACITY {
            window.accept(first.wrapping_add(step));
        }
        let next = first.wrapping_add(WINDOW_CAPACITY);
        window.accept(next.wrapping_add(skipped));
        for step in 0..skipped {
            assert!(!window.is_replay(next.wrapping_add(step), WINDOW_CAPACITY));
        }
        assert!(window.is_replay(next.wrapping_add(skipped), WINDOW_CAPACITY));
        assert!(window.is_replay(next.wrapping_sub(1), WINDOW_CAPACITY));
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

/// Unlisted SSRCs are remembered like others, the last four of them.
#[test]
fn unlisted_ssrcs() {
    let context = context(SUITE, 0);
    let mut receiver = receiver(64);
    let sender = |ssrc| Sender { listed: None, ssrc };
    let mut take = |ssrc, index| receiver.take_from(sender(ssrc), &srtp_of(&context, ssrc, index));
    for ssrc in 1..=4 {
        assert_eq!(take(ssrc, 100), Ok(100));
    }
    for ssrc in 1..=4 {
        assert_eq!(take(ssrc, 100), Err(Refused::Replayed));
        assert_eq!(take(ssrc, 99), Ok(99));
    }
    // The fifth takes the place of the first, with nothing of its past.
    assert_eq!(take(5, 20), Ok(20));
    for ssrc in 2..=4 {
        assert_eq!(take(ssrc, 100), Err(Refused::Replayed));
    }
    assert_eq!(take(5, 20), Err(Refused::Replayed));
    assert_eq!(take(1, 5), Ok(5));
    assert_eq!(take(2, 5), Ok(5), "the first took the place of the second");
}

#[test]
fn defect_07_forged_packets_of_unlisted_ssrcs_take_no_place() {
    let context = context(SUITE, 0);
    let mut receiver = receiver(64);
    let sender = |ssrc| Sender { listed: None, ssrc };
    let packet = srtp_of(&context, 1, 100);
    receiver.take_from(sender(1), &packet).unwrap();
    for ssrc in 2..100 {
        let mut forged = srtp_of(&context, ssrc, 100);
        forged[20] ^= 1;
        assert_eq!(
            receiver.take_from(sender(ssrc), &forged),
            Err(Refused::NotAuthentic)
        );
    }
    assert_eq!(
        receiver.take_from(sender(1), &packet),
        Err(Refused::Replayed)
    );
}

#[test]
fn defect_04_an_index_that_no_target_lists_is_nobodys() {
    let context = context(SUITE, 0);
    let mut receiver = receiver(64);
    let unlisted = Sender {
        listed: None,
        ssrc: 9,
    };
    receiver
        .take_from(unlisted, &srtp_of(&context, 9, 10))
        .unwrap();
    for listed in 4..=255 {
        let sender = Sender {
            listed: Some(listed),
            ssrc: SSRC,
        };
        let packet = srtp_of(&context, SSRC, 1000 + u32::from(listed));
        receiver.take_from(sender, &packet).unwrap();
    }
    assert_eq!(
        receiver.take_from(unlisted, &srtp_of(&context, 9, 10)),
        Err(Refused::Replayed)
    );
    assert_eq!(
        receiver.take_from(unlisted, &srtp_of(&context, 9, 11)),
        Ok(11)
    );
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
    accepted: Vec<u32>,
}

impl Model {
    fn is_replay(&self, index: u32) -> bool {
        let Some(&highest) = self.accepted.iter().max() else {
            return false;
        };
        let size = self.size.min(WINDOW_CAPACITY);
        size > 0 && (index.saturating_add(size) <= highest || self.accepted.contains(&index))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_window_does_what_it_is_to_do(
        size in prop_oneof![Just(0u32), 1..200u32, 1000..1100u32],
        start in prop_oneof![0..5000u32, 0xfff0..0x2_0000u32],
        steps in proptest::collection::vec(
            prop_oneof![8 => -70..40i32, 2 => -1100..1200i32, 1 => -3000..70_000i32],
            1..300,
        ),
    ) {
        let mut window = Window::default();
        let mut model = Model { size, accepted: Vec::new() };
        let mut at = start;
        for step in steps {
            let index = at.saturating_add_signed(step);
            let is_replay = window.is_replay(index, size);
            prop_assert_eq!(is_replay, model.is_replay(index), "{} after {:?}", index, model.accepted);
            if !is_replay {
                window.accept(index);
                model.accepted.push(index);
            }
            prop_assert_eq!(window.highest(), model.accepted.iter().max().copied());
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
