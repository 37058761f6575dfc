// SPDX-License-Identifier: GPL-2.0-only

//! The fields of a line of the list.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Counters, Output, PayloadRule, PayloadType, SsrcIn, SsrcOut};

/// Splits at spaces.
pub(super) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Reads `inet4 A.B.C.D:PORT` or `inet6 [...]:PORT`.
pub(crate) fn address(text: &str) -> Option<SocketAddr> {
    let (family, rest) = text.trim().split_once(' ')?;
    let (address, port) = rest.trim().rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    match family {
        "inet4" => Some((address.parse::<Ipv4Addr>().ok()?, port).into()),
        "inet6" => {
            let address = address.strip_prefix('[')?.strip_suffix(']')?;
            Some((address.parse::<Ipv6Addr>().ok()?, port).into())
        }
        _ => None,
    }
}

/// Reads `1 bytes, 2 packets, 3 errors`, in any order.
pub(super) fn counters(text: &str) -> Option<Counters> {
    let mut counters = Counters::default();
    for part in text.split(',') {
        let (number, unit) = part.trim().split_once(' ')?;
        let number = number.parse().ok()?;
        match unit.split_whitespace().next()? {
            "bytes" => counters.bytes = number,
            "packets" => counters.packets = number,
            "errors" => counters.errors = number,
            _ => return None,
        }
    }
    Some(counters)
}

/// Reads `8: 1 bytes, 2 packets`, whatever follows.
pub(super) fn payload_type(text: &str) -> Option<PayloadType> {
    let (number, rest) = text.split_once(':')?;
    let counters = counters(rest)?;
    let media = rest.rsplit_once("[group #");
    let media = media.and_then(|(_, media)| media.strip_suffix(']')?.parse().ok());
    Some(PayloadType {
        payload_type: number.trim().parse().ok()?,
        // All ones are none.
        media: media.filter(|media| *media != u32::MAX),
        packets: counters.packets,
        bytes: counters.bytes,
    })
}

/// Reads `8: blackhole` or `8: 2 bytes replacement payload, min payload len 20`.
pub(super) fn payload_rule(text: &str) -> Option<PayloadRule> {
    let (number, rest) = text.split_once(':')?;
    let mut rule = PayloadRule {
        payload_type: number.trim().parse().ok()?,
        ..PayloadRule::default()
    };
    let rest = rest.trim();
    if rest == "blackhole" {
        rule.blackhole = true;
    } else {
        let (pattern, length) = rest.split_once(" bytes replacement payload, min payload len ")?;
        rule.pattern_length = pattern.parse().ok()?;
        rule.min_length = length.parse().ok()?;
    }
    Some(rule)
}

/// Reads `0 (media #1, RTCP)`, `0 (RTCP)` or `0`.
pub(super) fn output(text: &str) -> Option<Output> {
    let mut output = Output::default();
    let (index, rest) = match text.split_once(' ') {
        Some((index, rest)) => (index, rest),
        None => (text, ""),
    };
    output.index = index.parse().ok()?;
    let rest = rest.trim().trim_start_matches('(').trim_end_matches(')');
    for word in rest.split(',').map(str::trim) {
        if let Some(media) = word.strip_prefix("media #") {
            output.media = media.parse().ok();
        } else if word == "RTCP" {
            output.rtcp = true;
        }
    }
    Some(output)
}

/// Reads entries of the form `HEX [...]`, with commas between them.
pub(super) fn entries<T>(text: &str, read: fn(u32, &str) -> Option<T>) -> Option<Vec<T>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (ssrc, after) = rest.split_once('[')?;
        let (body, after) = after.split_once(']')?;
        let ssrc = u32::from_str_radix(ssrc.trim(), 16).ok()?;
        found.push(read(ssrc, body.strip_prefix("seq ")?)?);
        rest = after.trim_start_matches(',').trim();
    }
    Some(found)
}

/// Reads `SEQ/RTCP` or `SEQ/RTCP #MEDIA`.
pub(super) fn ssrc_in(ssrc: u32, body: &str) -> Option<SsrcIn> {
    let (sequence, rest) = body.split_once('/')?;
    let (index, media) = rest.split_once(" #").unwrap_or((rest, ""));
    Some(SsrcIn {
        ssrc,
        media: media.parse().ok().filter(|media| *media != u32::MAX),
        sequence: sequence.parse().ok()?,
        rtcp_index: index.split(' ').next()?.parse().ok()?,
    })
}

/// Reads `SEQ+OFFSET/RTCP`.
pub(super) fn ssrc_out(ssrc: u32, body: &str) -> Option<SsrcOut> {
    let (sequence, rest) = body.split_once('+')?;
    let (offset, rtcp_index) = rest.split_once('/')?;
    Some(SsrcOut {
        ssrc,
        sequence: sequence.parse().ok()?,
        sequence_offset: offset.parse().ok()?,
        rtcp_index: rtcp_index.parse().ok()?,
    })
}
