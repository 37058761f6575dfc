// SPDX-License-Identifier: GPL-2.0-only

//! Valid messages made wrong in one place, with the error that the interface lays down for it.

use nix::errno::Errno;
use nix::errno::Errno::{EFAULT, EINVAL, EIO, EMSGSIZE, ENOENT, ENOMEM, ENXIO, ERANGE};
use rtp_wire::v26_0::layout::{Address, CommandDelTarget, CommandPinMemory, Srtp};
use rtp_wire::{Generation, PointerKind};
use zerocopy::byteorder::native_endian::U64;
use zerocopy::{FromBytes, IntoBytes, KnownLayout};

use crate::memory::{LARGE, PAGE, REGION};
use crate::random::Random;

mod destination;
mod target;

pub(crate) use destination::add_destination;
pub(crate) use target::add_target;

/// The structure of a message that has its length.
fn view<T: FromBytes + IntoBytes + KnownLayout>(message: &mut [u8]) -> Option<&mut T> {
    T::mut_from_bytes(message).ok()
}

/// A number that is none of the allowed ones, which are below `end`.
fn beyond(random: &mut Random, end: u32) -> u32 {
    let span = (u32::MAX - end) as usize;
    match random.below(3) {
        0 => end,
        1 => u32::MAX - 1,
        _ => end + random.below(span) as u32,
    }
}

/// A length that is none of all that some cipher has.
fn no_length(random: &mut Random) -> u32 {
    random.pick(&[
        1,
        8,
        11,
        13,
        15,
        17,
        31,
        33,
        64,
        255,
        256,
        0x8000_0000,
        u32::MAX,
    ])
}

/// A pointer that leads nowhere, made of one that leads into a region to a structure of that kind.
fn wild(random: &mut Random, pointer: u64, kind: PointerKind) -> u64 {
    let (base, room) = if pointer >= LARGE.0 {
        LARGE
    } else {
        (pointer & !(REGION - 1), REGION)
    };
    let size = kind.size() as u64;
    match random.below(12) {
        0 => 0,
        1 | 2 => pointer + random.between(1, 7) as u64,
        3 => base - 8,
        4 => base + room,
        5 => base + room - 8,
        // The first place at which it does not fit.
        6..=8 => base + room - size + 8,
        9 => random.pick(&[u64::MAX - 7, base ^ (1 << 63)]),
        10 => 0xffff_8880_0000_0000 + u64::from(random.word()) * 8,
        _ => 0x8000_0000_0000 + u64::from(random.word()) * 8,
    }
}

/// An optional pointer: none is as good as any.
fn wild_some(random: &mut Random, pointer: u64, kind: PointerKind) -> u64 {
    match wild(random, pointer, kind) {
        0 => pointer + 4,
        other => other,
    }
}

fn address(random: &mut Random, address: &mut Address) {
    match random.below(3) {
        0 => address
            .family
            .set(random.pick(&[0, 1, 3, 9, 11, -1, i32::MIN])),
        1 => address.addr = [0; 16],
        _ => address.port.set(0),
    }
}

fn srtp(random: &mut Random, srtp: &mut Srtp) {
    match random.below(9) {
        0 => srtp.cipher.set(random.pick(&[0, 8, 9, u32::MAX])),
        1 => srtp.hmac.set(random.pick(&[0, 3, 4, u32::MAX])),
        2 => srtp.master_key_len.set(no_length(random)),
        3 => srtp.master_salt_len.set(no_length(random)),
        4 => srtp.session_key_len.set(no_length(random)),
        5 => srtp.session_salt_len.set(no_length(random)),
        6 => srtp.rtp_auth_tag_len.set(beyond(random, 21)),
        7 => srtp.rtcp_auth_tag_len.set(beyond(random, 21)),
        _ => srtp.mki_len.set(beyond(random, 256)),
    }
}

/// Breaks INIT of a generation in one place.
pub(crate) fn init(random: &mut Random, _: Generation, message: &mut [u8]) -> Option<Errno> {
    let words = <[U64]>::mut_from_bytes(message).ok()?;
    let [_, last, sizes @ .., global] = words else {
        return None;
    };
    match random.below(4) {
        0 => {
            let wrong = random.pick(&[0, 1, 15, 19, -1, i32::MAX]);
            last.set(u64::from(wrong as u32));
            return Some(ERANGE);
        }
        1 | 2 => {
            let size = sizes.get_mut(random.between(1, 15))?;
            // One other size is that of another generation.
            let wrong = size.get() ^ (1 << random.between(5, 63));
            size.set(wrong);
            return Some(EMSGSIZE);
        }
        _ => {
            let any = global.get();
            global.set(wild(random, any, PointerKind::Global));
        }
    }
    Some(EFAULT)
}

/// Breaks DEL_TARGET.
pub(crate) fn del_target(random: &mut Random, _: Generation, message: &mut [u8]) -> Option<Errno> {
    address(random, &mut view::<CommandDelTarget>(message)?.local);
    Some(ENOENT)
}

/// Breaks PIN_MEMORY in one place.
pub(crate) fn pin_memory(random: &mut Random, _: Generation, message: &mut [u8]) -> Option<Errno> {
    let pin = &mut view::<CommandPinMemory>(message)?.pin_memory;
    let (start, size) = (pin.addr.get(), pin.size.get());
    match random.below(8) {
        0 => {
            pin.size.set(0);
            return Some(EINVAL);
        }
        1 | 2 => {
            pin.size.set(size + random.between(1, 4095) as u64);
            return Some(EIO);
        }
        3 => {
            pin.addr.set(start + random.between(1, 4095) as u64);
            return Some(ENXIO);
        }
        4 => pin
            .addr
            .set(random.pick(&[0, 1 << 47, 0xffff_8880_0000_0000, u64::MAX << 12])),
        5 => pin.size.set(random.pick(&[REGION + PAGE, u64::MAX << 12])),
        6 => {
            pin.size
                .set(random.pick(&[(4 << 30) + PAGE, 1 << 40, 1 << 63]));
            return Some(ENOMEM);
        }
        _ => pin.addr.set(start - (random.between(1, 16) as u64) * PAGE),
    }
    Some(EFAULT)
}

/// Breaks the length or the number of any message. Too short for a number is `EIO`.
pub(crate) fn envelope(random: &mut Random, message: &mut Vec<u8>) -> Option<Errno> {
    let length = message.len();
    match random.below(5) {
        0 => {
            message.truncate(random.below(4.min(length)));
            Some(EIO)
        }
        1 | 2 => {
            message.truncate(random.between(4, length.checked_sub(1)?.max(4)));
            Some(EMSGSIZE).filter(|_| message.len() < length)
        }
        3 => {
            let more = match random.below(16) {
                0 => random.between(1, 150_000),
                _ => random.between(1, 300),
            };
            message.resize(length + more, random.byte());
            Some(ERANGE)
        }
        _ => {
            let number = random.pick(&[0, 18, 19, 20, 255, 0x100, 0x0200_0000, u32::MAX]);
            for (to, from) in message.iter_mut().zip(number.to_ne_bytes()) {
                *to = from;
            }
            Some(EINVAL)
        }
    }
}
