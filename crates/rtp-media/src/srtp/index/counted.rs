// SPDX-License-Identifier: GPL-2.0-only

//! What counters in shared memory tell of the indices that were sent of an SSRC.
//!
//! They may be those of other SSRCs, too: the daemon gives the audio and the video of a bundle the same ones.

/// How many packets may have been received and not sent.
const UNSENT: u16 = 64;
/// How far ahead counters may be of what was sent of an SSRC here, and still be taken for its own whatever comes.
const REACH: u32 = 0x4000;

/// What counters say when an output is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// The highest index by those of the output, 0 for none.
    pub sent: u32,
    /// Whether other SSRCs of the output have the same.
    pub is_shared: bool,
    /// The highest index by those of its target, 0 for none.
    pub received: u32,
    /// What the output adds to sequence numbers.
    pub seq_offset: u16,
}

impl Counters {
    /// The highest index that was used of an SSRC before the output is made; none where nothing tells. `known` is the
    /// highest that is remembered otherwise.
    ///
    /// The output's counters are those of this SSRC where they go with what was received, or where nothing else tells. Those
    /// that are shared are so only if they are not far beyond what is known.
    pub fn used_before(&self, known: Option<u32>) -> Option<u32> {
        let expected = (self.received as u16).wrapping_add(self.seq_offset);
        let goes = self.received != 0 && expected.wrapping_sub(self.sent as u16) < UNSENT;
        let is_own = match known {
            Some(known) if self.is_shared => goes && self.sent.saturating_sub(known) < REACH,
            _ => goes || self.received == 0,
        };
        known.max((is_own && self.sent != 0).then_some(self.sent))
    }
}

/// The highest index by which the one of a sequence number is estimated. `own` is the highest that was sent of
/// its SSRC here, `shared` the highest that counters tell, 0 for none.
///
/// Far ahead of `own` they are those of another SSRC where the packet goes with `own`.
pub(super) fn highest(own: Option<u32>, shared: u32, sequence: u16) -> u32 {
    let Some(own) = own else {
        return shared;
    };
    let ahead = sequence.wrapping_sub(own as u16);
    let distance = u32::from(ahead.min(ahead.wrapping_neg()));
    if shared.saturating_sub(own) >= REACH && distance < REACH {
        own
    } else {
        own.max(shared)
    }
}
