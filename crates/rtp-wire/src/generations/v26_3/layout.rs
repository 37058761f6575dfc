// SPDX-License-Identifier: GPL-2.0-only

//! Structures of generation 26.3: those of 26.1, with as many media of SSRCs as there are SSRCs.

use super::super::layout::{self, sizes};
use super::super::v26_0::layout as v26_0;
use core::mem::size_of;

pub use super::super::v26_1::layout::{CommandDestination, RingBufGroup};

/// Size of each command's structure by number, without data that may follow.
pub const SIZES: [usize; 18] = sizes(
    size_of::<CommandAddTarget>(),
    size_of::<CommandDestination>(),
    464,
);

/// `rtpengine_target_info`.
pub type TargetInfo = v26_0::TargetInfo<4, RingBufGroup>;
/// `rtpengine_command_add_target`.
pub type CommandAddTarget = layout::CommandAddTarget<TargetInfo>;
