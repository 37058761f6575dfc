// SPDX-License-Identifier: GPL-2.0-only

//! `trace`, as it is typed.

use std::net::SocketAddr;

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Example: see why the packets of a stream are not relayed
  rtpctl trace --local 192.0.2.1:30000 --unrelayed --count 20";

/// `trace`.
#[derive(Debug, Default, Args)]
pub(crate) struct Trace {
    /// Only packets for this local address and port, and those that its stream does not send.
    #[arg(short, long, value_name = "ADDR:PORT")]
    pub(crate) local: Option<SocketAddr>,
    /// Only packets of which this becomes: `relayed`, or a reason as `table reasons` names it. May be given again.
    #[arg(short, long, value_name = "NAME")]
    pub(crate) reason: Vec<String>,
    /// Only packets that are not relayed or not sent.
    #[arg(short, long, conflicts_with = "reason")]
    pub(crate) unrelayed: bool,
    /// End after so many packets.
    #[arg(short, long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
    /// End after so many seconds.
    #[arg(short, long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) seconds: Option<u64>,
}
