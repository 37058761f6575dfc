// SPDX-License-Identifier: GPL-2.0-only

//! The peer of a target: what it sends, protected where the target decrypts, and what others send who do
//! not have its keys.

use std::collections::{HashMap, VecDeque};

use rtp_media::demux::is_rtcp;
use rtp_media::rtp::RtpView;

use crate::dice::{get16, put16, Dice};
use crate::keys::{protected, Keys};
use crate::model::Target;
use crate::payload::{self, Manner};
use crate::rtp;

/// How many packets are kept to be sent again.
const KEPT: usize = 16;
/// The longest of them.
const LONGEST_KEPT: usize = 1500;
/// Shortest RTCP.
const RTCP: usize = 8;
/// From this index on an SSRC that the target does not list is replaced by another one: the target remembers
/// a few of them, and guesses no rollover counter above 1 for one that it has forgotten.
const LAST: u32 = 0x1_c000;

/// A payload that somebody sends.
pub(crate) struct Sent {
    pub(crate) name: &'static str,
    pub(crate) payload: Vec<u8>,
    /// It is RTP as it should be, of the peer, for the first time.
    pub(crate) valid: bool,
    /// It must not be relayed, whatever anybody works out.
    pub(crate) never: bool,
}

/// The peer of a target.
pub(crate) struct Peer {
    manner: Manner,
    keys: Option<Keys>,
    /// The next packet index of each SSRC.
    next: HashMap<u32, u32>,
    next_rtcp: u32,
    /// What was sent, to be sent again.
    kept: VecDeque<Vec<u8>>,
    /// The target lists its SSRCs.
    is_listed: bool,
    /// The target encrypts what it sends: an index is used once, and what is far ahead makes all others too old.
    encrypts: bool,
    /// It leaves no sequence numbers out.
    pub(crate) steady: bool,
}

impl Peer {
    pub(crate) fn new(dice: &mut Dice, target: &Target) -> Option<Self> {
        let listed = target.rules.ssrcs.0.iter().flatten();
        let mut ssrcs: Vec<u32> = listed.map(|entry| entry.ssrc).collect();
        let is_listed = !ssrcs.is_empty();
        if !is_listed {
            ssrcs = vec![dice.word(), dice.word()];
        }
        let mids = target.config.mids.iter().map(|mid| mid.as_bytes().to_vec());
        let manner = Manner {
            payload_types: target.rules.payload_types.numbers().to_vec(),
            mids: mids.filter(|mid| (1..17).contains(&mid.len())).collect(),
            mid_extension: target.rules.mid_extension,
            ssrcs,
        };
        let keys = Keys::new(dice, &target.config.decrypt)?;
        Some(Self {
            manner,
            keys,
            next: HashMap::new(),
            next_rtcp: 0,
            kept: VecDeque::new(),
            is_listed,
            encrypts: target
                .outputs
                .iter()
                .any(|output| !output.config.encrypt.is_plain()),
            steady: false,
        })
    }

    /// What the peer sends in good faith: RTP of a known payload type, of that length at least.
    pub(crate) fn valid(&mut self, dice: &mut Dice, length: usize) -> Sent {
        let mut payload = rtp::valid_rtp(dice, &self.manner, 0);
        if let Some(more) = length.checked_sub(payload.len()) {
            payload.extend_from_slice(&dice.bytes(more));
        }
        self.number(dice, &mut payload);
        let payload = self.seal(payload);
        Sent {
            name: "valid",
            payload,
            valid: true,
            never: false,
        }
    }

