// SPDX-License-Identifier: GPL-2.0-only

//! What is printed, as text or as JSON. Printers take a writer, and escape what others wrote.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::exit::Error;

mod applied;
mod call;
mod object;
mod reasons;
mod rules;
mod ruleset;
mod streams;
mod tables;
mod versions;

pub(crate) use applied::Applied;
pub(crate) use call::Call;
pub(crate) use object::Configuration;
pub(crate) use reasons::{StreamBlock, StreamReasons, TableBlock, TableReasons};
pub(crate) use rules::{Edited, RuleAdded, RuleList};
pub(crate) use ruleset::{Filter, RulesetList};
pub(crate) use streams::{stream_text, StreamList};
pub(crate) use tables::{Table, TableList, TableStatus};
pub(crate) use versions::Versions;

/// Something that can be printed for people and for programs.
pub(crate) trait Report: Serialize {
    /// Prints it for people.
    fn text(&self, to: &mut dyn Write) -> io::Result<()>;
}

/// Prints a report, and sees that it arrives.
pub(crate) fn print(report: &impl Report, json: bool, to: &mut dyn Write) -> Result<(), Error> {
    let done = if json {
        serde_json::to_writer_pretty(&mut *to, report)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(to))
    } else {
        report.text(to)
    };
    done.and_then(|()| to.flush())
        .map_err(|error| Error::output(&error))
}

/// Prints JSON, a value on each line.
pub(crate) fn print_lines<T: Serialize>(
    values: impl Iterator<Item = T>,
    to: &mut dyn Write,
) -> Result<(), Error> {
    for value in values {
        serde_json::to_writer(&mut *to, &value)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(to))
            .map_err(|error| Error::output(&error))?;
    }
    Ok(())
}

/// What a command that changes something has to say.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    /// The table it was about, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<u8>,
    /// The local address of the stream it was about, with the range of ports where there were several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) local: Option<String>,
    /// What was asked for, in one word.
    pub(crate) action: &'static str,
    /// Whether anything had to be changed for it.
    pub(crate) changed: bool,
    /// In a sentence.
    #[serde(skip)]
    pub(crate) sentence: String,
}

impl Report for Change {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        writeln!(to, "{}", self.sentence)
    }
}

/// A number of bytes, exact, and rounded where that helps.
pub(crate) struct Bytes(pub(crate) u64);

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}",
            self.0,
            if self.0 == 1 { "byte" } else { "bytes" }
        )?;
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let mut whole = self.0;
        let mut unit = None;
        let mut tenths = 0;
        for name in units {
            if whole < 1024 {
                break;
            }
            tenths = (whole & 1023).saturating_mul(10) >> 10;
            whole >>= 10;
            unit = Some(name);
        }
        match unit {
            Some(unit) => write!(f, " ({whole}.{tenths} {unit})"),
            None => Ok(()),
        }
    }
}

/// `1 packet`, `2 packets`.
pub(crate) struct Count(pub(crate) u64, pub(crate) &'static str);

impl Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}{}",
            self.0,
            self.1,
            if self.0 == 1 { "" } else { "s" }
        )
    }
}

/// How long ago a second of Unix time was.
pub(crate) fn ago(then: u64, now: SystemTime) -> String {
    let now = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs();
    match now.checked_sub(then) {
        None | Some(0) => "now".to_owned(),
        Some(seconds @ 1..=119) => format!("{seconds} s ago"),
        Some(seconds @ 120..=7199) => format!("{} min ago", seconds / 60),
        Some(seconds @ 7200..=172_799) => format!("{} h ago", seconds / 3600),
        Some(seconds) => format!("{} days ago", seconds / 86_400),
    }
}

/// Prints lines with their cells in columns; the last one is not padded.
fn columns<const N: usize>(
    to: &mut dyn Write,
    head: [&str; N],
    lines: &[[String; N]],
) -> io::Result<()> {
    let mut widths = head.map(|cell| cell.chars().count());
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    line(to, &widths, head.iter().copied())?;
    for cells in lines {
        line(to, &widths, cells.iter().map(String::as_str))?;
    }
    Ok(())
}

fn line<'a>(
    to: &mut dyn Write,
    widths: &[usize],
    cells: impl Iterator<Item = &'a str>,
) -> io::Result<()> {
    let mut text = String::new();
    for (cell, width) in cells.zip(widths) {
        text.push_str(&format!("{cell:width$}  "));
    }
    writeln!(to, "{}", text.trim_end())
}

#[cfg(test)]
mod tests;
