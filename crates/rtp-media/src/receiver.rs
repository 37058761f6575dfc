// SPDX-License-Identifier: GPL-2.0-only

//! What is measured of each SSRC: highest sequence number, loss and jitter.
//!
//! The values live in memory that others write too, so any value may come in and none is trusted.

/// How far ahead a sequence number may be before it counts as a new start.
const MAX_AHEAD: u16 = 256;
/// How far behind, likewise.
const MAX_BEHIND: u16 = 257;
/// Differences of transit time from here on say nothing about jitter.
const MAX_TRANSIT_DIFFERENCE: u32 = 100_000;
/// A bit field in which nothing is missing.
const ALL_SEEN: u32 = u32::MAX;

/// What is kept of an SSRC between packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Highest extended sequence number.
    pub ext_seq: u32,
    /// One bit for each of the last 32 packets, set when it was seen; the highest is bit 0.
    pub lost_bits: u32,
    /// Packets found missing.
    pub total_lost: u32,
    /// Relative transit time of the last packet, in units of the RTP clock.
    pub transit: u32,
    /// Interarrival jitter in sixteenths of a unit of the RTP clock.
    pub jitter: u32,
}

/// A packet that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its sequence number.
    pub sequence: u16,
    /// Its extended sequence number, if authentication told it for certain.
    pub index: Option<u32>,
    /// Its timestamp.
    pub timestamp: u32,
    /// When it came, in microseconds.
    pub time_us: u64,
    /// Clock rate of its payload type, in Hz.
    pub clock_rate: u32,
}

/// What a packet changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Update {
    /// What to keep.
    pub state: SourceState,
    /// How many packets were found missing, which `total_lost` has been raised by.
    pub newly_lost: u32,
}

/// Takes a packet into account.
///
/// A packet counts as lost when it leaves the bit field unseen: 32 packets later it may still come.
pub fn update(previous: &SourceState, arrival: &Arrival) -> Update {
    let mut state = *previous;
    let newly_lost = match arrival.index {
        Some(index) => track_index(&mut state, index),
        None => track_sequence(&mut state, arrival.sequence),
    };
    track_jitter(&mut state, arrival);
    state.total_lost = state.total_lost.wrapping_add(newly_lost);
    Update { state, newly_lost }
}

impl SourceState {
    /// Whether nothing was seen yet: some initialise the field to nothing missing, some to zero.
    const fn is_new(&self) -> bool {
        self.lost_bits == 0 || (self.ext_seq == 0 && self.lost_bits == ALL_SEEN)
    }

    /// Moves the field that far ahead, and returns how many packets left it unseen.
    fn shift(&mut self, ahead: u32) -> u32 {
        // The bits that leave the field, with the others as if they were seen.
        let leaving = self.lost_bits | u32::MAX.checked_shr(ahead).unwrap_or(0);
        let never_in = ahead.saturating_sub(u32::BITS);
        self.ext_seq = self.ext_seq.wrapping_add(ahead);
        self.lost_bits = self.lost_bits.checked_shl(ahead).unwrap_or(0) | 1;
        leaving.count_zeros().wrapping_add(never_in)
    }

    /// Notes a packet that comes late. Too late for the field, it shifts out.
    fn note_late(&mut self, behind: u32) {
        self.lost_bits |= 1u32.checked_shl(behind).unwrap_or(0);
    }
}

/// A packet whose index is known: the highest never goes back.
fn track_index(state: &mut SourceState, index: u32) -> u32 {
    let is_new = state.is_new();
    match index.checked_sub(state.ext_seq) {
        Some(ahead) if !is_new && ahead <= MAX_AHEAD.into() => return state.shift(ahead),
        Some(_) => (state.ext_seq, state.lost_bits) = (index, ALL_SEEN),
        None if is_new => state.lost_bits = ALL_SEEN,
        None => state.note_late(state.ext_seq.wrapping_sub(index)),
    }
    0
}

/// A packet of which no more than the sequence number is known: a jump is a new start.
fn track_sequence(state: &mut SourceState, sequence: u16) -> u32 {
    let [_, _, high, low] = state.ext_seq.to_be_bytes();
    let ahead = sequence.wrapping_sub(u16::from_be_bytes([high, low]));
    let is_jump = (MAX_AHEAD.wrapping_add(1)..MAX_BEHIND.wrapping_neg()).contains(&ahead);
    if state.is_new() || is_jump {
        (state.ext_seq, state.lost_bits) = (sequence.into(), ALL_SEEN);
    } else if ahead <= MAX_AHEAD {
        return state.shift(ahead.into());
    } else {
        state.note_late(ahead.wrapping_neg().into());
    }
    0
}

fn track_jitter(state: &mut SourceState, arrival: &Arrival) {
    let transit = clock_units(arrival.time_us, arrival.clock_rate).wrapping_sub(arrival.timestamp);
    let last = core::mem::replace(&mut state.transit, transit);
    // Without a transit time to compare with there is no difference.
    let difference = match last {
        0 => 0,
        _ => magnitude(transit.wrapping_sub(last)),
    };
    if difference < MAX_TRANSIT_DIFFERENCE {
        // RFC 3550, A.8.
        let decay = state.jitter.wrapping_add(8) >> 4;
        state.jitter = state.jitter.wrapping_add(difference).wrapping_sub(decay);
    }
}

/// A time in units of the RTP clock, modulo 2^32.
fn clock_units(time_us: u64, clock_rate: u32) -> u32 {
    let clock_rate = u64::from(clock_rate);
    let seconds = time_us / 1_000_000;
    let fraction = (time_us % 1_000_000).wrapping_mul(clock_rate) / 1_000_000;
    let units = seconds.wrapping_mul(clock_rate).wrapping_add(fraction);
    let [_, _, _, _, a, b, c, d] = units.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// Magnitude of a difference modulo 2^32, which may be negative.
fn magnitude(difference: u32) -> u32 {
    difference.min(difference.wrapping_neg())
}
