// SPDX-License-Identifier: GPL-2.0-only

//! Packet buffers: those received, and those sent.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use super::{
    bindings,
    net::Namespace,
    route::{Ends, Path, Route},
};
use crate::udp_ip::{self, send, Address, Datagram, Version};
use core::{mem::ManuallyDrop, ops::Range, ptr::NonNull, slice};
use kernel::prelude::*;

/// One owner of an `sk_buff`, freed when dropped.
///
/// # Invariants
///
/// The buffer is valid and owned.
struct Skb(NonNull<bindings::sk_buff>);

impl Skb {
    fn raw(&self) -> *mut bindings::sk_buff {
        self.0.as_ptr()
    }

    /// Gives the buffer away.
    fn into_raw(self) -> *mut bindings::sk_buff {
        ManuallyDrop::new(self).raw()
    }

    /// Length of all of the data.
    fn len(&self) -> usize {
        // SAFETY: By the type invariant the buffer is valid.
        unsafe { (*self.raw()).len as usize }
    }

    /// The part of the data that lies in one piece.
    fn head(&self) -> &[u8] {
        // SAFETY: By the type invariant the buffer is valid. `len - data_len` bytes from `data` on
        // are its linear part, and nobody writes them while they are borrowed from the owner.
        unsafe {
            let skb = self.raw();
            let len = (*skb).len.saturating_sub((*skb).data_len) as usize;
            slice::from_raw_parts((*skb).data, len)
        }
    }

    /// Makes the first `len` bytes lie in one piece.
    fn pull(&mut self, len: usize) -> bool {
        let Ok(len) = u32::try_from(len) else {
            return false;
        };
        // SAFETY: By the type invariant the buffer is valid; more than it has is refused.
        unsafe { bindings::rtpe_skb_may_pull(self.raw(), len) }
    }
}

impl Drop for Skb {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the buffer is owned.
        unsafe { bindings::rtpe_consume_skb(self.raw()) };
    }
}