    /// Anything else.
    pub(crate) fn hostile(&mut self, dice: &mut Dice) -> Sent {
        let sequence = dice.short();
        let (name, mut payload) = match dice.below(20) {
            0..=3 => ("rtp", rtp::valid_rtp(dice, &self.manner, sequence)),
            4..=8 => rtp::lying_rtp(dice, &self.manner, sequence),
            9..=13 => payload::rtcp(dice, &self.manner),
            14 | 15 => payload::stun(dice),
            16 | 17 => payload::dtls(dice),
            _ => payload::noise(dice),
        };
        if dice.one_in(5) {
            payload::mutate(dice, &mut payload);
        }
        let mut sent = Sent {
            name,
            payload,
            valid: false,
            never: false,
        };
        if self.keys.is_some() {
            self.protect(dice, &mut sent);
        } else if self.encrypts && !is_rtcp(&sent.payload) {
            self.number(dice, &mut sent.payload);
            if dice.one_in(10) {
                // Now and then late, or again.
                let behind = dice.pick(&[1, 2, 3, 60, 1000, 2000]);
                let sequence = get16(&sent.payload, 2).unwrap_or(0);
                put16(&mut sent.payload, 2, sequence.wrapping_sub(behind));
            }
        }
        sent
    }

    /// Numbers RTP as the next of its SSRC, now and then with some left out, from close to a rollover on. What is none
    /// yet may become some when it is cut, or filled up: with a number of its own it would make the next ones too old.
    fn number(&mut self, dice: &mut Dice, packet: &mut [u8]) {
        let &mut [0x80..=0xbf, _, _, _, _, _, _, _, a, b, c, d, ..] = packet else {
            return;
        };
        let ssrc = u32::from_be_bytes([a, b, c, d]);
        let start = u32::from(dice.short()) | 0xf000;
        let next = self.next.entry(ssrc).or_insert(start);
        let skips = !self.steady && dice.one_in(50);
        let skipped = if skips { dice.below(200) } else { 0 };
        *next = next.wrapping_add(1 + skipped as u32);
        put16(packet, 2, *next as u16);
        if *next >= LAST && !self.is_listed {
            for old in self.manner.ssrcs.iter_mut().filter(|old| **old == ssrc) {
                *old = dice.word();
            }
        }
    }

    /// Protects a packet with the target's keys: one that it cannot tell from the peer's own.
    fn seal(&mut self, packet: Vec<u8>) -> Vec<u8> {
        let Some(keys) = &self.keys else {
            return packet;
        };
        let sealed = protected(&keys.right, &keys.mki, &packet, |ssrc| {
            ssrc.map_or_else(
                || {
                    self.next_rtcp += 1;
                    self.next_rtcp
                },
                |ssrc| self.next.get(&ssrc).copied().unwrap_or(0),
            )
        });
        if sealed.len() <= LONGEST_KEPT {
            self.kept.push_back(sealed.clone());
        }
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
        sealed
    }

