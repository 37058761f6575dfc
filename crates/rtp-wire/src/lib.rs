// SPDX-License-Identifier: GPL-2.0-only

//! Wire format of `/proc/rtpengine/N/control`.
//!
//! A message is parsed into a [`Request`]; what a request carries is decoded into the one internal
//! form of [`srtp`], [`target`] and [`output`]. What daemons of one generation or another send is known
//! to [`generations`] alone.
//!
//! Everything a message can get wrong is refused here with a [`Refusal`], save what needs a table or
//! shared memory to judge. No message makes this crate panic.
//!
//! The crate is compiled by cargo, and as a plain module of the kernel module: hence the relative
//! paths, and no allocation.

#![cfg_attr(not(any(CONFIG_RUST, test)), no_std)]
#![forbid(unsafe_code)]

pub mod command;
pub mod errno;
pub mod generations;
pub mod output;
pub mod pointer;
pub mod refusal;
pub mod request;
pub mod shared;
pub mod srtp;
pub mod target;
pub mod text;

#[cfg(CONFIG_RUST)]
pub(crate) use super::udp_ip;
#[cfg(not(CONFIG_RUST))]
pub(crate) use ::udp_ip;

pub use command::{CommandNumber, Direction, Generation};
pub use generations::{parse, v12_5, v13_5, v14_0, v26_0, v26_1, v26_3, Text};
pub use output::{ExtensionSet, Output, OutputFlags, OutputSsrc, PayloadRule};
pub use pointer::{PointerKind, PointerName, UserPointer};
pub use refusal::Refusal;
pub use request::{Encoded, Init, Request};
pub use srtp::{Cipher, Hmac, Srtp};
pub use target::{
    check_payload_types, ExpectedSource, MediaIndex, Mid, OutputGroup, PayloadType, RtcpKind,
    Target, TargetFlags, TargetSsrc, TimeUnit,
};
pub use udp_ip::{Endpoint, Family, Flow};
