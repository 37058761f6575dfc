// SPDX-License-Identifier: GPL-2.0-only

//! What there is to know of a generation.

use super::super::command::{CommandNumber, Generation};
use super::super::output::Output;
use super::super::request::Decode;
use super::super::target::Target;

/// What the text of `status` and `list` has, as scripts for a generation know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// Output groups by media; else one list of outputs.
    pub groups: bool,
    /// What memory is pinned.
    pub memory: bool,
    /// How often the table is open, and which buffers it has.
    pub buffers: bool,
}

/// A generation of the interface. Each function is given a message of the length that `sizes` says.
pub(super) struct Format {
    /// Which it is.
    pub(super) generation: Generation,
    /// Size of each command's structure by number, without data that may follow, as INIT declares it; 0 for
    /// none. Their count is the highest command plus one.
    pub(super) sizes: &'static [usize],
    /// Decodes the target of ADD_TARGET.
    pub(super) target: Decode<Target>,
    /// Decodes the output of ADD_DESTINATION.
    pub(super) output: Decode<Output>,
    /// What the text of `status` and `list` has.
    pub(super) text: Text,
}

impl Format {
    /// Size of a command's structure; none when this generation has no such command.
    pub(super) fn size(&self, command: CommandNumber) -> Option<usize> {
        let number = usize::try_from(command as u32).ok()?;
        self.sizes.get(number).copied().filter(|&size| size != 0)
    }
}
