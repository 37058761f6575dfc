// SPDX-License-Identifier: GPL-2.0-only

//! A payload on its way out, as a datagram of this host.
//!
//! C headers: [`include/net/ip.h`](srctree/include/net/ip.h),
//! [`include/net/ipv6.h`](srctree/include/net/ipv6.h)

use super::{
    bindings,
    net::Namespace,
    route::{Path, Route},
    skb::Skb,
};
use crate::udp_ip::{self, send, Addresses};
use core::{ops::Range, ptr::NonNull, slice};
use kernel::prelude::*;

/// A payload to send.
///
/// # Invariants
///
/// The data is linear, and nobody else has it. There is room for [`Outgoing::headroom`] bytes
/// before it. The buffer carries nothing of a packet that was received.
pub(crate) struct Outgoing {
    skb: Skb,
}

/// Length of the headers that are written, at most.
const HEADERS: usize = udp_ip::IPV6_HEADER + udp_ip::UDP_HEADER;

impl Outgoing {
    fn headroom(route: &Route) -> Option<u32> {
        u32::try_from(route.headroom().checked_add(HEADERS)?).ok()
    }

    /// Makes a buffer one to send, with the bytes of `payload`, which have to lie in one piece, and
    /// room for `growth` bytes after them. Nothing is copied unless somebody else has the data, or
    /// there is no room.
    pub(super) fn out_of(
        skb: Skb,
        payload: Range<usize>,
        growth: usize,
        route: &Route,
    ) -> Option<Self> {
        let (start, len) = (u32::try_from(payload.start).ok()?, payload.len());
        let growth = u32::try_from(growth).ok()?;
        if payload.end > skb.head().len() {
            return None;
        }
        // SAFETY: The buffer is valid, and the range lies in its linear part. Data that is shared
        // is copied before it is changed: it is private when this succeeds.
        let private = unsafe {
            bindings::skb_pull(skb.raw(), start);
            bindings::skb_trim(skb.raw(), u32::try_from(len).ok()?);
            bindings::rtpe_skb_make_room(skb.raw(), Self::headroom(route)?, growth) == 0
        };
        if !private {
            return None;
        }
        // SAFETY: The buffer is valid.
        unsafe { bindings::rtpe_skb_scrub(skb.raw()) };
        // INVARIANT: Private, linear, with room, and forgotten where it came from.
        Some(Self { skb })
    }

    /// Copies a payload, with room for `growth` bytes after it.
    pub(crate) fn copy_of(payload: &[u8], growth: usize, route: &Route) -> Option<Self> {
        let headroom = Self::headroom(route)?;
        let len = u32::try_from(payload.len()).ok()?;
        let growth = u32::try_from(growth).ok()?;
        let size = headroom.checked_add(len)?.checked_add(growth)?;
        // SAFETY: No requirements.
        let skb = unsafe { bindings::rtpe_alloc_skb(size) };
        // SAFETY: The buffer was just made.
        let skb = unsafe { Skb::from_raw(NonNull::new(skb)?) };
        // SAFETY: The buffer is new and has room for the headers and the payload.
        unsafe {
            bindings::rtpe_skb_reserve(skb.raw(), headroom);
            let to = bindings::skb_put(skb.raw(), len).cast::<u8>();
            payload.as_ptr().copy_to_nonoverlapping(to, payload.len());
        }
        // INVARIANT: New, with what was reserved.
        Some(Self { skb })
    }

    /// Makes the payload that long: cut, or with zero bytes after it.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no room.
    pub(crate) fn resize(&mut self, len: usize) -> Result {
        let wanted = u32::try_from(len).map_err(|_| ENOMEM)?;
        let Some(more) = len.checked_sub(self.len()) else {
            // SAFETY: The buffer is linear; it gets shorter.
            unsafe { bindings::skb_trim(self.skb.raw(), wanted) };
            return Ok(());
        };
        // SAFETY: The buffer is valid.
        let room = unsafe { bindings::rtpe_skb_tailroom(self.skb.raw()) };
        if !usize::try_from(room).is_ok_and(|room| more <= room) {
            return Err(ENOMEM);
        }
        // SAFETY: There is room for these bytes, which are fewer than `wanted`.
        unsafe {
            bindings::skb_put(self.skb.raw(), more as u32)
                .cast::<u8>()
                .write_bytes(0, more)
        };
        Ok(())
    }

    /// The payload.
    pub(crate) fn payload_mut(&mut self) -> &mut [u8] {
        let head = self.skb.head();
        let (data, len) = (head.as_ptr().cast_mut(), head.len());
        // SAFETY: By the type invariant nobody else has the data.
        unsafe { slice::from_raw_parts_mut(data, len) }
    }

    /// Length of the payload.
    pub(crate) fn len(&self) -> usize {
        self.skb.len()
    }

