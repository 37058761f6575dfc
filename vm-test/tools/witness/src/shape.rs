// SPDX-License-Identifier: GPL-2.0-only

//! What a target and its outputs are like.

use rtp_media::srtp::Cipher;
use rtp_wire::{ExpectedSource, Generation, MediaIndex, OutputGroup, Target, TargetSsrc};
use zerocopy::FromZeros as _;

use crate::{
    case::{endpoint, of_family, Addresses, CaseOutput, Preset, SENDER_PORT},
    case::{OUTPUT_PORT, TARGET_PORT},
    draw,
    meant::Difference,
    outputs,
    protection::{is_gcm, Protection},
    random::Random,
    record::Plan,
};

/// A target and its outputs, and what has to be known to send packets to it.
pub(crate) struct Shape {
    pub(crate) shows: Option<Difference>,
    /// The outputs are one list: there are neither media nor header extensions.
    pub(crate) in_lists: bool,
    pub(crate) ipv6: bool,
    pub(crate) target: Box<Target>,
    pub(crate) payload_types: Vec<(u8, u32)>,
    pub(crate) decrypt: Option<Protection>,
    /// SSRCs that send, whether the target lists them or not, and the extended sequence number that each starts with.
    pub(crate) senders: Vec<(u32, u32)>,
    pub(crate) presets: [Preset; 4],
    pub(crate) outputs: Vec<CaseOutput>,
    pub(crate) tos: u8,
}

impl Shape {
    /// A shape that shows a difference, or shows that there is none.
    pub(crate) fn draw(
        random: &mut Random,
        plan: &Plan<'_>,
        shows: Option<Difference>,
        number: u32,
    ) -> Self {
        let addresses = &plan.addresses;
        let in_lists = plan.generation == Generation::V12_5;
        use Difference as D;
        let is = |these: &[Difference]| shows.is_some_and(|shows| these.contains(&shows));
        let ipv6 = random.percent(35);
        let mut target = Box::new(Target::new_zeroed());
        let mut flags = draw::flags(random);
        if in_lists {
            flags.extmap = false;
        }
        if shows.is_some() {
            flags.rtp = true;
            flags.non_forwarding = false;
            flags.ssrc_req = false;
        }

        let no_ssrcs = [
            D::SrtcpNoCounters,
            D::PayloadTypeMedia,
            D::RolloverNoCounters,
        ];
        let ssrcs = match shows {
            Some(_) if is(&no_ssrcs) => 0,
            Some(D::SrtcpSecondSsrc) => 2,
            Some(_) => random.within(1, 4),
            None => random.pick(&[0, 0, 1, 1, 1, 2, 3, 4]),
        };
        if ssrcs == 0 {
            flags.ssrc_req &= random.percent(20);
        }
        let decrypts = match shows {
            Some(
                D::Replay
                | D::ForgedIndex
                | D::GcmMki
                | D::GcmUnencrypted
                | D::GcmFilter
                | D::TooOld
                | D::FirstRound,
            ) => true,
            Some(
                D::LateHighest
                | D::LateSent
                | D::JumpAnew
                | D::SentAgain
                | D::IndexEnd
                | D::NoOutput
                | D::RtcpMedia,
            ) => false,
            _ => flags.rtp && random.percent(50),
        };
        let decrypt = decrypts.then(|| draw::decrypt(random, shows));

        let relays_rtcp = [
            D::Feedback,
            D::SrtcpNull,
            D::SrtcpTag,
            D::SrtcpNoCounters,
            D::SrtcpSecondSsrc,
            D::GcmUnencrypted,
            D::NoOutput,
            D::RtcpMedia,
            D::Unserved,
        ];
        if is(&relays_rtcp) {
            flags.rtcp_fw = shows != Some(D::Feedback) || random.percent(50);
            flags.rtcp_fb_fw = shows == Some(D::Feedback);
        }
        let clear = |it: &Protection| it.suite.cipher == Cipher::Null;
        if decrypt.as_ref().is_some_and(clear) && shows != Some(D::SrtcpNull) {
            (flags.rtcp_fw, flags.rtcp_fb_fw) = (false, false);
        }
        if is(&[D::LateHighest, D::JumpAnew]) {
            (flags.rtp_stats, flags.pt_filter) = (true, false);
        }
        if is(&[D::GcmFilter]) {
            flags.pt_filter = true;
        }
        if is(&[D::TwoByteMid, D::TwoByteForm]) {
            flags.extmap = is(&[D::TwoByteMid]);
        }
        if is(&[D::LateSent]) {
            // All of an SSRC goes to the same outputs, and what is measured has a difference of its own.
            (flags.extmap, flags.rtp_stats) = (false, false);
        }

        let payload_types = draw::payload_types(random, shows.is_some() || flags.pt_filter);
        let count = outputs::count(random, shows, flags.non_forwarding);
        target.num_outputs = count;
        target.flags = flags;
        let rtcp = flags.rtcp_fw || flags.rtcp_fb_fw;
        let mut shape = Self {
            shows,
            in_lists,
            ipv6,
            target,
            payload_types,
            decrypt,
            senders: Vec::new(),
            presets: [Preset::default(); 4],
            outputs: Vec::new(),
            tos: random.pick(&[0, 0, 0, 0xb8, 0x20, 0xfc]),
        };
        shape.draw_groups(random, rtcp);
        shape.draw_ssrcs(random, ssrcs);
        shape.draw_media(random);
        if in_lists {
            shape.make_lists(random, rtcp);
        }
        shape.draw_source(random, addresses);
        shape.target.local = endpoint(
            of_family(addresses.target, ipv6),
            TARGET_PORT + number as u16,
        );
        shape.target.intercept_stream = u32::MAX;
        if let Some(decrypt) = &shape.decrypt {
            decrypt.fill(&mut shape.target.decrypt);
        }
        shape.outputs = outputs::draw(random, &shape, addresses, OUTPUT_PORT);
        shape
    }

