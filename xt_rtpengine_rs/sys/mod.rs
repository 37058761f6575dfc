// SPDX-License-Identifier: GPL-2.0-only

//! The wall between C and Rust: every hand-written `unsafe` of the module stands in this folder.
//!
//! Each file is one thin, safe abstraction over one C interface of the kernel; nothing outside
//! sees a raw pointer. `bindings` is what bindgen makes of `bindings.h`, `helpers/` holds the
//! inline functions and macros that bindgen cannot call.

mod bindings;

pub(crate) mod alloc;
pub(crate) mod bottom_halves;
pub(crate) mod clock;
pub(crate) mod counters;
pub(crate) mod crypto;
pub(crate) mod hook;
pub(crate) mod input;
pub(crate) mod later;
pub(crate) mod map;
pub(crate) mod memory;
pub(crate) mod module;
pub(crate) mod net;
pub(crate) mod nospec;
pub(crate) mod opener;
pub(crate) mod outgoing;
pub(crate) mod parameters;
pub(crate) mod proc;
pub(crate) mod rcu;
pub(crate) mod received;
pub(crate) mod route;
pub(crate) mod siphash;
pub(crate) mod skb;
pub(crate) mod tally;
pub(crate) mod trace;
pub(crate) mod view;
