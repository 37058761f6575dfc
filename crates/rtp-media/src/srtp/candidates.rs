// SPDX-License-Identifier: GPL-2.0-only

//! The packet indices that a sequence number may stand for.

use super::super::packet_index::estimate;

const ONE_ROLLOVER: u32 = 1 << 16;
const SEQUENCE: u32 = ONE_ROLLOVER - 1;

/// Packet indices to try, the most likely first, none twice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidates {
    indices: [u32; 5],
    len: usize,
}

impl Candidates {
    /// Those of a sequence number: by the highest index that others know of, by the highest that was
    /// authenticated here; then one rollover more than the first, one less, and none at all.
    pub(super) fn new(sequence: u16, shared: Option<u32>, own: Option<u32>) -> Self {
        let mut candidates = Self {
            indices: [0; 5],
            len: 0,
        };
        let first = estimate(shared.or(own).unwrap_or(0), sequence);
        candidates.add(first);
        if let Some(own) = own {
            candidates.add(estimate(own, sequence));
        }
        candidates.add(first.wrapping_add(ONE_ROLLOVER));
        if let Some(less) = first.checked_sub(ONE_ROLLOVER) {
            candidates.add(less);
        }
        candidates.add(first & SEQUENCE);
        candidates
    }

    fn add(&mut self, index: u32) {
        if !self.as_slice().contains(&index) {
            if let Some(to) = self.indices.get_mut(self.len) {
                *to = index;
                self.len = self.len.wrapping_add(1);
            }
        }
    }

    pub(super) fn as_slice(&self) -> &[u32] {
        self.indices.get(..self.len).unwrap_or(&[])
    }
}
