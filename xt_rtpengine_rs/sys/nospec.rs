// SPDX-License-Identifier: GPL-2.0-only

//! Indices that may be out of bounds, which a processor must not follow ahead of their check either.
//!
//! C header: [`include/linux/nospec.h`](srctree/include/linux/nospec.h)

use super::bindings;

/// `index` when it is below `size`, under speculation too.
#[inline]
pub(crate) fn index(index: usize, size: usize) -> Option<usize> {
    if index >= size {
        return None;
    }
    // SAFETY: No requirements.
    Some(unsafe { bindings::rtpe_index_nospec(index, size) })
}
