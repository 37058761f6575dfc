// SPDX-License-Identifier: GPL-2.0-only

//! The text of a table's `reasons`: a block of the table, and one of each stream. Lines of another form are left out.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use rtp_media::reason::{Reason, Unsent, RELAYED};
use serde::Serialize;

use super::listing::address;

/// What became of the packets of a table, and of each stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reasons {
    /// All of them: those of streams, of streams that have gone, and what was no stream's.
    pub(crate) table: Block,
    /// In the module's order.
    pub(crate) streams: Vec<(SocketAddr, Block)>,
}

/// What became of some packets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Block {
    /// Packets that the module relayed.
    pub(crate) relayed_packets: u64,
    /// Their bytes of UDP payload, as they came.
    pub(crate) relayed_bytes: u64,
    /// What became of others, by name.
    pub(crate) reasons: BTreeMap<String, Event>,
}

/// How often something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Event {
    /// How often.
    pub(crate) count: u64,
    /// When it did last, in seconds of Unix time.
    pub(crate) last: u64,
}

/// The names of all reasons that rtpctl knows, each with its sentence.
pub(crate) fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    let unrelayed = Reason::ALL.iter().map(|it| (it.name(), it.sentence()));
    let unsent = Unsent::ALL.iter().map(|it| (it.name(), it.sentence()));
    unrelayed.chain(unsent)
}

/// What a name stands for, if it is known.
pub(crate) fn sentence(name: &str) -> Option<&'static str> {
    known().find_map(|(known, sentence)| (known == name).then_some(sentence))
}

impl Reasons {
    /// Reads the text.
    pub(crate) fn parse(text: &str) -> Self {
        let mut all = Self::default();
        for line in text.lines() {
            if let Some(local) = line.strip_prefix("local ").and_then(address) {
                all.streams.push((local, Block::default()));
                continue;
            }
            let block = match all.streams.last_mut() {
                Some((_, block)) => block,
                None => &mut all.table,
            };
            // A line of another form says nothing that we know of.
            let _ = block.take(line);
        }
        all
    }
}

impl Block {
    fn take(&mut self, line: &str) -> Option<()> {
        let (name, rest) = line.trim().split_once(": ")?;
        if name == RELAYED {
            let (packets, bytes) = rest.split_once(" packets, ")?;
            let bytes = bytes.strip_suffix(" bytes")?.parse().ok()?;
            (self.relayed_packets, self.relayed_bytes) = (packets.parse().ok()?, bytes);
        } else {
            let (count, last) = rest.split_once(", last ")?;
            let event = Event {
                count: count.parse().ok()?,
                last: last.parse().ok()?,
            };
            self.reasons.insert(name.to_owned(), event);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
table 0
    relayed: 15 packets, 2580 bytes
    no-target: 6, last 1700000001
    stun: 2, last 1700000002
local inet4 192.0.2.1:30000
    relayed: 15 packets, 2580 bytes
local inet6 [2001:db8:0:0:0:0:0:1]:30002
    relayed: 0 packets, 0 bytes
    stun: 2, last 1700000002
";

    #[test]
    fn blocks_are_those_of_the_table_and_of_its_streams() {
        let reasons = Reasons::parse(TEXT);
        let event = |count, last| Event { count, last };
        assert_eq!(reasons.table.relayed_packets, 15);
        assert_eq!(reasons.table.relayed_bytes, 2580);
        assert_eq!(reasons.table.reasons["no-target"], event(6, 1_700_000_001));
        let locals: Vec<_> = reasons
            .streams
            .iter()
            .map(|(it, _)| it.to_string())
            .collect();
        assert_eq!(locals, ["192.0.2.1:30000", "[2001:db8::1]:30002"]);
        let [(_, first), (_, second)] = &reasons.streams[..] else {
            panic!("two streams");
        };
        assert!(first.reasons.is_empty());
        assert_eq!(second.reasons["stun"], event(2, 1_700_000_002));
    }

    #[test]
    fn lines_of_another_form_are_borne() {
        let text =
            "table 0\n    relayed: many\n    new thing\nlocal nowhere\n    stun: 1, last 2, of 3\n";
        assert_eq!(Reasons::parse(text), Reasons::default());
    }
}
