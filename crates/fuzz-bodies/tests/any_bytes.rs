// SPDX-License-Identifier: GPL-2.0-only

//! The bodies of the fuzz targets, with random input.

use fuzz_bodies::{extensions, packet, rtcp, wire};
use proptest::prelude::*;

/// Bytes, many of them at the edges.
fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => any::<u8>(),
        1 => Just(0u8),
        1 => Just(1),
        1 => Just(0x80),
        1 => Just(0xff),
    ];
    proptest::collection::vec(byte, 0..most)
}

/// RTP with a header extension of the one-byte or the two-byte form, or whatever comes.
fn datagram() -> impl Strategy<Value = Vec<u8>> {
    let second = prop_oneof![any::<u8>(), Just(200u8), Just(205), Just(0), Just(8)];
    let first = prop_oneof![Just(0x80u8), Just(0x90), 0x80..=0xbfu8, any::<u8>()];
    (first, second, bytes(120)).prop_map(|(first, second, rest)| {
        let mut datagram = vec![first, second];
        datagram.extend(rest);
        if let Some([a, b, c, d]) = datagram.get_mut(12..16) {
            if first == 0x90 {
                (*a, *b) = [(0xbe, 0xde), (0x10, 0x00)][usize::from(*c) % 2];
                (*c, *d) = (0, *d % 16);
            }
        }
        datagram
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn extensions_of_any_packet(
        kept in prop_oneof![Just(u32::MAX), any::<u32>()],
        id in prop_oneof![0..20u8, any::<u8>()],
        appended in prop_oneof![bytes(5), bytes(20), bytes(255)],
        is_appended in any::<bool>(),
        room in any::<u8>(),
        datagram in datagram(),
    ) {
        let mut data = kept.to_be_bytes().to_vec();
        data.extend([id, appended.len() as u8]);
        data.extend(appended);
        data.extend([u8::from(is_appended), room]);
        data.extend(datagram);
        extensions(&data);
    }

    #[test]
    fn any_rtcp(
        choices in any::<[u8; 19]>(),
        parts in proptest::collection::vec((200..208u8, bytes(40)), 0..4),
        noise in bytes(20),
        is_whole in any::<bool>(),
    ) {
        let mut datagram = choices.to_vec();
        for (kind, mut body) in parts {
            body.resize(body.len() & !3, 0);
            datagram.extend([0x81, kind, 0, (body.len() / 4) as u8]);
            datagram.extend(body);
        }
        if !is_whole {
            datagram.extend(noise);
        }
        rtcp(&datagram);
    }

    #[test]
    fn any_packets(
        rules in bytes(14),
        packets in proptest::collection::vec((any::<[u8; 2]>(), datagram()), 1..6),
    ) {
        let mut data = rules;
        data.resize(24, 0);
        for (choices, datagram) in packets {
            data.extend([choices[0] & !1, choices[1] & 0x18]);
            data.extend([0; 4].iter().take(usize::from(choices[1] & 8 != 0) * 2));
            data.extend([0; 4].iter().take(usize::from(choices[1] & 16 != 0) * 4));
            data.extend((datagram.len() as u16).to_be_bytes());
            data.extend(datagram);
        }
        packet(&data);
    }

    #[test]
    fn any_bytes_for_packets(data in bytes(400)) {
        packet(&data);
        rtcp(&data);
        extensions(&data);
    }

    #[test]
    fn changed_commands(
        kind in prop_oneof![Just(2u8), Just(3), Just(6)],
        of in 0..6u8,
        changes in proptest::collection::vec((any::<u16>(), prop_oneof![0..40u8, any::<u8>()]), 0..12),
    ) {
        let mut data = vec![0, kind | (of << 3)];
        for (at, value) in changes {
            data.extend(at.to_be_bytes());
            data.push(value);
        }
        wire(&data);
    }

    #[test]
    fn any_command(data in bytes(60), kind in 0..48u8, way in 0..2u8) {
        wire(&[&[way, kind], &data[..]].concat());
    }
}
