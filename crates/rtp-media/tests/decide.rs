// SPDX-License-Identifier: GPL-2.0-only

//! What becomes of a datagram: the order of the rules.

use crate::common::{rtcp, rtp, rtp_with_extension, stun};
use proptest::prelude::*;
use rtp_media::decide::{decide, Plan, Rtcp, RtcpRelay, Rtp};
use rtp_media::reason::{Fate, Reason};
use rtp_media::rules::{Rules, SourceRule};
use rtp_media::select::{PayloadTypes, SsrcEntry, Ssrcs};
use rtp_wire::RtcpKind;
use udp_ip::Endpoint;

const PEER: Endpoint = Endpoint::v4([10, 0, 0, 0], 4000);
const OTHER: Endpoint = Endpoint::v4([10, 0, 0, 0], 4001);
const SSRC: u32 = 0x5555_0001;

fn rules() -> Rules {
    Rules {
        rtp: true,
        ..Rules::default()
    }
}

fn media_of_mid(mid: &[u8]) -> Option<u8> {
    match mid {
        b"a" => Some(4),
        b"v" => Some(5),
        _ => None,
    }
}

/// What becomes of a datagram that is not SRTP; what is known of RTCP is what is known once it is decrypted.
#[derive(Debug, PartialEq, Eq)]
enum Decision {
    Rtp(Rtp),
    Rtcp(Rtcp, RtcpRelay),
    Opaque,
}

fn decision_with(
    rules: &Rules,
    datagram: &[u8],
    media_of_mid: impl FnOnce(&[u8]) -> Option<u8>,
) -> Result<Decision, Reason> {
    Ok(match decide(rules, &PEER, datagram, media_of_mid)? {
        Plan::Rtp(rtp) => {
            rtp.confirm(rules)?;
            Decision::Rtp(rtp)
        }
        Plan::Rtcp(rtcp) => Decision::Rtcp(rtcp, rtcp.confirm(rules, datagram, |_| true)?),
        Plan::Opaque => Decision::Opaque,
    })
}

fn decision(rules: &Rules, datagram: &[u8]) -> Result<Decision, Reason> {
    decision_with(rules, datagram, media_of_mid)
}

fn rtp_of(decision: Result<Decision, Reason>) -> Rtp {
    match decision {
        Ok(Decision::Rtp(rtp)) => rtp,
        other => panic!("{other:?}"),
    }
}

fn payload_types(entries: &[(u8, Option<u8>)]) -> PayloadTypes {
    let mut list = PayloadTypes::EMPTY;
    for &(number, media) in entries {
        assert!(list.push(number, media));
    }
    list
}

fn ssrcs(entries: &[(u32, Option<u8>)]) -> Ssrcs {
    let mut list = Ssrcs::default();
    for (to, &(ssrc, media)) in list.0.iter_mut().zip(entries) {
        *to = Some(SsrcEntry { ssrc, media });
    }
    list
}

#[test]
fn stun_is_passed_only_when_asked_for() {
    let rules = Rules {
        stun: true,
        ..rules()
    };
    assert_eq!(decision(&rules, &stun()), Err(Reason::Stun));
    assert_eq!(
        decision(
            &Rules {
                stun: false,
                ..rules
            },
            &stun()
        ),
        Ok(Decision::Opaque)
    );
}

#[test]
fn stun_comes_before_the_source() {
    let rules = Rules {
        stun: true,
        source: SourceRule::DropOthers(OTHER),
        ..rules()
    };
    assert_eq!(decision(&rules, &stun()), Err(Reason::Stun));
}

#[test]
fn other_sources_are_dropped_or_passed() {
    let packet = rtp(SSRC, b"payload");
    let drop = Rules {
        source: SourceRule::DropOthers(OTHER),
        ..rules()
    };
    assert_eq!(decision(&drop, &packet), Err(Reason::ForeignDropped));
    assert!(Reason::ForeignDropped.is_error());
    assert!(!Reason::ForeignDropped.is_counted());
    let pass = Rules {
        source: SourceRule::PassOthers(OTHER),
        ..rules()
    };
    assert_eq!(decision(&pass, &packet), Err(Reason::ForeignPassed));
    assert!(!Reason::ForeignPassed.is_error());
    for source in [
        SourceRule::Any,
        SourceRule::DropOthers(PEER),
        SourceRule::PassOthers(PEER),
    ] {
        rtp_of(decision(&Rules { source, ..rules() }, &packet));
    }
    let v6 = Endpoint::v6(*PEER.addr(), PEER.port());
    let rules = Rules {
        source: SourceRule::DropOthers(v6),
        ..rules()
    };
    assert_eq!(decision(&rules, &packet), Err(Reason::ForeignDropped));
}

