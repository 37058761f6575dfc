// SPDX-License-Identifier: GPL-2.0-only

//! From the internal form into messages of generations 12.5 and 13.5.

use super::super::super::command::CommandNumber;
use super::super::super::output::Output;
use super::super::super::target::Target;
use super::super::super::udp_ip::Endpoint;
use super::super::encode::{address, bits, payload_rules, rewriting, source, srtp, target_flags};
use super::layout::{self, output_flag, target_flag};

/// Writes ADD_TARGET into a message of zeros. The outputs of media 0 are the list of outputs: those of RTP, then those of RTCP.
pub fn write_target(target: &Target, command: &mut layout::CommandAddTarget) {
    command.cmd.set(CommandNumber::AddTarget as u32);

    let info = &mut command.target;
    address(&target.local, &mut info.local);
    source(
        &target.expected_source,
        &mut info.expected_src,
        &mut info.src_mismatch,
    );
    info.num_destinations.set(target.num_outputs.into());
    let [group, ..] = &target.groups;
    info.num_rtcp_destinations
        .set(u32::try_from(group.rtcp().len()).unwrap_or(0));
    info.intercept_stream_idx.set(target.intercept_stream);
    srtp(&target.decrypt, &mut info.decrypt);
    let to = info.ssrc.iter_mut().zip(&mut info.ssrc_stats);
    for ((ssrc, stats), from) in to.zip(&target.ssrcs) {
        *ssrc = from.ssrc.to_be_bytes();
        stats.set(from.stats.0);
    }
    for (stats, from) in info.pt_stats.iter_mut().zip(target.payload_types()) {
        stats.set(from.stats.0);
    }
    info.num_payload_types.set(target.num_payload_types.into());
    info.iface_stats.set(target.interface_stats.0);
    info.stats.set(target.stats.0);
    let mux = bits(&[(target.flags.rtcp_mux, target_flag::RTCP_MUX)]);
    info.flags.set(target_flags(&target.flags) | mux);
}

/// Writes ADD_DESTINATION into a message of zeros: the output of this index, of the target with this local address.
pub fn write_destination(
    target: &Endpoint,
    index: u32,
    output: &Output,
    command: &mut layout::CommandDestination,
) {
    command.head.cmd.set(CommandNumber::AddDestination as u32);
    address(target, &mut command.head.local);
    command.head.num.set(index);

    let info = &mut command.output;
    address(output.flow.source(), &mut info.src_addr);
    address(output.flow.destination(), &mut info.dst_addr);
    srtp(&output.encrypt, &mut info.encrypt);
    let to = info.ssrc_out.iter_mut().zip(&mut info.seq_offset);
    rewriting(&output.ssrcs, to.zip(&mut info.ssrc_stats));
    payload_rules(&output.payload_rules, &mut info.pt_output);
    info.iface_stats.set(output.interface_stats.0);
    info.stats.set(output.stats.0);
    let subst = bits(&[(output.flags.ssrc_subst, output_flag::SSRC_SUBST)]);
    info.tos_flags.set(u32::from(output.tos) | subst);
}
