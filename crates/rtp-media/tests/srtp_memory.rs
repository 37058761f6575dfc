// SPDX-License-Identifier: GPL-2.0-only

//! What is remembered of the indices that were sent, from one target to the next.

use proptest::prelude::*;
use rtp_media::srtp::index::{rtcp_index, Key, Memory, NoIndex, Slot, Used, LAST_RTCP};
use std::collections::{HashMap, HashSet};

const KEY: u64 = 0x1234_5678_9abc_def0;
const OTHER: u64 = 0x0fed_cba9_8765_4321;

/// Has an output use a key.
fn begin(memory: &mut Memory<Vec<Slot>>, number: u64, lane: u8) -> Option<Key> {
    let key = Key { number, lane };
    memory.begin(&key).then_some(key)
}

fn memory(slots: usize) -> Memory<Vec<Slot>> {
    Memory::new(vec![Slot::EMPTY; slots])
}

#[test]
fn field_15_indices_go_on_when_a_target_is_added_again() {
    let mut memory = memory(64);
    for round in 0..5u32 {
        let key = begin(&mut memory, KEY, 0).unwrap();
        for step in 0..3 {
            let expected = round * 3 + step;
            assert_eq!(memory.next_rtcp(&key), Ok(expected));
            let index = round * 0x6000 + step;
            assert_eq!(memory.next_rtp(&key, 7, index as u16), Ok(index));
            assert_eq!(memory.next_rtp(&key, 7, index as u16), Err(NoIndex::Used));
        }
        memory.end(&key);
    }
    // Nothing that was used before is used again: the rollover counter was not forgotten.
    let key = begin(&mut memory, KEY, 0).unwrap();
    assert_eq!(memory.next_rtp(&key, 7, 0x8002), Err(NoIndex::Used));
    assert_eq!(memory.next_rtp(&key, 7, 0x8003), Ok(0x1_8003));
    // Another key knows nothing of it, nor does another SSRC.
    let other = begin(&mut memory, OTHER, 0).unwrap();
    assert_eq!(memory.next_rtcp(&other), Ok(0));
    assert_eq!(memory.next_rtp(&other, 7, 5), Ok(5));
    assert_eq!(memory.next_rtp(&key, 8, 5), Ok(5));
}

/// Also where the new target comes before the old one has gone.
#[test]
fn field_15_outputs_with_one_key_share_what_is_remembered() {
    let mut memory = memory(64);
    let first = begin(&mut memory, KEY, 0).unwrap();
    assert_eq!(memory.next_rtcp(&first), Ok(0));
    let second = begin(&mut memory, KEY, 0).unwrap();
    for index in (1..9).step_by(2) {
        assert_eq!(memory.next_rtcp(&second), Ok(index));
        assert_eq!(memory.next_rtcp(&first), Ok(index + 1));
    }
    assert_eq!(memory.next_rtp(&first, 1, 0xffff), Ok(0xffff));
    memory.end(&first);
    assert_eq!(memory.next_rtp(&second, 1, 0), Ok(0x1_0000));
    memory.end(&second);
    let third = begin(&mut memory, KEY, 0).unwrap();
    assert_eq!(memory.next_rtcp(&third), Ok(9));
    assert_eq!(memory.next_rtp(&third, 1, 1), Ok(0x1_0001));
}

/// A target may send one packet to several outputs under one key: the same bytes, once to each.
#[test]
fn each_output_of_a_target_sends_a_packet_once() {
    let mut memory = memory(64);
    for _ in 0..2 {
        let lanes = [0, 1].map(|lane| begin(&mut memory, KEY, lane).unwrap());
        lanes.iter().for_each(|lane| memory.end(lane));
    }
    let lanes = [0, 1].map(|lane| begin(&mut memory, KEY, lane).unwrap());
    for index in 0xfff0..0x1_0010u32 {
        for lane in &lanes {
            assert_eq!(memory.next_rtp(lane, 1, index as u16), Ok(index));
            let again = memory.next_rtp(lane, 1, index as u16);
            assert_eq!(again, Err(NoIndex::Used));
        }
    }
    // RTCP of both is numbered together.
    assert_eq!(memory.next_rtcp(&lanes[0]), Ok(0));
    assert_eq!(memory.next_rtcp(&lanes[1]), Ok(1));
}

