// SPDX-License-Identifier: GPL-2.0-only

//! What a message asks for, whatever generation it is of.

use super::command::{CommandNumber, Generation};
use super::output::Output;
use super::pointer::UserPointer;
use super::refusal::Refusal;
use super::target::Target;
use super::udp_ip::Endpoint;
use zerocopy::FromZeros;

/// What a message asks for.
#[derive(Clone, Copy)]
pub enum Request<'a> {
    /// To take targets of the generation that was negotiated.
    Init(Init),
    /// To pin memory of the caller: whole pages, at least one, within the address space.
    PinMemory {
        /// Address of the first page.
        address: u64,
        /// Number of bytes.
        size: u64,
    },
    /// To add a target.
    AddTarget(Encoded<'a, Target>),
    /// To add an output of a target.
    AddDestination {
        /// Local address of the target.
        target: Endpoint,
        /// Index of the output, unchecked.
        index: u32,
        /// The output.
        output: Encoded<'a, Output>,
    },
    /// To remove the target of this local address.
    DelTarget(Endpoint),
    /// To size the player. There is none: nothing is kept.
    InitPlayStreams,
    /// A command of calls, streams, the player or ring buffers: well-formed, not decoded any further.
    Unsupported(CommandNumber),
}

/// What INIT has settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Init {
    /// The oldest generation that declares what was declared.
    pub(super) generation: Generation,
    /// The global counters.
    pub global: UserPointer,
}

impl Init {
    /// From how many bytes on a range of shared memory is one of 13.5: its daemons map 32 MiB, those of 12.5 64 KiB.
    const LARGE: u64 = 1 << 20;

    /// The generation that the daemon speaks, whose global counters are in a range of shared memory of that many bytes.
    pub fn generation(&self, range: u64) -> Generation {
        match self.generation {
            Generation::V12_5 if range >= Self::LARGE => Generation::V13_5,
            generation => generation,
        }
    }
}

/// Decodes the value that a message carries into zeros.
pub(super) type Decode<T> = fn(&[u8], &mut T) -> Result<(), Refusal>;

/// A large value as it came, to be decoded where it is to stay.
pub struct Encoded<'a, T> {
    message: &'a [u8],
    decode: Decode<T>,
}

impl<T> Clone for Encoded<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Encoded<'_, T> {}

impl<'a, T: FromZeros> Encoded<'a, T> {
    pub(super) fn new(message: &'a [u8], decode: Decode<T>) -> Self {
        Self { message, decode }
    }

    /// Decodes the value, and checks all that it is made of. `out` is overwritten; after a refusal it holds a
    /// part of the value.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn decode(&self, out: &mut T) -> Result<(), Refusal> {
        out.zero();
        (self.decode)(self.message, out)
    }
}
