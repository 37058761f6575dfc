// SPDX-License-Identifier: GPL-2.0-only

//! Loss and jitter.

use proptest::prelude::*;
use rtp_media::receiver::{update, Arrival, SourceState};

/// A receiver of 20 ms packets at 8 kHz.
#[derive(Default)]
struct Receiver {
    state: SourceState,
    lost: u32,
}

impl Receiver {
    fn take(&mut self, sequence: u16) -> &mut Self {
        self.take_at(
            sequence,
            u64::from(sequence) * 20_000,
            u32::from(sequence) * 160,
        )
    }

    fn take_at(&mut self, sequence: u16, time_us: u64, timestamp: u32) -> &mut Self {
        let arrival = Arrival {
            sequence,
            index: None,
            timestamp,
            time_us: 1_700_000_000_000_000 + time_us,
            clock_rate: 8000,
        };
        let update = update(&self.state, &arrival);
        self.state = update.state;
        self.lost += update.newly_lost;
        assert_eq!(self.state.total_lost, self.lost);
        self
    }

    fn take_all(&mut self, sequences: impl IntoIterator<Item = u16>) -> &mut Self {
        for sequence in sequences {
            self.take(sequence);
        }
        self
    }
}

#[test]
fn nothing_is_lost_of_a_whole_stream() {
    for start in [0, 1, 5, 256, 257, 1000, 0x8000, 0xff00, 0xfeff, 0xffff] {
        let mut receiver = Receiver::default();
        receiver.take_all((0..500u16).map(|i| i.wrapping_add(start)));
        assert_eq!(receiver.lost, 0, "{start}");
        assert_eq!(receiver.state.ext_seq, u32::from(start) + 499);
        assert_eq!(receiver.state.lost_bits, u32::MAX);
    }
}

#[test]
fn either_initial_field_will_do() {
    for lost_bits in [0, u32::MAX] {
        let mut receiver = Receiver {
            state: SourceState {
                lost_bits,
                ..SourceState::default()
            },
            lost: 0,
        };
        receiver.take_all(100..200);
        assert_eq!(receiver.lost, 0);
        assert_eq!(receiver.state.ext_seq, 199);
    }
}

#[test]
fn a_loss_counts_when_it_leaves_the_field() {
    let mut receiver = Receiver::default();
    receiver.take_all(1000..1010).take_all(1011..1042);
    assert_eq!(receiver.lost, 0);
    assert_eq!(receiver.state.lost_bits, 0x7fff_ffff);
    receiver.take(1042);
    assert_eq!(receiver.lost, 1);
    receiver.take_all(1043..2000);
    assert_eq!(receiver.lost, 1);
}

#[test]
fn a_late_packet_is_no_loss() {
    let mut receiver = Receiver::default();
    receiver
        .take_all(1000..1010)
        .take_all(1011..1042)
        .take(1010);
    assert_eq!(receiver.state.ext_seq, 1041);
    assert_eq!(receiver.state.lost_bits, u32::MAX);
    receiver.take_all(1042..2000);
    assert_eq!(receiver.lost, 0);
}

#[test]
fn a_packet_later_than_the_field_stays_lost() {
    let mut receiver = Receiver::default();
    receiver.take_all(1000..1010).take_all(1011..1043);
    let before = receiver.state;
    receiver.take(1010);
    assert_eq!(receiver.lost, 1);
    assert_eq!(receiver.state.lost_bits, before.lost_bits);
    assert_eq!(receiver.state.ext_seq, before.ext_seq);
}

#[test]
fn gaps_count_what_is_missing() {
    for gap in [1u16, 2, 30, 31, 32, 33, 40, 100, 255] {
        let mut receiver = Receiver::default();
        receiver
            .take_all(1000..1100)
            .take_all(1100 + gap..1500 + gap);
        assert_eq!(receiver.lost, u32::from(gap), "{gap}");
        assert_eq!(receiver.state.ext_seq, 1499 + u32::from(gap));
    }
}

#[test]
fn a_duplicate_changes_no_count() {
    let mut receiver = Receiver::default();
    receiver.take_all(1000..1100);
    let before = receiver.state;
    receiver.take(1099);
    assert_eq!(receiver.state.ext_seq, before.ext_seq);
    assert_eq!(receiver.state.lost_bits, before.lost_bits);
    assert_eq!(receiver.lost, 0);
}

