// SPDX-License-Identifier: GPL-2.0-only

use clap::Parser;
use rtp_wire::Flow;

use super::super::cli::{Cli, Command, Stream};
use super::super::exit::Code;
use super::*;

/// What the options of `stream add` resolve to.
pub(super) fn stream(options: &str) -> Result<StreamConfig, Failure> {
    let line = format!("rtpctl stream add {options}");
    let cli = Cli::try_parse_from(line.split_whitespace()).expect("a well-formed line");
    match cli.command {
        Command::Stream(Stream::Add(args)) => {
            StreamConfig::resolve(&args).map(|mut streams| streams.swap_remove(0))
        }
        other => panic!("{other:?}"),
    }
}

pub(super) fn refused(options: &str) -> String {
    let failure = stream(options).expect_err(options);
    assert_eq!(failure.code, Code::Usage);
    failure.what
}

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub(super) const HERE: &str = "-t 3 -l 192.0.2.1:30000";

#[test]
fn the_source_is_the_local_address_by_default() {
    let config = stream("-t 3 -l 192.0.2.1:30000 --to 198.51.100.7:4000").expect("valid");
    assert_eq!(config.table, 3);
    assert_eq!(
        config.outputs,
        [Output {
            flow: Flow::v4(([192, 0, 2, 1], 30_000), ([198, 51, 100, 7], 4000)),
            rtcp: false,
            media: 0,
            tos: 0,
            encrypt: None,
            rewrite: Rewrite::default(),
        }]
    );
    assert_eq!((config.expect, config.rtcp), (None, None));
    assert!(config.rtp && !config.rtp_only && !config.pt_filter);
}

#[test]
fn the_source_is_chosen_by_family() {
    let config = stream(&format!(
        "{HERE} --to 198.51.100.7:4000 --to [2001:db8::7]:4000 --from [2001:db8::1]:30002 --from 192.0.2.9:30004"
    ))
    .expect("valid");
    let from: Vec<_> = config.outputs.iter().map(|o| o.from()).collect();
    assert_eq!(
        from,
        [address("192.0.2.9:30004"), address("[2001:db8::1]:30002")]
    );
}

#[test]
fn a_source_of_the_right_family_is_needed() {
    let failure = stream(&format!("{HERE} --to [2001:db8::7]:4000")).expect_err("no source");
    assert_eq!(failure.code, Code::Usage);
    assert!(failure
        .what
        .contains("--to [2001:db8::7]:4000 is of another family"));
    assert_eq!(
        failure.hint.as_deref(),
        Some("add --from with an IPv6 address and port of this host")
    );
}

#[test]
fn a_source_that_serves_no_output_is_refused() {
    let what = refused(&format!(
        "{HERE} --to 198.51.100.7:4000 --from [2001:db8::1]:30002"
    ));
    assert_eq!(
        what,
        "--from [2001:db8::1]:30002: no output is sent from it"
    );
    let what = refused(&format!(
        "{HERE} --to 198.51.100.7:4000 --from 192.0.2.2:1 --from 192.0.2.3:1"
    ));
    assert_eq!(what, "--from 192.0.2.3:1: only one source for each family");
}

#[test]
fn rtcp_gets_outputs_of_its_own_after_those_of_rtp() {
    let config = stream(&format!(
        "{HERE} --to 198.51.100.7:4000 --to 198.51.100.8:4000 --rtcp"
    ))
    .expect("valid");
    let rtcp: Vec<_> = config.outputs.iter().map(|o| (o.rtcp, o.to())).collect();
    assert_eq!(
        rtcp,
        [
            (false, address("198.51.100.7:4000")),
            (false, address("198.51.100.8:4000")),
            (true, address("198.51.100.7:4000")),
            (true, address("198.51.100.8:4000")),
        ]
    );
    let group = config.groups()[0];
    assert_eq!((group.rtp(), group.rtcp()), (0..2, 2..4));
}

