// SPDX-License-Identifier: GPL-2.0-only

//! A packet's way: from the rule that named a table, through the target, out of its outputs.
//!
//! All of it is under one RCU guard, with bottom halves off: nothing sleeps, nothing is locked but what
//! a target measures and what is remembered for SRTP, and nothing is allocated for a packet that has
//! one output and room for its headers.

mod count;
mod egress;
mod later;
mod rtcp;
mod rtp;

use crate::{
    rtp_media::{
        decide::{decide, Plan},
        reason::{self, Fate, Reason, Unsent},
        srtp::{Context, Opened},
    },
    rtp_wire::text::MAX_TABLES,
    sys::{
        bottom_halves::Disabled,
        crypto::KernelCrypto,
        hook::{Handler, Judge, Outcome, Packet},
        input::InputRoute,
        net::Namespace,
        opener::may_control,
        rcu,
        received::Received,
        skb::DropReason,
        trace::{self, Seen},
    },
    table::{output::Output, srtp::Decryption, target::Target, Tables},
    udp_ip::{Datagram, Family},
};
use core::ops::Range;
use egress::{Copied, Origin, Payload, Sender, Taken};
use kernel::prelude::*;

/// What rules hand packets over to.
pub(crate) struct Receiver;

impl Handler for Receiver {
    const TABLES: u32 = MAX_TABLES;

    fn rule_added(net: Namespace<'_>, table: u32, create: bool, exclusive: bool) -> Result {
        let tables = Tables::of(net, &rcu::read_lock()).ok_or(EBUSY)?;
        let existing = if exclusive { Err(EEXIST) } else { Ok(()) };
        if tables.next(table) == Some(table) {
            return existing;
        }
        if !create {
            return Ok(());
        }
        if !may_control() {
            return Err(EPERM);
        }
        match tables.add(table) {
            // Somebody else was faster.
            Err(error) if error == EEXIST => existing,
            added => added.map_err(|_| EBUSY),
        }
    }

    #[inline(always)]
    fn handle(table: u32, mut packet: Packet<'_>, family: Family) -> Outcome<Packet<'_>> {
        let guard = packet.guard();
        let tables = Tables::of(packet.namespace(), guard);
        let Some(table) = tables.and_then(|tables| tables.find(table, guard)) else {
            return Outcome::Pass(packet);
        };
        let Some(datagram) = packet.datagram(family) else {
            table.reasons.unrelayed(Reason::NoDatagram);
            return Outcome::Pass(packet);
        };
        let Some(target) = table.find(datagram.flow.destination(), guard) else {
            let net = packet.namespace();
            trace::decision(|| Seen {
                net,
                flow: datagram.flow,
                reason: Reason::NoTarget.name(),
                length: datagram.payload.len(),
                head: &[],
            });
            table.reasons.unrelayed(Reason::NoTarget);
            return Outcome::Pass(packet);
        };
        packet.judge(&datagram, target)
    }
}

impl Judge for Target {
    fn judge<'a>(&self, packet: Received<'a>, datagram: &Datagram) -> Outcome<Received<'a>> {
        let payload = packet.bytes(&datagram.payload);
        let media_of_mid = |mid: &[u8]| self.media_of_mid(mid);
        match decide(&self.rules, datagram.flow.source(), payload, media_of_mid) {
            Ok(Plan::Rtp(plan)) => rtp::relay(self, packet, datagram, &plan),
            Ok(Plan::Rtcp(plan)) => rtcp::relay(self, packet, datagram, &plan),
            Ok(Plan::Opaque) => relay_opaque(self, packet, datagram),
            Err(reason) => end(self, packet, datagram, reason),
        }
    }

    fn input_route(&self) -> &InputRoute {
        &self.input_route
    }

    fn refused_by_stack(&self) {
        let _off = Disabled::new();
        count_refused(self, Reason::Unsound);
    }
}

/// Counts a packet that is not relayed, and the error if it is one.
fn count_refused(target: &Target, reason: Reason) {
    target.reasons.unrelayed(reason);
    if reason.is_error() {
        count::error(target, &reason);
    }
}

/// Passes or drops a packet that is not relayed.
fn end<'a>(
    target: &Target,
    packet: Received<'a>,
    datagram: &Datagram,
    reason: Reason,
) -> Outcome<Received<'a>> {
    trace::decision(|| seen(&packet, datagram, reason.name()));
    count_refused(target, reason);
    if reason.is_counted() {
        count::packet(target, datagram, packet.arrival_ns());
    }
    match reason.fate() {
        Fate::Pass => Outcome::Pass(packet),
        Fate::Drop => {
            packet.discard(DropReason::Filtered);
            Outcome::Taken
        }
    }
}

