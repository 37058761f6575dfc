// SPDX-License-Identifier: GPL-2.0-only

//! Addresses of counters in the daemon's shared memory, as commands carry them.

use super::shared;
use core::fmt;
use core::mem::{align_of, size_of};
use zerocopy_derive::FromZeros;

/// An address as the daemon sees it; zero is none. It means nothing until it is resolved against
/// the shared memory that the daemon registered.
#[derive(Clone, Copy, PartialEq, Eq, FromZeros)]
#[repr(transparent)]
pub struct UserPointer(pub u64);

impl UserPointer {
    /// No pointer.
    pub const NONE: Self = Self(0);

    /// Whether there is a pointer.
    pub const fn is_some(self) -> bool {
        self.0 != 0
    }
}

impl fmt::Debug for UserPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// The structure that a pointer leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerKind {
    /// [`shared::GlobalStats`].
    Global,
    /// [`shared::InterfaceStats`].
    Interface,
    /// [`shared::StreamStats`].
    Stream,
    /// [`shared::SsrcStats`].
    Ssrc,
    /// [`shared::RtpStats`].
    Rtp,
}

impl PointerKind {
    /// Size of the structure in bytes.
    pub const fn size(self) -> usize {
        match self {
            PointerKind::Global => size_of::<shared::GlobalStats>(),
            PointerKind::Interface => size_of::<shared::InterfaceStats>(),
            PointerKind::Stream => size_of::<shared::StreamStats>(),
            PointerKind::Ssrc => size_of::<shared::SsrcStats>(),
            PointerKind::Rtp => size_of::<shared::RtpStats>(),
        }
    }

    /// Alignment of the structure in bytes: 8, for each of them.
    pub const fn align(self) -> usize {
        align_of::<u64>()
    }
}

/// Which pointer of a command is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointerName {
    /// The global counters of INIT. Mandatory.
    Global,
    /// Counters of a target. Mandatory.
    Target,
    /// Counters of a target's ingress interface. Mandatory.
    TargetInterface,
    /// Counters of the target's SSRC of this index. Mandatory where an SSRC is given.
    TargetSsrc(u8),
    /// Counters of the payload type of this index. Mandatory for each announced payload type.
    PayloadType(u8),
    /// Counters of an output. Mandatory.
    Output,
    /// Counters of an output's egress interface. Mandatory.
    OutputInterface,
    /// Counters of the output's SSRC of this index. Optional.
    OutputSsrc(u8),
}

impl PointerName {
    /// The structure it leads to.
    pub const fn kind(self) -> PointerKind {
        match self {
            PointerName::Global => PointerKind::Global,
            PointerName::Target | PointerName::Output => PointerKind::Stream,
            PointerName::TargetInterface | PointerName::OutputInterface => PointerKind::Interface,
            PointerName::TargetSsrc(_) | PointerName::OutputSsrc(_) => PointerKind::Ssrc,
            PointerName::PayloadType(_) => PointerKind::Rtp,
        }
    }
}

impl fmt::Display for PointerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PointerName::Global => f.write_str("global counters"),
            PointerName::Target => f.write_str("counters of the target"),
            PointerName::TargetInterface => f.write_str("counters of the ingress interface"),
            PointerName::TargetSsrc(i) => write!(f, "counters of SSRC #{i} of the target"),
            PointerName::PayloadType(i) => write!(f, "counters of payload type #{i}"),
            PointerName::Output => f.write_str("counters of the output"),
            PointerName::OutputInterface => f.write_str("counters of the egress interface"),
            PointerName::OutputSsrc(i) => write!(f, "counters of SSRC #{i} of the output"),
        }
    }
}
