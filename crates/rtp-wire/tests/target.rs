// SPDX-License-Identifier: GPL-2.0-only

//! ADD_TARGET: every field arrives, and every check refuses.

use crate::common;
use crate::common::{add_target, decode_target};
use rtp_wire::errno::{EFAULT, EINVAL};
use rtp_wire::v26_0::encode;
use rtp_wire::v26_0::layout::{target_flag, CommandAddTarget, TargetInfo};
use rtp_wire::{
    check_payload_types, Cipher, Endpoint, ExpectedSource, Hmac, PointerName, UserPointer,
};

type Change = fn(&mut TargetInfo);

fn errno(change: Change) -> i32 {
    let mut message = add_target();
    change(&mut message.target);
    decode_target(&message).expect_err("accepted").errno()
}

fn accept(change: Change) -> rtp_wire::Target {
    let mut message = add_target();
    change(&mut message.target);
    decode_target(&message).expect("refused")
}

#[test]
fn every_field_arrives() {
    let target = decode_target(&add_target()).unwrap();
    let sent = common::target();
    assert_eq!(target.local, sent.local);
    assert_eq!(target.expected_source, sent.expected_source);
    assert_eq!(target.num_outputs, 3);
    assert_eq!(target.groups, sent.groups);
    assert_eq!(target.groups[0].rtp(), 0..2);
    assert_eq!(target.groups[0].rtcp(), 2..3);
    assert_eq!(target.payload_types(), sent.payload_types());
    assert_eq!(target.payload_types()[0].media.get(), Some(7));
    assert_eq!(target.payload_types()[1].media.get(), None);
    assert_eq!(target.ssrcs, sent.ssrcs);
    assert_eq!(target.mid_extension, 5);
    assert_eq!(target.mids[3].as_bytes(), b"audio");
    assert_eq!(target.mids[0].as_bytes(), b"");
    assert_eq!(target.interface_stats, UserPointer(0x3000));
    assert_eq!(target.stats, UserPointer(0x4000));
    assert_eq!(target.intercept_stream, 77);
    assert_eq!(target.flags, sent.flags);
    assert_eq!(target.decrypt.cipher, Cipher::AesCm128);
    assert_eq!(target.decrypt.hmac, Hmac::HmacSha1);
    assert_eq!(target.decrypt.master_key(), b"0123456789abcdef");
    assert_eq!(target.decrypt.master_salt(), b"saltsaltsaltsa");
    assert_eq!(target.decrypt.rtp_auth_tag_len, 4);
    assert_eq!(target.decrypt.rtcp_auth_tag_len, 10);
    assert_eq!(target.decrypt.mki(), b"mk");
}

#[test]
fn ssrcs_are_in_network_order() {
    assert_eq!(add_target().target.ssrc[0], [1, 2, 3, 4]);
}

#[test]
fn pointers_are_listed() {
    let target = decode_target(&add_target()).unwrap();
    let pointers: Vec<_> = target.pointers().collect();
    assert_eq!(
        pointers,
        [
            (PointerName::TargetInterface, UserPointer(0x3000)),
            (PointerName::Target, UserPointer(0x4000)),
            (PointerName::PayloadType(0), UserPointer(0x1000)),
            (PointerName::PayloadType(1), UserPointer(0x1028)),
            (PointerName::TargetSsrc(0), UserPointer(0x2000)),
        ]
    );
    let sizes: Vec<_> = pointers
        .iter()
        .map(|(name, _)| name.kind().size())
        .collect();
    assert_eq!(sizes, [208, 40, 40, 40, 64]);
    assert!(pointers.iter().all(|(name, _)| name.kind().align() == 8));
}

#[test]
fn each_flag_has_its_bit() {
    let mut seen = Vec::new();
    for bit in 0..15 {
        let mut message = add_target();
        message.target.flags.set(1 << bit);
        if bit == 12 {
            message.target.num_destinations.set(0);
            message.target.media_output_idxs[0].rtp_end_idx.set(0);
            message.target.media_output_idxs[0].rtcp_start_idx.set(0);
            message.target.media_output_idxs[0].rtcp_end_idx.set(0);
        }
        let flags = format!("{:?}", decode_target(&message).unwrap().flags);
        assert_eq!(flags.matches("true").count(), 1, "bit {bit}");
        let name = flags
            .split(": true")
            .next()
            .unwrap()
            .rsplit(' ')
            .next()
            .unwrap();
        seen.push(name.to_owned());
    }
    assert_eq!(
        seen,
        [
            "extmap",
            "dtls",
            "stun",
            "rtp",
            "ssrc_req",
            "rtp_only",
            "track_ssrc",
            "rtcp",
            "rtcp_fw",
            "rtcp_fb_fw",
            "do_intercept",
            "pt_filter",
            "non_forwarding",
            "blackhole",
            "rtp_stats"
        ]
    );
}

