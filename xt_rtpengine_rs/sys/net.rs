// SPDX-License-Identifier: GPL-2.0-only

//! Network namespaces, and what the module keeps for each of them.
//!
//! C headers: [`include/net/net_namespace.h`](srctree/include/net/net_namespace.h),
//! [`include/net/netns/generic.h`](srctree/include/net/netns/generic.h)

use super::{bindings, rcu};
use core::{
    marker::PhantomData,
    ptr,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};
use kernel::{
    error::{from_result, to_result},
    ffi::c_int,
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
    types::Opaque,
};

/// A network namespace that is alive for `'a`.
#[derive(Clone, Copy)]
pub(crate) struct Namespace<'a>(*mut bindings::net, PhantomData<&'a ()>);

impl<'a> Namespace<'a> {
    /// Takes the namespace that C passed.
    ///
    /// # Safety
    ///
    /// `net` points to a namespace that stays alive for `'a`.
    pub(super) unsafe fn from_ptr(net: *mut bindings::net) -> Self {
        Self(net, PhantomData)
    }

    /// The namespace in the form that C takes.
    pub(super) fn as_ptr(self) -> *mut bindings::net {
        self.0
    }
}

struct NetPtr(*mut bindings::net);

// SAFETY: A namespace can be used from any thread.
unsafe impl Send for NetPtr {}

/// The namespace that something belongs to. It does not keep the namespace alive.
///
/// # Invariants
///
/// The pointer is valid while it is there: it is taken out before the namespace is freed.
#[pin_data]
pub(crate) struct Home {
    #[pin]
    net: Mutex<Option<NetPtr>>,
}

impl Home {
    /// Calls `act` with the namespace, which does not end meanwhile. `None` when it has ended.
    pub(crate) fn with<R>(&self, act: impl FnOnce(Namespace<'_>) -> R) -> Option<R> {
        let net = self.net.lock();
        let NetPtr(net) = net.as_ref()?;
        // SAFETY: By the type invariant the pointer is valid, and it is not taken out while the lock
        // is held.
        Some(act(unsafe { Namespace::from_ptr(*net) }))
    }
}

/// What the module keeps for a network namespace.
pub(crate) trait PerNamespace: Send + Sync + Sized + 'static {
    /// Makes it, for a namespace that was just made, or when the module is loaded.
    ///
    /// # Errors
    ///
    /// The namespace is not made then, or the module not loaded.
    fn new(home: Arc<Home>, net: Namespace<'_>) -> Result<Arc<Self>>;

    /// The namespace ends (`pernet_operations.pre_exit`): nothing of it may be kept when this returns. May sleep.
    fn pre_exit(&self);

    /// Where it is kept: always the same static.
    fn key() -> &'static Key<Self>;
}

/// What stands in the kernel's per-namespace data: null, or a pointer from [`Arc::into_raw`].
struct Kept<T> {
    value: *const T,
    home: *const Home,
}

/// Where the kernel keeps a `T` for each network namespace. A static.
pub(crate) struct Key<T> {
    /// Written by `register_pernet_subsys`, before it makes the first `T`; 0 before.
    id: AtomicU32,
    value: PhantomData<fn() -> T>,
}

impl<T: PerNamespace> Key<T> {
    /// The key of a static.
    pub(crate) const fn new() -> Self {
        Self {
            id: AtomicU32::new(0),
            value: PhantomData,
        }
    }

    /// The `T` of a namespace. `None` while the module is loaded or unloaded.
    #[inline]
    pub(crate) fn of<'a>(&self, net: Namespace<'a>, _guard: &rcu::Guard) -> Option<&'a T> {
        let id = self.id.load(Relaxed);
        if id == 0 {
            return None;
        }
        // SAFETY: The namespace is alive, the id registered, and the guard held.
        let kept = unsafe { bindings::rtpe_net_generic_rcu(net.as_ptr(), id) }.cast::<Kept<T>>();
        // SAFETY: The kernel allocated the size of a `Kept<T>`, zeroed, for this id. What stands there
        // is written by `init`, and dropped when the namespace ends.
        unsafe { (*kept).value.as_ref() }
    }
}

/// Has the kernel keep a `T` for each network namespace, until dropped.
///
/// # Invariants
///
/// The operations are registered.
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<T: PerNamespace> {
    #[pin]
    operations: Opaque<bindings::pernet_operations>,
    kept: PhantomData<T>,
}

