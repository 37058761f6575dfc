// SPDX-License-Identifier: GPL-2.0-only

//! Outputs as the packet path sees them.

use super::{
    indices::{Indices, KeyUse},
    listed::ListedOutput,
    srtp::{self, Encryption},
    target::{Resolve, Target},
};
use crate::{
    command::error::Fault,
    rtp_media::{
        decide::Rtp,
        extension::Element,
        extension_rewrite::{new_length, Rule, ToRule},
        rewrite::{Rewrite, SsrcRule},
        srtp::index::Counters,
    },
    rtp_wire::{self, output::ExtensionSet, target::MAX_SSRCS, PointerName as Name},
    sys::{
        counters::{InterfaceStats, SsrcStats, StreamStats},
        memory::Shared,
        opener::Uid,
        route::{Path, Route},
        tally::Tallied,
    },
};
use core::{iter, ptr};
use kernel::{prelude::*, sync::Arc};

/// How datagrams leave: whatever is sent, and whoever sends it.
pub(crate) struct Egress {
    /// From where to where.
    pub(crate) path: Path,
    /// The route there.
    pub(crate) route: Route,
    /// Counters of what is sent.
    pub(crate) stats: Shared<StreamStats>,
    /// Counters of the interface it is sent on.
    pub(crate) interface: Tallied<InterfaceStats>,
    /// How packets are encrypted; none when they go as they are.
    pub(crate) encryption: Option<KBox<Encryption>>,
}

/// An output of a target.
pub(crate) struct Output {
    /// How packets leave.
    pub(crate) egress: Egress,
    /// Rewriting by index of the target's SSRCs.
    ssrcs: KVec<OutputSsrc>,
    /// Rewriting by index of the target's payload types; empty when they all stay as they are.
    payload_rules: KVec<rtp_wire::PayloadRule>,
    /// How header extensions change; none when they stay as they are.
    pub(crate) extensions: Option<KBox<Extensions>>,
    /// Its number among the outputs of the target.
    pub(crate) number: u8,
    /// What the daemon asked for, to be listed.
    pub(crate) listed: KBox<ListedOutput>,
}

/// How packets of one SSRC are rewritten and counted.
struct OutputSsrc {
    stats: Option<Shared<SsrcStats>>,
    rule: SsrcRule,
}

/// Which header extensions are sent.
pub(crate) struct Extensions {
    /// Those of what is received.
    pub(crate) kept: ExtensionSet,
    /// Id of the extension that carries the MID; 0 for none.
    pub(crate) mid_extension: u8,
    /// The MID.
    pub(crate) mid: KVec<u8>,
}

impl Extensions {
    fn new(config: &rtp_wire::Output) -> Result<Option<KBox<Self>>> {
        if !config.flags.extmap {
            return Ok(None);
        }
        let mut mid = KVec::new();
        mid.extend_from_slice(config.mid.as_bytes(), GFP_KERNEL_ACCOUNT)?;
        let extensions = Self {
            kept: config.extensions,
            mid_extension: config.mid_extension,
            mid,
        };
        Ok(Some(KBox::new(extensions, GFP_KERNEL_ACCOUNT)?))
    }
}

impl Extensions {
    #[inline(never)]
    fn growth(&self, packet: &[u8]) -> usize {
        new_length(packet, &self.rule()).saturating_sub(packet.len())
    }
}

impl ToRule for Extensions {
    fn rule(&self) -> Rule<'_, impl Fn(u8) -> bool> {
        Rule {
            keep: |id| self.kept.contains(id),
            append: (self.mid_extension != 0).then_some(Element {
                id: self.mid_extension,
                data: &self.mid,
            }),
        }
    }
}

impl Output {
    /// Puts an output of a target together, which sends as a socket of `user` would. May sleep.
    // Here as below: large frames are not to become one.
    #[inline(never)]
    pub(crate) fn new(
        number: u8,
        config: KBox<rtp_wire::Output>,
        user: Uid,
        target: &Target,
        memory: &impl Resolve,
        indices: &mut Option<Arc<Indices>>,
    ) -> Result<Self, Fault> {
        let ssrcs = ssrcs(&config, memory)?;
        let key = continue_indices(&config, target, &ssrcs, indices)?;
        let egress = Egress {
            path: Path::new(&config.flow, config.tos, user),
            route: Route::new(),
            stats: memory.resolve(Name::Output, config.stats)?,
            interface: Tallied::new(memory.resolve(Name::OutputInterface, config.interface_stats)?),
            encryption: srtp::encryption(&config.encrypt, key, memory)?,
        };
        Ok(Self {
            egress,
            ssrcs,
            payload_rules: payload_rules(&config)?,
            extensions: Extensions::new(&config)?,
            number,
            listed: ListedOutput::new(&config)?,
        })
    }

