// SPDX-License-Identifier: GPL-2.0-only

//! Structures of generation 26.1: those of 26.0, with ring buffers in the target.

use super::super::layout::{self, sizes, wire};
use super::super::v26_0::layout::{self as v26_0, Rings};
use core::mem::{offset_of, size_of};
use zerocopy::byteorder::native_endian::{U32, U64};
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use super::super::v26_0::layout::CommandDestination;

/// Size of each command's structure by number, without data that may follow.
pub const SIZES: [usize; 18] = sizes(
    size_of::<CommandAddTarget>(),
    size_of::<CommandDestination>(),
    464,
);

wire! {
    /// `rtpengine_ring_buf_group`.
    RingBufGroup = 24 {
        /// The first ring buffer.
        start_idx: U32 = 0, 4;
        /// How many there are. Nothing else counts when there are none.
        num: U32 = 4, 4;
        /// What comes back with each packet.
        opaque: U64 = 8, 8;
        /// Where references to it are counted.
        opaque_ref: U64 = 16, 8;
    }
}

impl Rings for RingBufGroup {
    fn count(&self) -> u32 {
        self.num.get()
    }
}

/// `rtpengine_target_info`.
pub type TargetInfo = v26_0::TargetInfo<32, RingBufGroup>;
/// `rtpengine_command_add_target`.
pub type CommandAddTarget = layout::CommandAddTarget<TargetInfo>;
