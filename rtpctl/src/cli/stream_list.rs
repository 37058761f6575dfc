// SPDX-License-Identifier: GPL-2.0-only

//! The options of `stream list`.

use std::net::IpAddr;

use clap::{Args, ValueEnum};

use super::values::{self, PortRange};
use super::TableOption;

/// Stands under the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  rtpctl stream list -t 0 --address 198.51.100.7
  rtpctl stream list -t 0 --with-errors --sort errors
  rtpctl stream list -t 0 --idle 5 --details
  rtpctl stream list -t 0 --port 30000-30099 --watch";

/// What streams are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Local address and port, ascending.
    Local,
    /// Packets received, the most first.
    Packets,
    /// Bytes received, the most first.
    Bytes,
    /// Errors, the most first.
    Errors,
    /// Time since the last packet, the longest first; those that had none come before.
    Idle,
}

/// `stream list`.
#[derive(Debug, Args)]
pub(crate) struct StreamList {
    /// Which table.
    #[command(flatten)]
    pub(crate) table: TableOption,
    /// All that is known of each stream, not a line.
    #[arg(short, long)]
    pub(crate) details: bool,
    /// Only streams with this address: local, expected, or of an output.
    #[arg(short, long, value_name = "ADDR")]
    pub(crate) address: Option<IpAddr>,
    /// Only streams with this port, or one of a range: local, expected, or of an output.
    #[arg(short, long, value_name = "PORT[-PORT]", value_parser = values::ports)]
    pub(crate) port: Option<PortRange>,
    /// Only streams that receive or send this SSRC.
    #[arg(long, value_name = "SSRC", value_parser = values::ssrc_number)]
    pub(crate) ssrc: Option<u32>,
    /// Only streams that were sent this payload type.
    #[arg(long, value_name = "N", value_parser = values::payload_number)]
    pub(crate) payload_type: Option<u8>,
    /// Only streams that counted errors, theirs or an output's.
    #[arg(long)]
    pub(crate) with_errors: bool,
    /// Only streams without a packet for at least so many seconds, or ever.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) idle: Option<u64>,
    /// What to sort by.
    #[arg(long, value_enum, default_value_t = Sort::Local)]
    pub(crate) sort: Sort,
    /// Show no more than so many.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Show it again each so many seconds, until interrupted.
    #[arg(short, long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1",
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) watch: Option<u64>,
}
