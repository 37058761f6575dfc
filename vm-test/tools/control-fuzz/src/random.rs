// SPDX-License-Identifier: GPL-2.0-only

//! Random numbers that are the same in every run with the same seed.

/// splitmix64.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Self(seed);
        // Seeds that lie side by side are told apart by what is drawn from them.
        Self(random.draw() ^ seed.rotate_left(32))
    }

    /// The next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 32 bits.
    pub(crate) fn word(&mut self) -> u32 {
        (self.draw() >> 32) as u32
    }

    /// 8 bits.
    pub(crate) fn byte(&mut self) -> u8 {
        (self.draw() >> 56) as u8
    }

    /// A number below `end`; 0 when there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((self.draw() >> 16) as usize).checked_rem(end).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// True or false.
    pub(crate) fn flip(&mut self) -> bool {
        self.draw() >> 63 != 0
    }

    /// One of several, of which there is at least one.
    pub(crate) fn pick<T: Copy + Default>(&mut self, several: &[T]) -> T {
        let at = self.below(several.len());
        several.get(at).copied().unwrap_or_default()
    }

    /// One of several, if there are any.
    pub(crate) fn choose<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        several.get(self.below(several.len()))
    }

    /// Random bytes.
    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            for (to, from) in chunk.iter_mut().zip(self.draw().to_ne_bytes()) {
                *to = from;
            }
        }
    }

    /// That many random bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }

    /// A number at which checks may be off by one, or any.
    pub(crate) fn odd_word(&mut self) -> u32 {
        const EDGES: [u32; 14] = [
            0,
            1,
            7,
            8,
            31,
            32,
            33,
            127,
            128,
            255,
            256,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
        ];
        match self.below(4) {
            0 => self.word(),
            1 => self.word() & 0xff,
            _ => self.pick(&EDGES),
        }
    }
}
