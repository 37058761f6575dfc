// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::command::Generation;
use super::super::super::pointer::UserPointer;
use super::super::format::Text;
use super::*;
use std::vec::Vec;

fn nothing<T>(_: &[u8], _: &mut T) -> Result<(), Refusal> {
    Ok(())
}

/// A generation that declares these sizes.
const fn format(sizes: &'static [usize]) -> Format {
    Format {
        generation: Generation::V26_0,
        sizes,
        target: nothing,
        output: nothing,
        text: Text {
            groups: true,
            memory: true,
            buffers: false,
        },
    }
}

/// Two that differ in one size, and one of more commands.
const SERVED: [&Format; 3] = [
    &format(&[0, 48, 3264, 1584]),
    &format(&[0, 48, 3152, 1584]),
    &format(&[0, 56, 3152, 1584, 8]),
];

fn init(last: i32, sizes: &[u64]) -> Vec<u8> {
    let mut message = Vec::new();
    message.extend_from_slice(&1u64.to_ne_bytes());
    message.extend_from_slice(&last.to_ne_bytes());
    message.extend_from_slice(&[0; 4]);
    for word in sizes.iter().chain(&[0x1000]) {
        message.extend_from_slice(&word.to_ne_bytes());
    }
    message
}

fn outcome(last: i32, sizes: &[u64]) -> Result<UserPointer, Refusal> {
    negotiate(&SERVED, &init(last, sizes)).map(|init| init.global)
}

#[test]
fn the_whole_vector_tells_generations_apart() {
    for sizes in [
        &[0, 48, 3264, 1584][..],
        &[9, 48, 3152, 1584],
        &[0, 56, 3152, 1584, 8],
    ] {
        let last = i32::try_from(sizes.len()).unwrap();
        assert_eq!(outcome(last, sizes), Ok(UserPointer(0x1000)));
    }
}

#[test]
fn what_agrees_with_none_is_held_against_the_closest() {
    // It differs from the first in entry 2, from the second in entry 3.
    assert_eq!(
        outcome(4, &[0, 48, 3152, 1585]),
        Err(Refusal::CommandSize {
            number: 3,
            given: 1585,
            expected: 1584
        })
    );
    assert_eq!(
        outcome(5, &[0, 56, 3152, 1584, 7]),
        Err(Refusal::CommandSize {
            number: 4,
            given: 7,
            expected: 8
        })
    );
}

#[test]
fn a_count_of_commands_has_its_length() {
    for given in [0, 3, 6, -1, i32::MAX, i32::MIN] {
        assert_eq!(
            outcome(given, &[0, 48, 3264, 1584]),
            Err(Refusal::CommandCount { given })
        );
    }
    let short = outcome(5, &[0, 56, 3152, 1584]);
    assert!(matches!(short, Err(Refusal::TooShort { .. })), "{short:?}");
    let long = outcome(4, &[0, 48, 3264, 1584, 8]);
    assert!(matches!(long, Err(Refusal::TooLong { .. })), "{long:?}");
    for length in 0..16 {
        let message = init(4, &[0, 48, 3264, 1584]);
        let refusal = negotiate(&SERVED, message.get(..length).unwrap()).unwrap_err();
        assert!(matches!(refusal, Refusal::TooShort { .. }));
    }
}
