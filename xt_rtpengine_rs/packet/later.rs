// SPDX-License-Identifier: GPL-2.0-only

//! What becomes of a packet that is sent later is counted when it is known.

use super::count;
use crate::{
    sys::{later::Report, net::Namespace, rcu},
    table::{
        target::{Output, Target},
        Tables,
    },
    udp_ip::Endpoint,
};
use kernel::prelude::*;

/// A packet, which is not RTP, that an output sends later. The target is looked for again: it may be gone by
/// then, and with it the counters.
#[derive(Clone, Copy)]
pub(crate) struct PutOff {
    table: u32,
    local: Endpoint,
    output: u16,
    /// Length of the UDP payload, without what SRTP adds.
    length: u16,
}

impl PutOff {
    /// A packet of that length.
    pub(crate) fn new(target: &Target, output: &Output, length: usize) -> Self {
        Self {
            table: target.table,
            local: target.config.local,
            output: output.index,
            length: u16::try_from(length).unwrap_or(u16::MAX),
        }
    }
}

impl Report for PutOff {
    fn sent(self, net: Namespace<'_>, result: Result) {
        let guard = rcu::read_lock();
        let table = Tables::of(net).and_then(|tables| tables.find(self.table, &guard));
        let Some(target) = table.and_then(|table| table.find(&self.local, &guard)) else {
            return;
        };
        let Some(Some(output)) = target.outputs.get(usize::from(self.output)) else {
            return;
        };
        match result {
            Ok(()) => count::sent_bytes(output, usize::from(self.length)),
            Err(error) => count::not_sent(target, output, &error),
        }
    }
}
