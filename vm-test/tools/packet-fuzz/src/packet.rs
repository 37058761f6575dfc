// SPDX-License-Identifier: GPL-2.0-only

//! IP packets round a payload: as they should be, and with fields that lie.

use crate::dice::{put16, put8, Dice};
use crate::headers::{extended, with_options};
use crate::stack::{self, sum, udp_sum, Arrival};

/// Where packets come from and go to.
#[derive(Clone)]
pub(crate) struct Ends {
    pub(crate) six: bool,
    pub(crate) source: Vec<u8>,
    pub(crate) source_port: u16,
    pub(crate) local: Vec<u8>,
    pub(crate) local_port: u16,
}

/// A packet on the link. `checksum` is where a device is to put one, and of what: an offset of the packet.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) packet: Vec<u8>,
    pub(crate) checksum: Option<(u16, u16)>,
}

/// A packet, what it pretends, and what becomes of it.
pub(crate) struct Wrapped {
    pub(crate) name: &'static str,
    pub(crate) frames: Vec<Frame>,
    pub(crate) arrival: Arrival,
    /// It must not be relayed, whatever anybody works out.
    pub(crate) never: bool,
}

/// A UDP header before a payload, its checksum right.
pub(crate) fn udp(ends: &Ends, payload: &[u8]) -> Vec<u8> {
    let mut datagram = vec![0; 8];
    put16(&mut datagram, 0, ends.source_port);
    put16(&mut datagram, 2, ends.local_port);
    put16(&mut datagram, 4, (payload.len() + 8) as u16);
    datagram.extend_from_slice(payload);
    put_checksum(ends, &mut datagram);
    datagram
}

fn put_checksum(ends: &Ends, datagram: &mut [u8]) {
    put16(datagram, 6, 0);
    let length = datagram.len();
    let check = match !udp_sum(&ip(ends, &[]), datagram, length) {
        0 => 0xffff,
        check => check,
    };
    put16(datagram, 6, check);
}

/// An IP header before a body.
pub(crate) fn ip(ends: &Ends, body: &[u8]) -> Vec<u8> {
    let mut packet = if ends.six {
        let mut header = vec![0x60, 0, 0, 0, 0, 0, 17, 64];
        put16(&mut header, 4, body.len() as u16);
        header.extend_from_slice(&ends.source);
        header.extend_from_slice(&ends.local);
        header
    } else {
        let mut header = vec![0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 17, 0, 0];
        put16(&mut header, 2, (20 + body.len()) as u16);
        header.extend_from_slice(&ends.source);
        header.extend_from_slice(&ends.local);
        finish(&mut header);
        header
    };
    packet.extend_from_slice(body);
    packet
}

/// Puts the header checksum of IPv4 right, as if there were no options.
pub(crate) fn finish(header: &mut [u8]) {
    put16(header, 10, 0);
    let check = !sum(header.get(..20).unwrap_or(&[]));
    put16(header, 10, check);
}

/// A payload in a packet that does not lie.
pub(crate) fn honest(ends: &Ends, payload: Vec<u8>) -> Wrapped {
    Wrapped {
        name: "honest",
        frames: vec![Frame {
            packet: ip(ends, &udp(ends, &payload)),
            checksum: None,
        }],
        arrival: Arrival::Target(payload),
        never: false,
    }
}

