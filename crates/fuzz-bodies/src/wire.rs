// SPDX-License-Identifier: GPL-2.0-only

//! Commands of the daemon.

#[expect(dead_code, reason = "the tests of the crate use the rest")]
#[path = "../../rtp-wire/tests/common/mod.rs"]
mod valid;

use rtp_wire::{CommandNumber, Direction, Generation};

use std::sync::LazyLock;

use crate::input::Input;
use valid::any::borne;
use valid::table::{init_of, output_of, target_of};

/// A target, an output and INIT of each.
static VALID: LazyLock<[[Vec<u8>; 3]; Generation::ALL.len()]> = LazyLock::new(|| {
    Generation::ALL
        .map(|it| [target_of(it), output_of(it), init_of(it)].map(|it| it.as_bytes().into()))
});

/// Takes any bytes for any command of any generation, or a valid command with some bytes changed. Returns what was accepted,
/// with the generation that it was of.
pub fn wire(data: &[u8]) -> Option<(CommandNumber, Option<Generation>)> {
    let mut input = Input::new(data);
    let way = if input.bit() {
        Direction::Read
    } else {
        Direction::Write
    };
    let first = input.byte();
    // 26.0 is what short inputs say.
    let of = (usize::from(first >> 3) + Generation::V26_0 as usize) % Generation::ALL.len();
    let (of, [target, output, init]) = (Generation::ALL[of], &VALID[of]);
    let generation = (first & 4 == 0).then_some(of);
    let message = match first % 8 {
        0 | 4 => input.rest().to_vec(),
        1 | 5 => {
            let number = u32::from(input.byte());
            let mut message = [&number.to_ne_bytes(), input.rest()].concat();
            let command = CommandNumber::from_wire(number);
            let size = command.and_then(|it| of.command_size(it));
            if let Some(size) = size {
                message.resize(size, 0);
            }
            message
        }
        2 => changed(target, &mut input),
        6 => changed(init, &mut input),
        _ => changed(output, &mut input),
    };
    borne(generation, way, &message)
}

/// A message with bytes changed where the input says.
fn changed(message: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let mut message = message.to_vec();
    while !input.is_empty() {
        let at = usize::from(input.short()) % message.len();
        message[at] = input.byte();
    }
    message
}
