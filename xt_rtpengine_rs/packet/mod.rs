// SPDX-License-Identifier: GPL-2.0-only

//! A packet's way: from the rule that named a table, through the target, out of its outputs.
//!
//! All of it is under one RCU guard, with bottom halves off: nothing sleeps, nothing is locked but what
//! a target measures and what it remembers for SRTP, and nothing is allocated for a packet that has
//! one output and room for its headers.

mod count;
mod later;
mod open;
mod output;
mod rewrite;

use crate::{
    rtp_media::receive::{classify, filter, Kind, Relay, RtcpIn, Verdict},
    sys::{
        outgoing::Outgoing,
        rcu,
        received::{Outcome, Received},
    },
    table::{target::Target, Tables},
    udp_ip::Datagram,
};
use open::Clear;
use output::Emission;

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
    let flow = &datagram.flow;
    let Some(target) = table.find(flow.destination(), &guard) else {
        return Outcome::Pass(packet);
    };
    if !packet.is_sound(&datagram) {
        return Outcome::Pass(packet);
    }
    let payload = packet.bytes(&datagram.payload);
    let media_of_mid = |mid: &[u8]| target.media_of_mid(mid);
    match classify(&target.rules, flow.source(), payload, media_of_mid) {
        Verdict::Relay(relay) => decrypt(target, packet, &datagram, &relay),
        verdict => end(target, packet, &datagram, &verdict),
    }
}

/// Decrypts what is to be relayed, and relays what still is.
fn decrypt<'a>(
    target: &Target,
    mut packet: Received<'a>,
    datagram: &Datagram,
    relay: &Relay,
) -> Outcome<'a> {
    let clear = match open::open(target, &mut packet, &datagram.payload, relay) {
        Ok(clear) => clear,
        Err(verdict) => return end(target, packet, datagram, &verdict),
    };
    match filter(&target.rules, *relay, packet.bytes(&clear.range)) {
        Verdict::Relay(relay) => forward(target, packet, datagram, &clear, &relay),
        verdict => {
            open::close(target, &mut packet, &clear, relay);
            end(target, packet, datagram, &verdict)
        }
    }
}

/// Passes or drops a packet.
fn end<'a>(
    target: &Target,
    packet: Received<'a>,
    datagram: &Datagram,
    verdict: &Verdict,
) -> Outcome<'a> {
    match verdict {
        Verdict::Drop(reason) => {
            if reason.is_error() {
                count::error(target, &reason);
            }
            if reason.is_counted() {
                count::packet(target, datagram, packet.arrival_ns());
            }
            Outcome::Taken
        }
        Verdict::Pass(reason) => {
            if reason.is_error() {
                count::error(target, &reason);
            }
            Outcome::Pass(packet)
        }
        Verdict::Relay(_) => Outcome::Pass(packet),
    }
}

fn forward<'a>(
    target: &Target,
    mut packet: Received<'a>,
    datagram: &Datagram,
    clear: &Clear,
    relay: &Relay,
) -> Outcome<'a> {
    let arrival_ns = packet.arrival_ns();
    count::packet(target, datagram, arrival_ns);
    if let Kind::Rtp(rtp) = &relay.kind {
        count::rtp(target, datagram, clear, rtp, arrival_ns);
    }

    let group = target.config.groups.get(usize::from(relay.media));
    let range = match (group, &relay.kind) {
        (None, _) => 0..0,
        (Some(group), Kind::Rtcp(_)) => group.rtcp(),
        (Some(group), _) => group.rtp(),
    };
    let mut outputs = target.outputs.get(range).unwrap_or(&[]).iter().flatten();
    let (net, limits) = (packet.namespace(), packet.limits());
    let and_pass = matches!(relay.kind, Kind::Rtcp(RtcpIn { and_pass: true, .. }));
    // The last output has the packet itself, unless userspace is to see it.
    let last = if and_pass { None } else { outputs.next_back() };
    let must_wait = and_pass && packet.must_wait();
    for output in outputs {
        let bytes = packet.bytes(&clear.range);
        let mut emission = Emission::new(target, output, net, limits, &relay.kind, bytes);
        if must_wait {
            emission.put_off();
        }
        emission.emit(|route| Outgoing::copy_of(bytes, emission.growth(), route));
    }
    if and_pass {
        open::close(target, &mut packet, clear, relay);
        packet.mark_relayed();
        return Outcome::Pass(packet);
    }
    if let Some(output) = last {
        let bytes = packet.bytes(&clear.range);
        let emission = Emission::new(target, output, net, limits, &relay.kind, bytes);
        emission.emit(|route| packet.into_payload(clear.range.clone(), emission.growth(), route));
    }
    Outcome::Taken
}