#[test]
fn the_source_comes_before_dtls() {
    let dtls = [22; 50];
    let rules = Rules {
        dtls: true,
        ..rules()
    };
    assert_eq!(decision(&rules, &dtls), Err(Reason::Dtls));
    assert_eq!(
        decision(
            &Rules {
                dtls: false,
                ..rules
            },
            &dtls
        ),
        Ok(Decision::Opaque)
    );
    let rules = Rules {
        source: SourceRule::DropOthers(OTHER),
        ..rules
    };
    assert_eq!(decision(&rules, &dtls), Err(Reason::ForeignDropped));
}

#[test]
fn without_forwarding_packets_are_passed_or_dropped() {
    let packet = rtp(SSRC, b"payload");
    let pass = Rules {
        non_forwarding: true,
        ..rules()
    };
    assert_eq!(decision(&pass, &packet), Err(Reason::NonForwarding));
    assert!(!Reason::NonForwarding.is_error());
    let drop = Rules {
        blackhole: true,
        ..pass
    };
    assert_eq!(decision(&drop, &packet), Err(Reason::Blackhole));
    assert!(!Reason::Blackhole.is_error());
    assert!(Reason::Blackhole.is_counted());
    // DTLS comes first.
    let dtls = Rules { dtls: true, ..drop };
    assert_eq!(decision(&dtls, &[22; 50]), Err(Reason::Dtls));
    // What is recorded is handled like the rest.
    rtp_of(decision(
        &Rules {
            intercept: true,
            ..drop
        },
        &packet,
    ));
    // Blackhole alone means nothing.
    rtp_of(decision(
        &Rules {
            blackhole: true,
            ..rules()
        },
        &packet,
    ));
}

#[test]
fn anything_is_relayed_where_no_rtp_is_expected() {
    let rules = Rules {
        rtp_only: true,
        ssrc_req: true,
        pt_filter: true,
        ..Rules::default()
    };
    for datagram in [&rtp(SSRC, b"payload")[..], &rtcp(200, 6), &[0; 3], &[]] {
        assert_eq!(decision(&rules, datagram), Ok(Decision::Opaque));
    }
}

#[test]
fn rtcp_is_passed_unless_it_is_forwarded() {
    let report = rtcp(200, 6);
    let feedback = rtcp(205, 3);
    let relayed = |and_pass| {
        let rtcp = Rtcp {
            ssrc_index: None,
            ssrc: 0xcccc_cccc,
        };
        Ok(Decision::Rtcp(rtcp, RtcpRelay { media: 0, and_pass }))
    };
    let none = rules();
    assert_eq!(decision(&none, &report), Err(Reason::Rtcp));
    assert_eq!(decision(&none, &feedback), Err(Reason::Rtcp));
    assert!(!Reason::Rtcp.is_error());
    let all = Rules {
        rtcp_fw: true,
        ..none
    };
    assert_eq!(decision(&all, &report), relayed(true));
    assert_eq!(decision(&all, &feedback), relayed(true));
    let both = Rules {
        rtcp_fb_fw: true,
        ..all
    };
    assert_eq!(decision(&both, &report), relayed(true));
    assert_eq!(decision(&both, &feedback), relayed(false));
    let only_feedback = Rules {
        rtcp_fw: false,
        ..both
    };
    assert_eq!(decision(&only_feedback, &report), Err(Reason::Rtcp));
    assert_eq!(decision(&only_feedback, &feedback), relayed(false));
    let mixed = [report, feedback].concat();
    assert_eq!(decision(&only_feedback, &mixed), Err(Reason::Rtcp));
    assert_eq!(decision(&both, &mixed), relayed(true));
}

#[test]
fn what_is_not_rtp_is_opaque_or_passed() {
    let only = Rules {
        rtp_only: true,
        ..rules()
    };
    let mut version_1 = rtp(SSRC, b"payload");
    version_1[0] = 0x40;
    let mut cut = rtp(SSRC, b"");
    cut[0] |= 0x0f;
    for datagram in [&[][..], &[0x80], &[0x80; 11], &version_1, &cut] {
        assert_eq!(decision(&rules(), datagram), Ok(Decision::Opaque));
        assert_eq!(decision(&only, datagram), Err(Reason::NotRtp));
    }
    assert!(!Reason::NotRtp.is_error());
}

