// SPDX-License-Identifier: GPL-2.0-only

//! Packets with options of IPv4, and with extension headers of IPv6.

use crate::dice::{put16, put8, Dice};
use crate::packet::{ip, Ends, Frame, Wrapped};
use crate::stack::{sum, Arrival};

/// Options of IPv4: those that Linux takes, then those that it does not.
const OPTIONS: [&[u8]; 8] = [
    &[1, 1, 1, 1],
    &[1, 0, 9, 9],
    &[7, 7, 4, 0, 0, 0, 0, 1],
    &[7, 7, 8, 0, 0, 0, 0, 0],
    &[68, 8, 5, 0, 0, 0, 0, 0],
    &[148, 4, 0, 0],
    &[30, 4, 0xff, 0xff],
    &[130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
];
const BROKEN_OPTIONS: [&[u8]; 8] = [
    &[68, 0xff, 0, 0],
    &[7, 2, 0, 0],
    &[7, 7, 3, 0, 0, 0, 0, 0],
    &[68, 4, 1, 0],
    &[131, 7, 4, 10, 0, 0, 1, 1],
    &[137, 7, 4, 10, 0, 0, 1, 1],
    &[148, 3, 0, 0],
    &[30, 1, 0, 0],
];

/// IPv4 with options, right or broken.
pub(crate) fn with_options(
    dice: &mut Dice,
    ends: &Ends,
    datagram: &[u8],
    payload: &[u8],
) -> Wrapped {
    let broken = dice.one_in(2);
    let options = dice.pick(if broken { &BROKEN_OPTIONS } else { &OPTIONS });
    let mut header = ip(ends, &[]);
    put8(&mut header, 0, 0x45 + (options.len() / 4) as u8);
    put16(&mut header, 2, (20 + options.len() + datagram.len()) as u16);
    header.extend_from_slice(options);
    put16(&mut header, 10, 0);
    let check = !sum(&header);
    put16(&mut header, 10, check);
    header.extend_from_slice(datagram);
    Wrapped {
        name: if broken {
            "ip: broken options"
        } else {
            "ip: options"
        },
        frames: vec![Frame {
            packet: header,
            checksum: None,
        }],
        arrival: if broken {
            Arrival::Nowhere
        } else {
            Arrival::Target(payload.to_vec())
        },
        never: broken,
    }
}

/// IPv6 with an extension header, whose datagram is for the socket, or for nobody.
pub(crate) fn extended(dice: &mut Dice, ends: &Ends, datagram: &[u8], payload: &[u8]) -> Wrapped {
    let kind = dice.pick(&[0, 43, 44, 60, 135]);
    let right = dice.one_in(2);
    let header: Vec<u8> = match kind {
        0 | 60 if right => vec![17, 0, 1, 4, 0, 0, 0, 0],
        44 if right => vec![17, 0, 0, 0, 0, 0, 0, dice.byte()],
        _ => [&[17, dice.pick(&[0, 1, 2, 200])][..], &dice.bytes(6)].concat(),
    };
    let mut packet = ip(ends, &[&header, datagram].concat());
    put8(&mut packet, 6, kind);
    Wrapped {
        name: "ip: extension header",
        frames: vec![Frame {
            packet,
            checksum: None,
        }],
        arrival: Arrival::Socket {
            payload: payload.to_vec(),
            certain: right && matches!(kind, 0 | 44 | 60),
        },
        never: true,
    }
}
