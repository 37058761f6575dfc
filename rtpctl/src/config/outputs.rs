// SPDX-License-Identifier: GPL-2.0-only

//! The outputs of a stream: each `--to` with the defaults of the stream filled in, and its RTCP.

use std::net::SocketAddr;
use std::rc::Rc;

use rtp_wire::output::{ExtensionSet, PayloadRule};
use rtp_wire::Flow;
use zerocopy::FromZeros;

use super::super::cli::values::{PayloadType, Ssrc};
use super::super::exit::Failure;
use super::super::srtp::Srtp;
use super::address::{is_for_many, same_family, specified};
use super::to::{PayloadSetting, RtcpTo, Takes, To};
use super::usage;

/// The most outputs a stream can have.
const MAX_OUTPUTS: usize = 32;

/// How packets of an SSRC are rewritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SsrcRewrite {
    /// The SSRC to send; zero for the one received.
    pub(crate) ssrc: u32,
    /// What is added to sequence numbers.
    pub(crate) seq_offset: u16,
}

/// How packets are rewritten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rewrite {
    /// By index of the stream's SSRCs.
    pub(crate) ssrcs: Vec<SsrcRewrite>,
    /// By index of the stream's payload types.
    pub(crate) payload_rules: Vec<PayloadRule>,
    /// The header extensions that stay; all, untouched, when there is none.
    pub(crate) extensions: Option<ExtensionSet>,
    /// The MID to append, with the id of its header extension.
    pub(crate) mid: Option<(u8, String)>,
}

/// One output of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// From where to where it is sent.
    pub(crate) flow: Flow,
    /// Whether it takes RTCP instead of RTP.
    pub(crate) rtcp: bool,
    /// The media it belongs to.
    pub(crate) media: u8,
    /// TOS or traffic class of what is sent.
    pub(crate) tos: u8,
    /// How it is encrypted.
    pub(crate) encrypt: Option<Rc<Srtp>>,
    /// How it is rewritten.
    pub(crate) rewrite: Rewrite,
}

impl Output {
    /// The source address of what is sent.
    pub(crate) fn from(&self) -> SocketAddr {
        (*self.flow.source()).into()
    }

    /// Where it is sent.
    pub(crate) fn to(&self) -> SocketAddr {
        (*self.flow.destination()).into()
    }
}

/// What the outputs of a stream have in common.
pub(super) struct Common<'a> {
    pub(super) local: SocketAddr,
    pub(super) from: &'a [SocketAddr],
    pub(super) rtcp: bool,
    pub(super) tos: u8,
    pub(super) encrypt: Option<Rc<Srtp>>,
    pub(super) payload_types: &'a [PayloadType],
    pub(super) ssrcs: &'a [Ssrc],
}

