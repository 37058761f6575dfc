// SPDX-License-Identifier: GPL-2.0-only

//! Routes: where a datagram that a socket of the daemon sends would go. A device is never held by
//! one that is cached.
//!
//! C headers: [`include/net/route.h`](srctree/include/net/route.h),
//! [`include/net/ip6_route.h`](srctree/include/net/ip6_route.h)

use super::{bindings, net::Namespace, opener::Uid};
use crate::udp_ip::{Family, Flow};
use kernel::{error::to_result, prelude::*, types::Opaque};
use zerocopy::transmute;

/// From where to where datagrams go, in the form that C takes.
#[derive(Clone, Copy)]
pub(crate) struct Path(bindings::rtpe_path);

impl Path {
    /// Makes a path, with a TOS or traffic class, and the user whose socket it would be.
    pub(crate) fn new(flow: &Flow, tos: u8, user: Uid) -> Self {
        let (source, destination) = (flow.source(), flow.destination());
        let mut path = bindings::rtpe_path {
            source: transmute!(*source.addr()),
            destination: transmute!(*destination.addr()),
            source_port: source.port().to_be(),
            destination_port: destination.port().to_be(),
            tos,
            is_ipv6: flow.family() == Family::V6,
            uid: user.0,
            hash: 0,
            sum: 0,
            ipv4: 0,
            priority: 0,
        };
        // SAFETY: The path is initialised.
        unsafe { bindings::rtpe_path_prepare(&raw mut path) };
        Self(path)
    }

    /// Whether datagrams may go that way, be there a route or not: there may be one later. The source
    /// need not be an address of this host: it may be one that moves between hosts.
    ///
    /// # Errors
    ///
    /// `EINVAL` for addresses that no host has, and for a link-local destination when no device, or
    /// more than one, holds the source address; `EACCES` for broadcast.
    pub(crate) fn check(&self, net: Namespace<'_>) -> Result {
        // SAFETY: The namespace is alive, and the path valid.
        to_result(unsafe { bindings::rtpe_path_check(net.as_ptr(), self.as_ptr()) })
    }

    /// Its ends.
    pub(crate) fn flow(&self) -> Flow {
        let (source_port, destination_port) = (
            u16::from_be(self.0.source_port),
            u16::from_be(self.0.destination_port),
        );
        let source: [u8; 16] = transmute!(self.0.source);
        let destination: [u8; 16] = transmute!(self.0.destination);
        if self.0.is_ipv6 {
            return Flow::v6((source, source_port), (destination, destination_port));
        }
        let first = |[a, b, c, d, ..]: [u8; 16]| [a, b, c, d];
        Flow::v4(
            (first(source), source_port),
            (first(destination), destination_port),
        )
    }

    /// The path in the form that C takes.
    pub(super) fn as_ptr(&self) -> *const bindings::rtpe_path {
        &raw const self.0
    }
}

/// The route of one path: kept for a second at most, and only while a lookup would find it again.
///
/// # Invariants
///
/// The route is initialised.
pub(crate) struct Route(Opaque<bindings::rtpe_route>);

// SAFETY: The route is read under RCU and replaced atomically.
unsafe impl Send for Route {}
// SAFETY: As above.
unsafe impl Sync for Route {}

impl Route {
    /// One that is still to be looked up.
    pub(crate) fn new() -> Self {
        let route = Opaque::uninit();
        // SAFETY: The route is valid for writes. It has no pointer to itself: it may be moved.
        unsafe { bindings::rtpe_route_init(route.get()) };
        // INVARIANT: Just initialised.
        Self(route)
    }

    /// The route in the form that C takes.
    pub(super) fn as_ptr(&self) -> *mut bindings::rtpe_route {
        self.0.get()
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the route is initialised; nobody else has it any more.
        unsafe { bindings::rtpe_route_release(self.0.get()) };
    }
}
