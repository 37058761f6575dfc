// SPDX-License-Identifier: GPL-2.0-only

//! Filtering of header extensions, and appending one.

use crate::common::{rtp, rtp_with_extension};
use proptest::prelude::*;
use rtp_media::extension::Element;
use rtp_media::extension_rewrite::{new_length, rewrite, NoRoom, Rule};
use rtp_media::rtp::RtpView;

const SSRC: u32 = 0x5555_0001;
const PAYLOAD: &[u8] = b"payload";

/// Rewrites in a buffer that has just the room.
fn apply(packet: &[u8], keep: &[u8], append: Option<(u8, &[u8])>) -> Vec<u8> {
    let rule = Rule {
        keep: |id| keep.contains(&id),
        append: append.map(|(id, data)| Element { id, data }),
    };
    let length = new_length(packet, &rule);
    let mut buffer = packet.to_vec();
    buffer.resize(length.max(packet.len()), 0xee);
    assert_eq!(rewrite(&mut buffer, packet.len(), &rule), Ok(length));
    buffer.truncate(length);
    buffer
}

fn one_byte(data: &[u8]) -> Vec<u8> {
    rtp_with_extension(SSRC, 0xbede, data, PAYLOAD)
}

fn two_byte(profile: u16, data: &[u8]) -> Vec<u8> {
    rtp_with_extension(SSRC, profile, data, PAYLOAD)
}

fn plain() -> Vec<u8> {
    rtp(SSRC, PAYLOAD)
}

#[test]
fn elements_not_in_the_list_are_dropped() {
    let packet = one_byte(&[0x10, 7, 0x21, 8, 9, 0x30, 5, 0]);
    assert_eq!(apply(&packet, &[1, 3], None), one_byte(&[0x10, 7, 0x30, 5]));
    assert_eq!(apply(&packet, &[2], None), one_byte(&[0x21, 8, 9, 0]));
    let packet = two_byte(0x1003, &[1, 1, 7, 200, 2, 8, 9, 3, 0, 0, 0, 0]);
    assert_eq!(
        apply(&packet, &[200], None),
        two_byte(0x1003, &[200, 2, 8, 9])
    );
    assert_eq!(
        apply(&packet, &[1, 3], None),
        two_byte(0x1003, &[1, 1, 7, 3, 0, 0, 0, 0])
    );
}

#[test]
fn padding_is_dropped() {
    let packet = one_byte(&[0, 0x10, 7, 0, 0, 0x20, 5, 0]);
    assert_eq!(apply(&packet, &[1, 2], None), one_byte(&[0x10, 7, 0x20, 5]));
}

#[test]
fn an_extension_without_elements_is_removed() {
    for data in [&[0x10, 7, 0, 0][..], &[0; 8], &[], &[0xf0, 1, 2, 3]] {
        assert_eq!(apply(&one_byte(data), &[], None), plain());
        assert_eq!(apply(&two_byte(0x1000, data), &[], None), plain());
    }
}

#[test]
fn what_needs_no_change_is_left() {
    let packet = one_byte(&[0x10, 7, 0x20, 5]);
    assert_eq!(apply(&packet, &[1, 2], None), packet);
    assert_eq!(apply(&plain(), &[], None), plain());
}

#[test]
fn other_profiles_are_left_alone() {
    for profile in [0, 0x0100, 0x1010, 0xbedf] {
        let packet = rtp_with_extension(SSRC, profile, &[0x10, 7, 0, 0], PAYLOAD);
        assert_eq!(apply(&packet, &[], None), packet);
        assert_eq!(apply(&packet, &[], Some((3, b"mid"))), packet);
    }
}

#[test]
fn what_is_not_rtp_is_left_alone() {
    for packet in [&b""[..], b"payload", &[0; 40]] {
        assert_eq!(apply(packet, &[], Some((3, b"mid"))), packet);
    }
}

