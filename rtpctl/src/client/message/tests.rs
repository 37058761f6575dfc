// SPDX-License-Identifier: GPL-2.0-only

use clap::Parser;
use rtp_wire::target::MAX_MEDIA;
use rtp_wire::{Cipher, Direction, Hmac, OutputGroup, Refusal, Request, RtcpKind};

use super::super::super::cli::{Cli, Command, Stream};
use super::*;

const BASE: u64 = 0x0800_0000_0000;
const KEY: &str = "AES_CM_128_HMAC_SHA1_32:inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";

/// What a module makes of a stream.
struct Seen {
    target: Target,
    outputs: Vec<Output>,
}

fn parse(generation: Generation, message: &[u8]) -> Result<Request<'_>, Refusal> {
    rtp_wire::parse(Some(generation), Direction::Write, message)
}

fn seen(options: &str) -> Seen {
    seen_in(Generation::V26_0, options)
}

/// Resolves options, encodes the messages, and decodes them again.
fn seen_in(generation: Generation, options: &str) -> Seen {
    let line = format!("rtpctl stream add -t 0 -l 192.0.2.1:30000 {options}");
    let words = line.split_whitespace().map(|word| word.replace("KEY", KEY));
    let cli = Cli::try_parse_from(words).expect("a well-formed line");
    let config = match cli.command {
        Command::Stream(Stream::Add(args)) => {
            StreamConfig::resolve(&args).expect("valid").swap_remove(0)
        }
        other => panic!("{other:?}"),
    };
    let layout = Layout::new(&config);
    let mut target = Target::new_zeroed();
    let message = add_target(generation, &config, &layout, BASE).expect("a message");
    match parse(generation, &message) {
        Ok(Request::AddTarget(encoded)) => encoded.decode(&mut target).expect("accepted"),
        _ => panic!("another message"),
    }
    let outputs = config.outputs.iter().zip(&layout.outputs);
    let outputs = outputs.enumerate().map(|(index, (output, counters))| {
        let message = add_destination(generation, config.local, index, output, counters, BASE);
        let message = message.expect("a message");
        let mut output = Output::new_zeroed();
        match parse(generation, &message) {
            Ok(Request::AddDestination {
                target: local,
                index: at,
                output: encoded,
            }) => {
                assert_eq!(at as usize, index);
                assert!(local == target.local);
                encoded.decode(&mut output).expect("accepted");
            }
            _ => panic!("another message"),
        }
        output
    });
    let outputs = outputs.collect();
    Seen { target, outputs }
}

#[test]
fn a_plain_stream_asks_for_nothing_more() {
    let seen = seen("--to 198.51.100.7:4000");
    let flags = TargetFlags {
        rtp: true,
        ..TargetFlags::default()
    };
    assert_eq!(seen.target.flags, flags);
    assert!(seen.target.decrypt.is_plain() && seen.outputs[0].encrypt.is_plain());
    assert_eq!(seen.outputs[0].flags, OutputFlags::default());
    let group = OutputGroup {
        rtp_end: 1,
        ..OutputGroup::new_zeroed()
    };
    let mut groups = [OutputGroup::new_zeroed(); MAX_MEDIA];
    groups[0] = group;
    assert_eq!(seen.target.groups, groups);
}

