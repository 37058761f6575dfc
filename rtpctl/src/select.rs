// SPDX-License-Identifier: GPL-2.0-only

//! Which streams are listed, and in what order.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::cli::{Sort, StreamList};
use super::listing::Target;

/// Leaves the streams that are asked for, in the order that is asked for.
pub(crate) fn select(streams: &mut Vec<Target>, asked: &StreamList, now: SystemTime) {
    streams.retain(|stream| is_asked_for(stream, asked, now));
    match asked.sort {
        Sort::Local => streams.sort_by_key(|stream| stream.local),
        Sort::Packets => streams.sort_by_key(|stream| Reverse(stream.received.packets)),
        Sort::Bytes => streams.sort_by_key(|stream| Reverse(stream.received.bytes)),
        Sort::Errors => streams.sort_by_key(|stream| Reverse(errors(stream))),
        Sort::Idle => streams.sort_by_key(|stream| stream.last_packet),
    }
    streams.truncate(asked.limit.unwrap_or(usize::MAX));
}

/// Errors of a stream. The module counts those of an output as the stream's, too; the daemon need not.
pub(crate) fn errors(stream: &Target) -> u64 {
    let outputs = stream.outputs.iter().map(|output| output.sent.errors);
    outputs.max().unwrap_or(0).max(stream.received.errors)
}

fn is_asked_for(stream: &Target, asked: &StreamList, now: SystemTime) -> bool {
    let now = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs();
    let idle = |at_least| match stream.last_packet {
        Some(then) => now.saturating_sub(then) >= at_least,
        None => true,
    };
    let ssrc = |wanted| {
        let sent = stream.outputs.iter().flat_map(|output| &output.ssrcs);
        stream.ssrcs.iter().any(|it| it.ssrc == wanted)
            || sent.into_iter().any(|it| it.ssrc == wanted)
    };
    let was_sent = |wanted: u8| {
        let of_type = |it: &&super::listing::PayloadType| it.payload_type == u32::from(wanted);
        stream
            .payload_types
            .iter()
            .find(of_type)
            .is_some_and(|it| it.packets > 0)
    };
    asked
        .address
        .is_none_or(|wanted| addresses(stream).any(|it| it.ip() == wanted))
        && asked.port.is_none_or(|range| {
            addresses(stream).any(|it| (range.first..=range.last).contains(&it.port()))
        })
        && asked.ssrc.is_none_or(ssrc)
        && asked.payload_type.is_none_or(was_sent)
        && (!asked.with_errors || errors(stream) > 0)
        && asked.idle.is_none_or(idle)
}

/// All addresses of a stream: its own, the expected one, and those of its outputs.
fn addresses(stream: &Target) -> impl Iterator<Item = SocketAddr> + '_ {
    let outputs = stream
        .outputs
        .iter()
        .flat_map(|output| [output.from, output.to]);
    [Some(stream.local), stream.expect]
        .into_iter()
        .chain(outputs)
        .flatten()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::cli::{Cli, Command, Stream};
    use super::super::listing::Listing;
    use super::*;

    const TEXT: &str = "\
local inet4 192.0.2.1:30002
    stats: 172 bytes, 1 packets, 0 errors
        RTP payload type   0: 172 bytes, 1 packets
        RTP payload type   8: 0 bytes, 0 packets
    last packet: 990
    SSRC in: a1 [seq 1/0 #0]
    output #0 (media #0)
       src inet4 192.0.2.2:31000
       dst inet4 198.51.100.7:4000
       stats: 172 bytes, 1 packets, 0 errors
local inet4 192.0.2.1:30000
    expect inet4 203.0.113.9:5000
    stats: 860 bytes, 5 packets, 3 errors
    last packet: 1000
    output #0 (media #0)
       dst inet4 198.51.100.8:4000
       SSRC out: b2 [seq 1+0/0]
local inet6 [2001:db8:0:0:0:0:0:1]:30000
    stats: 0 bytes, 0 packets, 0 errors
    output #0 (media #0)
       stats: 0 bytes, 0 packets, 2 errors
";
    const FIRST: &str = "192.0.2.1:30000";
    const SECOND: &str = "192.0.2.1:30002";
    const THIRD: &str = "[2001:db8::1]:30000";

    /// What `stream list -t 0` shows with these words behind it.
    fn shown(words: &str) -> Vec<String> {
        let words = format!("rtpctl stream list -t 0 {words}");
        let cli = Cli::try_parse_from(words.split_whitespace()).expect("a command");
        let Command::Stream(Stream::List(asked)) = cli.command else {
            panic!("a list");
        };
        let mut streams = Listing::read(TEXT.as_bytes()).expect("read").streams;
        select(&mut streams, &asked, UNIX_EPOCH + Duration::from_secs(1000));
        streams
            .iter()
            .map(|stream| stream.local.to_string())
            .collect()
    }

    #[test]
    fn each_filter_leaves_what_it_says() {
        for (words, expected) in [
            ("", &[FIRST, SECOND, THIRD][..]),
            ("--address 192.0.2.1", &[FIRST, SECOND]),
            ("--address 203.0.113.9", &[FIRST]),
            ("--address 192.0.2.2", &[SECOND]),
            ("--address 198.51.100.8", &[FIRST]),
            ("--port 30000", &[FIRST, THIRD]),
            ("--port 30001-30002", &[SECOND]),
            ("--port 4000", &[FIRST, SECOND]),
            ("--ssrc 0xa1", &[SECOND]),
            ("--ssrc 0xb2", &[FIRST]),
            ("--payload-type 0", &[SECOND]),
            ("--payload-type 8", &[]),
            ("--with-errors", &[FIRST, THIRD]),
            ("--idle 10", &[SECOND, THIRD]),
            ("--idle 11", &[THIRD]),
            (
                "--with-errors --port 30000 --address 198.51.100.8",
                &[FIRST],
            ),
        ] {
            assert_eq!(shown(words), expected, "{words}");
        }
    }

    #[test]
    fn each_order_has_its_first() {
        for (words, expected) in [
            ("--sort local", [FIRST, SECOND, THIRD]),
            ("--sort packets", [FIRST, SECOND, THIRD]),
            ("--sort bytes", [FIRST, SECOND, THIRD]),
            ("--sort errors", [FIRST, THIRD, SECOND]),
            ("--sort idle", [THIRD, SECOND, FIRST]),
        ] {
            assert_eq!(shown(words), expected, "{words}");
        }
        assert_eq!(shown("--sort idle --limit 1"), [THIRD]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for words in [
            "--port 0-70000",
            "--port 5-4",
            "--port x",
            "--address 192.0.2.1:5",
            "--ssrc 0x1ffffffff",
            "--idle -1",
        ] {
            let words = format!("rtpctl stream list -t 0 {words}");
            assert!(
                Cli::try_parse_from(words.split_whitespace()).is_err(),
                "{words}"
            );
        }
    }
}
