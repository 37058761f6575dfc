// SPDX-License-Identifier: GPL-2.0-only

//! `apply`, `rule save` and `rule restore`: a file of tables and rules, and putting it in place.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::cli::{self, values::LAST_TABLE};
use super::client::{Client, TableCommand};
use super::exit::{usage, Code, Error, Failure};
use super::foreign::Foreign;
use super::output::{print, Applied};
use super::rules::{Rules, SavedTable, Wanted, Watch};
use super::{signals, tell};

/// The version of the file's form. One that says more than an older rtpctl knows gets another.
const VERSION: u32 = 1;
/// How long changes of others are gathered.
const PAUSE: Duration = Duration::from_millis(200);
/// How long until what was refused is tried again, in milliseconds.
const AGAIN: u16 = 10_000;

/// What a file says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    /// Tables of the relay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tables: Vec<u8>,
    /// Tables of nftables.
    #[serde(default)]
    rules: Vec<SavedTable>,
}

/// What a file asks for, checked.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    tables: Vec<u8>,
    rules: Vec<Wanted>,
}

/// `rule save`.
pub(crate) fn save(rules: Vec<SavedTable>, out: &mut dyn Write) -> Result<(), Error> {
    let document = Document {
        version: VERSION,
        tables: Vec::new(),
        rules,
    };
    serde_json::to_writer_pretty(&mut *out, &document)
        .map_err(io::Error::from)
        .and_then(|()| writeln!(out))
        .and_then(|()| out.flush())
        .map_err(|error| Error::output(&error))
}

/// `rule restore`.
pub(crate) fn restore(
    file: &Path,
    dry: bool,
    client: &Client,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let asked = Asked {
        tables: Vec::new(),
        ..Asked::read(file)?
    };
    let changes = asked.apply(client, dry)?;
    print(&Applied::new(file, dry, changes), json, out)
}

/// `apply`.
pub(crate) fn run(
    asked: &cli::Apply,
    client: &Client,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let cli::Apply {
        file,
        dry_run,
        watch,
    } = asked;
    if !watch {
        let changes = Asked::read(file)?.apply(client, *dry_run)?;
        return print(&Applied::new(file, *dry_run, changes), json, out);
    }
    if file == Path::new("-") {
        return Err(
            usage("--watch reads the file anew, and cannot do so with standard input")
                .hint("give it a file")
                .into(),
        );
    }
    // What is changed after the first look is told.
    let changed = Watch::open().map_err(|error| cannot("watch nftables", &error))?;
    let reload = signals::to_be_read(&[Signal::SIGHUP])
        .map_err(|errno| cannot("wait for SIGHUP", &errno.into()))?;
    let mut wanted = Asked::read(file)?;
    let changes = wanted.apply(client, false)?;
    print(&Applied::new(file, false, changes), json, out)?;
    // Whoever started us is not to be asked whether it waits for this.
    let _ = sd_notify::notify(false, &[sd_notify::NotifyState::Ready]);
    let mut refused = None;
    loop {
        let timeout = refused
            .as_ref()
            .map_or(PollTimeout::NONE, |_| PollTimeout::from(AGAIN));
        let mut waiting = [
            PollFd::new(changed.as_fd(), PollFlags::POLLIN),
            PollFd::new(reload.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut waiting, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(cannot("wait", &errno.into()).into()),
        }
        // A ruleset is flushed, and loaded anew, in several steps.
        std::thread::sleep(PAUSE);
        changed
            .take()
            .map_err(|error| cannot("watch nftables", &error))?;
        let mut all = false;
        while let Ok(Some(_)) = reload.read_signal() {
            all = true;
        }
        let mut changes = Vec::new();
        if all {
            let read = Asked::read(file);
            match read.and_then(|read| Ok((read.apply(client, false)?, read))) {
                Ok((made, read)) => (changes, wanted) = (made, read),
                // The one before is kept to.
                Err(failure) => tell::failure(&failure),
            }
        }
        match wanted.apply_rules(client, false) {
            Ok(made) => {
                refused = None;
                changes.extend(made);
                if !changes.is_empty() {
                    print(&Applied::new(file, false, changes), json, out)?;
                }
            }
            Err(failure) => {
                // Once, not each time.
                let text = failure.to_string();
                if refused.as_ref() != Some(&text) {
                    tell::failure(&failure);
                }
                refused = Some(text);
            }
        }
    }
}

fn cannot(what: &str, error: &io::Error) -> Failure {
    let code = match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
        Errno::EPERM | Errno::EACCES => Code::Permission,
        _ => Code::Refused,
    };
    Failure::new(code, format!("cannot {what}: {error}"))
}