    /// Protects a packet, well or badly.
    fn protect(&mut self, dice: &mut Dice, sent: &mut Sent) {
        let clear = std::mem::take(&mut sent.payload);
        let is_rtcp = is_rtcp(&clear);
        let start = if is_rtcp {
            RTCP.min(clear.len())
        } else {
            RtpView::parse(&clear).map_or(usize::MAX, |rtp| rtp.payload_start())
        };
        if start > clear.len() || is_rtcp && clear.len() < RTCP {
            // Nothing that SRTP protects.
            sent.payload = clear;
            return;
        }
        let mut packet = clear;
        let how = dice.below(10);
        // What is not authentic may have any number.
        if !is_rtcp && (!matches!(how, 4 | 5) || dice.one_in(2)) {
            self.number(dice, &mut packet);
        }
        match how {
            0..=3 => {
                sent.payload = self.seal(packet);
                return;
            }
            4 => {
                // As it is: what would be its tag is not.
                sent.name = "srtp: plain";
                sent.payload = packet;
            }
            5 => {
                let Some(keys) = &self.keys else { return };
                sent.name = "srtp: wrong key";
                let index = dice.word() >> 8;
                let index = |ssrc: Option<u32>| {
                    let known = ssrc.and_then(|ssrc| self.next.get(&ssrc));
                    known.copied().unwrap_or(index)
                };
                sent.payload = protected(&keys.wrong, &keys.mki, &packet, index);
            }
            6 if !self.kept.is_empty() => {
                sent.name = "srtp: replay";
                let at = dice.below(self.kept.len());
                sent.payload = self.kept.get(at).cloned().unwrap_or_default();
                // It may not have arrived when it was sent first.
                return;
            }
            7 => {
                sent.name = "srtp: truncated";
                let mut sealed = self.seal(packet);
                let length = dice.within(start, sealed.len());
                sealed.truncate(length);
                sent.payload = sealed;
            }
            8 => {
                sent.name = "srtp: header changed";
                let mut sealed = self.seal(packet);
                let at = dice.below(start.min(12));
                dice.flip(&mut sealed, at);
                sent.payload = sealed;
                return;
            }
            _ => {
                sent.name = "srtp: changed";
                let mut sealed = self.seal(packet);
                let at = dice.within(start, sealed.len());
                dice.flip(&mut sealed, at);
                let length = sealed.len();
                sent.payload = sealed;
                let keys = self.keys.as_ref();
                if keys.is_some_and(|keys| keys.is_mki(at, length, is_rtcp)) {
                    sent.name = "srtp: key identifier changed";
                    return;
                }
            }
        }
        sent.never = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{hex, Place};
    use rtp_wire::v26_0::encode;
    use rtp_wire::{Endpoint, Flow, UserPointer};
    use zerocopy::{FromZeros as _, IntoBytes as _};

    const SSRCS: [u32; 2] = [0x1234_5678, 0x9abc_def0];

    /// A target that takes RTP in plain, and encrypts what it sends.
    fn place(shares_counters: bool) -> Place {
        let mut target = Box::new(rtp_wire::Target::new_zeroed());
        target.local = Endpoint::v4([10, 0, 0, 1], 4000);
        target.flags.rtp = true;
        target.num_outputs = 1;
        (target.stats, target.interface_stats) = (UserPointer(2048), UserPointer(2048));
        if let Some(group) = target.groups.first_mut() {
            group.rtp_end = 1;
        }
        let mut output = Box::new(rtp_wire::Output::new_zeroed());
        output.flow = Flow::v4(([10, 0, 0, 1], 4000), ([10, 0, 0, 2], 4000));
        (output.stats, output.interface_stats) = (UserPointer(2048), UserPointer(2048));
        let keys = &mut output.encrypt;
        (keys.cipher, keys.hmac) = (rtp_wire::Cipher::AesCm128, rtp_wire::Hmac::HmacSha1);
        (keys.rtp_auth_tag_len, keys.rtcp_auth_tag_len) = (10, 10);
        (keys.master_key_len, keys.master_salt_len) = (16, 14);
        (keys.session_key_len, keys.session_salt_len) = (16, 14);
        let pairs = target.ssrcs.iter_mut().zip(&mut output.ssrcs);
        for ((from, to), (n, ssrc)) in pairs.zip((1..).zip(SSRCS)) {
            (from.ssrc, from.given) = (ssrc, true);
            from.stats = UserPointer(n * 64);
            to.stats = UserPointer(if shares_counters { 1024 } else { 1024 + n * 64 });
        }
        let local = target.local;
        Place {
            name: "to SRTP".into(),
            target: hex(encode::add_target(&target).as_bytes()),
            outputs: vec![hex(encode::add_destination(&local, 0, &output).as_bytes())],
            payload_types: Vec::new(),
            source: ([10, 0, 0, 3].into(), 5000),
            passed: -1,
            receiver: -1,
            sender: -1,
            carries: true,
            share: 1,
        }
    }

    /// Whatever is sent between them, cut or filled up to another length as bursts are.
    #[test]
    fn valid_packets_are_relayed_after_hostile_ones() {
        for seed in 0..8 {
            let mut dice = Dice::new(seed);
            let mut target = Target::new(&place(seed % 2 == 1)).expect("a target");
            let mut peer = Peer::new(&mut dice, &target).expect("a peer");
            let source = Endpoint::v4([10, 0, 0, 3], 5000);
            for count in 0..20_000 {
                let mut hostile = peer.hostile(&mut dice).payload;
                let length = dice.within(1, 1200);
                hostile.resize(length, 0);
                target.receive(&source, &hostile);
                let valid = peer.valid(&mut dice, 0).payload;
                let fate = target.receive(&source, &valid);
                assert_eq!(
                    fate.relayed.len(),
                    1,
                    "seed {seed}, packet {count}: {valid:02x?}"
                );
            }
        }
    }
}
