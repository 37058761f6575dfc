// SPDX-License-Identifier: GPL-2.0-only

//! Two implementations, packet by packet.
//!
//! Where they differ by a rule of ours:
//!
//! - A packet that libsrtp takes for another round of sequence numbers is tried as one of the next
//!   round, and of the one before: [`Figures::guessed`] counts those that are found so, which have to be
//!   genuine, and newer than all that came before.
//! - Packets without a tag are never taken for replays: [`Figures::unauthenticated`] counts those that
//!   libsrtp does.
//! - Session keys of AES-192 are derived [otherwise](crate::derivation).
//! - The master key identifier of a packet is not looked at: it is not changed on the way.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::{AddAssign, Range};

use host_crypto::outbound::{Indices, KeyUse};
use host_crypto::suites::{Suite, ALL};
use host_crypto::Inbound;

use rtp_media::rtp::RtpView;
use rtp_media::srtp::Context;

use crate::derivation::LibsrtpKeys;
use crate::network::{Network, Packet};
use crate::random::Random;
use crate::sys::{self, Role, Session};

/// What was compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Figures {
    /// Packets protected, RTP and RTCP.
    pub protected: u64,
    /// Packets opened.
    pub opened: u64,
    /// Packets refused.
    pub refused: u64,
    /// Rollovers of senders.
    pub rollovers: u64,
    /// Packets found by a guess of the rollover counter, which libsrtp refuses.
    pub guessed: u64,
    /// Packets without a tag, which libsrtp refuses as replays.
    pub unauthenticated: u64,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.protected += other.protected;
        self.opened += other.opened;
        self.refused += other.refused;
        self.rollovers += other.rollovers;
        self.guessed += other.guessed;
        self.unauthenticated += other.unauthenticated;
    }
}

/// The suites that both have.
pub fn suites() -> impl Iterator<Item = &'static Suite> + Clone {
    ALL.iter().filter(|suite| sys::has(suite))
}

/// Compares at least this many packets protected, shared out to all suites.
///
/// # Errors
///
/// The first difference, in words.
pub fn run(packets: u64, seed: u64) -> Result<Figures, String> {
    const PER_SESSION: u64 = 800;
    let mut random = Random::new(seed);
    let mut figures = Figures::default();
    for suite in suites().cycle() {
        if figures.protected >= packets {
            break;
        }
        let mut ends = Ends::new(suite, &mut random);
        for _ in 0..PER_SESSION {
            ends.step(&mut random).map_err(|what| {
                format!("{}, {} in a window of {}", suite.name, what, ends.window)
            })?;
        }
        figures += ends.figures;
    }
    Ok(figures)
}

/// One who sends RTP.
struct Source {
    ssrc: u32,
    sequence: u16,
    index: u32,
    has_sent: bool,
}

/// Both ends of a session, twice.
struct Ends {
    suite: &'static Suite,
    window: u32,
    mki: Vec<u8>,
    context: Context<LibsrtpKeys>,
    indices: Indices,
    key: KeyUse,
    rtcp_index: u32,
    inbound: Inbound<LibsrtpKeys>,
    /// What others know of the highest index of the SSRC that sends.
    told: Option<u32>,
    /// Highest index that was accepted of each SSRC.
    highest: HashMap<u32, u32>,
    lib_sender: Session,
    lib_receiver: Session,
    sources: Vec<Source>,
    rtp_network: Network,
    rtcp_network: Network,
    figures: Figures,
}

/// The window of libsrtp for RTCP.
const RTCP_WINDOW: u32 = 128;

