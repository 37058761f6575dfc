// SPDX-License-Identifier: GPL-2.0-only

//! The command line, as it is typed. It knows nothing of what is made of it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

mod doctor;
mod rule;
mod stream_add;
mod stream_list;
mod stream_pair;
mod stream_restore;
mod stream_show;
mod trace;
pub(crate) mod values;

pub(crate) use doctor::Doctor;
pub(crate) use rule::{
    Chain as ChainArg, Family, Key as KeyArg, Kind, Policy, Rule, RuleChain, RuleHook, RuleTable,
    Table as TableArg, Via,
};
pub(crate) use stream_add::{Mismatch, Rtcp, RtpStats, StreamAdd};
pub(crate) use stream_list::{Sort, StreamList};
pub(crate) use stream_pair::StreamPair;
pub(crate) use stream_restore::StreamRestore;
pub(crate) use stream_show::StreamShow;
pub(crate) use trace::Trace;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused by the kernel, or failed otherwise
  2  the command line is wrong
  3  permission denied
  4  no such table, stream, chain or rule
  5  exists already
  6  in use by somebody else, or made by somebody else
  7  no kernel module that serves the interface is loaded
  8  the table speaks another generation of the interface, or one that lacks what was asked for
 10  doctor cannot tell of something; 11: it warns; 12: it found a fault";

const EXAMPLES: &str = "\
Example: relay what arrives at 192.0.2.1 port 30000 to 198.51.100.7 port 4000
  rtpctl table add 0
  rtpctl rule add 0
  rtpctl stream add --table 0 --local 192.0.2.1:30000 --to 198.51.100.7:4000
  rtpctl stream list --table 0";

/// Control the in-kernel RTP relay: its tables, the rules that feed them, and their streams.
///
/// A table holds streams. A rule of nftables hands the UDP packets that reach this host to a table.
/// A stream takes the packets of one local address and port and sends them to one or more others,
/// without leaving the kernel. All three live in the kernel: they go on after rtpctl has exited.
#[derive(Debug, Parser)]
#[command(
    name = "rtpctl",
    version,
    propagate_version = true,
    infer_subcommands = true
)]
#[command(after_help = EXAMPLES)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub(crate) struct Cli {
    /// Print JSON instead of text.
    #[arg(short, long, global = true)]
    pub(crate) json: bool,

    /// Say nothing of what was done; errors, and what is worth knowing, are told all the same.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Show numbers alone: no names of processes.
    #[arg(short, long, global = true)]
    pub(crate) numeric: bool,

    /// Whether there is colour: in help, in errors of the command line, and in `top`; auto leaves it out where NO_COLOR is set.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value = "auto"
    )]
    pub(crate) color: ColorChoice,

    /// The network namespace to look at and to change: its name, or a process that is in it.
    #[arg(long, global = true, value_name = "NAME|PID")]
    pub(crate) netns: Option<String>,

    /// The proc file system, where it is not mounted at /proc.
    #[arg(
        long,
        global = true,
        hide = true,
        value_name = "PATH",
        default_value = "/proc"
    )]
    pub(crate) proc: PathBuf,

    /// The file system of the kernel's objects, where it is not mounted at /sys.
    #[arg(
        long,
        global = true,
        hide = true,
        value_name = "PATH",
        default_value = "/sys"
    )]
    pub(crate) sys: PathBuf,

    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the command line. Errors have colour as it asks for.
    pub(crate) fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        let mut command = Self::command().color(color(words));
        let matches = command.try_get_matches_from_mut(words)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }

    /// Whether a command line asks for JSON, as far as that can be told of a wrong one.
    pub(crate) fn asks_for_json(words: &[OsString]) -> bool {
        let options = words.iter().skip(1).take_while(|word| *word != "--");
        let mut options = options.filter_map(|word| word.to_str());
        options.any(|word| {
            word == "--json"
                || word.strip_prefix('-').is_some_and(|short| {
                    !short.is_empty()
                        && short.chars().all(|c| "jnq".contains(c))
                        && short.contains('j')
                })
        })
    }
}

