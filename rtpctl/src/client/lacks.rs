// SPDX-License-Identifier: GPL-2.0-only

//! What a generation of the interface cannot do that a stream asks for.

use rtp_wire::Generation;

use super::super::config::StreamConfig;
use super::super::exit::{Code, Failure};

/// Refuses a stream that the generation which the table speaks has no words for.
pub(super) fn check(
    table: u8,
    generation: Generation,
    config: &StreamConfig,
) -> Result<(), Failure> {
    let lacks = |what: &str, options: &str| {
        Failure::new(
            Code::Generation,
            format!("table {table} speaks {generation} of the interface, which has no {what}; nothing was added"),
        )
        .hint(format!("leave out {options}"))
    };
    if generation.has_output_groups() {
        return Ok(());
    }
    if has_media(config) {
        return Err(lacks("media", "media=, --mid-extension and --mid"));
    }
    let rewrites = || config.outputs.iter().map(|output| &output.rewrite);
    if rewrites().any(|rewrite| rewrite.extensions.is_some() || rewrite.mid.is_some()) {
        return Err(lacks("header extensions", "ext= and mid="));
    }
    let mut rules = rewrites().flat_map(|rewrite| &rewrite.payload_rules);
    if generation == Generation::V12_5 && rules.any(|rule| rule.blackhole) {
        return Err(lacks("payload types that are not sent", "blackhole="));
    }
    Ok(())
}

/// Whether several media are told apart, or one by its MID.
fn has_media(config: &StreamConfig) -> bool {
    config.mid_extension.is_some()
        || !config.mids.is_empty()
        || config.outputs.iter().any(|output| output.media != 0)
        || config.payload_types.iter().any(|pt| pt.media != 0)
        || config
            .ssrcs
            .iter()
            .any(|ssrc| ssrc.media.is_some_and(|media| media != 0))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::super::cli::{Cli, Command, Stream};
    use super::*;

    fn lacking(generation: Generation, options: &str) -> Option<String> {
        let line =
            format!("rtpctl stream add -t 3 -l 192.0.2.1:30000 -p 8 -p 101/8000 -s 5 {options}");
        let cli = Cli::try_parse_from(line.split(' ')).expect("a well-formed line");
        let Command::Stream(Stream::Add(args)) = cli.command else {
            panic!("{line}");
        };
        let configs = StreamConfig::resolve(&args).expect("valid");
        let config = configs.first().expect("a stream");
        let failure = check(3, generation, config).err()?;
        assert_eq!(failure.code, Code::Generation);
        Some(failure.what)
    }

    #[test]
    fn old_generations_lack_media_and_extensions() {
        for (options, what, old) in [
            ("--to 198.51.100.7:1", None, false),
            (
                "--to 198.51.100.7:1,ssrc=9,seq-offset=1,replace=8:d5,min-len=8:9 --rtcp",
                None,
                false,
            ),
            (
                "--to 198.51.100.7:1,ext=1:2",
                Some("header extensions"),
                true,
            ),
            (
                "--to 198.51.100.7:1,ext=none",
                Some("header extensions"),
                true,
            ),
            (
                "--to 198.51.100.7:1,ext=1,mid=2:a",
                Some("header extensions"),
                true,
            ),
            (
                "--to 198.51.100.7:1 --mid-extension 3 --mid a",
                Some("media"),
                true,
            ),
            (
                "-s 6,media=1 --to 198.51.100.7:1 --to 198.51.100.7:1,media=1",
                Some("media"),
                true,
            ),
            (
                "-p 9,media=2 --to 198.51.100.7:1 --to 198.51.100.7:1,media=2",
                Some("media"),
                true,
            ),
            (
                "--to 198.51.100.7:1,blackhole=101",
                Some("payload types that are not sent"),
                false,
            ),
        ] {
            for generation in Generation::ALL {
                let lacks = match generation {
                    Generation::V12_5 => true,
                    Generation::V13_5 => old,
                    _ => false,
                };
                let expected = what.filter(|_| lacks).map(|what| {
                    format!("table 3 speaks {generation} of the interface, which has no {what}; nothing was added")
                });
                assert_eq!(
                    lacking(generation, options),
                    expected,
                    "{generation} {options}"
                );
            }
        }
    }
}
