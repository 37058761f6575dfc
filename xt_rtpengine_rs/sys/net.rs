// SPDX-License-Identifier: GPL-2.0-only

//! Network namespaces.
//!
//! C header: [`include/net/net_namespace.h`](srctree/include/net/net_namespace.h)

use super::bindings;
use core::{marker::PhantomData, ptr};
use kernel::{
    error::to_result,
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
    types::Opaque,
};

/// A network namespace by identity. Holding one does not keep the namespace alive: it is good for
/// comparison only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NamespaceId(*const bindings::net);

// SAFETY: The pointer is compared, never followed.
unsafe impl Send for NamespaceId {}
// SAFETY: As above.
unsafe impl Sync for NamespaceId {}

impl NamespaceId {
    /// The namespace of the process that calls.
    pub(crate) fn current() -> Self {
        // SAFETY: `current` has a namespace while it runs a system call.
        Self(unsafe { bindings::rtpe_current_net() })
    }

    /// Runs `act` with the namespace, if it is alive still, and keeps it so meanwhile.
    pub(crate) fn with<R>(self, act: impl FnOnce(Namespace<'_>) -> R) -> Option<R> {
        // SAFETY: The pointer is compared with those of the namespaces that exist.
        let net = unsafe { bindings::rtpe_get_net(self.0) };
        if net.is_null() {
            return None;
        }
        let result = act(Namespace(net, PhantomData));
        // SAFETY: The reference was taken above, and is given back once.
        unsafe { bindings::rtpe_put_net(net) };
        Some(result)
    }
}

/// The identity of a namespace, in a place that readers and one writer share.
pub(crate) struct NamespaceCell(Atomic<*mut bindings::net>);

impl NamespaceCell {
    /// A place with an identity in it.
    pub(crate) fn new(id: NamespaceId) -> Self {
        Self(Atomic::new(id.0.cast_mut()))
    }

    /// The identity.
    pub(crate) fn get(&self) -> NamespaceId {
        NamespaceId(self.0.load(Relaxed))
    }

    /// Replaces the identity.
    pub(crate) fn set(&self, id: NamespaceId) {
        self.0.store(id.0.cast_mut(), Relaxed);
    }
}

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

    /// The identity of the namespace.
    pub(crate) fn id(self) -> NamespaceId {
        NamespaceId(self.0)
    }

    /// The namespace in the form that C takes.
    pub(super) fn as_ptr(self) -> *mut bindings::net {
        self.0
    }
}

/// What wants to know when a namespace goes.
pub(crate) trait Watcher: 'static {
    /// The namespace is being destroyed: nothing may name it when this returns. No packet of it
    /// is seen any more once a grace period has passed after that. May sleep.
    fn leaving(namespace: NamespaceId);
}

/// Calls a [`Watcher`] for every namespace that goes, until dropped.
///
/// # Invariants
///
/// The operations are registered.
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<W: Watcher> {
    #[pin]
    operations: Opaque<bindings::pernet_operations>,
    watcher: PhantomData<W>,
}

// SAFETY: The operations are touched by registration and its drop alone.
unsafe impl<W: Watcher> Send for Registration<W> {}
// SAFETY: There are no methods on a shared reference.
unsafe impl<W: Watcher> Sync for Registration<W> {}

impl<W: Watcher> Registration<W> {
    /// Registers the watcher.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            operations <- Opaque::try_ffi_init(|slot: *mut bindings::pernet_operations| {
                // SAFETY: All of the structure may be zero: no callback, no data.
                let mut operations: bindings::pernet_operations = unsafe { core::mem::zeroed() };
                operations.pre_exit = Some(pre_exit::<W>);
                // SAFETY: `slot` is valid for writes.
                unsafe { ptr::write(slot, operations) };
                // INVARIANT: Registered when this returns no error.
                // SAFETY: The structure is initialised and stays where it is until it is
                // unregistered by the drop.
                to_result(unsafe { bindings::register_pernet_subsys(slot) })
            }),
            watcher: PhantomData,
        })
    }
}

#[pinned_drop]
impl<W: Watcher> PinnedDrop for Registration<W> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant the operations are registered.
        unsafe { bindings::unregister_pernet_subsys(self.operations.get()) };
    }
}

/// # Safety
///
/// Called by the kernel with a namespace that is being destroyed.
unsafe extern "C" fn pre_exit<W: Watcher>(net: *mut bindings::net) {
    W::leaving(NamespaceId(net));
}
