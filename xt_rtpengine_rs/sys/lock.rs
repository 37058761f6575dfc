// SPDX-License-Identifier: GPL-2.0-only

//! The locks of the module that are not part of an object.

use crate::table::{registry::Places, rules::Rules};
use kernel::prelude::*;

kernel::sync::global_lock! {
    // SAFETY: `init` runs first in the module's initialisation, before any other use.
    pub(crate) unsafe(uninit) static PLACES: Mutex<Places> = Places::new();
}

kernel::sync::global_lock! {
    // SAFETY: `init` runs first in the module's initialisation, before any other use.
    pub(crate) unsafe(uninit) static RULES: Mutex<Rules> = Rules::new();
}

/// Makes the locks ready. The module's initialisation calls this first, once.
pub(crate) fn init() {
    // SAFETY: The module's initialisation calls this once.
    unsafe {
        PLACES.init();
        RULES.init();
    }
}
