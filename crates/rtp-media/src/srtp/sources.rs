// SPDX-License-Identifier: GPL-2.0-only

//! What was received of each SSRC.

use super::super::packet_index::estimate;
use super::super::select::MAX_SSRCS;
use super::candidates::Candidates;
use super::context::Context;
use super::crypto::Crypto;
use super::replay::Window;
use super::Opened;

/// How many SSRCs are remembered that the target does not list.
const MAX_UNLISTED: usize = 4;

/// Why a packet is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was received before, or is too old to tell.
    Replayed,
    /// No authentication tag is right, or there is no room for one.
    NotAuthentic,
}

/// Who sent a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Index of the SSRC among those that the target lists.
    pub listed: Option<u8>,
    /// The SSRC.
    pub ssrc: u32,
}

/// What was received of one SSRC.
#[derive(Clone, Copy, Debug, Default)]
struct History {
    rtp: Window,
    rtcp: Window,
}

/// What was received of each SSRC, changed only by packets that are authentic.
///
/// An SSRC that the target does not list takes the place of the one that has been known for the longest
/// time.
#[derive(Clone, Debug)]
pub struct Sources {
    window: u32,
    /// Of the SSRCs that the target lists, then of others.
    histories: [History; MAX_SSRCS + MAX_UNLISTED],
    unlisted: [Option<u32>; MAX_UNLISTED],
    next: usize,
}

impl Sources {
    /// Nothing was received. `window` is how many packets back a late one is accepted, at most
    /// [`WINDOW_CAPACITY`](super::WINDOW_CAPACITY); with 0 nothing is taken for a replay.
    pub fn new(window: u32) -> Self {
        Self {
            window,
            histories: [History::default(); MAX_SSRCS + MAX_UNLISTED],
            unlisted: [None; MAX_UNLISTED],
            next: 0,
        }
    }

    /// Authenticates an RTP packet and decrypts it in place. `highest` is the highest packet index
    /// that others know of this SSRC, which may be wrong. A packet that is refused is as before.
    ///
    /// Packets that carry no tag are taken for the index that is most likely, and none of them for a
    /// replay: nothing would tell (RFC 3711, 3.3.2).
    pub fn open_rtp<C: Crypto>(
        &mut self,
        context: &Context<C>,
        packet: &mut [u8],
        payload_start: usize,
        sender: Sender,
        sequence: u16,
        highest: Option<u32>,
    ) -> Result<Opened, Refused> {
        let window = self.history(sender).map(|history| &history.rtp);
        let own = window.and_then(Window::highest);
        let candidates = Candidates::new(sequence, highest, own);
        let is_authenticated = context.rtp.is_authenticated();
        let is_replay = |index: &u32| {
            is_authenticated && window.is_some_and(|window| window.is_replay(*index, self.window))
        };

        let found = candidates
            .as_slice()
            .iter()
            .filter(|index| !is_replay(index))
            .find_map(|&index| context.try_rtp(packet, payload_start, index));
        let Some(opened) = found else {
            // What looks old by the most likely index is refused without a look at its tag; what may be
            // old by another one, if the tag is right.
            let looks_old = own.is_some_and(|own| is_replay(&estimate(own, sequence)));
            let mut old = candidates
                .as_slice()
                .iter()
                .filter(|index| is_replay(index));
            let is_replay =
                looks_old || old.any(|&index| context.is_rtp_of(packet, payload_start, index));
            return Err(if is_replay {
                Refused::Replayed
            } else {
                Refused::NotAuthentic
            });
        };
        if let Some(history) = self.history_or_new(sender) {
            history.rtp.accept(opened.index);
        }
        Ok(opened)
    }

    /// Authenticates an RTCP packet and decrypts it in place. A packet that is refused is as before.
    pub fn open_rtcp<C: Crypto>(
        &mut self,
        context: &Context<C>,
        packet: &mut [u8],
        sender: Sender,
    ) -> Result<Opened, Refused> {
        let claimed = context
            .claimed_rtcp_index(packet)
            .ok_or(Refused::NotAuthentic)?;
        let window = self.history(sender).map(|history| &history.rtcp);
        if context.rtcp.is_authenticated()
            && window.is_some_and(|window| window.is_replay(claimed, self.window))
        {
            return Err(Refused::Replayed);
        }
        let opened = context.try_rtcp(packet).ok_or(Refused::NotAuthentic)?;
        if let Some(history) = self.history_or_new(sender) {
            history.rtcp.accept(opened.index);
        }
        Ok(opened)
    }

    fn place(&self, sender: Sender) -> Option<usize> {
        let listed = sender.listed.map(usize::from);
        if let Some(listed) = listed.filter(|&listed| listed < MAX_SSRCS) {
            return Some(listed);
        }
        let known = |ssrc: &Option<u32>| *ssrc == Some(sender.ssrc);
        self.unlisted.iter().position(known)?.checked_add(MAX_SSRCS)
    }

    fn history(&self, sender: Sender) -> Option<&History> {
        self.histories.get(self.place(sender)?)
    }

    fn history_or_new(&mut self, sender: Sender) -> Option<&mut History> {
        let place = match self.place(sender) {
            Some(place) => place,
            None => {
                let next = self.next;
                self.next = next.wrapping_add(1) % MAX_UNLISTED;
                *self.unlisted.get_mut(next)? = Some(sender.ssrc);
                let place = next.checked_add(MAX_SSRCS)?;
                *self.histories.get_mut(place)? = History::default();
                place
            }
        };
        self.histories.get_mut(place)
    }
}
