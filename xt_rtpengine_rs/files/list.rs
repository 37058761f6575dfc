// SPDX-License-Identifier: GPL-2.0-only

//! What can be read: the tables, a table's status, its targets.

use super::{
    target::{show_builder, show_target},
    walk::Walk,
};
use crate::{
    rtp_wire::Generation,
    sys::{crypto::Drivers, opener::Opener, rcu, view::View},
    table::{Entry, Table, Tables},
};
use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    str::BStr,
    sync::{Arc, ArcBorrow},
};

/// `/proc/rtpengine/list`: the ids of the tables, one a line, ascending.
pub(crate) struct Ids {
    tables: Arc<Tables>,
    position: u64,
    id: u32,
}

impl View for Ids {
    type Node = Tables;

    fn open(tables: ArcBorrow<'_, Tables>, _opener: &Opener<'_>) -> Result<Self> {
        Ok(Self {
            tables: tables.into(),
            position: 0,
            id: 0,
        })
    }

    fn seek(&mut self, position: u64) -> bool {
        let from = match position {
            0 => 0,
            _ if position == self.position => self.id,
            _ => self.id.saturating_add(1),
        };
        let Some(id) = self.tables.next(from) else {
            return false;
        };
        (self.position, self.id) = (position, id);
        true
    }

    fn show(&self, out: &SeqFile) -> Result {
        seq_print!(out, "{}\n", self.id);
        Ok(())
    }
}

/// `/proc/rtpengine/N/status`: the table in figures.
pub(crate) struct Status(Arc<Table>);

impl View for Status {
    type Node = Table;

    fn open(table: ArcBorrow<'_, Table>, _opener: &Opener<'_>) -> Result<Self> {
        Ok(Self(table.into()))
    }

    fn seek(&mut self, position: u64) -> bool {
        position == 0
    }

    fn show(&self, out: &SeqFile) -> Result {
        let state = self.0.state.lock();
        let generation = state.daemon.as_ref().map(|daemon| daemon.generation);
        let text = generation.unwrap_or(Generation::V26_0).text();
        seq_print!(out, "Refcount:    {}\n", state.handles());
        if text.buffers {
            seq_print!(out, "Opencount:   {}\n", state.handles());
        } else {
            seq_print!(out, "Control PID: {}\n", state.process);
        }
        seq_print!(out, "Targets:     {}\n", state.len);
        seq_print!(out, "Players:     0\nPStreams:    0\n");
        if text.memory {
            seq_print!(out, "Memory pins: {}\n", state.memory.len());
            seq_print!(out, "Memory:      {}\n", state.memory.size());
        }
        if text.buffers {
            seq_print!(out, "Skb refs:    0\nSkb copies:  0\nRing bufs:   0\n");
        }
        let name = generation.map_or("none", Generation::name);
        seq_print!(out, "Interface:   {name}\n");
        let [counter, galois] = Drivers::names();
        seq_print!(
            out,
            "Ciphers:     {}, {}\n",
            driver(counter),
            driver(galois)
        );
        Ok(())
    }
}

/// Who encrypts packets.
fn driver(name: Option<&CStr>) -> &BStr {
    name.map_or(b"library".as_slice(), CStr::to_bytes).as_ref()
}

/// `/proc/rtpengine/N/list`: the targets, a block each, by address.
pub(crate) struct Targets {
    table: Arc<Table>,
    walk: Walk,
    /// Whether the reader may see keys.
    with_keys: bool,
}

impl View for Targets {
    type Node = Table;

    fn open(table: ArcBorrow<'_, Table>, opener: &Opener<'_>) -> Result<Self> {
        Ok(Self {
            table: table.into(),
            walk: Walk::new(),
            with_keys: opener.is_net_admin(),
        })
    }

    fn seek(&mut self, position: u64) -> bool {
        let state = self.table.state.lock();
        self.walk.seek(&state.entries, position)
    }

    fn show(&self, out: &SeqFile) -> Result {
        let Some(local) = self.walk.current else {
            return Ok(());
        };
        let state = self.table.state.lock();
        // There are no targets before INIT.
        let Some(daemon) = &state.daemon else {
            return Ok(());
        };
        let groups = daemon.generation.text().groups;
        match state.entries.get(&local) {
            None => {}
            Some(Entry::Building(builder)) => show_builder(out, builder, groups),
            Some(Entry::Published) => {
                let guard = rcu::read_lock();
                if let Some(target) = self.table.find(&local, &guard) {
                    show_target(out, target, groups, self.with_keys);
                }
            }
        }
        Ok(())
    }
}
