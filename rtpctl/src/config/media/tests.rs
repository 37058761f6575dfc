// SPDX-License-Identifier: GPL-2.0-only

use super::super::tests::{refused, stream, HERE};

#[test]
fn each_media_has_its_outputs() {
    let config = stream(&format!(
        "{HERE} --rtcp --to 198.51.100.7:1,media=2 --to 198.51.100.7:2 --to 198.51.100.7:3,media=2,rtcp=none \
         --mid-extension 4 --mid audio --mid video,media=2 -p 96/90000,media=2 -p 8 -s 7,media=2 -s 9"
    ))
    .expect("valid");
    let ports: Vec<_> = config
        .outputs
        .iter()
        .map(|o| (o.to().port(), o.media, o.rtcp))
        .collect();
    assert_eq!(
        ports,
        [
            (2, 0, false),
            (1, 2, false),
            (3, 2, false),
            (2, 0, true),
            (1, 2, true)
        ]
    );
    let groups = config.groups();
    // RTCP does not tell its media: the range of media 0 has all of it.
    assert_eq!((groups[0].rtp(), groups[0].rtcp()), (0..1, 3..5));
    assert_eq!((groups[1].rtp(), groups[1].rtcp()), (0..0, 0..0));
    assert_eq!((groups[2].rtp(), groups[2].rtcp()), (1..3, 4..5));
    assert!(config.looks_at_extensions());
    let media: Vec<_> = config
        .payload_types
        .iter()
        .map(|pt| (pt.number, pt.media))
        .collect();
    assert_eq!(media, [(8, 0), (96, 2)]);
    let media: Vec<_> = config
        .ssrcs
        .iter()
        .map(|ssrc| (ssrc.number, ssrc.media))
        .collect();
    assert_eq!(media, [(7, Some(2)), (9, None)]);
}

#[test]
fn a_media_without_outputs_is_refused() {
    for (more, word) in [
        ("-p 8,media=1", "--payload-type 8 is of media 1"),
        ("-s 5,media=1", "--ssrc 0x00000005 is of media 1"),
        ("--mid-extension 4 --mid a,media=1", "--mid is of media 1"),
        ("--mid-extension 4 --mid a --mid b", "media 0 has two MIDs"),
        (
            "-p 8 -p 8,media=1",
            "payload type 8 was given with two media",
        ),
        ("--to 198.51.100.7:4002,media=1", "no packets are"),
        (
            "-s 5 -s 5,media=0",
            "SSRC 0x00000005 was given with two media",
        ),
    ] {
        let what = refused(&format!("{HERE} --to 198.51.100.7:4000 {more}"));
        assert!(what.contains(word), "{more}: {what}");
    }
}