#[test]
fn a_long_jump_starts_anew() {
    for jump in [257u16, 300, 0x8000, 0xfefe] {
        let mut receiver = Receiver::default();
        receiver.take_all(1000..1050);
        let to = 1049u16.wrapping_add(jump);
        receiver.take(to);
        assert_eq!(receiver.state.ext_seq, u32::from(to), "{jump}");
        assert_eq!(receiver.state.lost_bits, u32::MAX);
        assert_eq!(receiver.lost, 0);
    }
    // The longest that is none, ahead and behind.
    let mut receiver = Receiver::default();
    receiver.take_all(1000..1050).take(1049 + 256);
    assert_eq!(receiver.lost, 224);
    let mut receiver = Receiver::default();
    receiver.take_all(1000..1050).take(1049 - 257);
    assert_eq!(receiver.state.ext_seq, 1049);
}

#[test]
fn sequence_numbers_wrap() {
    let mut receiver = Receiver::default();
    receiver.take_all(65_000..=65_535).take_all(0..10);
    assert_eq!(receiver.state.ext_seq, 0x1_0009);
    assert_eq!(receiver.lost, 0);
    receiver.take_all(12..500);
    assert_eq!(receiver.lost, 2);
}

#[test]
fn an_even_stream_has_no_jitter() {
    let mut receiver = Receiver::default();
    receiver.take_all(1000..1500);
    assert_eq!(receiver.state.jitter, 0);
    assert_ne!(receiver.state.transit, 0);
}

#[test]
fn jitter_is_as_in_the_rfc() {
    let mut receiver = Receiver::default();
    receiver.take(1000);
    assert_eq!(receiver.state.jitter, 0);
    // 2 ms late: 16 units, and the field is in sixteenths.
    receiver.take_at(1001, 1001 * 20_000 + 2000, 1001 * 160);
    assert_eq!(receiver.state.jitter, 16);
    // On time again: 16 units earlier.
    receiver.take(1002);
    assert_eq!(receiver.state.jitter, 16 + 16 - 1);
    for sequence in (1003..1403).step_by(2) {
        receiver.take_at(
            sequence,
            u64::from(sequence) * 20_000 + 2000,
            u32::from(sequence) * 160,
        );
        receiver.take(sequence + 1);
    }
    assert_eq!(receiver.state.jitter >> 4, 15);
}

#[test]
fn the_first_packet_has_no_jitter() {
    let arrival = Arrival {
        sequence: 1,
        index: None,
        timestamp: 0,
        time_us: 1_500_000,
        clock_rate: 8000,
    };
    let update = update(&SourceState::default(), &arrival);
    assert_eq!(update.state.transit, 12_000);
    assert_eq!(update.state.jitter, 0);
}

#[test]
fn jitter_decays_rounded() {
    for (before, after) in [(7, 7), (8, 7), (23, 22), (24, 22), (u32::MAX, u32::MAX)] {
        let state = SourceState {
            transit: 12_000,
            jitter: before,
            ..SourceState::default()
        };
        let arrival = Arrival {
            sequence: 1,
            index: None,
            timestamp: 0,
            time_us: 1_500_000,
            clock_rate: 8000,
        };
        assert_eq!(update(&state, &arrival).state.jitter, after, "{before}");
    }
}

#[test]
fn jumps_of_transit_time_are_no_jitter() {
    let mut receiver = Receiver::default();
    receiver
        .take(1000)
        .take_at(1001, 1001 * 20_000, 1001 * 160 + 100_000);
    assert_eq!(receiver.state.jitter, 0);
    receiver.take_at(1002, 1002 * 20_000, 1002 * 160 + 100_000 - 99_999);
    assert_eq!(receiver.state.jitter, 99_999);

    let mut receiver = Receiver::default();
    receiver
        .take(1000)
        .take_at(1001, 1001 * 20_000, 1001 * 160 - 100_000);
    assert_eq!(receiver.state.jitter, 0);
}

#[test]
fn transit_is_exact_to_the_unit() {
    let state = SourceState::default();
    let at = |time_us, clock_rate| {
        let arrival = Arrival {
            sequence: 1,
            index: None,
            timestamp: 0,
            time_us,
            clock_rate,
        };
        update(&state, &arrival).state.transit
    };
    assert_eq!(at(1_500_000, 8000), 12_000);
    assert_eq!(at(125, 8000), 1);
    assert_eq!(at(124, 8000), 0);
    let now = 1_763_840_000_123_456_u64;
    let exact = u128::from(now) * 48_000 / 1_000_000;
    assert_eq!(at(now, 48_000), exact as u32);
}

