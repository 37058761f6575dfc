// SPDX-License-Identifier: GPL-2.0-only

//! The indices of the keys of a table, while outputs come and go.

use host_crypto::{outbound::KeyUse, Indices};
use proptest::prelude::*;
use rtp_media::srtp::index::{NoIndex, StreamId, LAST_RTCP};
use std::collections::{HashMap, HashSet};

const KEY: u64 = 0x1234_5678_9abc_def0;
const OTHER: u64 = 0x0fed_cba9_8765_4321;

/// The highest index that is known of a stream that no output lists.
fn known(indices: &Indices, key: u64, ssrc: u32) -> Option<u32> {
    let stream = StreamId { ssrc, copy: 0 };
    indices.memory.known(key, stream).highest()
}

/// Whether its SSRC is listed, or not.
const LISTED: [&[u32]; 2] = [&[], &[7]];

#[test]
fn field_15_indices_go_on_when_a_target_is_added_again() {
    for listed in LISTED {
        let mut indices = Indices::new(64);
        for round in 0..5u32 {
            let output = indices.begin(KEY, 0, listed);
            for step in 0..3 {
                let expected = round * 3 + step;
                assert_eq!(indices.next_rtcp(&output, None), Ok(expected));
                let index = round * 0x6000 + step;
                assert_eq!(indices.next_rtp(&output, 7, index as u16, 0), Ok(index));
                let again = indices.next_rtp(&output, 7, index as u16, 0);
                assert_eq!(again, Err(NoIndex::Used));
            }
            indices.end(&output);
        }
        // Nothing that was used before is used again: the rollover counter was not forgotten.
        let output = indices.begin(KEY, 0, listed);
        assert_eq!(indices.next_rtp(&output, 7, 0x8002, 0), Err(NoIndex::Used));
        assert_eq!(indices.next_rtp(&output, 7, 0x8003, 0), Ok(0x1_8003));
        // Another key knows nothing of it, nor does another SSRC.
        let other = indices.begin(OTHER, 0, listed);
        assert_eq!(indices.next_rtcp(&other, None), Ok(0));
        assert_eq!(indices.next_rtp(&other, 7, 5, 0), Ok(5));
        assert_eq!(indices.next_rtp(&output, 8, 5, 0), Ok(5));
    }
}

/// A packet is decided on; its target is deleted and added again; both send what has the same sequence number. Whoever comes first
/// has the index, and the other none.
#[test]
fn field_15_a_packet_on_its_way_shares_no_index_with_the_new_target() {
    for old_lists in LISTED {
        for new_lists in LISTED {
            for old_is_first in [true, false] {
                let mut indices = Indices::new(64);
                let old = indices.begin(KEY, 0, old_lists);
                assert_eq!(indices.next_rtp(&old, 7, 0xfffe, 0), Ok(0xfffe));
                assert_eq!(indices.next_rtcp(&old, None), Ok(0));
                let new = indices.begin(KEY, 0, new_lists);
                let (first, second) = match old_is_first {
                    true => (&old, &new),
                    false => (&new, &old),
                };
                let what = format!("{old_lists:?}, then {new_lists:?}, old first {old_is_first}");
                for output in [first, second] {
                    let again = indices.next_rtp(output, 7, 0xfffe, 0);
                    assert_eq!(again, Err(NoIndex::Used), "{what}");
                }
                for (sequence, index) in [(0xffff, 0xffff), (0, 0x1_0000)] {
                    assert_eq!(indices.next_rtp(first, 7, sequence, 0), Ok(index), "{what}");
                    let again = indices.next_rtp(second, 7, sequence, 0);
                    assert_eq!(again, Err(NoIndex::Used), "{what}");
                }
                assert_eq!(indices.next_rtcp(first, None), Ok(1), "{what}");
                assert_eq!(indices.next_rtcp(second, None), Ok(2), "{what}");
                // Its last packet has gone: what it has sent stays known.
                indices.end(&old);
                assert_eq!(
                    indices.next_rtp(&new, 7, 0, 0),
                    Err(NoIndex::Used),
                    "{what}"
                );
                assert_eq!(indices.next_rtp(&new, 7, 1, 0), Ok(0x1_0001), "{what}");
                assert_eq!(indices.next_rtcp(&new, None), Ok(3), "{what}");
            }
        }
    }
}