#[test]
fn rtp_is_described() {
    let mut packet = rtp_with_extension(SSRC, 0xbede, &[0; 4], b"payload");
    packet[1] |= 0x80;
    let rules = Rules {
        payload_types: payload_types(&[(0, None), (8, None)]),
        ssrcs: ssrcs(&[(1, None), (SSRC, None)]),
        rtp_stats: true,
        ..rules()
    };
    let expected = Rtp {
        media: 0,
        pt_index: Some(1),
        ssrc_index: Some(1),
        ssrc: SSRC,
        payload_type: 8,
        sequence: 0x1234,
        timestamp: 0x0102_0304,
        payload_start: 20,
        measure: true,
    };
    assert_eq!(rtp_of(decision(&rules, &packet)), expected);
}

#[test]
fn only_known_ssrcs_are_accepted_where_any_are_given() {
    let packet = rtp(SSRC, b"payload");
    let given = Rules {
        ssrcs: ssrcs(&[(1, None), (2, None)]),
        ..rules()
    };
    assert_eq!(decision(&given, &packet), Err(Reason::Ssrc));
    assert!(Reason::Ssrc.is_error());
    let required = Rules {
        ssrc_req: true,
        ..rules()
    };
    assert_eq!(decision(&required, &packet), Err(Reason::Ssrc));
    assert_eq!(rtp_of(decision(&rules(), &packet)).ssrc_index, None);
    let matching = Rules {
        ssrcs: ssrcs(&[(SSRC, None)]),
        ..required
    };
    assert_eq!(rtp_of(decision(&matching, &packet)).ssrc_index, Some(0));
    // Entries need not be in a row, and 0 is an SSRC.
    let mut list = Ssrcs::default();
    list.0[3] = Some(SsrcEntry {
        ssrc: 0,
        media: None,
    });
    let zero = Rules {
        ssrcs: list,
        ..rules()
    };
    assert_eq!(rtp_of(decision(&zero, &rtp(0, b""))).ssrc_index, Some(3));
    assert_eq!(decision(&zero, &packet), Err(Reason::Ssrc));
}

#[test]
fn unknown_payload_types_are_relayed_or_passed() {
    let packet = rtp(SSRC, b"payload");
    let known = Rules {
        payload_types: payload_types(&[(0, None), (9, None)]),
        ..rules()
    };
    assert_eq!(rtp_of(decision(&known, &packet)).pt_index, None);
    let filter = Rules {
        pt_filter: true,
        ..known
    };
    assert_eq!(decision(&filter, &packet), Err(Reason::PayloadType));
    assert!(!Reason::PayloadType.is_error());
    let matching = Rules {
        payload_types: payload_types(&[(8, None)]),
        ..filter
    };
    assert_eq!(rtp_of(decision(&matching, &packet)).pt_index, Some(0));
    // An unknown SSRC comes first.
    let both = Rules {
        ssrc_req: true,
        ..filter
    };
    assert_eq!(decision(&both, &packet), Err(Reason::Ssrc));
}

#[test]
fn payload_types_are_filtered_after_authentication() {
    let rules = Rules {
        pt_filter: true,
        ..rules()
    };
    let before = decide(&rules, &PEER, &rtp(SSRC, b""), |_| None);
    let Ok(Plan::Rtp(rtp)) = before else {
        panic!("{before:?}");
    };
    assert_eq!(rtp.confirm(&rules), Err(Reason::PayloadType));
}

#[test]
fn only_what_is_known_is_measured() {
    let packet = rtp(SSRC, b"payload");
    let all = Rules {
        payload_types: payload_types(&[(8, None)]),
        ssrcs: ssrcs(&[(SSRC, None)]),
        rtp_stats: true,
        ..rules()
    };
    let measure = |rules: &Rules| rtp_of(decision(rules, &packet)).measure;
    assert!(measure(&all));
    assert!(!measure(&Rules {
        rtp_stats: false,
        ..all
    }));
    assert!(!measure(&Rules {
        payload_types: PayloadTypes::EMPTY,
        ..all
    }));
    assert!(!measure(&Rules {
        ssrcs: Ssrcs::default(),
        ..all
    }));
}

