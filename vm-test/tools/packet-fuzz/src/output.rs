// SPDX-License-Identifier: GPL-2.0-only

//! What an output makes of a packet, worked out on the host.

use host_crypto::HostCrypto;
use rtp_media::extension::Element;
use rtp_media::extension_rewrite::{self, Rule};
use rtp_media::packet_index;
use rtp_media::receive::{Kind, RtpIn};
use rtp_media::rewrite;
use rtp_media::rtp::RtpView;
use rtp_media::srtp::{Context, Rollovers};
use rtp_wire::{Direction, Family, Generation, Request};
use zerocopy::FromZeros as _;

use crate::config::context;

/// Room for all that header extensions and SRTP may add.
const ROOM: usize = 1024;
const HEADERS_V4: usize = 28;
const HEADER_UDP: usize = 8;
const MOST: usize = 65_535;

/// An output as the module has it.
pub(crate) struct Output {
    pub(crate) config: Box<rtp_wire::Output>,
    encryption: Option<Context<HostCrypto>>,
    rollovers: Rollovers,
    /// What the counters in shared memory say of each SSRC.
    sent: [Sent; rtp_wire::target::MAX_SSRCS],
    /// The next SRTCP index where no counters are.
    rtcp_index: u32,
}

#[derive(Clone, Copy, Default)]
struct Sent {
    ext_seq: u32,
    rtcp_seq: u32,
}

/// No datagram is as long as that.
pub(crate) struct NotSent;

impl Output {
    /// The output that a command makes.
    pub(crate) fn new(command: &[u8]) -> Option<Self> {
        let mut config = Box::new(rtp_wire::Output::new_zeroed());
        match rtp_wire::parse(Some(Generation::V26_0), Direction::Write, command).ok()? {
            Request::AddDestination { output, .. } => output.decode(&mut config).ok()?,
            _ => return None,
        }
        Some(Self {
            encryption: context(&config.encrypt)?,
            rollovers: Rollovers::default(),
            sent: Default::default(),
            rtcp_index: 0,
            config,
        })
    }

    /// What it sends of a packet; nothing when a rule keeps it back.
    pub(crate) fn send(&mut self, kind: &Kind, clear: &[u8]) -> Result<Option<Vec<u8>>, NotSent> {
        let mut packet = clear.to_vec();
        let mut rtp_sent = None;
        match kind {
            Kind::Opaque => {}
            Kind::Rtp(rtp) => {
                let Some((start, index)) = self.rewrite(rtp, &mut packet) else {
                    return Ok(None);
                };
                let index = index.ok_or(NotSent)?;
                rtp_sent = rtp.ssrc_index.map(|ssrc| (ssrc, index));
                if let Some(context) = &self.encryption {
                    let length = packet.len();
                    packet.resize(length + context.rtp_overhead(), 0);
                    let mki = self.config.encrypt.mki();
                    let end = context.protect_rtp(&mut packet, length, start, index, mki);
                    packet.truncate(end.expect("there is room"));
                }
            }
            Kind::Rtcp(rtcp) => self.protect_rtcp(rtcp.ssrc_index, &mut packet),
        }
        let headers = match self.config.flow.family() {
            Family::V4 => HEADERS_V4,
            Family::V6 => HEADER_UDP,
        };
        if packet.len() + headers > MOST {
            return Err(NotSent);
        }
        if let Some((sent, index)) =
            rtp_sent.and_then(|(ssrc, index)| Some((self.sent.get_mut(usize::from(ssrc))?, index)))
        {
            sent.ext_seq = index;
        }
        Ok(Some(packet))
    }

    /// Rewrites RTP, and returns where its payload starts and its packet index, if it has one.
    fn rewrite(&mut self, rtp: &RtpIn, packet: &mut Vec<u8>) -> Option<(usize, Option<u32>)> {
        let config = &self.config;
        if config.flags.extmap {
            let rule = Rule {
                keep: |id| config.extensions.contains(id),
                append: (config.mid_extension != 0).then(|| Element {
                    id: config.mid_extension,
                    data: config.mid.as_bytes(),
                }),
            };
            let length = packet.len();
            packet.resize(length + ROOM, 0);
            let length = extension_rewrite::rewrite(packet, length, &rule).ok()?;
            packet.truncate(length);
        }
        let start = RtpView::parse(packet)?.payload_start();
        let rule = rtp
            .pt_index
            .and_then(|index| config.payload_rules.get(usize::from(index)));
        if let Some(rule) = rule {
            let rule = rewrite::PayloadRule {
                blackhole: rule.blackhole,
                min_payload_len: rule.min_payload_len,
                pattern: rule.pattern(),
            };
            if !rewrite::payload(&rule, packet.get_mut(start..)?) {
                return None;
            }
        }
        let ssrc = rtp
            .ssrc_index
            .and_then(|index| config.ssrcs.get(usize::from(index)));
        let mut sequence = rtp.sequence;
        if let Some(ssrc) = ssrc {
            let replacement = (config.flags.ssrc_subst && ssrc.ssrc != 0).then_some(ssrc.ssrc);
            rewrite::header(packet, sequence, ssrc.seq_offset, replacement);
            sequence = sequence.wrapping_add(ssrc.seq_offset);
        }
        let ssrc = RtpView::parse(packet)?.ssrc();
        Some((start, self.rtp_index(rtp.ssrc_index, ssrc, sequence)))
    }

    fn rtp_index(&mut self, listed: Option<u8>, ssrc: u32, sequence: u16) -> Option<u32> {
        let sent = listed.and_then(|index| self.sent.get(usize::from(index)));
        match (sent, &self.encryption) {
            (Some(sent), _) => Some(packet_index::estimate(sent.ext_seq, sequence)),
            (None, Some(_)) => self.rollovers.advance(ssrc, sequence),
            (None, None) => Some(sequence.into()),
        }
    }

    fn protect_rtcp(&mut self, listed: Option<u8>, packet: &mut Vec<u8>) {
        let Some(context) = &self.encryption else {
            return;
        };
        let has_counters = |number: &usize| {
            let ssrc = self.config.ssrcs.get(*number);
            ssrc.is_some_and(|ssrc| ssrc.stats.is_some())
        };
        let own = listed.map(usize::from).filter(has_counters);
        let own = own.or_else(|| (0..self.config.ssrcs.len()).find(has_counters));
        let next = match own.and_then(|number| self.sent.get_mut(number)) {
            Some(sent) => &mut sent.rtcp_seq,
            None => &mut self.rtcp_index,
        };
        let index = *next;
        *next = index.wrapping_add(1);
        let length = packet.len();
        packet.resize(length + context.rtcp_overhead(), 0);
        let mki = self.config.encrypt.mki();
        let end = context.protect_rtcp(packet, length, index, mki);
        packet.truncate(end.expect("there is room"));
    }
}
