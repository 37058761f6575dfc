// SPDX-License-Identifier: GPL-2.0-only

//! What all generations share, from the wire into the internal form, with every check of a value.

use super::super::command::{CommandNumber, MAX_TRAILING_DATA};
use super::super::output::{PayloadRule, MAX_PATTERN};
use super::super::pointer::{PointerName, UserPointer};
use super::super::refusal::{AddressFault, RangeName, Refusal, SrtpFault};
use super::super::request::Request;
use super::super::srtp::{Cipher, Hmac, Srtp, MAX_AUTH_TAG};
use super::super::target::MediaIndex;
use super::super::udp_ip::Endpoint;
use super::layout;
use core::mem::size_of;
use core::ops::RangeInclusive;
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Size of a page.
const PAGE_SIZE: u64 = 4096;

/// Whether a message is as long as the structure of its command, which has a size within `sizes`.
pub(super) fn check_length(
    command: CommandNumber,
    sizes: &RangeInclusive<usize>,
    length: usize,
) -> Result<(), Refusal> {
    if length < *sizes.start() {
        return Err(Refusal::TooShort {
            command,
            length,
            expected: *sizes.start(),
        });
    }
    let limit = if command.has_trailing_data() {
        sizes.end().saturating_add(MAX_TRAILING_DATA)
    } else {
        *sizes.end()
    };
    if length > limit {
        return Err(Refusal::TooLong {
            command,
            length,
            limit,
        });
    }
    Ok(())
}

/// The structure of a command whose length has been checked.
pub(super) fn view<T: FromBytes + Immutable + KnownLayout>(
    command: CommandNumber,
    message: &[u8],
) -> Result<&T, Refusal> {
    T::ref_from_bytes(message).map_err(|_| Refusal::TooShort {
        command,
        length: message.len(),
        expected: size_of::<T>(),
    })
}

/// Checks PIN_MEMORY.
pub(super) fn pin_memory<'a>(message: &[u8]) -> Result<Request<'a>, Refusal> {
    let command: &layout::CommandPinMemory = view(CommandNumber::PinMemory, message)?;
    let address = command.pin_memory.addr.get();
    let size = command.pin_memory.size.get();
    if size == 0 {
        return Err(Refusal::PinNothing);
    }
    if size % PAGE_SIZE != 0 {
        return Err(Refusal::PinSize { size });
    }
    if address % PAGE_SIZE != 0 {
        return Err(Refusal::PinAddress { address });
    }
    if address.checked_add(size).is_none() {
        return Err(Refusal::PinRange { address, size });
    }
    Ok(Request::PinMemory { address, size })
}

/// Checks DEL_TARGET.
pub(super) fn del_target<'a>(message: &[u8]) -> Result<Request<'a>, Refusal> {
    let command: &layout::CommandDelTarget = view(CommandNumber::DelTarget, message)?;
    Ok(Request::DelTarget(lookup(&command.local)?))
}

/// The address of a target that is asked for. One that is not valid is no target's.
pub(super) fn lookup(local: &layout::Address) -> Result<Endpoint, Refusal> {
    specified(local).map_err(Refusal::NoSuchTarget)
}

/// An address of a known family.
pub(super) fn endpoint(address: &layout::Address) -> Result<Endpoint, AddressFault> {
    match address.family.get() {
        layout::AF_INET => {
            let [a, b, c, d, ..] = address.addr;
            Ok(Endpoint::v4([a, b, c, d], address.port.get()))
        }
        layout::AF_INET6 => Ok(Endpoint::v6(address.addr, address.port.get())),
        family => Err(AddressFault::Family(family)),
    }
}

/// An address that is neither unspecified nor without a port.
pub(super) fn specified(address: &layout::Address) -> Result<Endpoint, AddressFault> {
    let endpoint = endpoint(address)?;
    if endpoint.is_unspecified() {
        return Err(AddressFault::Unspecified);
    }
    if endpoint.port() == 0 {
        return Err(AddressFault::Port);
    }
    Ok(endpoint)
}

/// A half-open range of outputs. Without any outputs only 0 to 0 is in order.
pub(super) fn range(
    (media, range): (usize, RangeName),
    (start, end): (u32, u32),
    outputs: u8,
) -> Result<(u8, u8), Refusal> {
    let refusal = Refusal::OutputRange {
        media,
        range,
        start,
        end,
        outputs: outputs.into(),
    };
    match (u8::try_from(start), u8::try_from(end)) {
        (Ok(0), Ok(0)) => Ok((0, 0)),
        (Ok(start), Ok(end)) if start < outputs && end <= outputs && start <= end => {
            Ok((start, end))
        }
        _ => Err(refusal),
    }
}

/// A media index, or all ones for none.
pub(super) fn media_index(index: u32) -> Result<MediaIndex, u32> {
    if index == u32::MAX {
        return Ok(MediaIndex::NONE);
    }
    u8::try_from(index)
        .ok()
        .and_then(MediaIndex::new)
        .ok_or(index)
}

