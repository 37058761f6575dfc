// SPDX-License-Identifier: GPL-2.0-only

//! Every generation: its layout against the table of it, its messages against what they mean, and how they are told apart.

use crate::common::any::borne;
use crate::common::table::{field, has, init_of, output_of, size, sizes, target_of, Message};
use crate::common::{decode_output_of, decode_target_of, LOCAL};
use core::fmt::Debug;
use core::mem::{offset_of, size_of};
use proptest::prelude::*;
use rtp_wire::errno::{EINVAL, EMSGSIZE, ENOENT, ERANGE};
use rtp_wire::{
    parse, v12_5, v13_5, v14_0, v26_0, v26_1, v26_3, Cipher, CommandNumber, Direction, Endpoint,
    ExpectedSource, Flow, Generation, Hmac, Init, MediaIndex, OutputGroup, Refusal, Request,
    RtcpKind, TimeUnit, UserPointer,
};
use std::format;

use Generation::{V12_5, V13_5, V14_0, V26_0, V26_1, V26_3};

/// Those whose outputs are one list.
const LISTS: [Generation; 2] = [V12_5, V13_5];
/// Those that have output groups.
const GROUPS: [Generation; 4] = [V14_0, V26_0, V26_1, V26_3];

/// Compares each field of a structure with its row.
macro_rules! check {
    ($generation:ident, $name:literal, $type:ty: $($field:ident)*) => {
        assert_eq!(size_of::<$type>(), size($generation, $name), "{} {}", $generation, $name);
        $(assert_eq!(
            offset_of!($type, $field),
            field($generation, $name, stringify!($field)).0,
            "{} {} {}", $generation, $name, stringify!($field)
        );)*
    };
}

macro_rules! check_lists {
    ($generation:ident, $module:ident) => {
        use $module::layout::{CommandAddTarget, CommandDestination, OutputInfo, TargetInfo};
        check!($generation, "rtpengine_target_info", TargetInfo: local expected_src src_mismatch num_destinations
            num_rtcp_destinations intercept_stream_idx decrypt ssrc ssrc_stats pt_stats num_payload_types iface_stats
            stats);
        check!($generation, "rtpengine_output_info", OutputInfo: src_addr dst_addr encrypt ssrc_out seq_offset
            pt_output iface_stats stats ssrc_stats);
        check!($generation, "rtpengine_command_add_target", CommandAddTarget: cmd target);
        check!($generation, "rtpengine_command_destination", CommandDestination:);
        let cmd = field($generation, "rtpengine_command_destination", "cmd").0;
        assert_eq!(offset_of!(CommandDestination, head.cmd), cmd);
        let flags = field($generation, "rtpengine_target_info", "rtp").0;
        assert_eq!(offset_of!(TargetInfo, flags), flags);
        let tos = field($generation, "rtpengine_output_info", "tos").0;
        assert_eq!(offset_of!(OutputInfo, tos_flags), tos);
        let destination = field($generation, "rtpengine_command_destination", "destination").0;
        let in_it = |name| destination + field($generation, "rtpengine_destination_info", name).0;
        assert_eq!(offset_of!(CommandDestination, head.local), in_it("local"));
        assert_eq!(offset_of!(CommandDestination, head.num), in_it("num"));
        assert_eq!(offset_of!(CommandDestination, output), in_it("output"));
    };
}

macro_rules! check_groups {
    ($generation:ident, $target:ty, $command:ty) => {
        use v26_0::layout::{CommandDestination, DestinationInfo, OutputInfo};
        check!($generation, "rtpengine_target_info", $target: local expected_src src_mismatch num_destinations
            intercept_stream_idx media_output_idxs decrypt ssrc ssrc_stats ssrc_media_idx pt_stats pt_media_idx
            num_payload_types extmap_mid mid_output iface_stats stats);
        check!($generation, "rtpengine_output_info", OutputInfo: src_addr dst_addr media_idx encrypt ssrc_out
            seq_offset pt_output extmap_filter num_extmap_filter extmap_mid extmap_mid_len extmap_mid_str iface_stats
            stats ssrc_stats);
        check!($generation, "rtpengine_destination_info", DestinationInfo: local num output);
        check!($generation, "rtpengine_command_add_target", $command: cmd target);
        check!($generation, "rtpengine_command_destination", CommandDestination: cmd destination);
        let flags = field($generation, "rtpengine_target_info", "rtp").0;
        assert_eq!(offset_of!($target, flags), flags);
        if has($generation, "rtpengine_target_info", "raw_ring_buf") {
            check!($generation, "rtpengine_target_info", $target: raw_ring_buf);
            check!($generation, "rtpengine_ring_buf_group", v26_1::layout::RingBufGroup: start_idx num opaque
                opaque_ref);
        }
        let tos = field($generation, "rtpengine_output_info", "tos").0;
        assert_eq!(offset_of!(OutputInfo, tos_flags), tos);
    };
}

