// SPDX-License-Identifier: GPL-2.0-only

//! The indices that were used under each key, from one target to the next, where nothing else remembers
//! them.
//!
//! A key is known by a number that tells nothing of it. It has a slot, which counts its SRTCP packets, those
//! of all SSRCs, and one for each SSRC that it sends RTP of. The slots of a key that no output uses are
//! kept until they are needed: of the key that was left alone for the longest time first. There are as many
//! slots as the owner gives.

use super::rtcp_index;
use super::sent::{advance, NoIndex};
use super::window::Window;
use core::ops::DerefMut;

/// The number of a slot, from 1 on; 0 is none.
type Number = u32;

/// The place of a key, or of an SSRC that it sends.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    key: u64,
    /// The SSRC; 0 of a key.
    ssrc: u32,
    /// Of an SSRC as in [`Key`]; [`KEY`] of a key.
    lane: u32,
    /// Indices of RTP.
    window: Window<1>,
    /// Of a key, the next index of SRTCP.
    next_rtcp: u32,
    /// Of a key, how many outputs use it.
    users: u32,
    /// The first slot of the bucket that has this one's number.
    bucket: Number,
    /// The next slot in the same bucket, or of those that are free.
    chain: Number,
    /// The next slot of the same key.
    sibling: Number,
    /// Of keys that no output uses, the ones that were left before and after this one.
    older: Number,
    newer: Number,
}

const KEY: u32 = u32::MAX;

impl Slot {
    /// A free one.
    pub const EMPTY: Self = Self {
        key: 0,
        ssrc: 0,
        lane: 0,
        window: Window::EMPTY,
        next_rtcp: 0,
        users: 0,
        bucket: 0,
        chain: 0,
        sibling: 0,
        older: 0,
        newer: 0,
    };

    fn is(&self, key: u64, lane: u32, ssrc: u32) -> bool {
        (self.key, self.lane, self.ssrc) == (key, lane, ssrc)
    }
}

/// The key of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its number.
    pub number: u64,
    /// Which one the output is of those that a target sends a packet to under this key: each may use an
    /// index of RTP once.
    pub lane: u8,
}

