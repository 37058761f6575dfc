// SPDX-License-Identifier: GPL-2.0-only

//! The way to one target and from it: what is sent there, and what has to come of it.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use rtp_wire::Endpoint;

use crate::dice::Dice;
use crate::expect::{expect, Expected, Wrong};
use crate::figures::Tally;
use crate::fragments::fragmented;
use crate::model::{Fate, Target};
use crate::packet::{honest, lying, Ends, Frame, Wrapped};
use crate::peer::{Peer, Sent};
use crate::plan::{hex, Place};
use crate::Failure;

/// Longest packet that the link takes in one piece.
const MTU: usize = 1500;
/// What UDP and IPv6 put before a payload, and an overlapping fragment besides.
const HEADERS: usize = 112;
/// Longest payload of UDP over IPv4.
const JUMBO: usize = 65_507;

/// Everything on the way to and from one target.
pub(crate) struct Lane {
    pub(crate) place: Place,
    pub(crate) target: Target,
    pub(crate) peer: Peer,
    pub(crate) ends: Ends,
    pub(crate) tally: Tally,
}

/// A datagram of a batch.
pub(crate) struct Item {
    pub(crate) wrapped: Wrapped,
    pub(crate) sent: Sent,
    pub(crate) ends: Ends,
}

impl Lane {
    pub(crate) fn new(dice: &mut Dice, place: Place) -> Option<Self> {
        let target = Target::new(&place)?;
        let octets = |address: IpAddr| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let local = target.config.local;
        let ends = Ends {
            six: local.ipv4().is_none(),
            source: octets(place.source.0),
            source_port: place.source.1,
            local: local
                .ipv4()
                .map_or_else(|| local.addr().to_vec(), |address| address.to_vec()),
            local_port: local.port(),
        };
        let tally = Tally {
            outputs: vec![0; place.outputs.len()],
            ..Tally::default()
        };
        Some(Self {
            peer: Peer::new(dice, &target)?,
            place,
            target,
            ends,
            tally,
        })
    }

    /// Where a datagram comes from, in the form that the target compares.
    fn source(ends: &Ends) -> Endpoint {
        let mut addr = [0; 16];
        for (to, from) in addr.iter_mut().zip(&ends.source) {
            *to = *from;
        }
        match addr {
            [a, b, c, d, ..] if !ends.six => Endpoint::v4([a, b, c, d], ends.source_port),
            addr => Endpoint::v6(addr, ends.source_port),
        }
    }

    /// What the target makes of a datagram, and what is to be read because of it.
    pub(crate) fn receive(
        &mut self,
        ends: &Ends,
        payload: &[u8],
        origin: usize,
        relayed: &mut VecDeque<Expected>,
        passed: &mut VecDeque<Expected>,
    ) -> Fate {
        let mut fate = self.target.receive(&Self::source(ends), payload);
        self.tally.had(payload.len(), &fate);
        for (output, packet) in &mut fate.relayed {
            let from = self.target.outputs.get(*output).map(|output| {
                let source = SocketAddr::from(*output.config.flow.source());
                (source.ip(), source.port())
            });
            relayed.push_back(Expected {
                from,
                payload: std::mem::take(packet),
                certain: true,
                origin,
            });
        }
        if fate.passed {
            passed.push_back(Expected {
                from: None,
                payload: payload.to_vec(),
                certain: true,
                origin,
            });
        }
        fate
    }

    /// What goes on the link for a batch, each with whether it is IPv6.
    pub(crate) fn frames(&self, items: &[Item]) -> Vec<(bool, Frame)> {
        let frames = items.iter().flat_map(|item| &item.wrapped.frames);
        frames.map(|frame| (self.ends.six, frame.clone())).collect()
    }

    /// A failure that says which datagram it is about.
    pub(crate) fn failure(&self, items: &[Item], where_: &str, wrong: &Wrong) -> Failure {
        let item = wrong.origin.and_then(|origin| items.get(origin));
        let about = item.map_or_else(String::new, |item| {
            let frames = item.wrapped.frames.iter().map(|frame| hex(&frame.packet));
            format!(
                "; {} in {}, sent as {}",
                item.sent.name,
                item.wrapped.name,
                frames.collect::<Vec<_>>().join(" ")
            )
        });
        let number = self.tally.hostile + self.tally.valid;
        let name = &self.place.name;
        Failure(format!(
            "target {name}, up to datagram {number} of it, {where_}: {}{about}",
            wrong.what
        ))
    }

    /// Reads all that has to come of a batch.
    pub(crate) fn settle(
        &self,
        items: &[Item],
        mut relayed: VecDeque<Expected>,
        mut passed: VecDeque<Expected>,
        buffer: &mut [u8],
    ) -> Result<(), Failure> {
        for (where_, socket, queue) in [
            ("outputs", self.place.receiver, &mut relayed),
            ("socket", self.place.passed, &mut passed),
        ] {
            expect(socket, queue, buffer)?.map_err(|wrong| self.failure(items, where_, &wrong))?;
        }
        Ok(())
    }

    /// The address of the target.
    pub(crate) fn local(&self) -> SocketAddr {
        self.target.config.local.into()
    }
}

/// Whether a payload fits into one packet of the link, whatever is done to it.
pub(crate) fn fits(payload: &[u8]) -> bool {
    payload.len() + HEADERS <= MTU
}

/// A datagram for a target.
pub(crate) fn item(dice: &mut Dice, lane: &mut Lane, offload: bool, ident: u32) -> Item {
    let mut ends = lane.ends.clone();
    if dice.one_in(12) {
        // A stranger, by port or by address too.
        ends.source_port = dice.pick(&[0, 9, 53, 5001, 65535]);
        if dice.one_in(2) {
            if let Some(last) = ends.source.last_mut() {
                *last = dice.within(10, 200) as u8;
            }
        }
    }
    let jumbo = lane.place.share > 16 && dice.one_in(3000);
    let sent = if jumbo {
        let length = dice.pick(&[2000, 9000, 40_000, JUMBO]);
        let mut sent = lane.peer.valid(dice, length);
        sent.payload.truncate(JUMBO);
        sent
    } else if dice.one_in(4) {
        lane.peer.valid(dice, 0)
    } else {
        lane.peer.hostile(dice)
    };
    let payload = &sent.payload;
    let wrapped = match dice.below(100) {
        _ if !fits(payload) => fragmented(dice, &ends, payload, ident),
        0..=69 => honest(&ends, payload.clone()),
        70..=74 => fragmented(dice, &ends, payload, ident),
        _ => lying(dice, &ends, payload, offload),
    };
    Item {
        wrapped,
        sent,
        ends,
    }
}