#[test]
fn layouts_are_those_of_the_tables() {
    {
        check_lists!(V12_5, v12_5);
    }
    {
        check_lists!(V13_5, v13_5);
    }
    {
        check_groups!(
            V14_0,
            v26_0::layout::TargetInfo,
            v14_0::layout::CommandAddTarget
        );
    }
    {
        check_groups!(
            V26_0,
            v26_0::layout::TargetInfo,
            v26_0::layout::CommandAddTarget
        );
    }
    {
        check_groups!(
            V26_1,
            v26_1::layout::TargetInfo,
            v26_1::layout::CommandAddTarget
        );
    }
    {
        check_groups!(
            V26_3,
            v26_3::layout::TargetInfo,
            v26_3::layout::CommandAddTarget
        );
    }
    for generation in Generation::ALL {
        use rtp_wire::generations::layout;
        check!(generation, "re_address", layout::Address: family port);
        check!(generation, "rtpengine_srtp", layout::Srtp: cipher hmac master_key master_key_len master_salt
            master_salt_len session_key_len session_salt_len mki rtp_auth_tag_len rtcp_auth_tag_len mki_len);
        check!(generation, "rtpengine_pt_output", layout::PtOutput: min_payload_len replace_pattern);
        check!(generation, "rtpengine_command_del_target", layout::CommandDelTarget: cmd local);
        if has(generation, "rtpengine_command_pin_memory", "cmd") {
            check!(generation, "rtpengine_command_pin_memory", layout::CommandPinMemory: cmd pin_memory);
        }
    }
}

#[test]
fn sizes_are_those_of_the_tables() {
    for generation in Generation::ALL {
        assert_eq!(
            generation.command_sizes(),
            sizes(generation),
            "{generation}"
        );
        for (number, size) in (1u32..).zip(&sizes(generation)[1..]) {
            let command = CommandNumber::from_wire(number).unwrap();
            let size = Some(*size).filter(|size| *size != 0);
            assert_eq!(
                generation.command_size(command),
                size,
                "{generation} {command}"
            );
        }
    }
    // As the daemons were seen to send them.
    let seen = "0 152 752 1288 264 8 272 12 12 28 12 8 32 456 8 8";
    assert_eq!(words(V12_5), seen);
    assert_eq!(words(V13_5), seen);
    assert_eq!(
        words(V14_0),
        "0 160 3240 1584 264 8 272 12 12 28 12 8 32 456 8 8 24"
    );
    assert_eq!(
        words(V26_0),
        "0 160 3240 1584 264 8 272 12 12 28 12 8 32 464 8 8 24"
    );
    assert_eq!(
        words(V26_1),
        "0 168 3264 1584 264 8 272 0 12 28 12 8 32 464 8 8 24 136"
    );
    assert_eq!(
        words(V26_3),
        "0 168 3152 1584 264 8 272 0 12 28 12 8 32 464 8 8 24 136"
    );
}

fn words(generation: Generation) -> String {
    let words: Vec<_> = generation
        .command_sizes()
        .iter()
        .map(usize::to_string)
        .collect();
    words.join(" ")
}

fn negotiate(message: &[u8]) -> Result<Init, i32> {
    match parse(None, Direction::Write, message) {
        Ok(Request::Init(init)) => Ok(init),
        Ok(_) => panic!("another request"),
        Err(refusal) => Err(refusal.errno()),
    }
}

