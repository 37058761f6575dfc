// SPDX-License-Identifier: GPL-2.0-only

//! What a target and its outputs are like.

use host_crypto::suites::{Suite, ALL as SUITES};
use rtp_media::srtp::Cipher;
use rtp_wire::{MediaIndex, OutputGroup, SourceMismatch, Target, TargetFlags, TargetSsrc};
use zerocopy::FromZeros as _;

use crate::{
    case::{endpoint, of_family, Addresses, Case, CaseOutput, Packet, Preset, SENDER_PORT},
    case::{OUTPUT_PORT, TARGET_PORT},
    meant::Difference,
    outputs,
    protection::{is_gcm, Protection},
    random::Random,
};

/// A target and its outputs, and what has to be known to send packets to it.
pub(crate) struct Shape {
    pub(crate) shows: Option<Difference>,
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

/// Whether tags of RTCP are as long as those of RTP, and there is a cipher: what the C module gets right.
fn has_plain_srtcp(suite: &Suite) -> bool {
    suite.rtp_tag_len == suite.rtcp_tag_len && suite.cipher != Cipher::Null
}

pub(crate) fn suite(random: &mut Random, wanted: impl Fn(&Suite) -> bool) -> &'static Suite {
    let fitting: Vec<_> = SUITES
        .iter()
        .filter(|suite| suite.cipher != Cipher::Null || suite.hmac)
        .filter(|suite| wanted(suite))
        .collect();
    random.pick(&fitting)
}

impl Shape {
    /// A shape that shows a difference, or shows that there is none.
    pub(crate) fn draw(
        random: &mut Random,
        shows: Option<Difference>,
        addresses: &Addresses,
        number: u32,
    ) -> Self {
        use Difference as D;
        let is = |these: &[Difference]| shows.is_some_and(|shows| these.contains(&shows));
        let ipv6 = random.percent(35);
        let mut target = Box::new(Target::new_zeroed());
        let mut flags = draw_flags(random);
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
            Some(D::Replay | D::ForgedIndex | D::GcmMki | D::GcmUnencrypted | D::GcmFilter) => true,
            Some(D::LateHighest | D::JumpAnew) => false,
            _ => flags.rtp && random.percent(50),
        };
        let decrypt = decrypts.then(|| draw_decrypt(random, shows));

        let relays_rtcp = [
            D::Feedback,
            D::SrtcpNull,
            D::SrtcpTag,
            D::SrtcpNoCounters,
            D::SrtcpSecondSsrc,
            D::GcmUnencrypted,
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

        let payload_types = draw_payload_types(random, shows.is_some() || flags.pt_filter);
        let count = outputs::count(random, shows, flags.non_forwarding);
        target.num_outputs = count;
        target.flags = flags;
        let rtcp = flags.rtcp_fw || flags.rtcp_fb_fw;
        let mut shape = Self {
            shows,
            ipv6,
            target,
            payload_types,
            decrypt,
            senders: Vec::new(),
            presets: [Preset::default(); 4],
            outputs: Vec::new(),
            tos: random.pick(&[0, 0, 0, 0xb8, 0x20, 0xff & !3]),
        };
        shape.draw_groups(random, rtcp);
        shape.draw_ssrcs(random, ssrcs);
        shape.draw_media(random);
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
        }
    }

    fn draw_ssrcs(&mut self, random: &mut Random, count: u32) {
        let measured = self.target.flags.rtp_stats;
        let media = random.percent(50);
        for n in 0..count.max(random.within(1, 2)) {
            let ssrc = random.word() | 1;
            let is_listed = n < count;
            let high = self.shows == Some(Difference::JumpAnew);
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
                Some(Difference::JumpAnew) => random.within(1_000, 20_000),
                _ => sequence,
            };
            let first = round << 16 | sequence;
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
            if !media || self.shows.is_some() {
                entry.media = MediaIndex::NONE;
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
            mid.set(&[b'a' + n, b'0' + n][..random.within(1, 2) as usize]);
        }
    }

    fn draw_source(&mut self, random: &mut Random, addresses: &Addresses) {
        let any = self.shows.is_some() || random.percent(50);
        self.target.source_mismatch = match random.below(3) {
            _ if any => SourceMismatch::Ignore,
            0 => SourceMismatch::Drop,
            1 => SourceMismatch::Pass,
            _ => SourceMismatch::Ignore,
        };
        if !any {
            let sender = of_family(addresses.sender, self.ipv6);
            self.target.expected_source = endpoint(sender, SENDER_PORT);
        }
    }

    /// The MIDs that packets may carry, and the id of their extension.
    pub(crate) fn mids(&self) -> Option<(u8, Vec<&[u8]>)> {
        let mids = self.target.mids.iter().map(rtp_wire::Mid::as_bytes);
        let mids: Vec<_> = mids.filter(|mid| !mid.is_empty()).collect();
        (self.target.flags.extmap && !mids.is_empty()).then_some((self.target.mid_extension, mids))
    }

    /// The case of this shape.
    pub(crate) fn into_case(self, number: u32, packets: Vec<Packet>) -> Case {
        let meant = self.meant();
        let about = self.about();
        Case {
            number,
            shows: self.shows,
            meant,
            about,
            ipv6: self.ipv6,
            target: self.target,
            payload_types: self.payload_types,
            presets: self.presets,
            outputs: self.outputs,
            packets,
            tos: self.tos,
        }
    }

    /// The differences that apply to what is like this.
    fn meant(&self) -> Vec<Difference> {
        let flags = &self.target.flags;
        let listed = self.target.ssrcs.iter().any(|ssrc| ssrc.given);
        let measured = flags.rtp_stats && !self.payload_types.is_empty();
        let (mut protected, mut extensions, mut ipv4) = (false, false, false);
        for output in &self.outputs {
            protected |= output.protection.is_some();
            extensions |= output.output.flags.extmap;
            ipv4 |= output.output.source.ipv4().is_some();
        }
        let clocked = self.payload_types.iter().any(|(_, clock)| *clock != 0);
        [
            (Difference::Loss, listed && measured),
            (
                Difference::PlainIndex,
                listed && self.decrypt.is_none() && !measured,
            ),
            (Difference::OutputBytes, extensions),
            (Difference::SsrcOctets, listed && protected),
            (Difference::DontFragment, ipv4),
            (Difference::ListedSrtp, protected || self.decrypt.is_some()),
            (Difference::ArrivalTime, listed && measured && clocked),
        ]
        .into_iter()
        .filter_map(|(difference, applies)| applies.then_some(difference))
        .collect()
    }

    fn about(&self) -> String {
        let suite = |it: Option<&Protection>| it.map_or("plain", |it| it.suite.name);
        let outputs: Vec<_> = self
            .outputs
            .iter()
            .map(|output| suite(output.protection.as_ref()))
            .collect();
        format!(
            "{} to {}; {}; {} SSRCs, {} payload types, {:?}",
            suite(self.decrypt.as_ref()),
            outputs.join(", "),
            set_flags(&self.target.flags),
            self.target.ssrcs.iter().filter(|ssrc| ssrc.given).count(),
            self.payload_types.len(),
            self.target.source_mismatch
        )
    }
}

