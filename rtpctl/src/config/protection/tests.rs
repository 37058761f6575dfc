// SPDX-License-Identifier: GPL-2.0-only

use std::env;
use std::fs;

use clap::Parser;

use super::super::super::cli::{Cli, Command, Stream};
use super::super::tests::{refused, stream, HERE};
use super::*;

const KEY: &str = "AES_CM_128_HMAC_SHA1_80:inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";
const NULL: &str = "NULL_HMAC_SHA1_80:inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";

/// What is said of a stream with this key, given by an option or a setting that ends in `=`.
fn said(options: &str, key: &str) -> Option<String> {
    let line = format!("rtpctl stream add {HERE} {options}");
    let words = line.split_whitespace().map(|word| word.replace("KEY", key));
    let cli = Cli::try_parse_from(words).expect("a well-formed line");
    match cli.command {
        Command::Stream(Stream::Add(args)) => StreamConfig::resolve(&args)
            .map(|mut streams| streams.swap_remove(0))
            .err()
            .map(|failure| failure.what),
        other => panic!("{other:?}"),
    }
}

#[test]
fn srtp_needs_an_ssrc() {
    for option in [
        "--decrypt KEY --to 198.51.100.7:1",
        "--encrypt KEY --to 198.51.100.7:1",
        "--to 198.51.100.7:1,encrypt=KEY",
    ] {
        let what = said(option, KEY).expect("refused");
        assert!(what.starts_with("SRTP needs the SSRC"), "{option}: {what}");
        assert_eq!(said(&format!("-s 5 {option}"), KEY), None);
    }
    assert!(stream(&format!("{HERE} --to 198.51.100.7:1")).is_ok());
}

#[test]
fn srtp_is_rtp() {
    let what = refused(&format!(
        "{HERE} --opaque --to 198.51.100.7:1,encrypt={KEY}"
    ));
    assert!(what.contains("--opaque"), "{what}");
}

#[test]
fn what_the_interface_cannot_express_is_refused() {
    let way_in = "-s 5 --to 198.51.100.7:1 --decrypt KEY";
    let way_out = "-s 5 --to 198.51.100.7:1,encrypt=KEY";
    let no_rtcp = "-s 5 --rtcp --to 198.51.100.7:1,rtcp=none,encrypt=KEY";
    let rtp = format!("{KEY} UNENCRYPTED_SRTP");
    let rtcp = format!("{KEY} UNENCRYPTED_SRTCP");
    let both = format!("{KEY} UNENCRYPTED_SRTP UNENCRYPTED_SRTCP");
    for (key, options, word) in [
        (&rtp, way_in, None),
        (&rtp, way_out, None),
        (&rtp, no_rtcp, None),
        (
            &rtp,
            "--rtcp -s 5 --to 198.51.100.7:1 --decrypt KEY",
            Some("--decrypt: the interface has one cipher"),
        ),
        (
            &rtp,
            "--rtcp -s 5 --to 198.51.100.7:1,encrypt=KEY",
            Some("encryption to 198.51.100.7:1: the interface has one cipher"),
        ),
        (&rtcp, way_out, None),
        (&rtcp, no_rtcp, None),
        // A packet says itself whether it is encrypted.
        (&rtcp, "--rtcp -s 5 --to 198.51.100.7:1 --decrypt KEY", None),
        (
            &rtcp,
            "--rtcp -s 5 --to 198.51.100.7:1 --encrypt KEY",
            Some("no way to send RTCP in the clear"),
        ),
        (
            &both,
            "--rtcp -s 5 --to 198.51.100.7:1 --decrypt KEY --encrypt KEY",
            None,
        ),
        (
            &format!("{NULL} UNENCRYPTED_SRTP"),
            "--rtcp -s 5 --to 198.51.100.7:1 --decrypt KEY --encrypt KEY",
            None,
        ),
        (
            &format!("{NULL} UNENCRYPTED_SRTCP"),
            "--rtcp -s 5 --to 198.51.100.7:1 --decrypt KEY --encrypt KEY",
            None,
        ),
    ] {
        match (said(options, key), word) {
            (None, None) => {}
            (Some(what), Some(word)) => assert!(what.contains(word), "{options}: {what}"),
            (what, _) => panic!("{options} with {key}: {what:?}"),
        }
    }
}

#[test]
fn the_option_is_named() {
    assert_eq!(
        said("--to 198.51.100.7:1 --encrypt KEY", "AES").as_deref(),
        Some("--encrypt: it does not begin with the name of a suite")
    );
}

#[test]
fn nothing_that_is_resolved_shows_a_key() {
    let path = env::temp_dir().join(format!("rtpctl-shown-{}", std::process::id()));
    fs::write(&path, KEY).expect("a file");
    let config = stream(&format!(
        "{HERE} -s 5 --to 198.51.100.7:1,encrypt={KEY} --decrypt file:{}",
        path.display()
    ));
    fs::remove_file(&path).expect("the file");
    let shown = format!("{:?}", config.expect("valid"));
    assert_eq!(shown.matches("<redacted>").count(), 2, "{shown}");
    assert!(
        !shown.contains("AQID") && !shown.contains("1, 2, 3"),
        "{shown}"
    );
}
