// SPDX-License-Identifier: GPL-2.0-only

//! Packets where the hub joins those of one flow: each datagram becomes what it would have become alone, in
//! whatever order.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::expect::{Expected, Wrong};
use crate::figures::{comes_to_socket, of_kind};
use crate::fuzz::Fuzz;
use crate::lane::{fits, item, Item, Lane};
use crate::packet::honest;
use crate::sockets::receive;
use crate::stack::Arrival;
use crate::Failure;

const BATCH: usize = 60;
/// The longest runs of packets of one length.
const RUN: usize = 12;
const PATIENCE: Duration = Duration::from_secs(60);
/// What need not come does so within this time after the last one, or never: several times as long as the hub
/// holds what it joins.
const LULL: Duration = Duration::from_millis(100);

/// Whether a payload is one that was sent, but for a byte.
fn is_like(item: &Item, payload: &[u8]) -> bool {
    let sent = &item.sent.payload;
    let other = sent.iter().zip(payload).filter(|(a, b)| a != b);
    sent.len() == payload.len() && other.count() < 2
}

/// What a socket is to read: from where, unless from anywhere, and which bytes.
type Datagram = (Option<(IpAddr, u16)>, Vec<u8>);

/// What one socket reads of a batch, in any order.
#[derive(Default)]
struct Wanted {
    /// How often each has to come, and may come besides.
    counts: HashMap<Datagram, (u64, u64)>,
    missing: u64,
    possible: u64,
}

impl Wanted {
    fn add(&mut self, expected: VecDeque<Expected>) {
        for one in expected {
            let (must, may) = self.counts.entry((one.from, one.payload)).or_default();
            if one.certain {
                *must += 1;
                self.missing += 1;
            } else {
                *may += 1;
                self.possible += 1;
            }
        }
    }

    /// Takes a datagram; false when it should not have come.
    fn take(&mut self, from: (IpAddr, u16), payload: &[u8]) -> bool {
        for from in [Some(from), None] {
            match self.counts.get_mut(&(from, payload.to_vec())) {
                Some((must, _)) if *must > 0 => {
                    *must -= 1;
                    self.missing -= 1;
                    return true;
                }
                Some((_, may)) if *may > 0 => {
                    *may -= 1;
                    self.possible -= 1;
                    return true;
                }
                _ => {}
            }
        }
        false
    }
}

/// A batch for a target; those for which order matters have none. Returns how many of it were hostile.
pub(crate) fn turn(fuzz: &mut Fuzz, number: usize) -> Result<u64, Failure> {
    let Some(lane) = fuzz.lanes.get_mut(number) else {
        return Ok(0);
    };
    // It is not kept where packets are joined.
    if lane.target.has_order() {
        return Ok(0);
    }
    let dice = &mut fuzz.dice;
    let mut items: Vec<Item> = Vec::new();
    while items.len() < BATCH {
        fuzz.ident = fuzz.ident.wrapping_add(1);
        let mut next = item(dice, lane, true, fuzz.ident);
        let in_one = next.wrapped.frames.len() == 1 && fits(&next.sent.payload);
        if !in_one || next.ends.source_port != lane.ends.source_port {
            continue;
        }
        if !dice.one_in(3) {
            items.push(next);
            continue;
        }
        // A run of one length, such as are joined.
        let length = next.sent.payload.len().max(1);
        for _ in 0..dice.within(2, RUN) {
            next = item(dice, lane, true, fuzz.ident);
            next.ends = lane.ends.clone();
            next.sent.payload.resize(length, 0);
            next.wrapped = honest(&next.ends, next.sent.payload.clone());
            items.push(next);
        }
    }
    let (mut relayed, mut passed) = (Wanted::default(), Wanted::default());
    for (origin, item) in items.iter().enumerate() {
        let (mut out, mut up) = (VecDeque::new(), VecDeque::new());
        let mut is_relayed = false;
        match &item.wrapped.arrival {
            Arrival::Nowhere => lane.tally.nowhere += 1,
            Arrival::Target(payload) => {
                let fate = lane.receive(&item.ends, payload, origin, &mut out, &mut up);
                is_relayed = !fate.relayed.is_empty();
            }
            Arrival::Socket { payload, certain } => up.push_back(Expected {
                from: None,
                payload: payload.clone(),
                certain: *certain,
                origin,
            }),
        }
        lane.tally.passed += u64::from(comes_to_socket(&item.wrapped.arrival));
        relayed.add(out);
        passed.add(up);
        let name = of_kind(item.wrapped.name, item.sent.name);
        fuzz.kinds.count(name, is_relayed);
    }
    fuzz.link.send(&lane.frames(&items))?;
    settle(lane, &items, relayed, passed, &mut fuzz.buffer)?;
    lane.tally.hostile += items.len() as u64;
    Ok(items.len() as u64)
}

/// Reads all that has to come of a batch, and what comes besides.
fn settle(
    lane: &Lane,
    items: &[Item],
    mut relayed: Wanted,
    mut passed: Wanted,
    buffer: &mut [u8],
) -> Result<(), Failure> {
    let end = Instant::now() + PATIENCE;
    let mut last = Instant::now();
    while relayed.missing + passed.missing > 0 || passed.possible > 0 && last.elapsed() < LULL {
        let mut idle = true;
        for (where_, socket, wanted) in [
            ("outputs", lane.place.receiver, &mut relayed),
            ("socket", lane.place.passed, &mut passed),
        ] {
            while let Some((length, from)) = receive(socket, buffer)? {
                idle = false;
                let payload = buffer.get(..length).unwrap_or(&[]);
                if !wanted.take(from, payload) {
                    let wrong = Wrong {
                        origin: items.iter().position(|item| is_like(item, payload)),
                        what: format!("not expected: {} from {from:?}", crate::plan::hex(payload)),
                    };
                    return Err(lane.failure(items, where_, &wrong));
                }
            }
        }
        if !idle {
            last = Instant::now();
            continue;
        }
        if relayed.missing + passed.missing > 0 && Instant::now() > end {
            let all = relayed.counts.iter().chain(&passed.counts);
            let lost = all.into_iter().find(|(_, (must, _))| *must > 0);
            let wrong = Wrong {
                origin: None,
                what: format!("lost: {lost:02x?}"),
            };
            return Err(lane.failure(items, "where packets are joined", &wrong));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
