// SPDX-License-Identifier: GPL-2.0-only

//! SRTP on its way in: authenticated and decrypted where it lies.

use crate::{
    rtp_media::{
        receive::{DropReason, Kind, PassReason, Relay, Verdict},
        srtp::{Opened, Refused, Sender},
    },
    sys::received::Received,
    table::{srtp::Decryption, target::Target},
};
use core::ops::Range;

/// What a target reads of a packet.
pub(crate) struct Clear {
    /// Where in the packet it lies.
    pub(crate) range: Range<usize>,
    /// What SRTP says of it; none when it came as it is.
    pub(crate) opened: Option<Opened>,
}

/// Decrypts a packet in place, if its target asks for that. `range` is the UDP payload.
///
/// # Errors
///
/// What becomes of a packet that is not authentic, which is as before.
pub(crate) fn open(
    target: &Target,
    packet: &mut Received<'_>,
    range: &Range<usize>,
    relay: &Relay,
) -> Result<Clear, Verdict> {
    let decryption = match (&target.decryption, &relay.kind) {
        (None, _) | (_, Kind::Opaque) => {
            return Ok(Clear {
                range: range.clone(),
                opened: None,
            })
        }
        (Some(decryption), _) => decryption,
    };
    let bytes = packet
        .private_bytes(range)
        .ok_or(Verdict::Pass(PassReason::NoMemory))?;
    let opened = open_bytes(target, decryption, bytes, &relay.kind).map_err(|why| match why {
        Refused::Replayed => Verdict::Drop(DropReason::Replayed),
        Refused::NotAuthentic => Verdict::Pass(PassReason::NotAuthentic),
    })?;
    Ok(Clear {
        range: range.start..range.start.saturating_add(opened.end),
        opened: Some(opened),
    })
}

fn open_bytes(
    target: &Target,
    decryption: &Decryption,
    bytes: &mut [u8],
    kind: &Kind,
) -> Result<Opened, Refused> {
    let mut sources = decryption.sources.lock();
    match kind {
        Kind::Rtp(rtp) => {
            let sender = Sender {
                listed: rtp.ssrc_index,
                ssrc: rtp.ssrc,
            };
            let stats = rtp
                .ssrc_index
                .and_then(|index| target.ssrcs.get(usize::from(index)));
            // 0 is what the daemon starts with.
            let highest = stats
                .and_then(Option::as_ref)
                .map(|stats| stats.ext_seq.get())
                .filter(|&highest| highest != 0);
            sources.open_rtp(
                &decryption.context,
                bytes,
                rtp.payload_start,
                sender,
                rtp.sequence,
                highest,
            )
        }
        Kind::Rtcp(rtcp) => {
            let sender = Sender {
                listed: rtcp.ssrc_index,
                ssrc: rtcp.ssrc,
            };
            sources.open_rtcp(&decryption.context, bytes, sender)
        }
        Kind::Opaque => Err(Refused::NotAuthentic),
    }
}

/// Makes a packet that was decrypted, and is to be passed, what it was before.
pub(crate) fn close(target: &Target, packet: &mut Received<'_>, clear: &Clear, relay: &Relay) {
    let (Some(decryption), Some(opened)) = (&target.decryption, &clear.opened) else {
        return;
    };
    // It was private already when it was opened: this changes nothing.
    let Some(bytes) = packet.private_bytes(&clear.range) else {
        return;
    };
    match &relay.kind {
        Kind::Rtp(rtp) => decryption
            .context
            .restore_rtp(bytes, rtp.payload_start, opened),
        Kind::Rtcp(_) => decryption.context.restore_rtcp(bytes, opened),
        Kind::Opaque => {}
    }
}
