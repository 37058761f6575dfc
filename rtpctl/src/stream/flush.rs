// SPDX-License-Identifier: GPL-2.0-only

//! `stream flush`: a table without streams.

use std::io::{self, Write};

use serde::Serialize;

use super::super::client::Client;
use super::super::exit::{Code, Error, Failure};
use super::super::output::{print, Count, Report};

/// What was removed.
#[derive(Debug, Serialize)]
struct Flushed {
    table: u8,
    action: &'static str,
    changed: bool,
    /// Streams that were removed.
    streams: u64,
}

impl Report for Flushed {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        let streams = Count(self.streams, "stream");
        writeln!(to, "{streams} deleted from table {}", self.table)
    }
}

/// Removes the streams that a table has when it is opened.
pub(super) fn run(
    table: u8,
    client: &Client,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let mut control = client.control(table)?;
    let mut streams = 0u64;
    for local in client.locals(table)? {
        match control.del_stream(local) {
            Ok(()) => streams = streams.saturating_add(1),
            // A daemon was faster.
            Err(failure) if failure.code == Code::NotFound && client.table_exists(table) => {}
            Err(Failure { code, what, hint }) => {
                let gone = Count(streams, "stream");
                let what = format!("{what}; {gone} deleted before");
                return Err(Failure { code, what, hint }.into());
            }
        }
    }
    let flushed = Flushed {
        table,
        action: "flush",
        changed: streams > 0,
        streams,
    };
    print(&flushed, json, out)
}
