// SPDX-License-Identifier: GPL-2.0-only

//! Packet indices of what is sent under SSRCs that have no counters in shared memory.

use super::super::packet_index::estimate;

const MAX_SSRCS: usize = 8;
const ROUND: u32 = 1 << 16;
/// More than half a round back, a sequence number is taken for one of the next round.
const HALF: u32 = ROUND / 2;

/// What was sent under an SSRC.
#[derive(Clone, Copy, Debug)]
struct Sent {
    ssrc: u32,
    last: u32,
    lowest: u32,
    highest: u32,
}

impl Sent {
    /// Whether it can be forgotten. An SSRC that comes back after that begins in the first round again: the indices that
    /// follow its last one there must not have been used, or two packets would have the same keystream (RFC 3711, 9.1).
    fn may_go(&self) -> bool {
        self.highest < HALF || (self.highest < ROUND && self.lowest >= HALF)
    }
}

/// What was sent under each SSRC. A new one takes the place of the one that has been known for the longest time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rollovers {
    sent: [Option<Sent>; MAX_SSRCS],
    next: usize,
}

impl Rollovers {
    /// The packet index of the next packet to send. None for a new SSRC that has no place, because none of those
    /// known can be forgotten: its packet must not be sent.
    pub fn advance(&mut self, ssrc: u32, sequence: u16) -> Option<u32> {
        let mut known = self.sent.iter_mut().flatten();
        if let Some(sent) = known.find(|sent| sent.ssrc == ssrc) {
            sent.last = estimate(sent.last, sequence);
            sent.lowest = sent.lowest.min(sent.last);
            sent.highest = sent.highest.max(sent.last);
            return Some(sent.last);
        }
        let index = u32::from(sequence);
        let (behind, before) = (self.next..MAX_SSRCS, 0..self.next);
        let number = behind.chain(before).find(|&number| {
            let place = self.sent.get(number);
            place.is_some_and(|sent| sent.is_none_or(|sent| sent.may_go()))
        })?;
        *self.sent.get_mut(number)? = Some(Sent {
            ssrc,
            last: index,
            lowest: index,
            highest: index,
        });
        self.next = number.wrapping_add(1) % MAX_SSRCS;
        Some(index)
    }
}