#[test]
fn the_local_address_must_be_specified() {
    assert_eq!(errno(|t| t.local.family.set(0)), EINVAL);
    assert_eq!(errno(|t| t.local.family.set(1)), EINVAL);
    assert_eq!(errno(|t| t.local.family.set(i32::MIN)), EINVAL);
    assert_eq!(errno(|t| t.local.addr = [0; 16]), EINVAL);
    assert_eq!(errno(|t| t.local.port.set(0)), EINVAL);
    assert_eq!(
        errno(|t| {
            t.local.family.set(10);
            t.local.addr = [0; 16];
        }),
        EINVAL
    );
    // Of an IPv4 address only four bytes count.
    assert_eq!(errno(|t| t.local.addr[..4].fill(0)), EINVAL);
    let target = accept(|t| {
        t.local.family.set(10);
        t.local.addr = [9; 16];
    });
    assert_eq!(target.local, Endpoint::v6([9; 16], 30_000));
}

#[test]
fn the_expected_source_counts_when_it_is_asked_for() {
    assert_eq!(errno(|t| t.src_mismatch.set(3)), EINVAL);
    assert_eq!(errno(|t| t.src_mismatch.set(u32::MAX)), EINVAL);
    assert_eq!(errno(|t| t.expected_src.family.set(0)), EINVAL);
    let target = accept(|t| {
        t.src_mismatch.set(0);
        t.expected_src.family.set(99);
    });
    assert_eq!(target.expected_source, ExpectedSource::Any);
    assert_eq!(target.expected_source.endpoint(), None);
}

#[test]
fn the_mismatch_action_survives_a_round_trip() {
    let source = Endpoint::v4([198, 51, 100, 7], 4000);
    for (wire, expected) in [
        (0, ExpectedSource::Ignore(source)),
        (1, ExpectedSource::Drop(source)),
        (2, ExpectedSource::Pass(source)),
    ] {
        let mut message = add_target();
        message.target.src_mismatch.set(wire);
        let target = decode_target(&message).unwrap();
        assert_eq!(target.expected_source, expected);
        assert_eq!(target.expected_source.endpoint(), Some(&source));
        assert_eq!(encode::add_target(&target).target.src_mismatch.get(), wire);
    }
}

#[test]
fn outputs_are_counted() {
    assert_eq!(errno(|t| t.num_destinations.set(33)), EINVAL);
    assert_eq!(errno(|t| t.num_destinations.set(256)), EINVAL);
    assert_eq!(errno(|t| t.num_destinations.set(u32::MAX)), EINVAL);
    assert_eq!(errno(|t| t.num_destinations.set(0)), EINVAL);
    assert_eq!(accept(|t| t.num_destinations.set(32)).num_outputs, 32);
}

#[test]
fn without_forwarding_there_are_no_outputs() {
    fn unset(t: &mut TargetInfo) {
        t.flags.set(target_flag::NON_FORWARDING);
        t.num_destinations.set(0);
        for group in &mut t.media_output_idxs {
            group.rtp_start_idx.set(0);
            group.rtp_end_idx.set(0);
            group.rtcp_start_idx.set(0);
            group.rtcp_end_idx.set(0);
        }
    }
    assert_eq!(accept(unset).num_outputs, 0);
    assert_eq!(
        errno(|t| {
            unset(t);
            t.num_destinations.set(1);
        }),
        EINVAL
    );
    assert_eq!(
        errno(|t| {
            unset(t);
            t.media_output_idxs[7].rtp_start_idx.set(1);
        }),
        EINVAL
    );
}

#[test]
fn groups_are_ranges_of_outputs() {
    for media in 0..8 {
        for rtcp in [false, true] {
            let set = |start: u32, end: u32| {
                let mut message = add_target();
                let group = &mut message.target.media_output_idxs[media];
                if rtcp {
                    group.rtcp_start_idx.set(start);
                    group.rtcp_end_idx.set(end);
                } else {
                    group.rtp_start_idx.set(start);
                    group.rtp_end_idx.set(end);
                }
                decode_target(&message)
                    .map(|_| ())
                    .map_err(|refusal| refusal.errno())
            };
            for (start, end) in [(0, 0), (0, 1), (0, 3), (2, 3), (1, 1), (2, 2)] {
                assert_eq!(set(start, end), Ok(()), "{start}..{end}");
            }
            for (start, end) in [
                (3, 3),
                (0, 4),
                (2, 1),
                (1, 0),
                (256, 256),
                (0, 257),
                (u32::MAX, u32::MAX),
                (u32::MAX, 0),
            ] {
                assert_eq!(set(start, end), Err(EINVAL), "{start}..{end}");
            }
        }
    }
}

#[test]
fn payload_types_are_counted() {
    assert_eq!(errno(|t| t.num_payload_types.set(33)), EINVAL);
    assert_eq!(errno(|t| t.num_payload_types.set(256)), EINVAL);
    assert_eq!(errno(|t| t.num_payload_types.set(u32::MAX)), EINVAL);
    let target = accept(|t| {
        t.num_payload_types.set(32);
        for (i, stats) in t.pt_stats.iter_mut().enumerate() {
            stats.set(0x1000 + 40 * i as u64);
        }
    });
    assert_eq!(target.payload_types().len(), 32);
    assert!(accept(|t| t.num_payload_types.set(0))
        .payload_types()
        .is_empty());
}