impl Ends {
    fn new(suite: &'static Suite, random: &mut Random) -> Self {
        let window = random.one_of(&[64, 64, 128, 1024]);
        let mki_len = random.one_of(&[0, 0, 1, 4, 128]);
        let mki = random.bytes(mki_len);
        let session = |role| Session::new(suite, &mki, window as usize, role);
        let sources: Vec<_> = (0..3)
            .map(|number| Source {
                ssrc: 0x1234_5670 + number,
                sequence: random.one_of(&[0, 1, 0x7ff0, 0x8000, 0xff80, 0xfff0, 0xffff]),
                index: 0,
                has_sent: false,
            })
            .collect();
        let mut indices = Indices::new(1);
        let ssrcs: Vec<u32> = sources.iter().map(|source| source.ssrc).collect();
        let key = indices.begin(0, 0, &ssrcs);
        let context = || Context::new(&suite.policy(mki.len() as u8)).expect("the suite is right");
        Self {
            suite,
            window,
            context: context(),
            indices,
            key,
            rtcp_index: 0,
            inbound: Inbound::with_windows(context(), window, RTCP_WINDOW),
            told: None,
            highest: HashMap::new(),
            lib_sender: session(Role::Outbound),
            lib_receiver: session(Role::Inbound),
            sources,
            rtp_network: Network::default(),
            rtcp_network: Network::default(),
            figures: Figures::default(),
            mki,
        }
    }

    fn step(&mut self, random: &mut Random) -> Result<(), String> {
        if random.one_in(4) {
            let packet = self.send_rtcp(random)?;
            for packet in self.rtcp_network.carry(random, packet) {
                self.receive_rtcp(&packet)?;
            }
        } else {
            let number = random.within(0..self.sources.len());
            if self.sources[number].has_sent && random.one_in(250) {
                self.be_silent(random, number)?;
            }
            let packet = self.send_rtp(random, number)?;
            // The first packet of a source arrives: libsrtp knows a source only then.
            if !std::mem::replace(&mut self.sources[number].has_sent, true) {
                self.receive_rtp(&packet)?;
                return if random.one_in(2) {
                    self.jump(random, number)
                } else {
                    Ok(())
                };
            }
            for packet in self.rtp_network.carry(random, packet) {
                self.receive_rtp(&packet)?;
            }
        }
        Ok(())
    }

    /// Goes on with a high rollover counter, which everybody is told.
    fn jump(&mut self, random: &mut Random, number: usize) -> Result<(), String> {
        let roc = random.one_of(&[0x10, 0xfe, 0xff, 0x100, 0x7fff]);
        let source = &mut self.sources[number];
        let ssrc = source.ssrc;
        // What goes with what was sent before would not be taken to be there.
        source.sequence = (source.index as u16).wrapping_add(0x8000);
        source.index = (roc << 16) | u32::from(source.sequence);
        self.told = Some(source.index);
        for session in [&mut self.lib_sender, &mut self.lib_receiver] {
            session
                .set_roc(ssrc, roc)
                .map_err(|why| format!("{why:?}"))?;
        }
        let packet = self.send_rtp(random, number)?;
        self.receive_rtp(&packet)?;
        self.told = None;
        Ok(())
    }

    /// Sends for half a round and more what never arrives.
    fn be_silent(&mut self, random: &mut Random, number: usize) -> Result<(), String> {
        for _ in 0..2 {
            let source = &mut self.sources[number];
            let ahead = random.within(0x4000..0x7000) as u32;
            source.sequence = source.index.wrapping_add(ahead) as u16;
            self.send_rtp(random, number)?;
        }
        Ok(())
    }

    fn send_rtp(&mut self, random: &mut Random, number: usize) -> Result<Packet, String> {
        let source = &mut self.sources[number];
        let plain = rtp(random, source.ssrc, source.sequence);
        let shared = self.told.unwrap_or(0);
        let index = self
            .indices
            .next_rtp(&self.key, source.ssrc, source.sequence, shared);
        let index = index.map_err(|why| format!("{why:?}"))?;
        self.figures.rollovers += u64::from(index >> 16 != source.index >> 16);
        source.index = index;
        // Mostly the next one; losses on the way to us, and now and then a long silence.
        let ahead = match random.within(0..200) {
            0..=180 => 1,
            181..=190 => random.within(2..20),
            191..=197 => random.within(20..2000),
            198 => random.within(0x2000..0x7000),
            _ => random.within(0x7000..0x8000),
        };
        source.sequence = source.sequence.wrapping_add(ahead as u16);

        let start = payload_start(&plain).ok_or("an RTP packet that is none")?;
        let (ours, libs) = (
            self.protect(&plain, |context, buffer, length, mki| {
                context.protect_rtp(buffer, length, start, index, mki)
            }),
            with(&plain, |packet| self.lib_sender.protect_rtp(packet)),
        );
        let authentic = self.suite.authenticates_rtp();
        let first = if authentic { 0 } else { start };
        let tag_len = self.suite.rtp_tag_len;
        self.protected("RTP", plain, index, ours, libs, first, tag_len, 0)
    }

