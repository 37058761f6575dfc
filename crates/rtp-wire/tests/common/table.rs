// SPDX-License-Identifier: GPL-2.0-only

//! The tables of layouts that a generation's messages are made by: every structure, field, offset and size, as a compiler
//! laid them out for the daemon.

use rtp_wire::Generation;
use std::sync::OnceLock;

/// A row: where a field is in its structure.
struct Row<'a> {
    structure: &'a str,
    field: &'a str,
    count: usize,
    offset: usize,
    size: usize,
    bit: Option<usize>,
    kind: &'a str,
}

fn text(generation: Generation) -> &'static str {
    match generation {
        Generation::V12_5 => include_str!("../../../../vm-test/guest/layout-12.5.tsv"),
        Generation::V13_5 => include_str!("../../../../vm-test/guest/layout-13.5.tsv"),
        Generation::V14_0 => include_str!("../../../../vm-test/guest/layout-14.0.tsv"),
        Generation::V26_0 => include_str!("../../../../vm-test/guest/layout-26.0.tsv"),
        Generation::V26_1 => include_str!("../../../../vm-test/guest/layout-26.1.tsv"),
        Generation::V26_3 => include_str!("../../../../vm-test/guest/layout-26.3.tsv"),
    }
}

fn rows(generation: Generation) -> &'static [Row<'static>] {
    static ROWS: OnceLock<Vec<Vec<Row<'static>>>> = OnceLock::new();
    let all = ROWS.get_or_init(|| Generation::ALL.map(read).into());
    &all[generation as usize]
}

fn read(generation: Generation) -> Vec<Row<'static>> {
    let rows = text(generation).lines().skip(1);
    rows.map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap();
        let (structure, field) = (next(), next());
        let (field, count) = field.split_once('[').unwrap_or((field, "1]"));
        Row {
            structure,
            field,
            count: count.trim_end_matches(']').parse().unwrap_or(0),
            offset: next().parse().unwrap(),
            size: next().parse().unwrap(),
            bit: next().parse().ok(),
            kind: next().trim_start_matches("struct "),
        }
    })
    .collect()
}

fn row(generation: Generation, structure: &str, field: &str) -> &'static Row<'static> {
    rows(generation)
        .iter()
        .find(|row| row.structure == structure && row.field == field)
        .unwrap_or_else(|| panic!("{generation}: {structure} has no {field}"))
}

/// Whether a structure has a field.
pub(crate) fn has(generation: Generation, structure: &str, field: &str) -> bool {
    rows(generation)
        .iter()
        .any(|row| row.structure == structure && row.field == field)
}

/// Size of a structure.
pub(crate) fn size(generation: Generation, structure: &str) -> usize {
    row(generation, structure, "(total)").size
}

/// Offset and size of a field of a structure.
pub(crate) fn field(generation: Generation, structure: &str, field: &str) -> (usize, usize) {
    let row = row(generation, structure, field);
    (row.offset, row.size)
}

/// A field that has no fields of its own: its path below the structure, its size, and whether it is a flag.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub(crate) path: String,
    pub(crate) size: usize,
    pub(crate) is_flag: bool,
}

/// All fields of a structure and of those within it, each element by itself. Bytes that are one string are one field, and so is
/// an address whatever its family.
pub(crate) fn leaves(generation: Generation, structure: &str) -> Vec<Leaf> {
    // Other views of the bytes of an address; members of a group, which are given for its first element.
    const SKIPPED: [&str; 8] = ["(total)", "ipv6", "ipv4", "u16", "u32", "u", "mid", "len"];
    let mut found = Vec::new();
    let named = rows(generation)
        .iter()
        .filter(|row| row.structure == structure && !SKIPPED.contains(&row.field));
    for row in named {
        let each = row.size / row.count.max(1);
        let is_text = row.count > 1 && each == 1;
        let count = if is_text { 1 } else { row.count };
        for index in 0..count {
            let name = if count > 1 {
                format!("{}[{index}]", row.field)
            } else {
                row.field.to_owned()
            };
            let inner = match row.kind {
                "group" => {
                    let leaf = |name: &str, size| Leaf {
                        path: name.to_owned(),
                        size,
                        is_flag: false,
                    };
                    vec![leaf("mid", 255), leaf("len", 8)]
                }
                kind => leaves(generation, kind),
            };
            let (size, is_flag) = (if is_text { row.size } else { each }, row.bit.is_some());
            if inner.is_empty() {
                found.push(Leaf {
                    path: name,
                    size,
                    is_flag,
                });
            } else {
                found.extend(inner.into_iter().map(|leaf| Leaf {
                    path: format!("{name}.{}", leaf.path),
                    ..leaf
                }));
            }
        }
    }
    found
}

