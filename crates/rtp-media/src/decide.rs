// SPDX-License-Identifier: GPL-2.0-only

//! What becomes of a datagram that reached a target: a plan to relay it, or the reason why it is not.

use super::demux;
use super::reason::Reason;
use super::rtcp;
use super::rtp::RtpView;
use super::rtp_wire::RtcpKind;
use super::rules::{Rules, SourceRule};
use super::udp_ip::Endpoint;

/// How a packet is relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// As RTP.
    Rtp(Rtp),
    /// As RTCP.
    Rtcp(Rtcp),
    /// As it is, to the RTP outputs of media 0.
    Opaque,
}

/// What is known of an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rtp {
    /// The media, whose RTP outputs it goes to.
    pub media: u8,
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
pub struct Rtcp {
    /// Index of its sender's SSRC.
    pub ssrc_index: Option<u8>,
    /// Its sender's SSRC.
    pub ssrc: u32,
}

/// What is known of an RTCP packet that was decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtcpRelay {
    /// The media, whose RTCP outputs it goes to.
    pub media: u8,
    /// It is passed, too, marked as relayed.
    pub and_pass: bool,
}

/// Decides on a datagram, by what can be known of it before it is authenticated and decrypted.
/// `media_of_mid` finds the media of a MID, which is never empty.
pub fn decide(
    rules: &Rules,
    source: &Endpoint,
    datagram: &[u8],
    media_of_mid: impl FnOnce(&[u8]) -> Option<u8>,
) -> Result<Plan, Reason> {
    if rules.stun && demux::is_stun(datagram) {
        return Err(Reason::Stun);
    }
    match &rules.source {
        SourceRule::DropOthers(expected) if source != expected => {
            return Err(Reason::ForeignDropped)
        }
        SourceRule::PassOthers(expected) if source != expected => {
            return Err(Reason::ForeignPassed)
        }
        _ => (),
    }
    if rules.dtls && demux::is_dtls(datagram) {
        return Err(Reason::Dtls);
    }
    if rules.non_forwarding && !rules.intercept {
        return Err(if rules.blackhole {
            Reason::Blackhole
        } else {
            Reason::NonForwarding
        });
    }
    if !rules.rtp {
        return opaque(rules);
    }
    let is_rtcp = match rules.rtcp {
        RtcpKind::SecondByte => demux::is_rtcp(datagram),
        RtcpKind::Nothing => false,
        RtcpKind::Everything => true,
    };
    if is_rtcp {
        return Rtcp::decide(rules, datagram).map(Plan::Rtcp);
    }
    match RtpView::parse(datagram) {
        Some(view) => Rtp::decide(rules, &view, media_of_mid).map(Plan::Rtp),
        None if rules.rtp_only => Err(Reason::NotRtp),
        None => opaque(rules),
    }
}

/// Decides on what is neither RTP nor RTCP.
fn opaque(rules: &Rules) -> Result<Plan, Reason> {
    if rules.unserved {
        Err(Reason::NoOutput)
    } else {
        Ok(Plan::Opaque)
    }
}

impl Rtp {
    fn decide(
        rules: &Rules,
        view: &RtpView<'_>,
        media_of_mid: impl FnOnce(&[u8]) -> Option<u8>,
    ) -> Result<Self, Reason> {
        let payload_type = view.payload_type();
        let pt_index = rules.payload_types.index_of(payload_type);

        let (ssrc_index, ssrc_media) = match rules.ssrcs.find(view.ssrc()) {
            Some((index, media)) => (Some(index), media),
            None if rules.ssrc_req || !rules.ssrcs.is_empty() => return Err(Reason::Ssrc),
            None => (None, None),
        };
        let media = mid(rules.mid_extension, view)
            .and_then(media_of_mid)
            .or(ssrc_media)
            .or_else(|| rules.payload_types.media(pt_index?))
            .unwrap_or(0);
        Ok(Self {
            media,
            pt_index,
            ssrc_index,
            ssrc: view.ssrc(),
            payload_type,
            sequence: view.sequence(),
            timestamp: view.timestamp(),
            payload_start: view.payload_start(),
            measure: rules.rtp_stats && ssrc_index.is_some() && pt_index.is_some(),
        })
    }

    /// Decides on it once it is authentic, and decrypted.
    pub fn confirm(&self, rules: &Rules) -> Result<(), Reason> {
        match self.pt_index {
            None if rules.pt_filter => Err(Reason::PayloadType),
            _ if rules.unserved => Err(Reason::NoOutput),
            _ => Ok(()),
        }
    }
}

impl Rtcp {
    fn decide(rules: &Rules, datagram: &[u8]) -> Result<Self, Reason> {
        let ssrc = rtcp::sender(datagram).filter(|_| rules.rtcp_fb_fw || rules.rtcp_fw);
        let ssrc = ssrc.ok_or(Reason::Rtcp)?;
        Ok(Self {
            ssrc_index: rules.ssrcs.find(ssrc).map(|(index, _)| index),
            ssrc,
        })
    }

    /// Decides on it once it is authentic, and decrypted: on the bytes in `clear`. `has_output` tells whether
    /// there is an output for RTCP of a media.
    ///
    /// The media is that of the sender's SSRC, else of the media source that feedback is about, else media 0.
    pub fn confirm(
        &self,
        rules: &Rules,
        clear: &[u8],
        has_output: impl FnOnce(u8) -> bool,
    ) -> Result<RtcpRelay, Reason> {
        let and_pass = if rules.rtcp_fb_fw && rtcp::all_feedback(clear) {
            false
        } else if rules.rtcp_fw {
            true
        } else {
            return Err(Reason::Rtcp);
        };
        let media_of = |ssrc| rules.ssrcs.find(ssrc).and_then(|(_, media)| media);
        let media = media_of(self.ssrc)
            .or_else(|| rtcp::media_sources(clear).find_map(media_of))
            .unwrap_or(0);
        if !has_output(media) {
            return Err(Reason::NoOutput);
        }
        Ok(RtcpRelay { media, and_pass })
    }
}

/// The MID of a packet, in the extension of that id; 0 is no id but padding.
fn mid<'a>(extension: u8, view: &RtpView<'a>) -> Option<&'a [u8]> {
    if extension == 0 {
        return None;
    }
    let mid = view.extension()?.find(extension)?;
    (!mid.is_empty()).then_some(mid)
}
