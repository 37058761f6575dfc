// SPDX-License-Identifier: GPL-2.0-only

//! The memory that is shared with the module, and what a daemon may do with it at any time.
//!
//! It is in regions. The first two pages of each have counters of all payload types there are, in order: that stays
//! so in whatever memory the process has there, and so in all that was ever pinned. The other pages have no meaning.

use std::os::fd::BorrowedFd;

use nix::libc;
use rtp_wire::shared::RtpStats;

use super::random::Random;
use super::sys::{self, Access, Kind};

/// Size of a page.
pub(crate) const PAGE: u64 = 4096;
/// Pages of a region.
const PAGES: usize = 8;
/// Size of a region.
pub(crate) const REGION: u64 = PAGE * PAGES as u64;
/// Where the pages without a meaning begin.
pub(crate) const COUNTERS: u64 = 2 * PAGE;
/// Distance of two regions. Nothing is between them.
const STRIDE: u64 = 4 * REGION;
const REGIONS: usize = 6;
/// Counters of a payload type.
const ENTRY: u64 = size_of::<RtpStats>() as u64;
/// Payload types that there are.
pub(crate) const PAYLOAD_TYPES: u32 = 128;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Hole,
    NoAccess,
    ReadOnly,
    Writable,
}

#[derive(Debug)]
struct Region {
    base: u64,
    pages: [Page; PAGES],
    /// Whether some of it may be memory of the module.
    is_modules: bool,
}

/// Where memory of the module is mapped that is as large as that of a daemon of 13.5.
pub(crate) const LARGE: (u64, u64) = (sys::FIRST + (64 << 20), 1 << 20);

/// All regions.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    regions: Vec<Region>,
}

const ADVICE: [i32; 8] = [
    libc::MADV_NORMAL,
    libc::MADV_DONTNEED,
    libc::MADV_FREE,
    libc::MADV_COLD,
    libc::MADV_PAGEOUT,
    libc::MADV_MERGEABLE,
    libc::MADV_UNMERGEABLE,
    libc::MADV_WILLNEED,
];

impl Arena {
    /// Maps it.
    pub(crate) fn new() -> nix::Result<Self> {
        let mut regions = Vec::new();
        for index in 0..REGIONS {
            let base = sys::FIRST + STRIDE * (1 + index as u64);
            let kind = if index % 2 == 0 {
                Kind::Private
            } else {
                Kind::Shared
            };
            sys::map(base, REGION, kind)?;
            let region = Region {
                base,
                pages: [Page::Writable; PAGES],
                is_modules: false,
            };
            region.restore();
            regions.push(region);
        }
        Ok(Self { regions })
    }

    /// The first address of each region.
    pub(crate) fn bases(&self) -> Vec<u64> {
        self.regions.iter().map(|region| region.base).collect()
    }

    /// The region that an address is in.
    fn region(&self, address: u64) -> Option<&Region> {
        self.regions
            .iter()
            .find(|region| (region.base..region.base + REGION).contains(&address))
    }

    /// Whether a range can be pinned: all of it is there, and can be written. `None` when that cannot be told.
    pub(crate) fn can_pin(&self, start: u64, size: u64) -> Option<bool> {
        /// More than can be memory of the process.
        const MUCH: u64 = 1 << 46;
        let end = start.checked_add(size);
        if size >= MUCH || end.is_none_or(|end| end > 1 << 47) || start == 0 {
            return Some(false);
        }
        let is_ours = (sys::FIRST..sys::LAST).contains(&start);
        // Nor is it known whether all that is LARGE is there.
        if !is_ours || start < LARGE.0 + LARGE.1 && start + size > LARGE.0 {
            return None;
        }
        let can = (start..end?)
            .step_by(PAGE as usize)
            // Regions are apart: what is longer ends in a hole.
            .take(PAGES + 1)
            .all(|address| self.page(address) == Page::Writable);
        let region = self.region(start);
        if can && region.is_some_and(|region| region.is_modules) {
            // Whether memory of the module can be pinned is up to the kernel.
            return None;
        }
        Some(can)
    }

    /// Maps memory of a file there: a region, or what is [`LARGE`].
    pub(crate) fn map_file(
        &mut self,
        file: BorrowedFd<'_>,
        start: u64,
        size: u64,
    ) -> nix::Result<()> {
        let made = sys::map_file(file, start, size);
        if made.is_err() {
            // What was there may be gone, or not.
            sys::unmap(start, size)?;
        }
        if let Some(region) = self.regions.iter_mut().find(|region| region.base == start) {
            let page = made.map_or(Page::Hole, |()| Page::Writable);
            region.pages = [page; PAGES];
            region.is_modules = made.is_ok();
            region.restore();
        }
        made
    }

    /// Takes away what is [`LARGE`].
    pub(crate) fn unmap_large() {
        // Where nothing is mapped nothing is done.
        let _ = sys::unmap(LARGE.0, LARGE.1);
    }

    fn page(&self, address: u64) -> Page {
        self.region(address)
            .and_then(|region| {
                let index = (address - region.base) / PAGE;
                region.pages.get(index as usize).copied()
            })
            .unwrap_or(Page::Hole)
    }

    /// The end of a region, if it can be written up to there.
    pub(crate) fn edge(&self, random: &mut Random) -> Option<u64> {
        let region = random.choose(&self.regions)?;
        let last = region.base + REGION - PAGE;
        (self.page(last) == Page::Writable).then_some(region.base + REGION)
    }

