// SPDX-License-Identifier: GPL-2.0-only

//! Generation 26.0 of the interface, spoken by rtpengine 14.1 and 26.0.
//!
//! [`layout`] is the wire format as it is, `meaning` turns messages into the internal form; tools turn the
//! internal form into messages with `encode`.

#[cfg(not(CONFIG_RUST))]
pub mod encode;
pub mod layout;
mod meaning;

pub(super) use meaning::{target, FORMAT};
