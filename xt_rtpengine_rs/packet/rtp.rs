// SPDX-License-Identifier: GPL-2.0-only

//! RTP on its way: authenticated and decrypted where it lies, rewritten and encrypted by each output.

use super::{
    count,
    egress::{Origin, Payload},
    end, rewrite, take,
};
use crate::{
    rtp_media::{
        decide::Rtp,
        reason::{Reason, Unsent},
        srtp::Opened,
    },
    sys::{hook::Outcome, received::Received},
    table::{output::Output, target::Target},
    udp_ip::Datagram,
};

/// Relays a packet to the outputs of its media, or does with it what else is to be done.
pub(super) fn relay<'a>(
    target: &Target,
    mut packet: Received<'a>,
    datagram: &Datagram,
    rtp: &Rtp,
) -> Outcome<Received<'a>> {
    let opened = match open(target, &mut packet, datagram, rtp) {
        Ok(opened) => opened,
        Err(reason) => return end(target, packet, datagram, reason),
    };
    let length = opened.map_or(datagram.payload.len(), |opened| opened.end);
    let index = opened.map(|opened| opened.index);
    let arrival_ns = packet.arrival_ns();
    count::packet(target, datagram, arrival_ns);
    count::rtp(target, datagram, rtp, length, index, arrival_ns);

    let start = datagram.payload.start;
    let range = start..start.saturating_add(length);
    let origin = Origin::of(&packet);
    let outputs = target.rtp_outputs(rtp.media);
    take(target, packet, &range, outputs, |output, payload| {
        send(output, origin, payload, rtp)
    })
}

/// Authenticates and decrypts a packet, if its target asks for that, and decides on it then. One that is
/// refused is as before.
fn open(
    target: &Target,
    packet: &mut Received<'_>,
    datagram: &Datagram,
    rtp: &Rtp,
) -> Result<Option<Opened>, Reason> {
    let Some(decryption) = &target.decryption else {
        return rtp.confirm(&target.rules).map(|()| None);
    };
    let bytes = packet.private_bytes(&datagram.payload);
    let bytes = bytes.ok_or(Reason::NoMemory)?;
    let stats = target.ssrc_stats(rtp.ssrc_index);
    let opened = decryption.open_rtp(bytes, rtp, stats)?;
    if let Err(reason) = rtp.confirm(&target.rules) {
        let context = &decryption.context;
        context.restore_rtp(bytes, rtp.payload_start, &opened);
        return Err(reason);
    }
    Ok(Some(opened))
}

/// Has an output send a packet.
fn send(
    output: &Output,
    origin: Origin<'_>,
    payload: Payload<'_>,
    rtp: &Rtp,
) -> Result<(), Unsent> {
    let encryption = output.egress.encryption.as_ref();
    let overhead = encryption.map_or(0, |encryption| encryption.context.rtp_overhead());
    let growth = rewrite::growth(output, payload.bytes());
    let stats = output.ssrc_stats(rtp.ssrc_index);
    let counters = output.counters(rtp.ssrc_index);
    let grows = growth.saturating_add(overhead);
    let (sequence, bytes) = output.egress.send(origin, payload, grows, |packet| {
        let rewritten = rewrite::rewrite(output, packet, growth, rtp)?;
        let length = packet.len();
        if let Some(encryption) = encryption {
            let index = encryption.rtp_index(rewritten.ssrc, rewritten.sequence, counters)?;
            encryption.protect_rtp(packet, rewritten.payload_start, index)?;
        }
        let bytes = length.saturating_sub(rewritten.payload_start);
        Ok((length, (rewritten.sequence, bytes)))
    })?;
    if let Some(stats) = stats {
        let plain = encryption.is_none().then_some(sequence);
        count::sent_rtp(stats, rtp, bytes, plain);
    }
    Ok(())
}
