// SPDX-License-Identifier: GPL-2.0-only

//! The tests of what the crate offers: one program, which takes less to build than one for each file.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

mod common;
mod encode;
mod faults;
mod generations;
mod hostile;
mod messages;
mod output;
mod srtp;
mod target;
mod text;
