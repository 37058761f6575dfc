// SPDX-License-Identifier: GPL-2.0-only

//! Messages changed at random, which may leave them in order.

use super::random::Random;

/// The longest message that is made.
const LONGEST: usize = 70_000;

/// Changes a message in a few places.
pub(crate) fn mutate(random: &mut Random, message: &mut Vec<u8>) {
    for _ in 0..random.pick(&[1, 1, 1, 2, 3, 8, 40]) {
        once(random, message);
    }
}

fn once(random: &mut Random, message: &mut Vec<u8>) {
    let length = message.len();
    // The head is where most of it is decided, and little of the message.
    let at = match random.below(3) {
        0 => random.below(length.min(64)),
        _ => random.below(length),
    };
    match random.below(20) {
        0..=5 => {
            if let Some(byte) = message.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        6..=11 => put(message, at & !3, &random.odd_word().to_ne_bytes()),
        12 | 13 => put(message, at & !7, &random.draw().to_ne_bytes()),
        14 => {
            let count = random.below(64);
            put(message, at, &vec![random.pick(&[0, 0xff]); count]);
        }
        15 => {
            let count = random.below(64);
            put(message, at, &random.bytes(count));
        }
        16 => {
            let from = random.below(length);
            let part = message.get(from..).unwrap_or_default();
            let part: Vec<u8> = part.iter().copied().take(random.below(200)).collect();
            put(message, at, &part);
        }
        17 => message.truncate(random.below(length + 1)),
        18 => {
            let more = random.pick(&[1, 4, 8, 200]);
            message.resize((length + more).min(LONGEST), random.byte());
        }
        _ => {
            let more = random.below(16);
            let mut part = random.bytes(more);
            part.extend_from_slice(message.get(at..).unwrap_or_default());
            message.truncate(at);
            message.append(&mut part);
        }
    }
}

/// Overwrites what is there, as far as it goes.
fn put(message: &mut [u8], at: usize, bytes: &[u8]) {
    for (to, from) in message.iter_mut().skip(at).zip(bytes) {
        *to = *from;
    }
}

/// Bytes without any order, of any length.
pub(crate) fn garbage(random: &mut Random) -> Vec<u8> {
    let most = random.pick(&[4, 8, 40, 300, 4000, LONGEST]);
    let length = random.below(most);
    let mut bytes = random.bytes(length);
    if random.flip() {
        // Of a command that there is, as far as the number goes.
        put(&mut bytes, 0, &(random.below(19) as u32).to_ne_bytes());
    }
    bytes
}