    /// How many bytes a packet grows by when it is rewritten.
    #[inline]
    pub(crate) fn growth<'a>(&self, packet: impl FnOnce() -> &'a [u8]) -> usize {
        let extensions = self.extensions.as_deref();
        extensions.map_or(0, |extensions| extensions.growth(packet()))
    }

    /// How a packet is rewritten.
    pub(crate) fn rewrite(&self, rtp: &Rtp) -> Rewrite<'_, impl ToRule> {
        let rule = rtp.pt_index.map(usize::from);
        Rewrite {
            extensions: self.extensions.as_deref(),
            payload: rule.and_then(|index| self.payload_rules.get(index)),
            ssrc: self.ssrc(rtp.ssrc_index).map(|ssrc| &ssrc.rule),
        }
    }

    /// Rules of payload types, by the index of those of the target, as far as there are any.
    pub(crate) fn payload_rules(&self) -> &[rtp_wire::PayloadRule] {
        &self.payload_rules
    }

    /// What is added to the sequence numbers of an SSRC.
    pub(crate) fn seq_offset(&self, index: u8) -> u16 {
        self.ssrc(Some(index))
            .map_or(0, |ssrc| ssrc.rule.seq_offset)
    }

    fn ssrc(&self, index: Option<u8>) -> Option<&OutputSsrc> {
        self.ssrcs.get(usize::from(index?))
    }

    /// Counters of an SSRC.
    pub(crate) fn ssrc_stats(&self, index: Option<u8>) -> Option<&SsrcStats> {
        self.ssrc(index)?.stats.as_deref()
    }

    /// The counters that SRTCP indices of an SSRC are taken from: its own, else the first there are.
    pub(crate) fn rtcp_stats(&self, index: Option<u8>) -> Option<&SsrcStats> {
        let first = || self.ssrcs.iter().find_map(|ssrc| ssrc.stats.as_deref());
        self.ssrc_stats(index).or_else(first)
    }
}

/// The SSRCs, as far as there is something about them.
#[inline(never)]
fn ssrcs(config: &rtp_wire::Output, memory: &impl Resolve) -> Result<KVec<OutputSsrc>, Fault> {
    let is_one = |ssrc: &rtp_wire::OutputSsrc| {
        ssrc.stats.is_some() || SsrcRule::of(config, ssrc) != SsrcRule::default()
    };
    let count = config
        .ssrcs
        .iter()
        .rposition(is_one)
        .map_or(0, |last| last.saturating_add(1));
    let mut ssrcs = KVec::with_capacity(count, GFP_KERNEL_ACCOUNT)?;
    for (index, ssrc) in (0u8..).zip(config.ssrcs.iter().take(count)) {
        let stats = match ssrc.stats.is_some() {
            true => Some(memory.resolve(Name::OutputSsrc(index), ssrc.stats)?),
            false => None,
        };
        let rule = SsrcRule::of(config, ssrc);
        ssrcs.push(OutputSsrc { stats, rule }, GFP_KERNEL_ACCOUNT)?;
    }
    Ok(ssrcs)
}

/// The rules of payload types, as far as there are any.
fn payload_rules(config: &rtp_wire::Output) -> Result<KVec<rtp_wire::PayloadRule>> {
    let is_rule = |rule: &rtp_wire::PayloadRule| {
        rule.blackhole || rule.min_payload_len > 0 || !rule.pattern().is_empty()
    };
    let last = config.payload_rules.iter().rposition(is_rule);
    let rules = last.and_then(|last| config.payload_rules.get(..=last));
    let mut known = KVec::new();
    known.extend_from_slice(rules.unwrap_or(&[]), GFP_KERNEL_ACCOUNT)?;
    Ok(known)
}

/// The SRTP indices of an output that encrypts. They go on after what was used under its key, and what its counters say; counters
/// that know of less are raised.
#[inline(never)]
fn continue_indices(
    config: &rtp_wire::Output,
    target: &Target,
    ssrcs: &[OutputSsrc],
    indices: &mut Option<Arc<Indices>>,
) -> Result<Option<KeyUse>, Fault> {
    if config.encrypt.is_plain() {
        return Ok(None);
    }
    let indices = match indices {
        Some(indices) => indices,
        None => indices.insert(Indices::new()?),
    };
    let number = indices.key(&config.encrypt);
    let has_key = |output: &&Output| {
        let encryption = output.egress.encryption.as_ref();
        encryption.is_some_and(|encryption| encryption.indices.number() == number)
    };
    let copy = target.outputs().iter().filter(has_key).count() as u8;
    let mut streams = [None; MAX_SSRCS];
    for (to, (ssrc, _, _)) in streams.iter_mut().zip(listed(target, ssrcs)) {
        *to = Some(ssrc);
    }
    let key = indices.begin(number, copy, streams)?;
    let counted = || {
        listed(target, ssrcs).filter_map(|(ssrc, received, sent)| {
            let sent = sent?;
            Some((ssrc, received, sent.rule.seq_offset, sent.stats.as_deref()?))
        })
    };
    let mut used = [None; MAX_SSRCS];
    for (used, (ssrc, received, seq_offset, stats)) in used.iter_mut().zip(counted()) {
        let same = counted().filter(|&(.., other)| ptr::eq(other, stats));
        let counters = Counters {
            sent: stats.ext_seq.get(),
            is_shared: same.count() > 1,
            received,
            seq_offset,
        };
        *used = key.used_before(ssrc, &counters);
    }
    // Now that all were read: several may have the same counters.
    for (used, (.., stats)) in used.into_iter().zip(counted()) {
        stats.ext_seq.raise(used.unwrap_or(0));
        stats.rtcp_seq.raise(key.next_rtcp());
    }
    Ok(Some(key))
}

/// The SSRCs that a target lists, as an output sends them: each with the highest sequence number by its counters there, 0 for none, and
/// with what the output has of it.
fn listed<'a>(
    target: &'a Target,
    ssrcs: &'a [OutputSsrc],
) -> impl Iterator<Item = (u32, u32, Option<&'a OutputSsrc>)> {
    let sent = Iterator::chain(ssrcs.iter().map(Some), iter::repeat(None));
    let listed = (0u8..).zip(&target.rules.ssrcs.0).zip(sent);
    listed.filter_map(|((index, ssrc), sent)| {
        let received = target.ssrc_stats(Some(index));
        let received = received.map_or(0, |stats| stats.ext_seq.get());
        let rule = sent.map(|sent| sent.rule);
        let as_sent = rule.and_then(|rule| rule.ssrc).unwrap_or((*ssrc)?.ssrc);
        Some((as_sent, received, sent))
    })
}