#[test]
fn init_tells_generations_apart() {
    for generation in Generation::ALL {
        let init = negotiate(init_of(generation).as_bytes()).unwrap();
        assert_eq!(init.global, UserPointer(0x1000));
        let (small, large) = match generation {
            V12_5 | V13_5 => (V12_5, V13_5),
            other => (other, other),
        };
        for range in [0, 4096, 65_536, (1 << 20) - 1] {
            assert_eq!(init.generation(range), small);
        }
        for range in [1 << 20, 33_554_432, u64::MAX] {
            assert_eq!(init.generation(range), large);
        }
    }
}

#[test]
fn init_is_compared_to_the_last_entry() {
    for generation in Generation::ALL {
        let sizes = sizes(generation);
        for (number, size) in sizes.iter().enumerate().skip(1) {
            for wrong in [0, *size as u64 + 1, u64::MAX] {
                let mut message = init_of(generation);
                message.set(&format!("init.msg_size[{number}]"), wrong);
                let expected = if *size as u64 == wrong {
                    Ok(UserPointer(0x1000))
                } else {
                    Err(EMSGSIZE)
                };
                let found = negotiate(message.as_bytes()).map(|init| init.global);
                assert_eq!(found, expected, "{generation} {number} {wrong}");
            }
        }
        for last in [0, 15, 19, 0xffff_ffff] {
            let mut message = init_of(generation);
            message.set("init.last_cmd", last);
            assert_eq!(
                negotiate(message.as_bytes()),
                Err(ERANGE),
                "{generation} {last}"
            );
        }
        // As many commands as another generation, but not its length.
        for (last, length) in [(16, 152), (17, 160), (18, 168)] {
            let mut message = init_of(generation);
            message.set("init.last_cmd", last);
            let own = message.as_bytes().len();
            let expected = match length {
                _ if length > own => Some(EMSGSIZE),
                _ if length < own => Some(ERANGE),
                _ => None,
            };
            assert_eq!(
                negotiate(message.as_bytes()).err(),
                expected,
                "{generation} {last}"
            );
        }
    }
}

#[test]
fn an_old_generation_is_named() {
    let mut message = vec![0; 128];
    message[0] = 1;
    message[8] = 14;
    let refusal = parse(None, Direction::Write, &message).err().unwrap();
    assert_eq!(refusal.errno(), EMSGSIZE);
    assert!(refusal.to_string().contains("11.5"), "{refusal}");
}

#[test]
fn lengths_and_commands_are_those_of_the_generation() {
    let errno = |generation, message: &[u8]| {
        let refusal = parse(Some(generation), Direction::Write, message).err();
        refusal.map(|refusal| refusal.errno())
    };
    for generation in Generation::ALL {
        let sizes = sizes(generation);
        for number in 0..20u32 {
            let size = sizes.get(number as usize).copied().unwrap_or(0);
            let message = |length: usize| {
                let mut message = vec![0; length];
                message[..4].copy_from_slice(&number.to_ne_bytes());
                message
            };
            if size == 0 {
                for length in [4, 12, 136, 4000] {
                    assert_eq!(
                        errno(generation, &message(length)),
                        Some(EINVAL),
                        "{generation} {number}"
                    );
                }
            } else {
                assert_eq!(
                    errno(generation, &message(size - 1)),
                    Some(EMSGSIZE),
                    "{generation} {number}"
                );
                let data = if matches!(number, 8 | 12) { 65_535 } else { 0 };
                assert_eq!(
                    errno(generation, &message(size + data + 1)),
                    Some(ERANGE),
                    "{generation} {number}"
                );
            }
        }
    }
}

