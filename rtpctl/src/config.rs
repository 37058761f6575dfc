// SPDX-License-Identifier: GPL-2.0-only

//! What was typed, made whole: defaults filled in, contradictions refused. The rest of the program sees
//! this, never the command line.

use std::net::SocketAddr;
use std::rc::Rc;

use rtp_wire::target::{OutputGroup, MAX_MEDIA};

use super::cli::{RtpStats, StreamAdd};
use super::exit::{usage, Failure};
use super::srtp::Srtp;

mod address;
mod asked;
mod media;
mod object;
mod outputs;
mod protection;
mod rule;
mod to;

pub(crate) use super::cli::values::{Mid, PayloadType, Ssrc};
pub(crate) use super::cli::{Family, Mismatch, Rtcp, Via};
pub(crate) use outputs::Output;
#[cfg(test)]
pub(crate) use outputs::Rewrite;
pub(crate) use rule::{edit, RuleConfig, RuleOptions};

use address::{same_family, specified};
use asked::Asked;
use outputs::Common;
use to::To;

/// The most payload types a stream can tell apart.
const MAX_PAYLOAD_TYPES: usize = 32;
/// The most SSRCs a stream can tell apart.
const MAX_SSRCS: usize = 4;

/// A stream to be added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StreamConfig {
    /// The table it goes to.
    pub(crate) table: u8,
    /// Where it takes packets.
    pub(crate) local: SocketAddr,
    /// The outputs for RTP, then those for RTCP where it is relayed; both by media.
    pub(crate) outputs: Vec<Output>,
    /// The source that packets must have, and what becomes of others.
    pub(crate) expect: Option<(SocketAddr, Mismatch)>,
    /// Sorted by number, each once.
    pub(crate) payload_types: Vec<PayloadType>,
    /// In the order given, each once, none zero.
    pub(crate) ssrcs: Vec<Ssrc>,
    /// Id of the header extension with the MID.
    pub(crate) mid_extension: Option<u8>,
    /// The MIDs, one for a media.
    pub(crate) mids: Vec<Mid>,
    /// How packets are decrypted.
    pub(crate) decrypt: Option<Rc<Srtp>>,
    /// Packets are RTP.
    pub(crate) rtp: bool,
    /// Which RTCP on the same port is relayed.
    pub(crate) rtcp: Option<Rtcp>,
    /// What is not RTP is passed on.
    pub(crate) rtp_only: bool,
    /// Other payload types are passed on.
    pub(crate) pt_filter: bool,
    /// RTP is passed on when no SSRC is given.
    pub(crate) ssrc_req: bool,
    /// STUN is passed on.
    pub(crate) stun: bool,
    /// DTLS is passed on.
    pub(crate) dtls: bool,
    /// Nothing is relayed.
    pub(crate) non_forwarding: bool,
    /// What would not be relayed is dropped.
    pub(crate) blackhole: bool,
    /// Loss and jitter are measured.
    pub(crate) rtp_stats: bool,
}

impl StreamConfig {
    /// Resolves what was typed: a stream, or those of a range of ports.
    pub(crate) fn resolve(args: &StreamAdd) -> Result<Vec<Self>, Failure> {
        Asked::typed(args)?.streams()
    }

    /// The stream of this number of those that are asked for.
    fn new(asked: &Asked, number: usize) -> Result<Self, Failure> {
        let local = specified("--local", asked.local.nth(number))?;
        let payload_types = payload_types(&asked.payload_types)?;
        let ssrcs = ssrcs(&asked.ssrcs)?;
        let given: Vec<To> = asked
            .to
            .iter()
            .map(|to| to.nth(number))
            .collect::<Result<_, _>>()?;
        let from = asked.from.iter().map(|span| span.nth(number));
        let from = outputs::sources(from)?;
        let common = Common {
            local,
            from: &from,
            rtcp: asked.rtcp.is_some(),
            tos: asked.tos,
            encrypt: asked.encrypt.clone(),
            payload_types: &payload_types,
            ssrcs: &ssrcs,
        };
        let outputs = common.outputs(&given)?;
        if asked.blackhole && !asked.non_forwarding {
            return Err(usage("--blackhole goes with --non-forwarding"));
        }
        let expect = asked.expect.map(|span| span.nth(number));
        let config = Self {
            table: asked.table,
            local,
            outputs,
            expect: expected(expect, asked.mismatch, local)?,
            rtp_stats: rtp_stats(asked.rtp_stats, &payload_types, &ssrcs)?,
            payload_types,
            ssrcs,
            mid_extension: asked.mid_extension,
            mids: asked.mids.clone(),
            decrypt: asked.decrypt.clone(),
            rtp: !asked.opaque,
            rtcp: asked.rtcp,
            rtp_only: asked.rtp_only,
            pt_filter: asked.pt_filter,
            ssrc_req: asked.ssrc_req,
            stun: asked.stun,
            dtls: asked.dtls,
            non_forwarding: asked.non_forwarding,
            blackhole: asked.blackhole,
        };
        media::check(&config)?;
        protection::check(&config)?;
        Ok(config)
    }

