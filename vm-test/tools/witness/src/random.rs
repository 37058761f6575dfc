// SPDX-License-Identifier: GPL-2.0-only

//! Random numbers that are the same in every run.

/// xorshift64*.
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of a seed, and of a case of it.
    pub(crate) fn new(seed: u64, case: u32) -> Self {
        let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ (u64::from(case) + 1).wrapping_mul(0xd1b5_4a32_d192_ed03);
        let mut random = Self(mixed | 1);
        random.draw();
        random.draw();
        random
    }

    /// The next number.
    pub(crate) fn draw(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below another one, which is above 0.
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        (((self.draw() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// A number of a range, both ends included.
    pub(crate) fn within(&mut self, from: u32, to: u32) -> u32 {
        from + self.below(to - from + 1)
    }

    /// A number of 32 bits.
    pub(crate) fn word(&mut self) -> u32 {
        (self.draw() >> 32) as u32
    }

    /// True that often of a hundred times.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of several, of which there is at least one.
    pub(crate) fn pick<T: Copy>(&mut self, several: &[T]) -> T {
        let index = self.below(several.len() as u32) as usize;
        *several.get(index).expect("an index below the length")
    }

    /// Bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| (self.draw() >> 56) as u8).collect()
    }
}
