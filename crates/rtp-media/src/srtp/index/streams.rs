// SPDX-License-Identifier: GPL-2.0-only

//! The windows of several SSRCs.

use super::window::Window;
use core::ops::DerefMut;

/// What is known of one SSRC, with a window of `WORDS` of 64 bits.
#[derive(Clone, Copy, Debug)]
pub struct StreamOf<const WORDS: usize> {
    ssrc: u32,
    /// When its last packet came or went, as a count of packets; 0 for a place that nobody has.
    last: u64,
    window: Window<WORDS>,
}

/// What is known of one SSRC.
pub type Stream = StreamOf<16>;
/// What is known of one SSRC, where a window of 64 packets is enough: of RTCP, or where nothing is too late.
pub type ShortStream = StreamOf<1>;

impl<const WORDS: usize> StreamOf<WORDS> {
    /// A place that nobody has.
    pub const EMPTY: Self = Self {
        ssrc: 0,
        last: 0,
        window: Window::EMPTY,
    };

    fn is_of(&self, ssrc: u32) -> bool {
        self.ssrc == ssrc && self.last != 0
    }
}

/// The windows of as many SSRCs as the owner gives places for, one at least. A new SSRC takes the place of
/// the one that was silent for the longest time.
#[derive(Clone, Debug)]
pub(super) struct Streams<P> {
    places: P,
    count: u64,
}

impl<const WORDS: usize, P: DerefMut<Target = [StreamOf<WORDS>]>> Streams<P> {
    pub(super) const fn new(places: P) -> Self {
        Self { places, count: 0 }
    }

    /// The highest index of an SSRC.
    pub(super) fn highest(&self, ssrc: u32) -> Option<u32> {
        let stream = self.places.iter().find(|stream| stream.is_of(ssrc))?;
        stream.window.highest()
    }

    /// Has `change` bring the window of an SSRC up to date, that of `new` for an SSRC that has none. Where it
    /// refuses, which leaves the window as it is, no SSRC loses its place.
    pub(super) fn update<T, E>(
        &mut self,
        ssrc: u32,
        new: impl FnOnce() -> Window<WORDS>,
        change: impl FnOnce(&mut Window<WORDS>) -> Result<T, E>,
    ) -> Result<T, E> {
        let last = self.count.saturating_add(1);
        let mut known = self.places.iter_mut();
        let changed = if let Some(stream) = known.find(|stream| stream.is_of(ssrc)) {
            let changed = change(&mut stream.window)?;
            stream.last = last;
            changed
        } else {
            let mut window = new();
            let changed = change(&mut window)?;
            if let Some(place) = self.places.iter_mut().min_by_key(|stream| stream.last) {
                *place = StreamOf { ssrc, last, window };
            }
            changed
        };
        self.count = last;
        Ok(changed)
    }
}
