// SPDX-License-Identifier: GPL-2.0-only

//! What is wrong with ADD_DESTINATION.

use nix::errno::Errno;
use nix::errno::Errno::{EACCES, EFAULT, EINVAL, ENOENT, ERANGE};
use rtp_wire::v26_0::layout::CommandDestination;
use rtp_wire::{Generation, PointerKind};

use super::{address, beyond, srtp, view, wild, wild_some};
use crate::random::Random;
use crate::values;

/// Breaks ADD_DESTINATION in one place.
pub(crate) fn add_destination(
    random: &mut Random,
    generation: Generation,
    message: &mut [u8],
) -> Option<Errno> {
    let destination = &mut view::<CommandDestination>(message)?.destination;
    let output = &mut destination.output;
    match random.below(14) {
        // There are no header extensions.
        8 | 9 if !generation.has_output_groups() => address(random, &mut output.src_addr),
        0 | 1 => address(random, &mut output.src_addr),
        2 | 3 => address(random, &mut output.dst_addr),
        4 => {
            // The first bytes are an address of either family.
            let other = if output.src_addr.family.get() == 2 {
                10
            } else {
                2
            };
            output.src_addr.addr = [127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
            output.src_addr.family.set(other);
        }
        5 | 6 => srtp(random, &mut output.encrypt),
        7 => {
            let rule = output.pt_output.get_mut(random.below(32))?;
            rule.replace_pattern_len_flags
                .set(random.between(17, 255) as u32);
        }
        8 => output.num_extmap_filter.set(beyond(random, 33)),
        9 => {
            output.extmap_mid = random.byte() | 1;
            output.extmap_mid_len = 0;
        }
        10 => {
            destination.num.set(beyond(random, 32));
            return Some(ERANGE);
        }
        11 => {
            address(random, &mut destination.local);
            return Some(ENOENT);
        }
        12 => {
            let (forbidden, error) = if output.dst_addr.family.get() == 2 {
                (
                    values::forbidden(&rtp_wire::Endpoint::v4([1; 4], 1)),
                    EACCES,
                )
            } else {
                (
                    values::forbidden(&rtp_wire::Endpoint::v6([1; 16], 1)),
                    EINVAL,
                )
            };
            output.dst_addr.addr = *forbidden.addr();
            return Some(error);
        }
        _ => {
            let any = output.stats.get();
            match random.below(3) {
                0 => output.stats.set(wild(random, any, PointerKind::Stream)),
                1 => output
                    .iface_stats
                    .set(wild(random, any, PointerKind::Interface)),
                _ => {
                    // A list of them ends at the first that is null.
                    let mut count = 4;
                    if !generation.has_output_groups() {
                        let there = output.ssrc_stats.iter().take_while(|it| it.get() != 0);
                        count = 4.min(there.count() + 1);
                    }
                    let place = output.ssrc_stats.get_mut(random.below(count))?;
                    place.set(wild_some(random, any, PointerKind::Ssrc));
                }
            }
            return Some(EFAULT);
        }
    }
    Some(EINVAL)
}
