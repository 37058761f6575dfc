// SPDX-License-Identifier: GPL-2.0-only

//! From the wire format of generation 26.0 into the internal form, with every check of a value.

use super::super::command::CommandNumber;
use super::super::output::{
    ExtensionSet, Output, OutputFlags, PayloadRule, MAX_EXTENSIONS, MAX_PATTERN,
};
use super::super::pointer::{PointerName, UserPointer};
use super::super::refusal::{AddressFault, AddressName, RangeName, Refusal, SrtpFault};
use super::super::request::Request;
use super::super::srtp::{Cipher, Hmac, Srtp, MAX_AUTH_TAG};
use super::super::target::{
    ExpectedSource, MediaIndex, OutputGroup, PayloadType, Target, TargetFlags, TargetSsrc,
    MAX_MEDIA, MAX_MID, MAX_OUTPUTS, MAX_PAYLOAD_TYPES, MAX_SSRCS,
};
use super::super::udp_ip::{Endpoint, Flow};
use super::{command_size, layout, LAST_COMMAND};
use core::mem::size_of;
use zerocopy::FromZeros as _;

// The internal form holds all that the wire format can.
const _: () = {
    assert!(size_of::<[layout::OutputGroup; MAX_MEDIA]>() == 128);
    assert!(size_of::<[[u8; 4]; MAX_SSRCS]>() == 16);
    assert!(size_of::<[layout::PtOutput; MAX_PAYLOAD_TYPES]>() == 768);
    assert!(MAX_MID == 255 && MAX_EXTENSIONS == 32 && MAX_PATTERN == 16);
};

/// Size of a page.
const PAGE_SIZE: u64 = 4096;

/// Negotiates INIT.
pub(in super::super) fn init(command: &layout::CommandInit) -> Result<UserPointer, Refusal> {
    let info = &command.init;
    let expected = i32::try_from(LAST_COMMAND).unwrap_or(i32::MAX);
    let given = info.last_cmd.get();
    if given != expected {
        return Err(Refusal::CommandCount { given, expected });
    }
    // There is no command 0, so its size says nothing.
    for (number, given) in (0u32..).zip(&info.msg_size).skip(1) {
        let expected = CommandNumber::from_wire(number)
            .and_then(command_size)
            .and_then(|size| u64::try_from(size).ok())
            .unwrap_or(0);
        if given.get() != expected {
            return Err(Refusal::CommandSize {
                number,
                given: given.get(),
                expected,
            });
        }
    }
    mandatory(PointerName::Global, info.rtpe_stats.get())
}

/// Checks PIN_MEMORY.
pub(in super::super) fn pin_memory<'a>(
    command: &layout::CommandPinMemory,
) -> Result<Request<'a>, Refusal> {
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

/// The address of a target that is asked for. One that is not valid is no target's.
pub(in super::super) fn lookup(local: &layout::Address) -> Result<Endpoint, Refusal> {
    specified(local).map_err(Refusal::NoSuchTarget)
}

/// Decodes a target.
pub(in super::super) fn target(info: &layout::TargetInfo, out: &mut Target) -> Result<(), Refusal> {
    out.zero();

    let flags = target_flags(info.flags.get());
    out.flags = flags;
    out.intercept_stream = info.intercept_stream_idx.get();
    out.mid_extension = info.extmap_mid;
    out.local =
        specified(&info.local).map_err(|fault| Refusal::Address(AddressName::Local, fault))?;

    let expected = endpoint(&info.expected_src);
    let checked = || expected.map_err(|fault| Refusal::Address(AddressName::ExpectedSource, fault));
    out.expected_source = match info.src_mismatch.get() {
        // It is shown, and nothing else.
        0 => expected.map_or(ExpectedSource::Any, ExpectedSource::Ignore),
        1 => ExpectedSource::Drop(checked()?),
        2 => ExpectedSource::Pass(checked()?),
        other => return Err(Refusal::SourceMismatch(other)),
    };

    let outputs = info.num_destinations.get();
    out.num_outputs = match u8::try_from(outputs) {
        Ok(num) if usize::from(num) <= MAX_OUTPUTS => num,
        _ => return Err(Refusal::OutputCount(outputs)),
    };
    match (flags.non_forwarding, outputs) {
        (false, 0) => return Err(Refusal::OutputsMissing),
        (true, 1..) => return Err(Refusal::OutputsUnwanted(outputs)),
        _ => (),
    }
    for (media, (to, from)) in out
        .groups
        .iter_mut()
        .zip(&info.media_output_idxs)
        .enumerate()
    {
        let (rtp_start, rtp_end) = range(
            (media, RangeName::Rtp),
            (from.rtp_start_idx.get(), from.rtp_end_idx.get()),
            out.num_outputs,
        )?;
        let (rtcp_start, rtcp_end) = range(
            (media, RangeName::Rtcp),
            (from.rtcp_start_idx.get(), from.rtcp_end_idx.get()),
            out.num_outputs,
        )?;
        *to = OutputGroup {
            rtp_start,
            rtp_end,
            rtcp_start,
            rtcp_end,
        };
    }

    srtp(&info.decrypt, &mut out.decrypt).map_err(Refusal::Decrypt)?;

    let payload_types = info.num_payload_types.get();
    out.num_payload_types = match u8::try_from(payload_types) {
        Ok(num) if usize::from(num) <= MAX_PAYLOAD_TYPES => num,
        _ => return Err(Refusal::PayloadTypeCount(payload_types)),
    };
    let wire = info.pt_stats.iter().zip(&info.pt_media_idx);
    for (index, (to, (stats, media))) in
        (0..out.num_payload_types).zip(out.payload_types.iter_mut().zip(wire))
    {
        *to = PayloadType {
            stats: mandatory(PointerName::PayloadType(index), stats.get())?,
            media: media_index(media.get()).map_err(|media| Refusal::PayloadTypeMedia {
                index: usize::from(index),
                media,
            })?,
        };
    }

    let wire = info
        .ssrc
        .iter()
        .zip(&info.ssrc_stats)
        .zip(&info.ssrc_media_idx);
    for (index, (to, ((&ssrc, stats), media))) in (0u8..).zip(out.ssrcs.iter_mut().zip(wire)) {
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
            media: media_index(media.get()).map_err(|media| Refusal::SsrcMedia {
                index: usize::from(index),
                media,
            })?,
        };
    }

    for (media, (to, from)) in out.mids.iter_mut().zip(&info.mid_output).enumerate() {
        let length = from.len.get();
        let text = usize::try_from(length)
            .ok()
            .and_then(|len| from.mid.get(..len));
        if !text.is_some_and(|text| to.set(text)) {
            return Err(Refusal::MidLength { media, length });
        }
    }

    out.interface_stats = mandatory(PointerName::TargetInterface, info.iface_stats.get())?;
    out.stats = mandatory(PointerName::Target, info.stats.get())?;
    Ok(())
}

