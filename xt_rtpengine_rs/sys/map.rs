// SPDX-License-Identifier: GPL-2.0-only

//! A hash from a local address to what stands for it, read under RCU.
//!
//! Readers take no lock and write nothing. The hash grows and shrinks with its contents. What is
//! removed is dropped by a workqueue after a grace period, in a context that may sleep.
//!
//! C header: [`include/linux/rhashtable.h`](srctree/include/linux/rhashtable.h)

use super::{bindings, rcu};
use crate::udp_ip::Endpoint;
use core::{marker::PhantomData, pin::Pin, ptr};
use kernel::{
    alloc::AllocError,
    container_of,
    error::to_result,
    prelude::*,
    sync::atomic::{Acquire, Atomic, Full, Relaxed, Release},
    types::Opaque,
};

/// The key of the hash is the bytes of an endpoint, as words.
type Key = [u32; 5];

/// The workqueue that drops what was removed. One exists while the module is loaded.
///
/// # Invariants
///
/// `QUEUE` holds a valid workqueue while an instance exists.
pub(crate) struct Reclaimer(());

static QUEUE: Atomic<*mut bindings::workqueue_struct> = Atomic::new(ptr::null_mut());

/// How many nodes were removed and are not dropped yet.
static REMOVED: Atomic<i32> = Atomic::new(0);

/// Waits until all that was removed is dropped. Sleeps if there is something.
pub(crate) fn settle() {
    if REMOVED.load(Acquire) != 0 {
        // What waits for a grace period is queued by then.
        rcu::barrier();
        // SAFETY: The workqueue exists while there is something that was removed.
        unsafe { bindings::__flush_workqueue(QUEUE.load(Relaxed)) };
    }
}

impl Reclaimer {
    /// Prepares what maps share, and makes the workqueue. Only one may exist at a time.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: No requirements.
        let queue = unsafe { bindings::rtpe_maps_prepare() };
        if queue.is_null() {
            return Err(ENOMEM);
        }
        QUEUE.store(queue, Relaxed);
        // INVARIANT: The workqueue was just made.
        Ok(Self(()))
    }
}

impl Drop for Reclaimer {
    /// Waits until all that was removed is dropped.
    fn drop(&mut self) {
        let queue = QUEUE.xchg(ptr::null_mut(), Full);
        rcu::barrier();
        // SAFETY: By the type invariant the workqueue is valid. Work that waited for a grace
        // period is queued since the barrier; the rest is waited for here.
        unsafe { bindings::destroy_workqueue(queue) };
    }
}

/// A value with the local address it stands for, ready to be published in a [`Map`].
#[repr(C)]
pub(crate) struct Node<T> {
    raw: Opaque<bindings::rtpe_node>,
    value: T,
    reclaim: Opaque<bindings::rcu_work>,
}

// SAFETY: The raw part is touched by the map alone, which locks; the rest is a `T`.
unsafe impl<T: Send> Send for Node<T> {}
// SAFETY: As above.
unsafe impl<T: Sync> Sync for Node<T> {}

/// A node that nobody but its owner sees.
pub(crate) type Unpublished<T> = Pin<KBox<Node<T>>>;

impl<T: Send + Sync + 'static> Node<T> {
    /// Makes a node, which nobody else sees yet, where its value is made. May sleep.
    ///
    /// # Errors
    ///
    /// That of the value, and `ENOMEM` when there is no memory.
    pub(crate) fn new<E: From<AllocError>>(
        local: Endpoint,
        value: impl Init<T, E>,
    ) -> Result<Unpublished<T>, E> {
        let key: Key = zerocopy::transmute!(local);
        let node = KBox::try_init(
            try_init!(Self {
                raw: Opaque::zeroed(),
                value <- value,
                reclaim: Opaque::zeroed(),
            }? E),
            GFP_KERNEL_ACCOUNT,
        )?;
        // SAFETY: The node is owned here alone.
        unsafe { (*node.raw.get()).key = key };
        Ok(node.into())
    }

    /// The value, which is the owner's alone until it is published.
    pub(crate) fn value_mut(self: Pin<&mut Self>) -> &mut T {
        // SAFETY: Only the raw part has to stay where it is, and it is not moved.
        unsafe { &mut self.get_unchecked_mut().value }
    }

    /// The value.
    pub(crate) fn value(&self) -> &T {
        &self.value
    }
}

/// The hash.
///
/// Changes are made under a lock of the owner; lookups under RCU alone.
///
/// # Invariants
///
/// Every node in the hash comes from [`KBox::into_raw`] of a `KBox<Node<T>>` and is owned by the
/// hash.
#[pin_data(PinnedDrop)]
pub(crate) struct Map<T: Send + Sync + 'static> {
    #[pin]
    raw: Opaque<bindings::rhashtable>,
    nodes: PhantomData<KBox<Node<T>>>,
}

