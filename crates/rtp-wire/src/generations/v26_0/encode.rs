// SPDX-License-Identifier: GPL-2.0-only

//! From the internal form into messages of generation 26.0.

use super::super::super::command::{CommandNumber, Generation};
use super::super::super::output::{Output, OutputFlags};
use super::super::super::pointer::UserPointer;
use super::super::super::target::Target;
use super::super::super::udp_ip::Endpoint;
use super::super::encode::{
    address, bits, copy, media_index, payload_rules, rewriting, source, srtp, target_flags,
};
use super::layout::{self, output_flag, target_flag, TargetInfo};
use zerocopy::{FromZeros as _, IntoBytes as _};

pub use super::super::encode::{del_target, pin_memory};

/// INIT with the pointer to the global counters.
pub fn init(global: UserPointer) -> layout::CommandInit {
    let mut command = layout::CommandInit::new_zeroed();
    // It is as long as INIT has to be.
    let _ = Generation::V26_0.write_init(global, command.as_mut_bytes());
    command
}

/// ADD_TARGET.
pub fn add_target(target: &Target) -> layout::CommandAddTarget {
    let mut command = layout::CommandAddTarget::new_zeroed();
    write_target(target, &mut command);
    command
}

/// Writes ADD_TARGET into a message of zeros. It stays where it is: to move it would leave a copy of its keys behind.
pub fn write_target<const SSRC_MEDIA: usize, R>(
    target: &Target,
    command: &mut layout::CommandAddTarget<TargetInfo<SSRC_MEDIA, R>>,
) {
    command.cmd.set(CommandNumber::AddTarget as u32);

    let info = &mut command.target;
    address(&target.local, &mut info.local);
    source(
        &target.expected_source,
        &mut info.expected_src,
        &mut info.src_mismatch,
    );
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
    let extmap = bits(&[(target.flags.extmap, target_flag::EXTMAP)]);
    info.flags.set(target_flags(&target.flags) | extmap);
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
    rewriting(&output.ssrcs, to.zip(&mut info.ssrc_stats));
    payload_rules(&output.payload_rules, &mut info.pt_output);
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

fn output_flags(flags: &OutputFlags) -> u32 {
    bits(&[
        (flags.ssrc_subst, output_flag::SSRC_SUBST),
        (flags.extmap, output_flag::EXTMAP),
        (flags.rtcp, output_flag::RTCP),
    ])
}