#[test]
fn the_media_is_that_of_mid_then_ssrc_then_payload_type() {
    let mid = |mid: u8| rtp_with_extension(SSRC, 0xbede, &[0x30, mid, 0, 0], b"payload");
    let all = Rules {
        payload_types: payload_types(&[(8, Some(7))]),
        ssrcs: ssrcs(&[(SSRC, Some(6))]),
        mid_extension: 3,
        ..rules()
    };
    let media = |rules: &Rules, packet: &[u8]| rtp_of(decision(rules, packet)).media;
    assert_eq!(media(&all, &mid(b'a')), 4);
    assert_eq!(media(&all, &mid(b'v')), 5);
    assert_eq!(media(&all, &mid(b'x')), 6);
    assert_eq!(media(&all, &rtp(SSRC, b"payload")), 6);
    assert_eq!(
        media(
            &Rules {
                mid_extension: 0,
                ..all
            },
            &mid(b'a')
        ),
        6
    );
    assert_eq!(
        media(
            &Rules {
                mid_extension: 4,
                ..all
            },
            &mid(b'a')
        ),
        6
    );

    let no_ssrc = Rules {
        ssrcs: ssrcs(&[(SSRC, None)]),
        ..all
    };
    assert_eq!(media(&no_ssrc, &mid(b'a')), 4);
    assert_eq!(media(&no_ssrc, &mid(b'x')), 7);
    let nothing = Rules {
        payload_types: payload_types(&[(8, None)]),
        ..no_ssrc
    };
    assert_eq!(media(&nothing, &mid(b'x')), 0);
    assert_eq!(
        media(
            &Rules {
                payload_types: PayloadTypes::EMPTY,
                ..no_ssrc
            },
            &mid(b'x')
        ),
        0
    );
}

#[test]
fn any_id_may_be_that_of_the_mid() {
    for id in 1..15 {
        let packet = rtp_with_extension(SSRC, 0xbede, &[id << 4, b'a', 0, 0], b"payload");
        let rules = Rules {
            mid_extension: id,
            ..rules()
        };
        assert_eq!(rtp_of(decision(&rules, &packet)).media, 4, "{id}");
    }
}

#[test]
fn an_empty_mid_is_none() {
    let packet = rtp_with_extension(SSRC, 0x1000, &[3, 0, 0, 0], b"payload");
    let rules = Rules {
        mid_extension: 3,
        ..rules()
    };
    let decision = decision_with(&rules, &packet, |_| Some(7));
    assert_eq!(rtp_of(decision).media, 0);
}

#[test]
fn payload_types_are_kept_sorted() {
    let mut list = PayloadTypes::EMPTY;
    assert!(list.push(3, Some(1)));
    assert!(!list.push(3, None));
    assert!(!list.push(2, None));
    assert!(list.push(127, None));
    assert_eq!(list.numbers(), [3, 127]);
    assert_eq!(list.index_of(127), Some(1));
    assert_eq!(list.index_of(0), None);
    assert_eq!(list.media(0), Some(1));
    assert_eq!(list.media(1), None);
    assert_eq!(list.media(2), None);
    let mut list = PayloadTypes::EMPTY;
    assert!((0..32).all(|number| list.push(number, None)));
    assert!(!list.push(99, None));
    assert_eq!(list.numbers().len(), 32);
}

fn any_rules() -> impl Strategy<Value = Rules> {
    (
        any::<[bool; 12]>(),
        0u8..16,
        0..12,
        proptest::collection::btree_set(0u8..128, 0..32),
        any::<[Option<u32>; 4]>(),
    )
        .prop_map(|(flags, mid_extension, source, numbers, ssrcs)| {
            let [stun, dtls, rtp, rtp_only, rtcp_fw, rtcp_fb_fw, non_forwarding, blackhole, intercept, pt_filter, ssrc_req, rtp_stats] =
                flags;
            let mut payload_types = PayloadTypes::EMPTY;
            for number in numbers {
                payload_types.push(number, Some(number % 8));
            }
            Rules {
                stun,
                dtls,
                rtp,
                rtcp: match source / 3 {
                    0 => RtcpKind::Nothing,
                    1 => RtcpKind::Everything,
                    _ => RtcpKind::SecondByte,
                },
                unserved: source / 3 == 2,
                rtp_only,
                rtcp_fw,
                rtcp_fb_fw,
                non_forwarding,
                blackhole,
                intercept,
                pt_filter,
                ssrc_req,
                rtp_stats,
                mid_extension,
                source: match source % 3 {
                    0 => SourceRule::Any,
                    1 => SourceRule::DropOthers(PEER),
                    _ => SourceRule::PassOthers(OTHER),
                },
                payload_types,
                ssrcs: Ssrcs(ssrcs.map(|ssrc| ssrc.map(|ssrc| SsrcEntry { ssrc, media: None }))),
            }
        })
}