impl Asked {
    /// Reads a file.
    fn read(file: &Path) -> Result<Self, Failure> {
        let name = file.display().to_string();
        let name = Foreign(&name);
        let text = match file == Path::new("-") {
            true => {
                let mut text = String::new();
                io::stdin().read_to_string(&mut text).map(|_| text)
            }
            false => fs::read_to_string(file),
        };
        let text = text.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                Failure::new(Code::NotFound, format!("there is no file {name}"))
            }
            io::ErrorKind::PermissionDenied => Failure::new(
                Code::Permission,
                format!("permission denied: {name} may not be read"),
            ),
            _ => Failure::new(Code::Refused, format!("cannot read {name}: {error}")),
        })?;
        Self::parse(&text).map_err(|failure| failure.about(&name.to_string()))
    }

    /// Reads the text of a file.
    fn parse(text: &str) -> Result<Self, Failure> {
        let wrong = |error: serde_json::Error| {
            usage(Foreign(&error.to_string()).to_string())
                .hint("docs/apply.md has the form of the file")
        };
        // First, for the rest may be of another form.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(text).map_err(wrong)?;
        if version != VERSION {
            return Err(usage(format!(
                "it is of version {version}, and this rtpctl reads version {VERSION}"
            ))
            .hint("use the rtpctl that wrote it, or a newer one"));
        }
        let document: Document = serde_json::from_str(text).map_err(wrong)?;
        if let Some(id) = document.tables.iter().find(|id| **id > LAST_TABLE) {
            return Err(usage(format!(
                "a table is a number from 0 to {LAST_TABLE}, not {id}"
            )));
        }
        let rules = document.rules.iter().map(SavedTable::wanted);
        let rules: Vec<_> = rules.collect::<Result<_, _>>()?;
        Ok(Self {
            tables: document.tables,
            rules,
        })
    }

    /// Puts it in place, or says what would be changed.
    fn apply(&self, client: &Client, dry: bool) -> Result<Vec<String>, Failure> {
        let mut made = Vec::new();
        let done = self
            .apply_tables(client, dry, &mut made)
            .and_then(|()| self.apply_rules(client, dry));
        match done {
            Ok(rules) => {
                let tables = made.iter().map(|id| format!("+ table {id} of the relay"));
                Ok(tables.chain(rules).collect())
            }
            Err(mut failure) => {
                let undo = made.iter().rev().filter(|_| !dry);
                let stay: Vec<_> = undo
                    .filter(|id| client.table_command(TableCommand::Del, **id).is_err())
                    .map(ToString::to_string)
                    .collect();
                if !stay.is_empty() {
                    failure.what = format!(
                        "{}; made all the same: table {}",
                        failure.what,
                        stay.join(", ")
                    );
                }
                Err(failure)
            }
        }
    }

    fn apply_tables(&self, client: &Client, dry: bool, made: &mut Vec<u8>) -> Result<(), Failure> {
        if self.tables.is_empty() {
            return Ok(());
        }
        let there = client.tables()?;
        for id in &self.tables {
            if there.contains(id) || made.contains(id) {
                continue;
            }
            if !dry {
                client.table_command(TableCommand::Add, *id)?;
            }
            made.push(*id);
        }
        Ok(())
    }

    fn apply_rules(&self, client: &Client, dry: bool) -> Result<Vec<String>, Failure> {
        if self.rules.is_empty() {
            return Ok(Vec::new());
        }
        let mut rules = Rules::open()?;
        match dry {
            true => rules.differences(&self.rules),
            false => rules.settle(&self.rules, client),
        }
    }
}

#[cfg(test)]
mod tests;
