// SPDX-License-Identifier: GPL-2.0-only

//! The binary commands of a table: a decoded command becomes a change of the table.

pub(crate) mod error;

use crate::{
    rtp_wire::{
        self, CommandNumber, Direction, Encoded, Endpoint, Init, PointerName, Refusal, Request,
    },
    sys::{
        alloc::zeroed,
        counters::GlobalStats,
        crypto::wipe,
        memory::{Mapping, Memory, Shared},
        opener::{current_process, Opener, Uid},
        parameters,
        proc::Handle,
        tally,
    },
    table::{
        output::Output,
        target::{Builder, Resolve},
        Daemon, Entry, State, Table,
    },
};
use error::Fault;
use kernel::{
    prelude::*,
    rbtree::RBTreeNode,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, ArcBorrow,
    },
    uaccess::UserSlice,
};

/// The longest message: a command with the most data that one can carry.
const MAX_MESSAGE: usize = 65_535 + 64;

/// The mark of the next holder: the memory that it pins has it.
static NEXT_HOLDER: Atomic<u64> = Atomic::new(0);

/// A holder of `/proc/rtpengine/N/control`.
pub(crate) struct Holder {
    table: Arc<Table>,
    mark: u64,
    /// Whose datagrams those of its outputs are.
    user: Uid,
}

impl Handle for Holder {
    type Node = Table;

    fn open(table: ArcBorrow<'_, Table>, opener: &Opener<'_>) -> Result<Self> {
        if !opener.may_control() {
            return Err(EPERM);
        }
        table.open()?;
        Ok(Self {
            table: table.into(),
            mark: NEXT_HOLDER.fetch_add(1, Relaxed),
            user: opener.user(),
        })
    }

    fn write(&self, command: UserSlice) -> Result<usize> {
        self.command(Direction::Write, command)
    }

    fn read(&self, command: UserSlice) -> Result<usize> {
        self.command(Direction::Read, command)
    }

    fn map(&self, mapping: &Mapping<'_>) -> Result {
        self.map_memory(mapping)
            .map_err(|fault| self.refused(&fault))
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.table.close();
    }
}

/// A copy of a message, which may hold keys: it is overwritten when it is dropped.
struct Message(KVVec<u8>);

