// SPDX-License-Identifier: GPL-2.0-only

//! A packet's way: from the rule that named a table, through the target, out of its outputs.
//!
//! All of it is under one RCU guard, with bottom halves off: nothing sleeps, nothing is locked but what
//! a target measures and what is remembered for SRTP, and nothing is allocated for a packet that has
//! one output and room for its headers.

mod count;
mod egress;
mod later;
mod rewrite;
mod rtcp;
mod rtp;

use crate::{
    rtp_media::{
        decide::{decide, Plan},
        reason::{Fate, Reason, Unsent},
    },
    sys::{
        rcu,
        received::{Outcome, Received},
    },
    table::{output::Output, target::Target, Tables},
    udp_ip::Datagram,
};
use core::ops::Range;
use egress::{Origin, Payload};

/// Handles a packet that a rule with that table id saw.
pub(crate) fn receive(id: u32, mut packet: Received<'_>) -> Outcome<'_> {
    let guard = rcu::read_lock();
    let tables = Tables::of(packet.namespace());
    let Some(table) = tables.and_then(|tables| tables.find(id, &guard)) else {
        return Outcome::Pass(packet);
    };
    let Some(datagram) = packet.datagram() else {
        return Outcome::Pass(packet);
    };
    let Some(target) = table.find(datagram.flow.destination(), &guard) else {
        return Outcome::Pass(packet);
    };
    if !packet.is_sound(&datagram) {
        return end(target, packet, &datagram, Reason::Unsound);
    }
    let payload = packet.bytes(&datagram.payload);
    let media_of_mid = |mid: &[u8]| target.media_of_mid(mid);
    match decide(&target.rules, datagram.flow.source(), payload, media_of_mid) {
        Ok(Plan::Rtp(plan)) => rtp::relay(target, packet, &datagram, &plan),
        Ok(Plan::Rtcp(plan)) => rtcp::relay(target, packet, &datagram, &plan),
        Ok(Plan::Opaque) => relay_opaque(target, packet, &datagram),
        Err(reason) => end(target, packet, &datagram, reason),
    }
}

/// Passes or drops a packet that is not relayed.
fn end<'a>(
    target: &Target,
    packet: Received<'a>,
    datagram: &Datagram,
    reason: Reason,
) -> Outcome<'a> {
    if reason.is_error() {
        count::error(target, &reason);
    }
    if reason.is_counted() {
        count::packet(target, datagram, packet.arrival_ns());
    }
    match reason.fate() {
        Fate::Pass => Outcome::Pass(packet),
        Fate::Drop => Outcome::Taken,
    }
}

/// Relays what is neither RTP nor RTCP, as it is.
fn relay_opaque<'a>(target: &Target, packet: Received<'a>, datagram: &Datagram) -> Outcome<'a> {
    count::packet(target, datagram, packet.arrival_ns());
    let origin = Origin::of(&packet);
    let outputs = target.rtp_outputs(0);
    take(
        target,
        packet,
        &datagram.payload,
        outputs,
        |output, payload| {
            let length = payload.bytes().len();
            output.egress.send(origin, payload, 0, |_| Ok((length, ())))
        },
    )
}

/// Has each output send the bytes of a range. The last one has the packet itself.
fn take<'a>(
    target: &Target,
    packet: Received<'a>,
    range: &Range<usize>,
    outputs: &[Output],
    mut send: impl FnMut(&Output, Payload<'_>) -> Result<(), Unsent>,
) -> Outcome<'a> {
    if let Some((last, others)) = outputs.split_last() {
        copy(target, packet.bytes(range), others, &mut send);
        let sent = send(last, Payload::Packet(packet, range.clone()));
        finish(target, sent);
    }
    Outcome::Taken
}

/// Has each output send a copy of these bytes.
fn copy(
    target: &Target,
    bytes: &[u8],
    outputs: &[Output],
    mut send: impl FnMut(&Output, Payload<'_>) -> Result<(), Unsent>,
) {
    for output in outputs {
        finish(target, send(output, Payload::Copy(bytes)));
    }
}

/// Counts what an output could not send as an error of the target, too.
fn finish(target: &Target, sent: Result<(), Unsent>) {
    if let Err(reason) = sent {
        if reason.is_error() {
            count::error(target, &reason);
        }
    }
}
