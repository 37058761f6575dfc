// SPDX-License-Identifier: GPL-2.0-only

//! Generation 12.5 of the interface, spoken by rtpengine 12.4, 12.5 and 13.0 to 13.2.

#[cfg(not(CONFIG_RUST))]
pub mod encode;
pub mod layout;
pub(super) mod meaning;

pub(super) use meaning::FORMAT;
