// SPDX-License-Identifier: GPL-2.0-only

//! What a target makes of a datagram, worked out on the host with the host's algorithms of SRTP.

use host_crypto::HostCrypto;
use rtp_media::receive::{classify, filter, Kind, Relay, RtcpIn, RtpIn, Rules, Verdict};
use rtp_media::receiver::{self, Arrival, SourceState};
use rtp_media::srtp::{Context, Opened, Refused, Sender, Sources};
use rtp_wire::{Direction, Endpoint, Generation, Request};
use zerocopy::FromZeros as _;

use crate::config::{context, rules};
use crate::output::Output;
use crate::plan::{unhex, Place};

/// How many packets back the module accepts a late one.
const WINDOW: u32 = 64;

/// A target as the module has it.
pub(crate) struct Target {
    pub(crate) config: Box<rtp_wire::Target>,
    pub(crate) rules: Rules,
    pub(crate) decryption: Option<Context<HostCrypto>>,
    pub(crate) outputs: Vec<Output>,
    sources: Sources,
    ssrcs: [SourceState; rtp_wire::target::MAX_SSRCS],
}

/// What becomes of a datagram.
#[derive(Default)]
pub(crate) struct Fate {
    /// What leaves, and by which output.
    pub(crate) relayed: Vec<(usize, Vec<u8>)>,
    /// It goes on to its socket, as it came.
    pub(crate) passed: bool,
    /// It counts as a packet of the target.
    pub(crate) counted: bool,
    /// How many errors it is.
    pub(crate) errors: u64,
}

impl Target {
    /// The target that the commands of a plan make.
    pub(crate) fn new(place: &Place) -> Option<Self> {
        let command = unhex(&place.target)?;
        let mut config = Box::new(rtp_wire::Target::new_zeroed());
        match rtp_wire::parse(Some(Generation::V26_0), Direction::Write, &command).ok()? {
            Request::AddTarget(encoded) => encoded.decode(&mut config).ok()?,
            _ => return None,
        }
        Some(Self {
            rules: rules(&config, &place.payload_types)?,
            decryption: context(&config.decrypt)?,
            outputs: place
                .outputs
                .iter()
                .map(|output| Output::new(&unhex(output)?))
                .collect::<Option<_>>()?,
            sources: Sources::new(WINDOW),
            ssrcs: Default::default(),
            config,
        })
    }

    /// What it makes of a datagram.
    pub(crate) fn receive(&mut self, source: &Endpoint, datagram: &[u8]) -> Fate {
        let media_of_mid = |mid: &[u8]| {
            (0u8..)
                .zip(&self.config.mids)
                .find_map(|(media, known)| (known.as_bytes() == mid).then_some(media))
        };
        let verdict = classify(&self.rules, source, datagram, media_of_mid);
        let Verdict::Relay(relay) = verdict else {
            return ended(&verdict);
        };
        let mut clear = datagram.to_vec();
        let opened = match self.open(&mut clear, &relay) {
            Ok(opened) => opened,
            Err(refused) => {
                return Fate {
                    passed: refused == Refused::NotAuthentic,
                    errors: 1,
                    ..Fate::default()
                }
            }
        };
        if let Some(opened) = &opened {
            clear.truncate(opened.end);
        }
        match filter(&self.rules, relay, &clear) {
            Verdict::Relay(relay) => self.forward(&clear, opened.as_ref(), &relay),
            verdict => ended(&verdict),
        }
    }

    fn open(&mut self, packet: &mut [u8], relay: &Relay) -> Result<Option<Opened>, Refused> {
        let Some(context) = &self.decryption else {
            return Ok(None);
        };
        match &relay.kind {
            Kind::Opaque => Ok(None),
            Kind::Rtp(rtp) => {
                let sender = Sender {
                    listed: rtp.ssrc_index,
                    ssrc: rtp.ssrc,
                };
                let highest = rtp
                    .ssrc_index
                    .and_then(|index| self.ssrcs.get(usize::from(index)))
                    .map(|state| state.ext_seq)
                    .filter(|&highest| highest != 0);
                let start = rtp.payload_start;
                self.sources
                    .open_rtp(context, packet, start, sender, rtp.sequence, highest)
                    .map(Some)
            }
            Kind::Rtcp(rtcp) => {
                let sender = Sender {
                    listed: rtcp.ssrc_index,
                    ssrc: rtcp.ssrc,
                };
                self.sources.open_rtcp(context, packet, sender).map(Some)
            }
        }
    }

    fn forward(&mut self, clear: &[u8], opened: Option<&Opened>, relay: &Relay) -> Fate {
        let mut fate = Fate {
            counted: true,
            ..Fate::default()
        };
        if let Kind::Rtp(rtp) = &relay.kind {
            self.measure(rtp, opened);
            fate.errors += u64::from(rtp.pt_index.is_none());
        }
        fate.passed = matches!(relay.kind, Kind::Rtcp(RtcpIn { and_pass: true, .. }));
        let group = self.config.groups.get(usize::from(relay.media));
        let range = match (group, &relay.kind) {
            (None, _) => 0..0,
            (Some(group), Kind::Rtcp(_)) => group.rtcp(),
            (Some(group), _) => group.rtp(),
        };
        for number in range {
            let Some(output) = self.outputs.get_mut(number) else {
                continue;
            };
            match output.send(&relay.kind, clear) {
                Ok(Some(packet)) => fate.relayed.push((number, packet)),
                Ok(None) => {}
                Err(_) => fate.errors += 1,
            }
        }
        fate
    }

    fn measure(&mut self, rtp: &RtpIn, opened: Option<&Opened>) {
        let state = rtp
            .ssrc_index
            .and_then(|index| self.ssrcs.get_mut(usize::from(index)));
        let (Some(state), index) = (state, opened.map(|opened| opened.index)) else {
            return;
        };
        if rtp.measure {
            let arrival = Arrival {
                sequence: rtp.sequence,
                index,
                timestamp: rtp.timestamp,
                time_us: 0,
                clock_rate: 8000,
            };
            *state = receiver::update(state, &arrival).state;
        } else if let Some(index) = index {
            state.ext_seq = receiver::with_index(state.ext_seq, index);
        }
    }
}

/// What becomes of a datagram that is not relayed.
fn ended(verdict: &Verdict) -> Fate {
    let mut fate = Fate::default();
    match verdict {
        Verdict::Drop(reason) => {
            fate.errors = reason.is_error().into();
            fate.counted = reason.is_counted();
        }
        Verdict::Pass(reason) => {
            fate.passed = true;
            fate.errors = reason.is_error().into();
        }
        Verdict::Relay(_) => {}
    }
    fate
}
