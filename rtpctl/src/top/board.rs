// SPDX-License-Identifier: GPL-2.0-only

//! What streams do, told from one look at their counters to the next.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use super::super::listing::{Listing, Target};
use super::super::reasons::{Block, Reasons};
use super::super::select::errors;

/// How many looks are remembered.
pub(super) const LOOKS: usize = 60;

/// A stream, by its table and local address.
pub(super) type Id = (u8, SocketAddr);

/// What is known of a stream.
#[derive(Debug)]
pub(super) struct Row {
    /// Which it is.
    pub(super) id: Id,
    /// As it is listed.
    pub(super) target: Target,
    /// What became of its packets; none where the module does not tell.
    pub(super) block: Option<Block>,
    /// Packets a second that were counted since the last look.
    pub(super) packets: f64,
    /// Bits of UDP payload a second.
    pub(super) bits: f64,
    /// Errors a second.
    pub(super) errors: f64,
    /// How many percent of these packets the module relayed.
    pub(super) relayed: Option<u64>,
    /// The reason of which there were most since the last look.
    pub(super) reason: Option<String>,
    /// Packets a second at each look, the last one behind.
    pub(super) history: VecDeque<u64>,
}

/// All streams.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// In the order of tables and of the module.
    pub(super) rows: Vec<Row>,
    seen: Option<Instant>,
}

impl Board {
    /// Takes a look: all tables with what they list.
    pub(super) fn update(&mut self, tables: Vec<(u8, Listing, Option<Reasons>)>, now: Instant) {
        let seconds = self.seen.map(|then| now.duration_since(then).as_secs_f64());
        let before = std::mem::take(&mut self.rows).into_iter();
        let mut before: HashMap<Id, Row> = before.map(|row| (row.id, row)).collect();
        for (table, listing, reasons) in tables {
            let mut blocks: HashMap<SocketAddr, Block> = reasons
                .map(|reasons| reasons.streams.into_iter().collect())
                .unwrap_or_default();
            for target in listing.streams {
                let id = (table, target.local);
                let block = blocks.remove(&target.local);
                let row = row(id, target, block, before.remove(&id), seconds);
                self.rows.push(row);
            }
        }
        self.seen = Some(now);
    }

    /// Packets and bits a second of all.
    pub(super) fn rates(&self) -> (f64, f64) {
        // The sum of nothing would be -0.
        let sum = |of: fn(&Row) -> f64| self.rows.iter().map(of).fold(0.0, |sum, rate| sum + rate);
        (sum(|row| row.packets), sum(|row| row.bits))
    }
}

fn row(
    id: Id,
    target: Target,
    block: Option<Block>,
    before: Option<Row>,
    seconds: Option<f64>,
) -> Row {
    // Counters of a stream that was made anew begin anew.
    let since = |now: u64, then: u64| now.checked_sub(then).unwrap_or(now);
    let mut row = Row {
        id,
        target,
        block,
        packets: 0.0,
        bits: 0.0,
        errors: 0.0,
        relayed: None,
        reason: None,
        history: VecDeque::with_capacity(LOOKS),
    };
    let (Some(before), Some(seconds)) = (before, seconds.filter(|it| *it > 0.0)) else {
        return row;
    };
    let (new, old) = (&row.target.received, &before.target.received);
    let packets = since(new.packets, old.packets);
    row.packets = packets as f64 / seconds;
    row.bits = since(new.bytes, old.bytes) as f64 * 8.0 / seconds;
    row.errors = since(errors(&row.target), errors(&before.target)) as f64 / seconds;
    if let (Some(new), Some(old)) = (&row.block, &before.block) {
        let relayed = since(new.relayed_packets, old.relayed_packets);
        // Both are read one after the other.
        let share = relayed.saturating_mul(100).checked_div(packets);
        row.relayed = share.map(|percent| percent.min(100));
        let grown = new.reasons.iter().filter_map(|(name, event)| {
            let then = old.reasons.get(name).map_or(0, |event| event.count);
            let more = since(event.count, then);
            (more > 0).then_some((more, name))
        });
        row.reason = grown.max().map(|(_, name)| name.clone());
    }
    row.history = before.history;
    if row.history.len() == LOOKS {
        row.history.pop_front();
    }
    row.history.push_back(row.packets.round() as u64);
    row
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn look(board: &mut Board, at: Instant, packets: u64, relayed: u64, stun: u64) {
        let list = format!(
            "local inet4 192.0.2.1:30000\n    stats: {} bytes, {packets} packets, 1 errors\n",
            packets * 100
        );
        let reasons = format!("table 0\nlocal inet4 192.0.2.1:30000\n    relayed: {relayed} packets, 1 bytes\n    stun: {stun}, last 1\n");
        let listing = Listing::read(list.as_bytes()).expect("read");
        board.update(vec![(0, listing, Some(Reasons::parse(&reasons)))], at);
    }

    #[test]
    fn rates_are_those_between_two_looks() {
        let (mut board, start) = (Board::default(), Instant::now());
        look(&mut board, start, 1000, 900, 1);
        assert_eq!(board.rates(), (0.0, 0.0));
        look(&mut board, start + Duration::from_secs(2), 1100, 950, 1);
        let row = board.rows.first().expect("a stream");
        assert_eq!((row.packets, row.bits, row.errors), (50.0, 40_000.0, 0.0));
        assert_eq!((row.relayed, row.reason.as_deref()), (Some(50), None));
        look(&mut board, start + Duration::from_secs(3), 1100, 950, 4);
        let row = board.rows.first().expect("a stream");
        assert_eq!((row.relayed, row.reason.as_deref()), (None, Some("stun")));
        assert_eq!(row.history, [50, 0]);
    }

    #[test]
    fn counters_that_begin_anew_are_borne() {
        let (mut board, start) = (Board::default(), Instant::now());
        look(&mut board, start, 1000, 900, 5);
        look(&mut board, start + Duration::from_secs(1), 10, 10, 1);
        let row = board.rows.first().expect("a stream");
        assert_eq!((row.packets, row.relayed), (10.0, Some(100)));
        for n in 0..100 {
            look(&mut board, start + Duration::from_secs(2 + n), 10, 10, 1);
        }
        assert_eq!(board.rows.first().map(|row| row.history.len()), Some(LOOKS));
    }

    #[test]
    fn streams_that_have_gone_are_forgotten() {
        let (mut board, start) = (Board::default(), Instant::now());
        look(&mut board, start, 1, 1, 1);
        board.update(Vec::new(), start + Duration::from_secs(1));
        assert!(board.rows.is_empty());
    }
}
