// SPDX-License-Identifier: GPL-2.0-only

//! A packet's way: from the rule that named a table, through the target, out of its outputs.
//!
//! All of it is under one RCU guard, in softirq context: nothing sleeps, nothing is locked but the
//! measurements of a target, and nothing is allocated for a packet that has one output and room
//! for its headers.

use crate::{
    registry,
    rtp_media::{
        receive::{judge, Kind, Relay, RtpIn, Verdict},
        receiver::{self, Arrival, SourceState},
        rewrite,
    },
    show::Show,
    sys::{
        counters::SsrcStats,
        net::Namespace,
        parameters, rcu,
        skb::{Outcome, Outgoing, Received},
    },
    target::{key_of, source_of, Output, Target},
    udp_ip::Datagram,
};
use kernel::{fmt, prelude::*};

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
                count_error(target, &reason);
            }
            Outcome::Pass(packet)
        }
        Verdict::Drop(reason) => {
            if reason.is_error() {
                count_error(target, &reason);
            }
            if reason.is_counted() {
                count_packet(target, &datagram, packet.arrival_ns());
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
    count_packet(target, datagram, arrival_ns);
    let rtp = match &relay.kind {
        Kind::Rtp(rtp) => Some(rtp),
        Kind::Rtcp { .. } | Kind::Opaque => None,
    };
    if let Some(rtp) = rtp {
        count_rtp(target, datagram, rtp, micros(arrival_ns));
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
        let payload = packet.bytes(&datagram.payload);
        emit(target, output, net, rtp, |route| {
            Outgoing::copy_of(payload, route)
        });
    }
    if and_pass {
        packet.mark_relayed();
        return Outcome::Pass(packet);
    }
    if let Some(output) = last {
        let payload = datagram.payload.clone();
        emit(target, output, net, rtp, |route| {
            packet.into_payload(payload, route)
        });
    }
    Outcome::Taken
}

/// Sends a payload through an output, and counts what became of it.
fn emit(
    target: &Target,
    output: &Output,
    net: Namespace<'_>,
    rtp: Option<&RtpIn>,
    payload: impl FnOnce(&crate::sys::route::Route) -> Option<Outgoing>,
) {
    match send(output, net, rtp, payload) {
        Ok(None) => {}
        Ok(Some(bytes)) => {
            output.stats.packets.add(1);
            output.stats.bytes.add(bytes);
            output.interface.egress.packets.add(1);
            output.interface.egress.bytes.add(bytes);
        }
        Err(error) => {
            count_error(target, &error);
            output.stats.errors.add(1);
            output.interface.egress.errors.add(1);
        }
    }
}

/// Sends a payload through an output, and returns its length, or nothing when a rule of the output
/// keeps it back.
fn send(
    output: &Output,
    net: Namespace<'_>,
    rtp: Option<&RtpIn>,
    payload: impl FnOnce(&crate::sys::route::Route) -> Option<Outgoing>,
) -> Result<Option<u64>> {
    let route = output.route.get(net, &output.path)?;
    let mut packet = payload(&route).ok_or(ENOMEM)?;
    if let Some(rtp) = rtp {
        if !rewrite_rtp(output, packet.payload_mut(), rtp) {
            return Ok(None);
        }
    }
    let bytes = packet.len() as u64;
    packet.send(net, &output.path, route)?;
    Ok(Some(bytes))
}

/// Rewrites RTP as an output asks for. `false` when it is not to be sent.
fn rewrite_rtp(output: &Output, packet: &mut [u8], rtp: &RtpIn) -> bool {
    let config = &output.config;
    let rule = rtp
        .pt_index
        .and_then(|index| config.payload_rules.get(usize::from(index)));
    if let (Some(rule), Some(payload)) = (rule, packet.get_mut(rtp.payload_start..)) {
        let rule = rewrite::PayloadRule {
            blackhole: rule.blackhole,
            min_payload_len: rule.min_payload_len,
            pattern: rule.pattern(),
        };
        if !rewrite::payload(&rule, payload) {
            return false;
        }
    }
    let ssrc = rtp
        .ssrc_index
        .and_then(|index| config.ssrcs.get(usize::from(index)));
    if let Some(ssrc) = ssrc {
        let replacement = (config.flags.ssrc_subst && ssrc.ssrc != 0).then_some(ssrc.ssrc);
        rewrite::header(packet, rtp.sequence, ssrc.seq_offset, replacement);
    }
    true
}

fn micros(nanoseconds: i64) -> u64 {
    u64::try_from(nanoseconds).unwrap_or(0) / 1_000
}

/// An error of the target, its interface, and the whole.
fn count_error(target: &Target, reason: &dyn fmt::Debug) {
    if parameters::log_error_now() {
        let local = Show(target.config.local);
        pr_info!("target {local}: packet not relayed: {reason:?}\n");
    }
    target.stats.errors.add(1);
    target.interface.ingress.errors.add(1);
    target.global.errors.add(1);
}

fn count_packet(target: &Target, datagram: &Datagram, arrival_ns: i64) {
    let bytes = datagram.payload.len() as u64;
    target.stats.tos.set(u32::from(datagram.tos));
    target.stats.last_packet_us.set(micros(arrival_ns));
    target.stats.packets.add(1);
    target.stats.bytes.add(bytes);
    target.interface.ingress.packets.add(1);
    target.interface.ingress.bytes.add(bytes);
    target.global.packets.add(1);
    target.global.bytes.add(bytes);
}

/// Counts what is particular to RTP: by payload type and SSRC.
fn count_rtp(target: &Target, datagram: &Datagram, rtp: &RtpIn, arrival_us: u64) {
    let payload_type = rtp
        .pt_index
        .and_then(|index| target.payload_types.get(usize::from(index)));
    let Some(payload_type) = payload_type else {
        target.stats.errors.add(1);
        target.interface.ingress.errors.add(1);
        return;
    };
    payload_type.stats.packets.add(1);
    payload_type.stats.bytes.add(datagram.payload.len() as u64);

    let ssrc = rtp
        .ssrc_index
        .and_then(|index| target.ssrcs.get(usize::from(index)));
    let Some(Some(stats)) = ssrc else {
        return;
    };
    stats.last_pt.set(u32::from(rtp.payload_type));
    stats.last_packet_us.set(arrival_us);
    if rtp.measure {
        let bytes = datagram.payload.len().saturating_sub(rtp.payload_start) as u64;
        stats.packets.add(1);
        stats.bytes.add(bytes);
        stats.timestamp.set(rtp.timestamp);
        let arrival = Arrival {
            sequence: rtp.sequence,
            timestamp: rtp.timestamp,
            time_us: arrival_us,
            clock_rate: payload_type.clock_rate,
        };
        measure(target, stats, &arrival);
    }
}

/// Brings loss and jitter up to date. What the daemon left in its memory is read once.
fn measure(target: &Target, stats: &SsrcStats, arrival: &Arrival) {
    let measuring = target.measuring.lock();
    let before = SourceState {
        ext_seq: stats.ext_seq.get(),
        lost_bits: stats.lost_bits.get(),
        total_lost: stats.total_lost.get(),
        transit: stats.transit.get(),
        jitter: stats.jitter.get(),
    };
    let update = receiver::update(&before, arrival);
    stats.ext_seq.set(update.state.ext_seq);
    stats.lost_bits.set(update.state.lost_bits);
    stats.total_lost.set(update.state.total_lost);
    stats.transit.set(update.state.transit);
    stats.jitter.set(update.state.jitter);
    drop(measuring);
    if update.newly_lost > 0 {
        let lost = u64::from(update.newly_lost);
        target.interface.packets_lost.add(lost);
        target.global.packets_lost.add(lost);
    }
}