/// A target may send one packet to several outputs under one key: the same bytes, once to each.
#[test]
fn each_output_of_a_target_sends_a_packet_once() {
    for listed in [&[][..], &[1]] {
        let mut indices = Indices::new(64);
        for _ in 0..2 {
            let copies = [0, 1].map(|copy| indices.begin(KEY, copy, listed));
            copies.iter().for_each(|output| indices.end(output));
        }
        let copies = [0, 1].map(|copy| indices.begin(KEY, copy, listed));
        for index in 0xfff0..0x1_0010u32 {
            for output in &copies {
                assert_eq!(indices.next_rtp(output, 1, index as u16, 0), Ok(index));
                let again = indices.next_rtp(output, 1, index as u16, 0);
                assert_eq!(again, Err(NoIndex::Used));
            }
        }
        // RTCP of both is numbered together.
        assert_eq!(indices.next_rtcp(&copies[0], None), Ok(0));
        assert_eq!(indices.next_rtcp(&copies[1], None), Ok(1));
    }
}

/// A target that is added again loses no packet that comes late, as far back as the memory knows.
#[test]
fn what_comes_late_may_still_be_sent_by_the_next_output() {
    for old_lists in LISTED {
        for new_lists in LISTED {
            let mut indices = Indices::new(64);
            let old = indices.begin(KEY, 0, old_lists);
            for index in (0x1000..0x1100u32).step_by(2) {
                assert_eq!(indices.next_rtp(&old, 7, index as u16, 0), Ok(index));
            }
            indices.end(&old);
            let new = indices.begin(KEY, 0, new_lists);
            for index in (0x1001..0x10fe).step_by(2) {
                let late = indices.next_rtp(&new, 7, index as u16, 0);
                let known = index > 0x10fe - 64;
                let expected = if known { Ok(index) } else { Err(NoIndex::Used) };
                assert_eq!(late, expected, "{index:x}");
                let again = indices.next_rtp(&new, 7, index as u16, 0);
                assert_eq!(again, Err(NoIndex::Used), "{index:x}");
            }
        }
    }
}

/// A stream stays listed until its last output has gone, and others come and go without an end.
#[test]
fn field_15_listed_streams_have_places_for_as_long_as_they_are_listed() {
    let mut indices = Indices::new(1024);
    let stays = indices.begin(KEY, 0, &[1, 2]);
    let twice = indices.begin(KEY, 0, &[2, 2]);
    for ssrc in 100..200 {
        let output = indices.begin(KEY, 1, &[ssrc, 2, ssrc + 1]);
        assert_eq!(indices.listed(KEY), 5);
        for sent in [ssrc, 2, ssrc + 1] {
            assert!(indices.next_rtp(&output, sent, ssrc as u16, 0).is_ok());
        }
        indices.end(&output);
        assert_eq!(indices.listed(KEY), 2);
    }
    indices.end(&twice);
    assert_eq!(indices.listed(KEY), 2);
    indices.end(&stays);
    assert_eq!(indices.listed(KEY), 0);
}

/// What the memory has no slot for keeps its place.
#[test]
fn field_15_nothing_is_forgotten_under_a_key_that_is_used() {
    let mut indices = Indices::new(2);
    let unlisted = indices.begin(KEY, 0, &[]);
    assert_eq!(indices.next_rtp(&unlisted, 1, 5, 0), Ok(5));
    let listed = indices.begin(KEY, 0, &[2]);
    assert_eq!(indices.next_rtp(&listed, 2, 5, 0), Ok(5));
    indices.end(&listed);
    let again = indices.begin(KEY, 0, &[2]);
    assert_eq!(indices.next_rtp(&again, 2, 5, 0), Err(NoIndex::Used));
    assert_eq!(indices.next_rtp(&again, 2, 6, 0), Ok(6));
}

#[test]
fn field_15_what_was_used_is_known_when_no_output_lists_it() {
    let mut indices = Indices::new(64);
    let output = indices.begin(KEY, 0, &[7]);
    indices.next_rtp(&output, 7, 0xffff, 0).unwrap();
    indices.next_rtp(&output, 7, 3, 0).unwrap();
    indices.next_rtcp(&output, None).unwrap();
    assert_eq!(known(&indices, KEY, 7), None);
    indices.end(&output);
    assert_eq!(known(&indices, KEY, 7), Some(0x1_0003));
    assert_eq!(known(&indices, KEY, 8), None);
    assert_eq!(known(&indices, OTHER, 7), None);
    assert_eq!(indices.memory.next_rtcp(KEY), 1);
    assert_eq!(indices.memory.next_rtcp(OTHER), 0);
}

