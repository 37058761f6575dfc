// SPDX-License-Identifier: GPL-2.0-only

//! Which entries of a target's lists a packet belongs to.

/// Most payload types of a target.
pub const MAX_PAYLOAD_TYPES: usize = 32;
/// Most SSRCs of a target.
pub const MAX_SSRCS: usize = 4;

/// The payload types of a target, sorted, and the media of each.
#[derive(Clone, Copy, Debug, Default)]
pub struct PayloadTypes {
    numbers: [u8; MAX_PAYLOAD_TYPES],
    /// One more than the media of each; 0 for none.
    media: [u8; MAX_PAYLOAD_TYPES],
    len: u8,
}

impl PayloadTypes {
    /// None at all.
    pub const EMPTY: Self = Self {
        numbers: [0; MAX_PAYLOAD_TYPES],
        media: [0; MAX_PAYLOAD_TYPES],
        len: 0,
    };

    /// Appends a payload type and its media, below 255. Refused unless it is above the last one and there
    /// is room.
    pub fn push(&mut self, number: u8, media: Option<u8>) -> bool {
        if self.numbers().last().is_some_and(|&last| number <= last) {
            return false;
        }
        let at = usize::from(self.len);
        match (self.numbers.get_mut(at), self.media.get_mut(at)) {
            (Some(to_number), Some(to_media)) => {
                *to_number = number;
                *to_media = media.map_or(0, |media| media.saturating_add(1));
                self.len = self.len.wrapping_add(1);
                true
            }
            _ => false,
        }
    }

    /// Their numbers.
    pub fn numbers(&self) -> &[u8] {
        self.numbers.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// Index of a payload type.
    pub fn index_of(&self, number: u8) -> Option<u8> {
        let index = self.numbers().binary_search(&number).ok()?;
        u8::try_from(index).ok()
    }

    /// Media of the payload type of this index.
    pub fn media(&self, index: u8) -> Option<u8> {
        self.media.get(usize::from(index))?.checked_sub(1)
    }
}

/// An SSRC that is accepted, and its media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SsrcEntry {
    /// The SSRC.
    pub ssrc: u32,
    /// Its media.
    pub media: Option<u8>,
}

/// The SSRCs of a target.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ssrcs(pub [Option<SsrcEntry>; MAX_SSRCS]);

impl Ssrcs {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Index of an SSRC, and its media.
    pub fn find(&self, ssrc: u32) -> Option<(u8, Option<u8>)> {
        (0u8..).zip(&self.0).find_map(|(index, entry)| {
            let entry = (*entry)?;
            (entry.ssrc == ssrc).then_some((index, entry.media))
        })
    }
}
