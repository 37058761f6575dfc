// SPDX-License-Identifier: GPL-2.0-only

//! The options of `stream restore`.

use std::path::PathBuf;

use clap::Args;

/// Stands under the help.
pub(super) const EXAMPLES: &str = r#"Examples:
  rtpctl stream save > streams
  rtpctl stream restore --replace streams
  echo '{"local": "192.0.2.1:30000", "outputs": [{"to": "198.51.100.7:4000"}]}' | rtpctl stream restore -t 0 -"#;

/// `stream restore`.
#[derive(Debug, Args)]
pub(crate) struct StreamRestore {
    /// The file; - is standard input. Empty lines do not count, nor those that begin with #.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The table of lines that name none, 0 to 63.
    #[arg(short, long, value_name = "ID", value_parser = clap::value_parser!(u8).range(0..=63))]
    pub(crate) table: Option<u8>,
    /// Put streams in the place of those with the same local address and port.
    #[arg(short, long)]
    pub(crate) replace: bool,
    /// Go on after a line that fails; the exit code is that of the first.
    #[arg(short, long)]
    pub(crate) keep_going: bool,
}
