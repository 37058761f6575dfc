// SPDX-License-Identifier: GPL-2.0-only

//! Tracepoints: what becomes of each packet, for whoever listens. A `nop` where nobody does.
//!
//! C header: [`include/linux/tracepoint.h`](srctree/include/linux/tracepoint.h)

use super::{bindings, net::Namespace};
use crate::udp_ip::Flow;
#[cfg(CONFIG_TRACEPOINTS)]
use kernel::jump_label::static_branch_unlikely;

/// A packet, as a tracepoint tells of it.
pub(crate) struct Seen<'a> {
    /// The namespace that it is in.
    pub(crate) net: Namespace<'a>,
    /// Its ends.
    pub(crate) flow: Flow,
    /// What became of it: the name.
    pub(crate) reason: &'static str,
    /// Length of its payload in bytes.
    pub(crate) length: usize,
    /// Its payload, or the beginning of it.
    pub(crate) head: &'a [u8],
}

impl Seen<'_> {
    /// Calls a tracepoint.
    fn tell(&self, tracepoint: unsafe extern "C" fn(*const bindings::rtpe_seen)) {
        let (source, destination) = (self.flow.source(), self.flow.destination());
        let seen = bindings::rtpe_seen {
            net: self.net.as_ptr(),
            ipv6: source.ipv6().is_some(),
            source: source.addr().as_ptr(),
            destination: destination.addr().as_ptr(),
            source_port: source.port(),
            destination_port: destination.port(),
            reason: self.reason.as_ptr().cast(),
            reason_len: self.reason.len() as u32,
            length: self.length as u32,
            head: self.head.as_ptr(),
            head_len: self.head.len() as u32,
        };
        // SAFETY: It is one of the two of `helpers/trace.h`. All pointers are borrowed until it returns, addresses have 16 bytes,
        // and what is read of name and head is no longer than they are: the head is part of a datagram.
        unsafe { tracepoint(&raw const seen) }
    }
}

/// Tells what became of a packet that came to a table, if somebody listens: `packet` is not called otherwise.
#[inline(always)]
pub(crate) fn decision<'a>(packet: impl FnOnce() -> Seen<'a>) {
    #[cfg(CONFIG_TRACEPOINTS)]
    // SAFETY: The key is that of a tracepoint of this module.
    let somebody_listens = unsafe {
        static_branch_unlikely!(
            bindings::__tracepoint_decision,
            kernel::bindings::tracepoint,
            key
        )
    };
    #[cfg(not(CONFIG_TRACEPOINTS))]
    let somebody_listens = false;
    if somebody_listens {
        tell_decision(packet);
    }
}

#[cold]
#[inline(never)]
fn tell_decision<'a>(packet: impl FnOnce() -> Seen<'a>) {
    packet().tell(bindings::rtpe_trace_decision);
}

/// Tells why an output does not send a packet; the ends are those of the output.
#[cold]
pub(crate) fn unsent(net: Namespace<'_>, flow: Flow, reason: &'static str) {
    let packet = Seen {
        net,
        flow,
        reason,
        length: 0,
        head: &[],
    };
    packet.tell(bindings::rtpe_trace_unsent);
}
