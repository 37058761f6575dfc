// SPDX-License-Identifier: GPL-2.0-only

//! Which indices were used (RFC 3711, 3.3.2).

/// How many indices a window of one SSRC knows, the highest included.
pub const CAPACITY: u32 = Window::<16>::CAPACITY;

/// The highest index of one SSRC and direction, and which of those behind it were used: as many as
/// `WORDS` of 64 bits have bits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window<const WORDS: usize = 16> {
    highest: Option<u32>,
    /// One bit for each of the last indices, at the place of the index modulo the capacity.
    used: [u64; WORDS],
}

/// What a window says of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It is above all that were used.
    New,
    /// It is below the highest, and was not used.
    Late,
    /// It was used.
    Used,
    /// It is from before all that the window knows.
    Old,
}

impl<const WORDS: usize> Window<WORDS> {
    /// How many indices it knows.
    pub const CAPACITY: u32 = WORDS as u32 * u64::BITS;
    /// Nothing was used.
    pub const EMPTY: Self = Self {
        highest: None,
        used: [0; WORDS],
    };

    /// One that knows no more than the highest index: those behind it may have been used or not, and
    /// are taken for `used` or not.
    pub const fn seeded(highest: u32, used: bool) -> Self {
        Self {
            highest: Some(highest),
            used: [if used { u64::MAX } else { 0 }; WORDS],
        }
    }

    /// What another one knows. What either has no place for may have been used.
    pub fn of<const OTHER: usize>(other: &Window<OTHER>) -> Self {
        let Some(highest) = other.highest else {
            return Self::EMPTY;
        };
        let mut window = Self::seeded(highest, true);
        let known = Self::CAPACITY.min(Window::<OTHER>::CAPACITY);
        for back in 0..known {
            if let Some(index) = highest.checked_sub(back) {
                window.set(index, other.is_used(index));
            }
        }
        window
    }

    /// The highest index.
    pub const fn highest(&self) -> Option<u32> {
        self.highest
    }

    /// What is known of an index by the last `size` of them, at most those of the capacity.
    pub fn age(&self, index: u32, size: u32) -> Age {
        match self.highest {
            Some(highest) if index <= highest => {
                if highest.saturating_sub(index) >= size.min(Self::CAPACITY) {
                    Age::Old
                } else if self.is_used(index) {
                    Age::Used
                } else {
                    Age::Late
                }
            }
            _ => Age::New,
        }
    }

    /// Remembers that an index was used. The highest never goes back.
    pub fn mark(&mut self, index: u32) {
        match self.highest {
            Some(highest) if index <= highest => {
                if highest.saturating_sub(index) >= Self::CAPACITY {
                    return;
                }
            }
            Some(highest) if index.saturating_sub(highest) < Self::CAPACITY => {
                for skipped in highest.saturating_add(1)..index {
                    self.set(skipped, false);
                }
                self.highest = Some(index);
            }
            _ => *self = Self::seeded(index, false),
        }
        self.set(index, true);
    }

    fn is_used(&self, index: u32) -> bool {
        let (word, bit) = Self::place(index);
        self.used.get(word).is_some_and(|word| word & bit != 0)
    }

    fn set(&mut self, index: u32, used: bool) {
        let (word, bit) = Self::place(index);
        if let Some(word) = self.used.get_mut(word) {
            *word = if used { *word | bit } else { *word & !bit };
        }
    }

    fn place(index: u32) -> (usize, u64) {
        let place = index.checked_rem(Self::CAPACITY).unwrap_or(0);
        ((place / u64::BITS) as usize, 1 << (place % u64::BITS))
    }
}
