// SPDX-License-Identifier: GPL-2.0-only

//! Outputs as the packet path sees them.

use super::{
    indices::{Indices, KeyUse},
    srtp::{self, Encryption},
    target::{Resolve, Target},
};
use crate::{
    command::error::Fault,
    rtp_media::{extension::Element, extension_rewrite::Rule},
    rtp_wire::{
        self,
        output::{ExtensionSet, PayloadRule},
        target::MAX_SSRCS,
        PointerName as Name,
    },
    sys::{
        counters::{InterfaceStats, SsrcStats, StreamStats},
        memory::Shared,
        opener::Uid,
        route::{Path, Route},
    },
};
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
    pub(crate) interface: Shared<InterfaceStats>,
    /// How packets are encrypted; none when they go as they are.
    pub(crate) encryption: Option<Pin<KBox<Encryption>>>,
}

/// An output of a target.
pub(crate) struct Output {
    /// How packets leave.
    pub(crate) egress: Egress,
    /// Rewriting by index of the target's SSRCs.
    ssrcs: [OutputSsrc; MAX_SSRCS],
    /// Rewriting by index of the target's payload types; empty when they all stay as they are.
    payload_rules: KVec<PayloadRule>,
    /// How header extensions change; none when they stay as they are.
    pub(crate) extensions: Option<KBox<Extensions>>,
    /// Its number among the outputs of the target.
    pub(crate) number: u8,
    /// What the daemon asked for, to be listed.
    pub(crate) listed: KBox<rtp_wire::Output>,
}

/// How packets of one SSRC are rewritten and counted.
pub(crate) struct OutputSsrc {
    stats: Option<Shared<SsrcStats>>,
    /// The SSRC to send, if it is another one.
    pub(crate) replacement: Option<u32>,
    /// What is added to the sequence number.
    pub(crate) seq_offset: u16,
    /// What was sent of it before.
    pub(crate) before: Before,
}

/// What is known of the SRTP indices of an SSRC that were used before an output was made.
#[derive(Clone, Copy)]
pub(crate) enum Before {
    /// All up to this one may have been.
    Used(u32),
    /// Nothing tells which were used.
    Unknown,
}

impl OutputSsrc {
    const NONE: Self = Self {
        stats: None,
        replacement: None,
        seq_offset: 0,
        before: Before::Unknown,
    };

    fn highest(&self) -> u32 {
        self.stats.as_deref().map_or(0, |stats| stats.ext_seq.get())
    }

    /// What the counters tell. They may be those of other SSRCs, too, as the daemon gives them for what is bundled; they are its
    /// own where they go with what was received.
    fn before(&self, received: Option<&SsrcStats>) -> Before {
        /// How many packets may have been received and not sent.
        const UNSENT: u16 = 64;
        let sent = self.highest();
        let received = received.map_or(0, |stats| stats.ext_seq.get());
        let expected = (received as u16).wrapping_add(self.seq_offset);
        let ahead = expected.wrapping_sub(sent as u16);
        if sent != 0 && (received == 0 || ahead < UNSENT) {
            Before::Used(sent)
        } else {
            Before::Unknown
        }
    }
}

/// Which header extensions are sent.
pub(crate) struct Extensions {
    kept: ExtensionSet,
    /// Id of the extension that carries the MID; 0 for none.
    mid_extension: u8,
    mid: KVec<u8>,
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

    /// The rule that packets are rewritten by.
    pub(crate) fn rule(&self) -> Rule<'_, impl Fn(u8) -> bool + '_> {
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
        let mut ssrcs = [const { OutputSsrc::NONE }; MAX_SSRCS];
        for (index, (to, ssrc)) in (0u8..).zip(ssrcs.iter_mut().zip(&config.ssrcs)) {
            if ssrc.stats.is_some() {
                to.stats = Some(memory.resolve(Name::OutputSsrc(index), ssrc.stats)?);
            }
            to.replacement = (config.flags.ssrc_subst && ssrc.ssrc != 0).then_some(ssrc.ssrc);
            to.seq_offset = ssrc.seq_offset;
        }
        let counted = |ssrc: &OutputSsrc| ssrc.highest();
        let by_counters = ssrcs.each_ref().map(counted);
        let key = remembered(&config, target, &ssrcs, indices)?;
        for (index, (ssrc, counted)) in (0u8..).zip(ssrcs.iter_mut().zip(by_counters)) {
            let highest = ssrc.highest();
            ssrc.before = if highest > counted {
                // The table knows better.
                Before::Used(highest)
            } else {
                ssrc.before(target.ssrc_stats(Some(index)))
            };
        }
        let counted = ssrcs.iter().filter(|ssrc| ssrc.stats.is_some()).count();
        let egress = Egress {
            path: Path::new(&config.flow, config.tos, user),
            route: Route::new(),
            stats: memory.resolve(Name::Output, config.stats)?,
            interface: memory.resolve(Name::OutputInterface, config.interface_stats)?,
            encryption: srtp::encryption(&config.encrypt, counted, key)?,
        };
        Ok(Self {
            egress,
            ssrcs,
            payload_rules: payload_rules(&config)?,
            extensions: Extensions::new(&config)?,
            number,
            listed: config,
        })
    }

