// SPDX-License-Identifier: GPL-2.0-only

//! The time of day.
//!
//! C header: [`include/linux/timekeeping.h`](srctree/include/linux/timekeeping.h)

use super::bindings;

/// The Unix time in seconds, as cheap as a read of memory.
pub(crate) fn unix_seconds() -> u64 {
    // SAFETY: No requirements.
    u64::try_from(unsafe { bindings::ktime_get_real_seconds() }).unwrap_or(0)
}
