// SPDX-License-Identifier: GPL-2.0-only

//! What was sent, and what became of it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::Fate;
use crate::stack::Arrival;

/// What a target was sent.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Tally {
    /// Hostile datagrams.
    pub(crate) hostile: u64,
    /// Valid ones among them.
    pub(crate) valid: u64,
    /// Datagrams that the target relayed.
    pub(crate) relayed: u64,
    /// Datagrams that came to its socket.
    pub(crate) passed: u64,
    /// Datagrams that it took and did not relay.
    pub(crate) dropped: u64,
    /// Datagrams that nobody took: the target passed them, or never had them.
    pub(crate) nowhere: u64,
    /// Datagrams in bursts.
    pub(crate) bursts: u64,
    /// What its counters have to say.
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    pub(crate) errors: u64,
    /// What the counters of its outputs have to say: packets.
    pub(crate) outputs: Vec<u64>,
}

impl Tally {
    /// Counts a datagram that a target had.
    pub(crate) fn had(&mut self, length: usize, fate: &Fate) {
        self.relayed += u64::from(!fate.relayed.is_empty());
        self.passed += u64::from(fate.passed);
        self.dropped += u64::from(fate.relayed.is_empty() && !fate.passed);
        self.packets += u64::from(fate.counted);
        self.bytes += if fate.counted { length as u64 } else { 0 };
        self.errors += fate.errors;
        for (output, _) in &fate.relayed {
            self.sent(*output);
        }
    }

    /// Counts what an output sent.
    pub(crate) fn sent(&mut self, output: usize) {
        if let Some(sent) = self.outputs.get_mut(output) {
            *sent += 1;
        }
    }
}

/// How many of each kind of datagram were sent, and relayed.
#[derive(Default, Serialize)]
pub(crate) struct Kinds(BTreeMap<&'static str, (u64, u64)>);

impl Kinds {
    /// Counts a datagram of a kind.
    pub(crate) fn count(&mut self, name: &'static str, relayed: bool) {
        let (sent, went) = self.0.entry(name).or_default();
        *sent += 1;
        *went += u64::from(relayed);
    }
}

/// A name that has a colon in it is one that says what is wrong with the packet.
pub(crate) fn of_kind(wrapping: &'static str, payload: &'static str) -> &'static str {
    if wrapping == "honest" {
        payload
    } else {
        wrapping
    }
}

/// Whether the socket of the target gets a datagram for certain.
pub(crate) fn comes_to_socket(arrival: &Arrival) -> bool {
    matches!(arrival, Arrival::Socket { certain: true, .. })
}
