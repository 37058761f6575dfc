// SPDX-License-Identifier: GPL-2.0-only

//! The context that packets are handled in.
//!
//! C header: [`include/linux/bottom_half.h`](srctree/include/linux/bottom_half.h)

use super::bindings;
use kernel::types::NotThreadSafe;

/// While it lives bottom halves are disabled: no softirq comes in between, and its owner stays on this
/// processor.
///
/// # Invariants
///
/// Bottom halves were disabled for it, by the task or the softirq that has it.
pub(crate) struct Disabled(NotThreadSafe);

impl Disabled {
    /// Disables them.
    pub(crate) fn new() -> Self {
        // SAFETY: May be called from any context but a hard interrupt's; hooks are not called there.
        unsafe { bindings::rtpe_bh_disable() };
        // INVARIANT: They were just disabled, and the type cannot go to another task.
        Self(NotThreadSafe)
    }

    /// Takes it over from C, which disabled them.
    ///
    /// # Safety
    ///
    /// This task, or softirq, has disabled bottom halves once, and does not enable them itself.
    pub(super) unsafe fn from_c() -> Self {
        // INVARIANT: As this function's own requirement; the type cannot go to another task.
        Self(NotThreadSafe)
    }
}

impl Drop for Disabled {
    fn drop(&mut self) {
        // SAFETY: By the type invariant they were disabled, and this is the same context.
        unsafe { bindings::rtpe_bh_enable() };
    }
}
