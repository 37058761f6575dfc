// SPDX-License-Identifier: GPL-2.0-only

//! The one lock of the module that is not part of an object.

use crate::registry::Registry;
use kernel::prelude::*;

kernel::sync::global_lock! {
    // SAFETY: `init` runs first in the module's initialisation, before any other use.
    pub(crate) unsafe(uninit) static REGISTRY: Mutex<Registry> = Registry::new();
}

/// Makes the lock ready. The module's initialisation calls this first, once.
pub(crate) fn init() {
    // SAFETY: The module's initialisation calls this once.
    unsafe { REGISTRY.init() };
}
