// SPDX-License-Identifier: GPL-2.0-only

//! The indices that were used under each key when no output uses it any more, or of streams that none lists.
//!
//! A key is known by a number that tells nothing of it. It has a slot, with the next index of SRTCP, and one for each stream that was sent
//! under it. The slots of a key that no output uses are kept until they are needed: of the key that was left alone for the longest
//! time first. There are as many slots as the owner gives.

use super::sent::{advance, NoIndex, StreamId};
use super::window::Window;
use core::ops::DerefMut;

/// The number of a slot, from 1 on; 0 is none.
type Number = u32;

/// The place of a key, or of a stream that was sent under it.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    key: u64,
    what: What,
    /// Of a stream, the indices of RTP.
    window: Window<1>,
    /// Of a key, the first index of SRTCP that was not used.
    next_rtcp: u32,
    /// Of a key, whether outputs use it.
    in_use: bool,
    /// The first slot of the bucket that has this one's number.
    bucket: Number,
    /// The next slot in the same bucket, or of those that are free.
    chain: Number,
    /// The next slot of the same key.
    next_of_key: Number,
    /// Of keys that no output uses, the ones that were left before and after this one.
    older: Number,
    newer: Number,
}

/// What a slot is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The key itself.
    Key,
    /// One of its streams.
    Stream(StreamId),
}

impl Slot {
    /// A free one.
    pub const EMPTY: Self = Self {
        key: 0,
        what: What::Key,
        window: Window::EMPTY,
        next_rtcp: 0,
        in_use: false,
        bucket: 0,
        chain: 0,
        next_of_key: 0,
        older: 0,
        newer: 0,
    };
}

/// The slots.
#[derive(Debug)]
pub struct Memory<S> {
    slots: S,
    /// The first of those that are free; those from `untouched` on are, too.
    free: Number,
    untouched: Number,
    /// Of the keys that no output uses, the one that was left first, and last.
    oldest: Number,
    newest: Number,
}

impl<S: DerefMut<Target = [Slot]>> Memory<S> {
    /// Nothing was sent. All slots are [`Slot::EMPTY`].
    pub const fn new(slots: S) -> Self {
        Self {
            slots,
            free: 0,
            untouched: 1,
            oldest: 0,
            newest: 0,
        }
    }

    /// The index of the next RTP packet of a stream that no output lists. Outputs use its key, until they
    /// [leave](super::Sent::end) it.
    ///
    /// # Errors
    ///
    /// [`NoIndex`]; `NoPlace` when all slots are those of keys that outputs use: it may be tried again.
    pub fn next_rtp(&mut self, key: u64, stream: StreamId, sequence: u16) -> Result<u32, NoIndex> {
        let slot = self.stream(key, stream).ok_or(NoIndex::NoPlace)?;
        advance(&mut slot.window, sequence, 0)
    }

    /// What was used of a stream.
    pub fn known(&self, key: u64, stream: StreamId) -> Window<1> {
        let slot = self.find(key, What::Stream(stream));
        let slot = slot.and_then(|number| self.get(number));
        slot.map_or(Window::EMPTY, |slot| slot.window)
    }

    /// The first index of SRTCP that was not used under a key.
    pub fn next_rtcp(&self, key: u64) -> u32 {
        let slot = self.find(key, What::Key);
        let slot = slot.and_then(|number| self.get(number));
        slot.map_or(0, |slot| slot.next_rtcp)
    }

    /// Notes what was used of a stream under a key that outputs use. False when there is no slot.
    pub(super) fn note(&mut self, key: u64, stream: StreamId, window: &Window) -> bool {
        if window.highest().is_none() {
            return true;
        }
        let Some(slot) = self.stream(key, stream) else {
            return false;
        };
        if slot.window.highest() <= window.highest() {
            slot.window = Window::of(window);
        }
        true
    }

    /// No output uses a key any more, under which all indices of SRTCP below that one were used.
    pub(super) fn leave(&mut self, key: u64, next_rtcp: u32) {
        let Some(number) = self.begin(key) else {
            return;
        };
        if let Some(slot) = self.get_mut(number) {
            slot.next_rtcp = slot.next_rtcp.max(next_rtcp);
            slot.in_use = false;
            self.join_idle(number);
        }
    }

    /// The slot of a key, which outputs use from now on.
    fn begin(&mut self, key: u64) -> Option<Number> {
        let known = self.find(key, What::Key);
        let number = known.or_else(|| self.add(key, What::Key))?;
        if !self.get(number)?.in_use {
            self.leave_idle(number);
            self.get_mut(number)?.in_use = true;
        }
        Some(number)
    }