/// Counters that begin anew are told.
#[test]
fn field_15_others_are_told_what_was_used() {
    let mut memory = memory(64);
    let nothing = Used {
        highest_rtp: None,
        next_rtcp: 0,
    };
    assert_eq!(memory.used(KEY, 7), nothing);
    let key = begin(&mut memory, KEY, 0).unwrap();
    assert_eq!(memory.used(KEY, 7), nothing);
    memory.next_rtp(&key, 7, 0xffff).unwrap();
    memory.next_rtp(&key, 7, 3).unwrap();
    memory.next_rtcp(&key).unwrap();
    memory.end(&key);
    let used = |highest_rtp| Used {
        highest_rtp,
        next_rtcp: 1,
    };
    assert_eq!(memory.used(KEY, 7), used(Some(0x1_0003)));
    assert_eq!(memory.used(KEY, 8), used(None));
    assert_eq!(memory.used(OTHER, 7), nothing);
}

/// Those who count by themselves leave what they used.
#[test]
fn field_15_what_others_used_is_not_used_again() {
    let mut memory = memory(64);
    memory.raise(KEY, 7, 0x1_0010);
    memory.raise(KEY, 7, 0x1_0005);
    memory.raise(KEY, 8, 0);
    assert_eq!(memory.used(KEY, 7).highest_rtp, Some(0x1_0010));
    assert_eq!(memory.used(KEY, 8).highest_rtp, Some(0));
    let key = begin(&mut memory, KEY, 0).unwrap();
    for sequence in [0x10, 0x0f, 0x05, 0, 0xfff0] {
        let next = memory.next_rtp(&key, 7, sequence);
        assert_eq!(next, Err(NoIndex::Used), "{sequence:x}");
    }
    assert_eq!(memory.next_rtp(&key, 7, 0x11), Ok(0x1_0011));
    assert_eq!(memory.next_rtp(&key, 8, 0), Err(NoIndex::Used));
    // No more than there is room for, and no output keeps it.
    memory.end(&key);
    for ssrc in 0..1000 {
        memory.raise(OTHER, ssrc, 5);
    }
    let others: Vec<Key> = (0..64).map_while(|n| begin(&mut memory, n, 0)).collect();
    assert_eq!(others.len(), 64);
}

#[test]
fn field_16_srtcp_ends_with_its_last_index() {
    for (next, index) in [
        (0, Ok(0)),
        (LAST_RTCP, Ok(0x7fff_ffff)),
        (LAST_RTCP + 1, Err(NoIndex::UsedUp)),
        (u32::MAX, Err(NoIndex::UsedUp)),
    ] {
        assert_eq!(rtcp_index(next), index);
    }
}

/// Of the keys that no output uses, the one that was left first is forgotten first; those in use never are.
#[test]
fn field_15_the_oldest_without_a_target_goes_first() {
    const SLOTS: usize = 16;
    let mut memory = memory(SLOTS);
    let live = begin(&mut memory, 1, 0).unwrap();
    memory.next_rtp(&live, 1, 1).unwrap();
    // Keys 2 to 8 take the other 14 slots, two each.
    let used: Vec<Key> = (2..=8)
        .map(|key| {
            let used = begin(&mut memory, key, 0).unwrap();
            memory.next_rtp(&used, 1, 100).unwrap();
            memory.next_rtcp(&used).unwrap();
            used
        })
        .collect();
    // All are in use.
    assert_eq!(begin(&mut memory, 9, 0), None);
    assert_eq!(memory.next_rtp(&live, 2, 1), Err(NoIndex::NoPlace));
    assert_eq!(memory.next_rtp(&live, 1, 2), Ok(2));

    // They are left in another order than they came.
    for number in [3, 0, 5, 1, 2, 4, 6] {
        memory.end(&used[number]);
    }
    // One of them comes back, and is left last.
    let back = begin(&mut memory, 5, 0).unwrap();
    memory.end(&back);
    for (forgotten, ssrc) in [2u64, 7, 3, 4, 6, 8, 5].into_iter().zip((10..).step_by(2)) {
        assert_eq!(memory.used(forgotten, 1).next_rtcp, 1, "{forgotten}");
        for ssrc in ssrc..ssrc + 2 {
            assert_eq!(memory.next_rtp(&live, ssrc, 1), Ok(1));
        }
        let used = memory.used(forgotten, 1);
        assert_eq!((used.highest_rtp, used.next_rtcp), (None, 0), "{forgotten}");
    }
    assert_eq!(memory.next_rtp(&live, 99, 1), Err(NoIndex::NoPlace));
    // Nothing of the key in use was forgotten.
    assert_eq!(memory.next_rtp(&live, 1, 2), Err(NoIndex::Used));
    for ssrc in 10..24 {
        assert_eq!(memory.next_rtp(&live, ssrc, 1), Err(NoIndex::Used));
    }
}