/// Checks the sources that are given for all outputs: one of each family.
pub(super) fn sources(given: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Failure> {
    let mut sources: Vec<SocketAddr> = Vec::new();
    for address in given {
        let address = specified("--from", address)?;
        if sources.iter().any(|other| same_family(*other, address)) {
            return Err(usage(format!(
                "--from {address}: only one source for each family"
            )));
        }
        sources.push(address);
    }
    Ok(sources)
}

impl Common<'_> {
    /// The outputs for RTP, then those for RTCP; both in the order of their media.
    pub(super) fn outputs(&self, given: &[To]) -> Result<Vec<Output>, Failure> {
        let mut outputs = Vec::new();
        for to in given {
            if to.takes == Takes::All {
                outputs.push(self.rtp(to)?);
            } else if !self.rtcp {
                return Err(usage(format!(
                    "--to {}: it takes RTCP, and the stream relays none",
                    to.address
                ))
                .hint("say which RTCP the stream relays, or leave the output out"));
            }
            outputs.extend(self.rtcp(to)?);
        }
        // A sort that keeps the order of what is equal.
        outputs.sort_by_key(|output| (output.rtcp, output.media));
        if let Some(unused) = self
            .from
            .iter()
            .find(|from| !outputs.iter().any(|output| output.from() == **from))
        {
            return Err(usage(format!("--from {unused}: no output is sent from it")));
        }
        if outputs.len() > MAX_OUTPUTS {
            let rtcp = if self.rtcp {
                ", those for RTCP counted"
            } else {
                ""
            };
            return Err(usage(format!(
                "a stream has at most {MAX_OUTPUTS} outputs, {} were given{rtcp}",
                outputs.len()
            )));
        }
        Ok(outputs)
    }

    fn rtp(&self, to: &To) -> Result<Output, Failure> {
        let about = |failure: Failure| failure.about(&format!("--to {}", to.address));
        Ok(Output {
            flow: self.flow(to.address, to.from, "from=")?,
            rtcp: false,
            media: to.media.unwrap_or(0),
            tos: to.tos.unwrap_or(self.tos),
            encrypt: self.encryption(to),
            rewrite: self.rewrite(to).map_err(about)?,
        })
    }

    fn rtcp(&self, to: &To) -> Result<Option<Output>, Failure> {
        if !self.rtcp {
            return match (to.rtcp, to.rtcp_from) {
                (None, None) => Ok(None),
                _ => Err(usage(format!(
                    "--to {}: rtcp= and rtcp-from= are of no use without --rtcp",
                    to.address
                ))),
            };
        }
        let address = match to.rtcp {
            None => to.address,
            Some(RtcpTo::Address(address)) => address,
            Some(RtcpTo::None) => return Ok(None),
        };
        // A source of the output itself serves its RTCP, too.
        let own = to
            .rtcp_from
            .or(to.from.filter(|from| same_family(*from, address)));
        Ok(Some(Output {
            flow: self.flow(address, own, "rtcp-from=")?,
            rtcp: true,
            media: to.media.unwrap_or(0),
            tos: to.tos.unwrap_or(self.tos),
            encrypt: self.encryption(to),
            rewrite: Rewrite::default(),
        }))
    }

    fn encryption(&self, to: &To) -> Option<Rc<Srtp>> {
        match &to.encrypt {
            Some(own) => own.clone(),
            None => self.encrypt.clone(),
        }
    }

    /// From its source to `to`.
    fn flow(
        &self,
        to: SocketAddr,
        own: Option<SocketAddr>,
        setting: &str,
    ) -> Result<Flow, Failure> {
        let flow = |from: SocketAddr| Flow::new(from.into(), to.into());
        let found =
            match own {
                Some(own) => Some(flow(own).ok_or_else(|| {
                    usage(format!("--to {to}: {setting}{own} is of another family"))
                })?),
                None => {
                    let sources = self.from.iter().chain([&self.local]);
                    sources.copied().find_map(flow)
                }
            };
        let Some(flow) = found else {
            let family = if to.is_ipv4() { "IPv4" } else { "IPv6" };
            return Err(usage(format!(
                "--to {to} is of another family than --local {}, so there is no source address to send from",
                self.local
            ))
            .hint(format!(
                "add --from with an {family} address and port of this host"
            )));
        };
        let from = SocketAddr::from(*flow.source());
        if is_for_many(from.ip()) {
            return Err(usage(format!(
                "--to {to}: no datagram has the source {}, which stands for many hosts",
                from.ip()
            ))
            .hint("add --from with an address and port of this host"));
        }
        Ok(flow)
    }

    fn rewrite(&self, to: &To) -> Result<Rewrite, Failure> {
        let mut rewrite = Rewrite {
            ssrcs: vec![SsrcRewrite::default(); self.ssrcs.len()],
            payload_rules: vec![PayloadRule::new_zeroed(); self.payload_types.len()],
            extensions: to.extensions,
            mid: to.mid.clone(),
        };
        for (of, ssrc) in &to.ssrcs {
            let entry = self.ssrc_entry(*of, &mut rewrite.ssrcs);
            entry.map_err(|failure| failure.about("ssrc"))?.ssrc = *ssrc;
        }
        for (of, offset) in &to.offsets {
            let entry = self.ssrc_entry(*of, &mut rewrite.ssrcs);
            entry
                .map_err(|failure| failure.about("seq-offset"))?
                .seq_offset = *offset;
        }
        for (number, setting) in &to.payloads {
            let index = self
                .payload_types
                .iter()
                .position(|pt| pt.number == *number);
            let rule = index
                .and_then(|index| rewrite.payload_rules.get_mut(index))
                .ok_or_else(|| {
                    usage(format!("payload type {number} is rewritten but not given"))
                        .hint(format!("add --payload-type {number}"))
                })?;
            match setting {
                PayloadSetting::Blackhole => rule.blackhole = true,
                PayloadSetting::MinLen(length) => rule.min_payload_len = *length,
                PayloadSetting::Replace(pattern) => {
                    for (to, from) in rule.pattern.iter_mut().zip(pattern) {
                        *to = *from;
                    }
                    // Limited when it was read.
                    rule.pattern_len = u8::try_from(pattern.len()).unwrap_or(0);
                }
            }
        }
        Ok(rewrite)
    }

    /// The entry of an SSRC that is received; it need not be named when there is one only.
    fn ssrc_entry<'a>(
        &self,
        of: Option<u32>,
        entries: &'a mut [SsrcRewrite],
    ) -> Result<&'a mut SsrcRewrite, Failure> {
        let index = match (of, self.ssrcs) {
            (None, [_]) => Some(0),
            (None, []) => {
                return Err(usage("it is done for an SSRC that is given, and none is")
                    .hint("add --ssrc with the SSRC that is received"))
            }
            (None, _) => {
                return Err(usage("there is more than one --ssrc")
                    .hint("write for which one in front: IN:VALUE"))
            }
            (Some(of), given) => given.iter().position(|ssrc| ssrc.number == of),
        };
        let named = of.unwrap_or(0);
        index
            .and_then(|index| entries.get_mut(index))
            .ok_or_else(|| {
                usage(format!("SSRC {named:#010x} is not given"))
                    .hint(format!("add --ssrc {named:#010x}"))
            })
    }
}

#[cfg(test)]
mod tests;
