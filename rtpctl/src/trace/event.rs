// SPDX-License-Identifier: GPL-2.0-only

//! A line of the kernel's trace, and what it tells of a packet.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use rtp_media::demux::{is_dtls, is_rtcp};
use rtp_media::reason::RELAYED;
use serde::Serialize;

use super::super::reasons::sentence;

/// What a line tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// What became of a packet.
    Packet(Packet),
    /// So many events found no room.
    Lost(u64),
}

/// Where in the module it was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tracepoint {
    /// A packet that came to a table.
    Decision,
    /// One that an output does not send.
    Unsent,
}

/// A packet, and what became of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Packet {
    /// Where it was told.
    #[serde(rename = "event")]
    pub(super) tracepoint: Tracepoint,
    /// When, since the machine was started.
    #[serde(rename = "uptime_us", serialize_with = "microseconds")]
    pub(super) time: Duration,
    /// The network namespace.
    pub(super) netns: u64,
    /// Where it comes from.
    pub(super) source: SocketAddr,
    /// Where it goes to.
    pub(super) destination: SocketAddr,
    /// Bytes of UDP payload; of what an output does not send it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bytes: Option<u32>,
    /// What it is.
    #[serde(flatten)]
    pub(super) kind: Option<Kind>,
    /// What became of it, by name.
    pub(super) reason: String,
}

/// What a packet says that it is.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "protocol", rename_all = "lowercase")]
pub(super) enum Kind {
    /// RTP (RFC 3550, 5.1).
    Rtp {
        /// Payload type.
        payload_type: u8,
        /// Sequence number.
        sequence: u16,
        /// Timestamp.
        timestamp: u32,
        /// SSRC.
        ssrc: u32,
    },
    /// RTCP (RFC 3550, 6).
    Rtcp {
        /// Packet type of its first packet.
        packet_type: u8,
        /// SSRC of its sender.
        ssrc: u32,
    },
    /// DTLS.
    Dtls,
    /// STUN.
    Stun,
    /// Anything else.
    Other,
}

fn microseconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u64(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

/// Takes a line apart: `TASK-PID [CPU] FLAGS SECONDS: decision: reason=...`, or `CPU:0 [LOST 7 EVENTS]`.
pub(super) fn parse(line: &str) -> Option<Line> {
    if let Some((_, lost)) = line.split_once("[LOST ") {
        let count = lost.split_once(' ')?.0.parse().ok()?;
        return Some(Line::Lost(count));
    }
    let (tracepoint, before, fields) = [
        (Tracepoint::Decision, ": decision: "),
        (Tracepoint::Unsent, ": unsent: "),
    ]
    .into_iter()
    .find_map(|(tracepoint, word)| {
        let (before, fields) = line.split_once(word)?;
        Some((tracepoint, before, fields))
    })?;
    let field = |name: &str| {
        let mut words = fields.split(' ');
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let (seconds, fraction) = before.rsplit(' ').next()?.split_once('.')?;
    let micros = fraction.parse().ok().filter(|_| fraction.len() == 6)?;
    let time = Duration::from_secs(seconds.parse().ok()?) + Duration::from_micros(micros);
    let head = bytes(field("head").unwrap_or(""));
    let is_decision = tracepoint == Tracepoint::Decision;
    Some(Line::Packet(Packet {
        tracepoint,
        time,
        netns: field("netns")?.parse().ok()?,
        source: field("source")?.parse().ok()?,
        destination: field("destination")?.parse().ok()?,
        bytes: is_decision.then(|| field("length")?.parse().ok()).flatten(),
        kind: (!head.is_empty()).then(|| kind(&head)),
        reason: field("reason")?.to_owned(),
    }))
}

fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks_exact(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map_while(byte).collect()
}

fn kind(head: &[u8]) -> Kind {
    match *head {
        _ if is_dtls(head) => Kind::Dtls,
        [0..=3, ..] => Kind::Stun,
        [0x80..=0xbf, packet_type, _, _, a, b, c, d, ..] if is_rtcp(head) => Kind::Rtcp {
            packet_type,
            ssrc: u32::from_be_bytes([a, b, c, d]),
        },
        [0x80..=0xbf, pt, s0, s1, t0, t1, t2, t3, a, b, c, d, ..] => Kind::Rtp {
            payload_type: pt & 0x7f,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([a, b, c, d]),
        },
        _ => Kind::Other,
    }
}

impl Packet {
    /// Prints it for people, with the time since `start`.
    pub(super) fn text(&self, start: Duration, to: &mut dyn Write) -> io::Result<()> {
        let since = self.time.saturating_sub(start);
        let (seconds, micros) = (since.as_secs(), since.subsec_micros());
        let (source, destination) = (self.source, self.destination);
        write!(to, "{seconds}.{micros:06}  {source} > {destination}")?;
        if let Some(bytes) = self.bytes {
            write!(to, "  {bytes} bytes")?;
        }
        match &self.kind {
            Some(Kind::Rtp {
                payload_type,
                sequence,
                timestamp,
                ssrc,
            }) => write!(
                to,
                "  RTP payload type {payload_type}, number {sequence}, timestamp {timestamp}, SSRC {ssrc:#010x}"
            )?,
            Some(Kind::Rtcp { packet_type, ssrc }) => {
                write!(to, "  RTCP packet type {packet_type}, SSRC {ssrc:#010x}")?;
            }
            Some(Kind::Dtls) => write!(to, "  DTLS")?,
            Some(Kind::Stun) => write!(to, "  STUN")?,
            Some(Kind::Other) | None => {}
        }
        let why = sentence(&self.reason).unwrap_or("a reason that rtpctl does not know");
        match self.tracepoint {
            _ if self.reason == RELAYED => writeln!(to, "  relayed"),
            Tracepoint::Decision => writeln!(to, "  not relayed: {why} ({})", self.reason),
            Tracepoint::Unsent => writeln!(to, "  not sent: {why} ({})", self.reason),
        }
    }
}

#[cfg(test)]
mod tests;
