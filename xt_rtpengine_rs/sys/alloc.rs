// SPDX-License-Identifier: GPL-2.0-only

//! Allocation of large values in place, without a copy on the kernel's small stack.

use kernel::prelude::*;
use zerocopy::FromZeros;

/// Allocates a `T` whose bytes are all zero. May sleep.
///
/// # Errors
///
/// `ENOMEM` when there is no memory.
pub(crate) fn zeroed<T: FromZeros>() -> Result<KBox<T>> {
    let uninit = KBox::<T>::new_uninit(GFP_KERNEL_ACCOUNT | __GFP_ZERO)?;
    // SAFETY: The memory was zeroed by the allocation, and `FromZeros` says that a `T` of all
    // zero bytes is valid.
    Ok(unsafe { uninit.assume_init() })
}
