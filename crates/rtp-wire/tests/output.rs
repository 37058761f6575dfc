// SPDX-License-Identifier: GPL-2.0-only

//! ADD_DESTINATION: every field arrives, and every check refuses.

use crate::common;
use crate::common::{add_destination, decode_output, parse, LOCAL};
use rtp_wire::errno::{EFAULT, EINVAL, ENOENT};
use rtp_wire::v26_0::{encode, layout::OutputInfo};
use rtp_wire::{Endpoint, PointerName, Request, UserPointer};
use zerocopy::IntoBytes;

type Change = fn(&mut OutputInfo);
type SetPointer = fn(&mut OutputInfo, u64);

fn errno(change: Change) -> i32 {
    let mut message = add_destination();
    change(&mut message.destination.output);
    decode_output(&message).expect_err("accepted").errno()
}

fn accept(change: Change) -> rtp_wire::Output {
    let mut message = add_destination();
    change(&mut message.destination.output);
    decode_output(&message).expect("refused")
}

#[test]
fn every_field_arrives() {
    let output = decode_output(&add_destination()).unwrap();
    let sent = common::output();
    assert_eq!(output.flow, sent.flow);
    assert_eq!(output.media, 9);
    assert_eq!(output.tos, 0xb8);
    assert_eq!(output.flags, sent.flags);
    assert_eq!(output.mid_extension, 6);
    assert_eq!(output.mid.as_bytes(), b"video");
    assert_eq!(output.extensions.iter().collect::<Vec<_>>(), [3, 200]);
    assert_eq!(output.interface_stats, UserPointer(0x5000));
    assert_eq!(output.stats, UserPointer(0x6000));
    assert_eq!(output.ssrcs, sent.ssrcs);
    assert_eq!(output.payload_rules, sent.payload_rules);
    assert_eq!(output.payload_rules[1].pattern(), [0xd5, 0x55]);
    assert_eq!(output.payload_rules[0].pattern(), []);
    assert!(output.encrypt.is_plain());
}

#[test]
fn ssrcs_are_in_network_order() {
    let message = add_destination();
    assert_eq!(
        message.destination.output.ssrc_out[1],
        [0xaa, 0xbb, 0xcc, 0xdd]
    );
}

#[test]
fn the_target_is_named() {
    let mut message = add_destination();
    match parse(message.as_bytes()) {
        Ok(Request::AddDestination { target, index, .. }) => {
            assert_eq!((target, index), (LOCAL, 2));
        }
        _ => panic!("refused"),
    }
    message.destination.local.family.set(3);
    let refusal = parse(message.as_bytes()).err().unwrap();
    assert_eq!(refusal.errno(), ENOENT);
}

#[test]
fn pointers_are_listed() {
    let output = decode_output(&add_destination()).unwrap();
    let pointers: Vec<_> = output.pointers().collect();
    assert_eq!(
        pointers,
        [
            (PointerName::OutputInterface, UserPointer(0x5000)),
            (PointerName::Output, UserPointer(0x6000)),
            (PointerName::OutputSsrc(1), UserPointer(0x7000)),
        ]
    );
}

