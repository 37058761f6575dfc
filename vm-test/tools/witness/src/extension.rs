// SPDX-License-Identifier: GPL-2.0-only

//! Header extensions of RTP (RFC 8285), and such as are none.

use packets::{Elements, ONE_BYTE};

use crate::{meant::Difference as D, random::Random, shape::Shape};

/// The profile and the data of an extension, or none.
pub(crate) fn extension(random: &mut Random, shape: &Shape) -> Option<(u16, Vec<u8>)> {
    let shows = shape.shows;
    let always = [
        D::TwoByteForm,
        D::TwoByteMid,
        D::ExtensionEnd,
        D::ExtensionEmpty,
        D::MidTwice,
        D::MidForm,
    ];
    if !shows.is_some_and(|it| always.contains(&it)) && !random.percent(30) {
        return None;
    }
    if shows.is_none() && random.percent(15) {
        let words = random.below(4) as usize;
        return Some((0x4711, random.bytes(words * 4)));
    }
    if shows == Some(D::ExtensionEmpty) && random.percent(30) {
        return Some((ONE_BYTE, Vec::new()));
    }
    let mut elements = Elements {
        two_byte: matches!(shows, Some(D::TwoByteForm | D::TwoByteMid)),
        ..Elements::default()
    };
    for _ in 0..random.within(1, 3) {
        let pad = random.pick(&[0, 0, 1, 2]);
        elements.pad(pad);
        let length = random.within(1, 6) as usize;
        let content = random.bytes(length);
        let id = random.within(1, 14) as u8;
        elements.push(id, &content);
    }
    if let Some((id, mids)) = shape.mids().filter(|_| random.percent(70)) {
        let mid = random.pick(&mids);
        elements.push(id, mid);
    }
    match shows {
        Some(D::MidTwice) => elements.push(3, b"x"),
        Some(D::ExtensionEnd) => {
            elements.pad(elements.data.len() % 2);
            let end = random.pick(&[[0xf1, 1, 2, 0x21], [0x03, 1, 2, 3]]);
            elements.data.extend(end);
            elements.push(5, b"behind");
        }
        _ => {}
    }
    Some(elements.into_extension())
}
