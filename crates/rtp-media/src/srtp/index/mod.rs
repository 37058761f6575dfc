// SPDX-License-Identifier: GPL-2.0-only

//! Packet indices (RFC 3711, 3.3.1): which one a packet has, and that none is used twice.
//!
//! Of each SSRC and direction one [`Window`] knows the highest index and which of those behind it were
//! used. [`Received`] has those of what a target receives, [`Sent`] those of what outputs send under a key, and [`Memory`]
//! those of keys that none has any more.

mod counted;
mod memory;
mod received;
mod sent;
mod streams;
mod window;

pub use counted::Counters;
pub use memory::{Memory, Slot};
pub use received::{Guesses, Received, Refused};
pub use sent::{Listed, NoIndex, Sent, StreamId};
pub use streams::{ShortStream, Stream, StreamOf};
pub use window::{Age, Window, CAPACITY};

/// The last index of SRTCP, which has 31 bits.
pub const LAST_RTCP: u32 = 0x7fff_ffff;

/// The rollover counter that a sequence number most likely goes with, where `highest` is the highest
/// index so far, 0 for none. It may be 65,536, one more than there is.
const fn rollover_counter(highest: u32, sequence: u16) -> u32 {
    let [_, _, high, low] = highest.to_be_bytes();
    let (roc, last) = (highest >> 16, u16::from_be_bytes([high, low]));
    if last < 0x8000 {
        if sequence > last && sequence.wrapping_sub(last) > 0x8000 {
            // There is nothing before the first round.
            roc.saturating_sub(1)
        } else {
            roc
        }
    } else if last.wrapping_sub(0x8000) > sequence {
        roc.saturating_add(1)
    } else {
        roc
    }
}

/// The index of a rollover counter and a sequence number: 32 bits of the 48 that RFC 3711 has, as in the
/// counters in shared memory. None beyond the last one.
fn index_of(roc: u32, sequence: u16) -> Option<u32> {
    let roc = u16::try_from(roc).ok()?;
    Some((u32::from(roc) << 16) | u32::from(sequence))
}

/// The index that a sequence number most likely stands for, where `highest` is the highest so far, 0
/// for none. None beyond the last one: it does not begin again (RFC 3711, 9.2).
pub fn estimate(highest: u32, sequence: u16) -> Option<u32> {
    index_of(rollover_counter(highest, sequence), sequence)
}
