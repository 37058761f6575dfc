// SPDX-License-Identifier: GPL-2.0-only

//! What the stack in front of a target, and behind it, makes of an IP packet, after RFC 791, RFC 768
//! and RFC 8200 and as Linux does it. It shares no code with the module.

use crate::dice::{get16, get8};

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// The stack drops it, before the target or behind it; the target passes it.
    Nowhere,
    /// The target has a sound datagram; what it passes comes to its socket.
    Target(Vec<u8>),
    /// The target passes it, and its socket has the datagram; or may have it.
    Socket {
        /// What the socket reads.
        payload: Vec<u8>,
        /// Whether it has to.
        certain: bool,
    },
}

const UDP: u8 = 17;

/// Ones' complement sum of 16-bit words (RFC 1071).
pub(crate) fn sum(bytes: &[u8]) -> u16 {
    let mut total: u64 = bytes
        .chunks(2)
        .map(|pair| u64::from(u16::from_be_bytes([get8(pair, 0), get8(pair, 1)])))
        .sum();
    while total >> 16 != 0 {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

fn add(a: u16, b: u16) -> u16 {
    let (sum, carry) = a.overflowing_add(b);
    sum.wrapping_add(carry.into())
}

/// Sum of a UDP datagram with its pseudo header, whose addresses are the last ones of the IP header.
pub(crate) fn udp_sum(ip: &[u8], datagram: &[u8], claimed: usize) -> u16 {
    let addresses = match get8(ip, 0) >> 4 {
        4 => ip.get(12..20),
        _ => ip.get(8..40),
    };
    let length = add((claimed >> 16) as u16, claimed as u16);
    let pseudo = add(sum(addresses.unwrap_or(&[])), add(UDP.into(), length));
    add(pseudo, sum(datagram))
}

/// What becomes of a packet that came over Ethernet as one of that version, for that port. `vouched`
/// when a device says that the checksum will be right.
pub(crate) fn arrival(packet: &[u8], six: bool, port: u16, vouched: bool) -> Arrival {
    let ip = if six { ipv6(packet) } else { ipv4(packet) };
    let Some((header, body)) = ip else {
        return Arrival::Nowhere;
    };
    udp(header, body, six, port, vouched).unwrap_or(Arrival::Nowhere)
}

fn ipv4(packet: &[u8]) -> Option<(&[u8], &[u8])> {
    let words = usize::from(get8(packet, 0) & 0xf);
    if packet.len() < 20 || get8(packet, 0) >> 4 != 4 || words < 5 {
        return None;
    }
    let header = packet.get(..words * 4)?;
    let total = usize::from(get16(packet, 2)?);
    let fragment = get16(packet, 6)? & 0x3fff;
    if sum(header) != 0xffff || get8(packet, 9) != UDP || fragment != 0 {
        return None;
    }
    Some((header, packet.get(words * 4..total)?))
}

fn ipv6(packet: &[u8]) -> Option<(&[u8], &[u8])> {
    let header = packet.get(..40)?;
    if get8(packet, 0) >> 4 != 6 || get8(packet, 6) != UDP {
        return None;
    }
    let length = usize::from(get16(packet, 4)?);
    Some((header, packet.get(40..40 + length)?))
}

fn udp(header: &[u8], body: &[u8], six: bool, port: u16, vouched: bool) -> Option<Arrival> {
    let length = usize::from(get16(body, 4)?);
    let check = get16(body, 6)?;
    if get16(body, 2)? != port {
        return None;
    }
    let datagram = body.get(..length)?;
    let payload = datagram.get(8..)?.to_vec();
    let sound = vouched
        || match check {
            0 => !six,
            _ => udp_sum(header, datagram, length) == 0xffff,
        };
    if !sound || (six && check == 0) {
        return None;
    }
    Some(Arrival::Target(payload))
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_checksums_are_judged() {
        // RFC 1071, 3.
        assert_eq!(sum(&[0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7]), 0xddf2);
        let mut packet = vec![
            0x45, 0, 0, 31, 0, 1, 0x40, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 0, 9, 0, 10,
            0, 11, 0, 0, 1, 2, 3,
        ];
        let check = !sum(&packet[..20]);
        packet[10..12].copy_from_slice(&check.to_be_bytes());
        let sound = Arrival::Target(vec![1, 2, 3]);
        assert_eq!(arrival(&packet, false, 10, false), sound);
        assert_eq!(arrival(&packet, false, 11, false), Arrival::Nowhere);
        assert_eq!(arrival(&packet, true, 10, false), Arrival::Nowhere);
        packet[26..28].copy_from_slice(&[0xab, 0xcd]);
        assert_eq!(arrival(&packet, false, 10, false), Arrival::Nowhere);
        assert_eq!(arrival(&packet, false, 10, true), sound);
        let header = packet[..20].to_vec();
        packet[26..28].copy_from_slice(&[0, 0]);
        let check = !udp_sum(&header, &packet[20..], 11);
        packet[26..28].copy_from_slice(&check.to_be_bytes());
        assert_eq!(arrival(&packet, false, 10, false), sound);
        packet[25] = 12;
        assert_eq!(arrival(&packet, false, 10, false), Arrival::Nowhere);
    }
}
