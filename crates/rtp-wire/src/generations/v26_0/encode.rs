// SPDX-License-Identifier: GPL-2.0-only

//! From the internal form into messages of generation 26.0.

use super::super::super::command::CommandNumber;
use super::super::super::output::{Output, OutputFlags};
use super::super::super::pointer::UserPointer;
use super::super::super::target::{ExpectedSource, Target, TargetFlags};
use super::super::super::udp_ip::Endpoint;
use super::super::encode::{address, copy, media_index, srtp};
use super::layout;
use zerocopy::FromZeros as _;

pub use super::super::encode::{del_target, pin_memory};

/// INIT with the pointer to the global counters.
pub fn init(global: UserPointer) -> layout::CommandInit {
    let mut command = layout::CommandInit::new_zeroed();
    command.cmd.set(CommandNumber::Init as u32);
    let info = &mut command.init;
    info.last_cmd
        .set(i32::try_from(layout::SIZES.len()).unwrap_or(0));
    for (to, size) in info.msg_size.iter_mut().zip(layout::SIZES) {
        to.set(u64::try_from(size).unwrap_or(0));
    }
    info.rtpe_stats.set(global.0);
    command
}

/// ADD_TARGET.
pub fn add_target(target: &Target) -> layout::CommandAddTarget {
    let mut command = layout::CommandAddTarget::new_zeroed();
    write_target(target, &mut command);
    command
}

/// Writes ADD_TARGET into a message of zeros. It stays where it is: to move it would leave a copy of its keys behind.
pub fn write_target(target: &Target, command: &mut layout::CommandAddTarget) {
    command.cmd.set(CommandNumber::AddTarget as u32);

    let info = &mut command.target;
    address(&target.local, &mut info.local);
    if let Some(source) = target.expected_source.endpoint() {
        address(source, &mut info.expected_src);
    }
    info.src_mismatch.set(match target.expected_source {
        ExpectedSource::Any | ExpectedSource::Ignore(_) => 0,
        ExpectedSource::Drop(_) => 1,
        ExpectedSource::Pass(_) => 2,
    });
    info.num_destinations.set(target.num_outputs.into());
    info.intercept_stream_idx.set(target.intercept_stream);
    for (to, from) in info.media_output_idxs.iter_mut().zip(&target.groups) {
        to.rtp_start_idx.set(from.rtp_start.into());
        to.rtp_end_idx.set(from.rtp_end.into());
        to.rtcp_start_idx.set(from.rtcp_start.into());
        to.rtcp_end_idx.set(from.rtcp_end.into());
    }
    srtp(&target.decrypt, &mut info.decrypt);
    let to = info.ssrc.iter_mut().zip(&mut info.ssrc_stats);
    for (((ssrc, stats), media), from) in to.zip(&mut info.ssrc_media_idx).zip(&target.ssrcs) {
        *ssrc = from.ssrc.to_be_bytes();
        stats.set(from.stats.0);
        media.set(media_index(from.media));
    }
    let to = info.pt_stats.iter_mut().zip(&mut info.pt_media_idx);
    for ((stats, media), from) in to.zip(target.payload_types()) {
        stats.set(from.stats.0);
        media.set(media_index(from.media));
    }
    info.num_payload_types.set(target.num_payload_types.into());
    info.extmap_mid = target.mid_extension;
    for (to, from) in info.mid_output.iter_mut().zip(&target.mids) {
        let text = from.as_bytes();
        copy(&mut to.mid, text);
        to.len.set(u64::try_from(text.len()).unwrap_or(0));
    }
    info.iface_stats.set(target.interface_stats.0);
    info.stats.set(target.stats.0);
    info.flags.set(target_flags(&target.flags));
}

/// ADD_DESTINATION: the output of this index, of the target with this local address.
pub fn add_destination(
    target: &Endpoint,
    index: u32,
    output: &Output,
) -> layout::CommandDestination {
    let mut command = layout::CommandDestination::new_zeroed();
    write_destination(target, index, output, &mut command);
    command
}

/// Writes ADD_DESTINATION into a message of zeros, as [`write_target`] does ADD_TARGET.
pub fn write_destination(
    target: &Endpoint,
    index: u32,
    output: &Output,
    command: &mut layout::CommandDestination,
) {
    command.cmd.set(CommandNumber::AddDestination as u32);
    address(target, &mut command.destination.local);
    command.destination.num.set(index);

    let info = &mut command.destination.output;
    address(output.flow.source(), &mut info.src_addr);
    address(output.flow.destination(), &mut info.dst_addr);
    info.media_idx.set(output.media);
    srtp(&output.encrypt, &mut info.encrypt);
    let to = info.ssrc_out.iter_mut().zip(&mut info.seq_offset);
    for (((ssrc, offset), stats), from) in to.zip(&mut info.ssrc_stats).zip(&output.ssrcs) {
        *ssrc = from.ssrc.to_be_bytes();
        offset.set(from.seq_offset.into());
        stats.set(from.stats.0);
    }
    for (to, from) in info.pt_output.iter_mut().zip(&output.payload_rules) {
        to.min_payload_len.set(from.min_payload_len);
        to.replace_pattern = from.pattern;
        let blackhole = if from.blackhole {
            layout::PT_BLACKHOLE
        } else {
            0
        };
        to.replace_pattern_len_flags
            .set(u32::from(from.pattern_len) | blackhole);
    }
    let mut num = 0u32;
    for (to, id) in info.extmap_filter.iter_mut().zip(output.extensions.iter()) {
        *to = id;
        num = num.saturating_add(1);
    }
    info.num_extmap_filter.set(num);
    info.extmap_mid = output.mid_extension;
    let text = output.mid.as_bytes();
    copy(&mut info.extmap_mid_str, text);
    info.extmap_mid_len = u8::try_from(text.len()).unwrap_or(0);
    info.iface_stats.set(output.interface_stats.0);
    info.stats.set(output.stats.0);
    info.tos_flags
        .set(u32::from(output.tos) | output_flags(&output.flags));
}

fn target_flags(flags: &TargetFlags) -> u32 {
    use layout::target_flag as flag;
    [
        (flags.extmap, flag::EXTMAP),
        (flags.dtls, flag::DTLS),
        (flags.stun, flag::STUN),
        (flags.rtp, flag::RTP),
        (flags.ssrc_req, flag::SSRC_REQ),
        (flags.rtp_only, flag::RTP_ONLY),
        (flags.track_ssrc, flag::TRACK_SSRC),
        (flags.rtcp, flag::RTCP),
        (flags.rtcp_fw, flag::RTCP_FW),
        (flags.rtcp_fb_fw, flag::RTCP_FB_FW),
        (flags.do_intercept, flag::DO_INTERCEPT),
        (flags.pt_filter, flag::PT_FILTER),
        (flags.non_forwarding, flag::NON_FORWARDING),
        (flags.blackhole, flag::BLACKHOLE),
        (flags.rtp_stats, flag::RTP_STATS),
    ]
    .iter()
    .fold(0, |bits, &(set, bit)| if set { bits | bit } else { bits })
}

fn output_flags(flags: &OutputFlags) -> u32 {
    use layout::output_flag as flag;
    [
        (flags.ssrc_subst, flag::SSRC_SUBST),
        (flags.extmap, flag::EXTMAP),
        (flags.rtcp, flag::RTCP),
    ]
    .iter()
    .fold(0, |bits, &(set, bit)| if set { bits | bit } else { bits })
}
