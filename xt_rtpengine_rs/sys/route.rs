// SPDX-License-Identifier: GPL-2.0-only

//! Routes: a cached lookup that is revalidated with every use. A device is never held by it.
//!
//! C headers: [`include/net/dst_cache.h`](srctree/include/net/dst_cache.h),
//! [`include/net/route.h`](srctree/include/net/route.h)

use super::{bindings, net::Namespace};
use crate::udp_ip::{Addresses, Flow};
use core::{mem::ManuallyDrop, ptr, ptr::NonNull};
use kernel::{
    error::{from_err_ptr, to_result},
    prelude::*,
    types::Opaque,
};

/// What is sent from where to where.
#[derive(Clone, Copy)]
pub(crate) struct Path {
    /// From where to where.
    pub(crate) flow: Flow,
    /// TOS or traffic class.
    pub(crate) tos: u8,
}

impl Path {
    /// Asks the routing tables of the namespace. The source need not be an address of this host:
    /// it may be one that moves between hosts.
    ///
    /// # Errors
    ///
    /// What the stack says, such as `ENETUNREACH`.
    pub(crate) fn look_up(&self, net: Namespace<'_>) -> Result<Route> {
        let (sport, dport) = (
            self.flow.source().port().to_be(),
            self.flow.destination().port().to_be(),
        );
        let route = match self.flow.addresses() {
            Addresses::V4 {
                source,
                destination,
            } => {
                let (source, destination) =
                    (u32::from_ne_bytes(source), u32::from_ne_bytes(destination));
                // SAFETY: The namespace is alive.
                unsafe {
                    bindings::rtpe_route4(net.as_ptr(), source, destination, sport, dport, self.tos)
                }
            }
            // SAFETY: The namespace is alive, and the addresses have 16 bytes.
            Addresses::V6 {
                source,
                destination,
            } => unsafe {
                bindings::rtpe_route6(
                    net.as_ptr(),
                    source.as_ptr().cast(),
                    destination.as_ptr().cast(),
                    sport,
                    dport,
                    self.tos,
                )
            },
        };
        let route = from_err_ptr(route)?;
        // INVARIANT: The lookup returns a reference.
        Ok(Route(NonNull::new(route).ok_or(ENETUNREACH)?))
    }
}

/// A route to one destination.
///
/// # Invariants
///
/// One reference of the entry is owned.
pub(crate) struct Route(NonNull<bindings::dst_entry>);

impl Route {
    /// The largest packet that the route takes, IP header included.
    fn mtu(&self) -> usize {
        // SAFETY: By the type invariant the entry is valid.
        unsafe { bindings::rtpe_dst_mtu(self.0.as_ptr()) as usize }
    }

    /// Whether routers may be asked not to fragment an IPv4 packet of that length, header included:
    /// it fits, and path MTU discovery is done on this route.
    pub(super) fn dont_fragment(&self, net: Namespace<'_>, length: usize) -> bool {
        // SAFETY: By the type invariant the entry is valid; the namespace is alive.
        length <= self.mtu()
            && unsafe { bindings::rtpe_dont_fragment(net.as_ptr(), self.0.as_ptr()) }
    }

    /// Room that lower layers want before the IP header.
    pub(super) fn headroom(&self) -> usize {
        // SAFETY: By the type invariant the entry is valid.
        unsafe { bindings::rtpe_dst_headroom(self.0.as_ptr()) as usize }
    }

    /// TTL to send with.
    pub(super) fn ttl(&self) -> u8 {
        // SAFETY: By the type invariant the entry is valid.
        unsafe { bindings::rtpe_dst_hoplimit4(self.0.as_ptr()) as u8 }
    }

    /// Hop limit to send with.
    pub(super) fn hop_limit(&self) -> u8 {
        // SAFETY: By the type invariant the entry is valid.
        unsafe { bindings::ip6_dst_hoplimit(self.0.as_ptr()) as u8 }
    }

    /// Gives the reference away.
    pub(super) fn into_raw(self) -> *mut bindings::dst_entry {
        ManuallyDrop::new(self).0.as_ptr()
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        // SAFETY: By the type invariant a reference is owned.
        unsafe { bindings::rtpe_dst_release(self.0.as_ptr()) };
    }
}

/// The route of one path, looked up when it is first used and again when it is no longer right.
///
/// # Invariants
///
/// The cache is initialised.
pub(crate) struct Cache(Opaque<bindings::dst_cache>);

// SAFETY: The cache is kept per CPU, and made for use from all of them.
unsafe impl Send for Cache {}
// SAFETY: As above.
unsafe impl Sync for Cache {}

impl Cache {
    /// An empty cache. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory.
    pub(crate) fn new() -> Result<Self> {
        let cache = Opaque::zeroed();
        // SAFETY: The cache is a pointer and a time, which are written; it may be moved.
        to_result(unsafe { bindings::rtpe_dst_cache_init(cache.get()) })?;
        // INVARIANT: Just initialised.
        Ok(Self(cache))
    }

    /// The route of `path`, which is the same with every call. Called with bottom halves off.
    ///
    /// # Errors
    ///
    /// What the stack says, such as `ENETUNREACH`.
    pub(crate) fn get(&self, net: Namespace<'_>, path: &Path) -> Result<Route> {
        // SAFETY: By the type invariant the cache is initialised. A route that is no longer right
        // is not returned. The source is checked to be what it was.
        let cached = unsafe { bindings::dst_cache_get(self.0.get()) };
        if let Some(route) = NonNull::new(cached) {
            // INVARIANT: The cache returns a reference.
            return Ok(Route(route));
        }
        let route = path.look_up(net)?;
        // SAFETY: The cache is initialised, and takes a reference of its own.
        unsafe {
            match path.flow.addresses() {
                Addresses::V4 { source, .. } => bindings::dst_cache_set_ip4(
                    self.0.get(),
                    route.0.as_ptr(),
                    u32::from_ne_bytes(source),
                ),
                Addresses::V6 { source, .. } => bindings::dst_cache_set_ip6(
                    self.0.get(),
                    route.0.as_ptr(),
                    ptr::from_ref(source).cast(),
                ),
            }
        };
        Ok(route)
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the cache is initialised; nobody else has it any more.
        unsafe { bindings::dst_cache_destroy(self.0.get()) };
    }
}
