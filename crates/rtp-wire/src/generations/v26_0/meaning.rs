// SPDX-License-Identifier: GPL-2.0-only

//! What generation 26.0 means: from the wire into the internal form.

use super::super::super::command::{CommandNumber, Generation};
use super::super::super::output::{ExtensionSet, Output, MAX_EXTENSIONS, MAX_PATTERN};
use super::super::super::pointer::PointerName;
use super::super::super::refusal::{RangeName, Refusal};
use super::super::super::target::{
    OutputGroup, Target, MAX_MEDIA, MAX_MID, MAX_PAYLOAD_TYPES, MAX_SSRCS,
};
use super::super::decode::{
    addresses, flow, mandatory, num_outputs, payload_rules, payload_types, range, rewriting, srtp,
    ssrcs, target_flags, tos_and_flags, view,
};
use super::super::format::{Format, Text};
use super::layout::{self, output_flag, target_flag, CommandAddTarget, Rings, TargetInfo};
use core::mem::size_of;
use zerocopy::{FromBytes, Immutable, KnownLayout};

/// Generation 26.0.
pub(in super::super) const FORMAT: Format = Format {
    generation: Generation::V26_0,
    sizes: &layout::SIZES,
    target: target::<32, ()>,
    output,
    text: Text {
        groups: true,
        memory: true,
        buffers: false,
    },
};

// The internal form holds all that the wire format can.
const _: () = {
    assert!(size_of::<[layout::OutputGroup; MAX_MEDIA]>() == 128);
    assert!(size_of::<[[u8; 4]; MAX_SSRCS]>() == 16);
    assert!(size_of::<[layout::PtOutput; MAX_PAYLOAD_TYPES]>() == 768);
    assert!(MAX_MID == 255 && MAX_EXTENSIONS == 32 && MAX_PATTERN == 16);
};

/// Decodes a target.
pub(in super::super) fn target<const SSRC_MEDIA: usize, R>(
    message: &[u8],
    out: &mut Target,
) -> Result<(), Refusal>
where
    R: Rings + FromBytes + Immutable + KnownLayout,
{
    let command: &CommandAddTarget<TargetInfo<SSRC_MEDIA, R>> =
        view(CommandNumber::AddTarget, message)?;
    let info = &command.target;
    let bits = info.flags.get();
    out.flags = target_flags(bits);
    out.flags.extmap = bits & target_flag::EXTMAP != 0;
    out.intercept_stream = info.intercept_stream_idx.get();
    out.mid_extension = info.extmap_mid;
    let source = (info.src_mismatch.get(), &info.expected_src);
    addresses(&info.local, source, out)?;
    num_outputs(info.num_destinations.get(), out)?;
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

    let media = info.pt_media_idx.iter().map(|media| media.get());
    let wire = info.pt_stats.iter().zip(media);
    payload_types(info.num_payload_types.get(), wire, out)?;
    let media = info.ssrc_media_idx.iter().map(|media| media.get());
    ssrcs(info.ssrc.iter().zip(&info.ssrc_stats).zip(media), out)?;

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
    match info.raw_ring_buf.count() {
        0 => Ok(()),
        count => Err(Refusal::RingBuffers(count)),
    }
}

/// Decodes an output.
fn output(message: &[u8], out: &mut Output) -> Result<(), Refusal> {
    let command: &layout::CommandDestination = view(CommandNumber::AddDestination, message)?;
    let info = &command.destination.output;
    out.media = info.media_idx.get();
    let bits = info.tos_flags.get();
    tos_and_flags(bits, out);
    out.flags.extmap = bits & output_flag::EXTMAP != 0;
    out.flags.rtcp = bits & output_flag::RTCP != 0;
    out.flow = flow(&info.src_addr, &info.dst_addr)?;

    srtp(&info.encrypt, &mut out.encrypt).map_err(Refusal::Encrypt)?;
    payload_rules(&info.pt_output, out)?;

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

    let stats = info.ssrc_stats.iter().map(|stats| stats.get());
    rewriting(info.ssrc_out.iter().zip(&info.seq_offset).zip(stats), out)?;

    out.interface_stats = mandatory(PointerName::OutputInterface, info.iface_stats.get())?;
    out.stats = mandatory(PointerName::Output, info.stats.get())?;
    Ok(())
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
