// SPDX-License-Identifier: GPL-2.0-only

//! What an output makes of a packet, worked out on the host.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use host_crypto::outbound::{Indices, KeyUse};
use host_crypto::HostCrypto;
use rtp_media::decide::{Rtcp, Rtp};
use rtp_media::reason::Unsent;
use rtp_media::rewrite::{self, Rewrite, Rewritten, SsrcRule};
use rtp_media::srtp::index::estimate;
use rtp_media::srtp::Context;
use rtp_wire::{Direction, Family, Generation, Request};
use zerocopy::FromZeros as _;

use crate::keys::context;

/// Room for all that header extensions and SRTP may add.
const ROOM: usize = 1024;
const HEADERS_V4: usize = 28;
const HEADER_UDP: usize = 8;
const MOST: usize = 65_535;

/// An output as the module has it.
pub(crate) struct Output {
    pub(crate) config: Box<rtp_wire::Output>,
    encryption: Option<Encryption>,
    /// What the counters in shared memory say of each SSRC.
    stats: [Stats; rtp_wire::target::MAX_SSRCS],
}

struct Encryption {
    context: Context<HostCrypto>,
    key: KeyUse,
}

#[derive(Clone, Copy, Default)]
struct Stats {
    ext_seq: u32,
    rtcp_seq: u32,
}

impl Output {
    /// The output that a command makes, of a target that has others.
    pub(crate) fn new(
        command: &[u8],
        target: &rtp_wire::Target,
        others: &[Self],
        indices: &mut Indices,
    ) -> Option<Self> {
        let mut config = Box::new(rtp_wire::Output::new_zeroed());
        match rtp_wire::parse(Some(Generation::V26_0), Direction::Write, command).ok()? {
            Request::AddDestination { output, .. } => output.decode(&mut config).ok()?,
            _ => return None,
        }
        let mut hasher = DefaultHasher::new();
        (config.encrypt.master_key(), config.encrypt.master_salt()).hash(&mut hasher);
        let number = hasher.finish();
        let has_key = |other: &&Self| {
            let encryption = other.encryption.as_ref();
            encryption.is_some_and(|encryption| encryption.key.key == number)
        };
        let copy = others.iter().filter(has_key).count() as u8;
        let listed = target.ssrcs.iter().zip(&config.ssrcs);
        let listed = listed.filter(|(ssrc, _)| ssrc.given);
        let listed = listed.map(|(ssrc, sent)| {
            let rule = SsrcRule::of(&config, sent);
            rule.ssrc.unwrap_or(ssrc.ssrc)
        });
        let listed: Vec<u32> = listed.collect();
        let encryption = context(&config.encrypt)?.map(|context| Encryption {
            context,
            key: indices.begin(number, copy, &listed),
        });
        Some(Self {
            encryption,
            stats: Default::default(),
            config,
        })
    }

    /// Whether it sends SRTP.
    pub(crate) fn encrypts(&self) -> bool {
        self.encryption.is_some()
    }

    /// What it sends of anything that is neither RTP nor RTCP.
    pub(crate) fn send_opaque(&self, packet: Vec<u8>) -> Result<Vec<u8>, Unsent> {
        let headers = match self.config.flow.family() {
            Family::V4 => HEADERS_V4,
            Family::V6 => HEADER_UDP,
        };
        if packet.len() + headers > MOST {
            return Err(Unsent::TooLong);
        }
        Ok(packet)
    }

    /// What it sends of RTP.
    pub(crate) fn send_rtp(
        &mut self,
        rtp: &Rtp,
        mut packet: Vec<u8>,
        indices: &mut Indices,
    ) -> Result<Vec<u8>, Unsent> {
        let Rewritten {
            payload_start,
            ssrc,
            sequence,
            ..
        } = self.rewrite(rtp, &mut packet)?;
        let counted = self.counters(rtp.ssrc_index);
        let stats = counted.and_then(|index| self.stats.get_mut(index));
        let Some(Encryption { context, key }) = &self.encryption else {
            let packet = self.send_opaque(packet)?;
            let stats = counted.and_then(|index| self.stats.get_mut(index));
            if let Some(stats) = stats {
                stats.ext_seq = estimate(stats.ext_seq, sequence).unwrap_or(sequence.into());
            }
            return Ok(packet);
        };
        // Counters begin with 0: nothing was used before.
        let shared = stats.as_ref().map_or(0, |stats| stats.ext_seq);
        let index = indices.next_rtp(key, ssrc, sequence, shared)?;
        if let Some(stats) = stats {
            stats.ext_seq = stats.ext_seq.max(index);
        }
        let length = packet.len();
        packet.resize(length + context.rtp_overhead(), 0);
        let mki = self.config.encrypt.mki();
        let end = context.protect_rtp(&mut packet, length, payload_start, index, mki);
        packet.truncate(end.expect("there is room"));
        self.send_opaque(packet)
    }

    /// What it sends of RTCP.
    pub(crate) fn send_rtcp(
        &mut self,
        rtcp: &Rtcp,
        mut packet: Vec<u8>,
        indices: &mut Indices,
    ) -> Result<Vec<u8>, Unsent> {
        let mut all = 0..rtp_wire::target::MAX_SSRCS as u8;
        let first = || all.find_map(|it| self.counters(Some(it)));
        let counted = self.counters(rtcp.ssrc_index).or_else(first);
        let stats = counted.and_then(|index| self.stats.get_mut(index));
        if let Some(Encryption { context, key }) = &self.encryption {
            let counter = stats.map(|stats| &mut stats.rtcp_seq);
            let index = indices.next_rtcp(key, counter)?;
            let length = packet.len();
            packet.resize(length + context.rtcp_overhead(), 0);
            let mki = self.config.encrypt.mki();
            let end = context.protect_rtcp(&mut packet, length, index, mki);
            packet.truncate(end.expect("there is room"));
        }
        self.send_opaque(packet)
    }

    /// Which counters an SSRC has, if any: those of the first SSRC that has the same.
    fn counters(&self, ssrc: Option<u8>) -> Option<usize> {
        let ssrcs = &self.config.ssrcs;
        let stats = ssrcs.get(usize::from(ssrc?))?.stats;
        let is_same = |it: &rtp_wire::OutputSsrc| it.stats == stats;
        ssrcs.iter().position(is_same).filter(|_| stats.is_some())
    }

    /// Rewrites RTP.
    fn rewrite(&self, rtp: &Rtp, packet: &mut Vec<u8>) -> Result<Rewritten, Unsent> {
        let config = &self.config;
        let ssrc = rtp.ssrc_index.map(usize::from);
        let ssrc = ssrc.and_then(|index| config.ssrcs.get(index));
        let rule = rtp.pt_index.map(usize::from);
        let rule = rule.and_then(|index| config.payload_rules.get(index));
        let ssrc = ssrc.map(|ssrc| SsrcRule::of(config, ssrc));
        let how = Rewrite {
            extensions: config.flags.extmap.then_some(&**config),
            payload: rule,
            ssrc: ssrc.as_ref(),
        };
        let length = packet.len();
        packet.resize(length + ROOM, 0);
        let rewritten = rewrite::rtp(packet, length, rtp, &how)?;
        packet.truncate(rewritten.length);
        Ok(rewritten)
    }
}