/// Structures of the commands by number.
const COMMANDS: [&str; 17] = [
    "init",
    "add_target",
    "destination",
    "add_call",
    "del_call",
    "add_stream",
    "del_stream",
    "packet",
    "del_target",
    "init_play_streams",
    "get_packet_stream",
    "play_stream_packet",
    "play_stream",
    "stop_stream",
    "free_packet_stream",
    "pin_memory",
    "ring_buf",
];

/// Size of each command by number; 0 for none.
pub(crate) fn sizes(generation: Generation) -> Vec<usize> {
    let (_, bytes) = field(generation, "rtpengine_init_info", "msg_size");
    let mut sizes = vec![0; bytes / 8];
    for (size_of, name) in sizes[1..].iter_mut().zip(COMMANDS) {
        let structure = format!("rtpengine_command_{name}");
        *size_of = size(generation, &structure);
    }
    // DEL_STREAM still has a structure, but is no command any more.
    if sizes.len() == 18 {
        sizes[7] = 0;
    }
    sizes
}

/// A message whose fields are set by their path, such as `target.ssrc[1]`.
#[derive(Clone)]
pub(crate) struct Message {
    generation: Generation,
    structure: String,
    bytes: Vec<u8>,
}

impl Message {
    /// The command of that number and structure, all of it zero.
    pub(crate) fn new(generation: Generation, number: u32, name: &str) -> Self {
        let structure = format!("rtpengine_command_{name}");
        let mut bytes = vec![0; size(generation, &structure)];
        bytes[..4].copy_from_slice(&number.to_ne_bytes());
        Self {
            generation,
            structure,
            bytes,
        }
    }

    fn locate(&self, path: &str) -> (usize, usize, Option<usize>) {
        let (mut structure, mut offset) = (self.structure.clone(), 0);
        let mut parts = path.split('.').peekable();
        loop {
            let part = parts.next().unwrap();
            let (name, index) = part.split_once('[').unwrap_or((part, "0]"));
            let index: usize = index.trim_end_matches(']').parse().unwrap();
            let found = row(self.generation, &structure, name);
            let is_indexed = part.contains('[');
            let size = if is_indexed {
                found.size / found.count
            } else {
                found.size
            };
            offset += found.offset + index * size;
            if parts.peek().is_none() {
                return (offset, size, found.bit);
            }
            if found.kind == "group" {
                // Its members are given for the first element, in the structure itself.
                offset -= found.offset;
            } else {
                structure = found.kind.to_owned();
            }
        }
    }

    /// Sets a number, or a flag.
    pub(crate) fn set(&mut self, path: &str, value: u64) -> &mut Self {
        let (offset, size, bit) = self.locate(path);
        let place = &mut self.bytes[offset..offset + size];
        match bit {
            // A flag; the number beside a TOS has its own bits.
            Some(bit) => {
                place[bit / 8] &= !(1 << (bit % 8));
                place[bit / 8] |= (value as u8) << (bit % 8);
            }
            None => place.copy_from_slice(&value.to_le_bytes()[..size]),
        }
        self
    }

    /// Sets bytes.
    pub(crate) fn bytes(&mut self, path: &str, value: &[u8]) -> &mut Self {
        let (offset, size, _) = self.locate(path);
        assert!(value.len() <= size);
        self.bytes[offset..offset + value.len()].copy_from_slice(value);
        self
    }

    /// Sets each byte of a field.
    pub(crate) fn fill(&mut self, path: &str, byte: u8) -> &mut Self {
        let (offset, size, _) = self.locate(path);
        self.bytes[offset..offset + size].fill(byte);
        self
    }

    /// Where a field is.
    pub(crate) fn offset(&self, path: &str) -> usize {
        self.locate(path).0
    }

    /// Sets bits of the byte at an offset.
    pub(crate) fn poke(&mut self, at: usize, bits: u8) {
        self.bytes[at] |= bits;
    }

    /// Sets an IPv4 address.
    pub(crate) fn v4(&mut self, path: &str, address: [u8; 4], port: u16) -> &mut Self {
        self.set(&format!("{path}.family"), 2)
            .bytes(&format!("{path}.ipv4"), &address)
            .set(&format!("{path}.port"), port.into())
    }