/// A payload in a packet of which one thing is not as it should be. `offload` when checksums can be left
/// to the device.
pub(crate) fn lying(dice: &mut Dice, ends: &Ends, payload: &[u8], offload: bool) -> Wrapped {
    let mut datagram = udp(ends, payload);
    let length = datagram.len();
    let mut checksum = None;
    let (name, packet) = match dice.below(12) {
        0 | 1 => {
            let (any, short, more) = (dice.short().into(), dice.below(8), dice.below(1500));
            let claims = [0, short, length + 1, length + more, 32767, 65535, any];
            let claimed = dice.pick(&claims);
            put16(&mut datagram, 4, claimed as u16);
            if dice.one_in(3) && !ends.six {
                put16(&mut datagram, 6, 0);
            } else if dice.one_in(2) {
                put_checksum(ends, &mut datagram);
            }
            ("udp: length", ip(ends, &datagram))
        }
        2 => {
            // What it claims is the datagram, and right.
            let claimed = dice.within(8, length + 1);
            let (front, behind) = datagram.split_at_mut(claimed);
            put16(front, 4, claimed as u16);
            put_checksum(ends, front);
            let packet = [&*front, &*behind].concat();
            ("udp: shorter than IP", ip(ends, &packet))
        }
        3 => {
            let at = if dice.one_in(2) {
                6
            } else {
                dice.below(length)
            };
            dice.flip(&mut datagram, at);
            ("udp: checksum", ip(ends, &datagram))
        }
        4 => {
            put16(&mut datagram, 6, 0);
            ("udp: no checksum", ip(ends, &datagram))
        }
        5 if offload => {
            // Garbage that a device, which is not there, is to make good.
            put16(&mut datagram, 6, dice.short() | 1);
            let start = if ends.six { 40 } else { 20 };
            let lie = dice.one_in(3) && length > 24;
            let more = if lie { dice.within(1, length - 16) } else { 0 };
            checksum = Some((start + more as u16, 6));
            ("udp: checksum left to the device", ip(ends, &datagram))
        }
        5 => {
            let mut packet = ip(ends, &datagram);
            let more = dice.within(1, 60);
            packet.extend_from_slice(&dice.bytes(more));
            ("ip: more behind it", packet)
        }
        6 => {
            let mut packet = ip(ends, &datagram);
            packet.truncate(dice.within(1, packet.len()));
            ("ip: truncated", packet)
        }
        7 => {
            let mut packet = ip(ends, &datagram);
            let (at, base) = if ends.six { (4, 0) } else { (2, 20) };
            let (any, short) = (dice.short().into(), base + dice.below(8));
            let good = base + length;
            let claimed = dice.pick(&[0, 19, short, good - 1, good + 1, 65535, any]);
            put16(&mut packet, at, claimed as u16);
            if !ends.six {
                finish(&mut packet);
            }
            ("ip: length", packet)
        }
        8 => {
            let mut packet = ip(ends, &datagram);
            let (at, kinds) = if ends.six {
                (6, [6, 50, 51, 59, 136, 253])
            } else {
                (9, [0, 6, 50, 51, 136, 253])
            };
            put8(&mut packet, at, dice.pick(&kinds));
            if !ends.six {
                finish(&mut packet);
            }
            ("ip: protocol", packet)
        }
        9 => {
            let mut packet = ip(ends, &datagram);
            put8(&mut packet, 1, dice.byte());
            put8(&mut packet, if ends.six { 7 } else { 8 }, dice.byte());
            if ends.six {
                put8(&mut packet, 0, 0x60 | dice.byte() & 0xf);
                put16(&mut packet, 2, dice.short());
            } else {
                put16(&mut packet, 4, dice.short());
                put16(&mut packet, 6, dice.pick(&[0, 0x4000, 0x8000, 0xc000]));
                finish(&mut packet);
            }
            ("ip: TOS, TTL and flags", packet)
        }
        10 => {
            let mut packet = ip(ends, &datagram);
            put8(&mut packet, 0, dice.byte());
            if dice.one_in(2) && !ends.six {
                finish(&mut packet);
            }
            ("ip: first byte", packet)
        }
        _ if ends.six => return extended(dice, ends, &datagram, payload),
        _ => return with_options(dice, ends, &datagram, payload),
    };
    let arrival = stack::arrival(&packet, ends.six, ends.local_port, checksum.is_some());
    Wrapped {
        never: arrival == Arrival::Nowhere,
        name,
        frames: vec![Frame { packet, checksum }],
        arrival,
    }
}
