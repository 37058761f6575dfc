// SPDX-License-Identifier: GPL-2.0-only

//! What generation 26.3 means: what 26.0 does, with figures of buffers in `status`.

use super::super::super::command::Generation;
use super::super::format::{Format, Text};
use super::super::v26_0;
use super::layout::{self, RingBufGroup};

/// Generation 26.3.
pub(in super::super) const FORMAT: Format = Format {
    generation: Generation::V26_3,
    sizes: &layout::SIZES,
    target: v26_0::target::<4, RingBufGroup>,
    text: Text {
        buffers: true,
        ..v26_0::FORMAT.text
    },
    ..v26_0::FORMAT
};
