// SPDX-License-Identifier: GPL-2.0-only

//! Which rollover counter a packet is taken for.

use crate::common::srtp::{context, rtp_of, srtp_of, Receiver, SSRC};
use host_crypto::suites::{Suite, ALL};
use host_crypto::HostCrypto;
use rtp_media::srtp::{Context, Refused, Rollovers};

const SUITE: &Suite = &ALL[0];

fn receiver() -> Receiver<HostCrypto> {
    Receiver::new(context(SUITE, 0), 64)
}

fn srtp(index: u32) -> Vec<u8> {
    srtp_of(&context(SUITE, 0), SSRC, index)
}

fn suites() -> impl Iterator<Item = (&'static Suite, Context<HostCrypto>, Receiver<HostCrypto>)> {
    ALL.iter().map(|suite| {
        let receiver = Receiver::new(context(suite, 0), 64);
        (suite, context(suite, 0), receiver)
    })
}

#[test]
fn a_stream_rolls_over_in_every_suite() {
    for (suite, context, mut receiver) in suites() {
        for index in (0xff00..0x1_0100).chain(0x1_ff00..0x2_0100) {
            if index & 0xffff == 0xff00 {
                receiver.shared = Some(index);
            }
            let packet = srtp_of(&context, SSRC, index);
            assert_eq!(receiver.take(&packet), Ok(index), "{}", suite.name);
            receiver.shared = None;
        }
    }
}

/// What others know may be one rollover ahead, one behind, or nothing: right after joining, and when
/// packets are known already.
#[test]
fn a_wrong_shared_counter() {
    for (suite, context, mut receiver) in suites() {
        if !suite.authenticates_rtp() {
            continue;
        }
        let at = |shared| {
            let mut index = 0x0003_4000u32;
            move || {
                index += 1;
                (index, Some(shared))
            }
        };
        for shared in [0x0004_4000, 0x0002_4000, 0x0003_ffff, 0x0003_0000] {
            let mut next = at(shared);
            for _ in 0..3 {
                let (index, shared) = next();
                receiver.shared = shared;
                let packet = srtp_of(&context, SSRC, index);
                assert_eq!(receiver.take(&packet), Ok(index), "{}", suite.name);
                assert_eq!(receiver.take(&packet), Err(Refused::Replayed));
            }
            receiver.sources = rtp_media::srtp::Sources::new(64);
        }
    }
}

/// The first round is found whatever others think.
#[test]
fn a_wrong_shared_counter_in_the_first_round() {
    for shared in [0, 5, 0x0001_4000, 0x0007_4000, 0xffff_ffff] {
        let mut receiver = receiver();
        receiver.shared = Some(shared);
        for index in 0x4000..0x4010 {
            assert_eq!(receiver.take(&srtp(index)), Ok(index), "{shared:x}");
        }
    }
}

/// Two rollovers away is not found: the packet is not of this stream.
#[test]
fn a_shared_counter_that_is_far_off() {
    for shared in [0x0001_4000, 0x0005_4000] {
        let mut receiver = receiver();
        receiver.shared = Some(shared);
        assert_eq!(
            receiver.take(&srtp(0x0003_4000)),
            Err(Refused::NotAuthentic)
        );
    }
}

/// Once a packet was authentic, what others know does not matter any more.
#[test]
fn what_was_authentic_wins_over_what_others_know() {
    let mut receiver = receiver();
    receiver.shared = Some(0x0009_ffff);
    receiver.take(&srtp(0x0009_ffff)).unwrap();
    for (shared, index) in [
        (0, 0x000a_0000),
        (0x0100_0000, 0x000a_0001),
        (0xffff_ffff, 0x000a_0002),
        (0x0001_8000, 0x0009_fffe),
    ] {
        receiver.shared = Some(shared);
        assert_eq!(receiver.take(&srtp(index)), Ok(index), "{shared:x}");
        assert_eq!(receiver.take(&srtp(index)), Err(Refused::Replayed));
    }
}

