// SPDX-License-Identifier: GPL-2.0-only

//! Memory that is shared with the module, and the counters in it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rtp_wire::{PointerKind, UserPointer};

const PAGE: usize = 4096;
const WORDS: usize = PAGE / 8;

#[repr(C, align(4096))]
struct Page([AtomicU64; WORDS]);

/// Whole pages, from which counters are taken.
pub(crate) struct Memory {
    pages: Vec<Page>,
    used: usize,
}

/// Where counters lie.
#[derive(Clone, Copy)]
pub(crate) struct Place(usize);

impl Memory {
    /// That many pages of zeros.
    pub(crate) fn new(pages: usize) -> Self {
        let page = || Page([const { AtomicU64::new(0) }; WORDS]);
        Self {
            pages: (0..pages).map(|_| page()).collect(),
            used: 0,
        }
    }

    /// Address and size, for PIN_MEMORY.
    pub(crate) fn range(&self) -> (u64, u64) {
        (self.pages.as_ptr() as u64, (self.pages.len() * PAGE) as u64)
    }

    /// Room for a structure.
    pub(crate) fn take(&mut self, kind: PointerKind) -> Place {
        let words = kind.size().next_multiple_of(64) / 8;
        let place = Place(self.used);
        self.used += words;
        assert!(self.used <= self.pages.len() * WORDS, "out of memory");
        place
    }

    /// The address of counters.
    pub(crate) fn pointer(&self, place: Place) -> UserPointer {
        UserPointer(self.range().0 + place.0 as u64 * 8)
    }

    fn word(&self, place: Place, index: usize) -> &AtomicU64 {
        let at = place.0 + index;
        let page = self.pages.get(at / WORDS).expect("a place of this memory");
        page.0.get(at % WORDS).expect("a word of a page")
    }

    /// 64 bits, by their offset in bytes.
    pub(crate) fn u64(&self, place: Place, offset: usize) -> u64 {
        self.word(place, offset / 8).load(Relaxed)
    }

    /// 32 bits, by their offset in bytes.
    pub(crate) fn u32(&self, place: Place, offset: usize) -> u32 {
        let word = self.u64(place, offset);
        (word >> ((offset % 8) * 8)) as u32
    }

    /// Sets 32 bits. Nobody else changes the word meanwhile.
    pub(crate) fn set_u32(&self, place: Place, offset: usize, value: u32) {
        let shift = (offset % 8) * 8;
        let word = self.word(place, offset / 8);
        let other = word.load(Relaxed) & !(0xffff_ffff << shift);
        word.store(other | (u64::from(value) << shift), Relaxed);
    }
}