#[test]
fn an_element_is_appended() {
    let packet = one_byte(&[0x10, 7, 0, 0]);
    assert_eq!(
        apply(&packet, &[1], Some((3, b"mid"))),
        one_byte(&[0x10, 7, 0x32, b'm', b'i', b'd', 0, 0])
    );
    assert_eq!(
        apply(&packet, &[], Some((3, b"mid"))),
        one_byte(&[0x32, b'm', b'i', b'd'])
    );
    let packet = two_byte(0x1002, &[200, 1, 7, 0]);
    assert_eq!(
        apply(&packet, &[200], Some((3, b"mid"))),
        two_byte(0x1002, &[200, 1, 7, 3, 3, b'm', b'i', b'd'])
    );
}

#[test]
fn an_appended_element_replaces_its_like() {
    let packet = one_byte(&[0x30, b'x', 0x10, 7]);
    assert_eq!(
        apply(&packet, &[1, 3], Some((3, b"y"))),
        one_byte(&[0x10, 7, 0x30, b'y'])
    );
}

#[test]
fn an_extension_is_added_where_there_was_none() {
    assert_eq!(
        apply(&plain(), &[], Some((14, b"m"))),
        one_byte(&[0xe0, b'm', 0, 0])
    );
    assert_eq!(
        apply(&plain(), &[], Some((15, b"m"))),
        two_byte(0x1000, &[15, 1, b'm', 0])
    );
    let long = [b'm'; 16];
    let mut data = vec![0x3f];
    data.extend_from_slice(&long);
    data.resize(20, 0);
    assert_eq!(apply(&plain(), &[], Some((3, &long))), one_byte(&data));
    let longer = [b'm'; 17];
    let mut data = vec![3, 17];
    data.extend_from_slice(&longer);
    data.resize(20, 0);
    assert_eq!(
        apply(&plain(), &[], Some((3, &longer))),
        two_byte(0x1000, &data)
    );
}

#[test]
fn the_csrc_list_stays_in_front() {
    let mut packet = rtp(SSRC, &[1, 2, 3, 4]);
    packet.extend_from_slice(PAYLOAD);
    packet[0] |= 1;
    let added = apply(&packet, &[], Some((3, b"mid")));
    assert_eq!(added[0], 0x91);
    assert_eq!(
        added[12..],
        *b"\x01\x02\x03\x04\xbe\xde\x00\x01\x32midpayload"
    );
    assert_eq!(apply(&added, &[], None), packet);
}

#[test]
fn elements_are_widened_when_the_appended_one_needs_it() {
    let packet = one_byte(&[0x10, 7, 0x22, 8, 9, 10, 0x30, 5]);
    assert_eq!(
        apply(&packet, &[1, 2, 3], Some((20, b"m"))),
        two_byte(
            0x1000,
            &[1, 1, 7, 2, 3, 8, 9, 10, 3, 1, 5, 20, 1, b'm', 0, 0]
        )
    );
    assert_eq!(
        apply(&packet, &[2], Some((20, b"m"))),
        two_byte(0x1000, &[2, 3, 8, 9, 10, 20, 1, b'm'])
    );
}

#[test]
fn what_cannot_be_appended_is_not() {
    for append in [(0, &b"m"[..]), (3, b""), (3, &[b'm'; 256])] {
        assert_eq!(apply(&plain(), &[], Some(append)), plain());
    }
    let longest = [b'm'; 255];
    assert_eq!(
        apply(&plain(), &[], Some((255, &longest))).len(),
        12 + 4 + 260 + 7
    );
}

#[test]
fn without_room_nothing_changes() {
    let packet = plain();
    let rule = Rule {
        keep: |_| true,
        append: Some(Element {
            id: 3,
            data: b"mid",
        }),
    };
    let needed = new_length(&packet, &rule);
    assert_eq!(needed, packet.len() + 8);
    for room in packet.len()..needed {
        let mut buffer = packet.clone();
        buffer.resize(room, 0xee);
        let before = buffer.clone();
        assert_eq!(rewrite(&mut buffer, packet.len(), &rule), Err(NoRoom));
        assert_eq!(buffer, before);
    }
    assert_eq!(rewrite(&mut [0; 4], 5, &rule), Err(NoRoom));
}

