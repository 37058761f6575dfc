// SPDX-License-Identifier: GPL-2.0-only

//! Taking a received packet apart: every length is checked against the packet before it is used.

use super::{Family, Flow, IPV4_HEADER, IPV6_HEADER, UDP, UDP_HEADER};
use core::ops::Range;

/// Why a packet is not a datagram that can be relayed. It is for the stack to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The headers do not lie in the first bytes of the packet. Nothing is wrong with what does.
    Truncated,
    /// Another version of IP than was said.
    Version,
    /// The header length of IPv4 is less than that of a header.
    HeaderLength,
    /// Another protocol than UDP, or an extension header before it.
    Protocol,
    /// A part of a datagram.
    Fragment,
    /// The length in the IP header is more than the packet has.
    IpLength,
    /// The length in the UDP header is less than that of a header, or more than the IP payload.
    UdpLength,
}

/// Where things stand in a packet. Offsets count from the IP header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// From where to where it goes.
    pub flow: Flow,
    /// TOS of IPv4 (RFC 791) or traffic class of IPv6 (RFC 8200).
    pub tos: u8,
    /// TTL of IPv4 (RFC 791) or hop limit of IPv6 (RFC 8200).
    pub ttl: u8,
    /// The UDP header and all that the UDP length claims.
    pub udp: Range<usize>,
    /// The UDP payload.
    pub payload: Range<usize>,
}

/// Takes a packet apart.
///
/// `head` is what of the packet lies in one piece, from the IP header on; `total` is the length of
/// all of it.
#[inline(always)]
pub fn parse(family: Family, head: &[u8], total: usize) -> Result<Datagram, Malformed> {
    // Each family builds its endpoints once, where they stay.
    match family {
        Family::V4 => {
            let (ip, source, destination) = ipv4(head)?;
            datagram(&ip, head, total, |from, to| {
                Flow::v4((source, from), (destination, to))
            })
        }
        Family::V6 => {
            let (ip, source, destination) = ipv6(head)?;
            datagram(&ip, head, total, |from, to| {
                Flow::v6((*source, from), (*destination, to))
            })
        }
    }
}

/// What the IP header says. `udp` and `end` are offsets, at most 60 + 65,535.
struct Ip {
    tos: u8,
    ttl: u8,
    udp: usize,
    end: usize,
}

/// Takes the UDP header apart. `flow` makes the flow of the ports.
#[inline(always)]
fn datagram(
    ip: &Ip,
    head: &[u8],
    total: usize,
    flow: impl FnOnce(u16, u16) -> Flow,
) -> Result<Datagram, Malformed> {
    if ip.end > total {
        return Err(Malformed::IpLength);
    }
    let udp: &[u8; UDP_HEADER] = take(head, ip.udp)?;
    let [s1, s0, d1, d0, l1, l0, _, _] = *udp;
    let length = usize::from(u16::from_be_bytes([l1, l0]));
    let room = ip.end.checked_sub(ip.udp).ok_or(Malformed::IpLength)?;
    if length < UDP_HEADER || length > room {
        return Err(Malformed::UdpLength);
    }
    let end = ip.udp.saturating_add(length);
    Ok(Datagram {
        flow: flow(u16::from_be_bytes([s1, s0]), u16::from_be_bytes([d1, d0])),
        tos: ip.tos,
        ttl: ip.ttl,
        udp: ip.udp..end,
        payload: ip.udp.saturating_add(UDP_HEADER)..end,
    })
}

#[inline]
fn take<const N: usize>(bytes: &[u8], at: usize) -> Result<&[u8; N], Malformed> {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .ok_or(Malformed::Truncated)
}

/// The header of IPv4, and its source and destination address.
#[inline(always)]
fn ipv4(head: &[u8]) -> Result<(Ip, [u8; 4], [u8; 4]), Malformed> {
    const FRAGMENT: u16 = 0x3fff;
    let header: &[u8; IPV4_HEADER] = take(head, 0)?;
    let [first, tos, l1, l0, _, _, f1, f0, ttl, protocol, ..] = header;
    if first >> 4 != 4 {
        return Err(Malformed::Version);
    }
    let words = usize::from(first & 0xf);
    if words < 5 {
        return Err(Malformed::HeaderLength);
    }
    if *protocol != UDP {
        return Err(Malformed::Protocol);
    }
    if u16::from_be_bytes([*f1, *f0]) & FRAGMENT != 0 {
        return Err(Malformed::Fragment);
    }
    let ip = Ip {
        tos: *tos,
        ttl: *ttl,
        udp: words.saturating_mul(4),
        end: usize::from(u16::from_be_bytes([*l1, *l0])),
    };
    Ok((ip, *take(header, 12)?, *take(header, 16)?))
}

/// The header of IPv6, and its source and destination address.
#[inline(always)]
fn ipv6(head: &[u8]) -> Result<(Ip, &[u8; 16], &[u8; 16]), Malformed> {
    let header: &[u8; IPV6_HEADER] = take(head, 0)?;
    let [v, c, _, _, l1, l0, next, ttl, ..] = *header;
    if v >> 4 != 6 {
        return Err(Malformed::Version);
    }
    if next != UDP {
        return Err(Malformed::Protocol);
    }
    let ip = Ip {
        tos: (v << 4) | (c >> 4),
        ttl,
        udp: IPV6_HEADER,
        end: IPV6_HEADER.saturating_add(usize::from(u16::from_be_bytes([l1, l0]))),
    };
    Ok((ip, take(header, 8)?, take(header, 24)?))
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]
#[path = "receive_tests.rs"]
mod tests;
