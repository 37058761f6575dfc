// SPDX-License-Identifier: GPL-2.0-only

//! rtpctl: control the in-kernel RTP relay.
//!
//! [`cli`] is what can be typed, [`config`] what it means; [`client`] speaks with the module, [`rules`] with nftables;
//! [`output`] prints, and [`exit`] is how it ends.

#![deny(unsafe_code)]
// A test may panic: that is how it fails.
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::time::SystemTime;

mod apply;
mod cli;
mod client;
mod config;
mod doctor;
mod exit;
mod foreign;
mod generate;
mod listing;
mod metrics;
mod namespace;
mod output;
mod pairing;
mod reasons;
mod rules;
mod secret;
mod select;
mod signals;
mod srtp;
mod status;
mod stream;
mod sys;
mod tell;
mod top;
mod trace;

use cli::{Cli, Command, Rule, Table};
use client::{Client, Interface, Module, TableCommand};
use config::{RuleConfig, RuleOptions, Via};
use exit::{Code, Error, Failure};
use output::{
    print, Change, Edited, Filter, RuleAdded, RuleList, RulesetList, TableBlock, TableList,
    TableReasons, TableStatus, Versions,
};
use rules::{Rules, Ruleset};
use tell::warn;

fn main() -> ExitCode {
    secret::close_process();
    let words: Vec<_> = std::env::args_os().collect();
    if Cli::asks_for_json(&words) {
        tell::in_json();
    }
    let cli = match Cli::read(&words) {
        Ok(cli) => cli,
        Err(error) => return ended_by_clap(&error),
    };
    let mut out = BufWriter::new(io::stdout().lock());
    let mut nowhere = io::sink();
    let out: &mut dyn Write = match cli.quiet && cli.command.changes() {
        true => &mut nowhere,
        false => &mut out,
    };
    match run(&cli, out) {
        Ok(()) => Code::Ok.into(),
        Err(error) => {
            if let Error::Failed(failure) = &error {
                tell::failure(failure);
            }
            error.code().into()
        }
    }
}

/// Help and version end well, everything else that clap says is a wrong command line.
fn ended_by_clap(error: &clap::Error) -> ExitCode {
    let wrong = error.use_stderr();
    let text = error.render().to_string();
    if wrong && tell::is_in_json() {
        tell::wrong_line(&secret::redact(&text));
        return Code::Usage.into();
    }
    if wrong && secret::is_suspect(&text) {
        // It repeats what was typed.
        let _ = write!(io::stderr(), "{}", secret::redact(&text));
        return Code::Usage.into();
    }
    match error.print().map_err(|error| Error::output(&error)) {
        Err(error) if !wrong => error.code().into(),
        _ if wrong => Code::Usage.into(),
        _ => Code::Ok.into(),
    }
}

fn run(cli: &Cli, out: &mut dyn Write) -> Result<(), Error> {
    if let Some(name) = &cli.netns {
        namespace::enter(name, &cli.proc)?;
    }
    let client = Client::new(&cli.proc, &cli.sys).numeric(cli.numeric);
    match &cli.command {
        Command::Table(command) => table(command, &client, cli.json, out),
        Command::Rule(command) => rule(command, &client, cli.json, out),
        Command::Stream(command) => stream::run(command, &client, cli.json, out),
        Command::Apply(asked) => apply::run(asked, &client, cli.json, out),
        Command::Doctor(asked) => doctor::run(asked, &client, cli.json, out),
        Command::Top(asked) => top::run(asked, cli.color, &client),
        Command::Completions { shell } => generate::completions(*shell, out),
        Command::ManPages { folder } => generate::man_pages(folder),
        Command::Metrics(asked) => metrics::run(asked, &client, out),
        Command::Trace(asked) => trace::run(asked, &client, &cli.sys, cli.json, out),
        Command::Version => version(&client, cli.json, out),
    }
}

fn table(command: &Table, client: &Client, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let (command, id) = match command {
        Table::Add(table) => (TableCommand::Add, table.id),
        Table::Del(table) => (TableCommand::Del, table.id),
        Table::Kill(table) => (TableCommand::Kill, table.id),
        Table::List => {
            let tables = look_at_all(client)?;
            return print(&TableList { tables }, json, out);
        }
        Table::Status { id: None } => {
            let tables = look_at_all(client)?;
            return print(&TableStatus { tables }, json, out);
        }
        Table::Status { id: Some(id) } => {
            client.status(*id)?;
            let tables = vec![look(client, client.module().as_ref(), *id)];
            return print(&TableStatus { tables }, json, out);
        }
        Table::Reasons { id } => {
            let ids = id.map_or_else(|| client.tables(), |id| Ok(vec![id]))?;
            let block = |id| {
                let block = client.reasons(id)?.table;
                Ok::<_, Error>(TableBlock { id, block })
            };
            let tables = ids.into_iter().map(block).collect::<Result<_, _>>()?;
            let now = SystemTime::now();
            return print(&TableReasons { tables, now }, json, out);
        }
    };
    client.table_command(command, id)?;
    if command != TableCommand::Add {
        if let Some(sentence) = rules::left(id) {
            warn(&sentence);
        }
    }
    let done = match command {
        TableCommand::Add => "added",
        TableCommand::Del => "deleted",
        TableCommand::Kill => "killed",
    };
    let change = Change {
        table: Some(id),
        local: None,
        action: command.word(),
        changed: true,
        sentence: format!("table {id} {done}"),
    };
    print(&change, json, out)
}

