// SPDX-License-Identifier: GPL-2.0-only

//! What became of packets: what the table as a whole has seen, and then its targets.

use super::walk::Walk;
use crate::{
    show::Show,
    sys::{opener::Opener, rcu, view::View},
    table::{reasons::Sum, Table},
};
use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::{Arc, ArcBorrow},
};

/// `/proc/rtpengine/N/reasons`: a block of the table, with all that its targets counted, those that have gone among them, and one
/// of each target, by address.
pub(crate) struct Reasons {
    table: Arc<Table>,
    /// Through the targets: none at the block of the table.
    walk: Option<Walk>,
}

impl View for Reasons {
    type Node = Table;

    fn open(table: ArcBorrow<'_, Table>, _opener: &Opener<'_>) -> Result<Self> {
        Ok(Self {
            table: table.into(),
            walk: None,
        })
    }

    fn seek(&mut self, position: u64) -> bool {
        let Some(position) = position.checked_sub(1) else {
            self.walk = None;
            return true;
        };
        let state = self.table.state.lock();
        let walk = self.walk.get_or_insert(Walk::new());
        walk.seek(&state.entries, position)
    }

    fn show(&self, out: &SeqFile) -> Result {
        let mut sum = Sum::new();
        let state = self.table.state.lock();
        let guard = rcu::read_lock();
        match &self.walk {
            None => {
                for (local, _) in &state.entries {
                    // One that is not published has no packets.
                    if let Some(target) = self.table.find(local, &guard) {
                        sum.add(&target.reasons);
                    }
                }
                sum.add(&self.table.reasons);
                seq_print!(out, "table {}\n", self.table.id());
            }
            Some(Walk { current, .. }) => {
                let target = current.and_then(|local| self.table.find(&local, &guard));
                let Some(target) = target else {
                    return Ok(());
                };
                sum.add(&target.reasons);
                seq_print!(out, "local {}\n", Show(target.local));
            }
        }
        let (packets, bytes) = sum.relayed();
        seq_print!(out, "    relayed: {packets} packets, {bytes} bytes\n");
        for (name, count, last) in sum.happened() {
            seq_print!(out, "    {name}: {count}, last {last}\n");
        }
        Ok(())
    }
}
