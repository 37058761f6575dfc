// SPDX-License-Identifier: GPL-2.0-only

//! The way out: a payload becomes a datagram, is finished, sent and counted. It does not matter here where
//! the payload comes from.

use super::later::Deferred;
use crate::{
    rtp_media::reason::Unsent,
    sys::{
        net::Namespace,
        outgoing::{Limits, Outgoing},
        received::Received,
        route::Route,
        skb::DropReason,
        trace,
    },
    table::output::{Egress, Output},
};
use core::ops::Range;
use kernel::prelude::*;

/// On whose behalf something is sent.
#[derive(Clone, Copy)]
pub(crate) struct Origin<'a> {
    /// The namespace that it is sent in.
    pub(crate) net: Namespace<'a>,
    /// What bounds it.
    limits: Limits,
    /// Who counts it, when it is to wait until the rules that are being walked through are done with.
    later: Option<Deferred>,
}

impl<'a> Origin<'a> {
    /// A packet that is relayed.
    pub(crate) fn of(packet: &Received<'a>) -> Self {
        Self {
            net: packet.namespace(),
            limits: packet.limits(),
            later: None,
        }
    }

    /// The same, but sent later.
    pub(super) fn deferred(self, later: Deferred) -> Self {
        Self {
            later: Some(later),
            ..self
        }
    }
}

/// What is sent.
pub(super) trait Payload {
    /// Its bytes.
    fn bytes(&self) -> &[u8];

    /// Makes it one to send, which may grow by so many bytes.
    fn into_outgoing(self, growth: usize, route: &Route) -> Option<Outgoing>;
}

/// A copy of these bytes.
pub(super) struct Copied<'a>(pub(super) &'a [u8]);

impl Payload for Copied<'_> {
    fn bytes(&self) -> &[u8] {
        self.0
    }

    #[inline(always)]
    fn into_outgoing(self, growth: usize, route: &Route) -> Option<Outgoing> {
        Outgoing::copy_of(self.0, growth, route)
    }
}

/// The bytes of a range of a packet, in its own buffer.
pub(super) struct Taken<'a>(pub(super) Received<'a>, pub(super) Range<usize>);

impl Payload for Taken<'_> {
    fn bytes(&self) -> &[u8] {
        self.0.bytes(&self.1)
    }

    #[inline(always)]
    fn into_outgoing(self, growth: usize, route: &Route) -> Option<Outgoing> {
        self.0.into_payload(self.1, growth, route)
    }
}

/// Who has outputs send something.
pub(super) trait Sender {
    /// Has an output send it.
    ///
    /// # Errors
    ///
    /// Why it was not sent: counted as of the output already, where it is an error.
    fn send(&self, output: &Output, payload: impl Payload) -> Result<(), Unsent>;
}

impl Egress {
    /// Sends a payload, which may grow by `growth` bytes while `finish` rewrites and encrypts it, and counts
    /// what became of it. `finish` tells how many bytes count, and whatever else is to be returned.
    ///
    /// # Errors
    ///
    /// Why it was not sent: counted here already, where it is an error.
    pub(super) fn send<T>(
        &self,
        origin: &Origin<'_>,
        payload: impl Payload,
        growth: usize,
        finish: impl FnOnce(&mut Outgoing) -> Result<(usize, T), Unsent>,
    ) -> Result<T, Unsent> {
        let sent = self.try_send(origin, payload, growth, finish);
        // What is put off is counted when it is sent.
        if sent.is_err() || origin.later.is_none() {
            let length = sent.as_ref().map(|(length, _)| *length);
            self.count(origin.net, length.map_err(|reason| *reason));
        }
        sent.map(|(_, more)| more)
    }

    #[inline(always)]
    fn try_send<T>(
        &self,
        origin: &Origin<'_>,
        payload: impl Payload,
        growth: usize,
        finish: impl FnOnce(&mut Outgoing) -> Result<(usize, T), Unsent>,
    ) -> Result<(usize, T), Unsent> {
        let (path, route) = (&self.path, &self.route);
        let packet = payload.into_outgoing(growth, route);
        let mut packet = packet.ok_or(Unsent::NoMemory)?;
        let (length, more) = match finish(&mut packet) {
            Ok(finished) => finished,
            Err(reason) => {
                packet.discard(DropReason::Filtered);
                return Err(reason);
            }
        };
        let Origin { net, limits, later } = origin;
        let net = *net;
        match later {
            None => packet.send(net, path, route, limits),
            Some(later) => packet.send_later(net, path, route, limits, later.of_length(length)),
        }
        .map_err(unsent)?;
        Ok((length, more))
    }

    /// Counts a packet of that length, or why there is none, which is told too.
    pub(super) fn count(&self, net: Namespace<'_>, sent: Result<usize, Unsent>) {
        match sent {
            Ok(length) => {
                let bytes = length as u64;
                self.stats.packets.add(1);
                self.stats.bytes.add(bytes);
                self.interface.sent(bytes);
            }
            Err(reason) => self.count_unsent(net, reason),
        }
    }

    #[cold]
    fn count_unsent(&self, net: Namespace<'_>, reason: Unsent) {
        trace::unsent(net, self.path.flow(), reason.name());
        if reason.is_error() {
            self.stats.errors.add(1);
            self.interface.not_sent();
        }
    }
}

/// Why the stack did not send something.
pub(super) fn unsent(error: Error) -> Unsent {
    match error {
        _ if error == EMSGSIZE => Unsent::TooLong,
        _ if error == ELOOP => Unsent::Looped,
        _ if error == EACCES => Unsent::Prohibited,
        _ if error == EPERM => Unsent::Filtered,
        _ if error == ENOBUFS => Unsent::Congested,
        _ if error == ENOMEM => Unsent::NoMemory,
        _ => Unsent::NoRoute(error.to_errno()),
    }
}
