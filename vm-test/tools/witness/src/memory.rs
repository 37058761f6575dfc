// SPDX-License-Identifier: GPL-2.0-only

//! Memory that is shared with the module, and the counters in it.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rtp_wire::{PointerKind, UserPointer};

use crate::sys::map;

const PAGE: usize = 4096;

/// How much of a control file a daemon of 12.5 maps at a time.
const MAPPED: usize = 65_536;

/// Memory from which counters are taken: one range to be pinned, or as many of the control file as it takes.
pub(crate) struct Memory {
    ranges: Vec<&'static [AtomicU64]>,
    /// How many words of the last range are taken.
    used: usize,
    /// Where more comes from.
    file: Option<File>,
}

/// Where counters lie: a range, and a word of it.
#[derive(Clone, Copy)]
pub(crate) struct Place(usize, usize);

impl Memory {
    /// That many pages of zeros.
    pub(crate) fn pinned(pages: usize) -> io::Result<Self> {
        Ok(Self {
            ranges: vec![map(None, pages * PAGE)?],
            used: 0,
            file: None,
        })
    }

    /// Pages of a control file.
    pub(crate) fn mapped(file: File) -> io::Result<Self> {
        Ok(Self {
            ranges: vec![map(Some(&file), MAPPED)?],
            used: 0,
            file: Some(file),
        })
    }

    /// Address and size of the first range, for PIN_MEMORY; none where it is the module's own.
    pub(crate) fn to_pin(&self) -> Option<(u64, u64)> {
        let range = self.ranges.first().filter(|_| self.file.is_none())?;
        Some((range.as_ptr() as u64, size_of_val(*range) as u64))
    }

    /// Room for a structure.
    pub(crate) fn take(&mut self, kind: PointerKind) -> Place {
        let words = kind.size().next_multiple_of(64) / 8;
        let last = self.ranges.last().map_or(0, |range| range.len());
        if self.used + words > last {
            let file = self.file.as_ref().expect("enough pinned memory");
            self.ranges
                .push(map(Some(file), MAPPED).expect("more of the control file"));
            self.used = 0;
        }
        let place = Place(self.ranges.len() - 1, self.used);
        self.used += words;
        place
    }

    /// The address of counters.
    pub(crate) fn pointer(&self, place: Place) -> UserPointer {
        UserPointer(std::ptr::from_ref(self.word(place, 0)) as u64)
    }

    fn word(&self, place: Place, index: usize) -> &AtomicU64 {
        let range = self.ranges.get(place.0).expect("a place of this memory");
        range.get(place.1 + index).expect("a word of a range")
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
