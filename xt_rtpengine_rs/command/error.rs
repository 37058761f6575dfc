// SPDX-License-Identifier: GPL-2.0-only

//! Why a command is refused, and the conversion to an error number.

use crate::rtp_wire::{pointer::PointerName, CommandNumber, Refusal, UserPointer};
use kernel::{fmt, prelude::*};

/// Why a command is refused.
pub(crate) enum Fault {
    /// The message itself is wrong.
    Message(Refusal),
    /// The table was killed.
    Killed,
    /// The table may not share so much memory.
    MemoryLimit {
        /// How many bytes more were asked for.
        size: u64,
        /// How many there may be in all.
        limit: u64,
    },
    /// A pointer does not lead into shared memory.
    Pointer(PointerName, UserPointer),
    /// The control file cannot be mapped to be executed.
    MappingExecutable,
    /// The control file is mapped from its start on, and shared.
    MappingKind,
    /// The size of a mapping is no power of two.
    MappingSize(u64),
    /// There is a target of that local address.
    TargetExists,
    /// There is no target of that local address.
    NoTarget,
    /// All outputs of the target are there.
    TargetComplete,
    /// The target has fewer outputs.
    OutputIndex {
        /// The index that was given.
        index: u32,
        /// How many outputs were announced.
        announced: u8,
    },
    /// The output of that index is there.
    OutputExists(u32),
    /// Nothing may be sent that way.
    Path(Error),
    /// The command is one of calls, streams or the player.
    Command(CommandNumber),
    /// The kernel's own: no memory, memory of the caller that cannot be read or pinned.
    Kernel(Error),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Message(refusal)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Kernel(error)
    }
}

impl From<kernel::alloc::AllocError> for Fault {
    fn from(_: kernel::alloc::AllocError) -> Self {
        Self::Kernel(ENOMEM)
    }
}

impl From<&Fault> for Error {
    fn from(fault: &Fault) -> Self {
        match fault {
            Fault::Message(refusal) => Error::from_errno(-refusal.errno()),
            Fault::Killed | Fault::NoTarget => ENOENT,
            Fault::MappingSize(_) => EIO,
            Fault::MappingExecutable => EPERM,
            Fault::MappingKind => EINVAL,
            Fault::TargetComplete => EBUSY,
            Fault::MemoryLimit { .. } => ENOMEM,
            Fault::Pointer(..) => EFAULT,
            Fault::TargetExists | Fault::OutputExists(_) => EEXIST,
            Fault::OutputIndex { .. } => ERANGE,
            // The one refusal that has the daemon play by itself.
            Fault::Command(CommandNumber::GetPacketStream) => EBUSY,
            Fault::Command(_) => EOPNOTSUPP,
            Fault::Path(error) | Fault::Kernel(error) => *error,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Message(refusal) => write!(f, "{refusal}"),
            Fault::Killed => f.write_str("the table was killed; open it anew"),
            Fault::MemoryLimit { size, limit } => write!(
                f,
                "{size} bytes more than the table shares are above the limit of {limit}; raise the parameter memory_limit"
            ),
            Fault::Pointer(name, pointer) => write!(
                f,
                "{name}: {pointer:?} is not in shared memory; pin or map it first"
            ),
            Fault::MappingExecutable => f.write_str("the control file is not mapped to be executed"),
            Fault::MappingKind => {
                f.write_str("the control file is mapped from offset 0 on, with MAP_SHARED")
            }
            Fault::MappingSize(size) => {
                write!(f, "a mapping of {size} bytes: the size has to be a power of two")
            }
            Fault::TargetExists => {
                f.write_str("there is a target of that local address; send DEL_TARGET first")
            }
            Fault::NoTarget => {
                f.write_str("there is no target of that local address; send ADD_TARGET first")
            }
            Fault::TargetComplete => f.write_str("all outputs of the target are there"),
            Fault::OutputIndex { index, announced } => write!(
                f,
                "output #{index}: the target announced {announced}, counted from 0"
            ),
            Fault::OutputExists(index) => write!(f, "output #{index} is there already"),
            Fault::Path(error) if *error == EACCES => {
                f.write_str("the destination is a broadcast address")
            }
            Fault::Path(_) => f.write_str(
                "no host has such addresses, or no one device has the source of a link-local destination",
            ),
            Fault::Command(number) => write!(f, "{} is not supported", number.name()),
            Fault::Kernel(error) => write!(f, "{error:?}"),
        }
    }
}
