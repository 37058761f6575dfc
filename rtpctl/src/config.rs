// SPDX-License-Identifier: GPL-2.0-only

//! What was typed, made whole: defaults filled in, contradictions refused. The rest of the program sees
//! this, never the command line.

use std::net::{IpAddr, SocketAddr};
use std::num::ParseIntError;

use super::cli::{self, Family, Mismatch, Via};
use super::exit::{Code, Failure};

/// The most outputs a stream can have.
const MAX_OUTPUTS: usize = 32;
/// The most payload types a stream can tell apart.
const MAX_PAYLOAD_TYPES: usize = 32;
/// The most SSRCs a stream can tell apart.
const MAX_SSRCS: usize = 4;

/// A payload type and its clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PayloadType {
    /// 0 to 127.
    pub(crate) number: u8,
    /// In Hz; zero when it is not known.
    pub(crate) clock_rate: u32,
}

/// One output of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// The source address of what is sent.
    pub(crate) from: SocketAddr,
    /// Where it is sent.
    pub(crate) to: SocketAddr,
    /// Whether it takes RTCP instead of RTP.
    pub(crate) rtcp: bool,
}

/// A stream to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamConfig {
    /// The table it goes to.
    pub(crate) table: u8,
    /// Where it takes packets.
    pub(crate) local: SocketAddr,
    /// The outputs for RTP, then as many for RTCP where it is relayed.
    pub(crate) outputs: Vec<Output>,
    /// The source that packets must have, and what becomes of others.
    pub(crate) expect: Option<(SocketAddr, Mismatch)>,
    /// Sorted by number, each once.
    pub(crate) payload_types: Vec<PayloadType>,
    /// In the order given, each once, none zero.
    pub(crate) ssrcs: Vec<u32>,
    /// Packets are RTP.
    pub(crate) rtp: bool,
    /// RTCP on the same port is relayed.
    pub(crate) rtcp: bool,
    /// What is not RTP is passed on.
    pub(crate) rtp_only: bool,
    /// Other payload types are passed on.
    pub(crate) pt_filter: bool,
    /// STUN is passed on.
    pub(crate) stun: bool,
    /// DTLS is passed on.
    pub(crate) dtls: bool,
    /// TOS or traffic class of what is sent.
    pub(crate) tos: u8,
}

/// Reads `N` or `N/RATE`.
pub(crate) fn payload_type(text: &str) -> Result<PayloadType, String> {
    let (number, rate) = match text.split_once('/') {
        Some((number, rate)) => (number, Some(rate)),
        None => (text, None),
    };
    let number = number
        .parse::<u8>()
        .ok()
        .filter(|n| *n < 128)
        .ok_or("a payload type is a number from 0 to 127")?;
    let clock_rate = match rate {
        Some(rate) => rate
            .parse()
            .ok()
            .filter(|r| *r > 0)
            .ok_or("a clock rate is a number of Hz above 0")?,
        None => static_clock_rate(number),
    };
    Ok(PayloadType { number, clock_rate })
}

/// The clock rate that RFC 3551 gives to a payload type, or zero.
const fn static_clock_rate(number: u8) -> u32 {
    match number {
        0 | 3 | 4 | 5 | 7 | 8 | 9 | 12 | 13 | 15 | 18 => 8_000,
        6 => 16_000,
        10 | 11 => 44_100,
        14 | 25 | 26 | 28 | 31..=34 => 90_000,
        16 => 11_025,
        17 => 22_050,
        _ => 0,
    }
}

/// Reads an SSRC, decimal or hexadecimal with `0x`.
pub(crate) fn ssrc(text: &str) -> Result<u32, String> {
    let value = number(text)
        .map_err(|_| "an SSRC is a 32-bit number, in decimal or as 0xHEX".to_owned())?;
    if value == 0 {
        // The interface reads a zero as the end of its list.
        return Err("SSRC 0 cannot be singled out".to_owned());
    }
    Ok(value)
}

/// Reads a TOS byte, decimal or hexadecimal with `0x`.
pub(crate) fn tos(text: &str) -> Result<u8, String> {
    number(text)
        .ok()
        .and_then(|n| u8::try_from(n).ok())
        .ok_or_else(|| "a TOS byte is a number from 0 to 255".to_owned())
}

fn number(text: &str) -> Result<u32, ParseIntError> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => text.parse(),
    }
}

fn usage(what: impl Into<String>) -> Failure {
    Failure::new(Code::Usage, what)
}

/// Checks that an address can be sent to or received on.
fn specified(option: &str, address: SocketAddr) -> Result<SocketAddr, Failure> {
    if address.ip().is_unspecified() || address.port() == 0 {
        return Err(usage(format!(
            "{option} {address}: the address and the port must be given, neither may be zero"
        )));
    }
    if let SocketAddr::V6(v6) = address {
        if v6.scope_id() != 0 {
            return Err(usage(format!(
                "{option} {address}: the interface has no room for a scope, so link-local addresses cannot be used"
            )));
        }
    }
    if let IpAddr::V6(v6) = address.ip() {
        if v6.to_ipv4_mapped().is_some() {
            return Err(usage(format!(
                "{option} {address}: give an IPv4 address as such"
            )));
        }
    }
    Ok(address)
}

