// SPDX-License-Identifier: GPL-2.0-only

//! A payload on its way out, as a datagram of this host.
//!
//! C headers: [`include/net/ip.h`](srctree/include/net/ip.h),
//! [`include/net/ipv6.h`](srctree/include/net/ipv6.h)

use super::{
    bindings,
    later::{self, Report},
    net::Namespace,
    route::{Path, Route},
    skb::{DropReason, Skb},
};
use core::{
    ops::Range,
    ptr::{self, NonNull},
    slice,
};
use kernel::{error::to_result, prelude::*};

/// What bounds a datagram beyond what bounds those of a socket, in the form that C takes.
///
/// # Invariants
///
/// There is no report.
#[derive(Clone, Copy)]
pub(crate) struct Limits(bindings::rtpe_limits);

impl Limits {
    /// With at most that TTL or hop limit: it is not sent with 0. `device` is the index of the device whose packet is relayed, or 0: it
    /// tells the VRF where no device holds the source address. With `past_hooks` it leaves past the hooks of output and postrouting,
    /// where its route is plain.
    #[inline]
    pub(super) fn new(ttl: Option<u8>, device: i32, past_hooks: bool) -> Self {
        // INVARIANT: None.
        Self(bindings::rtpe_limits {
            ttl: ttl.map_or(-1, i32::from),
            device,
            past_hooks,
            report: ptr::null(),
        })
    }
}

/// A payload to send.
///
/// # Invariants
///
/// `payload` points to the data of `skb`, which is linear. `room` bytes from there on may be read
/// and written, and nobody else has them; `len` of them are the payload, and at most `room`.
/// The buffer carries nothing of a packet that was received.
pub(crate) struct Outgoing {
    skb: Skb,
    payload: NonNull<u8>,
    len: usize,
    room: usize,
}

impl Outgoing {
    /// # Safety
    ///
    /// The data of `skb` is linear and nobody else has it; there is room for `growth` bytes behind
    /// it. It carries nothing of a packet that was received.
    unsafe fn of(skb: Skb, growth: u32) -> Option<Self> {
        // SAFETY: By the invariant of `Skb` the buffer is owned.
        let payload = NonNull::new(unsafe { (*skb.raw()).data })?;
        let len = skb.len();
        // INVARIANT: As this function's own requirement.
        Some(Self {
            payload,
            len,
            room: len.saturating_add(growth as usize),
            skb,
        })
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
        let start = u32::try_from(payload.start).ok()?;
        let len = u32::try_from(payload.len()).ok()?;
        let growth = u32::try_from(growth).ok()?;
        // SAFETY: By the invariant of `Skb` the buffer is owned, and nobody borrows its data; that of `Route` has the route
        // initialised. A range beyond the linear data is refused.
        let taken =
            unsafe { bindings::rtpe_skb_take(skb.raw(), start, len, route.as_ptr(), growth) };
        if !taken {
            skb.discard(DropReason::NoMemory);
            return None;
        }
        // SAFETY: `rtpe_skb_take` left nothing but linear data that nobody else has, with room for `growth` bytes behind it.
        unsafe { Self::of(skb, growth) }
    }

    /// Copies a payload, with room for `growth` bytes after it. Called with bottom halves off, as for a packet that was taken in.
    pub(crate) fn copy_of(payload: &[u8], growth: usize, route: &Route) -> Option<Self> {
        // What is too long for any datagram is told when it is sent.
        let len = u32::from(u16::try_from(payload.len()).ok()?);
        let growth = u32::from(u16::try_from(growth).ok()?);
        // SAFETY: The payload has `len` bytes, which are only read, and by the invariant of `Route` the route is initialised. Two
        // lengths of 16 bits and a headroom do not overflow. Bottom halves are off, as the processor's cache of buffers wants it:
        // what is copied is of a `Received`.
        let skb = unsafe {
            bindings::rtpe_skb_copy(payload.as_ptr().cast(), len, route.as_ptr(), growth)
        };
        // SAFETY: What is not null is a new buffer, and ours.
        let skb = unsafe { Skb::from_raw(NonNull::new(skb)?) };
        // SAFETY: `rtpe_skb_copy` made it of one piece, for nobody else, with room for `growth` bytes behind the payload.
        unsafe { Self::of(skb, growth) }
    }

    /// Makes the payload that long: cut, or with zero bytes after it.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no room.
    pub(crate) fn resize(&mut self, len: usize) -> Result {
        if len > self.room {
            return Err(ENOMEM);
        }
        if let Some(more) = len.checked_sub(self.len) {
            // SAFETY: By the type invariant these bytes may be written.
            unsafe { self.payload.add(self.len).write_bytes(0, more) };
        }
        // INVARIANT: At most `room`.
        self.len = len;
        Ok(())
    }

    /// The payload.
    pub(crate) fn payload_mut(&mut self) -> &mut [u8] {
        // SAFETY: By the type invariant nobody else has these bytes; they are borrowed from the
        // owner.
        unsafe { slice::from_raw_parts_mut(self.payload.as_ptr(), self.len) }
    }

    /// Length of the payload.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Drops the payload.
    pub(crate) fn discard(self, reason: DropReason) {
        self.skb.discard(reason);
    }

    /// Sends the payload as a datagram of this host.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` when no datagram is that long, `ELOOP` when its limit of TTL is 0, `EACCES` when it is
    /// broadcast, else what the stack says, such as `ENETUNREACH` without a route, `EPERM` when an
    /// output hook dropped it, `ENOBUFS` when a queue did. The packet is gone.
    pub(crate) fn send(
        self,
        net: Namespace<'_>,
        path: &Path,
        route: &Route,
        limits: &Limits,
    ) -> Result {
        // SAFETY: By the type invariant there is no report.
        unsafe { self.hand_over(net, path, route, &limits.0) }
    }

    /// Sends the payload likewise, but when the rules that are being walked through are done with. Called with
    /// bottom halves off, by an RCU reader.
    ///
    /// # Errors
    ///
    /// As of [`Outgoing::send`], as far as that can be told now: the rest is reported.
    pub(crate) fn send_later<R: Report>(
        self,
        net: Namespace<'_>,
        path: &Path,
        route: &Route,
        limits: &Limits,
        report: R,
    ) -> Result {
        let report = later::report(report);
        let limits = bindings::rtpe_limits {
            report: &raw const report,
            ..limits.0
        };
        // SAFETY: The report lives until the call returns, which copies it.
        unsafe { self.hand_over(net, path, route, &limits) }
    }

    /// # Safety
    ///
    /// The report of the limits is null or valid.
    #[inline(always)]
    unsafe fn hand_over(
        self,
        net: Namespace<'_>,
        path: &Path,
        route: &Route,
        limits: &bindings::rtpe_limits,
    ) -> Result {
        let len = u32::try_from(self.len).map_err(|_| EMSGSIZE)?;
        // SAFETY: The buffer is given away; by the type invariant `len` bytes of its linear data may be sent. The namespace is
        // alive while it is borrowed, path and route are initialised; the report is as this function requires. Who has the namespace
        // of a hook is an RCU reader.
        let result = unsafe {
            bindings::rtpe_send(
                net.as_ptr(),
                self.skb.into_raw(),
                len,
                path.as_ptr(),
                route.as_ptr(),
                limits,
            )
        };
        // The kernel crate's own conversion is called, not inlined.
        match result {
            0 => Ok(()),
            _ => to_result(result),
        }
    }
}
