// SPDX-License-Identifier: GPL-2.0-only

//! RTCP on its way: authenticated and decrypted where it lies, encrypted by each output.

use super::{
    copy, count,
    egress::{Origin, Payload},
    end,
    later::PutOff,
    take,
};
use crate::{
    rtp_media::{
        decide::{ClearRtcp, Rtcp},
        reason::{Reason, Unsent},
        srtp::Opened,
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
    let opened = match open(target, &mut packet, datagram, rtcp) {
        Ok(opened) => opened,
        Err(reason) => return end(target, packet, datagram, reason),
    };
    let start = datagram.payload.start;
    let range = match &opened {
        Some(opened) => start..start.saturating_add(opened.end),
        None => datagram.payload.clone(),
    };
    let has_output = |media| !target.rtcp_outputs(media).is_empty();
    let clear = match rtcp.confirm(&target.rules, packet.bytes(&range), has_output) {
        Ok(clear) => clear,
        Err(reason) => {
            close(target, &mut packet, datagram, opened.as_ref());
            return end(target, packet, datagram, reason);
        }
    };
    count::packet(target, datagram, packet.arrival_ns());
    let origin = Origin::of(&packet);
    let ClearRtcp { media, and_pass } = clear;
    let outputs = target.rtcp_outputs(media);
    if !and_pass {
        return take(target, packet, &range, outputs, |output, payload| {
            send(output, origin, payload, rtcp)
        });
    }
    let must_wait = packet.must_wait();
    copy(target, packet.bytes(&range), outputs, |output, payload| {
        let origin = if must_wait {
            origin.put_off(PutOff::new(target, output))
        } else {
            origin
        };
        send(output, origin, payload, rtcp)
    });
    close(target, &mut packet, datagram, opened.as_ref());
    packet.mark_relayed();
    Outcome::Pass(packet)
}

/// Authenticates and decrypts a packet, if its target asks for that. One that is refused is as before.
fn open(
    target: &Target,
    packet: &mut Received<'_>,
    datagram: &Datagram,
    rtcp: &Rtcp,
) -> Result<Option<Opened>, Reason> {
    let Some(decryption) = &target.decryption else {
        return Ok(None);
    };
    let bytes = packet.private_bytes(&datagram.payload);
    let opened = decryption.open_rtcp(bytes.ok_or(Reason::NoMemory)?, rtcp)?;
    Ok(Some(opened))
}

/// Makes a packet that was decrypted, and is to be passed, what it was before.
fn close(target: &Target, packet: &mut Received<'_>, datagram: &Datagram, opened: Option<&Opened>) {
    // It was private already when it was opened: this changes nothing.
    if let (Some(decryption), Some(opened), Some(bytes)) = (
        &target.decryption,
        opened,
        packet.private_bytes(&datagram.payload),
    ) {
        decryption.context.restore_rtcp(bytes, opened);
    }
}

/// Has an output send a packet.
fn send(
    output: &Output,
    origin: Origin<'_>,
    payload: Payload<'_>,
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
