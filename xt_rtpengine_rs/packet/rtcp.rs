// SPDX-License-Identifier: GPL-2.0-only

//! RTCP on its way: authenticated and decrypted where it lies, encrypted by each output.

use super::{
    copy,
    egress::{Origin, Payload, Sender},
    end,
    later::Deferred,
    open, relayed, take,
};
use crate::{
    rtp_media::{
        decide::{Rtcp, RtcpRelay},
        reason::Unsent,
        srtp::Context,
    },
    sys::{hook::Outcome, received::Received},
    table::{output::Output, target::Target},
    udp_ip::Datagram,
};

/// Relays a packet to the RTCP outputs of its media, or does with it what else is to be done.
pub(super) fn relay<'a>(
    target: &Target,
    mut packet: Received<'a>,
    datagram: &Datagram,
    rtcp: &Rtcp,
) -> Outcome<Received<'a>> {
    let has_output = |media| !target.rtcp_outputs(media).is_empty();
    let opened = open(
        target,
        &mut packet,
        datagram,
        |decryption, bytes| decryption.open_rtcp(bytes, rtcp),
        Context::restore_rtcp,
        |clear| rtcp.confirm(&target.rules, clear, has_output),
    );
    let (opened, clear) = match opened {
        Ok(opened) => opened,
        Err(reason) => return end(target, packet, datagram, reason),
    };
    let start = datagram.payload.start;
    let length = opened.map_or(datagram.payload.len(), |opened| opened.end);
    let range = start..start.saturating_add(length);
    relayed(target, &packet, datagram);
    let mut sender = OfRtcp {
        origin: Origin::of(&packet),
        rtcp,
        later: None,
    };
    let RtcpRelay { media, and_pass } = clear;
    let outputs = target.rtcp_outputs(media);
    if !and_pass {
        return take(target, packet, &range, outputs, &sender);
    }
    sender.later = packet.must_wait().then_some(target);
    copy(target, packet.bytes(&range), outputs, &sender);
    // It was private already when it was opened: this changes nothing.
    if let (Some(decryption), Some(opened), Some(bytes)) = (
        &target.decryption,
        opened,
        packet.private_bytes(&datagram.payload),
    ) {
        decryption.context.restore_rtcp(bytes, &opened);
    }
    packet.mark_relayed();
    Outcome::Pass(packet)
}

/// Has outputs send a packet.
struct OfRtcp<'a> {
    origin: Origin<'a>,
    rtcp: &'a Rtcp,
    /// The target, if they are to do so later.
    later: Option<&'a Target>,
}

impl Sender for OfRtcp<'_> {
    fn send(&self, output: &Output, payload: impl Payload) -> Result<(), Unsent> {
        let origin = match self.later {
            None => self.origin,
            Some(target) => self.origin.deferred(Deferred::new(target, output)),
        };
        send(output, &origin, payload, self.rtcp)
    }
}

/// Has an output send a packet.
fn send(
    output: &Output,
    origin: &Origin<'_>,
    payload: impl Payload,
    rtcp: &Rtcp,
) -> Result<(), Unsent> {
    let encryption = output.egress.encryption.as_ref();
    let growth = encryption.map_or(0, |encryption| encryption.context.rtcp_overhead());
    output.egress.send(origin, payload, growth, |packet| {
        let length = packet.len();
        if let Some(encryption) = encryption {
            // The daemon takes indices from the same counters, so that none is used twice.
            let stats = output.rtcp_stats(rtcp.ssrc_index);
            encryption.protect_rtcp(packet, stats)?;
        }
        Ok((length, ()))
    })
}
