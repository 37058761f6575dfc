// SPDX-License-Identifier: GPL-2.0-only

//! Hostile packets, a batch for one target after the other, and what has to become of them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::dice::Dice;
use crate::expect::{Expected, Wrong};
use crate::figures::{comes_to_socket, of_kind, Kinds};
use crate::lane::{item, Item, Lane};
use crate::model::Fate;
use crate::plan::{hex, unhex, Plan, Round};
use crate::sockets::{self, burst, Link};
use crate::stack::Arrival;
use crate::{joined, Failure};

/// All targets, and the link to them.
pub(crate) struct Fuzz {
    pub(crate) dice: Dice,
    pub(crate) link: Link,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) kinds: Kinds,
    pub(crate) buffer: Vec<u8>,
    hostile: u64,
    pub(crate) ident: u32,
}

impl Fuzz {
    pub(crate) fn new(plan: Plan) -> Result<Self, Failure> {
        let mut dice = Dice::new(plan.seed);
        let mut lanes = Vec::new();
        for place in plan.places {
            let name = place.name.clone();
            let lane = Lane::new(&mut dice, place);
            lanes.push(lane.ok_or_else(|| Failure(format!("target {name} is no target")))?);
        }
        let addresses = unhex(&plan.ethernet).ok_or_else(|| Failure("no addresses".into()))?;
        Ok(Self {
            dice,
            link: Link::new(plan.link, addresses),
            lanes,
            kinds: Kinds::default(),
            buffer: vec![0; 1 << 16],
            hostile: 0,
            ident: 0,
        })
    }

    /// Sends hostile datagrams through all targets in turn. `sent` is told how many there were.
    pub(crate) fn round(&mut self, round: &Round, sent: &AtomicU64) -> Result<(), Failure> {
        let goal = self.hostile + round.hostile;
        let start = self.hostile;
        while self.hostile < goal {
            for lane in 0..self.lanes.len() {
                self.hostile += if round.joined {
                    joined::turn(self, lane)?
                } else if self.dice.one_in(24) {
                    self.bursts(lane)?
                } else {
                    self.turn(lane, round)?
                };
                sent.store(self.hostile - start, Ordering::Relaxed);
            }
        }
        self.quiet()
    }

    /// A batch for one target; returns how many datagrams of it were hostile.
    fn turn(&mut self, number: usize, round: &Round) -> Result<u64, Failure> {
        let Some(lane) = self.lanes.get_mut(number) else {
            return Ok(0);
        };
        let (dice, before) = (&mut self.dice, lane.tally.hostile);
        let (mut relayed, mut passed) = (VecDeque::new(), VecDeque::new());
        let mut items: Vec<Item> = Vec::new();
        for origin in 0..lane.place.share {
            self.ident = self.ident.wrapping_add(1);
            let item = item(dice, lane, round.offload, self.ident);
            let fate = match &item.wrapped.arrival {
                Arrival::Nowhere => Fate::default(),
                Arrival::Socket { payload, certain } => {
                    passed.push_back(Expected {
                        from: None,
                        payload: payload.clone(),
                        certain: *certain,
                        origin,
                    });
                    Fate::default()
                }
                Arrival::Target(payload) => {
                    lane.receive(&item.ends, payload, origin, &mut relayed, &mut passed)
                }
            };
            let name = of_kind(item.wrapped.name, item.sent.name);
            let is_relayed = !fate.relayed.is_empty();
            self.kinds.count(name, is_relayed);
            let tally = &mut lane.tally;
            tally.nowhere += u64::from(item.wrapped.arrival == Arrival::Nowhere);
            tally.passed += u64::from(comes_to_socket(&item.wrapped.arrival));
            let good = item.sent.valid && item.wrapped.name == "honest";
            tally.valid += u64::from(good);
            tally.hostile += u64::from(!good);
            let at_home = item.ends.source_port == lane.ends.source_port;
            // Of what arrives cut short, the payload does not promise anything.
            let as_sent = matches!(&item.wrapped.arrival,
                Arrival::Target(payload) if *payload == item.sent.payload);
            let never = item.wrapped.never || item.sent.never && as_sent;
            let promise = if is_relayed && never {
                Some("it must never be relayed")
            } else if good && at_home && lane.place.carries && !is_relayed {
                Some("it must be relayed")
            } else {
                None
            };
            items.push(item);
            if let Some(what) = promise {
                let what = what.to_owned();
                let wrong = Wrong {
                    origin: Some(origin),
                    what,
                };
                return Err(lane.failure(&items, "as the model has it", &wrong));
            }
        }
        self.link.send(&lane.frames(&items))?;
        lane.settle(&items, relayed, passed, &mut self.buffer)?;
        Ok(lane.tally.hostile - before)
    }

    /// A burst of a sender's stack, which comes as one packet where its device takes bursts: each
    /// datagram of it becomes what it would have become alone.
    fn bursts(&mut self, number: usize) -> Result<u64, Failure> {
        let Some(lane) = self.lanes.get_mut(number) else {
            return Ok(0);
        };
        let dice = &mut self.dice;
        let count = dice.within(2, 12);
        let first = lane.peer.hostile(dice).payload;
        let size = first.len().clamp(1, 1200);
        let mut packets = vec![first];
        for _ in 1..count {
            packets.push(lane.peer.hostile(dice).payload);
        }
        for packet in &mut packets {
            packet.resize(size, 0);
        }
        if let Some(last) = packets.last_mut() {
            last.truncate(dice.within(1, size + 1));
        }
        let (mut relayed, mut passed) = (VecDeque::new(), VecDeque::new());
        for packet in &packets {
            let ends = lane.ends.clone();
            let fate = lane.receive(&ends, packet, usize::MAX, &mut relayed, &mut passed);
            let is_relayed = !fate.relayed.is_empty();
            self.kinds.count("burst", is_relayed);
        }
        burst(lane.place.sender, lane.local(), &packets)?;
        lane.settle(&[], relayed, passed, &mut self.buffer)?;
        lane.tally.hostile += packets.len() as u64;
        lane.tally.bursts += packets.len() as u64;
        Ok(packets.len() as u64)
    }

    /// Nothing more comes anywhere.
    fn quiet(&mut self) -> Result<(), Failure> {
        std::thread::sleep(std::time::Duration::from_millis(200));
        for lane in &self.lanes {
            for socket in [lane.place.receiver, lane.place.passed] {
                if let Some((length, from)) = sockets::receive(socket, &mut self.buffer)? {
                    let bytes = hex(self.buffer.get(..length).unwrap_or(&[]));
                    let name = &lane.place.name;
                    return Err(Failure(format!("{name}: {bytes} comes late from {from:?}")));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn figures(&self) -> serde_json::Value {
        let tallies = self.lanes.iter().map(|lane| {
            let tally = serde_json::json!(lane.tally);
            (lane.place.name.clone(), tally)
        });
        serde_json::Value::Object(tallies.collect())
    }

    pub(crate) fn kinds(&self) -> &Kinds {
        &self.kinds
    }
}