#[test]
fn outputs_are_limited_with_those_for_rtcp_counted() {
    let to = |n: usize| {
        (0..n)
            .map(|i| format!(" --to 198.51.100.7:{}", 4000 + i))
            .collect::<Vec<_>>()
            .concat()
    };
    assert!(stream(&format!("{HERE}{}", to(32))).is_ok());
    assert!(
        refused(&format!("{HERE}{}", to(33))).starts_with("a stream has at most 32 outputs, 33")
    );
    assert!(stream(&format!("{HERE}{} --rtcp", to(16))).is_ok());
    assert!(refused(&format!("{HERE}{} --rtcp", to(17)))
        .starts_with("a stream has at most 32 outputs, 34"));
}

#[test]
fn addresses_must_be_of_use() {
    for (options, word) in [
        (
            "-t 0 -l 0.0.0.0:30000 --to 198.51.100.7:4000",
            "--local 0.0.0.0:30000",
        ),
        (
            "-t 0 -l 192.0.2.1:0 --to 198.51.100.7:4000",
            "--local 192.0.2.1:0",
        ),
        (
            "-t 0 -l 192.0.2.1:30000 --to 198.51.100.7:0",
            "--to 198.51.100.7:0",
        ),
        (
            "-t 0 -l [fe80::1%2]:30000 --to [2001:db8::7]:4000",
            "no room for a scope",
        ),
        (
            "-t 0 -l [::ffff:192.0.2.1]:30000 --to [2001:db8::7]:4000",
            "give an IPv4 address as such",
        ),
        (
            "-t 0 -l [::]:30000 --to [2001:db8::7]:4000",
            "--local [::]:30000",
        ),
        (
            "-t 0 -l 192.0.2.1:30000 --to 198.51.100.7:4000 --expect [2001:db8::7]:4000",
            "--expect [2001:db8::7]:4000 is of another family",
        ),
    ] {
        let what = refused(options);
        assert!(what.contains(word), "{options}: {what}");
    }
}

#[test]
fn others_than_the_expected_source_are_dropped_by_default() {
    let with = |more: &str| {
        stream(&format!(
            "{HERE} --to 198.51.100.7:4000 --expect 203.0.113.9:5000 {more}"
        ))
        .expect("valid")
        .expect
    };
    let source = address("203.0.113.9:5000");
    assert_eq!(with(""), Some((source, Mismatch::Drop)));
    assert_eq!(with("--mismatch pass"), Some((source, Mismatch::Pass)));
    assert_eq!(with("--mismatch ignore"), Some((source, Mismatch::Ignore)));
}

#[test]
fn each_switch_is_its_own() {
    let switches = |more: &str| {
        let c = stream(&format!("{HERE} --to 198.51.100.7:4000 {more}")).expect("valid");
        [c.rtp, c.rtp_only, c.pt_filter, c.ssrc_req, c.stun, c.dtls]
    };
    let only = |n: usize| {
        let mut switches = [false; 6];
        (switches[0], switches[n]) = (true, true);
        switches
    };
    assert_eq!(switches(""), only(0));
    assert_eq!(switches("--rtp"), switches(""));
    assert_eq!(switches("--opaque"), [false; 6]);
    assert_eq!(switches("--rtp-only"), only(1));
    assert_eq!(switches("-p 8 --pt-filter"), only(2));
    assert_eq!(switches("--ssrc-req"), only(3));
    assert_eq!(switches("--stun"), only(4));
    assert_eq!(switches("--dtls"), only(5));
    let tos = stream(&format!("{HERE} --to 198.51.100.7:4000 --tos 0xb8"));
    assert_eq!(tos.expect("valid").outputs[0].tos, 0xb8);
}

#[test]
fn payload_types_are_sorted_and_know_their_clock() {
    let config = stream(&format!(
        "{HERE} --to 198.51.100.7:4000 -p 96/48000 -p 8 -p 0 -p 8 -p 34 -p 100 -p 11"
    ))
    .expect("valid");
    let types: Vec<_> = config
        .payload_types
        .iter()
        .map(|pt| (pt.number, pt.clock_rate))
        .collect();
    assert_eq!(
        types,
        [
            (0, 8000),
            (8, 8000),
            (11, 44_100),
            (34, 90_000),
            (96, 48_000),
            (100, 0)
        ]
    );
}

