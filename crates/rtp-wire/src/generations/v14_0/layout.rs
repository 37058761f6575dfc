// SPDX-License-Identifier: GPL-2.0-only

//! Structures of generation 14.0: those of 26.0, but for PLAY_STREAM.

use super::super::layout::sizes;
use core::mem::size_of;

pub use super::super::v26_0::layout::{CommandAddTarget, CommandDestination};

/// Size of each command's structure by number, without data that may follow.
pub const SIZES: [usize; 17] = sizes(
    size_of::<CommandAddTarget>(),
    size_of::<CommandDestination>(),
    456,
);