/// A packet as a tracepoint tells of it.
fn seen<'a>(packet: &'a Received<'_>, datagram: &Datagram, reason: &'static str) -> Seen<'a> {
    Seen {
        net: packet.namespace(),
        flow: datagram.flow,
        reason,
        length: datagram.payload.len(),
        head: packet.bytes(&datagram.payload),
    }
}

/// Counts a packet that is relayed, and tells of it. Returns when it came, in the unit of the counters.
#[inline(always)]
fn relayed(target: &Target, packet: &Received<'_>, datagram: &Datagram) -> u64 {
    // By value: what is borrowed has to lie in memory, whether somebody listens or not.
    let (net, head) = (packet.namespace(), packet.bytes(&datagram.payload));
    trace::decision(move || Seen {
        net,
        flow: datagram.flow,
        reason: reason::RELAYED,
        length: datagram.payload.len(),
        head,
    });
    count::relayed(target, datagram, packet.arrival_ns())
}

/// Authenticates a packet and decrypts it in place by `open`, if its target asks for that, and decides on it by `confirm`, which
/// is given it in clear. One that is refused is as before, as `restore` has it.
#[inline(always)]
fn open<T>(
    target: &Target,
    packet: &mut Received<'_>,
    datagram: &Datagram,
    open: impl FnOnce(&Decryption, &mut [u8]) -> Result<Opened, Reason>,
    restore: impl FnOnce(&Context<KernelCrypto>, &mut [u8], &Opened) -> Option<()>,
    confirm: impl FnOnce(&[u8]) -> Result<T, Reason>,
) -> Result<(Option<Opened>, T), Reason> {
    match &target.decryption {
        None => Ok((None, confirm(packet.bytes(&datagram.payload))?)),
        Some(decryption) => decrypt(decryption, packet, datagram, open, restore, confirm),
    }
}

/// What [`open`] does for a target that decrypts. Apart from the way of what is plain, which keeps fewer values on the stack.
#[inline(never)]
fn decrypt<T>(
    decryption: &Decryption,
    packet: &mut Received<'_>,
    datagram: &Datagram,
    open: impl FnOnce(&Decryption, &mut [u8]) -> Result<Opened, Reason>,
    restore: impl FnOnce(&Context<KernelCrypto>, &mut [u8], &Opened) -> Option<()>,
    confirm: impl FnOnce(&[u8]) -> Result<T, Reason>,
) -> Result<(Option<Opened>, T), Reason> {
    let bytes = packet.private_bytes(&datagram.payload);
    let bytes = bytes.ok_or(Reason::NoMemory)?;
    let opened = open(decryption, bytes)?;
    match confirm(bytes.get(..opened.end).unwrap_or(&[])) {
        Ok(clear) => Ok((Some(opened), clear)),
        Err(reason) => {
            let restored = restore(&decryption.context, bytes, &opened);
            Err(restored.map_or(Reason::NoMemory, |()| reason))
        }
    }
}

/// Relays what is neither RTP nor RTCP, as it is.
fn relay_opaque<'a>(
    target: &Target,
    packet: Received<'a>,
    datagram: &Datagram,
) -> Outcome<Received<'a>> {
    relayed(target, &packet, datagram);
    let sender = &AsItIs(Origin::of(&packet));
    let outputs = target.rtp_outputs(0);
    take(target, packet, &datagram.payload, outputs, sender)
}

/// Has outputs send what is neither RTP nor RTCP.
struct AsItIs<'a>(Origin<'a>);

impl Sender for AsItIs<'_> {
    fn send(&self, output: &Output, payload: impl Payload) -> Result<(), Unsent> {
        let length = payload.bytes().len();
        output
            .egress
            .send(&self.0, payload, 0, |_| Ok((length, ())))
    }
}

/// Has each output send the bytes of a range. The last one has the packet itself.
fn take<'a>(
    target: &Target,
    packet: Received<'a>,
    range: &Range<usize>,
    outputs: &[Output],
    sender: &impl Sender,
) -> Outcome<Received<'a>> {
    let Some(packet) = packet.confirm() else {
        return Outcome::Taken;
    };
    if let Some((last, others)) = outputs.split_last() {
        if !others.is_empty() {
            copy(target, packet.bytes(range), others, sender);
        }
        let sent = sender.send(last, Taken(packet, range.clone()));
        finish(target, sent);
    } else {
        packet.consume();
    }
    Outcome::Taken
}

/// Has each output send a copy of these bytes. Apart from the way of the packet itself, which keeps fewer values on the stack.
#[inline(never)]
fn copy(target: &Target, bytes: &[u8], outputs: &[Output], sender: &impl Sender) {
    for output in outputs {
        finish(target, sender.send(output, Copied(bytes)));
    }
}

/// Counts what an output did not send, if it is an error as one of the target, too.
fn finish(target: &Target, sent: Result<(), Unsent>) {
    if let Err(reason) = sent {
        target.reasons.unsent(reason);
        if reason.is_error() {
            count::error(target, &reason);
        }
    }
}
