// SPDX-License-Identifier: GPL-2.0-only

//! RTP on its way: authenticated and decrypted where it lies, rewritten and encrypted by each output.

use super::{
    count,
    egress::{Origin, Payload, Sender},
    end, open, relayed, take,
};
use crate::{
    rtp_media::{
        decide::Rtp,
        reason::Unsent,
        rewrite::{self, Rewritten},
    },
    sys::{counters::SsrcStats, hook::Outcome, outgoing::Outgoing, received::Received},
    table::{output::Output, srtp::Encryption, target::Target},
    udp_ip::Datagram,
};

/// Relays a packet to the outputs of its media, or does with it what else is to be done.
pub(super) fn relay<'a>(
    target: &Target,
    mut packet: Received<'a>,
    datagram: &Datagram,
    rtp: &Rtp,
) -> Outcome<Received<'a>> {
    let stats = target.ssrc_stats(rtp.ssrc_index);
    let opened = open(
        target,
        &mut packet,
        datagram,
        |decryption, bytes| decryption.open_rtp(bytes, rtp, stats),
        |context, bytes, opened| context.restore_rtp(bytes, rtp.payload_start, opened),
        |_| rtp.confirm(&target.rules),
    );
    let opened = match opened {
        Ok((opened, ())) => opened,
        Err(reason) => return end(target, packet, datagram, reason),
    };
    let length = opened.map_or(datagram.payload.len(), |opened| opened.end);
    let index = opened.map(|opened| opened.index);
    let arrival_ns = packet.arrival_ns();
    let time = relayed(target, &packet, datagram);
    count::rtp(target, datagram, rtp, length, index, arrival_ns, time);

    let start = datagram.payload.start;
    let range = start..start.saturating_add(length);
    let sender = &OfRtp {
        origin: Origin::of(&packet),
        rtp,
    };
    let outputs = target.rtp_outputs(rtp.media);
    take(target, packet, &range, outputs, sender)
}

/// Has outputs send a packet.
struct OfRtp<'a> {
    origin: Origin<'a>,
    rtp: &'a Rtp,
}

impl Sender for OfRtp<'_> {
    fn send(&self, output: &Output, payload: impl Payload) -> Result<(), Unsent> {
        send(output, &self.origin, payload, self.rtp)
    }
}

/// Gives a packet that was rewritten an index, and encrypts it. Apart from the way of what is plain, which keeps fewer values on the
/// stack.
#[inline(never)]
fn encrypt(
    encryption: &Encryption,
    packet: &mut Outgoing,
    rewritten: &Rewritten,
    stats: Option<&SsrcStats>,
) -> Result<(), Unsent> {
    let index = encryption.rtp_index(rewritten.ssrc, rewritten.sequence, stats)?;
    encryption.protect_rtp(packet, rewritten.payload_start, index)
}

/// Has an output send a packet.
fn send(
    output: &Output,
    origin: &Origin<'_>,
    payload: impl Payload,
    rtp: &Rtp,
) -> Result<(), Unsent> {
    let encryption = output.egress.encryption.as_ref();
    let overhead = encryption.map_or(0, |encryption| encryption.context.rtp_overhead());
    let growth = output.growth(|| payload.bytes());
    let stats = output.ssrc_stats(rtp.ssrc_index);
    let grows = growth.saturating_add(overhead);
    let (sequence, bytes) = output.egress.send(origin, payload, grows, |packet| {
        let how = output.rewrite(rtp);
        let resize = |packet: &mut Outgoing, length| match how.extensions {
            Some(_) => packet.resize(length).map_err(|_| Unsent::NoMemory),
            None => Ok(()),
        };
        let length = packet.len();
        resize(packet, length.saturating_add(growth))?;
        let rewritten = rewrite::rtp(packet.payload_mut(), length, rtp, &how)?;
        resize(packet, rewritten.length)?;
        if let Some(encryption) = encryption {
            encrypt(encryption, packet, &rewritten, stats)?;
        }
        let bytes = rewritten.length.saturating_sub(rewritten.payload_start);
        Ok((rewritten.length, (rewritten.sequence, bytes)))
    })?;
    if let Some(stats) = stats {
        let plain = encryption.is_none().then_some(sequence);
        count::sent_rtp(stats, rtp, bytes, plain);
    }
    Ok(())
}
