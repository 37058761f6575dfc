// SPDX-License-Identifier: GPL-2.0-only

//! What a target makes of a datagram, worked out on the host with the host's algorithms of SRTP.

use std::ops::Range;

use host_crypto::{HostCrypto, Inbound, Indices};
use rtp_media::decide::{decide, Plan, Rtcp, RtcpRelay, Rtp};
use rtp_media::reason::{self, Reason, Unsent};
use rtp_media::receiver::{self, Arrival, SourceState};
use rtp_media::rules::Rules;
use rtp_media::srtp::Opened;
use rtp_wire::{Direction, Endpoint, Generation, Request};
use zerocopy::FromZeros as _;

use crate::keys::context;
use crate::output::Output;
use crate::plan::{unhex, Place};

/// How many packets back the module accepts a late one.
const WINDOW: u32 = 1024;
/// How many SSRCs of an output are remembered at least: more than are sent.
const SLOTS: usize = 8192;

/// A target as the module has it.
pub(crate) struct Target {
    pub(crate) config: Box<rtp_wire::Target>,
    pub(crate) rules: Rules,
    inbound: Option<Inbound<HostCrypto>>,
    pub(crate) outputs: Vec<Output>,
    indices: Indices,
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
        let mut indices = Indices::new(SLOTS);
        let mut outputs = Vec::new();
        for output in &place.outputs {
            let output = Output::new(&unhex(output)?, &config, &outputs, &mut indices)?;
            outputs.push(output);
        }
        Some(Self {
            rules: Rules::of(&config, place.payload_types.iter().copied())?,
            inbound: context(&config.decrypt)?.map(|context| Inbound::new(context, WINDOW)),
            outputs,
            indices,
            ssrcs: Default::default(),
            config,
        })
    }

    /// Whether what becomes of a datagram depends on those before it: where SRTP comes or goes.
    pub(crate) fn has_order(&self) -> bool {
        self.inbound.is_some() || self.outputs.iter().any(Output::encrypts)
    }

    /// What it makes of a datagram.
    pub(crate) fn receive(&mut self, source: &Endpoint, datagram: &[u8]) -> Fate {
        self.relay(source, datagram).unwrap_or_else(ended)
    }

    fn relay(&mut self, source: &Endpoint, datagram: &[u8]) -> Result<Fate, Reason> {
        let media_of_mid = |mid: &[u8]| {
            (0u8..)
                .zip(&self.config.mids)
                .find_map(|(media, known)| (known.as_bytes() == mid).then_some(media))
        };
        let plan = decide(&self.rules, source, datagram, media_of_mid)?;
        let mut clear = datagram.to_vec();
        let mut fate = Fate {
            counted: true,
            ..Fate::default()
        };
        match plan {
            Plan::Rtp(rtp) => {
                let opened = self.open_rtp(&rtp, &mut clear)?;
                rtp.confirm(&self.rules)?;
                self.measure(&rtp, opened.as_ref());
                fate.errors += u64::from(rtp.pt_index.is_none());
                let range = self.group(rtp.media).rtp();
                self.send(range, &mut fate, |output, indices| {
                    output.send_rtp(&rtp, clear.clone(), indices)
                });
            }
            Plan::Rtcp(rtcp) => {
                self.open_rtcp(&rtcp, &mut clear)?;
                let has_output = |media| !self.group(media).rtcp().is_empty();
                let RtcpRelay { media, and_pass } =
                    rtcp.confirm(&self.rules, &clear, has_output)?;
                fate.passed = and_pass;
                let range = self.group(media).rtcp();
                self.send(range, &mut fate, |output, indices| {
                    output.send_rtcp(&rtcp, clear.clone(), indices)
                });
            }
            Plan::Opaque => {
                let range = self.group(0).rtp();
                self.send(range, &mut fate, |output, _| {
                    output.send_opaque(clear.clone())
                });
            }
        }
        Ok(fate)
    }

    fn group(&self, media: u8) -> rtp_wire::OutputGroup {
        let none = rtp_wire::OutputGroup::new_zeroed();
        let group = self.config.groups.get(usize::from(media));
        group.copied().unwrap_or(none)
    }

    fn send(
        &mut self,
        range: Range<usize>,
        fate: &mut Fate,
        mut send: impl FnMut(&mut Output, &mut Indices) -> Result<Vec<u8>, Unsent>,
    ) {
        for number in range {
            let Some(output) = self.outputs.get_mut(number) else {
                continue;
            };
            match send(output, &mut self.indices) {
                Ok(packet) => fate.relayed.push((number, packet)),
                Err(reason) => fate.errors += u64::from(reason.is_error()),
            }
        }
    }

    fn open_rtp(&mut self, rtp: &Rtp, packet: &mut Vec<u8>) -> Result<Option<Opened>, Reason> {
        let Some(inbound) = &mut self.inbound else {
            return Ok(None);
        };
        let stats = rtp
            .ssrc_index
            .and_then(|it| self.ssrcs.get(usize::from(it)));
        let highest = stats.map(|it| it.ext_seq).filter(|&highest| highest != 0);
        let start = rtp.payload_start;
        let opened = inbound.open_rtp(packet, start, rtp.ssrc, rtp.sequence, highest)?;
        packet.truncate(opened.end);
        Ok(Some(opened))
    }

    fn open_rtcp(&mut self, rtcp: &Rtcp, packet: &mut Vec<u8>) -> Result<(), Reason> {
        if let Some(inbound) = &mut self.inbound {
            let opened = inbound.open_rtcp(packet, rtcp.ssrc)?;
            packet.truncate(opened.end);
        }
        Ok(())
    }

    fn measure(&mut self, rtp: &Rtp, opened: Option<&Opened>) {
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
            state.ext_seq = state.ext_seq.max(index);
        }
    }
}

/// What becomes of a datagram that is not relayed.
fn ended(reason: Reason) -> Fate {
    Fate {
        passed: reason.fate() == reason::Fate::Pass,
        counted: reason.is_counted(),
        errors: reason.is_error().into(),
        ..Fate::default()
    }
}
