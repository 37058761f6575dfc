// SPDX-License-Identifier: GPL-2.0-only

//! Generation 13.5 of the interface, spoken by rtpengine 13.4 and 13.5: the structures of 12.5 with another meaning.

pub mod layout;
mod meaning;

pub(super) use meaning::FORMAT;
