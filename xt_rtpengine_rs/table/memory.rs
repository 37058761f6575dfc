// SPDX-License-Identifier: GPL-2.0-only

//! The memory that a table shares with its daemons: which ranges there are, and where a pointer leads. Beside it counts what is
//! allocated for a table and charged to nobody.

use super::target::Resolve;
use crate::{
    command::error::Fault,
    rtp_wire::{PointerName, UserPointer},
    sys::{
        counters::Counters,
        memory::{Memory, Shared},
        parameters,
    },
};
use core::cmp::Reverse;
use kernel::{
    prelude::*,
    rbtree::RBTree,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
};

/// The place of a range: those that start last come first, and of these the newest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    start: Reverse<u64>,
    number: Reverse<u64>,
}

/// A range, and how far it or one that starts before it reaches: a search from above ends where that is not far enough.
struct Range {
    memory: Arc<Memory>,
    reach: u64,
}

/// What a table's ciphers have: the crypto API allocates them, and charges nobody.
pub(crate) type Uncharged = Arc<Atomic<u64>>;

/// A part of that, given back when it is dropped.
pub(crate) struct Charge {
    of: Uncharged,
    size: u64,
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.of.fetch_sub(self.size, Relaxed);
    }
}

/// The ranges of a table.
pub(crate) struct SharedMemory {
    ranges: RBTree<Place, Range>,
    len: usize,
    /// The number of the next one.
    next: u64,
    /// The size of all, and of those that are about to be added.
    size: u64,
    /// What counts beside them.
    uncharged: Uncharged,
}

impl SharedMemory {
    /// None.
    pub(crate) fn new(uncharged: Uncharged) -> Self {
        Self {
            ranges: RBTree::new(),
            len: 0,
            next: 0,
            size: 0,
            uncharged,
        }
    }

    /// What the table's ciphers have.
    pub(crate) fn uncharged(&self) -> &Uncharged {
        &self.uncharged
    }

    /// How many ranges there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How many bytes they have.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Takes that many bytes from what the table may share.
    ///
    /// # Errors
    ///
    /// [`Fault::MemoryLimit`] when it may not have so many more.
    pub(crate) fn reserve(&mut self, size: u64) -> Result<(), Fault> {
        self.check(size)?;
        self.size = self.size.saturating_add(size);
        Ok(())
    }

    /// Whether the table may have that many bytes more.
    fn check(&self, size: u64) -> Result<(), Fault> {
        let limit = parameters::memory_limit();
        let all = self.size.checked_add(self.uncharged.load(Relaxed));
        all.and_then(|all| all.checked_add(size))
            .filter(|all| *all <= limit)
            .map(|_| ())
            .ok_or(Fault::MemoryLimit { size, limit })
    }

    /// Gives back what was reserved for a range that there is not.
    pub(crate) fn give_back(&mut self, size: u64) {
        self.size = self.size.saturating_sub(size);
    }

    /// Adds a range whose size was reserved.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn add(&mut self, memory: Arc<Memory>) -> Result {
        let place = Place {
            start: Reverse(memory.start()),
            number: Reverse(self.next),
        };
        let end = memory.start().saturating_add(memory.size());
        let below = self.ranges.cursor_lower_bound(&place);
        let reach = below.map_or(end, |below| below.current().1.reach.max(end));
        let range = Range { memory, reach };
        self.ranges
            .try_create_and_insert(place, range, GFP_KERNEL_ACCOUNT)?;
        let mut above = self.ranges.cursor_lower_bound_mut(&place);
        while let Some(mut cursor) = above.and_then(|cursor| cursor.move_prev()) {
            let (_, range) = cursor.current_mut();
            if range.reach >= end {
                break;
            }
            range.reach = end;
            above = Some(cursor);
        }
        self.next = self.next.saturating_add(1);
        self.len = self.len.saturating_add(1);
        Ok(())
    }

    /// The ranges as a holder sees them.
    pub(crate) fn of(&self, owner: u64) -> Ranges<'_> {
        Ranges {
            memory: self,
            owner,
        }
    }
}

/// The memory of a table, as one holder sees it.
///
/// Two processes may have different memory at the same address: a holder's own comes first, and
/// what was pinned last before what was pinned earlier.
pub(crate) struct Ranges<'a> {
    memory: &'a SharedMemory,
    owner: u64,
}

impl Resolve for Ranges<'_> {
    fn charge(&self, size: u64) -> Result<Charge, Fault> {
        // Under the table's lock nobody else adds to it.
        self.memory.check(size)?;
        let of = self.memory.uncharged.clone();
        of.fetch_add(size, Relaxed);
        Ok(Charge { of, size })
    }

    fn resolve<T: Counters>(
        &self,
        name: PointerName,
        pointer: UserPointer,
    ) -> Result<Shared<T>, Fault> {
        let ranges = &self.memory.ranges;
        let mut next = Some(Place {
            start: Reverse(pointer.0),
            number: Reverse(u64::MAX),
        });
        let mut found = None;
        while let Some(cursor) = next.and_then(|from| ranges.cursor_lower_bound(&from)) {
            let (place, range) = cursor.current();
            let rank = (range.memory.owner() == self.owner, place.number.0);
            if found.as_ref().is_none_or(|(best, _)| *best < rank) {
                let counters = range.memory.resolve(pointer.0);
                found = counters.map(|counters| (rank, counters)).or(found);
            }
            // Whether one that starts before it reaches so far can be told without another search.
            let below = cursor.peek_next();
            next = below.and_then(|(place, range)| (range.reach > pointer.0).then_some(*place));
        }
        found
            .map(|(_, counters)| counters)
            .ok_or(Fault::Pointer(name, pointer))
    }
}