/// Decodes an output.
pub(in super::super) fn output(info: &layout::OutputInfo, out: &mut Output) -> Result<(), Refusal> {
    out.zero();

    out.media = info.media_idx.get();
    let [tos, ..] = info.tos_flags.get().to_le_bytes();
    out.tos = tos;
    out.flags = output_flags(info.tos_flags.get());
    let source =
        specified(&info.src_addr).map_err(|fault| Refusal::Address(AddressName::Source, fault))?;
    let destination = specified(&info.dst_addr)
        .map_err(|fault| Refusal::Address(AddressName::Destination, fault))?;
    out.flow = Flow::new(source, destination).ok_or(Refusal::Families)?;

    srtp(&info.encrypt, &mut out.encrypt).map_err(Refusal::Encrypt)?;

    for (index, (to, from)) in out
        .payload_rules
        .iter_mut()
        .zip(&info.pt_output)
        .enumerate()
    {
        *to = payload_rule(index, from)?;
    }

    out.extensions = extensions(info)?;
    out.mid_extension = info.extmap_mid;
    if info.extmap_mid != 0 {
        let text = info
            .extmap_mid_str
            .get(..usize::from(info.extmap_mid_len))
            .unwrap_or(&[]);
        if text.is_empty() || !out.mid.set(text) {
            return Err(Refusal::MidEmpty);
        }
    }

    let wire = info
        .ssrc_out
        .iter()
        .zip(&info.seq_offset)
        .zip(&info.ssrc_stats);
    for (index, (to, ((&ssrc, offset), stats))) in (0u8..).zip(out.ssrcs.iter_mut().zip(wire)) {
        to.ssrc = u32::from_be_bytes(ssrc);
        // Sequence numbers have 16 bits, so more of the offset makes no difference.
        let [low, high, ..] = offset.get().to_le_bytes();
        to.seq_offset = u16::from_le_bytes([low, high]);
        to.stats = optional(PointerName::OutputSsrc(index), stats.get())?;
    }

    out.interface_stats = mandatory(PointerName::OutputInterface, info.iface_stats.get())?;
    out.stats = mandatory(PointerName::Output, info.stats.get())?;
    Ok(())
}

fn target_flags(bits: u32) -> TargetFlags {
    use layout::target_flag as flag;
    let is_set = |bit: u32| bits & bit != 0;
    TargetFlags {
        extmap: is_set(flag::EXTMAP),
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

fn output_flags(bits: u32) -> OutputFlags {
    use layout::output_flag as flag;
    OutputFlags {
        ssrc_subst: bits & flag::SSRC_SUBST != 0,
        extmap: bits & flag::EXTMAP != 0,
        rtcp: bits & flag::RTCP != 0,
    }
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
fn range(
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
fn mandatory(name: PointerName, pointer: u64) -> Result<UserPointer, Refusal> {
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

fn extensions(info: &layout::OutputInfo) -> Result<ExtensionSet, Refusal> {
    let num = info.num_extmap_filter.get();
    let mut set = ExtensionSet::EMPTY;
    let ids = usize::try_from(num)
        .ok()
        .filter(|&num| num <= MAX_EXTENSIONS)
        .and_then(|num| info.extmap_filter.get(..num))
        .ok_or(Refusal::ExtensionCount(num))?;
    for &id in ids {
        set.insert(id);
    }
    Ok(set)
}

/// Decodes SRTP parameters.
///
/// The null cipher is sent both without any keys and with those of the suite that was negotiated:
/// when only authentication is wanted, the keys for it are derived from a master key all the same, while
/// the session key and salt may have no length.
fn srtp(from: &layout::Srtp, out: &mut Srtp) -> Result<(), SrtpFault> {
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
