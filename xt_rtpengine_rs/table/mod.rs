// SPDX-License-Identifier: GPL-2.0-only

//! A table: its targets, and the memory of the daemon that it counts in.
//!
//! The packet path reads `targets`, under RCU. Everything else is the control
//! side's, under the lock of `state`. A target is in `entries` from ADD_TARGET on: there it is
//! built, alone, until its last output is in; then it moves to `targets`.
//!
//! Order of locks: that of the namespace's tables, then that of `state`. Nothing that waits for the packet path is
//! done under the latter.

mod indices;
pub(crate) mod listed;
mod memory;
pub(crate) mod output;
pub(crate) mod reasons;
pub(crate) mod srtp;
mod tables;
pub(crate) mod target;

pub(crate) use memory::SharedMemory;
pub(crate) use tables::Tables;

use crate::{
    command::error::Fault,
    rtp_wire::Generation,
    sys::{
        counters::GlobalStats,
        map::Map,
        memory::Shared,
        module::Hold,
        net::Home,
        rcu::{self, Guard},
    },
    udp_ip::Endpoint,
};
use indices::Indices;
use kernel::{
    new_mutex,
    prelude::*,
    rbtree::RBTree,
    sync::{atomic::Atomic, Arc, Mutex},
};
use reasons::Reasons;
use target::{Builder, Target};

// What a packet reads of a target, and of each output, lies together in a few cache lines: keys, and what is only listed, lie elsewhere.
// The sizes are those that the kernel's allocator has; a node is a target and 88 bytes, more where the kernel looks for faults of its locks.
const _: () = assert!(size_of::<Target>() <= 512 - 88 && size_of::<output::Output>() <= 256);

/// A target as the control side knows it.
pub(crate) enum Entry {
    /// Its outputs are not all there: nobody else sees it.
    Building(Builder),
    /// It is published.
    Published,
}

/// What INIT has settled.
pub(crate) struct Daemon {
    /// The generation of the interface that it speaks.
    pub(crate) generation: Generation,
    /// Its global counters.
    pub(crate) global: Shared<GlobalStats>,
}

/// What the control side keeps of a table.
pub(crate) struct State {
    /// Whether the table still is one.
    alive: bool,
    /// How often it is held open.
    handles: usize,
    /// The process that sent INIT, 0 for none.
    pub(crate) process: u32,
    /// What INIT has settled; none before.
    pub(crate) daemon: Option<Daemon>,
    /// What was pinned.
    pub(crate) memory: SharedMemory,
    /// The SRTP indices of its outputs; none before one encrypts.
    pub(crate) indices: Option<Arc<Indices>>,
    /// The targets by local address, in the order in which they are listed.
    pub(crate) entries: RBTree<Endpoint, Entry>,
    /// How many there are.
    pub(crate) len: usize,
}

/// A table.
#[pin_data]
pub(crate) struct Table {
    id: u32,
    home: Arc<Home>,
    #[pin]
    targets: Map<Target>,
    /// What became of packets that are no target's, or of one that has gone.
    pub(crate) reasons: Arc<Reasons>,
    #[pin]
    pub(crate) state: Mutex<State>,
    // Last: while a table exists the module stays.
    _hold: Hold,
}

impl Table {
    /// Makes a table of that namespace.
    ///
    /// # Errors
    ///
    /// `ENOMEM`; `ENOENT` when the module is being unloaded.
    pub(crate) fn new(id: u32, home: Arc<Home>) -> Result<Arc<Self>> {
        let hold = Hold::new()?;
        let uncharged = Arc::new(Atomic::new(0), GFP_KERNEL_ACCOUNT)?;
        let reasons = Reasons::of_table()?;
        Arc::pin_init(
            try_pin_init!(Self {
                id,
                home,
                targets <- Map::new(),
                reasons,
                state <- new_mutex!(State {
                    alive: true,
                    handles: 0,
                    process: 0,
                    daemon: None,
                    memory: SharedMemory::new(uncharged),
                    indices: None,
                    entries: RBTree::new(),
                    len: 0,
                }),
                _hold: hold,
            }),
            GFP_KERNEL_ACCOUNT,
        )
    }

    /// The number of the table.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// The network namespace that the table belongs to.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Takes a target away from the packet path.
    pub(crate) fn withdraw(&self, local: &Endpoint) {
        if let Some(target) = self.find(local, &rcu::read_lock()) {
            target.reasons.end();
        }
        self.targets.remove(local);
    }

    /// The targets that are published.
    pub(crate) fn targets(&self) -> &Map<Target> {
        &self.targets
    }

    /// The target of that local address, for the packet path.
    pub(crate) fn find<'g>(&'g self, local: &Endpoint, guard: &'g Guard) -> Option<&'g Target> {
        self.targets.get(local, guard)
    }

    /// Counts one more open control file.
    ///
    /// # Errors
    ///
    /// `ENOENT` when it is a table no more.
    pub(crate) fn open(&self) -> Result {
        let mut state = self.state.lock();
        if !state.alive {
            return Err(ENOENT);
        }
        state.handles = state.handles.saturating_add(1);
        Ok(())
    }

    /// Counts one open control file less.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.handles = state.handles.saturating_sub(1);
        if state.handles == 0 {
            state.process = 0;
        }
    }

    /// Ends the table: its targets are removed, and commands that its holders still send fail. Gives what it owned, for the
    /// caller to drop, which may sleep.
    ///
    /// # Errors
    ///
    /// `EBUSY` when it is held open, unless `by_force`.
    pub(crate) fn end(&self, by_force: bool) -> Result<impl Sized> {
        let mut state = self.state.lock();
        if state.handles > 0 && !by_force {
            return Err(EBUSY);
        }
        state.alive = false;
        state.len = 0;
        let entries = core::mem::replace(&mut state.entries, RBTree::new());
        for (local, entry) in &entries {
            if matches!(entry, Entry::Published) {
                self.withdraw(local);
            }
        }
        let none = SharedMemory::new(state.memory.uncharged().clone());
        let memory = core::mem::replace(&mut state.memory, none);
        Ok((entries, memory, state.daemon.take()))
    }
}

impl State {
    /// Whether the table still is one.
    ///
    /// # Errors
    ///
    /// [`Fault::Killed`] when it is not.
    pub(crate) fn check_alive(&self) -> Result<(), Fault> {
        if self.alive {
            Ok(())
        } else {
            Err(Fault::Killed)
        }
    }

    /// The generation of the table's commands; none before INIT.
    ///
    /// # Errors
    ///
    /// [`Fault::Killed`] when it is a table no more.
    pub(crate) fn generation(&self) -> Result<Option<Generation>, Fault> {
        self.check_alive()?;
        Ok(self.daemon.as_ref().map(|daemon| daemon.generation))
    }

    /// How often the table is held open.
    pub(crate) fn handles(&self) -> usize {
        self.handles
    }
}
