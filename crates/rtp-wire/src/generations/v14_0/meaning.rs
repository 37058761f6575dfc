// SPDX-License-Identifier: GPL-2.0-only

//! What generation 14.0 means: what 26.0 does.

use super::super::super::command::Generation;
use super::super::format::Format;
use super::super::v26_0;
use super::layout;

/// Generation 14.0.
pub(in super::super) const FORMAT: Format = Format {
    generation: Generation::V14_0,
    sizes: &layout::SIZES,
    ..v26_0::FORMAT
};
