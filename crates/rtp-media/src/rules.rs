// SPDX-License-Identifier: GPL-2.0-only

//! What a target asks for.

use super::select::{PayloadTypes, Ssrcs};
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
