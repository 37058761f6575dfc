// SPDX-License-Identifier: GPL-2.0-only

//! INIT, by which generations are told apart: by the highest command and the size of every structure.

use super::super::command::CommandNumber;
use super::super::pointer::PointerName;
use super::super::refusal::Refusal;
use super::super::request::Init;
use super::decode::{check_length, mandatory};
use super::format::Format;
use super::layout::{init_size, InitHead};
use core::mem::size_of;
use zerocopy::byteorder::native_endian::U64;
use zerocopy::FromBytes;

/// Generations that are no longer served: name, highest command plus one, size of INIT.
const FOREIGN: [(&str, i32, usize); 1] = [("11.5", 14, 128)];

/// Refuses INIT of a generation that we know by name but do not serve.
pub(super) fn check_foreign(message: &[u8]) -> Result<(), Refusal> {
    let Ok((head, _)) = InitHead::ref_from_prefix(message) else {
        return Ok(());
    };
    let is_it = |last, size| head.last_cmd.get() == last && message.len() == size;
    match FOREIGN.iter().find(|(_, last, size)| is_it(*last, *size)) {
        Some(&(name, ..)) => Err(Refusal::OlderGeneration { name }),
        None => Ok(()),
    }
}

/// Finds the generation that declares what INIT declares, the oldest where there are several.
pub(super) fn negotiate(served: &[&Format], message: &[u8]) -> Result<Init, Refusal> {
    let command = CommandNumber::Init;
    let short = Refusal::TooShort {
        command,
        length: message.len(),
        expected: size_of::<InitHead>(),
    };
    let (head, rest) = InitHead::ref_from_prefix(message).map_err(|_| short)?;
    let given = head.last_cmd.get();
    let count = usize::try_from(given)
        .ok()
        .filter(|count| served.iter().any(|format| format.sizes.len() == *count))
        .ok_or(Refusal::CommandCount { given })?;
    let size = init_size(count);
    check_length(command, &(size..=size), message.len())?;
    let words = <[U64]>::ref_from_bytes(rest).map_err(|_| short)?;
    let (global, sizes) = words.split_last().ok_or(short)?;

    // The generation that agrees furthest tells what is wrong.
    let mut wrong = None;
    for format in served.iter().filter(|format| format.sizes.len() == count) {
        match mismatch(format, sizes) {
            None => {
                return Ok(Init {
                    generation: format.generation,
                    global: mandatory(PointerName::Global, global.get())?,
                })
            }
            found => wrong = wrong.max(found),
        }
    }
    let (number, given, expected) = wrong.ok_or(Refusal::CommandCount { given })?;
    Err(Refusal::CommandSize {
        number,
        given,
        expected,
    })
}

/// The first command whose size is another than that of the generation, with both.
fn mismatch(format: &Format, sizes: &[U64]) -> Option<(u32, u64, u64)> {
    let declared = (0u32..).zip(sizes.iter().zip(format.sizes));
    // There is no command 0, so its size says nothing.
    declared.skip(1).find_map(|(number, (given, expected))| {
        let (given, expected) = (given.get(), u64::try_from(*expected).unwrap_or(u64::MAX));
        (given != expected).then_some((number, given, expected))
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may panic")]
#[path = "init_tests.rs"]
mod tests;
