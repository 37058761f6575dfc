// SPDX-License-Identifier: GPL-2.0-only

//! Structures of generation 13.5: those of 12.5.

pub use super::super::v12_5::layout::*;
