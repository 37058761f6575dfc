// SPDX-License-Identifier: GPL-2.0-only

//! The options of `doctor`.

use std::net::SocketAddr;

use clap::Args;

/// Stands under the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  rtpctl doctor
  rtpctl doctor --table 0 --stream 192.0.2.1:30000
  rtpctl doctor --seconds 5 --json";

/// `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Only this table, 0 to 63.
    #[arg(short, long, value_name = "ID", value_parser = clap::value_parser!(u8).range(0..=63))]
    pub(crate) table: Option<u8>,
    /// Only the stream of this local address and port.
    #[arg(short, long, value_name = "ADDR:PORT", visible_alias = "local")]
    pub(crate) stream: Option<SocketAddr>,
    /// For how many seconds to watch the counters; 0 looks once.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub(crate) seconds: u64,
}