/// An output that found no slot finds one later.
#[test]
fn field_15_who_found_no_slot_tries_again() {
    let mut memory = memory(2);
    let first = begin(&mut memory, KEY, 0).unwrap();
    assert_eq!(memory.next_rtp(&first, 1, 5), Ok(5));
    assert_eq!(begin(&mut memory, OTHER, 0), None);
    memory.end(&first);
    let second = begin(&mut memory, OTHER, 0).unwrap();
    assert_eq!(memory.next_rtp(&second, 1, 5), Ok(5));
    assert_eq!(begin(&mut memory, KEY, 0), None);
}

/// A key that nothing was sent under leaves nothing behind.
#[test]
fn what_was_not_used_takes_no_slot() {
    let mut memory = memory(2);
    for key in 0..100 {
        let used = begin(&mut memory, key, 0).unwrap();
        let second = begin(&mut memory, key, 1).unwrap();
        memory.end(&used);
        memory.end(&second);
    }
    let first = begin(&mut memory, 1, 0).unwrap();
    let second = begin(&mut memory, 2, 0).unwrap();
    assert_eq!(memory.next_rtcp(&first), Ok(0));
    assert_eq!(memory.next_rtcp(&second), Ok(0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever comes, no index is used twice under a key that is not forgotten, and keys in use are not.
    #[test]
    fn field_15_nothing_is_used_twice(
        steps in proptest::collection::vec((0..6u8, 0..6u64, 0..4u32, 0..0x4000u16), 1..400),
        slots in 1..40usize,
    ) {
        let mut memory = memory(slots);
        let mut live: HashMap<u64, Vec<Key>> = HashMap::new();
        let mut rtp: HashSet<(u64, u32, u32)> = HashSet::new();
        let mut rtcp: HashSet<(u64, u32)> = HashSet::new();
        let mut next: HashMap<(u64, u32), u16> = HashMap::new();
        for (what, key, ssrc, step) in steps {
            let users = live.entry(key).or_default();
            match what {
                0 => users.extend(begin(&mut memory, key, 0)),
                1 => if let Some(used) = users.pop() {
                    memory.end(&used);
                },
                2 => if let Some(used) = users.first() {
                    let index = memory.next_rtcp(used).unwrap();
                    prop_assert!(rtcp.insert((key, index)));
                },
                _ => if let Some(used) = users.first() {
                    let sequence = next.entry((key, ssrc)).or_default();
                    *sequence = sequence.wrapping_add(step);
                    match memory.next_rtp(used, ssrc, *sequence) {
                        Ok(index) => prop_assert!(rtp.insert((key, ssrc, index))),
                        Err(NoIndex::Used | NoIndex::NoPlace) => (),
                        Err(NoIndex::UsedUp) => prop_assert!(false),
                    }
                },
            }
            // What is forgotten may begin anew.
            if live.get(&key).is_none_or(Vec::is_empty) && memory.used(key, 0).next_rtcp == 0 {
                rtcp.retain(|used| used.0 != key);
            }
            for key in 0..6 {
                for ssrc in 0..4 {
                    if memory.used(key, ssrc).highest_rtp.is_none() {
                        rtp.retain(|used| (used.0, used.1) != (key, ssrc));
                        next.remove(&(key, ssrc));
                    }
                }
                if memory.used(key, 0).next_rtcp == 0 {
                    rtcp.retain(|used| used.0 != key);
                }
                if live.get(&key).is_some_and(|users| !users.is_empty()) {
                    let known = rtcp.iter().filter(|used| used.0 == key).count();
                    prop_assert_eq!(memory.used(key, 0).next_rtcp as usize, known);
                }
            }
        }
    }
}

/// Whatever its SSRCs are, a key has all the slots but its own.
#[test]
fn field_15_every_slot_serves() {
    for key in 1..200u64 {
        let mut memory = memory(64);
        let number = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let used = begin(&mut memory, number, 0).unwrap();
        for ssrc in 0..63 {
            assert_eq!(
                memory.next_rtp(&used, ssrc, 1),
                Ok(1),
                "key {key}, SSRC {ssrc}"
            );
        }
        assert_eq!(memory.next_rtp(&used, 63, 1), Err(NoIndex::NoPlace));
        assert_eq!(memory.next_rtcp(&used), Ok(0));
        memory.end(&used);
    }
}
