// SPDX-License-Identifier: GPL-2.0-only

//! The packets of a case: most of them as they should be, some of them odd.

use packets::Rtp;
use rtp_media::srtp::Cipher;

use crate::{
    case::Packet,
    extension::extension,
    meant::Difference,
    packet::{csrcs, feedback, other, report, rtcp, short, stun},
    random::Random,
    shape::Shape,
};

/// A sender that no target lists.
const STRANGER: u32 = 0x7e57_0001;

/// What one SSRC sends next.
pub(crate) struct Stream {
    ssrc: u32,
    pub(crate) index: u32,
    timestamp: u32,
    rtcp_index: u32,
}

/// What is sent to a target, as it is made up.
pub(crate) struct Traffic<'a> {
    pub(crate) random: &'a mut Random,
    pub(crate) shape: &'a Shape,
    streams: Vec<Stream>,
    /// Of the senders that the target does not know.
    pub(crate) stranger: Stream,
    pub(crate) packets: Vec<Vec<u8>>,
    /// Packets that come late, and after how many others.
    held: Vec<(u32, Vec<u8>)>,
    /// Packets that were sent, to be sent again.
    pub(crate) last: Option<Vec<u8>>,
}

/// The packets that are sent to a target.
pub(crate) fn packets(random: &mut Random, shape: &Shape, count: usize) -> Vec<Packet> {
    let stream = |ssrc, index, timestamp| Stream {
        ssrc,
        index,
        timestamp,
        rtcp_index: 1,
    };
    let streams = shape
        .senders
        .iter()
        .map(|&(ssrc, first)| stream(ssrc, first, random.word()))
        .collect();
    let mut traffic = Traffic {
        random,
        shape,
        streams,
        stranger: stream(STRANGER, 100, 0),
        packets: Vec::new(),
        held: Vec::new(),
        last: None,
    };
    let ending = traffic.streams.len();
    while traffic.packets.len() + traffic.held.len() < count - ending {
        traffic.next();
        traffic.release();
    }
    let held = std::mem::take(&mut traffic.held);
    traffic
        .packets
        .extend(held.into_iter().map(|(_, bytes)| bytes));
    traffic.end();
    let Traffic {
        random, packets, ..
    } = traffic;
    let from_both = shape.target.expected_source.endpoint().is_some();
    let last = packets.len().saturating_sub(ending);
    let with_sender = packets.into_iter().enumerate().map(|(n, bytes)| Packet {
        sender: usize::from(from_both && n < last && random.percent(10)),
        bytes,
    });
    with_sender.collect()
}

