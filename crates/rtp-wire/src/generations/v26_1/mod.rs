// SPDX-License-Identifier: GPL-2.0-only

//! Generation 26.1 of the interface, spoken by rtpengine 26.1: 26.0 with ring buffers.

pub mod layout;
mod meaning;

pub(super) use meaning::FORMAT;
