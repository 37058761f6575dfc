// SPDX-License-Identifier: GPL-2.0-only

//! The counters of a stream: where each lies in the memory that we share with the module.
//!
//! The module finds a range by the address that we had it at, and keeps it for as long as the table lives. So two
//! streams must never be added from the same address, not even by two runs of rtpctl.

use std::mem::{offset_of, size_of};

use rtp_wire::shared::{GlobalStats, InterfaceStats, RtpStats, SsrcStats, StreamStats};

use super::super::config::StreamConfig;

/// Keeps counters that are written for each packet off each other's cache lines.
const ALIGN: usize = 64;

/// Where ranges begin: far from where the kernel places anything of its own choice.
const BASE: u64 = 0x0800_0000_0000;
/// The distance of two ranges; more than a stream of any size needs.
const STRIDE: u64 = 1 << 20;
/// The least that is mapped of a control file.
const LEAST_MAPPING: usize = 1 << 16;

/// The most that a range has for several streams: less than that by which 13.5 is told from 12.5.
pub(super) const LARGEST: usize = 1 << 19;

/// How many ranges there is room for.
const RANGES: u64 = 1 << 26;

/// Offsets of the counters of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The module's global counters.
    pub(super) global: usize,
    /// Of the target.
    pub(super) stream: usize,
    /// Of the interface that it receives on.
    pub(super) interface: usize,
    /// Of each payload type.
    pub(super) payload_types: Vec<usize>,
    /// Of each SSRC.
    pub(super) ssrcs: Vec<usize>,
    /// Of each output.
    pub(super) outputs: Vec<OutputLayout>,
    /// Bytes in all.
    pub(super) size: usize,
}

/// Offsets of the counters of an output.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutputLayout {
    /// Of the output.
    pub(super) stream: usize,
    /// Of the interface that it sends on.
    pub(super) interface: usize,
    /// Of each SSRC.
    pub(super) ssrcs: Vec<usize>,
}

/// Places one structure after the other.
#[derive(Default)]
struct Cursor(usize);

impl Cursor {
    fn place<T>(&mut self) -> usize {
        let offset = self.0;
        self.0 = offset.saturating_add(size_of::<T>().next_multiple_of(ALIGN));
        offset
    }

    fn place_each<T, U>(&mut self, each: &[U]) -> Vec<usize> {
        each.iter().map(|_| self.place::<T>()).collect()
    }
}

impl Layout {
    /// The layout of a stream's counters.
    pub(super) fn new(config: &StreamConfig) -> Self {
        let mut cursor = Cursor::default();
        let mut layout = Self {
            global: cursor.place::<GlobalStats>(),
            stream: cursor.place::<StreamStats>(),
            interface: cursor.place::<InterfaceStats>(),
            payload_types: cursor.place_each::<RtpStats, _>(&config.payload_types),
            ssrcs: cursor.place_each::<SsrcStats, _>(&config.ssrcs),
            outputs: Vec::new(),
            size: 0,
        };
        for _ in &config.outputs {
            layout.outputs.push(OutputLayout {
                stream: cursor.place::<StreamStats>(),
                interface: cursor.place::<InterfaceStats>(),
                ssrcs: cursor.place_each::<SsrcStats, _>(&config.ssrcs),
            });
        }
        layout.size = cursor.0;
        layout
    }

    /// The values that the module wants to find: offset and number.
    pub(super) fn values(&self, config: &StreamConfig) -> Vec<(usize, u32)> {
        let number = offset_of!(RtpStats, payload_type);
        let rate = offset_of!(RtpStats, clock_rate);
        self.payload_types
            .iter()
            .zip(&config.payload_types)
            .flat_map(|(at, pt)| {
                [
                    (at.saturating_add(number), pt.number.into()),
                    (at.saturating_add(rate), pt.clock_rate),
                ]
            })
            .collect()
    }
}

/// How many bytes of the control file are mapped for counters, where they lie in memory of the module: a power of two, as few as
/// a daemon of 12.5 maps.
pub(super) fn mapping(size: usize) -> usize {
    size.next_power_of_two().max(LEAST_MAPPING)
}

/// An address that no range of a table has, given how many the table has.
pub(super) fn address(ranges: u64) -> Option<u64> {
    if ranges >= RANGES {
        return None;
    }
    STRIDE.checked_mul(ranges)?.checked_add(BASE)
}

#[cfg(test)]
mod tests;