fn any_datagram() -> impl Strategy<Value = Vec<u8>> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    (bytes, 0..4u8).prop_map(|(mut bytes, shape)| {
        match (shape, bytes.as_mut_slice()) {
            (1, [first, ..]) => *first = 0x80 | (*first & 0x3f),
            (2, [first, second, ..]) => {
                *first = 0x80 | (*first & 0x1f);
                *second = 194 + *second % 30;
            }
            (3, [first, _, _, _, _, _, _, _, _, _, _, _, profile @ ..]) => {
                *first = 0x90;
                if let [a, b, c, d, ..] = profile {
                    (*a, *b, *c, *d) = (0xbe, 0xde, 0, *d % 64);
                }
            }
            _ => {}
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_bytes_at_all(rules in any_rules(), datagram in any_datagram()) {
        let media_of_mid = |mid: &[u8]| mid.first().map(|byte| byte % 8);
        match decision_with(&rules, &datagram, media_of_mid) {
            Ok(decision) => {
                match decision {
                    Decision::Rtp(rtp) => {
                        prop_assert!(rtp.media < 8);
                        prop_assert!(rtp.payload_start >= 12);
                        prop_assert!(rtp.payload_start <= datagram.len());
                        prop_assert!(rtp.ssrc_index.is_none_or(|index| index < 4));
                        let known = rules.payload_types.numbers().len();
                        prop_assert!(rtp.pt_index.is_none_or(|index| usize::from(index) < known));
                    }
                    Decision::Rtcp(_, clear) => prop_assert!(clear.media < 8),
                    Decision::Opaque => (),
                }
                prop_assert!(!rules.non_forwarding || rules.intercept);
            }
            Err(reason) => {
                prop_assert_eq!(reason == Reason::Blackhole, reason.is_counted());
                prop_assert!(reason != Reason::Blackhole || rules.blackhole);
            }
        }
    }
}

/// Feedback of one type: from an SSRC, about a media source.
fn feedback(packet_type: u8, sender: u32, source: u32) -> Vec<u8> {
    let mut packet = vec![0x81, packet_type, 0, 2];
    packet.extend_from_slice(&sender.to_be_bytes());
    packet.extend_from_slice(&source.to_be_bytes());
    packet
}

/// What no output takes is userspace's, unmarked: nobody has relayed it.
#[test]
fn field_21_rtcp_without_an_output_is_passed() {
    for (rtcp_fw, rtcp_fb_fw) in [(false, true), (true, false), (true, true)] {
        let rules = Rules {
            rtcp_fw,
            rtcp_fb_fw,
            ..rules()
        };
        let packet = feedback(206, 7, SSRC);
        let plan = decide(&rules, &PEER, &packet, |_| None);
        let Ok(Plan::Rtcp(rtcp)) = plan else {
            panic!("{plan:?}");
        };
        let confirmed = rtcp.confirm(&rules, &packet, |media| media != 0);
        assert_eq!(confirmed, Err(Reason::NoOutput));
        assert!(rtcp.confirm(&rules, &packet, |media| media == 0).is_ok());
    }
    assert_eq!(Reason::NoOutput.fate(), Fate::Pass);
    assert!(!Reason::NoOutput.is_error() && !Reason::NoOutput.is_counted());
    // What would not be relayed anyway is that.
    let rules = rules();
    let rtcp = Rtcp {
        ssrc_index: None,
        ssrc: 7,
    };
    let confirmed = rtcp.confirm(&rules, &feedback(206, 7, SSRC), |_| false);
    assert_eq!(confirmed, Err(Reason::Rtcp));
}

/// Of several media on one port, RTCP goes to the outputs of the one it belongs to.
#[test]
fn field_22_rtcp_goes_to_the_media_of_its_sender_or_source() {
    let (audio, video, stranger, unsorted) = (0xa0d1, 0x71de, 0x5417, 0x0b0b);
    let rules = Rules {
        rtcp_fb_fw: true,
        rtcp_fw: true,
        ssrcs: ssrcs(&[(audio, Some(0)), (video, Some(1)), (unsorted, None)]),
        ..rules()
    };
    let both = [
        feedback(205, stranger, stranger),
        feedback(206, stranger, video),
    ]
    .concat();
    let mut report = rtcp(200, 6);
    report[4..8].copy_from_slice(&u32::to_be_bytes(video));
    let mut cut = feedback(206, stranger, video);
    cut.truncate(8);
    cut[3] = 1;
    for (packet, media) in [
        (feedback(206, video, stranger), 1),
        (feedback(206, audio, video), 0),
        (feedback(206, stranger, video), 1),
        (feedback(205, stranger, video), 1),
        (feedback(205, stranger, audio), 0),
        (feedback(205, unsorted, video), 1),
        (feedback(206, stranger, unsorted), 0),
        (feedback(206, stranger, stranger), 0),
        (both, 1),
        (cut, 0),
        (report, 1),
        (rtcp(200, 6), 0),
        // A report tells no media source in that place.
        ([rtcp(201, 1), rtcp(200, 6)].concat(), 0),
    ] {
        match decision(&rules, &packet) {
            Ok(Decision::Rtcp(_, clear)) => assert_eq!(clear.media, media, "{packet:x?}"),
            other => panic!("{other:?}"),
        }
    }
}

/// What becomes of each reason is in one place.
#[test]
fn reasons_pass_or_drop_and_count() {
    for (reason, fate, is_error, is_counted) in [
        (Reason::Unsound, Fate::Pass, false, false),
        (Reason::Stun, Fate::Pass, false, false),
        (Reason::ForeignDropped, Fate::Drop, true, false),
        (Reason::ForeignPassed, Fate::Pass, false, false),
        (Reason::Dtls, Fate::Pass, false, false),
        (Reason::NonForwarding, Fate::Pass, false, false),
        (Reason::Blackhole, Fate::Drop, false, true),
        (Reason::NotRtp, Fate::Pass, false, false),
        (Reason::Ssrc, Fate::Pass, true, false),
        (Reason::Rtcp, Fate::Pass, false, false),
        (Reason::NoMemory, Fate::Pass, true, false),
        (Reason::NotAuthentic, Fate::Pass, true, false),
        (Reason::Replayed, Fate::Drop, true, false),
        (Reason::TooOld, Fate::Pass, true, false),
        (Reason::PayloadType, Fate::Pass, false, false),
        (Reason::NoOutput, Fate::Pass, false, false),
    ] {
        let told = (reason.fate(), reason.is_error(), reason.is_counted());
        assert_eq!(told, (fate, is_error, is_counted), "{reason}");
    }
}

#[test]
fn what_is_rtcp_is_told_by_the_second_byte_or_by_nothing() {
    let report = rtcp(200, 6);
    let of = |rule| Rules {
        rtcp: rule,
        rtcp_fw: true,
        ..rules()
    };
    let is_rtcp = |rule, packet: &[u8]| match decision(&of(rule), packet) {
        Ok(Decision::Rtcp(..)) => true,
        Ok(Decision::Rtp(_)) => false,
        other => panic!("{other:?}"),
    };
    let packet = rtp(SSRC, b"payload");
    assert!(is_rtcp(RtcpKind::SecondByte, &report));
    assert!(!is_rtcp(RtcpKind::SecondByte, &packet));
    assert!(is_rtcp(RtcpKind::Everything, &report));
    assert!(is_rtcp(RtcpKind::Everything, &packet));
    assert!(!is_rtcp(RtcpKind::Nothing, &report));
    assert!(!is_rtcp(RtcpKind::Nothing, &packet));
    // Too short for RTCP: userspace's.
    let short = decision(&of(RtcpKind::Everything), &packet[..7]);
    assert_eq!(short, Err(Reason::Rtcp));
}

#[test]
fn what_no_output_is_for_is_passed_as_the_last_thing() {
    let unserved = Rules {
        unserved: true,
        rtcp_fw: true,
        ..rules()
    };
    let packet = rtp(SSRC, b"payload");
    assert_eq!(decision(&unserved, &packet), Err(Reason::NoOutput));
    assert_eq!(decision(&unserved, b"neither"), Err(Reason::NoOutput));
    let opaque = Rules {
        rtp: false,
        ..unserved
    };
    assert_eq!(decision(&opaque, &packet), Err(Reason::NoOutput));
    assert!(!Reason::NoOutput.is_error() && !Reason::NoOutput.is_counted());
    assert_eq!(Reason::NoOutput.fate(), Fate::Pass);
    // RTCP has outputs of its own, and errors come first.
    let report = decision(&unserved, &rtcp(200, 6));
    assert!(matches!(report, Ok(Decision::Rtcp(..))));
    let foreign = Rules {
        ssrcs: ssrcs(&[(SSRC + 1, None)]),
        ..unserved
    };
    assert_eq!(decision(&foreign, &packet), Err(Reason::Ssrc));
}