// SAFETY: The hash is made for use from all contexts at once; its nodes are `Send` and `Sync`.
unsafe impl<T: Send + Sync + 'static> Send for Map<T> {}
// SAFETY: As above.
unsafe impl<T: Send + Sync + 'static> Sync for Map<T> {}

impl<T: Send + Sync + 'static> Map<T> {
    /// An empty hash. May sleep.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            raw <- Opaque::try_ffi_init(|slot| {
                // INVARIANT: The hash is empty.
                // SAFETY: `slot` is valid for writes and stays where it is.
                to_result(unsafe { bindings::rtpe_map_init(slot) })
            }),
            nodes: PhantomData,
        })
    }

    fn find(&self, local: &Endpoint, _guard: &rcu::Guard) -> *mut bindings::rtpe_node {
        // SAFETY: The hash is initialised and the guard is held. An endpoint has the size and the
        // alignment of a key, and no padding.
        unsafe { bindings::rtpe_map_lookup(self.raw.get(), ptr::from_ref(local).cast()) }
    }

    /// The value that stands for `local`, for as long as the guard is held.
    pub(crate) fn get<'g>(&'g self, local: &Endpoint, guard: &'g rcu::Guard) -> Option<&'g T> {
        let node: *const Node<T> = self.find(local, guard).cast();
        // SAFETY: By the type invariant what was found is null or the first field of a valid
        // `Node<T>`, which is dropped a grace period after its removal at the earliest.
        let node = unsafe { node.as_ref() }?;
        Some(&node.value)
    }

    /// Publishes a node: readers find it from now on. May sleep.
    ///
    /// # Errors
    ///
    /// Gives the node back, with `EEXIST` when its key is taken, `ENOMEM` when there is no memory,
    /// `E2BIG` when there are too many.
    pub(crate) fn publish(&self, node: Unpublished<T>) -> Result<(), (Unpublished<T>, Error)> {
        // SAFETY: The node does not move: it stays in its box.
        let node = KBox::into_raw(unsafe { Pin::into_inner_unchecked(node) });
        // INVARIANT: The node comes from `into_raw` and belongs to the hash on success.
        // SAFETY: The hash is initialised; `raw` is the first field of the node.
        let result = to_result(unsafe { bindings::rtpe_map_insert(self.raw.get(), node.cast()) });
        result.map_err(|error| {
            // SAFETY: The hash did not take the node, which comes from `into_raw`.
            (unsafe { KBox::from_raw(node) }.into(), error)
        })
    }

    /// Removes what stands for `local`, and says whether there was something. It is dropped after a
    /// grace period.
    pub(crate) fn remove(&self, local: &Endpoint) -> bool {
        let guard = rcu::read_lock();
        let node = self.find(local, &guard);
        if node.is_null() {
            return false;
        }
        // SAFETY: The hash is initialised and the node is valid while the guard is held.
        if unsafe { bindings::rtpe_map_remove(self.raw.get(), node) } != 0 {
            return false;
        }
        REMOVED.fetch_add(1, Relaxed);
        let node: *mut Node<T> = node.cast();
        // SAFETY: By the type invariant it is a `Node<T>`, valid while the guard is held.
        let work = unsafe { &raw mut (*node).reclaim };
        // SAFETY: The workqueue exists while the module has tables. The node left the hash by
        // the call above, so that this is the only reclaim of it.
        unsafe {
            bindings::rtpe_reclaim(
                QUEUE.load(Relaxed),
                Opaque::cast_into(work),
                Some(reclaim::<T>),
            )
        };
        true
    }
}

/// Drops a node that was removed.
///
/// # Safety
///
/// Called once by the workqueue with the work of a node of a `Map<T>` a grace period after the
/// node left it.
unsafe extern "C" fn reclaim<T>(work: *mut bindings::work_struct) {
    // SAFETY: The work is that of an `rcu_work`.
    let work = unsafe { bindings::rtpe_rcu_work(work) };
    // SAFETY: It stands in a `Node<T>`.
    let node = unsafe { container_of!(work.cast::<Opaque<_>>(), Node<T>, reclaim) };
    // SAFETY: The node comes from `KBox::into_raw`, and nobody sees it any more.
    drop(unsafe { KBox::<Node<T>>::from_raw(node) });
    REMOVED.fetch_add(-1, Release);
}

/// Drops a node that is still in the hash when the hash goes.
///
/// # Safety
///
/// Called with each node of a `Map<T>` that nobody reads any more.
unsafe extern "C" fn free<T>(node: *mut kernel::ffi::c_void, _argument: *mut kernel::ffi::c_void) {
    // SAFETY: The node is the first field of a `Node<T>` that comes from `KBox::into_raw`.
    drop(unsafe { KBox::<Node<T>>::from_raw(node.cast()) });
}

#[pinned_drop]
impl<T: Send + Sync + 'static> PinnedDrop for Map<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: The hash is initialised, and nobody else has it any more.
        unsafe {
            bindings::rhashtable_free_and_destroy(self.raw.get(), Some(free::<T>), ptr::null_mut())
        };
    }
}
