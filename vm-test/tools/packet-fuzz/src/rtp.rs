// SPDX-License-Identifier: GPL-2.0-only

//! RTP as it should be, and as it should not.

use packets::{Elements, Rtp, ONE_BYTE, TWO_BYTE};

use crate::dice::{get8, put16, put8, Dice};
use crate::payload::Manner;

/// Valid RTP of the peer.
pub(crate) fn valid_rtp(dice: &mut Dice, manner: &Manner, sequence: u16) -> Vec<u8> {
    let payload_type = match manner.payload_types.as_slice() {
        [] => 0,
        known => dice.pick(known),
    };
    let csrcs = if dice.one_in(5) { dice.below(16) } else { 0 };
    let length = dice.length();
    let rtp = Rtp {
        // With the marker some payload types look like RTCP.
        marker: dice.one_in(8) && !(66..=95).contains(&payload_type),
        payload_type,
        sequence,
        timestamp: dice.word(),
        ssrc: dice.pick(&manner.ssrcs),
        csrcs: (0..csrcs).map(|_| dice.word()).collect(),
        extension: dice.one_in(3).then(|| extension(dice, manner)),
        payload: dice.bytes(length),
        ..Rtp::default()
    };
    rtp.bytes().0
}

/// A header extension, well-formed: its profile and its elements.
fn extension(dice: &mut Dice, manner: &Manner) -> (u16, Vec<u8>) {
    let mut elements = Elements {
        two_byte: dice.one_in(3),
        ..Elements::default()
    };
    for _ in 0..dice.below(5) {
        let length = dice.within(1, if elements.two_byte { 24 } else { 17 });
        let (mut id, mut data) = (dice.pick(&[1, 2, 3, 4, 7, 14]), dice.bytes(length));
        if !manner.mids.is_empty() && dice.one_in(2) {
            (id, data) = (manner.mid_extension, dice.pick(&manner.mids));
        }
        elements.push(id, &data);
        elements.pad(dice.below(3));
    }
    elements.into_extension()
}

/// RTP that is not what it says.
pub(crate) fn lying_rtp(
    dice: &mut Dice,
    manner: &Manner,
    sequence: u16,
) -> (&'static str, Vec<u8>) {
    let mut packet = valid_rtp(dice, manner, sequence);
    let length = packet.len();
    let first = get8(&packet, 0);
    let extension_at = 12 + usize::from(first & 0xf) * 4;
    let name = match dice.below(12) {
        0 => {
            put8(&mut packet, 0, dice.byte());
            "rtp: first byte"
        }
        1 => {
            put8(&mut packet, 0, first | 0xf);
            packet.truncate(dice.within(12, 73.min(length)));
            "rtp: CSRC list"
        }
        2 => {
            put8(&mut packet, 0, first | 0x10);
            let any = dice.short();
            let words = dice.pick(&[0, 1, 0x7fff, 0xffff, (length / 4) as u16, any]);
            put16(&mut packet, extension_at + 2, words);
            "rtp: extension length"
        }
        3 => {
            put8(&mut packet, 0, first | 0x10);
            put16(&mut packet, extension_at, dice.pick(&[ONE_BYTE, TWO_BYTE]));
            let words = (length.saturating_sub(extension_at + 4) / 4) as u16;
            put16(&mut packet, extension_at + 2, words);
            "rtp: elements"
        }
        4 => {
            put8(&mut packet, 0, first | 0x20);
            let any = dice.byte();
            let padding = dice.pick(&[0, 1, 255, (length & 0xff) as u8, any]);
            put8(&mut packet, length - 1, padding);
            "rtp: padding"
        }
        5 | 6 => {
            packet.truncate(dice.below(length.min(80)));
            "rtp: truncated"
        }
        7 => {
            put8(&mut packet, 1, dice.within(190, 228) as u8);
            "rtp: like RTCP"
        }
        8 => {
            put8(&mut packet, 1, dice.byte());
            "rtp: payload type"
        }
        9 => {
            put16(&mut packet, 8, dice.short());
            "rtp: SSRC"
        }
        10 => {
            let inner = valid_rtp(dice, manner, sequence);
            packet.extend_from_slice(&inner);
            packet.truncate(1300);
            "rtp: nested"
        }
        _ => {
            packet.truncate(extension_at.max(12));
            "rtp: header alone"
        }
    };
    (name, packet)
}
