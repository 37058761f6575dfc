// SPDX-License-Identifier: GPL-2.0-only

//! A message as a request, whatever generation it is of.

use super::command::{CommandNumber, Direction};
use super::output::Output;
use super::pointer::UserPointer;
use super::refusal::Refusal;
use super::target::Target;
use super::udp_ip::Endpoint;
use super::v26_0;

/// What a message asks for.
#[derive(Clone, Copy)]
pub enum Request<'a> {
    /// To negotiate the layout.
    Init(InitRequest<'a>),
    /// To pin memory of the caller: whole pages, at least one, within the address space.
    PinMemory {
        /// Address of the first page.
        address: u64,
        /// Number of bytes.
        size: u64,
    },
    /// To add a target.
    AddTarget(AddTarget<'a>),
    /// To add an output of a target.
    AddDestination(AddDestination<'a>),
    /// To remove the target of this local address.
    DelTarget(Endpoint),
    /// A command of calls, streams or the player: well-formed, not decoded any further.
    Unsupported(CommandNumber),
}

/// Parses a message: which command it is, and whether its length and direction are right.
///
/// Values that a target or an output is made of are judged when they are decoded.
pub fn parse(direction: Direction, message: &[u8]) -> Result<Request<'_>, Refusal> {
    v26_0::request::parse(direction, message)
}

/// INIT.
#[derive(Clone, Copy)]
pub struct InitRequest<'a>(pub(super) &'a v26_0::layout::CommandInit);

impl InitRequest<'_> {
    /// Compares the layout with ours, and hands out the pointer to the global counters.
    pub fn negotiate(&self) -> Result<UserPointer, Refusal> {
        v26_0::decode::init(self.0)
    }
}

/// ADD_TARGET.
#[derive(Clone, Copy)]
pub struct AddTarget<'a>(pub(super) &'a v26_0::layout::CommandAddTarget);

impl AddTarget<'_> {
    /// Decodes the target, and checks every value in it. `out` is overwritten; after a refusal it
    /// holds a part of the target.
    pub fn decode(&self, out: &mut Target) -> Result<(), Refusal> {
        v26_0::decode::target(&self.0.target, out)
    }
}

/// ADD_DESTINATION.
#[derive(Clone, Copy)]
pub struct AddDestination<'a>(pub(super) &'a v26_0::layout::CommandDestination);

impl AddDestination<'_> {
    /// Local address of the target.
    pub fn target(&self) -> Result<Endpoint, Refusal> {
        v26_0::decode::lookup(&self.0.destination.local)
    }

    /// Index of the output, unchecked.
    pub fn index(&self) -> u32 {
        self.0.destination.num.get()
    }

    /// Decodes the output, and checks every value in it. `out` is overwritten; after a refusal it
    /// holds a part of the output.
    pub fn decode(&self, out: &mut Output) -> Result<(), Refusal> {
        v26_0::decode::output(&self.0.destination.output, out)
    }
}
