// SPDX-License-Identifier: GPL-2.0-only

//! Which packets were received already (RFC 3711, 3.3.2).

/// Most packets that a window can remember.
pub const CAPACITY: u32 = 1024;
const WORDS: usize = (CAPACITY / u64::BITS) as usize;

/// What was received of one SSRC: RTP, or RTCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    highest: Option<u32>,
    /// One bit for each of the last indices, at the place of the index modulo [`CAPACITY`].
    seen: [u64; WORDS],
}

impl Window {
    /// The highest packet index that was received.
    pub const fn highest(&self) -> Option<u32> {
        self.highest
    }

    /// Whether a packet was received before, or is too old to tell: `size` packets from the highest
    /// on are remembered. With a size of 0 none is.
    pub fn is_replay(&self, index: u32, size: u32) -> bool {
        let Some(highest) = self.highest else {
            return false;
        };
        if size == 0 || is_newer(index, highest) {
            return false;
        }
        highest.wrapping_sub(index) >= size.min(CAPACITY) || self.is_seen(index)
    }

    /// Remembers a packet.
    pub fn accept(&mut self, index: u32) {
        match self.highest {
            Some(highest) if !is_newer(index, highest) => {
                if highest.wrapping_sub(index) >= CAPACITY {
                    // From before all that is remembered, let through by a window of size 0.
                    return;
                }
            }
            Some(highest) => {
                let ahead = index.wrapping_sub(highest);
                if ahead >= CAPACITY {
                    self.seen = [0; WORDS];
                } else {
                    for step in 1..ahead {
                        self.mark(highest.wrapping_add(step), false);
                    }
                }
                self.highest = Some(index);
            }
            None => self.highest = Some(index),
        }
        self.mark(index, true);
    }

    fn is_seen(&self, index: u32) -> bool {
        let (word, bit) = locate(index);
        self.seen.get(word).is_some_and(|word| word & bit != 0)
    }

    fn mark(&mut self, index: u32, seen: bool) {
        let (word, bit) = locate(index);
        if let Some(word) = self.seen.get_mut(word) {
            *word = if seen { *word | bit } else { *word & !bit };
        }
    }
}

/// Whether an index comes after another one, modulo 2^32.
fn is_newer(index: u32, than: u32) -> bool {
    (1..1 << 31).contains(&index.wrapping_sub(than))
}

fn locate(index: u32) -> (usize, u64) {
    let place = index % CAPACITY;
    ((place / u64::BITS) as usize, 1 << (place % u64::BITS))
}
