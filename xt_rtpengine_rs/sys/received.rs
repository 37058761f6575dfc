// SPDX-License-Identifier: GPL-2.0-only

//! A packet that a hook received.
//!
//! C headers: [`include/linux/netfilter.h`](srctree/include/linux/netfilter.h),
//! [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use super::{
    bindings, bottom_halves,
    net::Namespace,
    outgoing::{Limits, Outgoing},
    route::Route,
    skb::Skb,
};
use crate::udp_ip::{self, Addresses, Datagram, Family};
use core::{ops::Range, ptr::NonNull, slice};

/// A packet that a hook received, owned while the module decides: dropping it takes it from the
/// stack for good.
///
/// # Invariants
///
/// The data starts with the IP header, of `family`. The buffer is not shared, though its data may
/// be.
pub(crate) struct Received<'a> {
    skb: Skb,
    family: Family,
    net: Namespace<'a>,
    in_xtables: bool,
}

/// What became of a received packet.
pub(crate) enum Outcome<'a> {
    /// It goes on to the next rule.
    Pass(Received<'a>),
    /// The module took it.
    Taken,
}

impl<'a> Received<'a> {
    /// Lets `decide` have the packet, and returns whether it took it.
    ///
    /// # Safety
    ///
    /// `skb` is a packet at a hook that `state` describes. When this returns true it is no longer
    /// there; when it returns false it is as before, but that its first bytes may lie elsewhere.
    pub(super) unsafe fn with(
        skb: *mut bindings::sk_buff,
        state: *const bindings::nf_hook_state,
        in_xtables: bool,
        decide: impl FnOnce(Received<'_>) -> Outcome<'_>,
    ) -> bool {
        // SAFETY: The hook's state is valid, and its namespace alive.
        let (pf, net) = unsafe { (u32::from((*state).pf), Namespace::from_ptr((*state).net)) };
        let family = match pf {
            bindings::NFPROTO_IPV4 => Family::V4,
            bindings::NFPROTO_IPV6 => Family::V6,
            _ => return false,
        };
        let Some(skb) = NonNull::new(skb) else {
            return false;
        };
        // SAFETY: The buffer is valid.
        let usable = unsafe {
            bindings::rtpe_skb_network_offset(skb.as_ptr()) == 0
                && !bindings::rtpe_skb_shared(skb.as_ptr())
                && !bindings::rtpe_skb_is_gso(skb.as_ptr())
        };
        if !usable {
            return false;
        }
        // INVARIANT: The hook owns the packet and hands it over; what was asked above.
        let received = Received {
            // SAFETY: The buffer is the hook's, which hands it over.
            skb: unsafe { Skb::from_raw(skb) },
            family,
            net,
            in_xtables,
        };
        // Packets that come back from a queue are handled by the process that let them go.
        let _off = bottom_halves::Off::new();
        match decide(received) {
            Outcome::Pass(received) => {
                // The hook has its packet back.
                received.skb.into_raw();
                false
            }
            Outcome::Taken => true,
        }
    }

    /// The namespace that the packet is in.
    pub(crate) fn namespace(&self) -> Namespace<'a> {
        self.net
    }

    /// Whether what is sent of a packet that goes on has to wait: its rules are walked through on a stack that
    /// rules for what is sent would overwrite (`ipt_do_table()`).
    pub(crate) fn must_wait(&self) -> bool {
        self.in_xtables
    }

    /// What bounds the datagrams that it is relayed as.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            ttl: None,
            // SAFETY: The buffer is valid.
            device: unsafe { bindings::rtpe_skb_device(self.skb.raw()) },
        }
    }

    /// Takes the headers apart: `None` when this is not a whole UDP datagram.
    pub(crate) fn datagram(&mut self) -> Option<Datagram> {
        let headers = udp_ip::receive::header_len(self.family, self.skb.head()).ok()?;
        if !self.skb.pull(headers) {
            return None;
        }
        udp_ip::parse(self.family, self.skb.head(), self.skb.len()).ok()
    }

    /// Makes all of the data lie in one piece, and checks the UDP checksum unless there is none,
    /// or a device or the sender's stack vouches for it. `false` when the stack had better see the
    /// packet, be it because a policy of IPsec does not let it in.
    pub(crate) fn is_sound(&mut self, datagram: &Datagram) -> bool {
        // SAFETY: The buffer is valid, and starts with an IP header of that family.
        let allowed =
            unsafe { bindings::rtpe_skb_policy_allows(self.skb.raw(), self.family == Family::V4) };
        if !allowed {
            return false;
        }
        // SAFETY: The buffer is valid.
        if !unsafe { bindings::rtpe_skb_linearize(self.skb.raw()) } {
            return false;
        }
        if datagram.checksum == 0 {
            // Over IPv6 there has to be one (RFC 8200 section 8.1).
            return self.family == Family::V4;
        }
        // SAFETY: The buffer is valid.
        if unsafe { bindings::rtpe_skb_csum_vouched(self.skb.raw()) } {
            return true;
        }
        let Some(udp) = self.skb.head().get(datagram.udp.clone()) else {
            return false;
        };
        checksum_is_right(udp, datagram)
    }

    /// The bytes of a range, which has to come from [`Received::datagram`] after
    /// [`Received::is_sound`]; empty when they do not lie in one piece.
    pub(crate) fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.skb.head().get(range.clone()).unwrap_or(&[])
    }

    /// The bytes of a range, to be changed; data that somebody else has too is copied first. `None`
    /// without memory for that, or when they do not lie in one piece.
    pub(crate) fn private_bytes(&mut self, range: &Range<usize>) -> Option<&mut [u8]> {
        // SAFETY: The buffer is valid, and not shared by the type invariant.
        if !unsafe { bindings::rtpe_skb_make_private(self.skb.raw()) } {
            return None;
        }
        let head = self.skb.head();
        let (data, len) = (head.as_ptr().cast_mut(), head.len());
        // SAFETY: The linear part of a buffer whose data nobody else has, borrowed from its owner.
        unsafe { slice::from_raw_parts_mut(data, len) }.get_mut(range.clone())
    }

    /// When the packet came: nanoseconds of Unix time.
    pub(crate) fn arrival_ns(&self) -> i64 {
        // SAFETY: The buffer is valid.
        unsafe { bindings::rtpe_skb_arrival(self.skb.raw()) }
    }

    /// Marks the packet as relayed, for the daemon: the sign of its timestamp turns negative.
    pub(crate) fn mark_relayed(&mut self) {
        let arrival = self.arrival_ns();
        // SAFETY: The buffer is valid.
        unsafe { bindings::rtpe_skb_set_arrival(self.skb.raw(), arrival.wrapping_neg()) };
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

fn checksum_is_right(udp: &[u8], datagram: &Datagram) -> bool {
    let Ok(len) = u32::try_from(udp.len()) else {
        return false;
    };
    let data = udp.as_ptr().cast();
    let sum = match datagram.flow.addresses() {
        Addresses::V4 {
            source,
            destination,
        } => {
            let (source, destination) =
                (u32::from_ne_bytes(source), u32::from_ne_bytes(destination));
            // SAFETY: `data` has `len` bytes.
            unsafe { bindings::rtpe_udp4_csum(data, len, source, destination) }
        }
        // SAFETY: `data` has `len` bytes, and each address sixteen.
        Addresses::V6 {
            source,
            destination,
        } => unsafe {
            bindings::rtpe_udp6_csum(
                data,
                len,
                source.as_ptr().cast(),
                destination.as_ptr().cast(),
            )
        },
    };
    sum == 0
}
