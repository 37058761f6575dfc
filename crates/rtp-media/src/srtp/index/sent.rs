// SPDX-License-Identifier: GPL-2.0-only

//! Which indices an output used, of SSRCs whose highest index is in shared memory besides.

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

/// The index of a sequence number, which is used from now on. `highest` is the highest that others know of.
pub(super) fn advance<const WORDS: usize>(
    window: &mut Window<WORDS>,
    sequence: u16,
    highest: Option<u32>,
) -> Result<u32, NoIndex> {
    let highest = window.highest().max(highest).unwrap_or(0);
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

    /// The index of the next packet to send. `used` is the highest that others used before: where the SSRC is new here, all
    /// up to it were. `shared` is the highest that others know of now.
    ///
    /// # Errors
    ///
    /// [`NoIndex::Used`] or [`NoIndex::UsedUp`].
    pub fn next(
        &mut self,
        ssrc: u32,
        sequence: u16,
        used: Option<u32>,
        shared: Option<u32>,
    ) -> Result<u32, NoIndex> {
        let new = || used.map_or(Window::EMPTY, |highest| Window::seeded(highest, true));
        self.0
            .update(ssrc, new, |window| advance(window, sequence, shared))
    }

    /// The index of the next packet to send where the counters do not tell what was sent of this SSRC, since they are
    /// those of other SSRCs, too: a browser's bundle has one of audio and video. `near` is the highest that they tell.
    ///
    /// # Errors
    ///
    /// [`NoIndex::Used`] or [`NoIndex::UsedUp`].
    pub fn next_apart(&mut self, ssrc: u32, sequence: u16, near: u32) -> Result<u32, NoIndex> {
        self.0.update(
            ssrc,
            || Window::EMPTY,
            |window| advance(window, sequence, Some(near)),
        )
    }
}
