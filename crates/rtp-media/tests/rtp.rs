// SPDX-License-Identifier: GPL-2.0-only

//! RTP packets and their header extensions.

use crate::common::{rtp, rtp_with_extension};
use rtp_media::extension::{Element, Form};
use rtp_media::rtp::{set_sequence, set_ssrc, RtpView};

#[test]
fn fields_are_where_they_belong() {
    let mut packet = rtp(0xa1b2_c3d4, b"payload");
    packet[1] |= 0x80;
    let view = RtpView::parse(&packet).unwrap();
    assert!(view.marker());
    assert_eq!(view.payload_type(), 8);
    assert_eq!(view.sequence(), 0x1234);
    assert_eq!(view.timestamp(), 0x0102_0304);
    assert_eq!(view.ssrc(), 0xa1b2_c3d4);
    assert!(view.extension().is_none());
    assert_eq!(view.extension_start(), 12);
    assert_eq!(view.payload_start(), 12);
    assert_eq!(view.payload(), b"payload");

    packet[1] = 0x7f;
    let view = RtpView::parse(&packet).unwrap();
    assert!(!view.marker());
    assert_eq!(view.payload_type(), 127);
}

#[test]
fn only_version_2_is_rtp() {
    for version in [0, 1, 3] {
        let mut packet = rtp(1, b"payload");
        packet[0] = version << 6;
        assert!(RtpView::parse(&packet).is_none());
    }
}

#[test]
fn the_header_must_be_there() {
    let packet = rtp(1, &[]);
    for length in 0..12 {
        assert!(RtpView::parse(&packet[..length]).is_none());
    }
    assert_eq!(RtpView::parse(&packet).unwrap().payload(), b"");
}

#[test]
fn the_csrc_list_must_be_there() {
    for csrcs in 0..16u8 {
        let length = usize::from(csrcs) * 4;
        let mut packet = rtp(1, &vec![3; length]);
        packet[0] |= csrcs;
        assert_eq!(
            RtpView::parse(&packet).unwrap().payload_start(),
            12 + length
        );
        packet.pop();
        assert!(csrcs == 0 || RtpView::parse(&packet).is_none());
    }
}

#[test]
fn the_extension_must_be_there() {
    let packet = rtp_with_extension(1, 0xbede, &[0x10, 7, 0, 0], b"pay");
    let view = RtpView::parse(&packet).unwrap();
    let extension = view.extension().unwrap();
    assert_eq!(extension.profile(), 0xbede);
    assert_eq!(extension.data(), [0x10, 7, 0, 0]);
    assert_eq!(view.extension_start(), 12);
    assert_eq!(view.payload_start(), 20);
    assert_eq!(view.payload(), b"pay");
    for length in 12..20 {
        assert!(RtpView::parse(&packet[..length]).is_none());
    }
    assert!(RtpView::parse(&packet[..20]).is_some());

    let mut packet = rtp(1, &[0xbe, 0xde, 0xff, 0xff]);
    packet[0] |= 0x10;
    assert!(RtpView::parse(&packet).is_none());
}

#[test]
fn padding_stays_with_the_payload() {
    let mut packet = rtp(1, b"payload\x00\x00\x03");
    packet[0] |= 0x20;
    assert_eq!(
        RtpView::parse(&packet).unwrap().payload(),
        b"payload\x00\x00\x03"
    );
    // A length of padding that cannot be is nobody's business here.
    *packet.last_mut().unwrap() = 0xff;
    assert!(RtpView::parse(&packet).is_some());
}

#[test]
fn fields_are_replaced_in_place() {
    let mut packet = rtp(0x0102_0304, b"payload");
    set_sequence(&mut packet, 0xabcd);
    assert_eq!(packet[..4], [0x80, 8, 0xab, 0xcd]);
    set_ssrc(&mut packet, 0x1122_3344);
    assert_eq!(packet[4..], *b"\x01\x02\x03\x04\x11\x22\x33\x44payload");
    for length in 0..12 {
        let mut short = vec![0; length];
        set_sequence(&mut short, 1);
        set_ssrc(&mut short, 1);
    }
}

fn elements(profile: u16, data: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let packet = rtp_with_extension(1, profile, data, &[]);
    let extension = RtpView::parse(&packet).unwrap().extension().unwrap();
    let element = |Element { id, data }: Element<'_>| (id, data.to_vec());
    extension.elements().map(element).collect()
}

#[test]
fn one_byte_elements() {
    let two = vec![(1, vec![7]), (14, vec![1, 2, 3])];
    assert_eq!(elements(0xbede, &[0x10, 7, 0, 0xe2, 1, 2, 3, 0]), two);
    assert_eq!(elements(0xbede, &[0, 0, 0x10, 7, 0xe2, 1, 2, 3]), two);
    assert_eq!(elements(0xbede, &[0; 8]), []);
    assert_eq!(elements(0xbede, &[]), []);
    // The longest.
    let mut data = vec![0x5f];
    data.extend(1..=16);
    data.resize(20, 0);
    assert_eq!(elements(0xbede, &data), [(5, (1..=16).collect())]);
}

#[test]
fn one_byte_elements_end_at_reserved_ids() {
    assert_eq!(
        elements(0xbede, &[0x10, 7, 0xf0, 1, 0x20, 8, 0, 0]),
        [(1, vec![7])]
    );
    assert_eq!(
        elements(0xbede, &[0x10, 7, 0x01, 1, 0x20, 8, 0, 0]),
        [(1, vec![7])]
    );
}

#[test]
fn two_byte_elements() {
    let expected = [(1, vec![]), (200, vec![9, 8]), (15, vec![1])];
    for profile in [0x1000, 0x1005, 0x100f] {
        let data = [1, 0, 0, 200, 2, 9, 8, 15, 1, 1, 0, 0];
        assert_eq!(elements(profile, &data), expected);
    }
}

#[test]
fn elements_that_are_cut_end_the_list() {
    assert_eq!(elements(0xbede, &[0x10, 7, 0x23, 1]), [(1, vec![7])]);
    assert_eq!(elements(0x1000, &[1, 1, 7, 3]), [(1, vec![7])]);
    assert_eq!(elements(0x1000, &[1, 1, 7, 3, 4, 1, 2, 3]), [(1, vec![7])]);
    assert_eq!(elements(0x1000, &[1, 255, 7, 3]), []);
}

#[test]
fn other_profiles_have_no_elements() {
    for profile in [0, 0xbedd, 0xbedf, 0x0100, 0x0fff, 0x1010, 0xffff] {
        assert_eq!(elements(profile, &[0x10, 7, 0, 0]), [], "{profile:#x}");
        let packet = rtp_with_extension(1, profile, &[0x10, 7, 0, 0], &[]);
        assert_eq!(
            RtpView::parse(&packet).unwrap().extension().unwrap().form(),
            None
        );
    }
    let packet = rtp_with_extension(1, 0x1003, &[], &[]);
    let extension = RtpView::parse(&packet).unwrap().extension().unwrap();
    assert_eq!(extension.form(), Some(Form::TwoByte));
}

#[test]
fn elements_are_found_by_id() {
    let packet = rtp_with_extension(1, 0xbede, &[0x10, 7, 0x21, 8, 9, 0x20, 5, 0], &[]);
    let extension = RtpView::parse(&packet).unwrap().extension().unwrap();
    assert_eq!(extension.find(1), Some(&[7][..]));
    assert_eq!(extension.find(2), Some(&[8, 9][..]));
    assert_eq!(extension.find(3), None);
    assert_eq!(extension.find(0), None);
}
