// SPDX-License-Identifier: GPL-2.0-only

//! Printing of what the shared crates define: the kernel has a `Display` of its own.

use kernel::fmt;

/// Something that is printed as it prints itself.
pub(crate) struct Show<T>(pub(crate) T);

impl<T: core::fmt::Display> fmt::Display for Show<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::fmt::Display::fmt(&self.0, f)
    }
}
