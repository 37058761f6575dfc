// SPDX-License-Identifier: GPL-2.0-only

//! The commands on streams.

use std::io::Write;
use std::time::{Duration, SystemTime};

use super::cli::{Stream, StreamAdd, StreamList as ListArgs};
use super::client::{Adder, Client};
use super::config::StreamConfig;
use super::exit::{Error, Failure};
use super::output::{
    print, print_lines, Change, Configuration, StreamBlock, StreamList, StreamReasons,
};
use super::select;
use super::tell::warn;

mod flush;
mod pair;
mod restore;
mod show;

/// Does what is asked for.
pub(crate) fn run(
    command: &Stream,
    client: &Client,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let change = match command {
        Stream::Add(args) => add(args, client)?,
        Stream::Restore(asked) => return restore::run(asked, client, json, out),
        Stream::Save { table } => return save(*table, client, out),
        Stream::Del { table, local } => {
            client.control(table.table)?.del_stream(*local)?;
            Change {
                table: Some(table.table),
                local: Some(local.to_string()),
                action: "del",
                changed: true,
                sentence: format!("stream {local} deleted from table {}", table.table),
            }
        }
        Stream::Pair(asked) => return pair::run(asked, client, json, out),
        Stream::Show(asked) => return show::run(asked, client, json, out),
        Stream::Flush(table) => return flush::run(table.table, client, json, out),
        Stream::Reasons { table, local } => {
            let mut blocks = client.reasons(table.table)?.streams;
            if let Some(local) = local {
                blocks.retain(|(it, _)| it == local);
                if blocks.is_empty() {
                    return Err(client.no_stream(table.table, *local).into());
                }
            }
            let blocks = blocks.into_iter();
            let reasons = StreamReasons {
                table: table.table,
                streams: blocks
                    .map(|(local, block)| StreamBlock { local, block })
                    .collect(),
                now: SystemTime::now(),
            };
            return print(&reasons, json, out);
        }
        Stream::List(asked) => return list(asked, client, json, out),
    };
    print(&change, json, out)
}

/// Lists streams, once or again and again.
fn list(asked: &ListArgs, client: &Client, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    loop {
        let (table, now) = (asked.table.table, SystemTime::now());
        let mut listing = client.list(table)?;
        select::select(&mut listing.streams, asked, now);
        let list = StreamList {
            table,
            listing,
            details: asked.details,
            now,
        };
        print(&list, json, out)?;
        match asked.watch {
            None => return Ok(()),
            Some(seconds) => std::thread::sleep(Duration::from_secs(seconds)),
        }
        // Programs get a value for each look.
        if !json {
            writeln!(out).map_err(|error| Error::output(&error))?;
        }
    }
}

/// Adds what the command line asks for: a stream, or one for each port of a range.
fn add(args: &StreamAdd, client: &Client) -> Result<Change, Failure> {
    let configs = StreamConfig::resolve(args)?;
    let (added, sentences) = Adder::new(client, args.replace).add(&configs)?;
    for sentence in &sentences {
        warn(sentence);
    }
    let (table, local) = (args.table.table, args.local);
    let sentence = match (configs.as_slice(), added.replaced) {
        ([_], 0) => format!("stream {local} added to table {table}"),
        ([_], _) => format!("stream {local} replaced in table {table}"),
        (all, 0) => format!("{} streams {local} added to table {table}", all.len()),
        (all, replaced) => {
            let new = (all.len() as u64).saturating_sub(replaced);
            format!(
                "{new} of {} streams {local} added to table {table}, {replaced} replaced",
                all.len()
            )
        }
    };
    Ok(Change {
        table: Some(table),
        local: Some(local.to_string()),
        action: "add",
        changed: true,
        sentence,
    })
}

/// Prints the streams of a table, or of all tables, in the form that `restore` reads.
fn save(table: Option<u8>, client: &Client, out: &mut dyn Write) -> Result<(), Error> {
    let tables = table.map_or_else(|| client.tables(), |table| Ok(vec![table]))?;
    for table in tables {
        let mut streams = client.list(table)?.streams;
        streams.sort_by_key(|stream| stream.local);
        let unfinished = streams
            .iter()
            .filter(|stream| stream.missing_outputs != 0)
            .count();
        if unfinished != 0 {
            warn(&format_args!(
                "{unfinished} streams of table {table} have not all their outputs yet, and were left out"
            ));
        }
        streams.retain(|stream| stream.missing_outputs == 0);
        print_lines(
            streams
                .iter()
                .map(|stream| Configuration::new(table, stream)),
            out,
        )?;
    }
    out.flush().map_err(|error| Error::output(&error))
}
