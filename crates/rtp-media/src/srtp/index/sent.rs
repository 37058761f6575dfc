// SPDX-License-Identifier: GPL-2.0-only

//! Which indices are used under one key, by all outputs that have it.

use super::counted::{highest, Counters};
use super::memory::{Memory, Slot};
use super::window::{Age, Window};
use super::{estimate, LAST_RTCP};
use core::ops::DerefMut;

/// Why a packet has no index, and must not be sent: two of one index would have one keystream (RFC 3711,
/// 9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoIndex {
    /// It was used, or may have been, for all that is known.
    Used,
    /// The last one was used (RFC 3711, 9.2).
    UsedUp,
    /// There is no place to remember that it was used.
    NoPlace,
}

/// A stream that is sent under a key. As in RFC 3711, 3.2.3, it is one SSRC to one destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StreamId {
    /// The SSRC.
    pub ssrc: u32,
    /// Which one the output is of those that a target sends a copy of each packet to under this key: each may use an
    /// index once.
    pub copy: u8,
}

/// The index of a sequence number, which is used from now on. `shared` is the highest that counters tell, 0 for none.
pub(super) fn advance<const WORDS: usize>(
    window: &mut Window<WORDS>,
    sequence: u16,
    shared: u32,
) -> Result<u32, NoIndex> {
    let highest = highest(window.highest(), shared, sequence);
    let index = estimate(highest, sequence).ok_or(NoIndex::UsedUp)?;
    match window.age(index, Window::<WORDS>::CAPACITY) {
        Age::New | Age::Late => window.mark(index),
        Age::Used | Age::Old => return Err(NoIndex::Used),
    }
    Ok(index)
}

/// A stream that outputs list.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    stream: StreamId,
    /// How often.
    users: u32,
    window: Window,
}

impl Listed {
    /// A place that no stream has.
    pub const EMPTY: Self = Self {
        stream: StreamId { ssrc: 0, copy: 0 },
        users: 0,
        window: Window::EMPTY,
    };
}

/// The indices of a key that outputs have: one object for all of them, from the first that begins to the last that has gone, so
/// that none is used twice whoever is still sending.
///
/// It knows the streams that outputs list. What else is sent, and what of a stream is to be known when nobody lists it any more, is in
/// the [`Memory`].
#[derive(Clone, Debug)]
pub struct Sent<P> {
    key: u64,
    /// In the order of the streams, as far as there are any.
    places: P,
    len: usize,
    next_rtcp: u32,
}

impl<P: DerefMut<Target = [Listed]>> Sent<P> {
    /// The indices of a key that no output had until now. `places` are as many streams as can be listed.
    pub fn new<S: DerefMut<Target = [Slot]>>(key: u64, places: P, memory: &Memory<S>) -> Self {
        Self {
            key,
            places,
            len: 0,
            next_rtcp: memory.next_rtcp(key),
        }
    }

    /// How many places there are, and how many of them streams have.
    pub fn places(&self) -> (usize, usize) {
        (self.places.len(), self.len)
    }

    /// Has other places, as many as there were at least, and gives those that it had.
    pub fn move_to(&mut self, mut places: P) -> P {
        for (to, from) in places.iter_mut().zip(self.places.iter()) {
            *to = *from;
        }
        core::mem::replace(&mut self.places, places)
    }

    /// An output lists a stream from now on, for which there is a place.
    pub fn list<S: DerefMut<Target = [Slot]>>(&mut self, stream: StreamId, memory: &Memory<S>) {
        let at = self.find(stream).unwrap_or_else(|at| {
            let new = Listed {
                stream,
                users: 0,
                window: Window::of(&memory.known(self.key, stream)),
            };
            if let Some(behind) = self.places.get_mut(at..=self.len) {
                behind.rotate_right(1);
                if let Some(place) = behind.first_mut() {
                    *place = new;
                    self.len = self.len.saturating_add(1);
                }
            }
            at
        });
        if let Some(listed) = self.places.get_mut(at) {
            listed.users = listed.users.saturating_add(1);
        }
    }

    /// The highest index that was used of a listed stream, by what counters say, too.
    pub fn raise(&mut self, stream: StreamId, counters: &Counters) -> Option<u32> {
        let listed = self.find(stream).ok()?;
        let window = &mut self.places.get_mut(listed)?.window;
        let used = counters.used_before(window.highest());
        if window.highest() < used {
            *window = used.map_or(Window::EMPTY, |highest| Window::seeded(highest, true));
        }
        used
    }

    /// An output that listed a stream has gone. The memory knows what was used of one that no other lists, unless it is full: then the
    /// stream keeps its place.
    pub fn unlist<S: DerefMut<Target = [Slot]>>(
        &mut self,
        stream: StreamId,
        memory: &mut Memory<S>,
    ) {
        let Ok(at) = self.find(stream) else {
            return;
        };
        let Some(listed) = self.places.get_mut(at) else {
            return;
        };
        listed.users = listed.users.saturating_sub(1);
        if listed.users == 0 && memory.note(self.key, stream, &listed.window) {
            if let Some(behind) = self.places.get_mut(at..self.len) {
                behind.rotate_left(1);
                self.len = self.len.saturating_sub(1);
            }
        }
    }

    /// The last output has gone: the memory knows what was used.
    pub fn end<S: DerefMut<Target = [Slot]>>(&self, memory: &mut Memory<S>) {
        memory.leave(self.key, self.next_rtcp);
    }

    /// The index of the next RTP packet of a stream. `shared` is the highest that its counters tell now, 0 for none; they may
    /// be those of other SSRCs, too. Of one that is not listed `memory` gives it, by [`Memory::next_rtp`].
    ///
    /// # Errors
    ///
    /// [`NoIndex`].
    pub fn next_rtp(
        &mut self,
        stream: StreamId,
        sequence: u16,
        shared: u32,
        memory: impl FnOnce(u64) -> Result<u32, NoIndex>,
    ) -> Result<u32, NoIndex> {
        let listed = self.find(stream).ok();
        match listed.and_then(|at| self.places.get_mut(at)) {
            Some(listed) => advance(&mut listed.window, sequence, shared),
            None => memory(self.key),
        }
    }

    /// The first index of SRTCP that was not used, whatever the SSRC.
    pub const fn next_rtcp(&self) -> u32 {
        self.next_rtcp
    }

    /// The index of the next SRTCP packet, of any SSRC. `take` takes the first from the given one on that counters have not given away, if
    /// there are counters.
    ///
    /// # Errors
    ///
    /// [`NoIndex::UsedUp`] beyond the last one: it does not begin again (RFC 3711, 9.2).
    pub fn take_rtcp(&mut self, take: impl FnOnce(u32) -> Option<u32>) -> Result<u32, NoIndex> {
        let left = self.next_rtcp..=LAST_RTCP;
        let index = take(self.next_rtcp).filter(|index| left.contains(index));
        let index = index.ok_or(NoIndex::UsedUp)?;
        self.next_rtcp = index.saturating_add(1);
        Ok(index)
    }

    fn find(&self, stream: StreamId) -> Result<usize, usize> {
        let listed = self.places.get(..self.len).unwrap_or(&[]);
        listed.binary_search_by_key(&stream, |listed| listed.stream)
    }
}