fn same_family(a: SocketAddr, b: SocketAddr) -> bool {
    a.is_ipv4() == b.is_ipv4()
}

/// The source of what is sent to `to`.
fn source_for(
    to: SocketAddr,
    local: SocketAddr,
    from: &[SocketAddr],
) -> Result<SocketAddr, Failure> {
    if let Some(from) = from.iter().find(|from| same_family(**from, to)) {
        return Ok(*from);
    }
    if same_family(local, to) {
        return Ok(local);
    }
    let family = if to.is_ipv4() { "IPv4" } else { "IPv6" };
    Err(usage(format!(
        "--to {to} is of another family than --local {local}, so there is no source address to send from"
    ))
    .hint(format!(
        "add --from with an {family} address and port of this host"
    )))
}

impl StreamConfig {
    /// Resolves what was typed.
    pub(crate) fn resolve(args: &cli::StreamAdd) -> Result<Self, Failure> {
        let local = specified("--local", args.local)?;
        let mut from = Vec::new();
        for address in &args.from {
            let address = specified("--from", *address)?;
            if from.iter().any(|other| same_family(*other, address)) {
                return Err(usage(format!(
                    "--from {address}: only one source for each family"
                )));
            }
            from.push(address);
        }
        let mut outputs = Vec::new();
        for rtcp in [false, true] {
            if rtcp && !args.rtcp {
                break;
            }
            for to in &args.to {
                let to = specified("--to", *to)?;
                let from = source_for(to, local, &from)?;
                outputs.push(Output { from, to, rtcp });
            }
        }
        if let Some(unused) = from
            .iter()
            .find(|from| !outputs.iter().any(|o| same_family(o.to, **from)))
        {
            return Err(usage(format!("--from {unused}: no --to is of its family")));
        }
        if outputs.len() > MAX_OUTPUTS {
            return Err(usage(format!(
                "a stream has at most {MAX_OUTPUTS} outputs, {} were given{}",
                outputs.len(),
                if args.rtcp {
                    ", those for RTCP counted"
                } else {
                    ""
                }
            )));
        }
        let expect = match args.expect {
            Some(address) => {
                let address = specified("--expect", address)?;
                if !same_family(address, local) {
                    return Err(usage(format!(
                        "--expect {address} is of another family than --local {local}"
                    )));
                }
                Some((address, args.mismatch.unwrap_or(Mismatch::Drop)))
            }
            None => None,
        };
        Ok(Self {
            table: args.table.table,
            local,
            outputs,
            expect,
            payload_types: payload_types(&args.payload_type)?,
            ssrcs: ssrcs(&args.ssrc)?,
            rtp: !args.opaque,
            rtcp: args.rtcp,
            rtp_only: args.rtp_only,
            pt_filter: args.pt_filter,
            stun: args.stun,
            dtls: args.dtls,
            tos: args.tos,
        })
    }

    /// How many outputs take RTP. They come first.
    pub(crate) fn rtp_outputs(&self) -> usize {
        self.outputs.iter().filter(|o| !o.rtcp).count()
    }

    /// Whether sequence numbers, loss and jitter can be counted: that needs an SSRC and the clock of each type.
    pub(crate) fn counts_rtp(&self) -> bool {
        !self.ssrcs.is_empty()
            && !self.payload_types.is_empty()
            && self.payload_types.iter().all(|pt| pt.clock_rate != 0)
    }
}

/// Sorts payload types, as the interface wants them.
fn payload_types(given: &[PayloadType]) -> Result<Vec<PayloadType>, Failure> {
    let mut sorted = given.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if let Some(pair) = sorted
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a.number == b.number))
    {
        let number = pair.first().map_or(0, |pt| pt.number);
        return Err(usage(format!(
            "payload type {number} was given with two clock rates"
        )));
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
fn ssrcs(given: &[u32]) -> Result<Vec<u32>, Failure> {
    let mut once = Vec::new();
    for ssrc in given {
        if !once.contains(ssrc) {
            once.push(*ssrc);
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

/// Where and how a rule is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleConfig {
    /// The table that takes the packets.
    pub(crate) table: u8,
    /// One rule in each.
    pub(crate) families: Vec<Family>,
    /// How it calls the module.
    pub(crate) via: Via,
    /// The chain's priority.
    pub(crate) priority: i32,
}

impl RuleConfig {
    /// Resolves what was typed.
    pub(crate) fn resolve(
        table: u8,
        families: &[Family],
        via: Via,
        priority: i32,
    ) -> Result<Self, Failure> {
        let mut once = Vec::new();
        for family in families {
            if !once.contains(family) {
                once.push(*family);
            }
        }
        if once.is_empty() {
            once = match via {
                Via::Expression => vec![Family::Inet],
                Via::Target => vec![Family::Ip, Family::Ip6],
            };
        }
        if via == Via::Target && once.contains(&Family::Inet) {
            return Err(
                usage("the target cannot be used in the family inet, only in ip and ip6")
                    .hint("leave --family out to get both"),
            );
        }
        Ok(Self {
            table,
            families: once,
            via,
            priority,
        })
    }
}

#[cfg(test)]
mod tests;
