// SPDX-License-Identifier: GPL-2.0-only

//! Objects that are published to readers under RCU.
//!
//! C header: [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)

use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ptr::{self, NonNull},
    sync::atomic::{AtomicPtr, Ordering},
};
use kernel::sync::{rcu, Arc};

pub(crate) use kernel::sync::rcu::{rcu_barrier as barrier, read_lock, Guard};

/// Evidence that RCU is read, where somebody else has entered it.
///
/// # Safety
///
/// The caller is an RCU reader for `'a`.
#[inline]
pub(super) unsafe fn held<'a>() -> &'a Guard {
    const { assert!(size_of::<Guard>() == 0) };
    // SAFETY: There is nothing to be read, and a guard that is borrowed is not dropped. What its existence tells holds, as this
    // function requires.
    unsafe { NonNull::dangling().as_ref() }
}

/// A place that holds one shared object, or none, for readers under RCU.
///
/// # Invariants
///
/// The pointer is null, or comes from [`Arc::into_raw`] and owns that reference. The reference is
/// given up only after a grace period has passed since the pointer was taken out.
pub(crate) struct Slot<T: Send + Sync + 'static> {
    object: AtomicPtr<T>,
    owner: PhantomData<Arc<T>>,
}

impl<T: Send + Sync + 'static> Slot<T> {
    /// An empty slot.
    pub(crate) const fn new() -> Self {
        // INVARIANT: The pointer is null.
        Self {
            object: AtomicPtr::new(ptr::null_mut()),
            owner: PhantomData,
        }
    }

    /// The object, for as long as the guard is held.
    #[inline]
    pub(crate) fn get<'g>(&'g self, _guard: &'g Guard) -> Option<&'g T> {
        let object = self.object.load(Ordering::Acquire);
        // SAFETY: By the type invariant a pointer that is not null is valid until a grace period
        // after it was taken out, which cannot end while the guard is held.
        unsafe { object.as_ref() }
    }

    /// A reference to the object that outlives the guard.
    pub(crate) fn share(&self) -> Option<Arc<T>> {
        let guard = read_lock();
        let object = ptr::from_ref(self.get(&guard)?);
        // SAFETY: The pointer comes from `Arc::into_raw`, and by the type invariant the slot's
        // own reference is not given up while the guard is held; `ManuallyDrop` leaves it there.
        let owned = ManuallyDrop::new(unsafe { Arc::from_raw(object) });
        Some(Arc::clone(&owned))
    }

    /// Publishes `object`. What stood there before is dropped once no reader can see it any more.
    pub(crate) fn publish(&self, object: Arc<T>) {
        self.swap(Arc::into_raw(object).cast_mut());
    }

    /// Takes the object out: no reader finds it any more.
    pub(crate) fn take(&self) -> Option<Retired<T>> {
        self.swap(ptr::null_mut())
    }

    fn swap(&self, new: *mut T) -> Option<Retired<T>> {
        // INVARIANT: `new` is null or owns a reference; the old pointer is out of the slot, and its reference
        // the result's.
        let old = self.object.swap(new, Ordering::AcqRel);
        NonNull::new(old).map(Retired)
    }
}

impl<T: Send + Sync + 'static> Drop for Slot<T> {
    fn drop(&mut self) {
        self.take();
    }
}

/// An object that was taken out of its slot. Dropping it waits until no reader can see it any more.
///
/// # Invariants
///
/// The pointer comes from [`Arc::into_raw`], and owns that reference. No reader finds it.
pub(crate) struct Retired<T: Send + Sync + 'static>(NonNull<T>);

impl<T: Send + Sync + 'static> Retired<T> {
    /// Drops all of them, and waits once for that.
    pub(crate) fn drop_all(retired: &mut [Option<Self>]) {
        if retired.iter().all(Option::is_none) {
            return;
        }
        rcu::synchronize_rcu();
        for retired in retired.iter_mut().filter_map(Option::take) {
            // SAFETY: A grace period has passed since it was taken out of its slot.
            unsafe { ManuallyDrop::new(retired).release() };
        }
    }

    /// # Safety
    ///
    /// Called once, a grace period after the object was taken out of its slot.
    unsafe fn release(&self) {
        // SAFETY: By the type invariant the pointer owns a reference, which is given up here; no reader
        // sees the object any more.
        drop(unsafe { Arc::from_raw(self.0.as_ptr()) });
    }
}

impl<T: Send + Sync + 'static> Drop for Retired<T> {
    fn drop(&mut self) {
        rcu::synchronize_rcu();
        // SAFETY: A grace period has passed; a value is dropped once.
        unsafe { self.release() };
    }
}