/// A pointer that must be there, and aligned.
pub(super) fn mandatory(name: PointerName, pointer: u64) -> Result<UserPointer, Refusal> {
    if pointer == 0 {
        return Err(Refusal::PointerMissing(name));
    }
    optional(name, pointer)
}

/// A pointer that must be aligned.
pub(super) fn optional(name: PointerName, pointer: u64) -> Result<UserPointer, Refusal> {
    let pointer = UserPointer(pointer);
    let align = u64::try_from(name.kind().align()).unwrap_or(u64::MAX);
    if pointer.0 & align.wrapping_sub(1) != 0 {
        return Err(Refusal::PointerAlignment(name, pointer));
    }
    Ok(pointer)
}

pub(super) fn payload_rule(index: usize, from: &layout::PtOutput) -> Result<PayloadRule, Refusal> {
    let bits = from.replace_pattern_len_flags.get();
    let [pattern_len, ..] = bits.to_le_bytes();
    if usize::from(pattern_len) > MAX_PATTERN {
        return Err(Refusal::PatternLength {
            index,
            length: pattern_len,
        });
    }
    Ok(PayloadRule {
        min_payload_len: from.min_payload_len.get(),
        pattern: from.replace_pattern,
        pattern_len,
        blackhole: bits & layout::PT_BLACKHOLE != 0,
    })
}

/// Decodes SRTP parameters.
///
/// The null cipher is sent both without any keys and with those of the suite that was negotiated:
/// when only authentication is wanted, the keys for it are derived from a master key all the same, while
/// the session key and salt may have no length.
pub(super) fn srtp(from: &layout::Srtp, out: &mut Srtp) -> Result<(), SrtpFault> {
    let cipher = match from.cipher.get() {
        1 => Cipher::Null,
        2 => Cipher::AesCm128,
        3 => Cipher::AesF8,
        4 => Cipher::AesCm192,
        5 => Cipher::AesCm256,
        6 => Cipher::AeadAesGcm128,
        7 => Cipher::AeadAesGcm256,
        other => return Err(SrtpFault::Cipher(other)),
    };
    let hmac = match from.hmac.get() {
        1 => Hmac::Null,
        2 => Hmac::HmacSha1,
        other => return Err(SrtpFault::Hmac(other)),
    };

    let (keys, salts): (&[u8], &[u8]) = match (cipher, hmac) {
        (Cipher::Null, Hmac::Null) => (&[0, 16, 24, 32], &[0, 12, 14]),
        (Cipher::Null, Hmac::HmacSha1) => (&[16, 24, 32], &[14]),
        (Cipher::AesCm128 | Cipher::AesF8, _) => (&[16], &[14]),
        (Cipher::AesCm192, _) => (&[24], &[14]),
        (Cipher::AesCm256, _) => (&[32], &[14]),
        (Cipher::AeadAesGcm128, _) => (&[16], &[12]),
        (Cipher::AeadAesGcm256, _) => (&[32], &[12]),
    };
    let (session_keys, session_salts): (&[u8], &[u8]) = match cipher {
        Cipher::Null => (&[0, 16, 24, 32], &[0, 12, 14]),
        _ => (keys, salts),
    };
    let one_of = |length: u32, allowed: &[u8]| {
        u8::try_from(length)
            .ok()
            .filter(|length| allowed.contains(length))
            .ok_or(length)
    };
    let at_most = |length: u32, most: usize| {
        u8::try_from(length)
            .ok()
            .filter(|&length| usize::from(length) <= most)
            .ok_or(length)
    };

    out.cipher = cipher;
    out.hmac = hmac;
    out.master_key_len = one_of(from.master_key_len.get(), keys).map_err(SrtpFault::MasterKey)?;
    out.master_salt_len =
        one_of(from.master_salt_len.get(), salts).map_err(SrtpFault::MasterSalt)?;
    out.session_key_len =
        one_of(from.session_key_len.get(), session_keys).map_err(SrtpFault::SessionKey)?;
    out.session_salt_len =
        one_of(from.session_salt_len.get(), session_salts).map_err(SrtpFault::SessionSalt)?;
    out.rtp_auth_tag_len =
        at_most(from.rtp_auth_tag_len.get(), MAX_AUTH_TAG).map_err(SrtpFault::RtpTag)?;
    out.rtcp_auth_tag_len =
        at_most(from.rtcp_auth_tag_len.get(), MAX_AUTH_TAG).map_err(SrtpFault::RtcpTag)?;
    out.mki_len =
        u8::try_from(from.mki_len.get()).map_err(|_| SrtpFault::Mki(from.mki_len.get()))?;

    copy_prefix(&mut out.master_key, &from.master_key, out.master_key_len);
    copy_prefix(&mut out.master_salt, &from.master_salt, out.master_salt_len);
    copy_prefix(&mut out.mki, &from.mki, out.mki_len);
    Ok(())
}

/// Copies what counts of a key; the rest of `to` stays zero.
fn copy_prefix(to: &mut [u8], from: &[u8], len: u8) {
    for (to, from) in to.iter_mut().zip(from).take(usize::from(len)) {
        *to = *from;
    }
}