#[test]
fn field_16_srtcp_ends_with_its_last_index() {
    for (next, index) in [
        (0, Ok(0)),
        (LAST_RTCP, Ok(0x7fff_ffff)),
        (LAST_RTCP + 1, Err(NoIndex::UsedUp)),
        (u32::MAX, Err(NoIndex::UsedUp)),
    ] {
        let mut indices = Indices::new(8);
        let output = indices.begin(KEY, 0, &[]);
        let mut counter = next;
        assert_eq!(indices.next_rtcp(&output, Some(&mut counter)), index);
        if index.is_ok_and(|index| index == LAST_RTCP) {
            assert_eq!(indices.next_rtcp(&output, None), Err(NoIndex::UsedUp));
            indices.end(&output);
            let output = indices.begin(KEY, 0, &[]);
            assert_eq!(indices.next_rtcp(&output, None), Err(NoIndex::UsedUp));
        }
    }
}

/// Counters of several SSRCs may be behind each other, and behind what was used without any.
#[test]
fn field_15_srtcp_of_a_key_has_one_row_of_indices() {
    let mut indices = Indices::new(8);
    let output = indices.begin(KEY, 0, &[]);
    assert_eq!(indices.next_rtcp(&output, None), Ok(0));
    let mut counters = [500, 0, 501];
    for (counter, index) in counters.iter_mut().zip(500..) {
        assert_eq!(indices.next_rtcp(&output, Some(counter)), Ok(index));
        assert_eq!(*counter, index + 1);
    }
    assert_eq!(indices.next_rtcp(&output, None), Ok(503));
}

/// Of the keys that no output uses, the one that was left first is forgotten first; those in use never are.
#[test]
fn field_15_the_oldest_without_a_target_goes_first() {
    const SLOTS: usize = 16;
    let mut indices = Indices::new(SLOTS);
    let live = indices.begin(1, 0, &[]);
    indices.next_rtp(&live, 1, 1, 0).unwrap();
    // Keys 2 to 8 take the other 14 slots, two each.
    let used: Vec<KeyUse> = (2..=8)
        .map(|key| {
            let used = indices.begin(key, 0, &[]);
            indices.next_rtp(&used, 1, 100, 0).unwrap();
            indices.next_rtcp(&used, None).unwrap();
            used
        })
        .collect();
    // All are in use.
    let other = indices.begin(9, 0, &[]);
    assert_eq!(indices.next_rtp(&other, 1, 1, 0), Err(NoIndex::NoPlace));
    assert_eq!(indices.next_rtp(&live, 2, 1, 0), Err(NoIndex::NoPlace));
    assert_eq!(indices.next_rtp(&live, 1, 2, 0), Ok(2));
    indices.end(&other);

    // They are left in another order than they came.
    for number in [3, 0, 5, 1, 2, 4, 6] {
        indices.end(&used[number]);
    }
    // One of them comes back, and is left last.
    let back = indices.begin(5, 0, &[]);
    indices.end(&back);
    for (forgotten, ssrc) in [2u64, 7, 3, 4, 6, 8, 5].into_iter().zip((10..).step_by(2)) {
        assert_eq!(indices.memory.next_rtcp(forgotten), 1, "{forgotten}");
        for ssrc in ssrc..ssrc + 2 {
            assert_eq!(indices.next_rtp(&live, ssrc, 1, 0), Ok(1));
        }
        let used = (
            known(&indices, forgotten, 1),
            indices.memory.next_rtcp(forgotten),
        );
        assert_eq!(used, (None, 0), "{forgotten}");
    }
    assert_eq!(indices.next_rtp(&live, 99, 1, 0), Err(NoIndex::NoPlace));
    // Nothing of the key in use was forgotten.
    assert_eq!(indices.next_rtp(&live, 1, 2, 0), Err(NoIndex::Used));
    for ssrc in 10..24 {
        assert_eq!(indices.next_rtp(&live, ssrc, 1, 0), Err(NoIndex::Used));
    }
}