    /// The outputs of each media.
    pub(crate) fn groups(&self) -> [OutputGroup; MAX_MEDIA] {
        media::groups(&self.outputs)
    }

    /// Whether header extensions are looked at.
    pub(crate) fn looks_at_extensions(&self) -> bool {
        self.mid_extension.is_some()
            || self
                .outputs
                .iter()
                .any(|output| output.rewrite.extensions.is_some())
    }
}

fn expected(
    address: Option<SocketAddr>,
    mismatch: Option<Mismatch>,
    local: SocketAddr,
) -> Result<Option<(SocketAddr, Mismatch)>, Failure> {
    let Some(address) = address else {
        return Ok(None);
    };
    let address = specified("--expect", address)?;
    if !same_family(address, local) {
        return Err(usage(format!(
            "--expect {address} is of another family than --local {local}"
        )));
    }
    Ok(Some((address, mismatch.unwrap_or(Mismatch::Drop))))
}

/// Whether loss and jitter are measured: that needs an SSRC and the clock of each payload type.
fn rtp_stats(
    asked: Option<RtpStats>,
    payload_types: &[PayloadType],
    ssrcs: &[Ssrc],
) -> Result<bool, Failure> {
    let missing = if ssrcs.is_empty() {
        Some(("an SSRC", "--ssrc SSRC".to_owned()))
    } else if payload_types.is_empty() {
        Some(("a payload type", "--payload-type N/RATE".to_owned()))
    } else {
        payload_types
            .iter()
            .find(|pt| pt.clock_rate == 0)
            .map(|pt| {
                let option = format!(
                    "--payload-type {}/RATE; in JSON it is clock_rate",
                    pt.number
                );
                ("the clock rate of each payload type", option)
            })
    };
    match (asked, missing) {
        (Some(RtpStats::Off), _) | (None, Some(_)) => Ok(false),
        (Some(RtpStats::On), Some((what, option))) => Err(usage(format!(
            "--rtp-stats on: loss and jitter can be measured when {what} is given"
        ))
        .hint(format!("add {option}"))),
        (_, None) => Ok(true),
    }
}

/// Sorts payload types, as the interface wants them.
fn payload_types(given: &[PayloadType]) -> Result<Vec<PayloadType>, Failure> {
    let mut sorted = given.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    for pair in sorted.windows(2) {
        let [a, b] = pair else { continue };
        if a.number == b.number {
            let differ = if a.clock_rate == b.clock_rate {
                "media"
            } else {
                "clock rates"
            };
            return Err(usage(format!(
                "payload type {} was given with two {differ}",
                a.number
            )));
        }
    }
    if sorted.len() > MAX_PAYLOAD_TYPES {
        return Err(usage(format!(
            "a stream tells at most {MAX_PAYLOAD_TYPES} payload types apart, {} were given",
            sorted.len()
        )));
    }
    Ok(sorted)
}

/// Takes each SSRC once.
fn ssrcs(given: &[Ssrc]) -> Result<Vec<Ssrc>, Failure> {
    let mut once: Vec<Ssrc> = Vec::new();
    for ssrc in given {
        match once.iter().find(|other| other.number == ssrc.number) {
            None => once.push(*ssrc),
            Some(other) if other.media == ssrc.media => {}
            Some(_) => {
                return Err(usage(format!(
                    "SSRC {:#010x} was given with two media",
                    ssrc.number
                )))
            }
        }
    }
    if once.len() > MAX_SSRCS {
        return Err(usage(format!(
            "a stream tells at most {MAX_SSRCS} SSRCs apart, {} were given",
            once.len()
        )));
    }
    Ok(once)
}

#[cfg(test)]
mod tests;