    fn draw_groups(&mut self, random: &mut Random, rtcp: bool) {
        let count = self.target.num_outputs;
        if count == 0 {
            return;
        }
        let only_rtcp_last = rtcp && count > 1;
        let rtp_end = if only_rtcp_last { count - 1 } else { count };
        let media = self.shows == Some(Difference::PayloadTypeMedia)
            || self.shows == Some(Difference::TwoByteMid)
            || random.percent(40);
        for (n, group) in self.target.groups.iter_mut().enumerate() {
            if n > 0 && (!media || n > 3) {
                break;
            }
            let (start, end) = if media {
                let start = random.below(rtp_end.into()) as u8;
                (start, random.within(start.into(), rtp_end.into()) as u8)
            } else {
                (0, rtp_end)
            };
            *group = OutputGroup {
                rtp_start: start,
                rtp_end: end,
                rtcp_start: 0,
                rtcp_end: 0,
            };
            if n == 0 && rtcp {
                (group.rtcp_start, group.rtcp_end) = (count - 1, count);
                if random.percent(20) {
                    (group.rtcp_start, group.rtcp_end) = (0, count);
                }
            }
        }
        // What a difference is to show in has to be sent at all.
        if self.shows.is_some() {
            let [first, others @ ..] = &mut self.target.groups;
            (first.rtp_start, first.rtp_end) = (0, 1);
            for other in others.iter_mut().take(3).filter(|_| media) {
                (other.rtp_start, other.rtp_end) = (1, 2);
            }
            if self.shows == Some(Difference::NoOutput) {
                (first.rtcp_start, first.rtcp_end) = (0, 0);
            }
            if let (Some(Difference::RtcpMedia), [second, ..]) = (self.shows, others) {
                (first.rtcp_start, first.rtcp_end) = (0, 1);
                (second.rtp_start, second.rtp_end) = (0, 1);
                (second.rtcp_start, second.rtcp_end) = (1, 2);
            }
        }
    }

    /// Has the outputs be one list, the last ones for RTCP, and no media; and says what RTCP is.
    fn make_lists(&mut self, random: &mut Random, rtcp: bool) {
        let count = self.target.num_outputs;
        let for_rtcp = match self.shows {
            Some(Difference::NoOutput) => 0,
            Some(Difference::Unserved) => count,
            _ if !rtcp || count < 2 => 0,
            Some(_) => 1,
            None => random.within(1, u32::from(count) - 1) as u8,
        };
        let rtp_end = count - for_rtcp;
        self.target.groups = [OutputGroup::new_zeroed(); 8];
        if let Some(list) = self.target.groups.first_mut() {
            *list = OutputGroup {
                rtp_start: 0,
                rtp_end,
                rtcp_start: if for_rtcp == 0 { 0 } else { rtp_end },
                rtcp_end: if for_rtcp == 0 { 0 } else { count },
            };
        }
        for ssrc in &mut self.target.ssrcs {
            ssrc.media = MediaIndex::NONE;
        }
        for payload_type in &mut self.target.payload_types {
            payload_type.media = MediaIndex::NONE;
        }
        let flags = &mut self.target.flags;
        if self.shows.is_none() && for_rtcp == 0 {
            (flags.rtcp_fw, flags.rtcp_fb_fw) = (false, false);
        }
        // What is not known for SRTCP is RTP that is not authentic: `gcm-filter`.
        let filters = flags.pt_filter && self.decrypt.as_ref().is_some_and(|it| is_gcm(it.suite));
        let is_muxed = filters || rtcp && (self.shows.is_some() || random.percent(80));
        (flags.rtcp, flags.rtcp_mux) = match random.below(3) {
            _ if is_muxed => (true, true),
            0 => (true, false),
            _ => (false, random.percent(30)),
        };
    }