// SAFETY: The operations are touched by registration and its drop alone.
unsafe impl<T: PerNamespace> Send for Registration<T> {}
// SAFETY: There are no methods on a shared reference.
unsafe impl<T: PerNamespace> Sync for Registration<T> {}

impl<T: PerNamespace> Registration<T> {
    /// Makes a `T` for each namespace there is, and for those that come.
    ///
    /// # Errors
    ///
    /// Those of [`PerNamespace::new`], `ENOMEM`.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            operations <- Opaque::try_ffi_init(|slot: *mut bindings::pernet_operations| {
                // SAFETY: All of the structure may be zero: no callback, no data.
                let mut operations: bindings::pernet_operations = unsafe { core::mem::zeroed() };
                operations.init = Some(init::<T>);
                operations.pre_exit = Some(pre_exit::<T>);
                operations.exit = Some(exit::<T>);
                operations.id = T::key().id.as_ptr();
                operations.size = size_of::<Kept<T>>();
                // SAFETY: `slot` is valid for writes.
                unsafe { ptr::write(slot, operations) };
                // INVARIANT: Registered when this returns no error.
                // SAFETY: The structure is initialised and stays where it is until it is
                // unregistered by the drop; the key is static.
                to_result(unsafe { bindings::register_pernet_subsys(slot) })
            }),
            kept: PhantomData,
        })
    }
}

#[pinned_drop]
impl<T: PerNamespace> PinnedDrop for Registration<T> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant the operations are registered.
        unsafe { bindings::unregister_pernet_subsys(self.operations.get()) };
        T::key().id.store(0, Relaxed);
    }
}

/// What is kept of a namespace.
///
/// # Safety
///
/// Called by a callback of the registration of `T`, with its namespace: the kernel made room there before the
/// first callback, and frees it after the last.
unsafe fn kept<T: PerNamespace>(net: *mut bindings::net) -> *mut Kept<T> {
    // SAFETY: As this function's own requirement; the id is that of the registration.
    unsafe { bindings::rtpe_net_generic(net, T::key().id.load(Relaxed)) }.cast()
}

/// # Safety
///
/// Called by the kernel with a namespace that is being made, or that the module is loaded into.
unsafe extern "C" fn init<T: PerNamespace>(net: *mut bindings::net) -> c_int {
    from_result(|| {
        let home = Arc::pin_init(
            pin_init!(Home {
                net <- new_mutex!(Some(NetPtr(net))),
            }),
            GFP_KERNEL_ACCOUNT,
        )?;
        // SAFETY: The namespace is alive during the call.
        let value = T::new(home.clone(), unsafe { Namespace::from_ptr(net) })?;
        // SAFETY: A callback of the registration.
        let kept = unsafe { kept::<T>(net) };
        // SAFETY: The room is that of a `Kept<T>`, and nobody else reads it yet.
        unsafe {
            kept.write(Kept {
                value: Arc::into_raw(value),
                home: Arc::into_raw(home),
            })
        };
        Ok(0)
    })
}

/// # Safety
///
/// Called by the kernel once with a namespace that ends, or that the module is unloaded from.
unsafe extern "C" fn pre_exit<T: PerNamespace>(net: *mut bindings::net) {
    // SAFETY: A callback of the registration, after `init` and before `exit`: both pointers are valid,
    // or null when `init` failed.
    let (value, home) = unsafe {
        let kept = kept::<T>(net);
        ((*kept).value.as_ref(), (*kept).home.as_ref())
    };
    if let (Some(value), Some(home)) = (value, home) {
        value.pre_exit();
        // INVARIANT: The namespace is freed after this.
        home.net.lock().take();
    }
}

/// # Safety
///
/// Called by the kernel once, a grace period after [`pre_exit`].
unsafe extern "C" fn exit<T: PerNamespace>(net: *mut bindings::net) {
    // SAFETY: A callback of the registration. No packet of the namespace is seen any more, so that
    // nobody else reads what is taken out.
    let kept = unsafe {
        kept::<T>(net).replace(Kept {
            value: ptr::null(),
            home: ptr::null(),
        })
    };
    if !kept.value.is_null() {
        // SAFETY: Both pointers come from `into_raw` in `init`.
        unsafe {
            drop(Arc::from_raw(kept.value));
            drop(Arc::from_raw(kept.home));
        }
    }
}