    /// The slot of a stream, whose key outputs use from now on.
    fn stream(&mut self, key: u64, stream: StreamId) -> Option<&mut Slot> {
        let of_key = self.begin(key)?;
        let what = What::Stream(stream);
        let number = match self.find(key, what) {
            Some(number) => number,
            None => {
                let number = self.add(key, what)?;
                let of_key = self.get_mut(of_key)?;
                let next = core::mem::replace(&mut of_key.next_of_key, number);
                self.get_mut(number)?.next_of_key = next;
                number
            }
        };
        self.get_mut(number)
    }

    fn get(&self, number: Number) -> Option<&Slot> {
        self.slots.get(number.checked_sub(1)? as usize)
    }

    fn get_mut(&mut self, number: Number) -> Option<&mut Slot> {
        self.slots.get_mut(number.checked_sub(1)? as usize)
    }

    /// Keys are secret and odd multipliers of SSRCs: who chooses SSRCs cannot choose the bucket.
    fn bucket(&self, key: u64, what: What) -> Number {
        let what = match what {
            What::Key => u64::MAX,
            What::Stream(stream) => (u64::from(stream.copy) << 32) | u64::from(stream.ssrc),
        };
        let hash = what.wrapping_mul(key | 1).wrapping_add(key) >> 32;
        let scaled = hash.wrapping_mul(self.slots.len() as u64) >> 32;
        (scaled as u32).saturating_add(1)
    }

    fn find(&self, key: u64, what: What) -> Option<Number> {
        let mut number = self.get(self.bucket(key, what))?.bucket;
        loop {
            let slot = self.get(number)?;
            if slot.key == key && slot.what == what {
                return Some(number);
            }
            number = slot.chain;
        }
    }

    /// A slot for what has none, chained into its bucket.
    fn add(&mut self, key: u64, what: What) -> Option<Number> {
        let number = self.take()?;
        let bucket = self.bucket(key, what);
        let first = core::mem::replace(&mut self.get_mut(bucket)?.bucket, number);
        let slot = self.get_mut(number)?;
        *slot = Slot {
            key,
            what,
            chain: first,
            bucket: slot.bucket,
            ..Slot::EMPTY
        };
        Some(number)
    }

    /// A slot that is free, or of the key that was left alone for the longest time.
    fn take(&mut self) -> Option<Number> {
        if let Some(slot) = self.get(self.free) {
            let next = slot.chain;
            return Some(core::mem::replace(&mut self.free, next));
        }
        if self.get(self.untouched).is_some() {
            let next = self.untouched.saturating_add(1);
            return Some(core::mem::replace(&mut self.untouched, next));
        }
        let oldest = self.oldest;
        let last = self.get(oldest)?.next_of_key;
        if let Some(slot) = self.get(last) {
            self.get_mut(oldest)?.next_of_key = slot.next_of_key;
            self.unchain(last)?;
            return Some(last);
        }
        self.leave_idle(oldest);
        self.unchain(oldest)?;
        Some(oldest)
    }

    /// Takes a slot out of its bucket.
    fn unchain(&mut self, number: Number) -> Option<()> {
        let slot = *self.get(number)?;
        let bucket = self.bucket(slot.key, slot.what);
        let bucket = self.get_mut(bucket)?;
        if bucket.bucket == number {
            bucket.bucket = slot.chain;
            return Some(());
        }
        let mut before = bucket.bucket;
        loop {
            let other = self.get_mut(before)?;
            if other.chain == number {
                other.chain = slot.chain;
                return Some(());
            }
            before = other.chain;
        }
    }

    /// Puts a key behind the others that no output uses; one that nothing was sent under is forgotten.
    fn join_idle(&mut self, number: Number) {
        let Some(slot) = self.get(number) else {
            return;
        };
        if slot.next_of_key == 0 && slot.next_rtcp == 0 {
            let _ = self.unchain(number);
            let free = core::mem::replace(&mut self.free, number);
            if let Some(slot) = self.get_mut(number) {
                slot.key = 0;
                slot.chain = free;
            }
            return;
        }
        let older = core::mem::replace(&mut self.newest, number);
        match self.get_mut(older) {
            Some(slot) => slot.newer = number,
            None => self.oldest = number,
        }
        if let Some(slot) = self.get_mut(number) {
            (slot.older, slot.newer) = (older, 0);
        }
    }

    /// Takes a key from among those that no output uses, if it is one.
    fn leave_idle(&mut self, number: Number) {
        let Some(slot) = self.get_mut(number) else {
            return;
        };
        let (older, newer) = (
            core::mem::take(&mut slot.older),
            core::mem::take(&mut slot.newer),
        );
        if let Some(slot) = self.get_mut(older) {
            slot.newer = newer;
        } else if self.oldest == number {
            self.oldest = newer;
        }
        if let Some(slot) = self.get_mut(newer) {
            slot.older = older;
        } else if self.newest == number {
            self.newest = older;
        }
    }
}