/// The names of the flags that are set.
fn set_flags(flags: &TargetFlags) -> String {
    let text = format!("{flags:?}");
    let fields = text.split(['{', '}', ',']);
    let set = fields.filter_map(|field| field.trim().strip_suffix(": true"));
    set.collect::<Vec<_>>().join(" ")
}

fn draw_flags(random: &mut Random) -> TargetFlags {
    TargetFlags {
        extmap: random.percent(30),
        dtls: random.percent(40),
        stun: random.percent(50),
        rtp: random.percent(93),
        ssrc_req: random.percent(30),
        rtp_only: random.percent(40),
        track_ssrc: random.percent(50),
        rtcp: random.percent(10),
        rtcp_fw: random.percent(45),
        rtcp_fb_fw: random.percent(15),
        do_intercept: random.percent(4),
        pt_filter: random.percent(30),
        non_forwarding: random.percent(5),
        blackhole: random.percent(20),
        rtp_stats: random.percent(65),
    }
}

fn draw_decrypt(random: &mut Random, shows: Option<Difference>) -> Protection {
    use Difference as D;
    let suite = suite(random, |suite| match shows {
        Some(D::Replay | D::ForgedIndex) => suite.authenticates_rtp(),
        Some(D::GcmMki | D::GcmUnencrypted | D::GcmFilter) => is_gcm(suite) && !suite.hmac,
        Some(D::SrtcpNull) => suite.cipher == Cipher::Null,
        _ => true,
    });
    let mki = match shows {
        Some(D::GcmMki) => 4,
        // Without HMAC the C module leaves it in the payload.
        _ if !suite.hmac => 0,
        _ => random.pick(&[0, 0, 0, 1, 4, 8, 30]),
    };
    Protection::new(random, suite, mki)
}

/// Numbers in order. Those that would look like RTCP with the marker set are left out.
fn draw_payload_types(random: &mut Random, some: bool) -> Vec<(u8, u32)> {
    let count = random.below(6) + u32::from(some);
    let clock = random.pick(&[0, 0, 0, 8_000, 48_000]);
    let mut numbers: Vec<u8> = (0..count)
        .map(|_| random.pick(&[0, 8, 9, 13, 18, 63, 96, 97, 100, 101, 111, 127]))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().map(|number| (number, clock)).collect()
}

/// The suites of an output that RTCP goes to.
pub(crate) fn srtcp_fits(shows: Option<Difference>, suite: &Suite) -> bool {
    match shows {
        Some(Difference::SrtcpTag) => {
            suite.rtp_tag_len < suite.rtcp_tag_len && suite.cipher != Cipher::Null
        }
        Some(Difference::SrtcpNull) => suite.cipher == Cipher::Null,
        _ => has_plain_srtcp(suite),
    }
}
