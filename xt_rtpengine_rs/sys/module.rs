// SPDX-License-Identifier: GPL-2.0-only

//! References to the module itself, which keep it loaded.
//!
//! C header: [`include/linux/module.h`](srctree/include/linux/module.h)

use super::bindings;
use kernel::prelude::*;

/// A reference to this module: while one exists it cannot be unloaded.
///
/// # Invariants
///
/// One reference count of the module is owned.
pub(crate) struct Hold(());

impl Hold {
    /// Takes a reference.
    ///
    /// # Errors
    ///
    /// `ENOENT` when the module is being unloaded already.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: The pointer is that of this module, which is loaded while its code runs.
        if unsafe { bindings::try_module_get(this_module()) } {
            // INVARIANT: The reference was just taken.
            Ok(Self(()))
        } else {
            Err(ENOENT)
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // SAFETY: By the type invariant a reference is owned; it is given back once.
        unsafe { bindings::module_put(this_module()) };
    }
}

/// The module in the form that C's operations tables take.
pub(super) const fn this_module() -> *mut bindings::module {
    &raw mut bindings::__this_module
}
