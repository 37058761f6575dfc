// SPDX-License-Identifier: GPL-2.0-only

//! Changes to an RTP packet before it is sent, in place.

use super::decide::Rtp;
use super::extension_rewrite::{self, ToRule};
use super::reason::Unsent;
use super::rtp::{self, RtpView};
use super::rtp_wire;

/// How the payload of a payload type is rewritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PayloadRule<'a> {
    /// Nothing of this payload type is sent.
    pub blackhole: bool,
    /// A shorter payload is not sent; 0 for any length.
    pub min_payload_len: u32,
    /// What overwrites the payload, repeated; empty to leave it.
    pub pattern: &'a [u8],
}

impl<'a> From<&'a rtp_wire::PayloadRule> for PayloadRule<'a> {
    fn from(rule: &'a rtp_wire::PayloadRule) -> Self {
        Self {
            blackhole: rule.blackhole,
            min_payload_len: rule.min_payload_len,
            pattern: rule.pattern(),
        }
    }
}

/// How packets of an SSRC are rewritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SsrcRule {
    /// What is added to their sequence numbers.
    pub seq_offset: u16,
    /// The SSRC to send, if it is another one.
    pub ssrc: Option<u32>,
}

impl SsrcRule {
    /// That of an SSRC of an output.
    pub fn of(output: &rtp_wire::Output, ssrc: &rtp_wire::OutputSsrc) -> Self {
        Self {
            seq_offset: ssrc.seq_offset,
            ssrc: (output.flags.ssrc_subst && ssrc.ssrc != 0).then_some(ssrc.ssrc),
        }
    }
}

/// How an output rewrites a packet: by references, since mostly there are none.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite<'a, E> {
    /// Its header extensions.
    pub extensions: Option<&'a E>,
    /// Its payload.
    pub payload: Option<&'a rtp_wire::PayloadRule>,
    /// Its sequence number and SSRC.
    pub ssrc: Option<&'a SsrcRule>,
}

/// A packet that was rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Its length.
    pub length: usize,
    /// Where its payload starts.
    pub payload_start: usize,
    /// Its SSRC.
    pub ssrc: u32,
    /// Its sequence number.
    pub sequence: u16,
}

/// Rewrites RTP, the first `length` bytes of `buffer`.
///
/// # Errors
///
/// [`Unsent::KeptBack`] when it is not to be sent, [`Unsent::NoMemory`] when `buffer` has no room.
#[inline]
pub fn rtp<E: ToRule>(
    buffer: &mut [u8],
    length: usize,
    rtp: &Rtp,
    how: &Rewrite<'_, E>,
) -> Result<Rewritten, Unsent> {
    let mut rewritten = Rewritten {
        length,
        payload_start: rtp.payload_start,
        ssrc: rtp.ssrc,
        sequence: rtp.sequence,
    };
    if let Some(extensions) = how.extensions {
        (rewritten.length, rewritten.payload_start) =
            header_extensions(buffer, length, extensions)?;
    }
    if let Some(rule) = how.payload {
        let bytes = buffer.get_mut(rewritten.payload_start..rewritten.length);
        if !payload(&rule.into(), bytes.unwrap_or(&mut [])) {
            return Err(Unsent::KeptBack);
        }
    }
    if let Some(rule) = how.ssrc {
        header(buffer, rtp.sequence, rule.seq_offset, rule.ssrc);
        rewritten.ssrc = rule.ssrc.unwrap_or(rtp.ssrc);
        rewritten.sequence = rtp.sequence.wrapping_add(rule.seq_offset);
    }
    Ok(rewritten)
}

/// Rewrites header extensions, and returns the length of the packet and where its payload starts.
#[inline(never)]
fn header_extensions<E: ToRule>(
    buffer: &mut [u8],
    length: usize,
    extensions: &E,
) -> Result<(usize, usize), Unsent> {
    let length = extension_rewrite::rewrite(buffer, length, &extensions.rule());
    let length = length.map_err(|_| Unsent::NoMemory)?;
    let view = buffer.get(..length).and_then(RtpView::parse);
    Ok((length, view.map_or(length, |view| view.payload_start())))
}

/// Rewrites a payload. False when the packet is not to be sent.
#[must_use]
#[inline(never)]
pub fn payload(rule: &PayloadRule<'_>, payload: &mut [u8]) -> bool {
    if rule.blackhole || u32::try_from(payload.len()).is_ok_and(|len| len < rule.min_payload_len) {
        return false;
    }
    if let [byte] = rule.pattern {
        payload.fill(*byte);
    } else {
        for (to, from) in payload.iter_mut().zip(rule.pattern.iter().cycle()) {
            *to = *from;
        }
    }
    true
}

/// Shifts the sequence number of an RTP packet, and replaces its SSRC when there is one to send.
#[inline]
pub fn header(packet: &mut [u8], sequence: u16, seq_offset: u16, ssrc: Option<u32>) {
    if seq_offset != 0 {
        rtp::set_sequence(packet, sequence.wrapping_add(seq_offset));
    }
    if let Some(ssrc) = ssrc {
        rtp::set_ssrc(packet, ssrc);
    }
}