impl Message {
    fn zeroed(length: usize) -> Result<Self> {
        Ok(Self(KVVec::zeroed(length, GFP_KERNEL_ACCOUNT)?))
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl Holder {
    /// Carries out a command, and returns its length.
    fn command(&self, direction: Direction, command: UserSlice) -> Result<usize> {
        let mut reader = command.reader();
        let length = reader.len();
        // A longer message is refused by the length of the part that is copied.
        let mut message = Message::zeroed(length.min(MAX_MESSAGE))?;
        reader.read_slice(&mut message.0)?;
        match self.execute(direction, &message.0) {
            Ok(()) => Ok(length),
            Err(fault) => Err(self.refused(&fault)),
        }
    }

    /// The error of a command, or of a mapping, that is refused.
    fn refused(&self, fault: &Fault) -> Error {
        if parameters::api_debug() {
            pr_info!("table {}: command refused: {}\n", self.table.id(), fault);
        }
        fault.into()
    }

    fn execute(&self, direction: Direction, message: &[u8]) -> Result<(), Fault> {
        let generation = self.table.state.lock().generation()?;
        match rtp_wire::parse(generation, direction, message)? {
            Request::Init(init) => self.init(init),
            Request::PinMemory { address, size } => self.pin_memory(address, size),
            Request::AddTarget(target) => self.add_target(target),
            Request::AddDestination {
                target,
                index,
                output,
            } => self.add_destination(&target, index, output),
            Request::DelTarget(local) => self.del_target(&local),
            Request::InitPlayStreams => Ok(()),
            Request::Unsupported(number) => Err(Fault::Command(number)),
        }
    }

    fn init(&self, init: Init) -> Result<(), Fault> {
        let mut state = self.table.state.lock();
        if state.generation()?.is_some() {
            return Err(Refusal::AlreadyInitialised.into());
        }
        let global: Shared<GlobalStats> = state
            .memory
            .of(self.mark)
            .resolve(PointerName::Global, init.global)?;
        state.daemon = Some(Daemon {
            generation: init.generation(global.range_size()),
            global,
        });
        state.process = current_process();
        Ok(())
    }

    fn pin_memory(&self, address: u64, size: u64) -> Result<(), Fault> {
        self.share_memory(size, || Memory::pin(address, size, self.mark))
    }

    fn map_memory(&self, mapping: &Mapping<'_>) -> Result<(), Fault> {
        if mapping.is_executable() {
            return Err(Fault::MappingExecutable);
        }
        if mapping.offset() != 0 || !mapping.is_shared() {
            return Err(Fault::MappingKind);
        }
        let size = mapping.size();
        if !size.is_power_of_two() {
            return Err(Fault::MappingSize(size));
        }
        self.share_memory(size, || Memory::map(mapping, self.mark))
    }

    /// Adds a range that `make` makes to the memory of the table. `make` may take `mmap_lock`, which is not taken
    /// under ours.
    fn share_memory(
        &self,
        size: u64,
        make: impl FnOnce() -> Result<Arc<Memory>>,
    ) -> Result<(), Fault> {
        let reserve = || {
            let mut state = self.table.state.lock();
            state.check_alive()?;
            state.memory.reserve(size)
        };
        reserve()?;
        let made = make();
        let mut state = self.table.state.lock();
        state.check_alive()?;
        let added = made.and_then(|memory| state.memory.add(memory));
        if added.is_err() {
            state.memory.give_back(size);
        }
        Ok(added?)
    }

    fn add_target(&self, target: Encoded<'_, rtp_wire::Target>) -> Result<(), Fault> {
        let mut config = zeroed::<rtp_wire::Target>()?;
        let mut state = self.table.state.lock();
        state.check_alive()?;
        let daemon = state.daemon.as_ref();
        let daemon = daemon.ok_or(Refusal::NotInitialised(CommandNumber::AddTarget))?;
        let global = daemon.global.clone();
        target.decode(&mut config)?;
        let local = config.local;
        if state.entries.get(&local).is_some() {
            return Err(Fault::TargetExists);
        }
        let (table, memory) = (self.table.id(), state.memory.of(self.mark));
        let ended = self.table.reasons.clone();
        let builder = Builder::new(config, table, &memory, global, ended)?;
        let is_complete = builder.missing() == 0;
        let entry = RBTreeNode::new(local, Entry::Building(builder), GFP_KERNEL_ACCOUNT)?;
        state.entries.insert(entry);
        if is_complete {
            if let Err(fault) = self.publish(&mut state, &local) {
                state.entries.remove(&local);
                return Err(fault);
            }
        }
        state.len = state.len.saturating_add(1);
        Ok(())
    }

    // Its frame is not to become one with that of other commands.
    #[inline(never)]
    fn add_destination(
        &self,
        local: &Endpoint,
        index: u32,
        output: Encoded<'_, rtp_wire::Output>,
    ) -> Result<(), Fault> {
        let mut config = zeroed::<rtp_wire::Output>()?;
        let mut state = self.table.state.lock();
        state.check_alive()?;
        let State {
            entries,
            memory,
            indices,
            ..
        } = &mut *state;
        let builder = match entries.get_mut(local).ok_or(Fault::NoTarget)? {
            Entry::Published => return Err(Fault::TargetComplete),
            Entry::Building(builder) => builder,
        };
        let number = builder.place(index)?;
        output.decode(&mut config)?;
        let (target, memory) = (builder.target(), memory.of(self.mark));
        let output = Output::new(number, config, self.user, target, &memory, indices)?;
        let path = &output.egress.path;
        let allowed = self.table.home().with(|net| path.check(net));
        allowed.ok_or(Fault::Killed)?.map_err(Fault::Path)?;

        builder.add(output)?;
        if builder.missing() == 0 {
            if let Err(fault) = self.publish(&mut state, local) {
                if let Some(Entry::Building(builder)) = state.entries.get_mut(local) {
                    builder.remove(number);
                }
                return Err(fault);
            }
        }
        Ok(())
    }

    fn del_target(&self, local: &Endpoint) -> Result<(), Fault> {
        let mut state = self.table.state.lock();
        state.check_alive()?;
        let entry = state.entries.remove(local).ok_or(Fault::NoTarget)?;
        state.len = state.len.saturating_sub(1);
        if matches!(entry, Entry::Published) {
            self.table.withdraw(local);
        }
        drop(state);
        tally::bring();
        Ok(())
    }

    /// Lets the packet path see a target whose outputs are all there. A target that cannot be
    /// published stays as it was.
    fn publish(&self, state: &mut State, local: &Endpoint) -> Result<(), Fault> {
        let entry = state.entries.get_mut(local).ok_or(Fault::NoTarget)?;
        match core::mem::replace(entry, Entry::Published) {
            Entry::Published => Err(Fault::TargetComplete),
            Entry::Building(builder) => {
                let published = builder.publish(self.table.targets());
                published.map_err(|(builder, error)| {
                    *entry = Entry::Building(builder);
                    Fault::Kernel(error)
                })
            }
        }
    }
}
