// SPDX-License-Identifier: GPL-2.0-only

//! Generation 26.3 of the interface, spoken by rtpengine 26.2 and what follows it.

pub mod layout;
mod meaning;

pub(super) use meaning::FORMAT;
