// SPDX-License-Identifier: GPL-2.0-only

//! Which packets were received of each SSRC, changed only by packets that are authentic.

use super::streams::{StreamOf, Streams};
use super::window::{Age, Window};
use super::{index_of, rollover_counter};
use core::ops::DerefMut;

/// Why a packet is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is authentic, and was received before.
    Replayed,
    /// It is authentic, and older than all that is remembered.
    TooOld,
    /// No authentication tag is right, or there is no room for one.
    NotAuthentic,
    /// It could not be decrypted: there is no memory.
    NoMemory,
}

/// The packet indices that a sequence number may stand for, the most likely first, none twice.
#[derive(Clone, Debug)]
pub struct Guesses {
    sequence: u16,
    /// The most likely rollover counter.
    likely: u32,
    /// The one to which one more and one less are guessed.
    surest: u32,
    /// How many were made.
    made: u8,
}

impl Guesses {
    /// `own` is the highest index that was authenticated here, `shared` the highest that others know of. One
    /// rollover more and one less are guessed besides, and nothing farther away: not the first round, once
    /// the stream is beyond it.
    fn new(sequence: u16, own: Option<u32>, shared: Option<u32>) -> Self {
        let roc = |highest| rollover_counter(highest, sequence);
        Self {
            sequence,
            likely: roc(own.max(shared).unwrap_or(0)),
            surest: roc(own.or(shared).unwrap_or(0)),
            made: 0,
        }
    }

    /// Those of a packet whose SSRC is the one that a packet was [admitted](Received::admit) of last: its
    /// [`last`](Received::last). None where it is another one, or none yet.
    pub fn of_last(last: u64, ssrc: u32, sequence: u16, shared: Option<u32>) -> Option<Self> {
        let [a, b, c, d, highest @ ..] = last.to_be_bytes();
        let is_of = last != 0 && u32::from_be_bytes([a, b, c, d]) == ssrc;
        is_of.then(|| Self::new(sequence, Some(u32::from_be_bytes(highest)), shared))
    }

    /// What comes after the most likely one.
    #[cold]
    fn unlikely(&mut self) -> Option<u32> {
        while self.made <= 3 {
            let roc = match self.made {
                1 => Some(self.surest),
                2 => self.surest.checked_add(1),
                _ => self.surest.checked_sub(1),
            };
            self.made = self.made.saturating_add(1);
            let roc = roc.filter(|&roc| roc != self.likely);
            if let Some(index) = roc.and_then(|roc| index_of(roc, self.sequence)) {
                return Some(index);
            }
        }
        None
    }
}

impl Iterator for Guesses {
    type Item = u32;

    /// Made when it is asked for: mostly the first one is right.
    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.made == 0 {
            self.made = 1;
            if let Some(index) = index_of(self.likely, self.sequence) {
                return Some(index);
            }
        }
        self.unlikely()
    }
}

/// What was received of each SSRC: RTP, or RTCP.
#[derive(Clone, Debug)]
pub struct Received<P> {
    streams: Streams<P>,
    window: u32,
}

impl<const WORDS: usize, P: DerefMut<Target = [StreamOf<WORDS>]>> Received<P> {
    /// Nothing was received. There are places for as many SSRCs as are remembered, one at least. `window`
    /// is how many packets back one may come late, at most [`Window::CAPACITY`] of the places; with 0 nothing is
    /// a replay, nor too old: nothing would tell, where packets carry no tag (RFC 3711, 3.3.2).
    pub const fn new(places: P, window: u32) -> Self {
        Self {
            streams: Streams::new(places),
            window,
        }
    }

    /// What the index of a packet may be. `shared` is the highest that others know of this SSRC.
    pub fn guesses(&self, ssrc: u32, sequence: u16, shared: Option<u32>) -> Guesses {
        Guesses::new(sequence, self.streams.highest(ssrc), shared)
    }

    /// What is kept of an SSRC for [`Guesses::of_last`].
    pub fn last(&self, ssrc: u32) -> u64 {
        let highest = self.streams.highest(ssrc);
        highest.map_or(0, |highest| (u64::from(ssrc) << 32) | u64::from(highest))
    }

    /// Takes a packet that is authentic, once.
    ///
    /// Where the SSRC is new here, `shared` tells what was received before: what is older than the window
    /// behind it is too old. Any of those within may have been lost, and is taken.
    ///
    /// # Errors
    ///
    /// [`Refused::Replayed`] or [`Refused::TooOld`]: nothing changes then.
    pub fn admit(&mut self, ssrc: u32, index: u32, shared: Option<u32>) -> Result<(), Refused> {
        let size = self.window;
        let new = || match shared {
            Some(highest) => Window::seeded(highest, false),
            None => Window::EMPTY,
        };
        self.streams.update(ssrc, new, |window| {
            match window.age(index, size) {
                Age::Used if size != 0 => return Err(Refused::Replayed),
                Age::Old if size != 0 => return Err(Refused::TooOld),
                _ => window.mark(index),
            }
            Ok(())
        })
    }
}
