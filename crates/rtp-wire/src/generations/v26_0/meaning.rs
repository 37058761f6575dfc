// SPDX-License-Identifier: GPL-2.0-only

//! What generation 26.0 means: from the wire into the internal form.

use super::super::super::command::{CommandNumber, Generation};
use super::super::super::output::{ExtensionSet, Output, OutputFlags, MAX_EXTENSIONS, MAX_PATTERN};
use super::super::super::pointer::PointerName;
use super::super::super::refusal::{AddressName, RangeName, Refusal};
use super::super::super::target::{
    ExpectedSource, OutputGroup, PayloadType, Target, TargetFlags, TargetSsrc, MAX_MEDIA, MAX_MID,
    MAX_OUTPUTS, MAX_PAYLOAD_TYPES, MAX_SSRCS,
};
use super::super::super::udp_ip::Flow;
use super::super::decode::{
    endpoint, lookup, mandatory, media_index, optional, payload_rule, range, specified, srtp, view,
};
use super::super::format::{Format, Place};
use super::layout;
use core::mem::size_of;

/// Generation 26.0.
pub(in super::super) const FORMAT: Format = Format {
    generation: Generation::V26_0,
    sizes: &layout::SIZES,
    target,
    place,
    output,
};

// The internal form holds all that the wire format can.
const _: () = {
    assert!(size_of::<[layout::OutputGroup; MAX_MEDIA]>() == 128);
    assert!(size_of::<[[u8; 4]; MAX_SSRCS]>() == 16);
    assert!(size_of::<[layout::PtOutput; MAX_PAYLOAD_TYPES]>() == 768);
    assert!(MAX_MID == 255 && MAX_EXTENSIONS == 32 && MAX_PATTERN == 16);
};

/// Decodes a target.
fn target(message: &[u8], out: &mut Target) -> Result<(), Refusal> {
    let command: &layout::CommandAddTarget = view(CommandNumber::AddTarget, message)?;
    let info = &command.target;
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

fn destination(message: &[u8]) -> Result<&layout::DestinationInfo, Refusal> {
    let command: &layout::CommandDestination = view(CommandNumber::AddDestination, message)?;
    Ok(&command.destination)
}

/// Where an output belongs.
fn place(message: &[u8]) -> Result<Place, Refusal> {
    let info = destination(message)?;
    Ok((lookup(&info.local)?, info.num.get()))
}

/// Decodes an output.
fn output(message: &[u8], out: &mut Output) -> Result<(), Refusal> {
    let info = &destination(message)?.output;
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