/// An output that found no slot finds one later.
#[test]
fn field_15_who_found_no_slot_tries_again() {
    let mut indices = Indices::new(2);
    let first = indices.begin(KEY, 0, &[]);
    assert_eq!(indices.next_rtp(&first, 1, 5, 0), Ok(5));
    let second = indices.begin(OTHER, 0, &[]);
    assert_eq!(indices.next_rtp(&second, 1, 5, 0), Err(NoIndex::NoPlace));
    indices.end(&first);
    assert_eq!(indices.next_rtp(&second, 1, 5, 0), Ok(5));
    let third = indices.begin(KEY, 0, &[]);
    assert_eq!(indices.next_rtp(&third, 1, 5, 0), Err(NoIndex::NoPlace));
}

/// A key that nothing was sent under leaves nothing behind.
#[test]
fn what_was_not_used_takes_no_slot() {
    let mut indices = Indices::new(2);
    for key in 0..100 {
        let used = indices.begin(key, 0, &[1]);
        let second = indices.begin(key, 1, &[]);
        indices.end(&used);
        indices.end(&second);
    }
    for key in [KEY, OTHER] {
        let output = indices.begin(key, 0, &[]);
        assert_eq!(indices.next_rtcp(&output, None), Ok(0));
        indices.end(&output);
    }
    assert_eq!(
        [KEY, OTHER].map(|key| indices.memory.next_rtcp(key)),
        [1, 1]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever comes, no index is used twice under a key that is not forgotten, and keys in use are not.
    #[test]
    fn field_15_nothing_is_used_twice(
        steps in proptest::collection::vec((0..8u8, 0..6u64, 0..4u32, 0..0x4000u16), 1..400),
        slots in 1..40usize,
    ) {
        let mut indices = Indices::new(slots);
        let mut live: HashMap<u64, Vec<KeyUse>> = HashMap::new();
        let mut rtp: HashSet<(u64, u32, u32)> = HashSet::new();
        let mut rtcp: HashSet<(u64, u32)> = HashSet::new();
        let mut next: HashMap<(u64, u32), u16> = HashMap::new();
        for (what, key, ssrc, step) in steps {
            let users = live.entry(key).or_default();
            let which = usize::from(step) % users.len().max(1);
            match what {
                0 => users.push(indices.begin(key, 0, &[])),
                1 => users.push(indices.begin(key, 0, &[ssrc, 3])),
                2 => if !users.is_empty() {
                    indices.end(&users.remove(which));
                },
                3 => if let Some(used) = users.get(which) {
                    let index = indices.next_rtcp(used, None).unwrap();
                    prop_assert!(rtcp.insert((key, index)));
                },
                _ => if let Some(used) = users.get(which) {
                    let sequence = next.entry((key, ssrc)).or_default();
                    *sequence = sequence.wrapping_add(step);
                    match indices.next_rtp(used, ssrc, *sequence, 0) {
                        Ok(index) => prop_assert!(rtp.insert((key, ssrc, index))),
                        Err(NoIndex::Used | NoIndex::NoPlace) => (),
                        Err(NoIndex::UsedUp) => prop_assert!(false),
                    }
                },
            }
            // What is forgotten of a key that no output has may begin anew.
            for key in (0..6).filter(|key| live.get(key).is_none_or(Vec::is_empty)) {
                if indices.memory.next_rtcp(key) == 0 {
                    rtcp.retain(|used| used.0 != key);
                }
                for ssrc in 0..4 {
                    if known(&indices, key, ssrc).is_none() {
                        rtp.retain(|used| (used.0, used.1) != (key, ssrc));
                        next.remove(&(key, ssrc));
                    }
                }
            }
        }
    }
}

/// Whatever its SSRCs are, a key has all the slots but its own.
#[test]
fn field_15_every_slot_serves() {
    for key in 1..200u64 {
        let mut indices = Indices::new(64);
        let number = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let used = indices.begin(number, 0, &[]);
        for ssrc in 0..63 {
            assert_eq!(
                indices.next_rtp(&used, ssrc, 1, 0),
                Ok(1),
                "key {key}, SSRC {ssrc}"
            );
        }
        assert_eq!(indices.next_rtp(&used, 63, 1, 0), Err(NoIndex::NoPlace));
        assert_eq!(indices.next_rtcp(&used, None), Ok(0));
        indices.end(&used);
    }
}
