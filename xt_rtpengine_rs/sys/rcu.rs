// SPDX-License-Identifier: GPL-2.0-only

//! Objects that are published to readers under RCU.
//!
//! C header: [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)

use core::{marker::PhantomData, mem::ManuallyDrop, ptr};
use kernel::sync::{
    atomic::{Acquire, Atomic, Full},
    rcu, Arc,
};

pub(crate) use kernel::sync::rcu::{rcu_barrier as barrier, read_lock, Guard};

/// A place that holds one shared object, or none, for readers under RCU.
///
/// # Invariants
///
/// The pointer is null, or comes from [`Arc::into_raw`] and owns that reference. The reference is
/// given up only after a grace period has passed since the pointer was taken out.
pub(crate) struct Slot<T: Send + Sync + 'static> {
    object: Atomic<*mut T>,
    owner: PhantomData<Arc<T>>,
}

impl<T: Send + Sync + 'static> Slot<T> {
    /// An empty slot.
    pub(crate) const fn new() -> Self {
        // INVARIANT: The pointer is null.
        Self {
            object: Atomic::new(ptr::null_mut()),
            owner: PhantomData,
        }
    }

    /// The object, for as long as the guard is held.
    pub(crate) fn get<'g>(&'g self, _guard: &'g Guard) -> Option<&'g T> {
        let object = self.object.load(Acquire);
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

    /// Publishes `object`, or nothing, and returns what stood there before once no reader can see
    /// it any more. Sleeps when there was something.
    pub(crate) fn replace(&self, object: Option<Arc<T>>) -> Option<Arc<T>> {
        let new = object.map_or(ptr::null_mut(), |object| Arc::into_raw(object).cast_mut());
        // INVARIANT: `new` is null or owns a reference; the old pointer is out of the slot.
        let old = self.object.xchg(new, Full);
        if old.is_null() {
            return None;
        }
        rcu::synchronize_rcu();
        // SAFETY: By the type invariant the pointer owns a reference, which is taken over here;
        // a grace period has passed.
        Some(unsafe { Arc::from_raw(old) })
    }
}

impl<T: Send + Sync + 'static> Drop for Slot<T> {
    fn drop(&mut self) {
        self.replace(None);
    }
}