#[test]
fn addresses_must_be_specified_and_of_one_family() {
    assert_eq!(errno(|o| o.src_addr.family.set(0)), EINVAL);
    assert_eq!(errno(|o| o.dst_addr.family.set(7)), EINVAL);
    assert_eq!(errno(|o| o.src_addr.addr = [0; 16]), EINVAL);
    assert_eq!(errno(|o| o.dst_addr.addr = [0; 16]), EINVAL);
    assert_eq!(errno(|o| o.src_addr.port.set(0)), EINVAL);
    assert_eq!(errno(|o| o.dst_addr.port.set(0)), EINVAL);
    assert_eq!(errno(|o| o.src_addr.family.set(10)), EINVAL);
    assert_eq!(errno(|o| o.dst_addr.family.set(10)), EINVAL);
    let output = accept(|o| {
        o.src_addr.family.set(10);
        o.dst_addr.family.set(10);
    });
    assert_eq!(
        *output.flow.destination(),
        Endpoint::v6([203, 0, 113, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 5004)
    );
}

#[test]
fn each_flag_has_its_bit() {
    for (bit, expected) in [
        (8, (true, false, false)),
        (9, (false, true, false)),
        (10, (false, false, true)),
        (11, (false, false, false)),
    ] {
        let mut message = add_destination();
        message.destination.output.tos_flags.set((1 << bit) | 0x2e);
        let output = decode_output(&message).unwrap();
        let flags = output.flags;
        assert_eq!((flags.ssrc_subst, flags.extmap, flags.rtcp), expected);
        assert_eq!(output.tos, 0x2e);
        let encoded = encode::add_destination(&LOCAL, 0, &output);
        let known = if bit == 11 { 0 } else { 1 << bit };
        assert_eq!(encoded.destination.output.tos_flags.get(), known | 0x2e);
    }
}

#[test]
fn sequence_offsets_are_taken_modulo_16_bits() {
    let output = accept(|o| o.seq_offset[0].set(u32::MAX));
    assert_eq!(output.ssrcs[0].seq_offset, 0xffff);
    let output = accept(|o| o.seq_offset[3].set(0x0001_0002));
    assert_eq!(output.ssrcs[3].seq_offset, 2);
}

#[test]
fn patterns_are_bounded() {
    for index in 0..32 {
        for length in [17, 255] {
            let mut message = add_destination();
            message.destination.output.pt_output[index]
                .replace_pattern_len_flags
                .set(length);
            let refusal = decode_output(&message).expect_err("accepted");
            assert_eq!(refusal.errno(), EINVAL);
        }
    }
    let output = accept(|o| {
        o.pt_output[31].replace_pattern_len_flags.set(16 | (1 << 8));
        o.pt_output[31].replace_pattern = [7; 16];
    });
    assert_eq!(output.payload_rules[31].pattern(), [7; 16]);
    assert!(output.payload_rules[31].blackhole);
}

#[test]
fn extensions_are_counted() {
    for count in [33, 256, u32::MAX] {
        let mut message = add_destination();
        message.destination.output.num_extmap_filter.set(count);
        let refusal = decode_output(&message).expect_err("accepted");
        assert_eq!(refusal.errno(), EINVAL);
    }
    let output = accept(|o| {
        o.num_extmap_filter.set(32);
        for (id, to) in (0..).zip(o.extmap_filter.iter_mut()) {
            *to = 255 - id;
        }
    });
    assert_eq!(
        output.extensions.iter().collect::<Vec<_>>(),
        (224..=255).collect::<Vec<_>>()
    );
    assert!(!output.extensions.contains(223));
    assert!(output.extensions.contains(224));
}

#[test]
fn a_mid_to_append_is_not_empty() {
    assert_eq!(errno(|o| o.extmap_mid_len = 0), EINVAL);
    let output = accept(|o| {
        o.extmap_mid_len = 255;
        o.extmap_mid_str = [b'm'; 255];
    });
    assert_eq!(output.mid.as_bytes(), [b'm'; 255]);
    let output = accept(|o| o.extmap_mid = 0);
    assert_eq!(output.mid.as_bytes(), b"");
}

#[test]
fn pointers_must_be_aligned_and_two_must_be_there() {
    let set: [(bool, SetPointer); 6] = [
        (true, |o, to| o.stats.set(to)),
        (true, |o, to| o.iface_stats.set(to)),
        (false, |o, to| o.ssrc_stats[0].set(to)),
        (false, |o, to| o.ssrc_stats[1].set(to)),
        (false, |o, to| o.ssrc_stats[2].set(to)),
        (false, |o, to| o.ssrc_stats[3].set(to)),
    ];
    for (mandatory, set) in set {
        for pointer in [0, 0x1001, 0x1004, u64::MAX] {
            let mut message = add_destination();
            set(&mut message.destination.output, pointer);
            match decode_output(&message) {
                Ok(_) => assert!(pointer == 0 && !mandatory),
                Err(refusal) => {
                    assert_eq!(refusal.errno(), EFAULT);
                    assert!(pointer != 0 || mandatory);
                }
            }
        }
    }
}
