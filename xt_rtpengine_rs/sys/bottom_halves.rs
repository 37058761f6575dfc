// SPDX-License-Identifier: GPL-2.0-only

//! The context that packets are handled in.
//!
//! C header: [`include/linux/bottom_half.h`](srctree/include/linux/bottom_half.h)

use super::bindings;
use kernel::types::NotThreadSafe;

/// While it lives no softirq runs on this processor, and who has it stays there.
///
/// # Invariants
///
/// Bottom halves were disabled for it, by the task or the softirq that has it.
pub(crate) struct Off(NotThreadSafe);

impl Off {
    /// Disables them.
    pub(crate) fn new() -> Self {
        // SAFETY: May be called from any context but a hard interrupt's; hooks are not called there.
        unsafe { bindings::rtpe_bh_disable() };
        // INVARIANT: They were just disabled, and the type cannot go to another task.
        Self(NotThreadSafe)
    }
}

impl Drop for Off {
    fn drop(&mut self) {
        // SAFETY: By the type invariant they were disabled, and this is the same context.
        unsafe { bindings::rtpe_bh_enable() };
    }
}
