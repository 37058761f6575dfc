// SPDX-License-Identifier: GPL-2.0-only

//! SRTP as a target's peer sends it.

use host_crypto::HostCrypto;
use rtp_media::demux::is_rtcp;
use rtp_media::rtp::RtpView;
use rtp_media::srtp::{Context, Policy};
use rtp_wire::Srtp;

use crate::dice::{get8, put8, Dice};

/// Keys as a command has them; none when packets are plain. None in the first place when they are
/// no keys.
pub(crate) fn context(srtp: &Srtp) -> Option<Option<Context<HostCrypto>>> {
    if srtp.is_plain() {
        return Some(None);
    }
    Context::new(&Policy::of(srtp)).map(Some)
}

/// Keys of a target's peer, and others.
pub(crate) struct Keys {
    pub(crate) right: Context<HostCrypto>,
    pub(crate) wrong: Context<HostCrypto>,
    pub(crate) mki: Vec<u8>,
    /// How many bytes of tag are behind the master key identifier of RTP, and of RTCP.
    tags: [usize; 2],
}

impl Keys {
    /// The keys that decrypt, unless packets are plain. None in the first place when they are no keys.
    pub(crate) fn new(dice: &mut Dice, decrypt: &Srtp) -> Option<Option<Self>> {
        if decrypt.is_plain() {
            return Some(None);
        }
        let right = Policy::of(decrypt);
        let mut other = right.master_key.to_vec();
        put8(&mut other, 0, get8(right.master_key, 0) ^ 1);
        let mut wrong = right;
        wrong.master_key = &other;
        let tags = if right.hmac {
            [right.rtp_tag_len.into(), right.rtcp_tag_len.into()]
        } else {
            [0; 2]
        };
        Some(Some(Self {
            right: Context::new(&right)?,
            wrong: Context::new(&wrong)?,
            mki: dice.bytes(decrypt.mki_len.into()),
            tags,
        }))
    }

    /// Whether a byte is one of the master key identifier, which nobody looks at.
    pub(crate) fn is_mki(&self, at: usize, length: usize, is_rtcp: bool) -> bool {
        let [rtp, rtcp] = self.tags;
        let behind = length - at;
        let tag = if is_rtcp { rtcp } else { rtp };
        (tag + 1..=tag + self.mki.len()).contains(&behind)
    }
}

/// Protects RTP or RTCP; anything else stays as it is. `index` is asked for the packet index of an SSRC,
/// or the next one of SRTCP.
pub(crate) fn protected(
    context: &Context<HostCrypto>,
    mki: &[u8],
    packet: &[u8],
    mut index: impl FnMut(Option<u32>) -> u32,
) -> Vec<u8> {
    let mut buffer = packet.to_vec();
    let length = buffer.len();
    let end = if is_rtcp(packet) {
        buffer.resize(length + context.rtcp_overhead(), 0);
        context.protect_rtcp(&mut buffer, length, index(None), mki)
    } else if let Some(rtp) = RtpView::parse(packet) {
        let index = index(Some(rtp.ssrc()));
        let index = index & 0xffff_0000 | u32::from(rtp.sequence());
        buffer.resize(length + context.rtp_overhead(), 0);
        context.protect_rtp(&mut buffer, length, rtp.payload_start(), index, mki)
    } else {
        Some(length)
    };
    buffer.truncate(end.unwrap_or(length));
    buffer
}
