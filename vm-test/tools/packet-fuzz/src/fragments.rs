// SPDX-License-Identifier: GPL-2.0-only

//! Datagrams in fragments: whole ones in any order, and such as never become whole.

use crate::dice::{put16, put8, Dice};
use crate::packet::{finish, ip, udp, Ends, Frame, Wrapped};
use crate::stack::Arrival;

/// A part of a datagram: where it belongs, and whether more follows.
#[derive(Clone)]
struct Part {
    offset: usize,
    more: bool,
    data: Vec<u8>,
}

/// A payload in fragments. `ident` is used once.
pub(crate) fn fragmented(dice: &mut Dice, ends: &Ends, payload: &[u8], ident: u32) -> Wrapped {
    let datagram = udp(ends, payload);
    let most = if datagram.len() > 2000 {
        180
    } else {
        (datagram.len() / 24).max(1)
    };
    let mut parts = cut(&datagram, most * 8);
    let few = parts.len() < 2;
    let jumbo = payload.len() > 2000;
    let (name, whole) = match dice.within(if jumbo { 4 } else { 0 }, 8) {
        _ if few => ("fragments: one alone", true),
        0 => {
            parts.remove(dice.below(parts.len()));
            ("fragments: one missing", false)
        }
        1 => {
            overlap(dice, &mut parts);
            ("fragments: overlapping", false)
        }
        2 => {
            for part in parts.iter_mut().take(1) {
                part.offset = dice.pick(&[0xfff8, 0xff00, 0x8000]);
            }
            ("fragments: far out", false)
        }
        3 => {
            for part in parts.iter_mut().take(1) {
                part.data.pop();
            }
            ("fragments: of odd length", false)
        }
        4 | 5 => {
            dice.shuffle(&mut parts);
            ("fragments: any order", true)
        }
        6 => {
            let twice = dice.pick(&parts);
            parts.insert(0, twice);
            ("fragments: one twice", true)
        }
        _ => ("fragments", true),
    };
    let frames = parts
        .iter()
        .map(|part| frame(ends, part, ident))
        .collect::<Vec<_>>();
    let arrival = match (whole, ends.six) {
        (false, _) => Arrival::Nowhere,
        (true, false) => Arrival::Target(payload.to_vec()),
        (true, true) => Arrival::Socket {
            payload: payload.to_vec(),
            certain: true,
        },
    };
    Wrapped {
        name: if jumbo { "jumbo" } else { name },
        frames,
        never: !matches!(arrival, Arrival::Target(_)),
        arrival,
    }
}

fn cut(datagram: &[u8], size: usize) -> Vec<Part> {
    let mut parts = Vec::new();
    for (number, data) in datagram.chunks(size).enumerate() {
        let offset = number * size;
        parts.push(Part {
            offset,
            more: offset + data.len() < datagram.len(),
            data: data.to_vec(),
        });
    }
    parts
}

/// Has a part come that covers some of the one before it, while others are still to come: the stack throws
/// away what it has.
fn overlap(dice: &mut Dice, parts: &mut Vec<Part>) {
    let Some(first) = parts.first() else {
        return;
    };
    let length = first.data.len() + 8;
    let part = Part {
        offset: 0,
        more: true,
        data: dice.bytes(length),
    };
    parts.insert(1, part);
}

fn frame(ends: &Ends, part: &Part, ident: u32) -> Frame {
    let packet = if ends.six {
        let mut body = vec![17, 0, 0, 0];
        put16(&mut body, 2, part.offset as u16 | u16::from(part.more));
        body.extend_from_slice(&ident.to_be_bytes());
        body.extend_from_slice(&part.data);
        let mut packet = ip(ends, &body);
        put8(&mut packet, 6, 44);
        packet
    } else {
        let mut packet = ip(ends, &part.data);
        put16(&mut packet, 4, ident as u16);
        let place = (part.offset / 8) as u16 | (u16::from(part.more) << 13);
        put16(&mut packet, 6, place);
        finish(&mut packet);
        packet
    };
    Frame {
        packet,
        checksum: None,
    }
}
