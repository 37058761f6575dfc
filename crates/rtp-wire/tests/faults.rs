// SPDX-License-Identifier: GPL-2.0-only

//! Every field of every command of every generation, each set to values within its range and beyond: the error that is laid down
//! for it, or none.

use crate::common::table::{has, init_of, leaves, output_of, sizes, target_of, Leaf, Message};
use rtp_wire::errno::{EFAULT, EINVAL, EIO, EMSGSIZE, ENOENT, ENXIO, ERANGE};
use rtp_wire::{parse, Direction, Generation, Output, Request, Target};
use zerocopy::FromZeros;

/// What numbers are set to: the edges of all ranges that there are, and what is cut to them when it is taken for less wide.
const NUMBERS: [u64; 42] = [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    17,
    20,
    21,
    24,
    31,
    32,
    33,
    127,
    128,
    254,
    255,
    256,
    257,
    512,
    4096,
    0x2004,
    0x2008,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    1 << 32,
    (1 << 32) + 1,
    1 << 63,
    u64::MAX,
];

/// The error of a value, if there is one, by the field's path; `None` where no such field is known.
type Rule = fn(Generation, &str, u64) -> Option<Result<(), i32>>;

fn is_list(generation: Generation) -> bool {
    has(generation, "rtpengine_target_info", "num_rtcp_destinations")
}

fn unless(is_right: bool, errno: i32) -> Option<Result<(), i32>> {
    Some(if is_right { Ok(()) } else { Err(errno) })
}

/// The parts of a path, and the index of the first that has one.
fn parts(path: &str) -> (Vec<&str>, usize) {
    let names = path
        .split('.')
        .map(|part| part.split('[').next().unwrap())
        .collect();
    let index = path.split_once('[').map_or(0, |(_, rest)| {
        rest.split_once(']').unwrap().0.parse().unwrap()
    });
    (names, index)
}

/// Of an address that has to be specified. Bytes are all zero, or none is.
fn address(field: &str, families: &[u64], value: u64, errno: i32) -> Option<Result<(), i32>> {
    match field {
        "family" => unless(families.contains(&value), errno),
        "u8" | "port" => unless(value != 0, errno),
        _ => None,
    }
}

/// Of SRTP parameters, where `ciphers`, `hmacs`, and lengths of keys and salts are those that fit the others.
fn srtp(field: &str, value: u64, fit: [&[u64]; 4]) -> Option<Result<(), i32>> {
    let [ciphers, hmacs, keys, salts] = fit;
    let is_right = match field {
        "cipher" => ciphers.contains(&value),
        "hmac" => hmacs.contains(&value),
        "master_key_len" | "session_key_len" => keys.contains(&value),
        "master_salt_len" | "session_salt_len" => salts.contains(&value),
        "rtp_auth_tag_len" | "rtcp_auth_tag_len" => value <= 20,
        "mki_len" => value <= 255,
        "master_key" | "master_salt" | "mki" => true,
        _ => return None,
    };
    unless(is_right, EINVAL)
}

/// A pointer: 0 is none.
fn pointer(value: u64, may_be_none: bool) -> Option<Result<(), i32>> {
    unless(value % 8 == 0 && (may_be_none || value != 0), EFAULT)
}

fn media(value: u64) -> Option<Result<(), i32>> {
    unless(value < 8 || value == u32::MAX.into(), EINVAL)
}

/// A range of 3 outputs.
fn range(start: u64, end: u64) -> Option<Result<(), i32>> {
    let is_none = (start, end) == (0, 0);
    unless(is_none || start < 3 && end <= 3 && start <= end, EINVAL)
}

