// SPDX-License-Identifier: GPL-2.0-only

//! Generation 14.0 of the interface, spoken by rtpengine 14.0: 26.0 but for PLAY_STREAM.

pub mod layout;
mod meaning;

pub(super) use meaning::FORMAT;