/// What was used under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Used {
    /// The highest index of RTP of an SSRC.
    pub highest_rtp: Option<u32>,
    /// The first index of SRTCP that was not used.
    pub next_rtcp: u32,
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

    /// An output uses a key from now on. False when all slots are those of keys that outputs use: it may be tried
    /// again.
    pub fn begin(&mut self, key: &Key) -> bool {
        let known = self.find(key.number, KEY, 0);
        let Some(number) = known.or_else(|| self.add(key.number, KEY, 0)) else {
            return false;
        };
        if self.get(number).is_some_and(|slot| slot.users == 0) {
            self.leave_idle(number);
        }
        if let Some(slot) = self.get_mut(number) {
            slot.users = slot.users.saturating_add(1);
        }
        true
    }

    /// An output does not use its key any more.
    pub fn end(&mut self, key: &Key) {
        let Some(number) = self.find(key.number, KEY, 0) else {
            return;
        };
        if let Some(slot) = self.get_mut(number) {
            slot.users = slot.users.saturating_sub(1);
            if slot.users == 0 {
                self.join_idle(number);
            }
        }
    }

    /// The index of the next RTP packet of an SSRC, under a key that is used.
    ///
    /// # Errors
    ///
    /// Those of [`Sent::next`](super::Sent::next), and [`NoIndex::NoPlace`].
    pub fn next_rtp(&mut self, key: &Key, ssrc: u32, sequence: u16) -> Result<u32, NoIndex> {
        let slot = self.rtp(key, ssrc).ok_or(NoIndex::NoPlace)?;
        advance(&mut slot.window, sequence, 0)
    }

    /// The slot of an SSRC under a key that is used.
    fn rtp(&mut self, key: &Key, ssrc: u32) -> Option<&mut Slot> {
        let lane = key.lane.into();
        let known = self.find(key.number, lane, ssrc);
        let number = known.or_else(|| self.add(key.number, lane, ssrc))?;
        self.get_mut(number)
    }

    /// The index of the next SRTCP packet, of any SSRC, under a key that is used.
    ///
    /// # Errors
    ///
    /// [`NoIndex::UsedUp`].
    pub fn next_rtcp(&mut self, key: &Key) -> Result<u32, NoIndex> {
        let slot = self
            .find(key.number, KEY, 0)
            .and_then(|number| self.get_mut(number))
            .ok_or(NoIndex::NoPlace)?;
        let index = rtcp_index(slot.next_rtcp)?;
        slot.next_rtcp = index.saturating_add(1);
        Ok(index)
    }

    /// All indices of RTP of an SSRC up to that one were used under a key, by an output that counted by itself.
    pub fn raise(&mut self, number: u64, ssrc: u32, highest: u32) {
        let key = Key { number, lane: 0 };
        if !self.begin(&key) {
            return;
        }
        if let Some(slot) = self.rtp(&key, ssrc) {
            if slot.window.highest() < Some(highest) {
                slot.window = Window::seeded(highest, true);
            }
        }
        self.end(&key);
    }

    /// What was used under a key, for who counts by himself from now on.
    pub fn used(&self, key: u64, ssrc: u32) -> Used {
        let slot = |lane, ssrc| self.find(key, lane, ssrc).and_then(|it| self.get(it));
        Used {
            highest_rtp: slot(0, ssrc).and_then(|slot| slot.window.highest()),
            next_rtcp: slot(KEY, 0).map_or(0, |slot| slot.next_rtcp),
        }
    }

    fn get(&self, number: Number) -> Option<&Slot> {
        self.slots.get(number.checked_sub(1)? as usize)
    }

    fn get_mut(&mut self, number: Number) -> Option<&mut Slot> {
        self.slots.get_mut(number.checked_sub(1)? as usize)
    }

    /// Keys are secret and odd multipliers of SSRCs: who chooses SSRCs cannot choose the bucket.
    fn bucket(&self, key: u64, lane: u32, ssrc: u32) -> Number {
        let what = (u64::from(lane) << 32) | u64::from(ssrc);
        let hash = what.wrapping_mul(key | 1).wrapping_add(key) >> 32;
        let scaled = hash.wrapping_mul(self.slots.len() as u64) >> 32;
        (scaled as u32).saturating_add(1)
    }

    fn find(&self, key: u64, lane: u32, ssrc: u32) -> Option<Number> {
        let mut number = self.get(self.bucket(key, lane, ssrc))?.bucket;
        loop {
            let slot = self.get(number)?;
            if slot.is(key, lane, ssrc) {
                return Some(number);
            }
            number = slot.chain;
        }
    }

    /// A slot for what has none, chained into its bucket, and to its key, which an output uses, unless it is one.
    fn add(&mut self, key: u64, lane: u32, ssrc: u32) -> Option<Number> {
        let of_key = match lane {
            KEY => 0,
            _ => self.find(key, KEY, 0)?,
        };
        let number = self.take()?;
        let sibling = self
            .get_mut(of_key)
            .map_or(0, |of_key| core::mem::replace(&mut of_key.sibling, number));
        let bucket = self.bucket(key, lane, ssrc);
        let first = core::mem::replace(&mut self.get_mut(bucket)?.bucket, number);
        let slot = self.get_mut(number)?;
        *slot = Slot {
            key,
            ssrc,
            lane,
            chain: first,
            sibling,
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
        let last = self.get(oldest)?.sibling;
        if let Some(slot) = self.get(last) {
            self.get_mut(oldest)?.sibling = slot.sibling;
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
        let bucket = self.bucket(slot.key, slot.lane, slot.ssrc);
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
        if slot.sibling == 0 && slot.next_rtcp == 0 {
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