/// The fields of [`target_of`].
fn target(generation: Generation, path: &str, value: u64) -> Option<Result<(), i32>> {
    let is_list = is_list(generation);
    let (names, index) = parts(path);
    let ranges: [u64; 4] = match index {
        0 => [0, 2, 2, 3],
        7 => [0, 1, 0, 0],
        _ => [0; 4],
    };
    match names[..] {
        ["target", "local", field] => address(field, &[2, 10], value, EINVAL),
        // There is a mismatch action, so that there has to be an address.
        ["target", "expected_src", "family"] => unless([2, 10].contains(&value), EINVAL),
        ["target", "expected_src", _] => Some(Ok(())),
        ["target", "src_mismatch"] => unless(value <= 2, EINVAL),
        ["target", "num_destinations"] => {
            let least = if is_list { 1 } else { 3 };
            unless((least..=32).contains(&value), EINVAL)
        }
        ["target", "num_rtcp_destinations"] => unless(value <= 3, EINVAL),
        ["target", "media_output_idxs", "rtp_start_idx"] => range(value, ranges[1]),
        ["target", "media_output_idxs", "rtp_end_idx"] => range(ranges[0], value),
        ["target", "media_output_idxs", "rtcp_start_idx"] => range(value, ranges[3]),
        ["target", "media_output_idxs", "rtcp_end_idx"] => range(ranges[2], value),
        ["target", "decrypt", field] => srtp(field, value, [&[1, 2, 3], &[1, 2], &[16], &[14]]),
        // Those behind the first two are 0, and have no counters. A list ends there.
        ["target", "ssrc"] => unless(index < 2 || value == 0 || is_list && index == 3, EFAULT),
        ["target", "ssrc_stats"] if index >= 2 && is_list => Some(Ok(())),
        ["target", "ssrc_stats"] => pointer(value, index >= 2),
        ["target", "ssrc_media_idx"] if index < 4 => media(value),
        ["target", "pt_stats"] if index < 2 => pointer(value, false),
        ["target", "pt_media_idx"] if index < 2 => media(value),
        // The third has no counters.
        ["target", "num_payload_types"] => match value {
            0..=2 => Some(Ok(())),
            3..=32 => Some(Err(EFAULT)),
            _ => Some(Err(EINVAL)),
        },
        ["target", "mid_output", "len"] => unless(value <= 255, EINVAL),
        ["target", "iface_stats" | "stats"] => pointer(value, false),
        ["target", "raw_ring_buf", "num"] => unless(value == 0, EINVAL),
        ["target", "non_forwarding"] => unless(value == 0, EINVAL),
        ["target", "ssrc_media_idx" | "pt_stats" | "pt_media_idx"]
        | ["target", "intercept_stream_idx" | "extmap_mid"]
        | ["target", "mid_output", "mid"]
        | ["target", "raw_ring_buf", "start_idx" | "opaque" | "opaque_ref"]
        | ["target", "extmap" | "rtcp_mux" | "__unused1" | "dtls" | "stun" | "rtp" | "ssrc_req"]
        | ["target", "rtp_only" | "track_ssrc" | "rtcp" | "rtcp_fw" | "rtcp_fb_fw"]
        | ["target", "do_intercept" | "pt_filter" | "blackhole" | "rtp_stats"] => Some(Ok(())),
        _ => None,
    }
}

/// The fields of [`output_of`].
fn output(generation: Generation, path: &str, value: u64) -> Option<Result<(), i32>> {
    let (names, index) = parts(path);
    match names[..] {
        ["destination", "local", field] => address(field, &[2, 10], value, ENOENT),
        // The table judges it.
        ["destination", "num"] => Some(Ok(())),
        // Both have one family.
        ["destination", "output", "src_addr" | "dst_addr", field] => {
            address(field, &[2], value, EINVAL)
        }
        ["destination", "output", "encrypt", field] => {
            srtp(field, value, [&[1], &[1], &[0, 16, 24, 32], &[0, 12, 14]])
        }
        // A list ends at the second, which is null.
        ["destination", "output", "ssrc_stats"] if index >= 2 && is_list(generation) => {
            Some(Ok(()))
        }
        ["destination", "output", "ssrc_stats"] => pointer(value, true),
        ["destination", "output", "pt_output", "replace_pattern_len"] => {
            unless(value <= 16, EINVAL)
        }
        ["destination", "output", "num_extmap_filter"] => unless(value <= 32, EINVAL),
        ["destination", "output", "extmap_mid_len"] => unless(value != 0, EINVAL),
        ["destination", "output", "iface_stats" | "stats"] => pointer(value, false),
        ["destination", "output", "pt_output", "min_payload_len" | "replace_pattern" | "blackhole"]
        | ["destination", "output", "media_idx" | "ssrc_out" | "seq_offset" | "extmap_filter"]
        | ["destination", "output", "extmap_mid" | "extmap_mid_str" | "tos" | "ssrc_subst"]
        | ["destination", "output", "extmap" | "rtcp"] => Some(Ok(())),
        _ => None,
    }
}

fn init(generation: Generation, path: &str, value: u64) -> Option<Result<(), i32>> {
    let (names, index) = parts(path);
    let sizes = sizes(generation);
    match names[..] {
        // As many as another generation has: its INIT has another length.
        ["init", "last_cmd"] => match (value, sizes.len() as u64) {
            (value, own) if value == own => Some(Ok(())),
            (16..=18, own) => Some(Err(if value > own { EMSGSIZE } else { ERANGE })),
            _ => Some(Err(ERANGE)),
        },
        ["init", "msg_size"] => unless(index == 0 || value == sizes[index] as u64, EMSGSIZE),
        ["init", "rtpe_stats"] => pointer(value, false),
        _ => None,
    }
}

