// SPDX-License-Identifier: GPL-2.0-only

//! What generation 13.5 means: what 12.5 does, but it counts in microseconds, tells RTCP by the second byte, and may drop a
//! payload type.

use super::super::super::command::Generation;
use super::super::format::Format;
use super::super::v12_5::meaning::{output_of_lists, target_of_lists, TEXT};
use super::layout;

/// Generation 13.5.
pub(in super::super) const FORMAT: Format = Format {
    generation: Generation::V13_5,
    sizes: &layout::SIZES,
    target: target_of_lists,
    output: output_of_lists,
    text: TEXT,
};
