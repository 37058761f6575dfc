// SPDX-License-Identifier: GPL-2.0-only

//! `stream restore`: streams of a file, one JSON object a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::time::{Duration, Instant};

use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

use super::super::cli::StreamRestore;
use super::super::client::{Added, Adder, Client};
use super::super::config::StreamConfig;
use super::super::exit::{Code, Error, Failure};
use super::super::output::{print, Report};
use super::super::tell::{self, warn};

/// How much is read at once.
const PIECE: usize = 1 << 18;
/// The longest line.
const LONGEST: usize = 1 << 20;
/// How many doubts are told; of more the number.
const TOLD: u64 = 10;

/// What was added.
#[derive(Debug, Default, Serialize)]
struct Restored {
    action: &'static str,
    changed: bool,
    /// Lines with streams.
    lines: u64,
    /// Lines that failed.
    failed: u64,
    /// Streams that are there now.
    streams: u64,
    /// Those among them that came in the place of another.
    replaced: u64,
}

impl Restored {
    fn count(&mut self, added: Added) {
        self.streams = self.streams.saturating_add(added.streams);
        self.replaced = self.replaced.saturating_add(added.replaced);
        self.changed = self.streams > 0;
    }
}

impl Report for Restored {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        let new = self.streams.saturating_sub(self.replaced);
        write!(to, "{new} streams added, {} replaced", self.replaced)?;
        match self.failed {
            0 => writeln!(to),
            failed => writeln!(to, ", {failed} lines failed"),
        }
    }
}

/// Does what is asked for.
pub(super) fn run(
    asked: &StreamRestore,
    client: &Client,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let is_input = asked.file.as_os_str() == "-";
    let name = match is_input {
        true => "standard input".to_owned(),
        false => asked.file.display().to_string(),
    };
    let unread = |error: io::Error| {
        let code = match error.kind() {
            io::ErrorKind::NotFound => Code::NotFound,
            io::ErrorKind::PermissionDenied => Code::Permission,
            _ => Code::Refused,
        };
        Failure::new(code, format!("cannot read {name}: {error}"))
    };
    let from: Box<dyn Read> = match is_input {
        true => Box::new(io::stdin()),
        false => Box::new(File::open(&asked.file).map_err(unread)?),
    };
    let mut lines = BufReader::with_capacity(PIECE, from);
    let mut work = Work {
        asked,
        adder: Adder::new(client, asked.replace),
        done: Restored {
            action: "restore",
            ..Restored::default()
        },
        doubts: 0,
        first: None,
    };
    let mut progress = Progress::new();
    let mut line = Zeroizing::new(Vec::with_capacity(PIECE));
    let mut number = 0u64;
    loop {
        if !lines.buffer().contains(&b'\n') {
            // It may take long until there is more.
            work.adder.pause();
        }
        // What of it was used, not all that it has room for.
        line.as_mut_slice().zeroize();
        line.clear();
        let length = (&mut lines)
            .take(LONGEST as u64)
            .read_until(b'\n', &mut line)
            .map_err(unread)?;
        if length == 0 {
            break;
        }
        number = number.saturating_add(1);
        let ended = work
            .take(&line, length == LONGEST)
            .map_err(|failure| failure.about(&format!("{name} line {number}")));
        if let Err(failure) = ended {
            progress.clear();
            if work.failed(failure) {
                break;
            }
        }
        progress.show(work.done.streams);
    }
    progress.clear();
    work.end(json, out)
}

/// A file that is being read.
struct Work<'a> {
    asked: &'a StreamRestore,
    adder: Adder<'a>,
    done: Restored,
    doubts: u64,
    /// The failure that it ends with.
    first: Option<Failure>,
}

impl Work<'_> {
    /// Adds the streams of a line, all or none of them.
    fn take(&mut self, line: &[u8], is_cut: bool) -> Result<(), Failure> {
        let text = line.trim_ascii();
        if text.is_empty() || text.starts_with(b"#") {
            return Ok(());
        }
        self.done.lines = self.done.lines.saturating_add(1);
        if is_cut {
            return Err(Failure::new(
                Code::Usage,
                format!("it is longer than {LONGEST} bytes"),
            ));
        }
        if text == b"{" {
            return Err(Failure::new(Code::Usage, "an object is on one line here")
                .hint("`rtpctl stream save` prints streams so, `stream list --json` does not"));
        }
        let configs = StreamConfig::from_json(text, self.asked.table)?;
        let (added, sentences) = self.adder.add(&configs)?;
        self.done.count(added);
        for sentence in sentences {
            self.doubts = self.doubts.saturating_add(1);
            if self.doubts <= TOLD {
                warn(&sentence);
            }
        }
        Ok(())
    }

    /// Whether it ends with this failure.
    fn failed(&mut self, failure: Failure) -> bool {
        self.done.failed = self.done.failed.saturating_add(1);
        if !self.asked.keep_going {
            self.first = Some(failure);
            return true;
        }
        // The first is told with the others, and in the end its code counts.
        tell::failure(&failure);
        if self.first.is_none() {
            self.first = Some(failure);
        }
        false
    }

    fn end(self, json: bool, out: &mut dyn Write) -> Result<(), Error> {
        if let Some(more) = self.doubts.checked_sub(TOLD).filter(|more| *more > 0) {
            warn(&format_args!("{more} more outputs are as doubtful"));
        }
        let Some(failure) = self.first else {
            return print(&self.done, json, out);
        };
        if self.asked.keep_going {
            print(&self.done, json, out)?;
            let what = format!("{} of {} lines failed", self.done.failed, self.done.lines);
            return Err(Failure::new(failure.code, what).into());
        }
        let done = self.done.streams;
        let Failure { code, what, hint } = failure;
        let what = format!("{what}; {done} streams of the lines before were added");
        Err(Failure { code, what, hint }.into())
    }
}

/// How far it is, on a terminal.
struct Progress {
    shown: bool,
    is_terminal: bool,
    due: Instant,
}

impl Progress {
    const EVERY: Duration = Duration::from_millis(200);

    fn new() -> Self {
        Self {
            shown: false,
            is_terminal: io::stderr().is_terminal(),
            due: Instant::now() + Self::EVERY,
        }
    }

    fn show(&mut self, streams: u64) {
        if !self.is_terminal || Instant::now() < self.due {
            return;
        }
        let _ = write!(io::stderr(), "\r{streams} streams");
        self.shown = true;
        self.due = Instant::now() + Self::EVERY;
    }

    fn clear(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
            self.shown = false;
        }
    }
}