#[test]
fn each_flag_is_its_own() {
    let flags = |options: &str| seen(options).target.flags;
    let to = "--to 198.51.100.7:1";
    let rtp = TargetFlags {
        rtp: true,
        ..TargetFlags::default()
    };
    for (options, expected) in [
        ("--opaque".to_owned(), TargetFlags::default()),
        ("--stun".to_owned(), TargetFlags { stun: true, ..rtp }),
        ("--dtls".to_owned(), TargetFlags { dtls: true, ..rtp }),
        (
            "--rtp-only".to_owned(),
            TargetFlags {
                rtp_only: true,
                ..rtp
            },
        ),
        (
            "--ssrc-req".to_owned(),
            TargetFlags {
                ssrc_req: true,
                ..rtp
            },
        ),
        (
            "-p 8 --pt-filter".to_owned(),
            TargetFlags {
                pt_filter: true,
                ..rtp
            },
        ),
        (
            "-p 8 -s 5".to_owned(),
            TargetFlags {
                rtp_stats: true,
                ..rtp
            },
        ),
        ("-p 8 -s 5 --rtp-stats off".to_owned(), rtp),
        (
            "--rtcp".to_owned(),
            TargetFlags {
                rtcp_fw: true,
                rtcp_fb_fw: true,
                ..rtp
            },
        ),
        (
            "--rtcp=feedback".to_owned(),
            TargetFlags {
                rtcp_fb_fw: true,
                ..rtp
            },
        ),
        (
            "--rtcp=copy".to_owned(),
            TargetFlags {
                rtcp_fw: true,
                ..rtp
            },
        ),
        (
            "--mid-extension 4 --mid a".to_owned(),
            TargetFlags {
                extmap: true,
                ..rtp
            },
        ),
        (
            "--to 198.51.100.7:2,ext=none".to_owned(),
            TargetFlags {
                extmap: true,
                ..rtp
            },
        ),
    ] {
        assert_eq!(flags(&format!("{to} {options}")), expected, "{options}");
    }
    let non_forwarding = TargetFlags {
        non_forwarding: true,
        ..rtp
    };
    assert_eq!(flags("--non-forwarding"), non_forwarding);
    let blackhole = TargetFlags {
        blackhole: true,
        ..non_forwarding
    };
    assert_eq!(flags("--non-forwarding --blackhole"), blackhole);
}

#[test]
fn srtp_stands_where_it_was_asked_for() {
    let seen = seen(
        "-s 5 --rtcp --decrypt KEY|7:2 --to 198.51.100.7:1 --to 198.51.100.7:2,encrypt=KEY|1:4",
    );
    let target = &seen.target.decrypt;
    assert_eq!(
        (target.cipher, target.hmac),
        (Cipher::AesCm128, Hmac::HmacSha1)
    );
    assert_eq!((target.mki(), target.rtp_auth_tag_len), (&[0, 7][..], 4));
    let key: Vec<u8> = (1..=16).collect();
    assert_eq!(target.master_key(), key);
    let encrypted: Vec<_> = seen
        .outputs
        .iter()
        .map(|output| (output.flags.rtcp, output.encrypt.mki().len()))
        .collect();
    assert_eq!(encrypted, [(false, 0), (false, 4), (true, 0), (true, 4)]);
    assert_eq!(seen.outputs[3].encrypt.rtcp_auth_tag_len, 10);
    assert_eq!(seen.outputs[3].encrypt.master_key(), key);
    assert!(seen.outputs[2].encrypt.is_plain());
}

#[test]
fn rewriting_stands_where_it_was_asked_for() {
    let seen = seen(
        "-s 5 -s 6,media=2 -p 96/48000,media=2 -p 8 --mid-extension 3 --mid a --mid bc,media=2 --to 198.51.100.7:1 \
         --to 198.51.100.7:2,media=2,ssrc=6:0x60,seq-offset=6:-1,blackhole=96,min-len=8:20,replace=8:d555,ext=9:1,mid=4:x",
    );
    let Seen { target, outputs } = &seen;
    assert_eq!(
        (target.mid_extension, target.mids[0].as_bytes()),
        (3, &b"a"[..])
    );
    assert_eq!(
        (target.mids[2].as_bytes(), target.mids[1].as_bytes()),
        (&b"bc"[..], &b""[..])
    );
    let media: Vec<_> = target
        .ssrcs
        .iter()
        .map(|s| (s.ssrc, s.media.get()))
        .collect();
    assert_eq!(media[..2], [(5, None), (6, Some(2))]);
    let media: Vec<_> = target
        .payload_types()
        .iter()
        .map(|pt| pt.media.get())
        .collect();
    assert_eq!(media, [Some(0), Some(2)]);
    assert_eq!(
        (target.groups[0].rtp(), target.groups[2].rtp()),
        (0..1, 1..2)
    );
    let [first, second] = &outputs[..] else {
        panic!("{outputs:?}");
    };
    assert_eq!((first.media, first.flags), (0, OutputFlags::default()));
    let flags = OutputFlags {
        ssrc_subst: true,
        extmap: true,
        rtcp: false,
    };
    assert_eq!((second.media, second.flags), (2, flags));
    let rewritten: Vec<_> = second
        .ssrcs
        .iter()
        .map(|s| (s.ssrc, s.seq_offset))
        .collect();
    assert_eq!(rewritten[..2], [(0, 0), (0x60, 0xffff)]);
    assert!(second.ssrcs[1].stats.is_some() && !second.ssrcs[2].stats.is_some());
    let rules = &second.payload_rules;
    assert_eq!(
        (rules[0].min_payload_len, rules[0].pattern()),
        (20, &[0xd5, 0x55][..])
    );
    assert_eq!((rules[0].blackhole, rules[1].blackhole), (false, true));
    assert_eq!(second.extensions.iter().collect::<Vec<_>>(), [1, 9]);
    assert_eq!(
        (second.mid_extension, second.mid.as_bytes()),
        (4, &b"x"[..])
    );
}