#[test]
fn every_field_of_a_target_is_read() {
    for generation in Generation::ALL {
        let target = decode_target_of(generation, target_of(generation).as_bytes()).unwrap();
        let is_list = LISTS.contains(&generation);
        assert_eq!(target.local, LOCAL);
        let source = Endpoint::v4([198, 51, 100, 7], 4000);
        assert_eq!(target.expected_source, ExpectedSource::Pass(source));
        assert_eq!((target.num_outputs, target.num_payload_types), (3, 2));
        assert_eq!(target.intercept_stream, 77);
        let lists = OutputGroup {
            rtp_start: 0,
            rtp_end: 2,
            rtcp_start: 2,
            rtcp_end: 3,
        };
        assert_eq!(target.groups[0], lists, "{generation}");
        assert_eq!(target.groups[7].rtp(), if is_list { 0..0 } else { 0..1 });
        assert_eq!(target.decrypt.cipher, Cipher::AesCm128);
        assert_eq!(target.decrypt.hmac, Hmac::HmacSha1);
        assert_eq!(target.decrypt.master_key(), b"0123456789abcdef");
        assert_eq!(target.decrypt.master_salt(), b"saltsaltsaltsa");
        assert_eq!(
            (
                target.decrypt.rtp_auth_tag_len,
                target.decrypt.rtcp_auth_tag_len
            ),
            (4, 10)
        );
        let media = |n| {
            if is_list {
                MediaIndex::NONE
            } else {
                MediaIndex::new(n).unwrap()
            }
        };
        let ssrcs = target
            .ssrcs
            .map(|it| (it.ssrc, it.given, it.stats.0, it.media));
        assert_eq!(ssrcs[0], (0x0102_0304, true, 0x2000, MediaIndex::NONE));
        assert_eq!(ssrcs[1], (0x0506_0708, true, 0x2040, media(6)));
        assert_eq!(ssrcs[2], (0, false, 0, MediaIndex::NONE));
        let types = target.payload_types;
        assert_eq!((types[0].stats.0, types[0].media), (0x1000, media(7)));
        assert_eq!(
            (types[1].stats.0, types[1].media),
            (0x1028, MediaIndex::NONE)
        );
        assert_eq!((target.interface_stats.0, target.stats.0), (0x3000, 0x4000));
        let flags = target.flags;
        assert!(
            flags.rtp && flags.ssrc_req && flags.track_ssrc && flags.rtcp_fw && flags.rtp_stats
        );
        assert!(!flags.rtcp && !flags.rtcp_mux && !flags.stun && !flags.dtls && !flags.blackhole);
        assert_eq!(flags.extmap, !is_list);
        assert_eq!(target.mid_extension, if is_list { 0 } else { 5 });
        assert_eq!(
            target.mids[3].as_bytes(),
            if is_list { &b""[..] } else { b"audio" }
        );
        assert_eq!(target.passes_unserved, is_list);
    }
}

#[test]
fn every_field_of_an_output_is_read() {
    for generation in Generation::ALL {
        let output = decode_output_of(generation, output_of(generation).as_bytes()).unwrap();
        let is_list = LISTS.contains(&generation);
        let flow = Flow::v4(([192, 0, 2, 1], 30_002), ([203, 0, 113, 9], 5004));
        assert_eq!(format!("{:?}", output.flow), format!("{flow:?}"));
        assert_eq!((output.tos, output.flags.ssrc_subst), (0xb8, true));
        assert_eq!((output.stats.0, output.interface_stats.0), (0x6000, 0x5000));
        assert_eq!(
            (output.ssrcs[1].ssrc, output.ssrcs[1].seq_offset),
            (0xaabb_ccdd, 0xfff0)
        );
        let stats = output.ssrcs.map(|ssrc| ssrc.stats.0);
        // The first that is null ends a list.
        assert_eq!(stats, [0x7000, 0, if is_list { 0 } else { 0x7040 }, 0]);
        let rule = output.payload_rules[1];
        assert_eq!(
            (rule.min_payload_len, rule.pattern()),
            (20, &[0xd5, 0x55][..])
        );
        assert_eq!(output.payload_rules[3].blackhole, generation != V12_5);
        assert_eq!(output.media, if is_list { 0 } else { 9 });
        assert_eq!(
            (output.flags.rtcp, output.flags.extmap),
            (!is_list, !is_list)
        );
        let ids: Vec<_> = output.extensions.iter().collect();
        assert_eq!(ids, if is_list { vec![] } else { vec![3, 200] });
        assert_eq!(
            output.mid.as_bytes(),
            if is_list { &b""[..] } else { b"video" }
        );
    }
}

