// SPDX-License-Identifier: GPL-2.0-only

//! Packet buffers: one owner each.
//!
//! C headers: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h),
//! [`include/net/dropreason-core.h`](srctree/include/net/dropreason-core.h)

use super::bindings;
use core::{mem::ManuallyDrop, ptr, ptr::NonNull, slice};

/// Why a packet is dropped, as drop monitor and the tracepoint `skb:kfree_skb` report it.
#[derive(Clone, Copy)]
pub(crate) enum DropReason {
    /// None is given.
    Unspecified,
    /// A rule, or a target, does not let it through.
    Filtered,
    /// No memory.
    NoMemory,
}

impl DropReason {
    /// The reason as the kernel numbers it.
    fn code(self) -> bindings::skb_drop_reason {
        match self {
            Self::Unspecified => bindings::skb_drop_reason_SKB_DROP_REASON_NOT_SPECIFIED,
            Self::Filtered => bindings::skb_drop_reason_SKB_DROP_REASON_NETFILTER_DROP,
            Self::NoMemory => bindings::skb_drop_reason_SKB_DROP_REASON_NOMEM,
        }
    }
}

/// One owner of an `sk_buff`. When it goes out of scope the packet is freed as dropped, which drop monitor shows; a buffer that
/// has served its purpose is freed by [`consume`](Skb::consume).
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

    /// Frees a buffer that has served its purpose.
    pub(super) fn consume(self) {
        // SAFETY: By the type invariant the buffer was owned, and its owner is gone.
        unsafe { bindings::rtpe_skb_consume(self.into_raw()) };
    }

    /// Frees the buffer of a packet that is dropped.
    pub(super) fn discard(self, reason: DropReason) {
        // SAFETY: By the type invariant the buffer was owned, and its owner is gone.
        unsafe { bindings::sk_skb_reason_drop(ptr::null(), self.into_raw(), reason.code()) };
    }

    /// Length of all of the data.
    pub(super) fn len(&self) -> usize {
        // SAFETY: By the type invariant the buffer is valid.
        unsafe { (*self.raw()).len as usize }
    }

    /// Whether conntrack has an entry for the packet.
    pub(super) fn is_tracked(&self) -> bool {
        // SAFETY: By the type invariant the buffer is valid.
        unsafe { (*self.raw())._nfct != 0 }
    }

    /// Where the data starts, and how many bytes of it lie in one piece.
    fn linear(&self) -> (*mut u8, usize) {
        // SAFETY: By the type invariant the buffer is valid.
        unsafe {
            let skb = self.raw();
            let len = (*skb).len.saturating_sub((*skb).data_len) as usize;
            ((*skb).data, len)
        }
    }

    /// The part of the data that lies in one piece.
    pub(super) fn head(&self) -> &[u8] {
        let (data, len) = self.linear();
        // SAFETY: These bytes are initialised, and nobody writes them while they are borrowed from
        // the owner.
        unsafe { slice::from_raw_parts(data, len) }
    }

    /// The part of the data that lies in one piece, to be changed; data that somebody else has too is
    /// copied first. `None` without memory for that.
    pub(super) fn private_mut(&mut self) -> Option<&mut [u8]> {
        // SAFETY: By the type invariant the buffer is valid.
        if !unsafe { bindings::rtpe_skb_make_private(self.raw()) } {
            return None;
        }
        let (data, len) = self.linear();
        // SAFETY: These bytes are initialised; nobody else has them since then, and they are borrowed from
        // the owner.
        Some(unsafe { slice::from_raw_parts_mut(data, len) })
    }

    /// Makes the first `len` bytes lie in one piece.
    pub(super) fn pull(&mut self, len: usize) -> bool {
        if len <= self.linear().1 {
            return true;
        }
        let Ok(len) = u32::try_from(len) else {
            return false;
        };
        // SAFETY: By the type invariant the buffer is valid; more than it has is refused, as is a shared one.
        unsafe { bindings::rtpe_skb_may_pull(self.raw(), len) }
    }
}

impl Drop for Skb {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the buffer is owned.
        unsafe {
            bindings::sk_skb_reason_drop(ptr::null(), self.raw(), DropReason::Unspecified.code())
        };
    }
}

/// A list of buffers, which are consumed with it.
///
/// # Invariants
///
/// `first` is null, or the first of a list of valid, owned buffers that are linked by `next`, which is
/// null in the last of them: `last`.
pub(super) struct SkbList {
    first: *mut bindings::sk_buff,
    last: *mut bindings::sk_buff,
}

/// The buffer that comes after `skb`.
///
/// # Safety
///
/// `skb` is valid.
unsafe fn next_of(skb: *mut bindings::sk_buff) -> *mut *mut bindings::sk_buff {
    // SAFETY: As this function's own requirement; a buffer in a list is linked by this variant of the union.
    unsafe { &raw mut (*skb).__bindgen_anon_1.__bindgen_anon_1.next }
}

impl SkbList {
    /// No buffer.
    pub(super) const fn new() -> Self {
        // INVARIANT: There is none.
        Self {
            first: ptr::null_mut(),
            last: ptr::null_mut(),
        }
    }

    /// Takes a list over.
    ///
    /// # Safety
    ///
    /// `first` is null, or the first of buffers that are linked by `next`, which is null in the last; all
    /// are valid, and the caller's to give away.
    pub(super) unsafe fn from_raw(first: *mut bindings::sk_buff) -> Self {
        let (mut last, mut at) = (first, first);
        while !at.is_null() {
            last = at;
            // SAFETY: As this function's own requirement.
            at = unsafe { *next_of(at) };
        }
        // INVARIANT: As this function's own requirement.
        Self { first, last }
    }

    /// Appends a buffer.
    pub(super) fn push(&mut self, skb: Skb) {
        let skb = skb.into_raw();
        // SAFETY: The buffer was owned, and the last one is by the type invariant.
        unsafe {
            *next_of(skb) = ptr::null_mut();
            if self.first.is_null() {
                self.first = skb;
            } else {
                *next_of(self.last) = skb;
            }
        }
        // INVARIANT: It is owned, and the last one.
        self.last = skb;
    }

    /// Takes the first buffer out.
    pub(super) fn pop(&mut self) -> Option<Skb> {
        let first = NonNull::new(self.first)?;
        // INVARIANT: What follows is the rest of the list.
        // SAFETY: By the type invariant the buffer is valid and owned; it leaves the list.
        unsafe {
            self.first = *next_of(first.as_ptr());
            *next_of(first.as_ptr()) = ptr::null_mut();
            Some(Skb::from_raw(first))
        }
    }
}

impl Drop for SkbList {
    fn drop(&mut self) {
        while let Some(skb) = self.pop() {
            skb.consume();
        }
    }
}
