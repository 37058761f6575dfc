// SPDX-License-Identifier: GPL-2.0-only

//! The counters in the daemon's memory: what a packet adds to them.

use super::{open::Clear, rewrite::Sent};
use crate::{
    rtp_media::{
        receive::{Kind, RtpIn},
        receiver::{self, Arrival, SourceState},
    },
    show::Show,
    sys::{counters::SsrcStats, parameters},
    table::target::{Output, Target},
    udp_ip::Datagram,
};
use kernel::{fmt, prelude::*};

fn micros(nanoseconds: i64) -> u64 {
    u64::try_from(nanoseconds).unwrap_or(0) / 1_000
}

/// An error of the target, its interface, and the whole.
pub(crate) fn error(target: &Target, reason: &dyn fmt::Debug) {
    if parameters::log_error_now() {
        let local = Show(target.config.local);
        pr_info!("target {local}: packet not relayed: {reason:?}\n");
    }
    target.stats.errors.add(1);
    target.interface.ingress.errors.add(1);
    target.global.errors.add(1);
}

/// A packet of the target, its interface, and the whole.
pub(crate) fn packet(target: &Target, datagram: &Datagram, arrival_ns: i64) {
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
pub(crate) fn rtp(
    target: &Target,
    datagram: &Datagram,
    clear: &Clear,
    rtp: &RtpIn,
    arrival_ns: i64,
) {
    let arrival_us = micros(arrival_ns);
    let index = clear.opened.map(|opened| opened.index);
    let ssrc = rtp
        .ssrc_index
        .and_then(|index| target.ssrcs.get(usize::from(index)))
        .and_then(Option::as_ref);
    if let (Some(stats), Some(index), false) = (ssrc, index, rtp.measure) {
        let _measuring = target.measuring.lock();
        stats
            .ext_seq
            .set(receiver::with_index(stats.ext_seq.get(), index));
    }
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

    let Some(stats) = ssrc else {
        return;
    };
    stats.last_pt.set(u32::from(rtp.payload_type));
    stats.last_packet_us.set(arrival_us);
    if rtp.measure {
        let bytes = clear.range.len().saturating_sub(rtp.payload_start) as u64;
        stats.packets.add(1);
        stats.bytes.add(bytes);
        stats.timestamp.set(rtp.timestamp);
        let arrival = Arrival {
            sequence: rtp.sequence,
            index,
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

/// A packet that an output sent.
pub(crate) fn sent(output: &Output, kind: &Kind, sent: &Sent) {
    sent_bytes(output, sent.length);
    let Kind::Rtp(rtp) = kind else {
        return;
    };
    let ssrc = rtp
        .ssrc_index
        .and_then(|index| output.ssrcs.get(usize::from(index)));
    if let Some(Some(stats)) = ssrc {
        stats.packets.add(1);
        stats
            .bytes
            .add(sent.length.saturating_sub(sent.payload_start) as u64);
        stats.ext_seq.set(sent.index);
        stats.timestamp.set(rtp.timestamp);
    }
}

/// A packet of that length that an output sent.
pub(crate) fn sent_bytes(output: &Output, length: usize) {
    let bytes = length as u64;
    output.stats.packets.add(1);
    output.stats.bytes.add(bytes);
    output.interface.egress.packets.add(1);
    output.interface.egress.bytes.add(bytes);
}

/// A packet that an output should have sent: an error of the target, too.
pub(crate) fn not_sent(target: &Target, output: &Output, reason: &Error) {
    error(target, reason);
    output.stats.errors.add(1);
    output.interface.egress.errors.add(1);
}