#[test]
fn a_payload_type_has_one_clock() {
    let what = refused(&format!(
        "{HERE} --to 198.51.100.7:4000 -p 96/48000 -p 96/8000"
    ));
    assert_eq!(what, "payload type 96 was given with two clock rates");
}

#[test]
fn payload_types_and_ssrcs_are_limited() {
    let types = |n: u32| {
        (0..n)
            .map(|i| format!(" -p {i}"))
            .collect::<Vec<_>>()
            .concat()
    };
    assert!(stream(&format!("{HERE} --to 198.51.100.7:4000{}", types(32))).is_ok());
    assert!(
        refused(&format!("{HERE} --to 198.51.100.7:4000{}", types(33)))
            .contains("at most 32 payload types")
    );
    let ssrcs = |n: u32| {
        (1..=n)
            .map(|i| format!(" -s {i}"))
            .collect::<Vec<_>>()
            .concat()
    };
    assert!(stream(&format!("{HERE} --to 198.51.100.7:4000{}", ssrcs(4))).is_ok());
    assert!(
        refused(&format!("{HERE} --to 198.51.100.7:4000{}", ssrcs(5))).contains("at most 4 SSRCs")
    );
}

#[test]
fn an_ssrc_counts_once() {
    let config = stream(&format!("{HERE} --to 198.51.100.7:4000 -s 7 -s 0x7 -s 5")).expect("valid");
    let ssrcs: Vec<_> = config.ssrcs.iter().map(|ssrc| ssrc.number).collect();
    assert_eq!(ssrcs, [7, 5]);
}

#[test]
fn rtp_is_counted_when_ssrc_and_clocks_are_known() {
    let counts = |more: &str| {
        stream(&format!("{HERE} --to 198.51.100.7:4000 {more}"))
            .expect("valid")
            .rtp_stats
    };
    assert!(counts("-s 7 -p 8"));
    assert!(!counts("-p 8"));
    assert!(!counts("-s 7"));
    assert!(!counts("-s 7 -p 8 -p 100"));
    assert!(!counts("-s 7 -p 8 --rtp-stats off"));
    assert!(counts("-s 7 -p 8 --rtp-stats on"));
    for (more, option) in [
        ("-p 8", "--ssrc"),
        ("-s 7", "--payload-type N/RATE"),
        ("-s 7 -p 100", "--payload-type 100/RATE"),
    ] {
        let failure = stream(&format!(
            "{HERE} --to 198.51.100.7:4000 --rtp-stats on {more}"
        ))
        .expect_err(more);
        let hint = failure.hint.expect("a hint");
        assert!(hint.contains(option), "{more}: {hint}");
    }
}

#[test]
fn each_kind_of_rtcp_is_its_own() {
    let rtcp = |more: &str| {
        stream(&format!("{HERE} --to 198.51.100.7:4000 {more}"))
            .expect("valid")
            .rtcp
    };
    assert_eq!(rtcp(""), None);
    assert_eq!(rtcp("--rtcp"), Some(Rtcp::All));
    assert_eq!(rtcp("--rtcp=all"), Some(Rtcp::All));
    assert_eq!(rtcp("--rtcp=feedback"), Some(Rtcp::Feedback));
    assert_eq!(rtcp("--rtcp=copy"), Some(Rtcp::Copy));
}

#[test]
fn a_stream_that_relays_nothing_has_no_outputs() {
    let config =
        stream(&format!("{HERE} --non-forwarding --blackhole -p 8,media=3")).expect("valid");
    assert!(config.non_forwarding && config.blackhole);
    assert_eq!(config.outputs, []);
    assert!(config
        .groups()
        .iter()
        .all(|group| (group.rtp(), group.rtcp()) == (0..0, 0..0)));
}