/// What there is to see of all tables.
fn look_at_all(client: &Client) -> Result<Vec<output::Table>, Error> {
    let module = client.module();
    let look = |id| look(client, module.as_ref(), id);
    Ok(client.tables()?.into_iter().map(look).collect())
}

/// What there is to see of a table. It may go away while we look.
fn look(client: &Client, module: Option<&Module>, id: u8) -> output::Table {
    let status = client.status(id).ok();
    let interface = status
        .as_ref()
        .map(|status| Interface::of_table(module, Some(status)));
    let holder = status
        .as_ref()
        .and_then(status::Status::holder)
        .and_then(|pid| client.process_name(pid));
    output::Table {
        id,
        holder,
        status,
        interface,
    }
}

fn version(client: &Client, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    // Whoever may not see the tables sees the versions all the same.
    let tables = match client.module_is_loaded() {
        true => look_at_all(client).ok(),
        false => Some(Vec::new()),
    };
    print(
        &Versions::new(client.module(), tables.as_deref()),
        json,
        out,
    )
}

fn rule(command: &Rule, client: &Client, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    if let Some(edit) = config::edit(command)? {
        let changed = Rules::open()?.edit(&edit, client)?;
        return print(&Edited::new(&edit, &changed), json, out);
    }
    let (table, changed, sentence) = match command {
        Rule::Add {
            table,
            family,
            via,
            hook,
            device,
            priority,
            counter,
            past_output,
        } => {
            let via = via.unwrap_or_else(|| match client.module_is_old() {
                true => Via::Target,
                false => Via::Expression,
            });
            let options = RuleOptions {
                families: family,
                via,
                priority: *priority,
                counter: *counter,
                hook: *hook,
                devices: device,
                past_output: *past_output,
            };
            let config = RuleConfig::resolve(table.id, &options)?;
            let added = Rules::open()?.add(&config, client)?;
            if !client.table_exists(table.id) {
                warn(&format_args!(
                    "table {0} does not exist yet, until `rtpctl table add {0}` the rule matches nothing",
                    table.id
                ));
            }
            return print(&RuleAdded::new(table.id, added), json, out);
        }
        Rule::Del {
            id: Some(id),
            family,
            via,
            ..
        } => {
            let changed = Rules::open()?.del(*id, family, *via)?;
            let sentence = match changed {
                true => format!("rule for table {id} deleted"),
                false => format!("rtpctl made no such rule for table {id}"),
            };
            (Some(*id), changed, sentence)
        }
        Rule::Del { .. } => {
            let changed = Rules::open()?.del_all()?;
            let sentence = match changed {
                true => "all that rtpctl made in nftables deleted",
                false => "rtpctl made nothing in nftables that could be deleted",
            };
            (None, changed, sentence.to_owned())
        }
        Rule::Show {
            family,
            table,
            chain,
        } => {
            let filter = Filter {
                family: *family,
                table: table.as_deref(),
                chain: chain.as_deref(),
            };
            let list = RulesetList::new(&read_ruleset()?, &filter).ok_or_else(|| {
                Failure::new(Code::NotFound, "nftables has no such table or chain")
                    .hint("`rtpctl rule show` lists all that there are")
            })?;
            return print(&list, json, out);
        }
        Rule::Save => {
            let (tables, elsewhere) = read_ruleset()?.saved()?;
            if elsewhere != 0 {
                warn(&format_args!(
                    "{elsewhere} of rtpctl's rules stand in chains of others and were left out"
                ));
            }
            return apply::save(tables, out);
        }
        Rule::Restore { file, dry_run } => {
            return apply::restore(file, *dry_run, client, json, out);
        }
        _ => {
            let rules = read_ruleset()?.relaying();
            return print(&RuleList { rules }, json, out);
        }
    };
    let change = Change {
        table,
        local: None,
        action: "del",
        changed,
        sentence,
    };
    print(&change, json, out)
}

/// The ruleset of nftables. What cannot be read is told.
fn read_ruleset() -> Result<Ruleset, Error> {
    let ruleset = Rules::open()?.ruleset()?;
    if ruleset.unreadable != 0 {
        warn(&format_args!(
            "{} entries of nftables are of an unknown form and were left out",
            ruleset.unreadable
        ));
    }
    Ok(ruleset)
}
