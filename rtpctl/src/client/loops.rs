// SPDX-License-Identifier: GPL-2.0-only

//! Outputs that lead back into the relay.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::super::config::StreamConfig;

/// What an output of a stream leads to, in a sentence each: the stream itself, or another one of a table here, whose tables are
/// found by local address.
pub(super) fn find(config: &StreamConfig, streams: &HashMap<SocketAddr, u8>) -> Vec<String> {
    let mut sentences = Vec::new();
    for output in &config.outputs {
        let to = output.to();
        if to == config.local {
            sentences.push(format!(
                "output {to} is the stream itself: what is sent there comes back, and is sent again"
            ));
        } else if let Some(table) = streams.get(&to) {
            sentences.push(format!(
                "output {to} is a stream of table {table}: if that one leads back to {}, packets go round",
                config.local
            ));
        }
    }
    sentences.dedup();
    sentences
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::super::cli::{Cli, Command, Stream};
    use super::*;

    fn found(to: &str, streams: &[(u8, &str)]) -> Vec<String> {
        let line = format!("rtpctl stream add -t 3 -l 192.0.2.1:30000 {to}");
        let cli = Cli::try_parse_from(line.split(' ')).expect("a well-formed line");
        let Command::Stream(Stream::Add(args)) = cli.command else {
            panic!("{line}");
        };
        let streams = streams
            .iter()
            .map(|(table, local)| (local.parse().expect("an address"), *table))
            .collect();
        let configs = StreamConfig::resolve(&args).expect("valid");
        find(configs.first().expect("a stream"), &streams)
    }

    #[test]
    fn an_output_to_itself_is_told() {
        let told = found("--to 192.0.2.1:30000 --to 198.51.100.7:4000", &[]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("output 192.0.2.1:30000 is the stream itself"));
        // RTCP goes the same way.
        assert_eq!(found("--to 192.0.2.1:30000 --rtcp", &[]).len(), 1);
    }

    #[test]
    fn an_output_to_another_stream_is_told_with_its_table() {
        let streams = [(0, "192.0.2.1:30002"), (7, "[2001:db8::1]:4000")];
        let told = found("--to 192.0.2.1:30002", &streams);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("output 192.0.2.1:30002 is a stream of table 0"));
        let told = found(
            "--to [2001:db8::1]:4000 --from [2001:db8::1]:5000",
            &streams,
        );
        assert!(told[0].contains("table 7"), "{told:?}");
    }

    #[test]
    fn other_ports_and_addresses_are_no_loop() {
        let streams = [(0, "192.0.2.1:30002"), (3, "192.0.2.1:30000")];
        assert_eq!(
            found("--to 192.0.2.1:30004 --to 192.0.2.2:30002", &streams),
            [""; 0]
        );
    }
}
