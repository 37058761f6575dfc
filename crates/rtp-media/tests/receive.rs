// SPDX-License-Identifier: GPL-2.0-only

//! What becomes of a datagram: the order of the rules.

use crate::common::{rtcp, rtp, rtp_with_extension, stun};
use proptest::prelude::*;
use rtp_media::receive::{
    classify, filter, judge, DropReason, Kind, PassReason, Relay, RtcpIn, RtpIn, Rules, SourceRule,
    Verdict,
};
use rtp_media::select::{PayloadTypes, SsrcEntry, Ssrcs};
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

fn verdict(rules: &Rules, datagram: &[u8]) -> Verdict {
    judge(rules, &PEER, datagram, |mid| match mid {
        b"a" => Some(4),
        b"v" => Some(5),
        _ => None,
    })
}

fn opaque() -> Verdict {
    Verdict::Relay(Relay {
        media: 0,
        kind: Kind::Opaque,
    })
}

fn rtp_of(verdict: Verdict) -> (u8, RtpIn) {
    match verdict {
        Verdict::Relay(Relay {
            media,
            kind: Kind::Rtp(rtp),
        }) => (media, rtp),
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
    assert_eq!(verdict(&rules, &stun()), Verdict::Pass(PassReason::Stun));
    assert_eq!(
        verdict(
            &Rules {
                stun: false,
                ..rules
            },
            &stun()
        ),
        opaque()
    );
}

#[test]
fn stun_comes_before_the_source() {
    let rules = Rules {
        stun: true,
        source: SourceRule::DropOthers(OTHER),
        ..rules()
    };
    assert_eq!(verdict(&rules, &stun()), Verdict::Pass(PassReason::Stun));
}

#[test]
fn other_sources_are_dropped_or_passed() {
    let packet = rtp(SSRC, b"payload");
    let drop = Rules {
        source: SourceRule::DropOthers(OTHER),
        ..rules()
    };
    assert_eq!(verdict(&drop, &packet), Verdict::Drop(DropReason::Source));
    assert!(DropReason::Source.is_error());
    assert!(!DropReason::Source.is_counted());
    let pass = Rules {
        source: SourceRule::PassOthers(OTHER),
        ..rules()
    };
    assert_eq!(verdict(&pass, &packet), Verdict::Pass(PassReason::Source));
    assert!(!PassReason::Source.is_error());
    for source in [
        SourceRule::Any,
        SourceRule::DropOthers(PEER),
        SourceRule::PassOthers(PEER),
    ] {
        rtp_of(verdict(&Rules { source, ..rules() }, &packet));
    }
    let v6 = Endpoint::v6(*PEER.addr(), PEER.port());
    let rules = Rules {
        source: SourceRule::DropOthers(v6),
        ..rules()
    };
    assert_eq!(verdict(&rules, &packet), Verdict::Drop(DropReason::Source));
}

#[test]
fn the_source_comes_before_dtls() {
    let dtls = [22; 50];
    let rules = Rules {
        dtls: true,
        ..rules()
    };
    assert_eq!(verdict(&rules, &dtls), Verdict::Pass(PassReason::Dtls));
    assert_eq!(
        verdict(
            &Rules {
                dtls: false,
                ..rules
            },
            &dtls
        ),
        opaque()
    );
    let rules = Rules {
        source: SourceRule::DropOthers(OTHER),
        ..rules
    };
    assert_eq!(verdict(&rules, &dtls), Verdict::Drop(DropReason::Source));
}

#[test]
fn without_forwarding_packets_are_passed_or_dropped() {
    let packet = rtp(SSRC, b"payload");
    let pass = Rules {
        non_forwarding: true,
        ..rules()
    };
    assert_eq!(
        verdict(&pass, &packet),
        Verdict::Pass(PassReason::NonForwarding)
    );
    assert!(!PassReason::NonForwarding.is_error());
    let drop = Rules {
        blackhole: true,
        ..pass
    };
    assert_eq!(
        verdict(&drop, &packet),
        Verdict::Drop(DropReason::Blackhole)
    );
    assert!(!DropReason::Blackhole.is_error());
    assert!(DropReason::Blackhole.is_counted());
    // DTLS comes first.
    let dtls = Rules { dtls: true, ..drop };
    assert_eq!(verdict(&dtls, &[22; 50]), Verdict::Pass(PassReason::Dtls));
    // What is recorded is handled like the rest.
    rtp_of(verdict(
        &Rules {
            intercept: true,
            ..drop
        },
        &packet,
    ));
    // Blackhole alone means nothing.
    rtp_of(verdict(
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
        assert_eq!(verdict(&rules, datagram), opaque());
    }
}

#[test]
fn rtcp_is_passed_unless_it_is_forwarded() {
    let report = rtcp(200, 6);
    let feedback = rtcp(205, 3);
    let relayed = |and_pass| {
        Verdict::Relay(Relay {
            media: 0,
            kind: Kind::Rtcp(RtcpIn {
                ssrc_index: None,
                ssrc: 0xcccc_cccc,
                and_pass,
            }),
        })
    };
    let none = rules();
    assert_eq!(verdict(&none, &report), Verdict::Pass(PassReason::Rtcp));
    assert_eq!(verdict(&none, &feedback), Verdict::Pass(PassReason::Rtcp));
    assert!(!PassReason::Rtcp.is_error());
    let all = Rules {
        rtcp_fw: true,
        ..none
    };
    assert_eq!(verdict(&all, &report), relayed(true));
    assert_eq!(verdict(&all, &feedback), relayed(true));
    let both = Rules {
        rtcp_fb_fw: true,
        ..all
    };
    assert_eq!(verdict(&both, &report), relayed(true));
    assert_eq!(verdict(&both, &feedback), relayed(false));
    let only_feedback = Rules {
        rtcp_fw: false,
        ..both
    };
    assert_eq!(
        verdict(&only_feedback, &report),
        Verdict::Pass(PassReason::Rtcp)
    );
    assert_eq!(verdict(&only_feedback, &feedback), relayed(false));
    let mixed = [report, feedback].concat();
    assert_eq!(
        verdict(&only_feedback, &mixed),
        Verdict::Pass(PassReason::Rtcp)
    );
    assert_eq!(verdict(&both, &mixed), relayed(true));
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
        assert_eq!(verdict(&rules(), datagram), opaque());
        assert_eq!(verdict(&only, datagram), Verdict::Pass(PassReason::NotRtp));
    }
    assert!(!PassReason::NotRtp.is_error());
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
    let expected = RtpIn {
        pt_index: Some(1),
        ssrc_index: Some(1),
        ssrc: SSRC,
        payload_type: 8,
        sequence: 0x1234,
        timestamp: 0x0102_0304,
        payload_start: 20,
        measure: true,
    };
    assert_eq!(rtp_of(verdict(&rules, &packet)), (0, expected));
}

#[test]
fn only_known_ssrcs_are_accepted_where_any_are_given() {
    let packet = rtp(SSRC, b"payload");
    let given = Rules {
        ssrcs: ssrcs(&[(1, None), (2, None)]),
        ..rules()
    };
    assert_eq!(verdict(&given, &packet), Verdict::Pass(PassReason::Ssrc));
    assert!(PassReason::Ssrc.is_error());
    let required = Rules {
        ssrc_req: true,
        ..rules()
    };
    assert_eq!(verdict(&required, &packet), Verdict::Pass(PassReason::Ssrc));
    assert_eq!(rtp_of(verdict(&rules(), &packet)).1.ssrc_index, None);
    let matching = Rules {
        ssrcs: ssrcs(&[(SSRC, None)]),
        ..required
    };
    assert_eq!(rtp_of(verdict(&matching, &packet)).1.ssrc_index, Some(0));
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
    assert_eq!(rtp_of(verdict(&zero, &rtp(0, b""))).1.ssrc_index, Some(3));
    assert_eq!(verdict(&zero, &packet), Verdict::Pass(PassReason::Ssrc));
}

#[test]
fn unknown_payload_types_are_relayed_or_passed() {
    let packet = rtp(SSRC, b"payload");
    let known = Rules {
        payload_types: payload_types(&[(0, None), (9, None)]),
        ..rules()
    };
    assert_eq!(rtp_of(verdict(&known, &packet)).1.pt_index, None);
    let filter = Rules {
        pt_filter: true,
        ..known
    };
    assert_eq!(
        verdict(&filter, &packet),
        Verdict::Pass(PassReason::PayloadType)
    );
    assert!(!PassReason::PayloadType.is_error());
    let matching = Rules {
        payload_types: payload_types(&[(8, None)]),
        ..filter
    };
    assert_eq!(rtp_of(verdict(&matching, &packet)).1.pt_index, Some(0));
    // An unknown SSRC comes first.
    let both = Rules {
        ssrc_req: true,
        ..filter
    };
    assert_eq!(verdict(&both, &packet), Verdict::Pass(PassReason::Ssrc));
}

#[test]
fn payload_types_are_filtered_after_authentication() {
    let rules = Rules {
        pt_filter: true,
        ..rules()
    };
    let before = classify(&rules, &PEER, &rtp(SSRC, b""), |_| None);
    let Verdict::Relay(relay) = before else {
        panic!("{before:?}");
    };
    assert_eq!(
        filter(&rules, relay, b""),
        Verdict::Pass(PassReason::PayloadType)
    );
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
    let measure = |rules: &Rules| rtp_of(verdict(rules, &packet)).1.measure;
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
    let media = |rules: &Rules, packet: &[u8]| rtp_of(verdict(rules, packet)).0;
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
        assert_eq!(rtp_of(verdict(&rules, &packet)).0, 4, "{id}");
    }
}