#[test]
fn an_authentic_index_is_kept_across_a_jump() {
    let state = SourceState {
        ext_seq: 0x0002_1000,
        lost_bits: u32::MAX,
        ..SourceState::default()
    };
    let mut arrival = Arrival {
        sequence: 0x2000,
        index: None,
        timestamp: 0,
        time_us: 0,
        clock_rate: 8000,
    };
    assert_eq!(update(&state, &arrival).state.ext_seq, 0x2000);
    arrival.index = Some(0x0002_2000);
    assert_eq!(update(&state, &arrival).state.ext_seq, 0x0002_2000);
}

/// Whatever is authentic, and however late, the highest index stays.
#[test]
fn field_14_no_packet_moves_the_highest_index_back() {
    let arrival = |index: u32| Arrival {
        sequence: index as u16,
        index: Some(index),
        timestamp: 0,
        time_us: 0,
        clock_rate: 8000,
    };
    for lost_bits in [0, 1, 0x0f0f, u32::MAX] {
        for highest in [5, 0xffff, 0x0002_1000, u32::MAX] {
            let state = SourceState {
                ext_seq: highest,
                lost_bits,
                ..SourceState::default()
            };
            for index in [
                0,
                1,
                highest / 2,
                highest & 0xffff,
                highest.saturating_sub(0x1_0000),
                highest.saturating_sub(1000),
                highest.saturating_sub(257),
                highest.saturating_sub(1),
                highest,
                highest.saturating_add(1),
                highest.saturating_add(300),
                highest.saturating_add(0x2_0000),
            ] {
                let ext_seq = update(&state, &arrival(index)).state.ext_seq;
                assert_eq!(ext_seq, highest.max(index), "{index:x} after {highest:x}");
            }
        }
    }
}

/// A late packet of a known index is noted where it belongs, and a rollover is no jump.
#[test]
fn indices_are_tracked_like_sequence_numbers() {
    let arrival = |index: u32| Arrival {
        sequence: index as u16,
        index: Some(index),
        timestamp: 0,
        time_us: 0,
        clock_rate: 8000,
    };
    let mut state = SourceState::default();
    let mut lost = 0;
    for index in (0x0000_fff0..0x0001_0010)
        .filter(|index| index % 8 != 3)
        .chain([0x1_000b])
    {
        let update = update(&state, &arrival(index));
        state = update.state;
        lost += update.newly_lost;
    }
    assert_eq!((state.ext_seq, lost), (0x1_000f, 0));
    // Those that are missing but the one that came late, by how far back they are.
    let missing: Vec<u32> = (0..32)
        .filter(|back| state.lost_bits & (1 << back) == 0)
        .collect();
    assert_eq!(missing, [12, 20, 28]);
    assert_eq!(
        update(&state, &arrival(0x1_000f + 32)).newly_lost,
        31 + 3 - 31
    );
}

proptest! {
    #[test]
    fn any_values_at_all(
        ext_seq in any::<u32>(), lost_bits in any::<u32>(), total_lost in any::<u32>(),
        transit in any::<u32>(), jitter in any::<u32>(), sequence in any::<u16>(),
        timestamp in any::<u32>(), time_us in any::<u64>(), clock_rate in any::<u32>(),
    ) {
        let state = SourceState { ext_seq, lost_bits, total_lost, transit, jitter };
        let update = update(&state, &Arrival { sequence, index: None, timestamp, time_us, clock_rate });
        prop_assert!(update.newly_lost <= 256);
        prop_assert_eq!(update.state.total_lost, total_lost.wrapping_add(update.newly_lost));
        prop_assert!(update.state.lost_bits != 0);
    }

    #[test]
    fn losses_are_found_whatever_the_pattern(seen in proptest::collection::vec(any::<bool>(), 1..200)) {
        let mut receiver = Receiver::default();
        receiver.take(1000);
        let mut expected = 0;
        for (sequence, &seen) in (1001..).zip(&seen) {
            if seen {
                receiver.take(sequence);
            } else {
                expected += 1;
            }
        }
        // Until all of them have left the field.
        let end = 1001 + seen.len() as u16;
        receiver.take_all(end..end + 40);
        prop_assert_eq!(receiver.lost, expected);
    }
}
