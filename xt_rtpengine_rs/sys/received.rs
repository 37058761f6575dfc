// SPDX-License-Identifier: GPL-2.0-only

//! A datagram that a hook received, on which the module decides.
//!
//! C headers: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h),
//! [`include/net/netfilter/nf_conntrack_core.h`](srctree/include/net/netfilter/nf_conntrack_core.h)

use super::{
    bindings,
    hook::Hook,
    net::Namespace,
    outgoing::{Limits, Outgoing},
    route::Route,
    skb::{DropReason, Skb},
};
use core::{cell::Cell, ops::Range};

/// How a datagram came.
pub(super) struct Arrival<'a> {
    /// The hook that it is at.
    hook: &'a Hook<'a>,
    /// What C tells of it.
    raw: bindings::rtpe_arrival,
    /// Its TTL or hop limit.
    ttl: u8,
    /// Whether it was [marked as relayed](Received::mark_relayed).
    relayed: Cell<bool>,
}

impl<'a> Arrival<'a> {
    /// At a hook, with a TTL or hop limit. The rest is for `rtpe_take_in`.
    #[inline]
    pub(super) fn new(hook: &'a Hook<'a>, ttl: u8) -> Self {
        Self {
            hook,
            raw: bindings::rtpe_arrival {
                ns: 0,
                device: 0,
                from_this_host: false,
                bh_disabled: false,
            },
            ttl,
            relayed: Cell::new(false),
        }
    }

    /// What C tells of it, to be written.
    #[inline]
    pub(super) fn as_mut_ptr(&mut self) -> *mut bindings::rtpe_arrival {
        &raw mut self.raw
    }

    /// Whether bottom halves were disabled for it, and have to be enabled.
    #[inline]
    pub(super) fn bh_disabled(&self) -> bool {
        self.raw.bh_disabled
    }

    /// Whether it was marked as relayed.
    #[inline]
    pub(super) fn is_relayed(&self) -> bool {
        self.relayed.get()
    }

    /// What bounds the datagrams that it is relayed as.
    fn limits(&self) -> Limits {
        let Self { raw, ttl, .. } = self;
        let ttl = raw.from_this_host.then(|| ttl.saturating_sub(1));
        Limits::new(ttl, raw.device, self.hook.past_hooks())
    }
}

/// A whole UDP datagram that a hook received, owned while the module decides. When it goes out of scope it is freed as
/// dropped; one that was relayed is [consumed](Received::consume).
///
/// # Invariants
///
/// The data starts with the IP header and lies in one piece. The buffer is not shared, though its data may
/// be.
pub(crate) struct Received<'a> {
    skb: Skb,
    arrival: &'a Arrival<'a>,
}

impl<'a> Received<'a> {
    /// Takes a packet over.
    ///
    /// # Safety
    ///
    /// `rtpe_take_in` has taken the packet in, at that hook.
    pub(super) unsafe fn new(skb: Skb, arrival: &'a Arrival<'a>) -> Self {
        // INVARIANT: As this function's own requirement.
        Self { skb, arrival }
    }

    /// Gives the packet back.
    pub(super) fn into_skb(self) -> Skb {
        self.skb
    }

    /// The namespace that the packet is in.
    pub(crate) fn namespace(&self) -> Namespace<'a> {
        self.arrival.hook.namespace()
    }

    /// The bytes of a range.
    pub(crate) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.skb.head().get(range.clone()).unwrap_or(&[])
    }

    /// The bytes of a range, to be changed; data that somebody else has too is copied first. `None`
    /// without memory for that.
    pub(crate) fn private_bytes(&mut self, range: &Range<usize>) -> Option<&mut [u8]> {
        self.skb.private_mut()?.get_mut(range.clone())
    }

    /// When the packet came: nanoseconds of Unix time.
    pub(crate) fn arrival_ns(&self) -> i64 {
        self.arrival.raw.ns
    }

    /// Whether datagrams that are sent on behalf of a packet that goes on have to be deferred: `ipt_do_table()` has one jump stack
    /// for each processor, which the rules of OUTPUT would overwrite.
    pub(crate) fn must_wait(&self) -> bool {
        self.arrival.hook.in_xtables()
    }

    /// What bounds the datagrams that it is relayed as. What this host sent must not go round for ever.
    pub(crate) fn limits(&self) -> Limits {
        self.arrival.limits()
    }

    /// Marks the packet as relayed, for the daemon: the sign of its timestamp turns negative. It can then
    /// go on, and is not judged again.
    pub(crate) fn mark_relayed(&mut self) {
        self.arrival.relayed.set(true);
        // SAFETY: By the invariant of `Skb` the buffer is owned; only its time stamp is written.
        unsafe {
            bindings::rtpe_skb_set_arrival(self.skb.raw(), self.arrival.raw.ns.wrapping_neg());
        }
    }

    /// Has conntrack confirm the packet's entry, as it does before a packet reaches its socket: a packet that is taken does not
    /// come to the end of the hook. `None` when a hook has dropped or taken it.
    pub(crate) fn confirm(self) -> Option<Self> {
        if !self.skb.is_tracked() {
            return Some(self);
        }
        // SAFETY: By the invariant of `Skb` the buffer is owned. What a hook took is not touched any more: it is `RTPE_GONE`.
        match unsafe { self.arrival.hook.confirm(self.skb.raw()) } {
            bindings::rtpe_confirmed_RTPE_DROPPED => {
                self.discard(DropReason::Filtered);
                None
            }
            bindings::rtpe_confirmed_RTPE_GONE => {
                self.skb.into_raw();
                None
            }
            _ => Some(self),
        }
    }

    /// Drops the packet.
    pub(crate) fn discard(self, reason: DropReason) {
        self.skb.discard(reason);
    }

    /// Ends a packet that has been relayed.
    pub(crate) fn consume(self) {
        self.skb.consume();
    }

    /// Makes the packet one to send, with the bytes of `payload` and room for `growth` bytes after
    /// them. Nothing is copied unless the data is shared, or there is no room.
    pub(crate) fn into_payload(
        self,
        payload: Range<usize>,
        growth: usize,
        route: &Route,
    ) -> Option<Outgoing> {
        Outgoing::out_of(self.skb, payload, growth, route)
    }
}