#[test]
fn times_and_rtcp_are_those_of_the_generation() {
    for generation in Generation::ALL {
        let all = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(rtcp, bit)| {
            let mut message = target_of(generation);
            message.set("target.rtcp", rtcp);
            // Bit 0, whatever it is called.
            let at = message.offset("target.rtp");
            message.poke(at, bit);
            let target = decode_target_of(generation, message.as_bytes()).unwrap();
            let unit = if generation == V12_5 {
                TimeUnit::Seconds
            } else {
                TimeUnit::Microseconds
            };
            assert_eq!(target.time_unit, unit);
            assert_eq!(target.flags.rtcp_mux, generation == V12_5 && bit == 1);
            target.rtcp_kind
        });
        let by_flags = [
            RtcpKind::Nothing,
            RtcpKind::Nothing,
            RtcpKind::Everything,
            RtcpKind::SecondByte,
        ];
        let expected = match generation {
            V12_5 => by_flags,
            _ => [RtcpKind::SecondByte; 4],
        };
        assert_eq!(all, expected, "{generation}");
    }
}

#[test]
fn a_list_of_ssrcs_ends_at_the_first_0() {
    for generation in Generation::ALL {
        let mut message = target_of(generation);
        message
            .bytes("target.ssrc[1]", &[0; 4])
            .set("target.ssrc_stats[1]", 0);
        message
            .bytes("target.ssrc[2]", &[9; 4])
            .set("target.ssrc_stats[2]", 0x2080);
        let target = decode_target_of(generation, message.as_bytes()).unwrap();
        let given = target.ssrcs.map(|ssrc| ssrc.given);
        let is_list = LISTS.contains(&generation);
        assert_eq!(given, [true, false, !is_list, false], "{generation}");
    }
}

#[test]
fn outputs_of_rtcp_are_some_of_the_outputs() {
    for generation in LISTS {
        for (all, rtcp, expected) in [
            (3, 3, Ok((0..0, 0..3))),
            (3, 0, Ok((0..3, 0..0))),
            (1, 1, Ok((0..0, 0..1))),
            (3, 4, Err(EINVAL)),
            (3, 0xffff_ffff, Err(EINVAL)),
            (3, 256, Err(EINVAL)),
        ] {
            let mut message = target_of(generation);
            message.set("target.num_destinations", all);
            message.set("target.num_rtcp_destinations", rtcp);
            let found = decode_target_of(generation, message.as_bytes());
            let found = found.map(|it| (it.groups[0].rtp(), it.groups[0].rtcp()));
            assert_eq!(found.map_err(|it| it.errno()), expected, "{generation}");
        }
    }
}

#[test]
fn ring_buffers_are_not_there() {
    for generation in [V26_1, V26_3] {
        for count in [1, 0xffff_ffff] {
            let mut message = target_of(generation);
            message.set("target.raw_ring_buf.num", count);
            let refusal = decode_target_of(generation, message.as_bytes()).unwrap_err();
            assert_eq!(refusal, Refusal::RingBuffers(count as u32));
            assert_eq!(refusal.errno(), EINVAL);
            assert!(refusal.to_string().contains(&count.to_string()));
        }
    }
}

/// Asserts the error of a command that is right but for one field.
fn is_refused<T: Debug>(
    right: fn(Generation) -> Message,
    decode: fn(Generation, &[u8]) -> Result<T, Refusal>,
    generation: Generation,
    (path, value): (&str, u64),
    errno: i32,
) {
    let mut message = right(generation);
    message.set(path, value);
    let refusal = decode(generation, message.as_bytes()).unwrap_err();
    assert_eq!(
        refusal.errno(),
        errno,
        "{generation} {path} {value}: {refusal}"
    );
}

