// SPDX-License-Identifier: GPL-2.0-only

//! What is wrong with ADD_TARGET.

use nix::errno::Errno;
use nix::errno::Errno::{EFAULT, EINVAL};
use rtp_wire::v26_0::layout::CommandAddTarget;
use rtp_wire::{Generation, PointerKind};
use zerocopy::byteorder::native_endian::U64;

use super::{address, beyond, srtp, view, wild, wild_some};
use crate::random::Random;

/// Breaks ADD_TARGET in one place.
pub(crate) fn add_target(
    random: &mut Random,
    generation: Generation,
    message: &mut [u8],
) -> Option<Errno> {
    let target = &mut view::<CommandAddTarget>(message)?.target;
    let outputs = target.num_destinations.get();
    let media = random.below(8);
    match random.below(16) {
        // There are no groups, media and MIDs.
        6..=8 | 12 | 13 if !generation.has_output_groups() => address(random, &mut target.local),
        0 | 1 => address(random, &mut target.local),
        2 => target.src_mismatch.set(beyond(random, 3)),
        3 => {
            target.src_mismatch.set(random.between(1, 2) as u32);
            target.expected_src.family.set(random.pick(&[0, 1, 9, -1]));
        }
        4 => target.num_destinations.set(beyond(random, 33)),
        5 if outputs == 0 => target.num_destinations.set(random.between(1, 32) as u32),
        5 => {
            target.num_destinations.set(0);
            target.media_output_idxs = zerocopy::FromBytes::read_from_bytes(&[0; 128]).ok()?;
        }
        6 => {
            let group = target.media_output_idxs.get_mut(media)?;
            let start = beyond(random, outputs.max(1));
            group.rtp_start_idx.set(start);
            group.rtp_end_idx.set(start);
        }
        7 => {
            let group = target.media_output_idxs.get_mut(media)?;
            group.rtcp_end_idx.set(beyond(random, outputs + 1));
        }
        8 => {
            let group = target.media_output_idxs.get_mut(media)?;
            group.rtcp_start_idx.set(1);
            group.rtcp_end_idx.set(0);
        }
        9 | 10 => srtp(random, &mut target.decrypt),
        11 => target.num_payload_types.set(beyond(random, 33)),
        12 => {
            let count = target.num_payload_types.get() as usize;
            let place = match random.below(2) {
                0 if count > 0 => target.pt_media_idx.get_mut(random.below(count))?,
                _ => target.ssrc_media_idx.get_mut(random.below(4))?,
            };
            place.set(beyond(random, 8));
        }
        13 => {
            let length = u64::from(beyond(random, 256)) << random.pick(&[0, 0, 32]);
            target.mid_output.get_mut(media)?.len.set(length);
        }
        _ => {
            add_target_pointer(random, generation, message);
            return Some(EFAULT);
        }
    }
    Some(EINVAL)
}

fn add_target_pointer(
    random: &mut Random,
    generation: Generation,
    message: &mut [u8],
) -> Option<()> {
    let target = &mut view::<CommandAddTarget>(message)?.target;
    let any = target.stats.get();
    let count = target.num_payload_types.get() as usize;
    // A list of SSRCs ends at the first that is not given.
    let mut ssrcs = 4;
    if !generation.has_output_groups() {
        ssrcs = target
            .ssrc
            .iter()
            .take_while(|ssrc| **ssrc != [0; 4])
            .count();
    }
    let (place, kind): (&mut U64, _) = match random.below(4) {
        0 => (&mut target.stats, PointerKind::Stream),
        1 => (&mut target.iface_stats, PointerKind::Interface),
        2 if count > 0 => {
            let index = random.below(count);
            (target.pt_stats.get_mut(index)?, PointerKind::Rtp)
        }
        _ if ssrcs == 0 => (&mut target.stats, PointerKind::Stream),
        _ => {
            let index = random.below(ssrcs);
            let is_given = target.ssrc.get(index)? != &[0; 4];
            let place = target.ssrc_stats.get_mut(index)?;
            if !is_given {
                place.set(wild_some(random, any, PointerKind::Ssrc));
                return Some(());
            }
            (place, PointerKind::Ssrc)
        }
    };
    place.set(wild(random, any, kind));
    Some(())
}
