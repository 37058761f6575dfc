// SPDX-License-Identifier: GPL-2.0-only

//! Packet indices of what is sent under SSRCs that have no counters in shared memory.

use super::super::packet_index::estimate;

const MAX_SSRCS: usize = 4;

/// The last packet index of each SSRC. A new SSRC takes the place of the one that has been known for
/// the longest time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rollovers {
    last: [Option<(u32, u32)>; MAX_SSRCS],
    next: usize,
}

impl Rollovers {
    /// The packet index of the next packet to send.
    pub fn advance(&mut self, ssrc: u32, sequence: u16) -> u32 {
        let known = self
            .last
            .iter_mut()
            .flatten()
            .find(|(known, _)| *known == ssrc);
        if let Some((_, last)) = known {
            *last = estimate(*last, sequence);
            return *last;
        }
        let index = u32::from(sequence);
        if let Some(place) = self.last.get_mut(self.next) {
            *place = Some((ssrc, index));
        }
        self.next = self.next.wrapping_add(1) % MAX_SSRCS;
        index
    }
}
