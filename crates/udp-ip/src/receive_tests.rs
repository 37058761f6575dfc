// SPDX-License-Identifier: GPL-2.0-only

use super::*;
use proptest::prelude::*;

/// A datagram of ten bytes of payload over IPv4, with two words of options and five bytes after
/// the datagram.
fn over_ipv4() -> Vec<u8> {
    let mut packet = vec![
        0x47, 0xb8, 0, 51, 0, 1, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 1, 1, 1, 1, 1,
        1, 1, 1, 0x75, 0x30, 0x75, 0x32, 0, 18, 0xab, 0xcd,
    ];
    packet.extend_from_slice(&[7; 15]);
    packet
}

fn over_ipv6() -> Vec<u8> {
    let mut packet = vec![0x6b, 0x80, 0, 0, 0, 18, 17, 64];
    packet.extend_from_slice(&[1; 16]);
    packet.extend_from_slice(&[2; 16]);
    packet.extend_from_slice(&[0x75, 0x30, 0x75, 0x32, 0, 18, 0xab, 0xcd]);
    packet.extend_from_slice(&[7; 10]);
    packet
}

fn changed(packet: &[u8], at: usize, value: u8) -> Vec<u8> {
    let mut packet = packet.to_vec();
    packet[at] = value;
    packet
}

fn verdict(family: Family, packet: &[u8]) -> Result<Range<usize>, Malformed> {
    parse(family, packet, packet.len()).map(|datagram| datagram.payload)
}

#[test]
fn a_datagram_over_ipv4_with_options_is_taken_apart() {
    let packet = over_ipv4();
    let datagram = parse(Family::V4, &packet, packet.len()).unwrap();
    let flow = Flow::v4(([192, 0, 2, 1], 30_000), ([192, 0, 2, 2], 30_002));
    assert_eq!(datagram.flow, flow);
    assert_eq!((datagram.tos, datagram.ttl), (0xb8, 64));
    assert_eq!((datagram.udp, datagram.payload), (28..46, 36..46));
}

#[test]
fn a_datagram_over_ipv6_is_taken_apart() {
    let packet = over_ipv6();
    let datagram = parse(Family::V6, &packet, packet.len()).unwrap();
    let flow = Flow::v6(([1; 16], 30_000), ([2; 16], 30_002));
    assert_eq!(datagram.flow, flow);
    assert_eq!((datagram.tos, datagram.ttl), (0xb8, 64));
    assert_eq!((datagram.udp, datagram.payload), (40..58, 48..58));
}

#[test]
fn defect_01_a_udp_length_beyond_the_datagram_is_not_believed() {
    let packet = over_ipv4();
    // The IP payload has 23 bytes: 18 of the datagram and 5 after it.
    assert_eq!(verdict(Family::V4, &changed(&packet, 33, 23)), Ok(36..51));
    assert_eq!(
        verdict(Family::V4, &changed(&packet, 33, 24)),
        Err(Malformed::UdpLength)
    );
    assert_eq!(
        verdict(Family::V4, &changed(&packet, 32, 0xff)),
        Err(Malformed::UdpLength)
    );
    assert_eq!(
        verdict(Family::V4, &changed(&packet, 33, 7)),
        Err(Malformed::UdpLength)
    );
    assert_eq!(verdict(Family::V4, &changed(&packet, 33, 8)), Ok(36..36));
    let packet = over_ipv6();
    assert_eq!(
        verdict(Family::V6, &changed(&packet, 45, 19)),
        Err(Malformed::UdpLength)
    );
    assert_eq!(
        verdict(Family::V6, &changed(&packet, 45, 0)),
        Err(Malformed::UdpLength)
    );
}

#[test]
fn an_ip_length_beyond_the_packet_is_not_believed() {
    assert_eq!(
        verdict(Family::V4, &changed(&over_ipv4(), 3, 52)),
        Err(Malformed::IpLength)
    );
    assert_eq!(
        verdict(Family::V6, &changed(&over_ipv6(), 5, 19)),
        Err(Malformed::IpLength)
    );
}

#[test]
fn an_ip_length_within_the_headers_is_refused() {
    assert_eq!(
        verdict(Family::V4, &changed(&over_ipv4(), 3, 27)),
        Err(Malformed::IpLength)
    );
    assert_eq!(
        verdict(Family::V4, &changed(&over_ipv4(), 3, 35)),
        Err(Malformed::UdpLength)
    );
    assert_eq!(
        verdict(Family::V6, &changed(&over_ipv6(), 5, 0)),
        Err(Malformed::UdpLength)
    );
}

#[test]
fn what_is_not_a_whole_udp_datagram_is_refused() {
    let v4 = over_ipv4();
    assert_eq!(
        verdict(Family::V4, &changed(&v4, 0, 0x67)),
        Err(Malformed::Version)
    );
    assert_eq!(
        verdict(Family::V4, &changed(&v4, 0, 0x44)),
        Err(Malformed::HeaderLength)
    );
    assert_eq!(
        verdict(Family::V4, &changed(&v4, 9, 6)),
        Err(Malformed::Protocol)
    );
    assert_eq!(
        verdict(Family::V4, &changed(&v4, 6, 0x20)),
        Err(Malformed::Fragment)
    );
    assert_eq!(
        verdict(Family::V4, &changed(&v4, 7, 1)),
        Err(Malformed::Fragment)
    );
    let v6 = over_ipv6();
    assert_eq!(
        verdict(Family::V6, &changed(&v6, 0, 0x4b)),
        Err(Malformed::Version)
    );
    assert_eq!(
        verdict(Family::V6, &changed(&v6, 6, 44)),
        Err(Malformed::Protocol)
    );
}

#[test]
fn headers_that_are_not_in_one_piece_are_refused() {
    let packet = over_ipv4();
    for len in 0..36 {
        assert_eq!(
            parse(Family::V4, &packet[..len], packet.len()),
            Err(Malformed::Truncated)
        );
    }
    assert!(parse(Family::V4, &packet[..36], packet.len()).is_ok());
    let packet = over_ipv6();
    for len in 0..48 {
        assert_eq!(
            parse(Family::V6, &packet[..len], packet.len()),
            Err(Malformed::Truncated)
        );
    }
}

proptest! {
    #[test]
    fn no_packet_leads_out_of_itself(packet: Vec<u8>, six: bool, first: u8) {
        let family = if six { Family::V6 } else { Family::V4 };
        let mut packet = packet;
        if let Some(byte) = packet.first_mut() {
            *byte = if six { 0x60 } else { 0x40 } | (first & 0xf);
        }
        if let Ok(datagram) = parse(family, &packet, packet.len()) {
            prop_assert!(packet.get(datagram.udp.clone()).is_some());
            prop_assert!(packet.get(datagram.payload.clone()).is_some());
            prop_assert_eq!(datagram.payload.start - datagram.udp.start, UDP_HEADER);
        }
    }
}
