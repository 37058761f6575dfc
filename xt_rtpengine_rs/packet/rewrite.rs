// SPDX-License-Identifier: GPL-2.0-only

//! RTP as an output asks for it: header extensions, payload, sequence number, SSRC.

use crate::{
    rtp_media::{
        decide::Rtp, extension_rewrite, reason::Unsent, rewrite, rewrite::PayloadRule, rtp::RtpView,
    },
    sys::outgoing::Outgoing,
    table::output::Output,
};

/// What is known of a packet that was rewritten.
pub(super) struct Rewritten {
    /// Where its payload starts.
    pub(super) payload_start: usize,
    /// Its SSRC.
    pub(super) ssrc: u32,
    /// Its sequence number.
    pub(super) sequence: u16,
}

/// How many bytes an RTP packet grows by.
pub(super) fn growth(output: &Output, packet: &[u8]) -> usize {
    output.extensions.as_ref().map_or(0, |extensions| {
        extension_rewrite::new_length(packet, &extensions.rule()).saturating_sub(packet.len())
    })
}

/// Rewrites RTP as an output asks for it. `packet` has room for `growth` more bytes, which are at least
/// [`growth`].
///
/// # Errors
///
/// [`Unsent::KeptBack`] when it is not to be sent, [`Unsent::NoMemory`] when there is no room.
pub(super) fn rewrite(
    output: &Output,
    packet: &mut Outgoing,
    growth: usize,
    rtp: &Rtp,
) -> Result<Rewritten, Unsent> {
    let mut payload_start = rtp.payload_start;
    if let Some(extensions) = &output.extensions {
        let length = packet.len();
        let resized = packet.resize(length.saturating_add(growth));
        resized.map_err(|_| Unsent::NoMemory)?;
        let rule = extensions.rule();
        let length = extension_rewrite::rewrite(packet.payload_mut(), length, &rule)
            .map_err(|_| Unsent::NoMemory)?;
        packet.resize(length).map_err(|_| Unsent::NoMemory)?;
        payload_start =
            RtpView::parse(packet.payload_mut()).map_or(length, |view| view.payload_start());
    }
    let bytes = packet.payload_mut();
    if let Some(rule) = output.payload_rule(rtp.pt_index) {
        let rule = PayloadRule {
            blackhole: rule.blackhole,
            min_payload_len: rule.min_payload_len,
            pattern: rule.pattern(),
        };
        let payload = bytes.get_mut(payload_start..).unwrap_or(&mut []);
        if !rewrite::payload(&rule, payload) {
            return Err(Unsent::KeptBack);
        }
    }
    let (mut ssrc, mut sequence) = (rtp.ssrc, rtp.sequence);
    if let Some(entry) = output.ssrc(rtp.ssrc_index) {
        rewrite::header(bytes, sequence, entry.seq_offset, entry.replacement);
        ssrc = entry.replacement.unwrap_or(ssrc);
        sequence = sequence.wrapping_add(entry.seq_offset);
    }
    Ok(Rewritten {
        payload_start,
        ssrc,
        sequence,
    })
}