/// The errors that the fields of commands have in all generations.
#[test]
fn a_fault_in_one_field_is_refused_alike() {
    for generation in Generation::ALL {
        let target: [(&str, u64, i32); 14] = [
            ("target.local.family", 3, EINVAL),
            ("target.local.port", 0, EINVAL),
            ("target.expected_src.family", 0, EINVAL),
            ("target.src_mismatch", 3, EINVAL),
            ("target.num_destinations", 0, EINVAL),
            ("target.num_destinations", 33, EINVAL),
            ("target.decrypt.cipher", 8, EINVAL),
            ("target.decrypt.master_key_len", 17, EINVAL),
            ("target.ssrc_stats[0]", 0, 14),
            ("target.ssrc_stats[0]", 4, 14),
            ("target.pt_stats[1]", 0, 14),
            ("target.num_payload_types", 33, EINVAL),
            ("target.stats", 0, 14),
            ("target.iface_stats", 0x3004, 14),
        ];
        for (path, value, errno) in target {
            is_refused(
                target_of,
                decode_target_of,
                generation,
                (path, value),
                errno,
            );
        }
        let output: [(&str, u64, i32); 8] = [
            ("destination.local.port", 0, ENOENT),
            ("destination.output.src_addr.port", 0, EINVAL),
            ("destination.output.dst_addr.family", 10, EINVAL),
            ("destination.output.encrypt.hmac", 3, EINVAL),
            (
                "destination.output.pt_output[31].replace_pattern_len",
                17,
                EINVAL,
            ),
            ("destination.output.ssrc_stats[0]", 0x7001, 14),
            ("destination.output.stats", 0, 14),
            ("destination.output.iface_stats", 4, 14),
        ];
        for (path, value, errno) in output {
            is_refused(
                output_of,
                decode_output_of,
                generation,
                (path, value),
                errno,
            );
        }
    }
    for generation in GROUPS {
        for (path, value) in [
            ("target.media_output_idxs[7].rtp_end_idx", 4),
            ("target.media_output_idxs[7].rtcp_start_idx", 3),
            ("target.ssrc_media_idx[3]", 8),
            ("target.pt_media_idx[1]", 8),
            ("target.mid_output[7].len", 256),
        ] {
            is_refused(
                target_of,
                decode_target_of,
                generation,
                (path, value),
                EINVAL,
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// What a field means is the same whatever generation it comes by.
    #[test]
    fn generations_agree_on_what_they_share(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 0..4),
    ) {
        const PATHS: [&str; 12] = [
            "target.local.port", "target.local.family", "target.src_mismatch", "target.intercept_stream_idx",
            "target.decrypt.mki_len", "target.decrypt.cipher", "target.ssrc[0]", "target.ssrc_stats[0]",
            "target.pt_stats[1]", "target.num_payload_types", "target.stats", "target.iface_stats",
        ];
        let found = Generation::ALL.map(|generation| {
            let mut message = target_of(generation);
            for (path, value) in &changes {
                // Small numbers are those that count.
                let value = if value % 2 == 0 { value % 40 } else { *value };
                message.set(PATHS[path.index(PATHS.len())], value);
            }
            let target = decode_target_of(generation, message.as_bytes());
            target.map(|it| {
                let ssrcs = it.ssrcs.map(|ssrc| (ssrc.ssrc, ssrc.given, ssrc.stats));
                let types = it.payload_types.map(|known| known.stats);
                let fixed = (it.local, it.expected_source, it.intercept_stream, it.stats, it.interface_stats);
                // A list without its first SSRC has none.
                let ssrcs = it.ssrcs[0].given.then_some(ssrcs);
                format!("{fixed:?} {ssrcs:?} {types:?} {:?}", it.decrypt)
            })
        });
        let [old, .., newest] = &found;
        for it in &found[2..] {
            prop_assert_eq!(it, newest);
        }
        prop_assert_eq!(old, &found[1]);
        // With a first SSRC of 0 a list does not look at its counters.
        if old.is_ok() && newest.is_ok() {
            prop_assert_eq!(old, newest);
        }
    }

    /// Whatever a message is, it is decoded or refused, with an error and a sentence.
    #[test]
    fn any_change_is_borne(
        generation in prop::sample::select(&Generation::ALL[..]),
        kind in 0..3,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
    ) {
        let (message, table) = match kind {
            0 => (target_of(generation), Some(generation)),
            1 => (output_of(generation), Some(generation)),
            _ => (init_of(generation), None),
        };
        let mut message = message.as_bytes().to_vec();
        for (at, value) in changes {
            let at = at.index(message.len() - 4) + 4;
            message[at] = value;
        }
        borne(table, Direction::Write, &message);
    }
}