    fn send_rtcp(&mut self, random: &mut Random) -> Result<Packet, String> {
        self.rtcp_index += 1;
        let index = self.rtcp_index;
        let plain = rtcp(random);
        let (ours, libs) = (
            self.protect(&plain, |context, buffer, length, mki| {
                context.protect_rtcp(buffer, length, index, mki)
            }),
            with(&plain, |packet| self.lib_sender.protect_rtcp(packet)),
        );
        let authentic = self.suite.authenticates_rtcp();
        let (first, trailer) = if authentic { (0, 0) } else { (8, 4) };
        let tag_len = self.suite.rtcp_tag_len;
        self.protected("RTCP", plain, index, ours, libs, first, tag_len, trailer)
    }

    fn protect(
        &self,
        plain: &[u8],
        protect: impl Fn(&Context<LibsrtpKeys>, &mut [u8], usize, &[u8]) -> Option<usize>,
    ) -> Option<Vec<u8>> {
        let mut buffer = plain.to_vec();
        buffer.resize(plain.len() + 300, 0xcc);
        let end = protect(&self.context, &mut buffer, plain.len(), &self.mki)?;
        buffer.truncate(end);
        Some(buffer)
    }

    /// Compares what both made of a packet.
    #[allow(clippy::too_many_arguments, reason = "what is known of a packet")]
    fn protected(
        &mut self,
        what: &str,
        plain: Vec<u8>,
        index: u32,
        ours: Option<Vec<u8>>,
        libs: Result<Vec<u8>, sys::Refused>,
        first: usize,
        tag_len: u8,
        trailer: usize,
    ) -> Result<Packet, String> {
        self.figures.protected += 1;
        let bytes = match (ours, libs) {
            (Some(ours), Ok(libs)) if ours == libs => ours,
            (ours, libs) => {
                return Err(format!(
                    "{what} {index:#x} is protected\nas   {}\nnot  {}\nfrom {}",
                    ours.map_or("nothing".into(), |ours| hex(&ours)),
                    libs.map_or_else(|why| format!("{why:?}"), |libs| hex(&libs)),
                    hex(&plain),
                ))
            }
        };
        // The identifier is not looked at; where there is no tag, neither is the rest of what was
        // added.
        let tag = bytes.len() - usize::from(tag_len);
        let mki = tag - self.mki.len();
        let fragile: Vec<Range<usize>> = [first..mki - trailer, tag..bytes.len()]
            .into_iter()
            .filter(|range| !range.is_empty())
            .collect();
        Ok(Packet {
            bytes,
            index,
            plain,
            is_genuine: true,
            fragile,
        })
    }

    fn receive_rtp(&mut self, packet: &Packet) -> Result<(), String> {
        let libs = with(&packet.bytes, |bytes| {
            self.lib_receiver.unprotect_rtp(bytes)
        });
        let view = RtpView::parse(&packet.bytes)
            .map(|view| (view.ssrc(), view.sequence(), view.payload_start()));
        let mut bytes = packet.bytes.clone();
        let ours = view.and_then(|(ssrc, sequence, start)| {
            let opened = self
                .inbound
                .open_rtp(&mut bytes, start, ssrc, sequence, self.told)
                .ok()?;
            Some((ssrc, opened))
        });
        let opened = ours.map(|(_, opened)| bytes[..opened.end].to_vec());
        let is_newest = ours.is_some_and(|(ssrc, opened)| {
            let highest = self.highest.entry(ssrc).or_default();
            let is_newest = opened.index > *highest;
            *highest = opened.index.max(*highest);
            is_newest
        });

        let authentic = self.suite.authenticates_rtp();
        if self.opened("RTP", packet, opened, bytes, &libs, authentic)? {
            return Ok(());
        }
        // Only a guess finds it: then it is genuine, of the index that was meant, and the newest.
        let is_right = ours.is_some_and(|(_, opened)| opened.index == packet.index);
        if authentic && is_right && is_newest && packet.is_genuine {
            let ssrc = ours.map_or(0, |(ssrc, _)| ssrc);
            // Told the rollover counter, libsrtp has to agree.
            let told = self.lib_receiver.set_roc(ssrc, packet.index >> 16);
            let libs = told.and_then(|()| {
                with(&packet.bytes, |bytes| {
                    self.lib_receiver.unprotect_rtp(bytes)
                })
            });
            if libs.as_ref() == Ok(&packet.plain) {
                self.figures.guessed += 1;
                return Ok(());
            }
            return Err(format!("RTP {:#x} is guessed, but {libs:x?}", packet.index));
        }
        Err(format!(
            "RTP {:#x} is opened as {ours:x?}, not {libs:x?}",
            packet.index
        ))
    }

