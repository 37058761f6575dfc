// SPDX-License-Identifier: GPL-2.0-only

//! Telling messages of generation 26.0 apart.

use super::super::command::{CommandNumber, Direction, Generation, MAX_TRAILING_DATA};
use super::super::refusal::Refusal;
use super::super::request::{AddDestination, AddTarget, InitRequest, Request};
use super::{command_size, decode, layout};
use core::mem::size_of;
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Length of INIT and highest command plus one, by which other generations are known.
const FOREIGN: [(Generation, usize, u32); 2] =
    [(Generation::V12_5, 152, 16), (Generation::V26_3, 168, 18)];

/// See [`parse`](super::super::request::parse).
pub(in super::super) fn parse(
    direction: Direction,
    message: &[u8],
) -> Result<Request<'_>, Refusal> {
    let length = message.len();
    let Some((number, _)) = message.split_first_chunk() else {
        return Err(Refusal::NoCommand { length });
    };
    let number = u32::from_ne_bytes(*number);

    // A command of another generation is as unknown as one of none.
    let known = CommandNumber::from_wire(number)
        .and_then(|command| command_size(command).map(|size| (command, size)));
    let Some((command, size)) = known else {
        return Err(Refusal::UnknownCommand { number });
    };

    if command == CommandNumber::Init {
        check_generation(message)?;
    }
    if length < size {
        return Err(Refusal::TooShort {
            command,
            length,
            expected: size,
        });
    }
    let limit = if command.has_trailing_data() {
        size.saturating_add(MAX_TRAILING_DATA)
    } else {
        size
    };
    if length > limit {
        return Err(Refusal::TooLong {
            command,
            length,
            limit,
        });
    }
    if direction != command.direction() {
        return Err(Refusal::Direction {
            command,
            sent: direction,
        });
    }

    Ok(match command {
        CommandNumber::Init => Request::Init(InitRequest(view(command, message)?)),
        CommandNumber::AddTarget => Request::AddTarget(AddTarget(view(command, message)?)),
        CommandNumber::AddDestination => {
            Request::AddDestination(AddDestination(view(command, message)?))
        }
        CommandNumber::DelTarget => {
            let message: &layout::CommandDelTarget = view(command, message)?;
            Request::DelTarget(decode::lookup(&message.local)?)
        }
        CommandNumber::PinMemory => decode::pin_memory(view(command, message)?)?,
        _ => Request::Unsupported(command),
    })
}

/// The structure of a command whose length has been checked.
fn view<T: FromBytes + Immutable + KnownLayout>(
    command: CommandNumber,
    message: &[u8],
) -> Result<&T, Refusal> {
    T::ref_from_bytes(message).map_err(|_| Refusal::TooShort {
        command,
        length: message.len(),
        expected: size_of::<T>(),
    })
}

/// Refuses INIT of a generation that we know by name but do not speak.
fn check_generation(message: &[u8]) -> Result<(), Refusal> {
    let last_command = message
        .get(layout::INIT_LAST_COMMAND_OFFSET..)
        .and_then(|rest| rest.split_first_chunk())
        .map(|(bytes, _)| u32::from_ne_bytes(*bytes));
    for (generation, length, last) in FOREIGN {
        if message.len() == length && last_command == Some(last) {
            return Err(if length < size_of::<layout::CommandInit>() {
                Refusal::OlderGeneration { generation }
            } else {
                Refusal::NewerGeneration { generation }
            });
        }
    }
    Ok(())
}
