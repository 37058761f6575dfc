// SPDX-License-Identifier: GPL-2.0-only

//! What becomes of a datagram that reached a target.

use super::demux;
use super::rtcp;
use super::rtp::RtpView;
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

/// Why a datagram is passed: it goes on to the next rule, and userspace will see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassReason {
    /// STUN.
    Stun,
    /// From another source.
    Source,
    /// DTLS.
    Dtls,
    /// The target relays nothing.
    NonForwarding,
    /// RTCP.
    Rtcp,
    /// Not RTP.
    NotRtp,
    /// Not one of the SSRCs, or no SSRC was given though one is required.
    Ssrc,
    /// Not one of the payload types.
    PayloadType,
    /// SRTP whose authentication tag is wrong, or missing.
    NotAuthentic,
    /// There is no memory to handle it.
    NoMemory,
}

impl PassReason {
    /// Whether it is an error of target, ingress interface and module.
    pub const fn is_error(self) -> bool {
        matches!(
            self,
            PassReason::Ssrc | PassReason::NotAuthentic | PassReason::NoMemory
        )
    }
}

/// Why a datagram is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// From another source.
    Source,
    /// The target drops everything.
    Blackhole,
    /// SRTP that was received before.
    Replayed,
}

impl DropReason {
    /// Whether it is an error of target, ingress interface and module.
    pub const fn is_error(self) -> bool {
        matches!(self, DropReason::Source | DropReason::Replayed)
    }

    /// Whether it counts as a packet of target, ingress interface and module.
    pub const fn is_counted(self) -> bool {
        matches!(self, DropReason::Blackhole)
    }
}

/// What kind of packet is relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// RTP.
    Rtp(RtpIn),
    /// RTCP, to the RTCP outputs of media 0.
    Rtcp(RtcpIn),
    /// Anything else, to the RTP outputs of media 0.
    Opaque,
}

/// What is known of an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpIn {
    /// Index of its payload type. None is an error of target and ingress interface.
    pub pt_index: Option<u8>,
    /// Index of its SSRC. Nothing of an SSRC is touched when there is none.
    pub ssrc_index: Option<u8>,
    /// Its SSRC.
    pub ssrc: u32,
    /// Its payload type.
    pub payload_type: u8,
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// Where its payload starts.
    pub payload_start: usize,
    /// Loss and jitter of its SSRC are to be measured.
    pub measure: bool,
}

/// What is known of an RTCP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtcpIn {
    /// Index of its sender's SSRC.
    pub ssrc_index: Option<u8>,
    /// Its sender's SSRC.
    pub ssrc: u32,
    /// It is passed too, marked as relayed: known once it is decrypted.
    pub and_pass: bool,
}

/// How a packet is relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relay {
    /// The media, whose outputs it goes to.
    pub media: u8,
    /// What it is.
    pub kind: Kind,
}

/// What becomes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on to the next rule.
    Pass(PassReason),
    /// It ends here.
    Drop(DropReason),
    /// It is sent to the outputs of its media, counted as a packet of target, ingress interface and
    /// module, and ends here unless it is RTCP that is passed too.
    Relay(Relay),
}

/// Judges a datagram that is not SRTP. `media_of_mid` finds the media of a MID, which is never empty.
pub fn judge(
    rules: &Rules,
    source: &Endpoint,
    datagram: &[u8],
    media_of_mid: impl FnOnce(&[u8]) -> Option<u8>,
) -> Verdict {
    match classify(rules, source, datagram, media_of_mid) {
        Verdict::Relay(relay) => filter(rules, relay, datagram),
        verdict => verdict,
    }
}