/// A packet that a hook received, owned while the module decides: dropping it takes it from the
/// stack for good.
///
/// # Invariants
///
/// The data starts with the IP header, of `version`. The buffer is not shared, though its data may
/// be.
pub(crate) struct Received<'a> {
    skb: Skb,
    version: Version,
    net: Namespace<'a>,
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
        decide: impl FnOnce(Received<'_>) -> Outcome<'_>,
    ) -> bool {
        // SAFETY: The hook's state is valid, and its namespace alive.
        let (family, net) = unsafe { (u32::from((*state).pf), Namespace::from_ptr((*state).net)) };
        let version = match family {
            bindings::NFPROTO_IPV4 => Version::V4,
            bindings::NFPROTO_IPV6 => Version::V6,
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
            skb: Skb(skb),
            version,
            net,
        };
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

    /// Takes the headers apart: `None` when this is not a whole UDP datagram.
    pub(crate) fn datagram(&mut self) -> Option<Datagram> {
        let headers = udp_ip::receive::header_len(self.version, self.skb.head()).ok()?;
        if !self.skb.pull(headers) {
            return None;
        }
        udp_ip::parse(self.version, self.skb.head(), self.skb.len()).ok()
    }

    /// Makes all of the data lie in one piece, and checks the UDP checksum unless there is none,
    /// or a device or the sender's stack vouches for it. `false` when the stack had better see the
    /// packet.
    pub(crate) fn is_sound(&mut self, datagram: &Datagram) -> bool {
        // SAFETY: The buffer is valid.
        if !unsafe { bindings::rtpe_skb_linearize(self.skb.raw()) } {
            return false;
        }
        if datagram.checksum == 0 {
            // Over IPv6 there has to be one (RFC 8200 section 8.1).
            return self.version == Version::V4;
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

    /// Makes the packet one to send, with the bytes of `payload` and `growth` zero bytes after
    /// them. Nothing is copied unless the data is shared, or there is no room.
    pub(crate) fn into_payload(
        self,
        payload: Range<usize>,
        growth: usize,
        route: &Route,
    ) -> Option<Outgoing> {
        let Received { skb, .. } = self;
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
            bindings::rtpe_skb_make_room(skb.raw(), Outgoing::headroom(route)?, growth) == 0
        };
        if !private {
            return None;
        }
        // SAFETY: The buffer is valid.
        unsafe { bindings::rtpe_skb_scrub(skb.raw()) };
        // INVARIANT: Private, linear, with room, and forgotten where it came from.
        let mut outgoing = Outgoing { skb };
        outgoing.grow(growth);
        Some(outgoing)
    }
}

fn checksum_is_right(udp: &[u8], datagram: &Datagram) -> bool {
    let Ok(len) = u32::try_from(udp.len()) else {
        return false;
    };
    let data = udp.as_ptr().cast();
    let sum = match (&datagram.source, &datagram.destination) {
        (Address::V4(source), Address::V4(destination)) => {
            let (source, destination) = (
                u32::from_ne_bytes(*source),
                u32::from_ne_bytes(*destination),
            );
            // SAFETY: `data` has `len` bytes.
            unsafe { bindings::rtpe_udp4_csum(data, len, source, destination) }
        }
        // SAFETY: `data` has `len` bytes, and each address sixteen.
        (Address::V6(source), Address::V6(destination)) => unsafe {
            bindings::rtpe_udp6_csum(
                data,
                len,
                source.as_ptr().cast(),
                destination.as_ptr().cast(),
            )
        },
        _ => return false,
    };
    sum == 0
}

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

    /// Copies a payload, with `growth` zero bytes after it.
    pub(crate) fn copy_of(payload: &[u8], growth: usize, route: &Route) -> Option<Self> {
        let headroom = Self::headroom(route)?;
        let len = u32::try_from(payload.len()).ok()?;
        let growth = u32::try_from(growth).ok()?;
        let size = headroom.checked_add(len)?.checked_add(growth)?;
        // SAFETY: No requirements.
        let skb = unsafe { bindings::rtpe_alloc_skb(size) };
        let skb = Skb(NonNull::new(skb)?);
        // SAFETY: The buffer is new and has room for the headers and the payload.
        unsafe {
            bindings::rtpe_skb_reserve(skb.raw(), headroom);
            let to = bindings::skb_put(skb.raw(), len).cast::<u8>();
            payload.as_ptr().copy_to_nonoverlapping(to, payload.len());
        }
        // INVARIANT: New, with what was reserved.
        let mut outgoing = Self { skb };
        outgoing.grow(growth);
        Some(outgoing)
    }

    /// Puts zero bytes after the data, for which there has to be room.
    fn grow(&mut self, by: u32) {
        if by > 0 {
            // SAFETY: Both constructors made room for these bytes.
            unsafe {
                bindings::skb_put(self.skb.raw(), by)
                    .cast::<u8>()
                    .write_bytes(0, by as usize)
            };
        }
    }

    /// Cuts the payload to that length, if it is longer.
    pub(crate) fn truncate(&mut self, len: usize) {
        if let Ok(len) = u32::try_from(len) {
            // SAFETY: The buffer is linear; a length beyond it changes nothing.
            unsafe { bindings::skb_trim(self.skb.raw(), len) };
        }
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
        match path.ends {
            Ends::V4(source, destination) => {
                self.send4(net, path, route, source, destination, length)
            }
            Ends::V6(source, destination) => {
                self.send6(net, path, route, source, destination, length)
            }
        }
    }

    fn push_udp(&mut self, path: &Path, length: u16) {
        self.push(&send::udp(path.source_port, path.destination_port, length));
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
        let fits = total <= route.mtu();
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
            fits,
        ));
        // SAFETY: The buffer is valid and owned; its headers are where is said, and the IP header
        // has its 20 bytes. `ip_local_out` takes the buffer.
        let result = unsafe {
            bindings::rtpe_skb_set_headers(skb, IP);
            bindings::rtpe_skb_set_protocol(skb, (bindings::ETH_P_IP as u16).to_be());
            if !fits {
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
        source: [u8; 16],
        destination: [u8; 16],
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
