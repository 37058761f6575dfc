// SPDX-License-Identifier: GPL-2.0-only

//! How often what was done, and what became of it.

use std::collections::BTreeMap;

use nix::errno::Errno;
use rtp_wire::CommandNumber;
use serde::{Deserialize, Serialize};

type Counts = BTreeMap<String, u64>;

/// Counts of one worker, or of all.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Report {
    /// Commands, binary and text.
    pub(crate) commands: u64,
    /// Of each command, by what became of it.
    pub(crate) outcomes: BTreeMap<String, Counts>,
    /// Messages to a worker's own table, by why they were refused.
    pub(crate) refusals: Counts,
    /// Everything else that was done.
    pub(crate) operations: Counts,
}

/// The name of an outcome.
pub(crate) fn outcome(errno: i32) -> String {
    match errno {
        0 => "accepted".to_owned(),
        errno => format!("{:?}", Errno::from_raw(errno)),
    }
}

/// The name of the command that a message begins with.
pub(crate) fn command_name(message: &[u8]) -> &'static str {
    match message.split_first_chunk() {
        None => "none",
        Some((number, _)) => CommandNumber::from_wire(u32::from_ne_bytes(*number))
            .map_or("unknown", CommandNumber::name),
    }
}

fn add(counts: &mut Counts, name: &str, number: u64) {
    match counts.get_mut(name) {
        Some(count) => *count += number,
        None => {
            counts.insert(name.to_owned(), number);
        }
    }
}

impl Report {
    /// A command was sent.
    pub(crate) fn command(&mut self, name: &str, errno: i32) {
        self.commands += 1;
        if !self.outcomes.contains_key(name) {
            self.outcomes.insert(name.to_owned(), Counts::new());
        }
        if let Some(counts) = self.outcomes.get_mut(name) {
            add(counts, &outcome(errno), 1);
        }
    }

    /// A message was refused for a reason that is known.
    pub(crate) fn refusal(&mut self, class: &str) {
        add(&mut self.refusals, class, 1);
    }

    /// Something else was done.
    pub(crate) fn operation(&mut self, name: &str) {
        add(&mut self.operations, name, 1);
    }

    /// Takes in the counts of another worker.
    pub(crate) fn merge(&mut self, other: Report) {
        self.commands += other.commands;
        for (name, counts) in other.outcomes {
            let all = self.outcomes.entry(name).or_default();
            for (name, number) in counts {
                add(all, &name, number);
            }
        }
        for (name, number) in other.refusals {
            add(&mut self.refusals, &name, number);
        }
        for (name, number) in other.operations {
            add(&mut self.operations, &name, number);
        }
    }
}
