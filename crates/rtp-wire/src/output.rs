// SPDX-License-Identifier: GPL-2.0-only

//! An output of a target: where packets are sent, and how they are rewritten.

use super::pointer::{PointerName, UserPointer};
use super::srtp::Srtp;
use super::target::{Mid, MAX_PAYLOAD_TYPES, MAX_SSRCS};
use super::udp_ip::Flow;
use core::fmt;
use zerocopy_derive::FromZeros;

/// Longest pattern that replaces a payload.
pub const MAX_PATTERN: usize = 16;
/// Most header extensions that an output lets through.
pub const MAX_EXTENSIONS: usize = 32;

/// A set of ids of header extensions.
#[derive(Clone, Copy, PartialEq, Eq, FromZeros)]
#[repr(transparent)]
pub struct ExtensionSet([u64; 4]);

impl ExtensionSet {
    /// The empty set.
    pub const EMPTY: Self = Self([0; 4]);

    /// Adds an id.
    pub fn insert(&mut self, id: u8) {
        if let Some(word) = self.0.get_mut(usize::from(id >> 6)) {
            *word |= 1 << (id & 63);
        }
    }

    /// Whether an id is in it.
    pub fn contains(&self, id: u8) -> bool {
        self.0
            .get(usize::from(id >> 6))
            .is_some_and(|word| (word >> (id & 63)) & 1 != 0)
    }

    /// The ids in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=u8::MAX).filter(|&id| self.contains(id))
    }
}

impl fmt::Debug for ExtensionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// How packets of one SSRC are rewritten and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(C)]
pub struct OutputSsrc {
    /// Counters, if there are any.
    pub stats: UserPointer,
    /// The SSRC to send, in host order; 0 for the one received.
    pub ssrc: u32,
    /// What is added to the sequence number.
    pub seq_offset: u16,
}

/// How packets of one payload type are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(C)]
pub struct PayloadRule {
    /// A shorter payload is not sent; 0 for any length.
    pub min_payload_len: u32,
    /// What replaces the payload; the first `pattern_len` bytes count.
    pub pattern: [u8; MAX_PATTERN],
    /// Length of the pattern; 0 for none.
    pub pattern_len: u8,
    /// Nothing of this payload type is sent.
    pub blackhole: bool,
}

impl PayloadRule {
    /// The pattern that replaces the payload, empty for none.
    pub fn pattern(&self) -> &[u8] {
        let len = usize::from(self.pattern_len);
        self.pattern.get(..len).unwrap_or(&[])
    }
}

/// The switches of an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromZeros)]
#[repr(C)]
pub struct OutputFlags {
    /// The SSRC is replaced.
    pub ssrc_subst: bool,
    /// Header extensions are filtered.
    pub extmap: bool,
    /// The output is one of RTCP.
    pub rtcp: bool,
}

/// An output. All zero is an empty one, to be decoded into.
#[derive(Debug, FromZeros)]
#[repr(C)]
pub struct Output {
    /// From where to where it sends.
    pub flow: Flow,
    /// The media it belongs to: a number to show, no index.
    pub media: u32,
    /// TOS or traffic class.
    pub tos: u8,
    /// Its switches.
    pub flags: OutputFlags,
    /// Id of the MID header extension to append, 0 for none.
    pub mid_extension: u8,
    /// Header extensions it lets through.
    pub extensions: ExtensionSet,
    /// Its counters.
    pub stats: UserPointer,
    /// Counters of the interface it sends from.
    pub interface_stats: UserPointer,
    /// Rewriting by index of the target's SSRCs.
    pub ssrcs: [OutputSsrc; MAX_SSRCS],
    /// Rewriting by index of the target's payload types.
    pub payload_rules: [PayloadRule; MAX_PAYLOAD_TYPES],
    /// How to encrypt.
    pub encrypt: Srtp,
    /// The MID to append.
    pub mid: Mid,
}

impl Output {
    /// Every pointer that is given, each to be resolved.
    pub fn pointers(&self) -> impl Iterator<Item = (PointerName, UserPointer)> + '_ {
        let fixed = [
            (PointerName::OutputInterface, self.interface_stats),
            (PointerName::Output, self.stats),
        ];
        let ssrcs = (0u8..)
            .zip(&self.ssrcs)
            .filter(|(_, ssrc)| ssrc.stats.is_some())
            .map(|(i, ssrc)| (PointerName::OutputSsrc(i), ssrc.stats));
        fixed.into_iter().chain(ssrcs)
    }
}
