// SPDX-License-Identifier: GPL-2.0-only

//! A case: a target, its outputs, and the packets that are sent to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rtp_wire::{Endpoint, Flow, Output, Target};

use crate::{
    meant::Difference, protection::Protection, random::Random, record::Plan, shape::Shape, traffic,
};

/// First port of the targets.
pub(crate) const TARGET_PORT: u16 = 10_000;
/// First port that outputs send to.
pub(crate) const OUTPUT_PORT: u16 = 20_000;
/// Port of the sender that targets expect; the other one has the next.
pub(crate) const SENDER_PORT: u16 = 3_000;

/// Where everything is.
#[derive(Clone, Copy)]
pub(crate) struct Addresses {
    /// Of the sender.
    pub(crate) sender: (Ipv4Addr, Ipv6Addr),
    /// Of the targets.
    pub(crate) target: (Ipv4Addr, Ipv6Addr),
    /// That outputs send from.
    pub(crate) output: (Ipv4Addr, Ipv6Addr),
    /// Of the receiver.
    pub(crate) receiver: (Ipv4Addr, Ipv6Addr),
}

/// The address of a family.
pub(crate) fn of_family(addresses: (Ipv4Addr, Ipv6Addr), ipv6: bool) -> IpAddr {
    if ipv6 {
        addresses.1.into()
    } else {
        addresses.0.into()
    }
}

/// An address and port as the interface has them.
pub(crate) fn endpoint(address: IpAddr, port: u16) -> Endpoint {
    SocketAddr::new(address, port).into()
}

/// From an IPv4 and an IPv6 address to such, each with a port: those of one family.
pub(crate) fn flow(
    (from, from_port): ((Ipv4Addr, Ipv6Addr), u16),
    (to, to_port): ((Ipv4Addr, Ipv6Addr), u16),
    ipv6: bool,
) -> Flow {
    if ipv6 {
        Flow::v6((from.1.octets(), from_port), (to.1.octets(), to_port))
    } else {
        Flow::v4((from.0.octets(), from_port), (to.0.octets(), to_port))
    }
}

/// Counters of an SSRC as the daemon leaves them: the highest sequence number, and the packets seen.
#[derive(Clone, Copy, Default)]
pub(crate) struct Preset {
    pub(crate) ext_seq: u32,
    pub(crate) lost_bits: u32,
    pub(crate) rtcp_seq: u32,
}

/// An output of a case, still without counters.
pub(crate) struct CaseOutput {
    pub(crate) output: Box<Output>,
    pub(crate) protection: Option<Protection>,
    pub(crate) presets: [Preset; 4],
}

/// A packet to send.
pub(crate) struct Packet {
    /// Which of the senders sends it: 0 is the expected one.
    pub(crate) sender: usize,
    pub(crate) bytes: Vec<u8>,
}

/// A target, its outputs, and the packets that are sent to it.
pub(crate) struct Case {
    pub(crate) number: u32,
    /// The difference that it is to show; none when it is to show that there is no other.
    pub(crate) shows: Option<Difference>,
    /// Differences that are meant besides.
    pub(crate) meant: Vec<Difference>,
    pub(crate) about: String,
    pub(crate) ipv6: bool,
    pub(crate) target: Box<Target>,
    /// Number and clock rate of each payload type.
    pub(crate) payload_types: Vec<(u8, u32)>,
    pub(crate) presets: [Preset; 4],
    pub(crate) outputs: Vec<CaseOutput>,
    pub(crate) packets: Vec<Packet>,
    /// TOS of the packets.
    pub(crate) tos: u8,
}

impl Case {
    /// The case of a number.
    pub(crate) fn new(plan: &Plan<'_>, number: u32, shows: Option<Difference>) -> Self {
        let mut random = Random::new(plan.seed, number);
        let shape = Shape::draw(&mut random, plan, shows, number);
        let packets = traffic::packets(&mut random, &shape, plan.packets);
        shape.into_case(number, packets)
    }

    /// How many of its counters are counters of an SSRC that is listed.
    pub(crate) fn ssrcs(&self) -> usize {
        self.target.ssrcs.iter().filter(|ssrc| ssrc.given).count()
    }
}