/// What `--color` says, before the command line is read.
fn color(words: &[OsString]) -> ColorChoice {
    let mut words = words.iter().filter_map(|word| word.to_str());
    let mut choice = ColorChoice::Auto;
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.next(),
            Some(value) => value.strip_prefix('='),
            None => None,
        };
        choice = match value {
            Some("always") => ColorChoice::Always,
            Some("never") => ColorChoice::Never,
            _ => choice,
        };
    }
    choice
}

impl Command {
    /// Whether it says nothing but what it did.
    pub(crate) const fn changes(&self) -> bool {
        match self {
            Self::Table(command) => {
                matches!(command, Table::Add(_) | Table::Del(_) | Table::Kill(_))
            }
            Self::Rule(command) => !matches!(
                command,
                Rule::List | Rule::Show { .. } | Rule::Save | Rule::Restore { dry_run: true, .. }
            ),
            Self::Stream(command) => matches!(
                command,
                Stream::Add(_)
                    | Stream::Pair(_)
                    | Stream::Restore(_)
                    | Stream::Del { .. }
                    | Stream::Flush(_)
            ),
            Self::Apply(asked) => !asked.dry_run,
            _ => false,
        }
    }
}

/// The three things there are, and what they are of.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tables: make, remove and look at them.
    #[command(subcommand)]
    Table(Table),
    /// Rules of nftables that hand packets to a table.
    #[command(subcommand)]
    Rule(Rule),
    /// Streams of a table: make, remove and look at them.
    #[command(subcommand)]
    Stream(Stream),
    /// Put tables, and rules of nftables, of a file in place.
    ///
    /// What is there already stays as it is, and what is changed is said. When a part is refused, nothing is changed.
    #[command(
        after_help = "Examples:\n  rtpctl apply /etc/rtpctl.json\n  rtpctl apply --dry-run /etc/rtpctl.json"
    )]
    Apply(Apply),
    /// Look for what keeps packets from being relayed in the kernel: what is wrong, where, and what to do.
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(Doctor),
    /// Watch all streams: packets and bits a second, what the module relays of them, and errors.
    ///
    /// Keys sort (p, b, e, i, l), filter by address (/), select (arrows) and show all of a stream (Enter); q ends it.
    Top(Top),
    /// Print what was counted in the text form of Prometheus: of each table, and of each stream if asked.
    Metrics(Metrics),
    /// Print what becomes of each packet, one after the other, until interrupted.
    ///
    /// The module tells it by its tracepoints, which cost nothing while nobody listens.
    #[command(after_help = trace::EXAMPLES)]
    Trace(Trace),
    /// Print what has a shell complete the words of rtpctl.
    #[command(
        after_help = "Example:\n  rtpctl completions bash > /usr/local/share/bash-completion/completions/rtpctl"
    )]
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Write the man pages of rtpctl and of its commands into a folder.
    #[command(hide = true)]
    ManPages {
        /// The folder.
        folder: PathBuf,
    },
    /// Show the version of rtpctl, of the module, and of the interface that each table speaks.
    Version,
}

/// `top`.
#[derive(Debug, Args)]
pub(crate) struct Top {
    /// Only streams of this table, 0 to 63.
    #[arg(short, long, value_name = "ID", value_parser = values::table)]
    pub(crate) table: Option<u8>,
    /// Seconds from one look to the next.
    #[arg(short, long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) interval: u64,
}

/// `apply`.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The file, as docs/apply.md has it; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Say what would be changed, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Go on until interrupted, and put the rules in place anew whenever somebody removed them; SIGHUP has the file read anew.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) watch: bool,
}

/// `metrics`.
#[derive(Debug, Args)]
pub(crate) struct Metrics {
    /// Of each stream, too: that is a time series for each figure of each stream.
    #[arg(long)]
    pub(crate) streams: bool,
    /// Write to this file, for a textfile collector: a reader sees all of it or what was there before.
    #[arg(short, long, value_name = "FILE", conflicts_with = "listen")]
    pub(crate) output: Option<PathBuf>,
    /// Serve it at http://ADDR:PORT/metrics until interrupted.
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<SocketAddr>,
}

/// The number of a table.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TableId {
    /// The table's number, 0 to 63.
    #[arg(value_name = "ID", value_parser = values::table, allow_negative_numbers = true)]
    pub(crate) id: u8,
}

