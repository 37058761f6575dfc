// SPDX-License-Identifier: GPL-2.0-only

//! Telling apart what shares a port (RFC 7983, RFC 5764, RFC 5761).

/// Magic cookie of STUN (RFC 5389, 6).
const STUN_COOKIE: [u8; 4] = 0x2112_a442_u32.to_be_bytes();
/// Type and length of a FINGERPRINT attribute, whose value of 4 bytes ends a message.
const STUN_FINGERPRINT: [u8; 4] = [0x80, 0x28, 0x00, 0x04];
/// Shortest STUN message that carries one: the header and the attribute.
const STUN_MIN: usize = 28;
/// Shortest RTCP packet.
const RTCP_MIN: usize = 8;

/// Whether this is a STUN message with a FINGERPRINT attribute at its end.
///
/// Without one nothing tells STUN from other packets for certain (RFC 5389, 8).
pub fn is_stun(datagram: &[u8]) -> bool {
    let (Some(head), Some(tail)) = (datagram.first_chunk::<8>(), datagram.last_chunk::<8>()) else {
        return false;
    };
    let [first, _, _, _, cookie @ ..] = head;
    let [attribute @ .., _, _, _, _] = tail;
    datagram.len() >= STUN_MIN
        && datagram.len() & 3 == 0
        && first & 0xc0 == 0
        && *cookie == STUN_COOKIE
        && *attribute == STUN_FINGERPRINT
}

/// Whether this is DTLS.
pub fn is_dtls(datagram: &[u8]) -> bool {
    matches!(datagram, [20..=63, ..])
}

/// Whether this is RTCP rather than RTP, on a port that carries both.
pub fn is_rtcp(datagram: &[u8]) -> bool {
    datagram.len() >= RTCP_MIN && matches!(datagram, [_, 194..=223, ..])
}
