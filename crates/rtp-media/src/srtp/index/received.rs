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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guesses {
    indices: [u32; 4],
    len: usize,
}

impl Guesses {
    /// `own` is the highest index that was authenticated here, `shared` the highest that others know of. One
    /// rollover more and one less are guessed besides, and nothing farther away: not the first round, once
    /// the stream is beyond it.
    fn new(sequence: u16, own: Option<u32>, shared: Option<u32>) -> Self {
        let mut guesses = Self {
            indices: [0; 4],
            len: 0,
        };
        let roc = |highest| rollover_counter(highest, sequence);
        guesses.add(Some(roc(own.max(shared).unwrap_or(0))), sequence);
        let surest = roc(own.or(shared).unwrap_or(0));
        guesses.add(Some(surest), sequence);
        guesses.add(surest.checked_add(1), sequence);
        guesses.add(surest.checked_sub(1), sequence);
        guesses
    }

    fn add(&mut self, roc: Option<u32>, sequence: u16) {
        let index = roc.and_then(|roc| index_of(roc, sequence));
        let index = index.filter(|index| !self.as_slice().contains(index));
        if let (Some(index), Some(to)) = (index, self.indices.get_mut(self.len)) {
            *to = index;
            self.len = self.len.saturating_add(1);
        }
    }

    /// The indices.
    pub fn as_slice(&self) -> &[u32] {
        self.indices.get(..self.len).unwrap_or(&[])
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