    /// Writes `header` before the data.
    fn push(&mut self, header: &[u8]) {
        let len = header.len();
        // SAFETY: By the type invariant there is room for all headers that are pushed, and nobody
        // else has it.
        unsafe {
            let to = bindings::skb_push(self.skb.raw(), len as u32).cast::<u8>();
            header.as_ptr().copy_to_nonoverlapping(to, len);
        }
    }

    /// Sends the payload as a datagram of this host.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` when no datagram is that long, else what the stack says; the packet is gone.
    pub(crate) fn send(self, net: Namespace<'_>, path: &Path, route: Route) -> Result {
        let length = udp_ip::UDP_HEADER.checked_add(self.len()).ok_or(EMSGSIZE)?;
        let length = u16::try_from(length).map_err(|_| EMSGSIZE)?;
        match path.flow.addresses() {
            Addresses::V4 {
                source,
                destination,
            } => self.send4(net, path, route, source, destination, length),
            Addresses::V6 {
                source,
                destination,
            } => self.send6(net, path, route, source, destination, length),
        }
    }

    fn push_udp(&mut self, path: &Path, length: u16) {
        self.push(&send::udp(&path.flow, length));
        // SAFETY: The buffer is valid; the UDP header was just put at the start of the data.
        unsafe { bindings::rtpe_skb_set_headers(self.skb.raw(), 0) };
    }

    fn send4(
        mut self,
        net: Namespace<'_>,
        path: &Path,
        route: Route,
        source: [u8; 4],
        destination: [u8; 4],
        length: u16,
    ) -> Result {
        const IP: i32 = udp_ip::IPV4_HEADER as i32;
        let total = udp_ip::IPV4_HEADER.saturating_add(usize::from(length));
        if total > usize::from(u16::MAX) {
            return Err(EMSGSIZE);
        }
        let dont_fragment = route.dont_fragment(net, total);
        self.push_udp(path, length);
        let (saddr, daddr) = (u32::from_ne_bytes(source), u32::from_ne_bytes(destination));
        let skb = self.skb.raw();
        // SAFETY: The buffer is valid, and its transport header is the UDP header.
        unsafe { bindings::udp_set_csum(false, skb, saddr, daddr, i32::from(length)) };
        self.push(&send::ipv4(
            source,
            destination,
            path.tos,
            route.ttl(),
            dont_fragment,
        ));
        // SAFETY: The buffer is valid and owned; its headers are where is said, and the IP header
        // has its 20 bytes. `ip_local_out` takes the buffer.
        let result = unsafe {
            bindings::rtpe_skb_set_headers(skb, IP);
            bindings::rtpe_skb_set_protocol(skb, (bindings::ETH_P_IP as u16).to_be());
            if !dont_fragment {
                // What may be fragmented needs an identification of its own.
                bindings::rtpe_select_ident(net.as_ptr(), (*skb).data.cast());
            }
            bindings::rtpe_skb_dst_set(skb, route.into_raw());
            bindings::ip_local_out(net.as_ptr(), core::ptr::null_mut(), self.skb.into_raw())
        };
        sent(result)
    }

    fn send6(
        mut self,
        net: Namespace<'_>,
        path: &Path,
        route: Route,
        source: &[u8; 16],
        destination: &[u8; 16],
        length: u16,
    ) -> Result {
        const IP: i32 = udp_ip::IPV6_HEADER as i32;
        self.push_udp(path, length);
        let skb = self.skb.raw();
        // SAFETY: The buffer is valid, and its transport header is the UDP header; the addresses
        // have 16 bytes.
        unsafe {
            bindings::udp6_set_csum(
                false,
                skb,
                source.as_ptr().cast(),
                destination.as_ptr().cast(),
                i32::from(length),
            )
        };
        self.push(&send::ipv6(
            source,
            destination,
            path.tos,
            route.hop_limit(),
            length,
        ));
        // SAFETY: The buffer is valid and owned, and its headers are where is said.
        // `ip6_local_out` takes the buffer.
        let result = unsafe {
            bindings::rtpe_skb_set_headers(skb, IP);
            bindings::rtpe_skb_set_protocol(skb, (bindings::ETH_P_IPV6 as u16).to_be());
            // As of any socket that does not ask for path MTU discovery: what is too large for
            // the link is fragmented here.
            bindings::rtpe_skb_set_ignore_df(skb);
            bindings::rtpe_skb_dst_set(skb, route.into_raw());
            bindings::ip6_local_out(net.as_ptr(), core::ptr::null_mut(), self.skb.into_raw())
        };
        sent(result)
    }
}

/// Judges what the stack says of a packet that it was given.
fn sent(result: i32) -> Result {
    match result {
        error if error < 0 => Err(Error::from_errno(error)),
        dropped if dropped == bindings::NET_XMIT_DROP as i32 => Err(ENOBUFS),
        _ => Ok(()),
    }
}
