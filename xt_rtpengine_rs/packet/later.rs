// SPDX-License-Identifier: GPL-2.0-only

//! What becomes of a packet that is sent later is counted when it is known.

use super::{egress::unsent, finish};
use crate::{
    sys::{later::Report, net::Namespace, rcu},
    table::{output::Output, target::Target, Tables},
    udp_ip::Endpoint,
};
use kernel::prelude::*;

/// A packet that an output sends later. The target is looked for again: it may be gone by then, and with it
/// the counters.
#[derive(Clone, Copy)]
pub(super) struct Deferred {
    table: u32,
    local: Endpoint,
    output: u8,
    /// Length of the UDP payload, without what SRTP adds.
    length: u16,
}

impl Deferred {
    /// A packet of that output.
    pub(super) fn new(target: &Target, output: &Output) -> Self {
        Self {
            table: target.table.into(),
            local: target.local,
            output: output.number,
            length: 0,
        }
    }

    /// One of that length.
    pub(super) fn of_length(self, length: usize) -> Self {
        let length = u16::try_from(length).unwrap_or(u16::MAX);
        Self { length, ..self }
    }
}

impl Report for Deferred {
    fn sent(self, net: Namespace<'_>, result: Result) {
        let guard = rcu::read_lock();
        let table = Tables::of(net, &guard).and_then(|tables| tables.find(self.table, &guard));
        let target = table.and_then(|table| table.find(&self.local, &guard));
        let output = target.and_then(|target| Some((target, target.output(self.output)?)));
        if let Some((target, output)) = output {
            let sent = result.map(|()| self.length.into()).map_err(unsent);
            output.egress.count(net, sent);
            finish(target, sent.map(|_| ()));
        }
    }
}