impl Traffic<'_> {
    fn next(&mut self) {
        use Difference as D;
        let choice = self.random.below(100);
        match self.shape.shows {
            None => self.any(choice),
            Some(D::Replay | D::SentAgain) if choice < 25 => self.again(),
            Some(D::TooOld) if choice < 10 => self.old(),
            Some(D::FirstRound) if choice < 10 => self.recorded(),
            Some(D::ForgedIndex) if choice < 15 => self.forged_far(),
            Some(D::GcmFilter) if choice < 15 => self.forged(),
            Some(D::Feedback) if choice < 40 => self.rtcp(true),
            Some(
                D::SrtcpNull
                | D::SrtcpTag
                | D::SrtcpNoCounters
                | D::SrtcpSecondSsrc
                | D::NoOutput
                | D::RtcpMedia,
            ) if choice < 40 => {
                self.rtcp(false);
            }
            Some(D::GcmUnencrypted) if choice < 30 => {
                let mut bytes = report(self.random, self.ssrc());
                bytes.extend([0, 0, 1, choice as u8]);
                self.packets.push(bytes);
            }
            Some(D::LateHighest) if choice < 30 => self.late(),
            Some(_) => self.good(),
        }
    }

    fn any(&mut self, choice: u32) {
        let authenticates = self.authenticates();
        match choice {
            0..=4 => {
                let bytes = stun(self.random);
                self.packets.push(bytes);
            }
            5..=7 => {
                let mut bytes = other(self.random);
                if let Some(first) = bytes.first_mut() {
                    *first = 20 + *first % 44;
                }
                self.packets.push(bytes);
            }
            8..=11 => {
                let bytes = other(self.random);
                self.packets.push(bytes);
            }
            12..=14 => {
                let bytes = short(self.random, STRANGER);
                self.packets.push(bytes);
            }
            15..=19 => self.stranger(),
            20..=25 => self.rtcp(false),
            26..=29 if authenticates => self.forged(),
            26..=29 if !self.encrypts() => self.again(),
            30..=32 if authenticates => self.truncated(),
            30..=34 => self.late(),
            35 => self.packets.push(Vec::new()),
            _ => self.good(),
        }
    }

    fn authenticates(&self) -> bool {
        let decrypt = self.shape.decrypt.as_ref();
        decrypt.is_some_and(|decrypt| decrypt.suite.authenticates_rtp())
    }

    /// Whether an output encrypts: it sends nothing twice.
    fn encrypts(&self) -> bool {
        let outputs = &self.shape.outputs;
        outputs.iter().any(|output| output.protection.is_some())
    }

    fn ssrc(&self) -> u32 {
        self.streams.first().map_or(STRANGER, |stream| stream.ssrc)
    }

    /// An RTP packet of a stream, which is not advanced, as it is and as it is sent.
    pub(crate) fn rtp(&mut self, which: usize) -> (Vec<u8>, usize) {
        let known = !self.shape.payload_types.is_empty() && !self.random.percent(8);
        let payload_type = if known {
            let types: Vec<u8> = self.shape.payload_types.iter().map(|it| it.0).collect();
            self.random.pick(&types)
        } else {
            self.random.pick(&[1, 17, 35, 64, 99, 126])
        };
        self.rtp_of(which, payload_type)
    }

    pub(crate) fn rtp_of(&mut self, which: usize, payload_type: u8) -> (Vec<u8>, usize) {
        let extension = extension(self.random, self.shape);
        let length = match self.random.below(40) {
            0 => 0,
            1 => 1_000 + self.random.below(200),
            2..=6 => 160,
            _ => self.random.below(60),
        };
        let payload = self.random.bytes(length as usize);
        let stream = self.streams.get(which).unwrap_or(&self.stranger);
        let rtp = Rtp {
            padding: self.random.percent(3),
            marker: self.random.percent(10),
            payload_type,
            sequence: stream.index as u16,
            timestamp: stream.timestamp,
            ssrc: stream.ssrc,
            csrcs: csrcs(self.random.pick(&[0, 0, 0, 0, 0, 1, 2, 15])),
            extension,
            payload,
        };
        let (bytes, start) = rtp.bytes();
        match &self.shape.decrypt {
            Some(decrypt) => (decrypt.rtp(&bytes, start, stream.index), start),
            None => (bytes, start),
        }
    }

    pub(crate) fn which(&mut self) -> usize {
        self.random.below(self.streams.len() as u32) as usize
    }

    fn advance(&mut self, which: usize) {
        let jumps = self.shape.shows == Some(Difference::JumpAnew) && self.random.percent(4);
        let step = match self.random.below(30) {
            0 => self.random.within(2, 20),
            _ => 1,
        };
        let time = match self.random.below(20) {
            0 => self.random.below(200_000),
            _ => 160,
        };
        if let Some(stream) = self.streams.get_mut(which) {
            stream.index = stream.index.wrapping_add(if jumps { 300 } else { step });
            stream.timestamp = stream.timestamp.wrapping_add(time);
        }
    }

    /// A packet as it should be.
    pub(crate) fn good(&mut self) {
        let which = self.which();
        let (bytes, _) = self.rtp(which);
        self.advance(which);
        self.last = Some(bytes.clone());
        self.packets.push(bytes);
    }

    /// A packet that comes when more are ahead of it than any window has.
    fn old(&mut self) {
        let which = self.which();
        let (bytes, _) = self.rtp(which);
        if let Some(stream) = self.streams.get_mut(which) {
            stream.index += 1_500;
        }
        let (next, _) = self.rtp(which);
        self.advance(which);
        self.packets.extend([next, bytes]);
    }

    /// A packet that was sent with the same keys in the first round.
    fn recorded(&mut self) {
        let which = self.which();
        let index = self.streams.get(which).map_or(0, |stream| stream.index);
        if let Some(stream) = self.streams.get_mut(which) {
            stream.index = index & 0xffff;
        }
        let (bytes, _) = self.rtp(which);
        if let Some(stream) = self.streams.get_mut(which) {
            stream.index = index;
        }
        self.packets.push(bytes);
    }

    /// A packet that comes after the next ones.
    fn late(&mut self) {
        let which = self.which();
        let (bytes, _) = self.rtp(which);
        self.advance(which);
        let after = self.random.within(1, 4);
        self.held.push((after, bytes));
    }

    /// Sends what comes late, in time.
    fn release(&mut self) {
        let mut due = Vec::new();
        self.held.retain_mut(|(after, bytes)| {
            *after -= 1;
            if *after == 0 {
                due.push(std::mem::take(bytes));
            }
            *after > 0
        });
        self.packets.extend(due);
    }

    fn rtcp(&mut self, only_feedback: bool) {
        let second = self.shape.shows == Some(Difference::SrtcpSecondSsrc);
        let which = usize::from(second && self.random.percent(50));
        let stream = self.streams.get_mut(which).unwrap_or(&mut self.stranger);
        let bytes = if only_feedback {
            feedback(self.random, stream.ssrc)
        } else if self.shape.shows == Some(Difference::SrtcpNull) {
            rtcp(self.random, 200, stream.ssrc, 6)
        } else {
            report(self.random, stream.ssrc)
        };
        let bytes = match &self.shape.decrypt {
            Some(decrypt)
                if decrypt.suite.cipher == Cipher::Null && !self.shape.target.flags.rtcp_fw =>
            {
                bytes
            }
            Some(decrypt) => {
                stream.rtcp_index += 1;
                decrypt.rtcp(&bytes, stream.rtcp_index)
            }
            None => bytes,
        };
        self.packets.push(bytes);
    }

    /// One more packet of each stream, in order, so that the highest is the last, unless a difference is about that.
    fn end(&mut self) {
        let payload_type = self.shape.payload_types.first().map_or(0, |known| known.0);
        for which in 0..self.streams.len() {
            let steps: &[i32] = match self.shape.shows {
                // One that was sent.
                Some(Difference::LateHighest) => &[-3],
                // One that was not.
                Some(Difference::LateSent) => &[3, -2],
                _ => &[0],
            };
            for &step in steps {
                if let Some(stream) = self.streams.get_mut(which) {
                    stream.index = stream.index.wrapping_add_signed(step);
                }
                let (bytes, _) = self.rtp_of(which, payload_type);
                self.packets.push(bytes);
            }
        }
    }
}
