// SPDX-License-Identifier: GPL-2.0-only

//! What generation 12.5 means: from the wire into the internal form.
//!
//! The outputs of a target are one list, those of RTCP last: the outputs of media 0, to which everything belongs.

use super::super::super::command::{CommandNumber, Generation};
use super::super::super::output::Output;
use super::super::super::pointer::PointerName;
use super::super::super::refusal::Refusal;
use super::super::super::target::{OutputGroup, RtcpKind, Target, TimeUnit};
use super::super::decode::{
    addresses, flow, mandatory, num_outputs, payload_rules, payload_types, rewriting, srtp, ssrcs,
    target_flags, tos_and_flags, view,
};
use super::super::format::{Format, Text};
use super::layout::{self, target_flag};
use core::iter::repeat;

/// Generation 12.5.
pub(in super::super) const FORMAT: Format = Format {
    generation: Generation::V12_5,
    sizes: &layout::SIZES,
    target,
    output,
    text: TEXT,
};

/// What the text of `status` and `list` has.
pub(in super::super) const TEXT: Text = Text {
    groups: false,
    memory: false,
    buffers: false,
};

/// Decodes a target: as [`target_of_lists`], but it counts in seconds, and tells RTCP by the two flags.
fn target(message: &[u8], out: &mut Target) -> Result<(), Refusal> {
    target_of_lists(message, out)?;
    let command: &layout::CommandAddTarget = view(CommandNumber::AddTarget, message)?;
    let is_mux = command.target.flags.get() & target_flag::RTCP_MUX != 0;
    out.flags.rtcp_mux = is_mux;
    out.time_unit = TimeUnit::Seconds;
    out.rtcp_kind = match (out.flags.rtcp, is_mux) {
        (false, _) => RtcpKind::Nothing,
        (true, true) => RtcpKind::SecondByte,
        (true, false) => RtcpKind::Everything,
    };
    Ok(())
}

/// Decodes an output: as [`output_of_lists`], but no payload type is dropped.
fn output(message: &[u8], out: &mut Output) -> Result<(), Refusal> {
    output_of_lists(message, out)?;
    for rule in &mut out.payload_rules {
        rule.blackhole = false;
    }
    Ok(())
}

/// Decodes a target whose outputs are one list.
pub(in super::super) fn target_of_lists(message: &[u8], out: &mut Target) -> Result<(), Refusal> {
    let command: &layout::CommandAddTarget = view(CommandNumber::AddTarget, message)?;
    let info = &command.target;
    out.flags = target_flags(info.flags.get());
    out.passes_unserved = true;
    out.intercept_stream = info.intercept_stream_idx.get();
    let source = (info.src_mismatch.get(), &info.expected_src);
    addresses(&info.local, source, out)?;
    num_outputs(info.num_destinations.get(), out)?;
    let [group, ..] = &mut out.groups;
    *group = lists(out.num_outputs, info.num_rtcp_destinations.get())?;

    srtp(&info.decrypt, &mut out.decrypt).map_err(Refusal::Decrypt)?;

    let no_media = || repeat(u32::MAX);
    let wire = info.pt_stats.iter().zip(no_media());
    payload_types(info.num_payload_types.get(), wire, out)?;
    let given = info.ssrc.iter().take_while(|ssrc| **ssrc != [0; 4]);
    ssrcs(given.zip(&info.ssrc_stats).zip(no_media()), out)?;

    out.interface_stats = mandatory(PointerName::TargetInterface, info.iface_stats.get())?;
    out.stats = mandatory(PointerName::Target, info.stats.get())?;
    Ok(())
}

/// The outputs of a list, of which the last ones are those of RTCP.
fn lists(outputs: u8, rtcp: u32) -> Result<OutputGroup, Refusal> {
    let rtp = u8::try_from(rtcp)
        .ok()
        .and_then(|rtcp| outputs.checked_sub(rtcp))
        .ok_or(Refusal::RtcpOutputCount { rtcp, outputs })?;
    // None are 0 to 0, as in later generations.
    let (rtcp_start, rtcp_end) = if rtcp == 0 { (0, 0) } else { (rtp, outputs) };
    Ok(OutputGroup {
        rtp_start: 0,
        rtp_end: rtp,
        rtcp_start,
        rtcp_end,
    })
}

/// Decodes an output of a list.
pub(in super::super) fn output_of_lists(message: &[u8], out: &mut Output) -> Result<(), Refusal> {
    let command: &layout::CommandDestination = view(CommandNumber::AddDestination, message)?;
    let info = &command.output;
    tos_and_flags(info.tos_flags.get(), out);
    out.flow = flow(&info.src_addr, &info.dst_addr)?;

    srtp(&info.encrypt, &mut out.encrypt).map_err(Refusal::Encrypt)?;
    payload_rules(&info.pt_output, out)?;

    let mut is_over = false;
    let stats = info.ssrc_stats.iter().map(|stats| {
        is_over |= stats.get() == 0;
        if is_over {
            0
        } else {
            stats.get()
        }
    });
    rewriting(info.ssrc_out.iter().zip(&info.seq_offset).zip(stats), out)?;

    out.interface_stats = mandatory(PointerName::OutputInterface, info.iface_stats.get())?;
    out.stats = mandatory(PointerName::Output, info.stats.get())?;
    Ok(())
}