    fn draw_ssrcs(&mut self, random: &mut Random, count: u32) {
        let measured = self.target.flags.rtp_stats;
        let media = random.percent(50);
        for n in 0..count.max(random.within(1, 2)) {
            let ssrc = random.word() | 1;
            let is_listed = n < count;
            let high = matches!(
                self.shows,
                Some(Difference::JumpAnew | Difference::FirstRound)
            );
            let round = if is_listed {
                random.pick(&[0, 0, 0, 1, 7])
            } else {
                0
            };
            let round = if high { 3 } else { round };
            let sequence = match random.below(10) {
                0..=3 if is_listed => random.within(0xff80, 0xffff),
                4 => random.within(0x7fc0, 0x8010),
                _ => random.within(16, 50_000),
            };
            let sequence = match self.shows {
                Some(Difference::RolloverNoCounters) => random.within(0xffe0, 0xfff0),
                Some(Difference::ForgedIndex) => random.within(16, 20_000),
                Some(Difference::JumpAnew | Difference::FirstRound) => random.within(1_000, 20_000),
                // Beyond the first window, and far from the next round.
                Some(Difference::TooOld) => random.within(3_000, 10_000),
                _ => sequence,
            };
            let first = (round << 16) | sequence;
            self.senders.push((ssrc, first));
            let Some(entry) = self.target.ssrcs.get_mut(n as usize).filter(|_| is_listed) else {
                continue;
            };
            *entry = TargetSsrc {
                ssrc,
                given: true,
                media: MediaIndex::new(random.pick(&[0, 1, 2, 3, 8])).unwrap_or(MediaIndex::NONE),
                ..TargetSsrc::new_zeroed()
            };
            let flags = &self.target.flags;
            // RTCP goes to the media of its SSRC, and with the C module to media 0.
            if !media || self.shows.is_some() || flags.rtcp_fw || flags.rtcp_fb_fw {
                entry.media = MediaIndex::NONE;
            }
            if self.shows == Some(Difference::RtcpMedia) {
                entry.media = MediaIndex::new(1).expect("below 8");
            }
            let known = round > 0 || random.percent(20);
            if let Some(preset) = self.presets.get_mut(n as usize).filter(|_| known) {
                preset.ext_seq = first - 1;
                preset.lost_bits = if measured { u32::MAX } else { 0 };
            }
        }
    }

    /// Media of payload types, and MIDs.
    fn draw_media(&mut self, random: &mut Random) {
        let by_type = match self.shows {
            Some(Difference::PayloadTypeMedia) => true,
            Some(_) => false,
            None => self.target.ssrcs.iter().any(|ssrc| ssrc.given),
        };
        self.target.num_payload_types = self.payload_types.len() as u8;
        for to in self
            .target
            .payload_types
            .iter_mut()
            .take(self.payload_types.len())
        {
            let media = if by_type { random.below(4) as u8 } else { 0 };
            to.media = MediaIndex::new(media).expect("below 8");
        }
        if !self.target.flags.extmap {
            return;
        }
        self.target.mid_extension = random.within(1, 14) as u8;
        for (n, mid) in (0u8..4).zip(&mut self.target.mids) {
            let text = [b'a' + n, b'0' + n];
            let length = random.within(1, 2) as usize;
            mid.set(text.get(..length).unwrap_or(&text));
        }
    }

    fn draw_source(&mut self, random: &mut Random, addresses: &Addresses) {
        let any = self.shows.is_some() || random.percent(50);
        let sender = endpoint(of_family(addresses.sender, self.ipv6), SENDER_PORT);
        self.target.expected_source = match random.below(3) {
            _ if any => ExpectedSource::Any,
            0 => ExpectedSource::Drop(sender),
            1 => ExpectedSource::Pass(sender),
            _ => ExpectedSource::Ignore(sender),
        };
    }

    /// The MIDs that packets may carry, and the id of their extension.
    pub(crate) fn mids(&self) -> Option<(u8, Vec<&[u8]>)> {
        let mids = self.target.mids.iter().map(rtp_wire::Mid::as_bytes);
        let mids: Vec<_> = mids.filter(|mid| !mid.is_empty()).collect();
        (self.target.flags.extmap && !mids.is_empty()).then_some((self.target.mid_extension, mids))
    }
}