/// The table that a stream belongs to.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TableOption {
    /// The table's number, 0 to 63.
    #[arg(short, long, value_name = "ID", value_parser = values::table)]
    pub(crate) table: u8,
}

/// Commands on tables.
#[derive(Debug, Subcommand)]
pub(crate) enum Table {
    /// Make a table.
    ///
    /// It lives until it is deleted, and keeps the module loaded as long.
    Add(TableId),
    /// Delete a table that nobody uses.
    ///
    /// Refused while a process holds the table open. A rule that names it matches nothing from then on.
    #[command(visible_alias = "rm")]
    Del(TableId),
    /// Delete a table even while it is in use.
    ///
    /// A process that holds it is left with a dead handle; a rule that names it matches nothing.
    Kill(TableId),
    /// List the tables.
    #[command(visible_alias = "ls")]
    List,
    /// Show a table's counters, or those of all tables.
    #[command(visible_alias = "show")]
    Status {
        /// The table's number, 0 to 63; all tables when it is left out.
        #[arg(value_name = "ID", value_parser = values::table)]
        id: Option<u8>,
    },
    /// Show what became of the packets of a table, or of all tables: how many the module relayed, and why it did not relay others.
    ///
    /// The module alone counts here, unlike in the counters of a stream, where the daemon counts what it relays, too.
    Reasons {
        /// The table's number, 0 to 63; all tables when it is left out.
        #[arg(value_name = "ID", value_parser = values::table)]
        id: Option<u8>,
    },
}

/// Commands on streams.
#[derive(Debug, Subcommand)]
pub(crate) enum Stream {
    /// Relay what arrives at a local address and port.
    ///
    /// The stream takes packets once all its outputs are in place, and goes on after rtpctl has exited. When an
    /// output is refused, nothing is left behind.
    #[command(after_help = stream_add::EXAMPLES, after_long_help = stream_add::long_help())]
    Add(Box<StreamAdd>),
    /// Relay between two sides, A and B, in both directions.
    ///
    /// A's packets come to --a-local and leave from --b-local to --b-remote, B's the other way round. Both streams are added, or none.
    #[command(after_help = stream_pair::EXAMPLES)]
    Pair(Box<StreamPair>),
    /// Add streams of a file, one JSON object a line.
    ///
    /// The streams of a line are added wholly or not at all. The first line that fails ends it, and those before stay.
    #[command(after_help = stream_restore::EXAMPLES)]
    Restore(StreamRestore),
    /// Print streams in the form that `stream restore` reads, one JSON object a line.
    ///
    /// Keys, TOS and patterns of payload types are not in what the module lists, nor clock rates: add them to the lines.
    Save {
        /// Only those of this table, 0 to 63.
        #[arg(short, long, value_name = "ID", value_parser = clap::value_parser!(u8).range(0..=63))]
        table: Option<u8>,
    },
    /// Remove a stream.
    #[command(visible_alias = "rm")]
    Del {
        /// Which table.
        #[command(flatten)]
        table: TableOption,
        /// The stream's local address and port.
        #[arg(short, long, value_name = "ADDR:PORT")]
        local: SocketAddr,
    },
    /// Remove all streams of a table, a daemon's among them; the table stays.
    Flush(TableOption),
    /// Show what became of the packets of each stream: how many the module relayed, and why it did not relay others.
    ///
    /// The module alone counts here, unlike in `stream list`, where the daemon counts what it relays, too.
    Reasons {
        /// Which table.
        #[command(flatten)]
        table: TableOption,
        /// Only the stream of this local address and port.
        #[arg(short, long, value_name = "ADDR:PORT")]
        local: Option<SocketAddr>,
    },
    /// Show a call: a stream, and beside it the one that leads back.
    #[command(after_help = stream_show::EXAMPLES)]
    Show(StreamShow),
    /// List the streams of a table: a line each, or with all that is known of them.
    ///
    /// Filters can be combined: a stream is listed when it meets all of them.
    #[command(visible_alias = "ls", after_help = stream_list::EXAMPLES)]
    List(StreamList),
}