    fn receive_rtcp(&mut self, packet: &Packet) -> Result<(), String> {
        let libs = with(&packet.bytes, |bytes| {
            self.lib_receiver.unprotect_rtcp(bytes)
        });
        let mut bytes = packet.bytes.clone();
        let ssrc = self.sources[0].ssrc;
        let ours = self.inbound.open_rtcp(&mut bytes, ssrc).ok();
        let opened = ours.map(|opened| bytes[..opened.end].to_vec());
        let authentic = self.suite.authenticates_rtcp();
        if self.opened("RTCP", packet, opened, bytes, &libs, authentic)? {
            return Ok(());
        }
        Err(format!(
            "RTCP {:#x} is opened as {ours:x?}, not {libs:x?}",
            packet.index
        ))
    }

    /// Whether both say the same of a packet that arrived, or differ as packets without a tag do.
    fn opened(
        &mut self,
        what: &str,
        packet: &Packet,
        ours: Option<Vec<u8>>,
        bytes: Vec<u8>,
        libs: &Result<Vec<u8>, sys::Refused>,
        is_authenticated: bool,
    ) -> Result<bool, String> {
        if is_authenticated {
            match &ours {
                Some(plain) if !packet.is_genuine || *plain != packet.plain => {
                    return Err(format!("{what} {:#x} is accepted wrongly", packet.index));
                }
                None if bytes != packet.bytes => {
                    return Err(format!("{what} {:#x} is refused but changed", packet.index));
                }
                _ => (),
            }
        }
        Ok(match (&ours, libs) {
            (Some(ours), Ok(libs)) if ours == libs => {
                self.figures.opened += 1;
                true
            }
            (None, Err(_)) => {
                self.figures.refused += 1;
                true
            }
            (Some(_), Err(sys::Refused::Replayed)) if !is_authenticated => {
                self.figures.unauthenticated += 1;
                true
            }
            _ => false,
        })
    }
}

fn with(
    bytes: &[u8],
    change: impl FnOnce(&mut Vec<u8>) -> Result<(), sys::Refused>,
) -> Result<Vec<u8>, sys::Refused> {
    let mut bytes = bytes.to_vec();
    change(&mut bytes)?;
    Ok(bytes)
}

fn payload_start(packet: &[u8]) -> Option<usize> {
    Some(RtpView::parse(packet)?.payload_start())
}

/// An RTP packet with whatever a header may have.
fn rtp(random: &mut Random, ssrc: u32, sequence: u16) -> Vec<u8> {
    let csrcs = if random.one_in(8) {
        random.within(1..16)
    } else {
        0
    };
    let mut packet = vec![0x80 | csrcs as u8, random.draw() as u8];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend(random.bytes(4));
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend(random.bytes(csrcs * 4));
    if random.one_in(4) {
        packet[0] |= 0x10;
        let words = random.within(0..8);
        packet.extend_from_slice(&[0xbe, 0xde, 0, words as u8]);
        packet.extend(random.bytes(words * 4));
    }
    let length = match random.within(0..20) {
        0 => 0,
        1 => random.within(1000..1400),
        _ => random.within(1..200),
    };
    packet.extend(random.bytes(length));
    packet
}

/// An RTCP packet.
fn rtcp(random: &mut Random) -> Vec<u8> {
    let words = random.within(1..40);
    let mut packet = vec![0x80, 200, 0, words as u8];
    packet.extend_from_slice(&0x1234_5670_u32.to_be_bytes());
    packet.extend(random.bytes((words - 1) * 4));
    packet
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut digits, byte| {
        // A string takes all that is written to it.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
