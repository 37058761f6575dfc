// SPDX-License-Identifier: GPL-2.0-only

//! What holds for any bytes at all. Each function takes what a fuzzer made up, does with it what the
//! module does, and panics when something does not hold.
//!
//! The targets in `fuzz/` call them under libFuzzer; the tests here, with random and changed input.

mod extensions;
mod input;
mod packet;
mod rtcp;
mod wire;

pub use extensions::extensions;
pub use packet::packet;
pub use rtcp::rtcp;
pub use wire::wire;