    /// The message.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// INIT of a generation.
pub(crate) fn init_of(generation: Generation) -> Message {
    let mut message = Message::new(generation, 1, "init");
    let sizes = sizes(generation);
    message.set("init.last_cmd", sizes.len() as u64);
    for (number, size) in sizes.iter().enumerate() {
        message.set(&format!("init.msg_size[{number}]"), *size as u64);
    }
    message.set("init.rtpe_stats", 0x1000);
    message
}

/// ADD_TARGET with every field that the generation has.
pub(crate) fn target_of(generation: Generation) -> Message {
    let mut message = Message::new(generation, 2, "add_target");
    message
        .v4("target.local", [192, 0, 2, 1], 30_000)
        .v4("target.expected_src", [198, 51, 100, 7], 4000)
        .set("target.src_mismatch", 2)
        .set("target.num_destinations", 3)
        .set("target.intercept_stream_idx", 77)
        .set("target.decrypt.cipher", 2)
        .set("target.decrypt.hmac", 2)
        .bytes("target.decrypt.master_key", b"0123456789abcdef")
        .set("target.decrypt.master_key_len", 16)
        .bytes("target.decrypt.master_salt", b"saltsaltsaltsa")
        .set("target.decrypt.master_salt_len", 14)
        .set("target.decrypt.session_key_len", 16)
        .set("target.decrypt.session_salt_len", 14)
        .set("target.decrypt.rtp_auth_tag_len", 4)
        .set("target.decrypt.rtcp_auth_tag_len", 10)
        .bytes("target.ssrc[0]", &[1, 2, 3, 4])
        .bytes("target.ssrc[1]", &[5, 6, 7, 8])
        .set("target.ssrc_stats[0]", 0x2000)
        .set("target.ssrc_stats[1]", 0x2040)
        .set("target.pt_stats[0]", 0x1000)
        .set("target.pt_stats[1]", 0x1028)
        .set("target.num_payload_types", 2)
        .set("target.iface_stats", 0x3000)
        .set("target.stats", 0x4000)
        .set("target.rtp", 1)
        .set("target.ssrc_req", 1)
        .set("target.track_ssrc", 1)
        .set("target.rtcp_fw", 1)
        .set("target.rtp_stats", 1);
    if has(generation, "rtpengine_target_info", "num_rtcp_destinations") {
        message.set("target.num_rtcp_destinations", 1);
    } else {
        message
            .set("target.media_output_idxs[0].rtp_end_idx", 2)
            .set("target.media_output_idxs[0].rtcp_start_idx", 2)
            .set("target.media_output_idxs[0].rtcp_end_idx", 3)
            .set("target.media_output_idxs[7].rtp_end_idx", 1)
            .set("target.ssrc_media_idx[0]", 0xffff_ffff)
            .set("target.ssrc_media_idx[1]", 6)
            .set("target.ssrc_media_idx[2]", 0xffff_ffff)
            .set("target.ssrc_media_idx[3]", 0xffff_ffff)
            .set("target.pt_media_idx[0]", 7)
            .set("target.pt_media_idx[1]", 0xffff_ffff)
            .set("target.extmap_mid", 5)
            .set("target.extmap", 1)
            .bytes("target.mid_output[3].mid", b"audio")
            .set("target.mid_output[3].len", 5);
    }
    if has(generation, "rtpengine_target_info", "raw_ring_buf") {
        // With none of them, nothing else is looked at.
        message
            .set("target.raw_ring_buf.start_idx", 9)
            .set("target.raw_ring_buf.opaque", 0x1234_5671)
            .set("target.raw_ring_buf.opaque_ref", 3);
    }
    message
}

/// ADD_DESTINATION with every field that the generation has.
pub(crate) fn output_of(generation: Generation) -> Message {
    let mut message = Message::new(generation, 3, "destination");
    message
        .v4("destination.local", [192, 0, 2, 1], 30_000)
        .set("destination.num", 2)
        .v4("destination.output.src_addr", [192, 0, 2, 1], 30_002)
        .v4("destination.output.dst_addr", [203, 0, 113, 9], 5004)
        .set("destination.output.encrypt.cipher", 1)
        .set("destination.output.encrypt.hmac", 1)
        .bytes("destination.output.ssrc_out[1]", &[0xaa, 0xbb, 0xcc, 0xdd])
        .set("destination.output.seq_offset[1]", 0xfff0)
        .set("destination.output.ssrc_stats[0]", 0x7000)
        .set("destination.output.ssrc_stats[2]", 0x7040)
        .set("destination.output.pt_output[1].min_payload_len", 20)
        .bytes(
            "destination.output.pt_output[1].replace_pattern",
            &[0xd5, 0x55],
        )
        .set("destination.output.pt_output[1].replace_pattern_len", 2)
        .set("destination.output.iface_stats", 0x5000)
        .set("destination.output.stats", 0x6000)
        .set("destination.output.tos", 0xb8)
        .set("destination.output.ssrc_subst", 1);
    if has(generation, "rtpengine_pt_output", "blackhole") {
        message.set("destination.output.pt_output[3].blackhole", 1);
    } else {
        // Where the flag is in others.
        let at = message.offset("destination.output.pt_output[3].replace_pattern_len");
        message.poke(at + 1, 1);
    }
    if has(generation, "rtpengine_output_info", "media_idx") {
        message
            .set("destination.output.media_idx", 9)
            .set("destination.output.extmap", 1)
            .set("destination.output.rtcp", 1)
            .set("destination.output.num_extmap_filter", 2)
            .bytes("destination.output.extmap_filter", &[3, 200])
            .set("destination.output.extmap_mid", 6)
            .set("destination.output.extmap_mid_len", 5)
            .bytes("destination.output.extmap_mid_str", b"video");
    }
    message
}
