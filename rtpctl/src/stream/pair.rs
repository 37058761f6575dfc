// SPDX-License-Identifier: GPL-2.0-only

//! `stream pair`: both ways between two sides, added together.

use std::io::{self, Write};

use serde::Serialize;

use super::super::cli::StreamPair;
use super::super::client::{Adder, Client};
use super::super::config::StreamConfig;
use super::super::exit::{usage, Error, Failure};
use super::super::output::{print, Report};
use super::super::tell::warn;

/// What was added.
#[derive(Debug, Serialize)]
struct Paired {
    table: u8,
    action: &'static str,
    changed: bool,
    /// Where A's packets are taken.
    a_local: String,
    /// Where B's packets are taken.
    b_local: String,
    /// Streams that are there now.
    streams: u64,
    /// Those among them that came in the place of another.
    replaced: u64,
}

impl Report for Paired {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self {
            table,
            a_local,
            b_local,
            streams,
            replaced,
            ..
        } = self;
        match streams {
            2 => write!(to, "streams")?,
            _ => write!(to, "{streams} streams")?,
        }
        write!(to, " {a_local} and {b_local} added to table {table}")?;
        match replaced {
            0 => writeln!(to),
            _ => writeln!(to, ", {replaced} of them in the place of others"),
        }
    }
}

/// Adds the streams of both ways, all or none of them.
pub(super) fn run(
    asked: &StreamPair,
    client: &Client,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let configs = resolve(asked)?;
    let (added, sentences) = Adder::new(client, asked.replace).add(&configs)?;
    for sentence in &sentences {
        warn(sentence);
    }
    let paired = Paired {
        table: asked.table.table,
        action: "pair",
        changed: true,
        a_local: asked.a_local.to_string(),
        b_local: asked.b_local.to_string(),
        streams: added.streams,
        replaced: added.replaced,
    };
    print(&paired, json, out)
}

/// The streams from A to B, then those back.
fn resolve(asked: &StreamPair) -> Result<Vec<StreamConfig>, Failure> {
    for (a, b, name) in [
        (asked.a_local, asked.a_remote, "a"),
        (asked.b_local, asked.b_remote, "b"),
    ] {
        if a.nth(0).is_ipv4() != b.nth(0).is_ipv4() {
            return Err(usage(format!(
                "--{name}-remote {b} is of another family than --{name}-local {a}"
            ))
            .hint("A and B may be of different families, each side is of one"));
        }
    }
    if asked.a_local.count() != asked.b_local.count() {
        return Err(usage(format!(
            "--a-local {} has {} ports, and --b-local {} has {}",
            asked.a_local,
            asked.a_local.count(),
            asked.b_local,
            asked.b_local.count()
        ))
        .hint("there is a stream back for each stream there"));
    }
    let [there, back] = asked.ways();
    let resolve = |way, name| StreamConfig::resolve(way).map_err(|it: Failure| it.about(name));
    let mut configs = resolve(&there, "from A to B")?;
    let back = resolve(&back, "from B to A")?;
    let same = configs
        .iter()
        .find(|there| back.iter().any(|back| back.local == there.local));
    if let Some(same) = same {
        return Err(
            usage(format!("{} is a local address of both sides", same.local))
                .hint("a stream takes all that comes to a port: give each side its own"),
        );
    }
    configs.extend(back);
    Ok(configs)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::super::cli::{Cli, Command, Stream};
    use super::*;

    fn resolved(options: &str) -> Result<Vec<StreamConfig>, Failure> {
        let line = format!("rtpctl stream pair -t 3 {options}");
        let cli = Cli::try_parse_from(line.split_whitespace()).expect("a well-formed line");
        let Command::Stream(Stream::Pair(asked)) = cli.command else {
            panic!("{line}");
        };
        resolve(&asked)
    }

    const SIDES: &str = "--a-local 192.0.2.1:30000-30001 --a-remote 203.0.113.9:5000-5001 \
        --b-local [2001:db8::1]:30000-30001 --b-remote [2001:db8::7]:4000";

    #[test]
    fn each_side_is_sent_to_from_where_it_sends_to() {
        let configs = resolved(&format!("{SIDES} --expect --a-ssrc 5 --b-ssrc 6")).expect("valid");
        let seen: Vec<_> = configs
            .iter()
            .map(|it| {
                let output = it.outputs.first().expect("an output");
                let expected = it.expect.map(|(from, _)| from.to_string());
                format!(
                    "{} > {} > {} > {} {}",
                    expected.unwrap_or_default(),
                    it.local,
                    output.from(),
                    output.to(),
                    it.ssrcs[0].number
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                "203.0.113.9:5000 > 192.0.2.1:30000 > [2001:db8::1]:30000 > [2001:db8::7]:4000 5",
                "203.0.113.9:5001 > 192.0.2.1:30001 > [2001:db8::1]:30001 > [2001:db8::7]:4000 5",
                "[2001:db8::7]:4000 > [2001:db8::1]:30000 > 192.0.2.1:30000 > 203.0.113.9:5000 6",
                "[2001:db8::7]:4000 > [2001:db8::1]:30001 > 192.0.2.1:30001 > 203.0.113.9:5001 6",
            ]
        );
        let any = resolved(SIDES).expect("valid");
        assert!(any.iter().all(|it| it.expect.is_none()));
    }

    #[test]
    fn a_key_belongs_to_its_side() {
        let key = "AES_CM_128_HMAC_SHA1_80:inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";
        let line = format!("{SIDES} --a-ssrc 5 --b-ssrc 6 --a-decrypt {key} --a-encrypt {key}");
        let configs = resolved(&line).expect("valid");
        let protected: Vec<_> = configs
            .iter()
            .map(|it| (it.decrypt.is_some(), it.outputs[0].encrypt.is_some()))
            .collect();
        let (there, back) = ((true, false), (false, true));
        assert_eq!(protected, [there, there, back, back]);
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_options_own_names() {
        for (options, said) in [
            (
                "--a-local 192.0.2.1:1 --a-remote [2001:db8::7]:1 --b-local 192.0.2.1:2 --b-remote 198.51.100.7:1",
                "--a-remote [2001:db8::7]:1 is of another family than --a-local 192.0.2.1:1",
            ),
            (
                "--a-local 192.0.2.1:1 --a-remote 203.0.113.9:1 --b-local 192.0.2.1:1 --b-remote 198.51.100.7:1",
                "192.0.2.1:1 is a local address of both sides",
            ),
            (
                "--a-local 192.0.2.1:1-2 --a-remote 203.0.113.9:1 --b-local 192.0.2.1:3 --b-remote 198.51.100.7:1",
                "--a-local 192.0.2.1:1-2 has 2 ports, and --b-local 192.0.2.1:3 has 1",
            ),
            (
                "--a-local 192.0.2.1:1 --a-remote 203.0.113.9:1 --b-local 192.0.2.1:3 --b-remote 198.51.100.7:0",
                "from A to B",
            ),
        ] {
            let failure = resolved(options).expect_err(options);
            assert!(failure.what.contains(said), "{}", failure.what);
        }
    }
}