/// The same, the long way round.
fn reference(packet: &[u8], keep: &[u8], append: Option<(u8, &[u8])>) -> Vec<u8> {
    let append = append.filter(|(id, data)| *id != 0 && !data.is_empty() && data.len() < 256);
    let Some(view) = RtpView::parse(packet) else {
        return packet.to_vec();
    };
    let mut profile = 0xbede;
    let mut elements: Vec<(u8, Vec<u8>)> = Vec::new();
    if let Some(extension) = view.extension() {
        if extension.form().is_none() {
            return packet.to_vec();
        }
        profile = extension.profile();
        elements = extension
            .elements()
            .map(|e| (e.id, e.data.to_vec()))
            .collect();
    }
    elements.retain(|(id, _)| keep.contains(id) && append.is_none_or(|a| a.0 != *id));
    elements.extend(append.map(|(id, data)| (id, data.to_vec())));
    if profile == 0xbede
        && elements
            .iter()
            .any(|(id, data)| *id > 14 || data.len() > 16)
    {
        profile = 0x1000;
    }
    let mut data = Vec::new();
    for (id, content) in elements {
        if profile == 0xbede {
            data.push((id << 4) | (content.len() - 1) as u8);
        } else {
            data.extend([id, content.len() as u8]);
        }
        data.extend(content);
    }
    data.resize(data.len().next_multiple_of(4), 0);
    let mut result = packet[..view.extension_start()].to_vec();
    result[0] &= !0x10;
    if !data.is_empty() {
        result[0] |= 0x10;
        result.extend(profile.to_be_bytes());
        result.extend((data.len() as u16 / 4).to_be_bytes());
        result.extend(data);
    }
    result.extend(view.payload());
    result
}

fn any_packet() -> impl Strategy<Value = Vec<u8>> {
    let profile = prop_oneof![
        3 => Just(0xbede_u16),
        3 => 0x1000_u16..=0x100f,
        1 => any::<u16>(),
    ];
    let element = (0u8..18, proptest::collection::vec(any::<u8>(), 0..20));
    let elements = proptest::collection::vec(element, 0..8);
    let noise = proptest::collection::vec(any::<u8>(), 0..12);
    (
        profile,
        elements,
        noise,
        0u8..4,
        proptest::collection::vec(any::<u8>(), 0..40),
    )
        .prop_map(|(profile, elements, noise, csrcs, payload)| {
            let mut data = Vec::new();
            for (id, content) in elements {
                if profile == 0xbede {
                    let content = &content[..content.len().min(16)];
                    if content.is_empty() {
                        data.push(0);
                    } else {
                        data.push((id << 4) | (content.len() - 1) as u8);
                        data.extend(content);
                    }
                } else {
                    data.extend([id, content.len() as u8]);
                    data.extend(content);
                }
            }
            data.extend(noise);
            data.resize(data.len().next_multiple_of(4), 0);
            let mut packet = rtp(SSRC, &vec![9; usize::from(csrcs) * 4]);
            packet[0] |= 0x10 | csrcs;
            packet.extend(profile.to_be_bytes());
            packet.extend((data.len() as u16 / 4).to_be_bytes());
            packet.extend(data);
            packet.extend(payload);
            packet
        })
}

fn any_append() -> impl Strategy<Value = Option<(u8, Vec<u8>)>> {
    let data = prop_oneof![
        4 => proptest::collection::vec(any::<u8>(), 0..20),
        1 => proptest::collection::vec(any::<u8>(), 250..260),
    ];
    proptest::option::of((prop_oneof![0u8..18, any::<u8>()], data))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn any_extension(
        packet in any_packet(),
        keep in proptest::collection::vec(0u8..20, 0..12),
        append in any_append(),
    ) {
        let append = append.as_ref().map(|(id, data)| (*id, data.as_slice()));
        prop_assert_eq!(apply(&packet, &keep, append), reference(&packet, &keep, append));
    }

    #[test]
    fn any_bytes_at_all(
        packet in proptest::collection::vec(any::<u8>(), 0..120),
        keep in proptest::collection::vec(any::<u8>(), 0..12),
        append in any_append(),
        rtp in any::<bool>(),
    ) {
        let mut packet = packet;
        if let (true, [first, ..]) = (rtp, packet.as_mut_slice()) {
            *first = 0x80 | (*first & 0x3f);
        }
        let append = append.as_ref().map(|(id, data)| (*id, data.as_slice()));
        prop_assert_eq!(apply(&packet, &keep, append), reference(&packet, &keep, append));
    }
}
