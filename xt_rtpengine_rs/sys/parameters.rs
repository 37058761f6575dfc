// SPDX-License-Identifier: GPL-2.0-only

//! The module's parameters.
//!
//! They are declared in `helpers/parameters.c`: the kernel's Rust parameters are neither visible nor
//! writable under `/sys/module`, where `log_errors` and `api_debug` are switched in operation.
//!
//! C header: [`include/linux/moduleparam.h`](srctree/include/linux/moduleparam.h)

use super::bindings;
use crate::rtp_media::srtp::index::CAPACITY;
use kernel::sync::atomic::{Atomic, Relaxed};

/// Reads a flag that may be written through sysfs at any time.
fn flag(place: *mut bool) -> bool {
    // A byte is read, since what a writer in C leaves there is read as an integer.
    // SAFETY: The static lives as long as the module, is a byte wide, and is written by whole
    // bytes.
    unsafe { Atomic::from_ptr(place.cast::<i8>()) }.load(Relaxed) != 0
}

/// Whether an error of the packet path is to be logged now: `log_errors` is set, and not too many
/// were logged of late.
pub(crate) fn log_error_now() -> bool {
    // SAFETY: No requirements.
    flag(&raw mut bindings::rtpe_log_errors) && unsafe { bindings::rtpe_net_ratelimit() }
}

/// Whether the reason of each refused command is logged.
pub(crate) fn api_debug() -> bool {
    flag(&raw mut bindings::rtpe_api_debug)
}

/// How many packets back SRTP is accepted late; 0 when replays are not looked for.
pub(crate) fn srtp_replay_window() -> u32 {
    // SAFETY: The static lives as long as the module, and is written by whole words.
    unsafe { Atomic::from_ptr(&raw mut bindings::rtpe_srtp_replay_window) }.load(Relaxed)
}

const _: () = assert!(bindings::RTPE_MAX_REPLAY_WINDOW == CAPACITY);

/// How many bytes a table may share with its daemons.
pub(crate) fn memory_limit() -> u64 {
    // SAFETY: The static lives as long as the module, and is written by whole words.
    let limit = unsafe { Atomic::from_ptr((&raw mut bindings::rtpe_memory_limit).cast::<u64>()) };
    limit.load(Relaxed)
}

/// The user that owns the files under `/proc/rtpengine`.
pub(crate) fn proc_uid() -> u32 {
    // SAFETY: Written only before the module's initialisation.
    unsafe { bindings::rtpe_proc_uid }
}

/// The group that owns the files under `/proc/rtpengine`.
pub(crate) fn proc_gid() -> u32 {
    // SAFETY: Written only before the module's initialisation.
    unsafe { bindings::rtpe_proc_gid }
}

/// Mode bits that are taken away from the files under `/proc/rtpengine`.
pub(crate) fn proc_mask() -> u32 {
    // SAFETY: Written only before the module's initialisation.
    unsafe { bindings::rtpe_proc_mask }
}