    /// Does something with a region, as a daemon may. Returns what.
    pub(crate) fn disturb(&mut self, random: &mut Random) -> &'static str {
        let other = random.below(REGIONS);
        let index = random.below(REGIONS);
        let Some(region) = self.regions.get_mut(index) else {
            return "nothing";
        };
        let done = match random.below(12) {
            0..=2 => region.map(random),
            3 => region.unmap(random),
            4 | 5 => region.protect(random),
            6 if index != other => {
                let moved = region.give_away();
                let base = region.base;
                if let (true, Some(target)) = (moved, self.regions.get_mut(other)) {
                    target.take_over(base);
                }
                "mremap"
            }
            7 | 8 => region.advise(random),
            _ => region.scribble(random),
        };
        if let Some(region) = self.regions.get(index) {
            region.restore();
        }
        done
    }
}

impl Region {
    fn map(&mut self, random: &mut Random) -> &'static str {
        let kind = if random.flip() {
            Kind::Private
        } else {
            Kind::Shared
        };
        let made = sys::map(self.base, REGION, kind).is_ok();
        self.is_modules = false;
        self.pages = [if made { Page::Writable } else { Page::Hole }; PAGES];
        "mmap"
    }

    fn unmap(&mut self, random: &mut Random) -> &'static str {
        let (first, last) = some_pages(random);
        let start = self.base + PAGE * first as u64;
        if sys::unmap(start, PAGE * (last + 1 - first) as u64).is_ok() {
            self.set(first, last, Page::Hole);
        }
        "munmap"
    }

    fn protect(&mut self, random: &mut Random) -> &'static str {
        let (first, last) = some_pages(random);
        let (access, page) = match random.below(4) {
            0 => (Access::None, Page::NoAccess),
            1 => (Access::Read, Page::ReadOnly),
            _ => (Access::Write, Page::Writable),
        };
        for index in first..=last {
            // A hole stays one.
            if sys::protect(self.base + PAGE * index as u64, PAGE, access).is_ok() {
                self.set(index, index, page);
            }
        }
        "mprotect"
    }

    fn advise(&mut self, random: &mut Random) -> &'static str {
        let (first, last) = some_pages(random);
        let start = self.base + PAGE * first as u64;
        let mut advice = random.pick(&ADVICE);
        if self.is_modules && advice == libc::MADV_DONTNEED {
            // It would not come back.
            advice = libc::MADV_NORMAL;
        }
        // What is not for this kind of memory is refused.
        let _ = sys::advise(start, PAGE * (last + 1 - first) as u64, advice);
        "madvise"
    }

    /// Whether the region is one mapping, as far as that is known, and may be moved.
    fn give_away(&mut self) -> bool {
        let whole = self.pages == [Page::Writable; PAGES] && !self.is_modules;
        if whole {
            self.pages = [Page::Hole; PAGES];
        }
        whole
    }

    /// Takes the memory of another region, which is left without any.
    fn take_over(&mut self, from: u64) {
        self.is_modules = false;
        let page = if sys::remap(from, REGION, self.base).is_ok() {
            Page::Writable
        } else {
            // Mappings of several pieces are not moved.
            let _ = sys::unmap(from, REGION);
            let _ = sys::unmap(self.base, REGION);
            Page::Hole
        };
        self.pages = [page; PAGES];
        self.restore();
    }

    fn set(&mut self, first: usize, last: usize, page: Page) {
        for place in self.pages.iter_mut().take(last + 1).skip(first) {
            *place = page;
        }
    }

    fn is_writable(&self, address: u64) -> bool {
        let index = (address - self.base) / PAGE;
        self.pages.get(index as usize) == Some(&Page::Writable)
    }

    /// Writes anything where it means nothing.
    fn scribble(&self, random: &mut Random) -> &'static str {
        for _ in 0..random.between(1, 64) {
            let offset = COUNTERS + 4 * random.below((REGION - COUNTERS) as usize / 4) as u64;
            if self.is_writable(self.base + offset) {
                sys::store(self.base + offset, random.odd_word());
            }
        }
        "scribble"
    }

    /// Writes the payload types where they can be written.
    fn restore(&self) {
        for number in 0..PAYLOAD_TYPES {
            let address = counters_of(self.base, number);
            if self.is_writable(address) {
                sys::store(address, number);
            }
            if self.is_writable(address + 4) {
                sys::store(address + 4, 8000);
            }
        }
    }
}

/// First and last of some of a region's pages.
fn some_pages(random: &mut Random) -> (usize, usize) {
    if random.one_in(3) {
        return (0, PAGES - 1);
    }
    let first = random.below(PAGES);
    (first, random.between(first, PAGES - 1))
}

/// Where a region has the counters of a payload type.
pub(crate) fn counters_of(base: u64, payload_type: u32) -> u64 {
    base + ENTRY * u64::from(payload_type)
}

/// The payload type whose counters are at an address, if they are there always.
pub(crate) fn payload_type_at(address: u64) -> Option<u32> {
    let offset = address.checked_sub(sys::FIRST)? % STRIDE;
    let number = u32::try_from(offset / ENTRY).ok()?;
    (offset % ENTRY == 0 && number < PAYLOAD_TYPES).then_some(number)
}
