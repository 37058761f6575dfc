// SPDX-License-Identifier: GPL-2.0-only

//! Packets, for tests to change one thing in.

pub(crate) mod srtp;

/// An RTP packet: payload type 8, sequence number 0x1234, timestamp 0x01020304.
pub(crate) fn rtp(ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 8, 0x12, 0x34, 1, 2, 3, 4];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(payload);
    packet
}

/// An RTP packet with a header extension.
pub(crate) fn rtp_with_extension(ssrc: u32, profile: u16, data: &[u8], payload: &[u8]) -> Vec<u8> {
    assert_eq!(data.len() % 4, 0);
    let mut packet = rtp(ssrc, &[]);
    packet[0] |= 0x10;
    packet.extend_from_slice(&profile.to_be_bytes());
    packet.extend_from_slice(&u16::try_from(data.len() / 4).unwrap().to_be_bytes());
    packet.extend_from_slice(data);
    packet.extend_from_slice(payload);
    packet
}

/// One RTCP packet of a compound.
pub(crate) fn rtcp(packet_type: u8, words: u16) -> Vec<u8> {
    let mut packet = vec![0x81, packet_type];
    packet.extend_from_slice(&words.to_be_bytes());
    packet.resize(4 + usize::from(words) * 4, 0xcc);
    packet
}

/// A STUN binding request that ends with a FINGERPRINT attribute.
pub(crate) fn stun() -> Vec<u8> {
    let mut packet = vec![0x00, 0x01, 0x00, 0x08, 0x21, 0x12, 0xa4, 0x42];
    packet.extend_from_slice(&[7; 12]);
    packet.extend_from_slice(&[0x80, 0x28, 0x00, 0x04, 1, 2, 3, 4]);
    packet
}
