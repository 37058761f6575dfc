// SPDX-License-Identifier: GPL-2.0-only

//! What all generations share, from the wire into the internal form, with every check of a value.

use super::super::command::{CommandNumber, MAX_TRAILING_DATA};
use super::super::output::{Output, PayloadRule, MAX_PATTERN};
use super::super::pointer::{PointerName, UserPointer};
use super::super::refusal::{AddressFault, AddressName, RangeName, Refusal, SrtpFault};
use super::super::request::Request;
use super::super::srtp::{Cipher, Hmac, Srtp, MAX_AUTH_TAG};
use super::super::target::{
    ExpectedSource, MediaIndex, PayloadType, Target, TargetFlags, TargetSsrc, MAX_OUTPUTS,
    MAX_PAYLOAD_TYPES,
};
use super::super::udp_ip::{Endpoint, Flow};
use super::layout;
use core::mem::size_of;
use core::ops::RangeInclusive;
use zerocopy::byteorder::native_endian::{U32, U64};
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

/// Where the output of ADD_DESTINATION belongs: the local address of a target, and an index, which is not checked. The message
/// has the length of its structure.
pub(super) fn place(message: &[u8]) -> Result<(Endpoint, u32), Refusal> {
    let head = message
        .get(..size_of::<layout::DestinationHead>())
        .unwrap_or(&[]);
    let head: &layout::DestinationHead = view(CommandNumber::AddDestination, head)?;
    Ok((lookup(&head.local)?, head.num.get()))
}

/// The address of a target that is asked for. One that is not valid is no target's.
fn lookup(local: &layout::Address) -> Result<Endpoint, Refusal> {
    specified(local).map_err(Refusal::NoSuchTarget)
}