#[test]
fn messages_are_wiped() {
    let generation = Generation::V26_0;
    let target = seen("--to 198.51.100.7:1").target;
    let mut message = Message::new(generation, CommandNumber::AddTarget, |message| {
        generation.write_target(&target, message)
    })
    .expect("a message");
    assert!(message.iter().any(|byte| *byte != 0));
    message.wipe();
    assert!(message.iter().all(|byte| *byte == 0));
}

#[test]
fn muxed_rtcp_is_told_from_rtp_in_each_generation() {
    for generation in Generation::ALL {
        for (rtcp, kind) in [
            ("--rtcp", RtcpKind::SecondByte),
            ("--rtcp=feedback", RtcpKind::SecondByte),
            ("", RtcpKind::Nothing),
        ] {
            let seen = seen_in(generation, format!("--to 198.51.100.7:1 {rtcp}").trim_end());
            // All but 12.5 look at the second byte, and at whether RTCP is to be relayed.
            let kind = match generation {
                Generation::V12_5 => kind,
                _ => RtcpKind::SecondByte,
            };
            assert_eq!(seen.target.rtcp_kind, kind, "{generation} {rtcp}");
            let fw = (seen.target.flags.rtcp_fw, seen.target.flags.rtcp_fb_fw);
            assert_eq!(
                fw,
                (rtcp == "--rtcp", !rtcp.is_empty()),
                "{generation} {rtcp}"
            );
            let group = seen.target.groups[0];
            let outputs = if rtcp.is_empty() { 1 } else { 2 };
            assert_eq!((group.rtp(), group.rtcp().len()), (0..1, outputs - 1));
            assert_eq!(seen.outputs.len(), outputs);
        }
    }
}

#[test]
fn a_stream_means_the_same_in_each_generation() {
    let options = "-s 5 -p 8 -p 96/48000 --expect 198.51.100.9:9 --stun --to 198.51.100.7:1,ssrc=7,seq-offset=1,replace=8:d5 \
                   --to 198.51.100.8:1,tos=8,min-len=96:9 --decrypt KEY --encrypt KEY";
    let expected = seen(options);
    for generation in Generation::ALL {
        let Seen { target, outputs } = seen_in(generation, options);
        assert_eq!(target.flags, expected.target.flags, "{generation}");
        assert_eq!(target.expected_source, expected.target.expected_source);
        assert_eq!(target.groups, expected.target.groups);
        assert_eq!(target.ssrcs, expected.target.ssrcs);
        assert_eq!(
            format!("{:?}", target.decrypt),
            format!("{:?}", expected.target.decrypt)
        );
        let stats = |target: &Target| {
            target
                .payload_types()
                .iter()
                .map(|pt| pt.stats)
                .collect::<Vec<_>>()
        };
        assert_eq!(stats(&target), stats(&expected.target));
        assert_eq!(
            format!("{outputs:?}"),
            format!("{:?}", expected.outputs),
            "{generation}"
        );
    }
}
