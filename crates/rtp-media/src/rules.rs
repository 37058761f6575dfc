// SPDX-License-Identifier: GPL-2.0-only

//! What a target asks for.

use super::rtp_wire::{ExpectedSource, RtcpKind, Target};
use super::select::{PayloadTypes, SsrcEntry, Ssrcs};
use super::udp_ip::Endpoint;

/// Which sources are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceRule {
    /// All of them.
    #[default]
    Any,
    /// This one; others are dropped.
    DropOthers(Endpoint),
    /// This one; others are passed.
    PassOthers(Endpoint),
}

/// How a target judges datagrams.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rules {
    /// STUN is passed.
    pub stun: bool,
    /// DTLS is passed.
    pub dtls: bool,
    /// Packets are RTP or RTCP.
    pub rtp: bool,
    /// What of it is RTCP.
    pub rtcp: RtcpKind,
    /// What is not RTCP is passed: there is no output for it.
    pub unserved: bool,
    /// What is not RTP is passed.
    pub rtp_only: bool,
    /// RTCP is relayed, and passed too.
    pub rtcp_fw: bool,
    /// RTCP that is nothing but feedback is relayed, and not passed.
    pub rtcp_fb_fw: bool,
    /// Nothing is relayed.
    pub non_forwarding: bool,
    /// What is not relayed is dropped.
    pub blackhole: bool,
    /// Packets are recorded.
    pub intercept: bool,
    /// Unknown payload types are passed.
    pub pt_filter: bool,
    /// Without an SSRC given, RTP is passed.
    pub ssrc_req: bool,
    /// Loss and jitter are measured.
    pub rtp_stats: bool,
    /// Id of the MID header extension that tells the media; 0 when none does.
    pub mid_extension: u8,
    /// Accepted sources.
    pub source: SourceRule,
    /// Accepted SSRCs.
    pub ssrcs: Ssrcs,
    /// Known payload types.
    pub payload_types: PayloadTypes,
}

impl Rules {
    /// Those of a target whose payload types have these numbers. None when they are not in ascending order.
    pub fn of(target: &Target, numbers: impl IntoIterator<Item = u8>) -> Option<Self> {
        let mut payload_types = PayloadTypes::EMPTY;
        for (given, number) in target.payload_types().iter().zip(numbers) {
            if !payload_types.push(number, given.media.get()) {
                return None;
            }
        }
        let ssrcs = target.ssrcs.map(|ssrc| {
            ssrc.given.then_some(SsrcEntry {
                ssrc: ssrc.ssrc,
                media: ssrc.media.get(),
            })
        });
        let flags = &target.flags;
        Some(Self {
            stun: flags.stun,
            dtls: flags.dtls,
            rtp: flags.rtp,
            rtcp: target.rtcp_kind,
            unserved: target.passes_unserved && target.groups.iter().all(|it| it.rtp().is_empty()),
            rtp_only: flags.rtp_only,
            rtcp_fw: flags.rtcp_fw,
            rtcp_fb_fw: flags.rtcp_fb_fw,
            non_forwarding: flags.non_forwarding,
            blackhole: flags.blackhole,
            intercept: flags.do_intercept,
            pt_filter: flags.pt_filter,
            ssrc_req: flags.ssrc_req,
            rtp_stats: flags.rtp_stats,
            mid_extension: if flags.extmap {
                target.mid_extension
            } else {
                0
            },
            source: match target.expected_source {
                ExpectedSource::Any | ExpectedSource::Ignore(_) => SourceRule::Any,
                ExpectedSource::Drop(source) => SourceRule::DropOthers(source),
                ExpectedSource::Pass(source) => SourceRule::PassOthers(source),
            },
            ssrcs: Ssrcs(ssrcs),
            payload_types,
        })
    }
}
