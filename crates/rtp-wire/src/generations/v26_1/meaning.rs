// SPDX-License-Identifier: GPL-2.0-only

//! What generation 26.1 means: what 26.0 does.

use super::super::super::command::Generation;
use super::super::format::Format;
use super::super::v26_0;
use super::layout::{self, RingBufGroup};

/// Generation 26.1.
pub(in super::super) const FORMAT: Format = Format {
    generation: Generation::V26_1,
    sizes: &layout::SIZES,
    target: v26_0::target::<32, RingBufGroup>,
    ..v26_0::FORMAT
};