/// An address of a known family.
fn endpoint(address: &layout::Address) -> Result<Endpoint, AddressFault> {
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
fn specified(address: &layout::Address) -> Result<Endpoint, AddressFault> {
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
fn media_index(index: u32) -> Result<MediaIndex, u32> {
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
fn optional(name: PointerName, pointer: u64) -> Result<UserPointer, Refusal> {
    let pointer = UserPointer(pointer);
    let align = u64::try_from(name.kind().align()).unwrap_or(u64::MAX);
    if pointer.0 & align.wrapping_sub(1) != 0 {
        return Err(Refusal::PointerAlignment(name, pointer));
    }
    Ok(pointer)
}

/// Takes over the local address of a target, and the action for packets from elsewhere than the expected source.
pub(super) fn addresses(
    local: &layout::Address,
    (mismatch, expected): (u32, &layout::Address),
    out: &mut Target,
) -> Result<(), Refusal> {
    out.local = specified(local).map_err(|fault| Refusal::Address(AddressName::Local, fault))?;
    let expected = endpoint(expected);
    let checked = || expected.map_err(|fault| Refusal::Address(AddressName::ExpectedSource, fault));
    out.expected_source = match mismatch {
        // It is shown, and nothing else.
        0 => expected.map_or(ExpectedSource::Any, ExpectedSource::Ignore),
        1 => ExpectedSource::Drop(checked()?),
        2 => ExpectedSource::Pass(checked()?),
        other => return Err(Refusal::SourceMismatch(other)),
    };
    Ok(())
}

/// Takes over the number of outputs of a target, whose flags are there.
pub(super) fn num_outputs(outputs: u32, out: &mut Target) -> Result<(), Refusal> {
    out.num_outputs = match u8::try_from(outputs) {
        Ok(num) if usize::from(num) <= MAX_OUTPUTS => num,
        _ => return Err(Refusal::OutputCount(outputs)),
    };
    match (out.flags.non_forwarding, outputs) {
        (false, 0) => Err(Refusal::OutputsMissing),
        (true, 1..) => Err(Refusal::OutputsUnwanted(outputs)),
        _ => Ok(()),
    }
}

/// Takes over the payload types of a target: their number, counters and media.
pub(super) fn payload_types<'a>(
    number: u32,
    wire: impl Iterator<Item = (&'a U64, u32)>,
    out: &mut Target,
) -> Result<(), Refusal> {
    out.num_payload_types = match u8::try_from(number) {
        Ok(num) if usize::from(num) <= MAX_PAYLOAD_TYPES => num,
        _ => return Err(Refusal::PayloadTypeCount(number)),
    };
    let to = (0..out.num_payload_types).zip(&mut out.payload_types);
    for ((index, to), (stats, media)) in to.zip(wire) {
        *to = PayloadType {
            stats: mandatory(PointerName::PayloadType(index), stats.get())?,
            media: media_index(media).map_err(|media| Refusal::PayloadTypeMedia {
                index: usize::from(index),
                media,
            })?,
        };
    }
    Ok(())
}

/// Takes over the SSRCs of a target: themselves, in network order, their counters and media.
pub(super) fn ssrcs<'a>(
    wire: impl Iterator<Item = ((&'a [u8; 4], &'a U64), u32)>,
    out: &mut Target,
) -> Result<(), Refusal> {
    for ((index, to), ((&ssrc, stats), media)) in (0u8..).zip(&mut out.ssrcs).zip(wire) {
        let ssrc = u32::from_be_bytes(ssrc);
        let given = ssrc != 0;
        let name = PointerName::TargetSsrc(index);
        *to = TargetSsrc {
            stats: if given {
                mandatory(name, stats.get())?
            } else {
                optional(name, stats.get())?
            },
            ssrc,
            given,
            media: media_index(media).map_err(|media| Refusal::SsrcMedia {
                index: usize::from(index),
                media,
            })?,
        };
    }
    Ok(())
}

/// The switches of a target, but for what is in bit 0.
pub(super) fn target_flags(bits: u32) -> TargetFlags {
    use layout::target_flag as flag;
    let is_set = |bit: u32| bits & bit != 0;
    TargetFlags {
        extmap: false,
        rtcp_mux: false,
        dtls: is_set(flag::DTLS),
        stun: is_set(flag::STUN),
        rtp: is_set(flag::RTP),
        ssrc_req: is_set(flag::SSRC_REQ),
        rtp_only: is_set(flag::RTP_ONLY),
        track_ssrc: is_set(flag::TRACK_SSRC),
        rtcp: is_set(flag::RTCP),
        rtcp_fw: is_set(flag::RTCP_FW),
        rtcp_fb_fw: is_set(flag::RTCP_FB_FW),
        do_intercept: is_set(flag::DO_INTERCEPT),
        pt_filter: is_set(flag::PT_FILTER),
        non_forwarding: is_set(flag::NON_FORWARDING),
        blackhole: is_set(flag::BLACKHOLE),
        rtp_stats: is_set(flag::RTP_STATS),
    }
}

/// From where to where an output sends.
pub(super) fn flow(
    source: &layout::Address,
    destination: &layout::Address,
) -> Result<Flow, Refusal> {
    let named = |name| move |fault| Refusal::Address(name, fault);
    let source = specified(source).map_err(named(AddressName::Source))?;
    let destination = specified(destination).map_err(named(AddressName::Destination))?;
    Flow::new(source, destination).ok_or(Refusal::Families)
}

/// Takes over the TOS of an output, and the switch that all generations have.
pub(super) fn tos_and_flags(bits: u32, out: &mut Output) {
    let [tos, ..] = bits.to_le_bytes();
    out.tos = tos;
    out.flags.ssrc_subst = bits & layout::output_flag::SSRC_SUBST != 0;
}

/// Takes over how an output rewrites and counts by SSRC: the SSRCs, in network order, sequence offsets and counters.
pub(super) fn rewriting<'a>(
    wire: impl Iterator<Item = ((&'a [u8; 4], &'a U32), u64)>,
    out: &mut Output,
) -> Result<(), Refusal> {
    for ((index, to), ((&ssrc, offset), stats)) in (0u8..).zip(&mut out.ssrcs).zip(wire) {
        to.ssrc = u32::from_be_bytes(ssrc);
        // Sequence numbers have 16 bits, so more of the offset makes no difference.
        let [low, high, ..] = offset.get().to_le_bytes();
        to.seq_offset = u16::from_le_bytes([low, high]);
        to.stats = optional(PointerName::OutputSsrc(index), stats)?;
    }
    Ok(())
}

/// Takes over how an output rewrites by payload type.
pub(super) fn payload_rules(wire: &[layout::PtOutput], out: &mut Output) -> Result<(), Refusal> {
    for (index, (to, from)) in out.payload_rules.iter_mut().zip(wire).enumerate() {
        *to = payload_rule(index, from)?;
    }
    Ok(())
}

fn payload_rule(index: usize, from: &layout::PtOutput) -> Result<PayloadRule, Refusal> {
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