    /// How packets of an SSRC are rewritten.
    pub(crate) fn ssrc(&self, index: Option<u8>) -> Option<&OutputSsrc> {
        self.ssrcs.get(usize::from(index?))
    }

    /// Counters of an SSRC.
    pub(crate) fn ssrc_stats(&self, index: Option<u8>) -> Option<&SsrcStats> {
        self.ssrc(index)?.stats.as_deref()
    }

    /// Counters of an SSRC, and what they told of its SRTP indices.
    pub(crate) fn counters(&self, index: Option<u8>) -> Option<(&SsrcStats, Before)> {
        let ssrc = self.ssrc(index)?;
        Some((ssrc.stats.as_deref()?, ssrc.before))
    }

    /// The counters that SRTCP indices of an SSRC are taken from: its own, else the first there are.
    pub(crate) fn rtcp_stats(&self, index: Option<u8>) -> Option<&SsrcStats> {
        let first = || self.ssrcs.iter().find_map(|ssrc| ssrc.stats.as_deref());
        self.ssrc_stats(index).or_else(first)
    }

    /// How the payload of a payload type is rewritten, if at all.
    pub(crate) fn payload_rule(&self, index: Option<u8>) -> Option<&PayloadRule> {
        self.payload_rules.get(usize::from(index?))
    }
}

/// The rules of payload types, as far as there are any.
fn payload_rules(config: &rtp_wire::Output) -> Result<KVec<PayloadRule>> {
    let is_rule = |rule: &PayloadRule| {
        rule.blackhole || rule.min_payload_len > 0 || !rule.pattern().is_empty()
    };
    let last = config.payload_rules.iter().rposition(is_rule);
    let rules = last.and_then(|last| config.payload_rules.get(..=last));
    let mut known = KVec::new();
    known.extend_from_slice(rules.unwrap_or(&[]), GFP_KERNEL_ACCOUNT)?;
    Ok(known)
}

/// Looks after the indices of an output that encrypts. Counters that know of fewer than the table remembers under
/// its key go on after those; where an SSRC may be sent that has no counters, the table is to remember.
#[inline(never)]
fn remembered(
    config: &rtp_wire::Output,
    target: &Target,
    ssrcs: &[OutputSsrc],
    indices: &mut Option<Arc<Indices>>,
) -> Result<Option<KeyUse>, Fault> {
    if config.encrypt.is_plain() || !target.rules.rtp {
        return Ok(None);
    }
    let key = |indices: &Indices| indices.key(&config.encrypt);
    let known = indices.as_ref().map(|indices| (indices, key(indices)));
    let listed = target.listed.ssrcs.iter().zip(ssrcs);
    let (mut counted, mut uncounted) = (false, false);
    for (ssrc, output) in listed.filter(|(ssrc, _)| ssrc.given) {
        let Some(stats) = &output.stats else {
            uncounted = true;
            continue;
        };
        counted = true;
        if let Some((indices, key)) = known {
            let used = indices.used(key, output.replacement.unwrap_or(ssrc.ssrc));
            stats.ext_seq.raise(used.highest_rtp.unwrap_or(0));
            stats.rtcp_seq.raise(used.next_rtcp);
        }
    }
    if counted && !uncounted {
        return Ok(None);
    }
    let indices = match indices {
        Some(indices) => indices,
        None => indices.insert(Indices::new()?),
    };
    let key = key(indices);
    let is_sibling = |output: &&Output| {
        let encryption = output.egress.encryption.as_ref();
        encryption.is_some_and(|encryption| encryption.key() == Some(key))
    };
    let lane = target.outputs().iter().filter(is_sibling).count();
    Ok(indices.begin(key, lane as u8))
}
