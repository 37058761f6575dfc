// SPDX-License-Identifier: GPL-2.0-only

//! `stream show`: both ways of one call.

use std::io::Write;
use std::time::SystemTime;

use super::super::cli::StreamShow;
use super::super::client::Client;
use super::super::exit::{Code, Error, Failure};
use super::super::listing::Target;
use super::super::output::{print, Call};
use super::super::pairing;

/// Does what is asked for.
pub(super) fn run(
    asked: &StreamShow,
    client: &Client,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let tables = match asked.table {
        Some(table) => vec![table],
        None => client.tables()?,
    };
    let mut found: Option<(u8, Vec<Target>, usize)> = None;
    for table in tables {
        let streams = client.list(table)?.streams;
        let Some(place) = pairing::find(&streams, asked.address) else {
            continue;
        };
        if let Some((first, ..)) = found {
            let what = format!("{} is in tables {first} and {table}", asked.address);
            return Err(Failure::new(Code::Usage, what)
                .hint("say in which with --table")
                .into());
        }
        found = Some((table, streams, place));
    }
    let missing = || {
        let what = format!("no stream has {} at either end", asked.address);
        Failure::new(Code::NotFound, what)
            .hint("`rtpctl stream list --table ID --address ADDR` shows those of an address")
    };
    let (table, streams, place) = found.ok_or_else(missing)?;
    let there = streams.get(place).ok_or_else(missing)?;
    let back = pairing::back(&streams, there);
    let call = Call {
        table,
        there,
        back: back.iter().filter_map(|it| streams.get(*it)).collect(),
        now: SystemTime::now(),
    };
    print(&call, json, out)
}
