// SPDX-License-Identifier: GPL-2.0-only

//! Which indices an output used, of SSRCs whose highest index is in shared memory besides.

use super::counted::highest;
use super::estimate;
use super::streams::{Stream, Streams};
use super::window::{Age, Window};
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

/// Which indices were used of each SSRC.
#[derive(Clone, Debug)]
pub struct Sent<P>(Streams<P>);

impl<P: DerefMut<Target = [Stream]>> Sent<P> {
    /// None was used. There are places for as many SSRCs as are sent, one at least.
    pub const fn new(places: P) -> Self {
        Self(Streams::new(places))
    }

    /// The highest index that was used of an SSRC.
    pub fn highest(&self, ssrc: u32) -> Option<u32> {
        self.0.highest(ssrc)
    }

    /// The index of the next packet to send. `used` is the highest that was used before, if that is known: where the
    /// SSRC is new here, all up to it were. `shared` is the highest that its counters tell now, 0 for none; they may be
    /// those of other SSRCs, too.
    ///
    /// # Errors
    ///
    /// [`NoIndex::Used`] or [`NoIndex::UsedUp`].
    pub fn next(
        &mut self,
        ssrc: u32,
        sequence: u16,
        used: Option<u32>,
        shared: u32,
    ) -> Result<u32, NoIndex> {
        let new = || used.map_or(Window::EMPTY, |highest| Window::seeded(highest, true));
        self.0
            .update(ssrc, new, |window| advance(window, sequence, shared))
    }
}
