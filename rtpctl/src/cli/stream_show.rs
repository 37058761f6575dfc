// SPDX-License-Identifier: GPL-2.0-only

//! The options of `stream show`.

use std::net::SocketAddr;

use clap::Args;

use super::values;

/// Stands under the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  rtpctl stream show 192.0.2.1:30000
  rtpctl stream show --table 0 203.0.113.9:5000";

/// `stream show`.
#[derive(Debug, Args)]
pub(crate) struct StreamShow {
    /// The local address and port of a stream, or those of a phone that it takes packets from or sends them to.
    #[arg(value_name = "ADDR:PORT")]
    pub(crate) address: SocketAddr,
    /// Look in this table alone, 0 to 63.
    #[arg(short, long, value_name = "ID", value_parser = values::table)]
    pub(crate) table: Option<u8>,
}
