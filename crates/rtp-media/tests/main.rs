// SPDX-License-Identifier: GPL-2.0-only

//! The tests of what the crate offers: one program, which takes less to build than one for each file.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

mod common;
mod decide;
mod demux;
mod extension_rewrite;
mod reason;
mod receiver;
mod rewrite;
mod rtcp;
mod rtp;
mod rules;
mod srtp_forgery;
mod srtp_index;
mod srtp_lengths;
mod srtp_memory;
mod srtp_replay;
mod srtp_rfc3711;
mod srtp_rfc6188;
mod srtp_rfc7714;
mod srtp_rollover;
mod srtp_round_trip;