#[test]
fn an_empty_mid_is_none() {
    let packet = rtp_with_extension(SSRC, 0x1000, &[3, 0, 0, 0], b"payload");
    let rules = Rules {
        mid_extension: 3,
        ..rules()
    };
    let verdict = judge(&rules, &PEER, &packet, |_| Some(7));
    assert_eq!(rtp_of(verdict).0, 0);
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
        0..3,
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
                source: match source {
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
        let verdict = judge(&rules, &PEER, &datagram, |mid| mid.first().map(|byte| byte % 8));
        match verdict {
            Verdict::Relay(Relay { media, kind }) => {
                prop_assert!(media < 8);
                if let Kind::Rtp(rtp) = kind {
                    prop_assert!(rtp.payload_start >= 12 && rtp.payload_start <= datagram.len());
                    prop_assert!(rtp.ssrc_index.is_none_or(|index| index < 4));
                    let known = rules.payload_types.numbers().len();
                    prop_assert!(rtp.pt_index.is_none_or(|index| usize::from(index) < known));
                } else {
                    prop_assert_eq!(media, 0);
                }
                prop_assert!(!rules.non_forwarding || rules.intercept);
            }
            Verdict::Drop(DropReason::Blackhole) => prop_assert!(rules.blackhole),
            _ => {}
        }
    }
}
