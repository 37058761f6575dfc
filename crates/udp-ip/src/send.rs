// SPDX-License-Identifier: GPL-2.0-only

//! Writing the headers of a datagram to send. Checksums and the length of IPv4 are left to the
//! stack, which may leave them to the device.

use super::{Flow, IPV4_HEADER, IPV6_HEADER, UDP, UDP_HEADER};

/// A UDP header (RFC 768) with a checksum of zero. `length` counts the header.
pub fn udp(flow: &Flow, length: u16) -> [u8; UDP_HEADER] {
    let [s1, s0] = flow.source().port().to_be_bytes();
    let [d1, d0] = flow.destination().port().to_be_bytes();
    let [l1, l0] = length.to_be_bytes();
    [s1, s0, d1, d0, l1, l0, 0, 0]
}

/// An IPv4 header (RFC 791) without options, length, identification and checksum.
/// `dont_fragment` sets DF.
pub fn ipv4(
    source: [u8; 4],
    destination: [u8; 4],
    tos: u8,
    ttl: u8,
    dont_fragment: bool,
) -> [u8; IPV4_HEADER] {
    let [s0, s1, s2, s3] = source;
    let [d0, d1, d2, d3] = destination;
    let flags = u8::from(dont_fragment) << 6;
    [
        0x45, tos, 0, 0, 0, 0, flags, 0, ttl, UDP, 0, 0, s0, s1, s2, s3, d0, d1, d2, d3,
    ]
}

/// An IPv6 header (RFC 8200) with flow label zero. `length` is that of the payload.
pub fn ipv6(
    source: &[u8; 16],
    destination: &[u8; 16],
    traffic_class: u8,
    hop_limit: u8,
    length: u16,
) -> [u8; IPV6_HEADER] {
    let mut header = [0; IPV6_HEADER];
    let [l1, l0] = length.to_be_bytes();
    let fixed = [
        0x60 | (traffic_class >> 4),
        traffic_class << 4,
        0,
        0,
        l1,
        l0,
        UDP,
        hop_limit,
    ];
    let parts = fixed.iter().chain(source).chain(destination);
    for (to, from) in header.iter_mut().zip(parts) {
        *to = *from;
    }
    header
}

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test may panic"
)]
mod tests {
    use super::super::{parse, Family};
    use super::*;
    use proptest::prelude::*;

    /// Parses back what was written, with the fields filled in that the stack fills in.
    fn received(family: Family, mut headers: Vec<u8>, payload: &[u8]) -> super::super::Datagram {
        headers.extend_from_slice(payload);
        if family == Family::V4 {
            let length = u16::try_from(headers.len()).unwrap().to_be_bytes();
            headers[2..4].copy_from_slice(&length);
        }
        parse(family, &headers, headers.len()).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_written_over_ipv4_is_read_back(
            source: [u8; 4], destination: [u8; 4], ports: (u16, u16), tos: u8, ttl: u8,
            df: bool, payload: Vec<u8>,
        ) {
            let length = u16::try_from(UDP_HEADER + payload.len()).unwrap();
            let ip = ipv4(source, destination, tos, ttl, df);
            prop_assert_eq!((ip[6], ip[8]), (if df { 0x40 } else { 0 }, ttl));
            let flow = Flow::v4((source, ports.0), (destination, ports.1));
            let headers = [&ip[..], &udp(&flow, length)].concat();
            let datagram = received(Family::V4, headers, &payload);
            prop_assert_eq!(datagram.flow, flow);
            prop_assert_eq!(datagram.tos, tos);
            prop_assert_eq!(datagram.payload.len(), payload.len());
        }

        #[test]
        fn what_is_written_over_ipv6_is_read_back(
            source: [u8; 16], destination: [u8; 16], ports: (u16, u16), class: u8, hops: u8,
            payload: Vec<u8>,
        ) {
            let length = u16::try_from(UDP_HEADER + payload.len()).unwrap();
            let ip = ipv6(&source, &destination, class, hops, length);
            prop_assert_eq!(ip[7], hops);
            let flow = Flow::v6((source, ports.0), (destination, ports.1));
            let headers = [&ip[..], &udp(&flow, length)].concat();
            let datagram = received(Family::V6, headers, &payload);
            prop_assert_eq!(datagram.flow, flow);
            prop_assert_eq!(datagram.tos, class);
            prop_assert_eq!(datagram.payload.len(), payload.len());
        }
    }
}
