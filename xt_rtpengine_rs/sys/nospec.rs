// SPDX-License-Identifier: GPL-2.0-only

//! Indices that may be out of bounds, which a processor must not follow ahead of their check either.
//!
//! C header: [`include/linux/nospec.h`](srctree/include/linux/nospec.h)

use core::arch::asm;

/// `index` when it is below `SIZE`, a power of two, under speculation too.
#[inline]
pub(crate) fn index<const SIZE: usize>(mut index: usize) -> Option<usize> {
    const { assert!(SIZE.is_power_of_two()) };
    if index >= SIZE {
        return None;
    }
    // The mask bounds it where the check is not known yet. The compiler would leave out one that the check makes needless.
    // SAFETY: No instruction; the value stays.
    unsafe { asm!("/* {0} */", inout(reg) index, options(pure, nomem, nostack, preserves_flags)) };
    Some(index & const { SIZE.wrapping_sub(1) })
}
