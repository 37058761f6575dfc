// SPDX-License-Identifier: GPL-2.0-only

//! RTP as an output asks for it: header extensions, payload, sequence number, SSRC.

use super::output::rtp_index;
use crate::{
    rtp_media::{
        extension::Element,
        extension_rewrite::{self, Rule},
        receive::RtpIn,
        rewrite,
        rtp::RtpView,
    },
    rtp_wire,
    sys::outgoing::Outgoing,
    table::target::Output,
};
use kernel::prelude::*;

/// What is sent.
pub(crate) struct Sent {
    /// Length of the UDP payload, without what SRTP adds.
    pub(crate) length: usize,
    /// Where the RTP payload starts; at its end when it is not RTP.
    pub(crate) payload_start: usize,
    /// The packet index of RTP, otherwise 0.
    pub(crate) index: u32,
}

impl Sent {
    /// A packet of that length which is not RTP.
    pub(crate) fn whole(length: usize) -> Self {
        Self {
            length,
            payload_start: length,
            index: 0,
        }
    }
}

/// How an output changes header extensions: `None` when it leaves them alone.
fn extension_rule(config: &rtp_wire::Output) -> Option<Rule<'_, impl Fn(u8) -> bool + '_>> {
    config.flags.extmap.then(|| Rule {
        keep: |id| config.extensions.contains(id),
        append: (config.mid_extension != 0).then(|| Element {
            id: config.mid_extension,
            data: config.mid.as_bytes(),
        }),
    })
}

/// How many bytes an RTP packet grows by.
pub(crate) fn growth(output: &Output, packet: &[u8]) -> usize {
    extension_rule(&output.config).map_or(0, |rule| {
        extension_rewrite::new_length(packet, &rule).saturating_sub(packet.len())
    })
}

/// Rewrites RTP of that length as an output asks for. `packet` has room for `growth` more bytes, which
/// are at least [`growth`]. `None` when it is not to be sent.
pub(crate) fn rewrite_rtp(
    output: &Output,
    packet: &mut Outgoing,
    length: usize,
    growth: usize,
    rtp: &RtpIn,
) -> Result<Option<Sent>> {
    let config = &output.config;
    let mut payload_start = rtp.payload_start;
    if let Some(rule) = extension_rule(config) {
        packet.resize(length.saturating_add(growth))?;
        let length =
            extension_rewrite::rewrite(packet.payload_mut(), length, &rule).map_err(|_| ENOMEM)?;
        packet.resize(length)?;
        payload_start = RtpView::parse(packet.payload_mut())
            .ok_or(EINVAL)?
            .payload_start();
    }
    let bytes = packet.payload_mut();
    if !rewrite_payload(
        config,
        rtp,
        bytes.get_mut(payload_start..).unwrap_or(&mut []),
    ) {
        return Ok(None);
    }
    let ssrc = rtp
        .ssrc_index
        .and_then(|index| config.ssrcs.get(usize::from(index)));
    let mut sequence = rtp.sequence;
    if let Some(ssrc) = ssrc {
        let replacement = (config.flags.ssrc_subst && ssrc.ssrc != 0).then_some(ssrc.ssrc);
        rewrite::header(bytes, rtp.sequence, ssrc.seq_offset, replacement);
        sequence = sequence.wrapping_add(ssrc.seq_offset);
    }
    let ssrc = RtpView::parse(bytes).ok_or(EINVAL)?.ssrc();
    Ok(Some(Sent {
        length: bytes.len(),
        payload_start,
        index: rtp_index(output, rtp, ssrc, sequence)?,
    }))
}

/// Applies the rule of a payload type. `false` when the packet is not to be sent.
fn rewrite_payload(config: &rtp_wire::Output, rtp: &RtpIn, payload: &mut [u8]) -> bool {
    let rule = rtp
        .pt_index
        .and_then(|index| config.payload_rules.get(usize::from(index)));
    rule.is_none_or(|rule| {
        let rule = rewrite::PayloadRule {
            blackhole: rule.blackhole,
            min_payload_len: rule.min_payload_len,
            pattern: rule.pattern(),
        };
        rewrite::payload(&rule, payload)
    })
}
