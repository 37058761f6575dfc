// SPDX-License-Identifier: GPL-2.0-only

//! A packet on its way out of one output: rewritten, encrypted, sent, counted.

use super::{
    count,
    later::PutOff,
    rewrite::{self, rewrite_rtp, Sent},
};
use crate::{
    rtp_media::{
        packet_index,
        receive::{Kind, RtcpIn, RtpIn},
    },
    sys::{
        net::Namespace,
        outgoing::{Limits, Outgoing},
        route::Route,
    },
    table::{
        srtp::Encryption,
        target::{Output, Target},
    },
};
use kernel::prelude::*;

/// A packet on its way out of one output.
pub(crate) struct Emission<'a> {
    target: &'a Target,
    output: &'a Output,
    net: Namespace<'a>,
    limits: Limits,
    kind: &'a Kind,
    /// Length of the packet as the target reads it.
    length: usize,
    /// How many bytes it grows by at most.
    growth: usize,
    /// Whether it is sent later.
    later: bool,
}

impl<'a> Emission<'a> {
    /// What `bytes`, a packet of that kind, are to become.
    pub(crate) fn new(
        target: &'a Target,
        output: &'a Output,
        net: Namespace<'a>,
        limits: Limits,
        kind: &'a Kind,
        bytes: &[u8],
    ) -> Self {
        let context = output.encryption.as_ref().map(|it| &it.context);
        let growth = match kind {
            Kind::Rtp(_) => rewrite::growth(output, bytes)
                .saturating_add(context.map_or(0, |context| context.rtp_overhead())),
            Kind::Rtcp(_) => context.map_or(0, |context| context.rtcp_overhead()),
            Kind::Opaque => 0,
        };
        Self {
            target,
            output,
            net,
            limits,
            kind,
            length: bytes.len(),
            growth,
            later: false,
        }
    }

    /// Has it sent when the rules that are being walked through are done with.
    pub(crate) fn put_off(&mut self) {
        self.later = true;
    }

    /// How many bytes the packet grows by at most.
    pub(crate) fn growth(&self) -> usize {
        self.growth
    }

    /// Sends the packet that `prepare` makes, with room to grow, and counts what became of it.
    pub(crate) fn emit(&self, prepare: impl FnOnce(&Route) -> Option<Outgoing>) {
        match self.send(prepare) {
            Ok(None) => {}
            Ok(Some(sent)) => count::sent(self.output, self.kind, &sent),
            Err(error) => count::not_sent(self.target, self.output, &error),
        }
    }

    /// Sends it, and returns what was sent: nothing, when a rule of the output keeps it back.
    fn send(&self, prepare: impl FnOnce(&Route) -> Option<Outgoing>) -> Result<Option<Sent>> {
        let route = &self.output.route;
        let mut packet = prepare(route).ok_or(ENOMEM)?;
        let sent = match self.kind {
            Kind::Rtp(rtp) => rewrite_rtp(self.output, &mut packet, self.length, self.growth, rtp)?,
            Kind::Rtcp(_) | Kind::Opaque => Some(Sent::whole(self.length)),
        };
        let Some(sent) = sent else {
            return Ok(None);
        };
        if let Some(encryption) = &self.output.encryption {
            self.encrypt(encryption, &mut packet, &sent)?;
        }
        let path = &self.output.path;
        if self.later {
            let report = PutOff::new(self.target, self.output, sent.length);
            packet.send_later(self.net, path, route, self.limits, report)?;
            return Ok(None);
        }
        packet.send(self.net, path, route, self.limits)?;
        Ok(Some(sent))
    }

    /// Encrypts the packet, and makes it as long as it gets by that.
    fn encrypt(&self, encryption: &Encryption, packet: &mut Outgoing, sent: &Sent) -> Result {
        let (context, mki) = (&encryption.context, self.output.config.encrypt.mki());
        let length = packet.len();
        let protected = match self.kind {
            Kind::Opaque => return Ok(()),
            Kind::Rtp(_) => {
                packet.resize(length.saturating_add(context.rtp_overhead()))?;
                let bytes = packet.payload_mut();
                context.protect_rtp(bytes, length, sent.payload_start, sent.index, mki)
            }
            Kind::Rtcp(rtcp) => {
                packet.resize(length.saturating_add(context.rtcp_overhead()))?;
                let index = rtcp_index(self.output, encryption, rtcp);
                context.protect_rtcp(packet.payload_mut(), length, index, mki)
            }
        };
        packet.resize(protected.ok_or(ENOMEM)?)
    }
}

/// The packet index of RTP that an output is about to send.
///
/// # Errors
///
/// As those of [`Encryption::rtp_index`].
pub(crate) fn rtp_index(output: &Output, rtp: &RtpIn, ssrc: u32, sequence: u16) -> Result<u32> {
    let stats = rtp
        .ssrc_index
        .and_then(|index| output.ssrcs.get(usize::from(index)))
        .and_then(Option::as_ref);
    match (stats, &output.encryption) {
        (Some(stats), _) => Ok(packet_index::estimate(stats.ext_seq.get(), sequence)),
        (None, Some(encryption)) => encryption.rtp_index(ssrc, sequence),
        (None, None) => Ok(sequence.into()),
    }
}

/// The next SRTCP index of an output: that of the sender's SSRC, else of the first there is. The
/// daemon takes indices from the same counters, so that none is used twice.
fn rtcp_index(output: &Output, encryption: &Encryption, rtcp: &RtcpIn) -> u32 {
    let own = rtcp
        .ssrc_index
        .and_then(|index| output.ssrcs.get(usize::from(index)))
        .and_then(Option::as_ref);
    match own.or_else(|| output.ssrcs.iter().flatten().next()) {
        Some(stats) => stats.rtcp_seq.advance(),
        None => encryption.rtcp_index(),
    }
}
