// SPDX-License-Identifier: GPL-2.0-only

//! Packet buffers: one owner each.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use super::bindings;
use core::{mem::ManuallyDrop, ptr::NonNull, slice};

/// One owner of an `sk_buff`, freed when dropped.
///
/// # Invariants
///
/// The buffer is valid and owned.
pub(super) struct Skb(NonNull<bindings::sk_buff>);

impl Skb {
    /// Takes a buffer over.
    ///
    /// # Safety
    ///
    /// `skb` is valid, and the caller's to give away.
    pub(super) unsafe fn from_raw(skb: NonNull<bindings::sk_buff>) -> Self {
        // INVARIANT: As this function's own requirement.
        Self(skb)
    }

    /// The buffer in the form that C takes.
    pub(super) fn raw(&self) -> *mut bindings::sk_buff {
        self.0.as_ptr()
    }

    /// Gives the buffer away.
    pub(super) fn into_raw(self) -> *mut bindings::sk_buff {
        ManuallyDrop::new(self).raw()
    }

    /// Length of all of the data.
    pub(super) fn len(&self) -> usize {
        // SAFETY: By the type invariant the buffer is valid.
        unsafe { (*self.raw()).len as usize }
    }

    /// The part of the data that lies in one piece.
    pub(super) fn head(&self) -> &[u8] {
        // SAFETY: By the type invariant the buffer is valid. `len - data_len` bytes from `data` on
        // are its linear part, and nobody writes them while they are borrowed from the owner.
        unsafe {
            let skb = self.raw();
            let len = (*skb).len.saturating_sub((*skb).data_len) as usize;
            slice::from_raw_parts((*skb).data, len)
        }
    }

    /// Makes the first `len` bytes lie in one piece.
    pub(super) fn pull(&mut self, len: usize) -> bool {
        let Ok(len) = u32::try_from(len) else {
            return false;
        };
        // SAFETY: By the type invariant the buffer is valid; more than it has is refused.
        unsafe { bindings::rtpe_skb_may_pull(self.raw(), len) }
    }
}

impl Drop for Skb {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the buffer is owned.
        unsafe { bindings::rtpe_consume_skb(self.raw()) };
    }
}
