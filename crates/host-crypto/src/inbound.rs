// SPDX-License-Identifier: GPL-2.0-only

//! What receives SRTP, as the module does.

use rtp_media::srtp::index::{Received, Refused, Stream};
use rtp_media::srtp::{Context, Crypto, Opened, Part};

/// How many SSRCs are remembered.
const SSRCS: usize = 16;

/// Keys, and what was received.
pub struct Inbound<C: Crypto> {
    /// The keys.
    pub context: Context<C>,
    rtp: Received<Vec<Stream>>,
    rtcp: Received<Vec<Stream>>,
}

impl<C: Crypto> Inbound<C> {
    /// Nothing was received. `window` is how many packets back one may come late, where packets carry tags.
    pub fn new(context: Context<C>, window: u32) -> Self {
        Self::with_windows(context, window, window)
    }

    /// With different windows of RTP and RTCP.
    pub fn with_windows(context: Context<C>, rtp: u32, rtcp: u32) -> Self {
        let received = |part, window| {
            let window = if context.is_authenticated(part) {
                window
            } else {
                0
            };
            Received::new(vec![Stream::EMPTY; SSRCS], window)
        };
        Self {
            rtp: received(Part::Rtp, rtp),
            rtcp: received(Part::Rtcp, rtcp),
            context,
        }
    }

    /// Opens an RTP packet in place. `shared` is the highest index that others know of.
    pub fn open_rtp(
        &mut self,
        packet: &mut [u8],
        payload_start: usize,
        ssrc: u32,
        sequence: u16,
        shared: Option<u32>,
    ) -> Result<Opened, Refused> {
        let guesses = self.rtp.guesses(ssrc, sequence, shared);
        self.context
            .open_rtp(packet, payload_start, guesses, |index| {
                self.rtp.admit(ssrc, index, shared)
            })
    }

    /// Opens an RTCP packet in place.
    pub fn open_rtcp(&mut self, packet: &mut [u8], ssrc: u32) -> Result<Opened, Refused> {
        self.context
            .open_rtcp(packet, |index| self.rtcp.admit(ssrc, index, None))
    }
}
