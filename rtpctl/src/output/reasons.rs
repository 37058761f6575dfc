// SPDX-License-Identifier: GPL-2.0-only

//! What became of packets, printed.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::SystemTime;

use rtp_media::reason::RELAYED;
use serde::Serialize;

use super::super::foreign::Foreign;
use super::super::reasons::{sentence, Block};
use super::{ago, Bytes, Count, Report};

/// What became of the packets of tables.
#[derive(Debug, Serialize)]
pub(crate) struct TableReasons {
    /// By number.
    pub(crate) tables: Vec<TableBlock>,
    /// The time it is.
    #[serde(skip)]
    pub(crate) now: SystemTime,
}

/// What became of the packets of a table.
#[derive(Debug, Serialize)]
pub(crate) struct TableBlock {
    /// Its number.
    pub(crate) id: u8,
    /// What was counted.
    #[serde(flatten)]
    pub(crate) block: Block,
}

impl Report for TableReasons {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.tables.is_empty() {
            return writeln!(to, "no tables");
        }
        for table in &self.tables {
            writeln!(to, "table {}", table.id)?;
            show(to, &table.block, self.now)?;
        }
        Ok(())
    }
}

/// What became of the packets of streams.
#[derive(Debug, Serialize)]
pub(crate) struct StreamReasons {
    /// Their table.
    pub(crate) table: u8,
    /// In the module's order.
    pub(crate) streams: Vec<StreamBlock>,
    /// The time it is.
    #[serde(skip)]
    pub(crate) now: SystemTime,
}

/// What became of the packets of a stream.
#[derive(Debug, Serialize)]
pub(crate) struct StreamBlock {
    /// Where it takes packets.
    pub(crate) local: SocketAddr,
    /// What was counted.
    #[serde(flatten)]
    pub(crate) block: Block,
}

impl StreamBlock {
    /// What was counted, as it is printed below the address.
    pub(crate) fn counted(&self, now: SystemTime) -> String {
        let mut text = Vec::new();
        // Memory takes all.
        let _ = show(&mut text, &self.block, now);
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Report for StreamReasons {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.streams.is_empty() {
            return writeln!(to, "no streams");
        }
        for stream in &self.streams {
            writeln!(to, "{}", stream.local)?;
            show(to, &stream.block, self.now)?;
        }
        Ok(())
    }
}

fn show(to: &mut dyn Write, block: &Block, now: SystemTime) -> io::Result<()> {
    let packets = Count(block.relayed_packets, "packet");
    let bytes = Bytes(block.relayed_bytes);
    writeln!(to, "  {:16}  {packets}, {bytes}", RELAYED)?;
    for (name, event) in &block.reasons {
        let (packets, ago) = (Count(event.count, "packet"), ago(event.last, now));
        write!(to, "  {:16}  {packets}, the last {ago}", Foreign(name))?;
        match sentence(name) {
            Some(sentence) => writeln!(to, ": {sentence}")?,
            None => writeln!(to)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::reasons::Reasons;
    use super::super::tests::printed;
    use super::*;

    const TEXT: &str = "\
table 0
    relayed: 15 packets, 2580 bytes
    stun: 1, last 1700000002
    new-thing: 2, last 1700000003
local inet4 192.0.2.1:30000
    relayed: 15 packets, 2580 bytes
";

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_005)
    }

    #[test]
    fn a_reason_has_its_sentence_where_it_is_known() {
        let block = Reasons::parse(TEXT).table;
        let tables = vec![TableBlock { id: 0, block }];
        let expected = "\
table 0
  relayed           15 packets, 2580 bytes (2.5 KiB)
  new-thing         2 packets, the last 2 s ago
  stun              1 packet, the last 3 s ago: STUN is userspace's
";
        assert_eq!(
            printed(&TableReasons { tables, now: now() }, false),
            expected
        );
    }

    #[test]
    fn programs_get_names_and_numbers() {
        let streams = Reasons::parse(TEXT).streams.into_iter();
        let report = StreamReasons {
            table: 0,
            streams: streams
                .map(|(local, block)| StreamBlock { local, block })
                .collect(),
            now: now(),
        };
        let json: serde_json::Value = serde_json::from_str(&printed(&report, true)).expect("JSON");
        let expected = serde_json::json!({"table": 0, "streams": [{
            "local": "192.0.2.1:30000", "relayed_packets": 15, "relayed_bytes": 2580, "reasons": {}
        }]});
        assert_eq!(json, expected);
    }
}