#[test]
fn defect_04_media_of_payload_types_are_checked() {
    for media in [8, 9, 255, 256, 0x1_0000, u32::MAX - 1] {
        for index in 0..2 {
            let mut message = add_target();
            message.target.pt_media_idx[index].set(media);
            let refusal = decode_target(&message).expect_err("accepted");
            assert_eq!(refusal.errno(), EINVAL);
        }
    }
    // Those that are not announced do not count.
    accept(|t| t.pt_media_idx[2].set(99));
}

#[test]
fn defect_04_media_of_ssrcs_are_checked() {
    for media in [8, 255, 256, u32::MAX - 1] {
        let mut message = add_target();
        message.target.ssrc_media_idx[0].set(media);
        let refusal = decode_target(&message).expect_err("accepted");
        assert_eq!(refusal.errno(), EINVAL);
    }
    // Whether or not there is an SSRC at that index.
    assert_eq!(errno(|t| t.ssrc_media_idx[3].set(8)), EINVAL);
    // There are four SSRCs, whatever room the structure has.
    accept(|t| t.ssrc_media_idx[4].set(99));
    accept(|t| t.ssrc_media_idx[31].set(99));
    let target = accept(|t| t.ssrc_media_idx[0].set(7));
    assert_eq!(target.ssrcs[0].media.get(), Some(7));
}

#[test]
fn ssrcs_are_given_by_number() {
    assert_eq!(errno(|t| t.ssrc_stats[0].set(0)), EFAULT);
    assert_eq!(errno(|t| t.ssrc[3] = [0, 0, 0, 1]), EFAULT);
    // Counters may be prepared for one that is not known yet; they have to be right all the same.
    let target = accept(|t| t.ssrc_stats[2].set(0x2040));
    assert!(!target.ssrcs[2].given);
    assert_eq!(target.ssrcs[2].stats, UserPointer(0x2040));
    assert_eq!(errno(|t| t.ssrc_stats[2].set(0x2041)), EFAULT);
}

#[test]
fn pointers_must_be_there_and_aligned() {
    let set: [fn(&mut TargetInfo, u64); 5] = [
        |t, to| t.stats.set(to),
        |t, to| t.iface_stats.set(to),
        |t, to| t.pt_stats[0].set(to),
        |t, to| t.pt_stats[1].set(to),
        |t, to| t.ssrc_stats[0].set(to),
    ];
    for set in set {
        for pointer in [0, 0x1001, 0x1004, u64::MAX] {
            let mut message: CommandAddTarget = add_target();
            set(&mut message.target, pointer);
            let refusal = decode_target(&message).expect_err("accepted");
            assert_eq!(refusal.errno(), EFAULT, "{pointer:#x}");
        }
    }
    // What is not announced is not looked at.
    accept(|t| t.pt_stats[2].set(1));
}

#[test]
fn mids_are_bounded() {
    for media in 0..8 {
        for length in [256, 0x1_0000_0000, u64::MAX] {
            let mut message = add_target();
            message.target.mid_output[media].len.set(length);
            let refusal = decode_target(&message).expect_err("accepted");
            assert_eq!(refusal.errno(), EINVAL);
        }
        let mut message = add_target();
        message.target.mid_output[media].len.set(255);
        message.target.mid_output[media].mid = [b'x'; 255];
        let target = decode_target(&message).unwrap();
        assert_eq!(target.mids[media].as_bytes(), [b'x'; 255]);
    }
}

#[test]
fn defect_05_a_reused_target_keeps_nothing() {
    let mut target = common::target();
    let message = {
        let mut message = add_target();
        message.target.num_payload_types.set(0);
        message.target.ssrc_stats[0].set(0);
        message.target.ssrc[0] = [0; 4];
        message.target.mid_output[3].len.set(0);
        message.target.decrypt.mki_len.set(0);
        message
    };
    let bytes = zerocopy::IntoBytes::as_bytes(&message);
    match common::parse(bytes) {
        Ok(rtp_wire::Request::AddTarget(encoded)) => encoded.decode(&mut target).unwrap(),
        _ => panic!("refused"),
    }
    assert_eq!(target.payload_types[0].stats, UserPointer::NONE);
    assert!(!target.ssrcs[0].given);
    assert_eq!(target.mids[3].as_bytes(), b"");
    assert_eq!(target.decrypt.mki, [0; 255]);
}

#[test]
fn numbers_of_payload_types_are_sorted() {
    assert_eq!(check_payload_types(&[]), Ok(()));
    assert_eq!(check_payload_types(&[127]), Ok(()));
    assert_eq!(check_payload_types(&[0, 8, 101]), Ok(()));
    for wrong in [
        &[128][..],
        &[u32::MAX],
        &[8, 8],
        &[8, 0],
        &[0, 8, 7],
        &[0, 8, 300],
    ] {
        let refusal = check_payload_types(wrong).unwrap_err();
        assert_eq!(refusal.errno(), EINVAL, "{wrong:?}");
    }
}
