// SPDX-License-Identifier: GPL-2.0-only

//! Packets where the hub joins those of one flow: what is joined is passed, what comes alone relayed. Each
//! arrives once, by one of the two ways.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::expect::Wrong;
use crate::figures::of_kind;
use crate::fuzz::Fuzz;
use crate::lane::{fits, item, Item};
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

/// A batch for a target that relays whatever there is, as it is; others have none. Returns how many of it
/// were hostile.
pub(crate) fn turn(fuzz: &mut Fuzz, number: usize) -> Result<u64, Failure> {
    let Some(lane) = fuzz.lanes.get_mut(number) else {
        return Ok(0);
    };
    if lane.target.rules.rtp || lane.target.outputs.len() != 1 {
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
    // How often each datagram has to come, and may come besides.
    let mut wanted: HashMap<&[u8], (i64, i64)> = HashMap::new();
    for item in &items {
        fuzz.kinds
            .count(of_kind(item.wrapped.name, item.sent.name), false);
        match &item.wrapped.arrival {
            Arrival::Nowhere => lane.tally.nowhere += 1,
            Arrival::Target(payload) => wanted.entry(payload).or_default().0 += 1,
            Arrival::Socket { payload, certain } => {
                let (must, may) = wanted.entry(payload).or_default();
                *(if *certain { must } else { may }) += 1;
            }
        }
    }
    fuzz.link.send(&lane.frames(&items))?;

    let end = Instant::now() + PATIENCE;
    let mut last = Instant::now();
    let mut missing: i64 = wanted.values().map(|(must, _)| must).sum();
    let mut possible: i64 = wanted.values().map(|(_, may)| may).sum();
    while missing > 0 || possible > 0 && last.elapsed() < LULL {
        let mut idle = true;
        for socket in [lane.place.receiver, lane.place.passed] {
            while let Some((length, _)) = receive(socket, &mut fuzz.buffer)? {
                idle = false;
                let payload = fuzz.buffer.get(..length).unwrap_or(&[]);
                let entry = wanted.get_mut(payload);
                match entry {
                    Some((must, _)) if *must > 0 => {
                        *must -= 1;
                        missing -= 1;
                    }
                    Some((_, may)) if *may > 0 => {
                        *may -= 1;
                        possible -= 1;
                    }
                    _ => {
                        let is_relayed = socket == lane.place.receiver;
                        let way = if is_relayed { "relayed" } else { "passed" };
                        let wrong = Wrong {
                            origin: items.iter().position(|item| is_like(item, payload)),
                            what: format!("not expected, {way}: {}", crate::plan::hex(payload)),
                        };
                        return Err(lane.failure(&items, "where packets are joined", &wrong));
                    }
                }
                if socket == lane.place.receiver {
                    lane.tally.relayed += 1;
                    lane.tally.packets += 1;
                    lane.tally.bytes += length as u64;
                    lane.tally.sent(0);
                } else {
                    lane.tally.passed += 1;
                }
            }
        }
        if !idle {
            last = Instant::now();
            continue;
        }
        if missing > 0 && Instant::now() > end {
            let lost = wanted.iter().find(|(_, (must, _))| *must > 0);
            let wrong = Wrong {
                origin: None,
                what: format!("lost: {lost:02x?}"),
            };
            return Err(lane.failure(&items, "where packets are joined", &wrong));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    lane.tally.hostile += items.len() as u64;
    Ok(items.len() as u64)
}
