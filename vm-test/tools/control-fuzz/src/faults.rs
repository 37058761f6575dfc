// SPDX-License-Identifier: GPL-2.0-only

//! Valid messages made wrong in one place, with the error that the interface lays down for it.

use nix::errno::Errno;
use nix::errno::Errno::{EFAULT, EINVAL, EIO, EMSGSIZE, ENETUNREACH, ENOENT, ENXIO, ERANGE};
use rtp_wire::v26_0::layout::{
    Address, CommandAddTarget, CommandDelTarget, CommandDestination, CommandInit, CommandPinMemory,
    Srtp,
};
use rtp_wire::PointerKind;
use zerocopy::byteorder::native_endian::U64;
use zerocopy::{FromBytes, IntoBytes, KnownLayout};

use super::memory::{PAGE, REGION};
use super::random::Random;
use super::values;

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
    let base = pointer & !(REGION - 1);
    let size = kind.size() as u64;
    match random.below(12) {
        0 => 0,
        1 | 2 => pointer + random.between(1, 7) as u64,
        3 => base - 8,
        4 => base + REGION,
        5 => base + REGION - 8,
        // The first place at which it does not fit.
        6..=8 => base + REGION - size + 8,
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

/// Breaks ADD_TARGET in one place.
pub(crate) fn add_target(random: &mut Random, message: &mut [u8]) -> Option<Errno> {
    let target = &mut view::<CommandAddTarget>(message)?.target;
    let outputs = target.num_destinations.get();
    let media = random.below(8);
    match random.below(16) {
        0 | 1 => address(random, &mut target.local),
        2 => target.src_mismatch.set(beyond(random, 3)),
        3 => {
            target.src_mismatch.set(random.between(1, 2) as u32);
            target.expected_src.family.set(random.pick(&[0, 1, 9, -1]));
        }
        4 => target.num_destinations.set(beyond(random, 33)),
        5 if outputs == 0 => target.num_destinations.set(random.between(1, 32) as u32),
        5 => {
            target.num_destinations.set(0);
            target.media_output_idxs = FromBytes::read_from_bytes(&[0; 128]).ok()?;
        }
        6 => {
            let group = target.media_output_idxs.get_mut(media)?;
            let start = beyond(random, outputs.max(1));
            group.rtp_start_idx.set(start);
            group.rtp_end_idx.set(start);
        }
        7 => {
            let group = target.media_output_idxs.get_mut(media)?;
            group.rtcp_end_idx.set(beyond(random, outputs + 1));
        }
        8 => {
            let group = target.media_output_idxs.get_mut(media)?;
            group.rtcp_start_idx.set(1);
            group.rtcp_end_idx.set(0);
        }
        9 | 10 => srtp(random, &mut target.decrypt),
        11 => target.num_payload_types.set(beyond(random, 33)),
        12 => {
            let count = target.num_payload_types.get() as usize;
            let place = match random.below(2) {
                0 if count > 0 => target.pt_media_idx.get_mut(random.below(count))?,
                _ => target.ssrc_media_idx.get_mut(random.below(4))?,
            };
            place.set(beyond(random, 8));
        }
        13 => {
            let length = u64::from(beyond(random, 256)) << random.pick(&[0, 0, 32]);
            target.mid_output.get_mut(media)?.len.set(length);
        }
        _ => {
            add_target_pointer(random, message);
            return Some(EFAULT);
        }
    }
    Some(EINVAL)
}

fn add_target_pointer(random: &mut Random, message: &mut [u8]) -> Option<()> {
    let target = &mut view::<CommandAddTarget>(message)?.target;
    let any = target.stats.get();
    let count = target.num_payload_types.get() as usize;
    let (place, kind): (&mut U64, _) = match random.below(4) {
        0 => (&mut target.stats, PointerKind::Stream),
        1 => (&mut target.iface_stats, PointerKind::Interface),
        2 if count > 0 => {
            let index = random.below(count);
            (target.pt_stats.get_mut(index)?, PointerKind::Rtp)
        }
        _ => {
            let index = random.below(4);
            let is_given = target.ssrc.get(index)? != &[0; 4];
            let place = target.ssrc_stats.get_mut(index)?;
            if !is_given {
                place.set(wild_some(random, any, PointerKind::Ssrc));
                return Some(());
            }
            (place, PointerKind::Ssrc)
        }
    };
    place.set(wild(random, any, kind));
    Some(())
}

/// Breaks ADD_DESTINATION in one place.
pub(crate) fn add_destination(random: &mut Random, message: &mut [u8]) -> Option<Errno> {
    let destination = &mut view::<CommandDestination>(message)?.destination;
    let output = &mut destination.output;
    match random.below(14) {
        0 | 1 => address(random, &mut output.src_addr),
        2 | 3 => address(random, &mut output.dst_addr),
        4 => {
            // The first bytes are an address of either family.
            let other = if output.src_addr.family.get() == 2 {
                10
            } else {
                2
            };
            output.src_addr.addr = [127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
            output.src_addr.family.set(other);
        }
        5 | 6 => srtp(random, &mut output.encrypt),
        7 => {
            let rule = output.pt_output.get_mut(random.below(32))?;
            rule.replace_pattern_len_flags
                .set(random.between(17, 255) as u32);
        }
        8 => output.num_extmap_filter.set(beyond(random, 33)),
        9 => {
            output.extmap_mid = random.byte() | 1;
            output.extmap_mid_len = 0;
        }
        10 => {
            destination.num.set(beyond(random, 32));
            return Some(ERANGE);
        }
        11 => {
            address(random, &mut destination.local);
            return Some(ENOENT);
        }
        12 => {
            let like = if output.dst_addr.family.get() == 2 {
                values::nowhere(&rtp_wire::Endpoint::v4([1; 4], 1))
            } else {
                values::nowhere(&rtp_wire::Endpoint::v6([1; 16], 1))
            };
            output.dst_addr.addr = *like.addr();
            return Some(ENETUNREACH);
        }
        _ => {
            let any = output.stats.get();
            match random.below(3) {
                0 => output.stats.set(wild(random, any, PointerKind::Stream)),
                1 => output
                    .iface_stats
                    .set(wild(random, any, PointerKind::Interface)),
                _ => output.ssrc_stats.get_mut(random.below(4))?.set(wild_some(
                    random,
                    any,
                    PointerKind::Ssrc,
                )),
            }
            return Some(EFAULT);
        }
    }
    Some(EINVAL)
}

/// Breaks INIT in one place.
pub(crate) fn init(random: &mut Random, message: &mut [u8]) -> Option<Errno> {
    let init = &mut view::<CommandInit>(message)?.init;
    match random.below(4) {
        0 => {
            let wrong = random.pick(&[0, 1, 16, 18, -1, i32::MAX]);
            init.last_cmd.set(wrong);
            return Some(ERANGE);
        }
        1 | 2 => {
            let size = init.msg_size.get_mut(random.between(1, 16))?;
            size.set(size.get() ^ (1 << random.below(64)));
            return Some(EMSGSIZE);
        }
        _ => {
            let any = init.rtpe_stats.get();
            init.rtpe_stats.set(wild(random, any, PointerKind::Global));
        }
    }
    Some(EFAULT)
}

/// Breaks DEL_TARGET.
pub(crate) fn del_target(random: &mut Random, message: &mut [u8]) -> Option<Errno> {
    address(random, &mut view::<CommandDelTarget>(message)?.local);
    Some(ENOENT)
}

/// Breaks PIN_MEMORY in one place.
pub(crate) fn pin_memory(random: &mut Random, message: &mut [u8]) -> Option<Errno> {
    let pin = &mut view::<CommandPinMemory>(message)?.pin_memory;
    let (start, size) = (pin.addr.get(), pin.size.get());
    match random.below(7) {
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
        5 => pin
            .size
            .set(random.pick(&[REGION + PAGE, 1 << 40, 1 << 47, 1 << 63, u64::MAX << 12])),
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
            let number = random.pick(&[0, 17, 18, 19, 255, 0x100, 0x0200_0000, u32::MAX]);
            for (to, from) in message.iter_mut().zip(number.to_ne_bytes()) {
                *to = from;
            }
            Some(EINVAL)
        }
    }
}
