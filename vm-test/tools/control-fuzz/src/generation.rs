// SPDX-License-Identifier: GPL-2.0-only

//! Commands of any generation, made of those of 26.0, and what is wrong with them in one generation alone.

use nix::errno::Errno;
use rtp_wire::generations::layout::CommandAddTarget;
use rtp_wire::v26_0::layout::{self as groups, TargetInfo};
use rtp_wire::v26_1::layout::RingBufGroup;
use rtp_wire::{v12_5::layout as lists, CommandNumber, Generation, UserPointer};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

use super::random::Random;

/// INIT with the pointer to the global counters.
pub(crate) fn init(generation: Generation, global: UserPointer) -> Vec<u8> {
    let size = generation.command_size(CommandNumber::Init);
    let mut bytes = vec![0; size.unwrap_or(0)];
    // It has the length that it has to have.
    let _ = generation.write_init(global, &mut bytes);
    bytes
}

/// Copies fields that have one form in both structures.
macro_rules! copy {
    ($from:expr, $to:expr, $($field:ident)*) => {
        $($to.$field.as_mut_bytes().copy_from_slice($from.$field.as_bytes());)*
    };
}

/// The same message in the form of a generation; what is neither ADD_TARGET nor ADD_DESTINATION of 26.0 stays as it is.
pub(crate) fn translated(random: &mut Random, generation: Generation, message: Vec<u8>) -> Vec<u8> {
    use Generation::{V12_5, V13_5, V14_0, V26_0, V26_1, V26_3};
    if let Ok(target) = groups::CommandAddTarget::ref_from_bytes(&message) {
        match generation {
            V12_5 | V13_5 => target_of_list(random, target),
            V26_1 => target_with_rings::<32>(random, target),
            V26_3 => target_with_rings::<4>(random, target),
            V14_0 | V26_0 => message,
        }
    } else if let (Ok(output), true) = (
        groups::CommandDestination::ref_from_bytes(&message),
        !generation.has_output_groups(),
    ) {
        output_of_list(output)
    } else {
        message
    }
}

fn target_of_list(random: &mut Random, from: &groups::CommandAddTarget) -> Vec<u8> {
    let mut to = lists::CommandAddTarget::new_zeroed();
    to.cmd = from.cmd;
    let (from, info) = (&from.target, &mut to.target);
    copy!(from, info, local expected_src src_mismatch num_destinations intercept_stream_idx decrypt ssrc ssrc_stats pt_stats
        num_payload_types iface_stats stats flags);
    let outputs = from.num_destinations.get().min(32);
    let rtcp = random.below(outputs as usize + 1) as u32;
    info.num_rtcp_destinations.set(rtcp);
    to.as_bytes().to_vec()
}

fn target_with_rings<const SSRC_MEDIA: usize>(
    random: &mut Random,
    from: &groups::CommandAddTarget,
) -> Vec<u8> {
    let mut to = CommandAddTarget::<TargetInfo<SSRC_MEDIA, RingBufGroup>>::new_zeroed();
    to.cmd = from.cmd;
    let (from, info) = (&from.target, &mut to.target);
    copy!(from, info, local expected_src src_mismatch num_destinations intercept_stream_idx media_output_idxs decrypt ssrc
        ssrc_stats pt_stats pt_media_idx num_payload_types extmap_mid mid_output iface_stats stats flags);
    for (to, from) in info.ssrc_media_idx.iter_mut().zip(&from.ssrc_media_idx) {
        *to = *from;
    }
    // With none of them, what they are is not looked at.
    let rings = &mut info.raw_ring_buf;
    rings.start_idx.set(random.odd_word());
    rings.opaque.set(random.draw());
    rings.opaque_ref.set(random.draw());
    to.as_bytes().to_vec()
}

fn output_of_list(from: &groups::CommandDestination) -> Vec<u8> {
    let mut to = lists::CommandDestination::new_zeroed();
    to.head.cmd = from.cmd;
    copy!(from.destination, to.head, local num);
    copy!(from.destination.output, to.output, src_addr dst_addr encrypt ssrc_out seq_offset pt_output iface_stats stats ssrc_stats
        tos_flags);
    to.as_bytes().to_vec()
}

/// Breaks ADD_TARGET in a field that its generation alone has.
pub(crate) fn break_own_field(
    random: &mut Random,
    generation: Generation,
    message: &mut [u8],
) -> Option<Errno> {
    use Generation::{V12_5, V13_5, V14_0, V26_0, V26_1, V26_3};
    let count = 1 + random.word() % 4;
    match generation {
        V12_5 | V13_5 => {
            let info = &mut lists::CommandAddTarget::mut_from_bytes(message)
                .ok()?
                .target;
            let outputs = info.num_destinations.get();
            let more = random.pick(&[outputs + 1, 33, 256, u32::MAX]);
            info.num_rtcp_destinations.set(more);
        }
        V14_0 | V26_0 => return None,
        V26_1 => set_rings::<32>(message, count)?,
        V26_3 => set_rings::<4>(message, count)?,
    }
    Some(Errno::EINVAL)
}

fn set_rings<const SSRC_MEDIA: usize>(message: &mut [u8], count: u32) -> Option<()> {
    type Command<const SSRC_MEDIA: usize> = CommandAddTarget<TargetInfo<SSRC_MEDIA, RingBufGroup>>;
    let command = Command::<SSRC_MEDIA>::mut_from_bytes(message).ok()?;
    command.target.raw_ring_buf.num.set(count);
    Some(())
}
