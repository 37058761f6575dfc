// SPDX-License-Identifier: GPL-2.0-only

//! The generations of the interface: told apart by INIT, and read into the internal form.
//!
//! A generation is a file of layout and one of meaning, which end in a [`Format`], and a variant of [`Generation`]. What
//! generations have in common is in [`layout`] and [`decode`]. Nothing outside knows a structure of theirs, but tools that write commands.
//!
//! A table has no generation until INIT. PIN_MEMORY, DEL_TARGET and INIT_PLAY_STREAMS are the same in all of them; of other
//! commands it is known by then only how long they can be.

mod decode;
#[cfg(not(CONFIG_RUST))]
mod encode;
mod format;
mod init;
pub mod layout;
pub mod v12_5;
pub mod v13_5;
pub mod v14_0;
pub mod v26_0;
pub mod v26_1;
pub mod v26_3;

use super::command::{CommandNumber, Direction, Generation};
use super::refusal::Refusal;
use super::request::{Encoded, Request};
use core::ops::RangeInclusive;
use format::Format;

#[cfg(not(CONFIG_RUST))]
pub use encode::{del_target, pin_memory};
pub use format::Text;

impl Generation {
    /// All of them, oldest first.
    pub const ALL: [Self; 6] = [
        Self::V12_5,
        Self::V13_5,
        Self::V14_0,
        Self::V26_0,
        Self::V26_1,
        Self::V26_3,
    ];

    fn format(self) -> &'static Format {
        match self {
            Generation::V12_5 => &v12_5::FORMAT,
            Generation::V13_5 => &v13_5::FORMAT,
            Generation::V14_0 => &v14_0::FORMAT,
            Generation::V26_0 => &v26_0::FORMAT,
            Generation::V26_1 => &v26_1::FORMAT,
            Generation::V26_3 => &v26_3::FORMAT,
        }
    }

    /// Size of each command's structure by number, as INIT declares it; 0 for none.
    pub fn command_sizes(self) -> &'static [usize] {
        self.format().sizes
    }

    /// What the text of `status` and `list` has.
    pub fn text(self) -> Text {
        self.format().text
    }

    /// Size of a command's structure, without data that may follow; none when this generation has no
    /// such command.
    pub fn command_size(self, command: CommandNumber) -> Option<usize> {
        self.format().size(command)
    }
}

/// Parses a message for a table of that generation, or one that had no INIT: which command it is, and
/// whether its length and direction are right.
///
/// Values that a target or an output is made of are judged when they are decoded.
pub fn parse(
    generation: Option<Generation>,
    direction: Direction,
    message: &[u8],
) -> Result<Request<'_>, Refusal> {
    let length = message.len();
    let Some((number, _)) = message.split_first_chunk() else {
        return Err(Refusal::NoCommand { length });
    };
    let number = u32::from_ne_bytes(*number);

    let format = generation.map(Generation::format);
    // A command of another generation is as unknown as one of none.
    let known = CommandNumber::from_wire(number)
        .and_then(|command| sizes(format, command).map(|sizes| (command, sizes)));
    let Some((command, sizes)) = known else {
        return Err(Refusal::UnknownCommand { number });
    };
    if command == CommandNumber::Init {
        init::check_foreign(message)?;
    }
    decode::check_length(command, &sizes, length)?;
    if direction != command.direction() {
        return Err(Refusal::Direction {
            command,
            sent: direction,
        });
    }

    Ok(match command {
        CommandNumber::Init if format.is_some() => return Err(Refusal::AlreadyInitialised),
        CommandNumber::Init => {
            let served = Generation::ALL.map(Generation::format);
            Request::Init(init::negotiate(&served, message)?)
        }
        CommandNumber::PinMemory => decode::pin_memory(message)?,
        CommandNumber::DelTarget => decode::del_target(message)?,
        CommandNumber::AddTarget => {
            let format = format.ok_or(Refusal::NotInitialised(command))?;
            Request::AddTarget(Encoded::new(message, format.target))
        }
        CommandNumber::AddDestination => {
            let format = format.ok_or(Refusal::NotInitialised(command))?;
            let (target, index) = decode::place(message)?;
            Request::AddDestination {
                target,
                index,
                output: Encoded::new(message, format.output),
            }
        }
        CommandNumber::InitPlayStreams => Request::InitPlayStreams,
        _ => Request::Unsupported(command),
    })
}

/// The least and the greatest size of a command's structure, without data that may follow; none when
/// there is no such command. Before INIT it may be of any generation.
fn sizes(format: Option<&Format>, command: CommandNumber) -> Option<RangeInclusive<usize>> {
    match format {
        Some(format) => format.size(command).map(|size| size..=size),
        None => Generation::ALL
            .iter()
            .filter_map(|generation| generation.command_size(command))
            .map(|size| size..=size)
            .reduce(|a, b| *a.start().min(b.start())..=*a.end().max(b.end())),
    }
}