/// A gap of up to a half round is no rollover; after a longer one the guess of one more finds it.
#[test]
fn gaps() {
    for gap in [
        1, 0x7fff, 0x8000, 0x8001, 0xc000, 0xffff, 0x1_0000, 0x1_7fff,
    ] {
        for start in [0, 0x7fff, 0x8000, 0xffff, 0x0003_0000, 0x0003_8000] {
            let mut receiver = receiver();
            receiver.shared = Some(start);
            receiver.take(&srtp(start)).unwrap();
            receiver.shared = None;
            let index = start + gap;
            assert_eq!(receiver.take(&srtp(index)), Ok(index), "{start:x}+{gap:x}");
            assert_eq!(receiver.take(&srtp(index + 1)), Ok(index + 1));
        }
    }
}

/// A packet that is not authentic is not called a replay because a guess would be one.
#[test]
fn a_forged_packet_is_no_replay() {
    for index in [0x0000_4000, 0x0001_4000, 0x0003_c000] {
        let mut receiver = receiver();
        receiver.shared = Some(index);
        receiver.take(&srtp(index)).unwrap();
        let mut forged = srtp(index + 1);
        *forged.last_mut().unwrap() ^= 1;
        assert_eq!(receiver.take(&forged), Err(Refused::NotAuthentic));
    }
}

#[test]
fn what_is_sent_rolls_over_for_each_ssrc() {
    let mut rollovers = Rollovers::default();
    for index in 0..0x2_0010u32 {
        assert_eq!(rollovers.advance(1, index as u16), Some(index));
    }
    assert_eq!(rollovers.advance(2, 0xffff), Some(0xffff));
    assert_eq!(rollovers.advance(2, 0), Some(0x1_0000));
    // A late one does not turn it back.
    assert_eq!(rollovers.advance(1, 0xffff), Some(0x1_ffff));
    assert_eq!(rollovers.advance(1, 0x0010), Some(0x2_0010));
    assert_eq!(rollovers.advance(1, 0x9000), Some(0x1_9000));
    assert_eq!(rollovers.advance(1, 0x0011), Some(0x2_0011));
}

/// Who sends packets of many SSRCs does not have an index come twice.
#[test]
fn no_index_is_sent_twice() {
    let mut rollovers = Rollovers::default();
    for index in 0x7ff0..0x1_0010u32 {
        assert_eq!(rollovers.advance(1, index as u16), Some(index));
    }
    // In the second half of their first round, two of them from before it on.
    for (ssrc, first, last) in [
        (2, 0xc000, 0xfff0),
        (3, 0x7fff, 0x8001),
        (4, 0, 0x7fff),
        (5, 0x7000, 0xe000),
    ] {
        assert_eq!(rollovers.advance(ssrc, first), Some(first.into()));
        assert_eq!(rollovers.advance(ssrc, last), Some(last.into()));
    }
    // Others take the places that are free, then those of 2 and 4.
    for ssrc in 100..1_000 {
        assert_eq!(rollovers.advance(ssrc, 7), Some(7));
    }
    assert_eq!(rollovers.advance(1, 0x0010), Some(0x1_0010));
    assert_eq!(rollovers.advance(3, 0x0000), Some(0x1_0000));
    assert_eq!(rollovers.advance(5, 0x0001), Some(0x1_0001));
    assert_eq!(rollovers.advance(4, 0x8000), Some(0x8000));
    assert_eq!(rollovers.advance(2, 0xfff1), Some(0xfff1));
}

#[test]
fn what_has_no_place_is_not_sent() {
    let mut rollovers = Rollovers::default();
    for ssrc in 1..=8 {
        assert_eq!(rollovers.advance(ssrc, 0x7fff), Some(0x7fff));
        assert_eq!(rollovers.advance(ssrc, 0x8000), Some(0x8000));
    }
    assert_eq!(rollovers.advance(9, 1), None);
    assert_eq!(rollovers.advance(1, 0x8001), Some(0x8001));
}

#[test]
fn the_packets_of_the_rounds_differ() {
    assert_eq!(rtp_of(SSRC, 5)[..12], rtp_of(SSRC, 0x1_0005)[..12]);
    assert_ne!(srtp(5), srtp(0x1_0005));
}
