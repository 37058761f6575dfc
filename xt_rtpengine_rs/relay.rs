// SPDX-License-Identifier: GPL-2.0-only

//! A packet's way: from the rule that named a table, through the target, out of its outputs.
//!
//! All of it is under one RCU guard, in softirq context: nothing sleeps, nothing is locked but the
//! measurements of a target, and nothing is allocated for a packet that has one output and room
//! for its headers.

use crate::{
    counting, registry,
    rewriting::{self, rewrite_rtp, Sent},
    rtp_media::receive::{judge, Kind, Relay, RtpIn, Verdict},
    sys::{
        net::Namespace,
        outgoing::Outgoing,
        rcu,
        received::{Outcome, Received},
        route::Route,
    },
    target::{key_of, source_of, Output, Target},
    udp_ip::Datagram,
};
use kernel::prelude::*;

/// Handles a packet that a rule with that table id saw.
pub(crate) fn receive(id: u32, mut packet: Received<'_>) -> Outcome<'_> {
    let guard = rcu::read_lock();
    let Some(table) = registry::find(id, &guard) else {
        return Outcome::Pass(packet);
    };
    if table.namespace() != packet.namespace().id() {
        return Outcome::Pass(packet);
    }
    let Some(datagram) = packet.datagram() else {
        return Outcome::Pass(packet);
    };
    let key = key_of(&datagram.destination, datagram.destination_port);
    let Some(target) = table.find(&key, &guard) else {
        return Outcome::Pass(packet);
    };
    if !packet.is_sound(&datagram) {
        return Outcome::Pass(packet);
    }
    let source = source_of(&datagram.source, datagram.source_port);
    let payload = packet.bytes(&datagram.payload);
    let media_of_mid = |mid: &[u8]| target.media_of_mid(mid);
    match judge(&target.rules, &source, payload, media_of_mid) {
        Verdict::Pass(reason) => {
            if reason.is_error() {
                counting::error(target, &reason);
            }
            Outcome::Pass(packet)
        }
        Verdict::Drop(reason) => {
            if reason.is_error() {
                counting::error(target, &reason);
            }
            if reason.is_counted() {
                counting::packet(target, &datagram, packet.arrival_ns());
            }
            Outcome::Taken
        }
        Verdict::Relay(relay) => forward(target, packet, &datagram, &relay),
    }
}

fn forward<'a>(
    target: &Target,
    mut packet: Received<'a>,
    datagram: &Datagram,
    relay: &Relay,
) -> Outcome<'a> {
    let arrival_ns = packet.arrival_ns();
    counting::packet(target, datagram, arrival_ns);
    let rtp = match &relay.kind {
        Kind::Rtp(rtp) => Some(rtp),
        Kind::Rtcp { .. } | Kind::Opaque => None,
    };
    if let Some(rtp) = rtp {
        counting::rtp(target, datagram, rtp, arrival_ns);
    }

    let group = target.config.groups.get(usize::from(relay.media));
    let range = match (group, &relay.kind) {
        (None, _) => 0..0,
        (Some(group), Kind::Rtcp { .. }) => group.rtcp(),
        (Some(group), _) => group.rtp(),
    };
    let mut outputs = target.outputs.get(range).unwrap_or(&[]).iter().flatten();
    let net = packet.namespace();
    let and_pass = matches!(relay.kind, Kind::Rtcp { and_pass: true });
    // The last output has the packet itself, unless userspace is to see it.
    let last = if and_pass { None } else { outputs.next_back() };
    for output in outputs {
        let bytes = packet.bytes(&datagram.payload);
        let emission = Emission::new(target, output, net, rtp, bytes);
        emission.emit(|route| Outgoing::copy_of(bytes, emission.growth, route));
    }
    if and_pass {
        packet.mark_relayed();
        return Outcome::Pass(packet);
    }
    if let Some(output) = last {
        let payload = datagram.payload.clone();
        let emission = Emission::new(target, output, net, rtp, packet.bytes(&payload));
        emission.emit(|route| packet.into_payload(payload, emission.growth, route));
    }
    Outcome::Taken
}

/// A packet on its way out of one output.
struct Emission<'a> {
    target: &'a Target,
    output: &'a Output,
    net: Namespace<'a>,
    rtp: Option<&'a RtpIn>,
    /// Length of the packet as it was received.
    length: usize,
    /// How many bytes it grows by at most.
    growth: usize,
}

impl<'a> Emission<'a> {
    fn new(
        target: &'a Target,
        output: &'a Output,
        net: Namespace<'a>,
        rtp: Option<&'a RtpIn>,
        bytes: &[u8],
    ) -> Self {
        Self {
            target,
            output,
            net,
            rtp,
            length: bytes.len(),
            growth: rtp.map_or(0, |_| rewriting::growth(output, bytes)),
        }
    }

    /// Sends the packet that `prepare` makes, and counts what became of it.
    fn emit(&self, prepare: impl FnOnce(&Route) -> Option<Outgoing>) {
        match self.send(prepare) {
            Ok(None) => {}
            Ok(Some(sent)) => counting::sent(self.output, self.rtp, &sent),
            Err(error) => counting::not_sent(self.target, self.output, &error),
        }
    }

    /// Sends it, and returns what was sent: nothing, when a rule of the output keeps it back.
    fn send(&self, prepare: impl FnOnce(&Route) -> Option<Outgoing>) -> Result<Option<Sent>> {
        let path = &self.output.path;
        let route = self.output.route.get(self.net, path)?;
        let mut packet = prepare(&route).ok_or(ENOMEM)?;
        let sent = match self.rtp {
            Some(rtp) => rewrite_rtp(self.output, &mut packet, self.length, rtp)?,
            None => Some(Sent {
                bytes: self.length as u64,
                payload_bytes: 0,
                sequence: 0,
            }),
        };
        if sent.is_some() {
            packet.send(self.net, path, route)?;
        }
        Ok(sent)
    }
}
