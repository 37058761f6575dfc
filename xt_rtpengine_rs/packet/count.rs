// SPDX-License-Identifier: GPL-2.0-only

//! The counters in the daemon's memory: what a packet adds to them. What is sent is counted as it is
//! sent, by [`Egress`](crate::table::output::Egress).

use crate::{
    rtp_media::{
        decide::Rtp,
        receiver::{self, Arrival, SourceState},
        srtp::index::estimate,
    },
    show::Show,
    sys::{counters::SsrcStats, parameters, tally},
    table::target::Target,
    udp_ip::Datagram,
};
use core::fmt::Display;
use kernel::prelude::*;

fn micros(nanoseconds: i64) -> u64 {
    u64::try_from(nanoseconds).unwrap_or(0) / 1_000
}

/// An error of the target, its interface, and the whole.
pub(super) fn error(target: &Target, reason: &dyn Display) {
    if parameters::log_error_now() {
        let local = Show(target.local);
        pr_info!("target {local}: packet not relayed: {}\n", Show(reason));
    }
    target.stats.errors.add(1);
    tally::refused(&target.interface, &target.global);
}

/// A packet of the target, its interface, and the whole. Returns when it came, in the unit of the counters.
#[inline(always)]
pub(super) fn packet(target: &Target, datagram: &Datagram, arrival_ns: i64) -> u64 {
    let bytes = datagram.payload.len() as u64;
    let time = target.time(micros(arrival_ns));
    target.stats.tos.set(u32::from(datagram.tos));
    target.stats.last_packet.set(time);
    target.stats.packets.add(1);
    target.stats.bytes.add(bytes);
    tally::received(&target.interface, &target.global, bytes);
    time
}

/// A packet that is relayed: as [`packet`].
#[inline(always)]
pub(super) fn relayed(target: &Target, datagram: &Datagram, arrival_ns: i64) -> u64 {
    target.reasons.relayed(datagram.payload.len() as u64);
    packet(target, datagram, arrival_ns)
}

/// What is particular to RTP: its payload type and SSRC. `length` is that of the packet as the target reads
/// it, `index` the one that authentication told; `time` is what [`relayed`] returned.
pub(super) fn rtp(
    target: &Target,
    datagram: &Datagram,
    rtp: &Rtp,
    length: usize,
    index: Option<u32>,
    arrival_ns: i64,
    time: u64,
) {
    let ssrc = target.ssrc_stats(rtp.ssrc_index);
    if let (Some(stats), Some(index), false) = (ssrc, index, rtp.measure) {
        stats.ext_seq.raise(index);
    }
    let Some(payload_type) = target.payload_type(rtp.pt_index) else {
        target.stats.errors.add(1);
        target.interface.not_received();
        return;
    };
    payload_type.stats.packets.add(1);
    payload_type.stats.bytes.add(datagram.payload.len() as u64);

    let Some(stats) = ssrc else {
        return;
    };
    stats.last_pt.set(u32::from(rtp.payload_type));
    stats.last_packet.set(time);
    if rtp.measure {
        let bytes = length.saturating_sub(rtp.payload_start) as u64;
        stats.packets.add(1);
        stats.bytes.add(bytes);
        stats.timestamp.set(rtp.timestamp);
        let arrival = Arrival {
            sequence: rtp.sequence,
            index,
            timestamp: rtp.timestamp,
            time_us: micros(arrival_ns),
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
        tally::lost(&target.interface, &target.global, lost);
    }
}

/// RTP of an SSRC that an output sent: `bytes` of payload. `plain` is the sequence number where no SRTP
/// index was taken, and noted, for it.
pub(super) fn sent_rtp(stats: &SsrcStats, rtp: &Rtp, bytes: usize, plain: Option<u16>) {
    stats.packets.add(1);
    stats.bytes.add(bytes as u64);
    if let Some(sequence) = plain {
        let index = estimate(stats.ext_seq.get(), sequence);
        stats.ext_seq.set(index.unwrap_or(sequence.into()));
    }
    stats.timestamp.set(rtp.timestamp);
}