/// Judges a datagram by what can be known of it before it is authenticated and decrypted. What is
/// to be relayed is still to be judged by [`filter`].
pub fn classify(
    rules: &Rules,
    source: &Endpoint,
    datagram: &[u8],
    media_of_mid: impl FnOnce(&[u8]) -> Option<u8>,
) -> Verdict {
    if rules.stun && demux::is_stun(datagram) {
        return Verdict::Pass(PassReason::Stun);
    }
    match &rules.source {
        SourceRule::DropOthers(expected) if source != expected => {
            return Verdict::Drop(DropReason::Source)
        }
        SourceRule::PassOthers(expected) if source != expected => {
            return Verdict::Pass(PassReason::Source)
        }
        _ => (),
    }
    if rules.dtls && demux::is_dtls(datagram) {
        return Verdict::Pass(PassReason::Dtls);
    }
    if rules.non_forwarding && !rules.intercept {
        return if rules.blackhole {
            Verdict::Drop(DropReason::Blackhole)
        } else {
            Verdict::Pass(PassReason::NonForwarding)
        };
    }

    let opaque = Verdict::Relay(Relay {
        media: 0,
        kind: Kind::Opaque,
    });
    if !rules.rtp {
        return opaque;
    }
    if demux::is_rtcp(datagram) {
        return classify_rtcp(rules, datagram);
    }
    match RtpView::parse(datagram) {
        Some(rtp) => classify_rtp(rules, &rtp, media_of_mid),
        None if rules.rtp_only => Verdict::Pass(PassReason::NotRtp),
        None => opaque,
    }
}

/// Judges a datagram by what is known once it is authentic, and decrypted.
pub fn filter(rules: &Rules, relay: Relay, datagram: &[u8]) -> Verdict {
    match relay.kind {
        Kind::Rtp(RtpIn { pt_index: None, .. }) if rules.pt_filter => {
            Verdict::Pass(PassReason::PayloadType)
        }
        Kind::Rtcp(_) if rules.rtcp_fb_fw && rtcp::all_feedback(datagram) => Verdict::Relay(relay),
        Kind::Rtcp(rtcp) if rules.rtcp_fw => Verdict::Relay(Relay {
            kind: Kind::Rtcp(RtcpIn {
                and_pass: true,
                ..rtcp
            }),
            ..relay
        }),
        Kind::Rtcp(_) => Verdict::Pass(PassReason::Rtcp),
        Kind::Rtp(_) | Kind::Opaque => Verdict::Relay(relay),
    }
}

fn classify_rtcp(rules: &Rules, datagram: &[u8]) -> Verdict {
    let ssrc = rtcp::sender(datagram).filter(|_| rules.rtcp_fb_fw || rules.rtcp_fw);
    let Some(ssrc) = ssrc else {
        return Verdict::Pass(PassReason::Rtcp);
    };
    Verdict::Relay(Relay {
        media: 0,
        kind: Kind::Rtcp(RtcpIn {
            ssrc_index: rules.ssrcs.find(ssrc).map(|(index, _)| index),
            ssrc,
            and_pass: false,
        }),
    })
}

fn classify_rtp(
    rules: &Rules,
    rtp: &RtpView<'_>,
    media_of_mid: impl FnOnce(&[u8]) -> Option<u8>,
) -> Verdict {
    let payload_type = rtp.payload_type();
    let pt_index = rules.payload_types.index_of(payload_type);

    let (ssrc_index, ssrc_media) = match rules.ssrcs.find(rtp.ssrc()) {
        Some((index, media)) => (Some(index), media),
        None if rules.ssrc_req || !rules.ssrcs.is_empty() => {
            return Verdict::Pass(PassReason::Ssrc)
        }
        None => (None, None),
    };

    let media = media_by_mid(rules, rtp, media_of_mid)
        .or(ssrc_media)
        .or_else(|| rules.payload_types.media(pt_index?))
        .unwrap_or(0);

    Verdict::Relay(Relay {
        media,
        kind: Kind::Rtp(RtpIn {
            pt_index,
            ssrc_index,
            ssrc: rtp.ssrc(),
            payload_type,
            sequence: rtp.sequence(),
            timestamp: rtp.timestamp(),
            payload_start: rtp.payload_start(),
            measure: rules.rtp_stats && ssrc_index.is_some() && pt_index.is_some(),
        }),
    })
}

fn media_by_mid(
    rules: &Rules,
    rtp: &RtpView<'_>,
    media_of_mid: impl FnOnce(&[u8]) -> Option<u8>,
) -> Option<u8> {
    // Id 0 is padding: no element has it.
    if rules.mid_extension == 0 {
        return None;
    }
    let mid = rtp.extension()?.find(rules.mid_extension)?;
    if mid.is_empty() {
        return None;
    }
    media_of_mid(mid)
}