fn del_target(_: Generation, path: &str, value: u64) -> Option<Result<(), i32>> {
    match parts(path).0[..] {
        ["local", field] => address(field, &[2, 10], value, ENOENT),
        _ => None,
    }
}

fn pin_memory(_: Generation, path: &str, value: u64) -> Option<Result<(), i32>> {
    match path {
        "pin_memory.addr" => unless(value % 4096 == 0, ENXIO),
        "pin_memory.size" if value == 0 => Some(Err(EINVAL)),
        "pin_memory.size" => unless(value % 4096 == 0, EIO),
        _ => None,
    }
}

/// The error of a message to a table of that generation, or, where it is none, to one that had no INIT.
fn errno(generation: Option<Generation>, message: &[u8]) -> Result<(), i32> {
    let request = parse(generation, Direction::Write, message);
    let decoded = request.and_then(|request| match request {
        Request::AddTarget(encoded) => encoded.decode(&mut Target::new_zeroed()),
        Request::AddDestination { output, .. } => output.decode(&mut Output::new_zeroed()),
        _ => Ok(()),
    });
    decoded.map_err(|refusal| refusal.errno())
}

fn numbers(leaf: &Leaf) -> Vec<u64> {
    let bits = 8 * leaf.size.min(8);
    let mut numbers = NUMBERS.to_vec();
    if leaf.is_flag {
        numbers.truncate(2);
    }
    numbers.retain(|number| bits == 64 || number >> bits == 0);
    numbers
}

/// Tries each field of a command. Returns how many faults were refused, and how many values were taken.
fn try_each(
    name: &str,
    right: fn(Generation) -> Message,
    rule: Rule,
    is_before: bool,
) -> (usize, usize) {
    let (mut refused, mut taken) = (0, 0);
    for generation in Generation::ALL {
        let structure = format!("rtpengine_command_{name}");
        if !has(generation, &structure, "cmd") {
            continue;
        }
        let table = Some(generation).filter(|_| !is_before);
        let right = right(generation);
        assert_eq!(
            errno(table, right.as_bytes()),
            Ok(()),
            "{generation}: {name}"
        );
        for leaf in leaves(generation, &structure) {
            if leaf.path == "cmd" {
                continue;
            }
            let is_text = leaf.size > 8;
            for value in if is_text {
                vec![0, 255]
            } else {
                numbers(&leaf)
            } {
                let mut message = right.clone();
                if is_text {
                    message.fill(&leaf.path, value as u8);
                } else {
                    message.set(&leaf.path, value);
                }
                let expected = rule(generation, &leaf.path, value).unwrap_or_else(|| {
                    panic!("{generation}: nothing is laid down for {}", leaf.path)
                });
                assert_eq!(
                    errno(table, message.as_bytes()),
                    expected,
                    "{generation}: {} {value:#x}",
                    leaf.path
                );
                match expected {
                    Ok(()) => taken += 1,
                    Err(_) => refused += 1,
                }
            }
        }
    }
    (refused, taken)
}

#[test]
fn each_field_of_add_target() {
    let (refused, taken) = try_each("add_target", target_of, target, false);
    assert!(refused > 7_000 && taken > 7_000, "{refused} {taken}");
}

#[test]
fn each_field_of_add_destination() {
    let (refused, taken) = try_each("destination", output_of, output, false);
    assert!(refused > 2_000 && taken > 7_000, "{refused} {taken}");
}

#[test]
fn each_field_of_init() {
    let (refused, taken) = try_each("init", init_of, init, true);
    assert!(refused > 4_000 && taken > 200, "{refused} {taken}");
}

#[test]
fn each_field_of_del_target() {
    let right = |generation| {
        let mut message = Message::new(generation, 9, "del_target");
        message.v4("local", [192, 0, 2, 1], 30_000);
        message
    };
    for is_before in [true, false] {
        try_each("del_target", right, del_target, is_before);
    }
}

#[test]
fn each_field_of_pin_memory() {
    let right = |generation| {
        let mut message = Message::new(generation, 16, "pin_memory");
        message
            .set("pin_memory.addr", 0x1000)
            .set("pin_memory.size", 0x1000);
        message
    };
    for is_before in [true, false] {
        try_each("pin_memory", right, pin_memory, is_before);
    }
}
