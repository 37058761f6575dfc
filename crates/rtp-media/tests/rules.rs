// SPDX-License-Identifier: GPL-2.0-only

//! What commands ask for, in the form that packets are judged and protected by.

use rtp_media::rules::{Rules, SourceRule};
use rtp_media::srtp::{Cipher, Policy};
use rtp_wire::{
    Endpoint, ExpectedSource, Hmac, MediaIndex, PayloadType, RtcpKind, Srtp, Target, TargetSsrc,
    UserPointer,
};
use zerocopy::FromZeros as _;

fn target() -> Target {
    Target::new_zeroed()
}

/// Each flag is one of its own.
#[test]
fn flags() {
    type Flag = (fn(&mut Target) -> &mut bool, fn(&Rules) -> bool);
    let flags: [Flag; 12] = [
        (|it| &mut it.flags.stun, |it| it.stun),
        (|it| &mut it.flags.dtls, |it| it.dtls),
        (|it| &mut it.flags.rtp, |it| it.rtp),
        (|it| &mut it.flags.rtp_only, |it| it.rtp_only),
        (|it| &mut it.flags.rtcp_fw, |it| it.rtcp_fw),
        (|it| &mut it.flags.rtcp_fb_fw, |it| it.rtcp_fb_fw),
        (|it| &mut it.flags.non_forwarding, |it| it.non_forwarding),
        (|it| &mut it.flags.blackhole, |it| it.blackhole),
        (|it| &mut it.flags.do_intercept, |it| it.intercept),
        (|it| &mut it.flags.pt_filter, |it| it.pt_filter),
        (|it| &mut it.flags.ssrc_req, |it| it.ssrc_req),
        (|it| &mut it.flags.rtp_stats, |it| it.rtp_stats),
    ];
    for (n, (set, _)) in flags.iter().enumerate() {
        let mut target = target();
        *set(&mut target) = true;
        let rules = Rules::of(&target, []).unwrap();
        for (m, (_, get)) in flags.iter().enumerate() {
            assert_eq!(get(&rules), n == m, "flag {n}, rule {m}");
        }
    }
}

/// The MID counts only where the target reads header extensions.
#[test]
fn mid_extension() {
    let mut target = target();
    target.mid_extension = 5;
    assert_eq!(Rules::of(&target, []).unwrap().mid_extension, 0);
    target.flags.extmap = true;
    assert_eq!(Rules::of(&target, []).unwrap().mid_extension, 5);
}

#[test]
fn sources() {
    let source = Endpoint::v4([192, 0, 2, 1], 4000);
    for (expected, rule) in [
        (ExpectedSource::Any, SourceRule::Any),
        (ExpectedSource::Ignore(source), SourceRule::Any),
        (ExpectedSource::Drop(source), SourceRule::DropOthers(source)),
        (ExpectedSource::Pass(source), SourceRule::PassOthers(source)),
    ] {
        let mut target = target();
        target.expected_source = expected;
        assert_eq!(Rules::of(&target, []).unwrap().source, rule);
    }
}

/// SSRCs that were not given are none, whatever their number is; payload types have the numbers of shared memory.
#[test]
fn ssrcs_and_payload_types() {
    let mut target = target();
    let stats = UserPointer(64);
    for (n, given, media) in [(0, true, 3), (1, false, 1), (2, true, 0)] {
        target.ssrcs[n] = TargetSsrc {
            stats,
            ssrc: 100 + n as u32,
            given,
            media: MediaIndex::new(media).unwrap(),
        };
    }
    target.num_payload_types = 2;
    for (n, media) in [(0, MediaIndex::NONE), (1, MediaIndex::new(7).unwrap())] {
        target.payload_types[n] = PayloadType { stats, media };
    }
    let rules = Rules::of(&target, [8, 96]).unwrap();
    assert_eq!(rules.ssrcs.find(100), Some((0, Some(3))));
    assert_eq!(rules.ssrcs.find(101), None);
    assert_eq!(rules.ssrcs.find(102), Some((2, Some(0))));
    assert_eq!(rules.payload_types.numbers(), [8, 96]);
    let media = [0, 1].map(|index| rules.payload_types.media(index));
    assert_eq!(media, [None, Some(7)]);
    // A search needs them in order.
    assert!(Rules::of(&target, [96, 8]).is_none());
    assert!(Rules::of(&target, [8, 8]).is_none());
}

#[test]
fn policy() {
    use rtp_wire::Cipher as Wire;
    let mut srtp: Srtp = Srtp::new_zeroed();
    srtp.master_key[..16].copy_from_slice(b"0123456789abcdef");
    srtp.master_key_len = 16;
    srtp.master_salt[..12].copy_from_slice(b"saltsaltsalt");
    srtp.master_salt_len = 12;
    (srtp.rtp_auth_tag_len, srtp.rtcp_auth_tag_len) = (4, 10);
    srtp.mki_len = 3;
    for (wire, cipher) in [
        (Wire::Null, Cipher::Null),
        (Wire::AesCm128, Cipher::AesCm),
        (Wire::AesCm192, Cipher::AesCm),
        (Wire::AesCm256, Cipher::AesCm),
        (Wire::AesF8, Cipher::AesF8),
        (Wire::AeadAesGcm128, Cipher::AeadAesGcm),
        (Wire::AeadAesGcm256, Cipher::AeadAesGcm),
    ] {
        srtp.cipher = wire;
        assert_eq!(Policy::of(&srtp).cipher, cipher);
    }
    assert!(!Policy::of(&srtp).hmac);
    srtp.hmac = Hmac::HmacSha1;
    let policy = Policy::of(&srtp);
    assert!(policy.hmac);
    assert_eq!(policy.master_key, b"0123456789abcdef");
    assert_eq!(policy.master_salt, b"saltsaltsalt");
    let lengths = (policy.rtp_tag_len, policy.rtcp_tag_len, policy.mki_len);
    assert_eq!(lengths, (4, 10, 3));
}

/// What is RTCP is the target's to say, and RTP is unserved only where it is to be passed and no media has an output for it.
#[test]
fn what_generations_differ_in() {
    let mut target = target();
    assert_eq!(Rules::of(&target, []).unwrap().rtcp, RtcpKind::SecondByte);
    for kind in [RtcpKind::Nothing, RtcpKind::Everything] {
        target.rtcp_kind = kind;
        assert_eq!(Rules::of(&target, []).unwrap().rtcp, kind);
    }
    assert!(!Rules::of(&target, []).unwrap().unserved);
    target.passes_unserved = true;
    assert!(Rules::of(&target, []).unwrap().unserved);
    target.groups[7].rtp_end = 1;
    assert!(!Rules::of(&target, []).unwrap().unserved);
}
