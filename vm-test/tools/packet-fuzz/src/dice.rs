// SPDX-License-Identifier: GPL-2.0-only

//! Choices that a seed decides.

use rand::{Rng as _, RngCore as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Random choices, the same for the same seed.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.0.random_range(0..n) == 0
    }

    /// A number below `n`, 0 for 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.within(0, n)
    }

    /// A number from `low` on, below `high`.
    pub(crate) fn within(&mut self, low: usize, high: usize) -> usize {
        if low < high {
            self.0.random_range(low..high)
        } else {
            low
        }
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.0.random()
    }

    pub(crate) fn short(&mut self) -> u16 {
        self.0.random()
    }

    pub(crate) fn word(&mut self) -> u32 {
        self.0.random()
    }

    /// One of several, which are not none.
    pub(crate) fn pick<T: Clone>(&mut self, several: &[T]) -> T {
        let at = self.below(several.len());
        several.get(at).expect("several are not none").clone()
    }

    /// Random bytes.
    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// Changes a bit of a byte, if there is one.
    pub(crate) fn flip(&mut self, bytes: &mut [u8], at: usize) {
        let bit = 1 << self.below(8);
        put8(bytes, at, get8(bytes, at) ^ bit);
    }

    /// Puts things into another order.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for end in (1..things.len()).rev() {
            things.swap(end, self.below(end + 1));
        }
    }

    /// A length of a payload: mostly short, for the sake of speed.
    pub(crate) fn length(&mut self) -> usize {
        match self.below(40) {
            0 => 0,
            1..=24 => self.within(1, 60),
            25..=36 => self.within(60, 200),
            37 | 38 => self.within(200, 600),
            _ => self.within(600, 1300),
        }
    }
}

/// Puts a number of two bytes in network order at a place, if there is one.
pub(crate) fn put16(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(to) = bytes.get_mut(at..at + 2) {
        to.copy_from_slice(&value.to_be_bytes());
    }
}

/// Puts a byte at a place, if there is one.
pub(crate) fn put8(bytes: &mut [u8], at: usize, value: u8) {
    if let Some(to) = bytes.get_mut(at) {
        *to = value;
    }
}

/// The number of two bytes in network order at a place.
pub(crate) fn get16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The byte at a place, 0 where there is none.
pub(crate) fn get8(bytes: &[u8], at: usize) -> u8 {
    bytes.get(at).copied().unwrap_or(0)
}
