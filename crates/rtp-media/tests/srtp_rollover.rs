// SPDX-License-Identifier: GPL-2.0-only

//! Which rollover counter a packet is taken for.

use crate::common::srtp::{context, rtp_of, srtp_of, Receiver, SSRC};
use host_crypto::suites::{Suite, ALL};
use host_crypto::HostCrypto;
use rtp_media::srtp::index::Refused;
use rtp_media::srtp::Context;

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

/// What others know may be one rollover behind, right after joining, and when packets are known already.
/// Where it is one ahead the packet is old.
#[test]
fn a_wrong_shared_counter() {
    let index = 0x0003_4001;
    for (shared, is_old) in [
        (0x0002_4000, false),
        (0x0002_b000, false),
        (0x0003_0000, false),
        (0x0003_ffff, true),
        (0x0004_4000, true),
    ] {
        for (suite, context, mut receiver) in suites() {
            if !suite.authenticates_rtp() {
                continue;
            }
            for index in index..index + 3 {
                receiver.shared = Some(shared);
                let packet = srtp_of(&context, SSRC, index);
                let expected = if is_old {
                    Err(Refused::TooOld)
                } else {
                    Ok(index)
                };
                assert_eq!(receiver.take(&packet), expected, "{}", suite.name);
                let again = if is_old {
                    Refused::TooOld
                } else {
                    Refused::Replayed
                };
                assert_eq!(receiver.take(&packet), Err(again));
            }
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
fn the_packets_of_the_rounds_differ() {
    assert_eq!(rtp_of(SSRC, 5)[..12], rtp_of(SSRC, 0x1_0005)[..12]);
    assert_ne!(srtp(5), srtp(0x1_0005));
}
