// SPDX-License-Identifier: GPL-2.0-only

//! RTP as it should be, and as it should not.

use crate::dice::{get8, put16, put8, Dice};
use crate::payload::Manner;

/// Valid RTP of the peer.
pub(crate) fn valid_rtp(dice: &mut Dice, manner: &Manner, sequence: u16) -> Vec<u8> {
    let payload_type = match manner.payload_types.as_slice() {
        [] => 0,
        known => dice.pick(known),
    };
    let ssrc = dice.pick(&manner.ssrcs);
    let extension = dice.one_in(3).then(|| extension(dice, manner));
    let csrcs = if dice.one_in(5) { dice.below(16) } else { 0 };
    let length = dice.length();
    let payload = dice.bytes(length);
    header(
        dice,
        (payload_type, sequence, ssrc),
        csrcs,
        extension,
        &payload,
    )
}

fn header(
    dice: &mut Dice,
    (payload_type, sequence, ssrc): (u8, u16, u32),
    csrcs: usize,
    extension: Option<(u16, Vec<u8>)>,
    payload: &[u8],
) -> Vec<u8> {
    let first = 0x80 | (u8::from(extension.is_some()) << 4) | (csrcs as u8 & 0xf);
    let marker = u8::from(dice.one_in(8)) << 7;
    // With the marker some payload types look like RTCP.
    let second = match payload_type | marker {
        194..=223 => payload_type,
        second => second,
    };
    let mut packet = vec![first, second];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&dice.word().to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&dice.bytes(csrcs * 4));
    if let Some((profile, words)) = extension {
        packet.extend_from_slice(&profile.to_be_bytes());
        packet.extend_from_slice(&((words.len() / 4) as u16).to_be_bytes());
        packet.extend_from_slice(&words);
    }
    packet.extend_from_slice(payload);
    packet
}

/// A header extension, well-formed: its profile and whole words.
fn extension(dice: &mut Dice, manner: &Manner) -> (u16, Vec<u8>) {
    let two_bytes = dice.one_in(3);
    let mut words = Vec::new();
    for _ in 0..dice.below(5) {
        let mut data = {
            let length = dice.within(1, if two_bytes { 24 } else { 17 });
            dice.bytes(length)
        };
        let mut id = dice.pick(&[1, 2, 3, 4, 7, 14]);
        if !manner.mids.is_empty() && dice.one_in(2) {
            (id, data) = (manner.mid_extension, dice.pick(&manner.mids));
        }
        if two_bytes {
            words.extend_from_slice(&[id, data.len() as u8]);
        } else {
            words.push((id << 4) | (data.len() as u8).wrapping_sub(1) & 0xf);
        }
        words.extend_from_slice(&data);
        words.resize(words.len() + dice.below(3), 0);
    }
    words.resize(words.len().next_multiple_of(4), 0);
    (if two_bytes { 0x1000 } else { 0xbede }, words)
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
            put16(&mut packet, extension_at, dice.pick(&[0xbede, 0x1000]));
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
