// SPDX-License-Identifier: GPL-2.0-only

//! The binary commands of a table's `control` file.

use std::io::{self, Write};
use std::net::SocketAddr;

use nix::errno::Errno;
use rtp_wire::generations::{del_target, pin_memory};
use rtp_wire::Generation;
use zerocopy::IntoBytes;

use super::super::config::StreamConfig;
use super::super::exit::{Code, Failure};
use super::super::sys::SharedPages;
use super::memory::{address, mapping, Layout, LARGEST};
use super::message::{add_destination, add_target, init, pointer, Message};
use super::module::{By, Interface};
use super::route::needs_link;
use super::{errno, lacks, permission};

/// A file whose pages can be mapped.
pub(crate) trait Mapped {
    /// Maps that many bytes of it, at the address `at` where that is free.
    fn map(&self, at: Option<usize>, bytes: usize) -> Result<SharedPages, Errno>;
}

/// A table that is open for commands.
#[derive(Debug)]
pub(crate) struct Control<F> {
    file: F,
    table: u8,
    /// What the table spoke when it was opened.
    interface: Interface,
    /// How many ranges of memory the table has.
    pins: Option<u64>,
    /// The range that the last stream's counters are in, and where it has room.
    range: Option<(SharedPages, usize)>,
    /// How many bytes the counters of all streams have that were added.
    used: usize,
    /// Whether INIT was sent.
    begun: bool,
}

/// A command, for what its errors mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Pin,
    Map,
    Init,
    AddTarget,
    AddOutput(usize),
    DelTarget,
}

impl<F: Write> Control<F> {
    pub(super) fn new(file: F, table: u8, interface: Interface, pins: Option<u64>) -> Self {
        Self {
            file,
            table,
            interface,
            pins,
            range: None,
            used: 0,
            begun: false,
        }
    }

    /// Which table it is.
    pub(crate) const fn table(&self) -> u8 {
        self.table
    }

    /// Adds a stream in the place of the one with its local address, if there is one, which is told.
    pub(crate) fn replace_stream(&mut self, config: &StreamConfig) -> Result<bool, Failure>
    where
        F: Mapped,
    {
        // What can be refused without the module is refused before anything is removed.
        lacks::check(self.table, self.generation()?, config)?;
        let replaced = match self.send(del_target(&config.local.into()).as_bytes()) {
            Ok(()) => true,
            Err(error) if errno(&error) == Errno::ENOENT => false,
            // Nobody has begun with the table.
            Err(error) if errno(&error) == Errno::EIO => false,
            Err(error) => return Err(self.refused_in_general(Step::DelTarget, &error)),
        };
        self.add_stream(config)
            .map(|()| replaced)
            .map_err(|mut failure| {
                if replaced {
                    failure.what.push_str("; the stream that was there is gone");
                }
                failure
            })
    }

    /// Adds a stream, wholly or not at all.
    pub(crate) fn add_stream(&mut self, config: &StreamConfig) -> Result<(), Failure>
    where
        F: Mapped,
    {
        let generation = self.generation()?;
        lacks::check(self.table, generation, config)?;
        let layout = Layout::new(config);
        let base = self.share_memory(generation, &layout, config)?;
        self.begin(generation, &layout, config, base)?;
        self.send_message(add_target(generation, config, &layout, base))
            .map_err(|error| self.refused(Step::AddTarget, config, &error))?;
        let outputs = config.outputs.iter().zip(&layout.outputs);
        for (index, (output, counters)) in outputs.enumerate() {
            let command = add_destination(generation, config.local, index, output, counters, base);
            if let Err(error) = self.send_message(command) {
                let failure = self.refused(Step::AddOutput(index), config, &error);
                return Err(self.take_back(config.local, failure));
            }
        }
        Ok(())
    }

    /// The generation that the table speaks, or is to speak.
    fn generation(&self) -> Result<Generation, Failure> {
        if self.interface.is_none() {
            return Ok(Generation::V26_0);
        }
        self.interface.generation().ok_or_else(|| {
            Failure::new(
                Code::Generation,
                format!(
                    "table {} speaks {} of the interface, which rtpctl does not",
                    self.table, self.interface
                ),
            )
        })
    }

    /// Sends INIT where nobody has.
    fn begin(
        &mut self,
        generation: Generation,
        layout: &Layout,
        config: &StreamConfig,
        base: u64,
    ) -> Result<(), Failure> {
        let says_so = self.interface.by == By::Status;
        if self.begun || (says_so && !self.interface.is_none()) {
            return Ok(());
        }
        let begun = match self.send_message(init(generation, pointer(base, layout.global))) {
            Ok(()) => Ok(()),
            Err(error) if errno(&error) == Errno::EBUSY => match says_so {
                // Done before, by an earlier stream.
                false => Ok(()),
                true => Err(Failure::new(
                    Code::Busy,
                    format!(
                        "a daemon has begun with table {} just now; nothing was added",
                        self.table
                    ),
                )
                .hint("try again: then it is known which generation the table speaks")),
            },
            Err(error) => Err(self.refused(Step::Init, config, &error)),
        };
        self.begun = begun.is_ok();
        begun
    }

    /// Removes a stream.
    pub(crate) fn del_stream(&mut self, local: SocketAddr) -> Result<(), Failure> {
        self.send(del_target(&local.into()).as_bytes())
            .map_err(|error| match errno(&error) {
                Errno::ENOENT => Failure::new(
                    Code::NotFound,
                    format!("table {} has no stream at {local}", self.table),
                )
                .hint(format!(
                    "`rtpctl stream list --table {}` shows those that it has",
                    self.table
                )),
                _ => self.refused_in_general(Step::DelTarget, &error),
            })
    }

    /// Has the module know the counters, and tells their address. Their memory stays with the module when ours is gone.
    fn share_memory(
        &mut self,
        generation: Generation,
        layout: &Layout,
        config: &StreamConfig,
    ) -> Result<u64, Failure>
    where
        F: Mapped,
    {
        let (memory, start) = match self.range.take() {
            Some((memory, used)) if memory.has_room(used, layout.size) => (memory, used),
            _ => (self.new_range(generation, layout, config)?, 0),
        };
        for (offset, value) in layout.values(config) {
            if !memory.store_u32(start.saturating_add(offset), value) {
                return Err(Failure::new(
                    Code::Refused,
                    "the counters do not fit their memory",
                ));
            }
        }
        let base = memory.address().saturating_add(start as u64);
        self.range = Some((memory, start.saturating_add(layout.size)));
        self.used = self.used.saturating_add(layout.size);
        Ok(base)
    }

    /// A range for the counters of a stream, and for as many more as there were before.
    fn new_range(
        &mut self,
        generation: Generation,
        layout: &Layout,
        config: &StreamConfig,
    ) -> Result<SharedPages, Failure>
    where
        F: Mapped,
    {
        let size = layout.size.max(self.used.min(LARGEST));
        let at = self
            .pins
            .and_then(address)
            .and_then(|at| usize::try_from(at).ok());
        let memory = if generation.maps_memory() {
            let mapped = self.file.map(at, mapping(size));
            mapped.map_err(|error| self.refused(Step::Map, config, &error.into()))?
        } else {
            SharedPages::map(at, size).map_err(|error| {
                Failure::new(
                    Code::Refused,
                    format!("no memory for the counters: {}", error.desc()),
                )
            })?
        };
        if !generation.maps_memory() {
            self.send(pin_memory(memory.address(), memory.length()).as_bytes())
                .map_err(|error| self.refused(Step::Pin, config, &error))?;
        }
        self.pins = self.pins.and_then(|pins| pins.checked_add(1));
        Ok(memory)
    }

    /// Removes a stream whose output was refused.
    fn take_back(&mut self, local: SocketAddr, failure: Failure) -> Failure {
        let Failure { code, what, hint } = failure;
        let what = match self.send(del_target(&local.into()).as_bytes()) {
            Ok(()) => format!("{what}; nothing was added"),
            Err(error) => {
                format!("{what}; and the unfinished stream could not be removed: {error}")
            }
        };
        Failure { code, what, hint }
    }

    fn send(&mut self, command: &[u8]) -> io::Result<()> {
        // A command is one write; what is not taken at once is not to be sent in pieces.
        let taken = self.file.write(command)?;
        if taken != command.len() {
            return Err(io::Error::from(io::ErrorKind::WriteZero));
        }
        Ok(())
    }

    /// Sends a command, if the generation has it.
    fn send_message(&mut self, message: Option<Message>) -> io::Result<()> {
        match message {
            Some(message) => self.send(&message),
            None => Err(Errno::EOPNOTSUPP.into()),
        }
    }

    /// Says why a command that adds a stream was refused.
    fn refused(&self, step: Step, config: &StreamConfig, error: &io::Error) -> Failure {
        let local = config.local;
        match (step, errno(error)) {
            (Step::AddTarget, Errno::EEXIST) => Failure::new(
                Code::Exists,
                format!("table {} has a stream at {local} already", self.table),
            )
            .hint(format!(
                "`rtpctl stream del --table {} --local {local}` removes it",
                self.table
            )),
            (Step::AddOutput(index), Errno::ENETUNREACH | Errno::EHOSTUNREACH) => {
                Self::refused_output(config, index, "there is no route to it")
                    .hint("`ip route get` shows the way; the table's network namespace counts")
            }
            (Step::AddOutput(index), Errno::EACCES) => {
                Self::refused_output(config, index, "it is a broadcast address")
            }
            (Step::AddOutput(index), Errno::EINVAL) if links_to(config, index) => {
                Self::refused_output(
                    config,
                    index,
                    "it is a link-local address, and the source address does not tell the link: it must be that of one device",
                )
            }
            (Step::AddOutput(index), _) => {
                let mut failure = self.refused_in_general(step, error);
                if let Some(output) = config.outputs.get(index) {
                    failure.what = format!("output {}: {}", output.to(), failure.what);
                }
                failure
            }
            _ => self.refused_in_general(step, error),
        }
    }

    fn refused_output(config: &StreamConfig, index: usize, why: &str) -> Failure {
        let output = config.outputs.get(index);
        let to = output.map_or_else(String::new, |output| output.to().to_string());
        Failure::new(Code::Refused, format!("output {to} was refused: {why}"))
    }

    /// Says why a command was refused, as far as the error alone tells.
    fn refused_in_general(&self, step: Step, error: &io::Error) -> Failure {
        let table = self.table;
        let name = match step {
            Step::Pin => "PIN_MEMORY",
            Step::Map => "a mapping of memory",
            Step::Init => "INIT",
            Step::AddTarget => "ADD_TARGET",
            Step::AddOutput(_) => "ADD_DESTINATION",
            Step::DelTarget => "DEL_TARGET",
        };
        match (step, errno(error)) {
            // An older module does not know PIN_MEMORY at all, a later one maps nothing.
            (Step::Pin, Errno::EINVAL)
            | (Step::Map, Errno::ENODEV | Errno::EIO)
            | (_, Errno::EMSGSIZE | Errno::ERANGE) => Failure::new(
                Code::Generation,
                format!(
                    "table {table} refused {name}: the loaded module speaks another generation of the interface than {}",
                    self.interface
                ),
            )
            .hint("`rtpctl version` shows the module; load the one that rtpctl came with"),
            (_, Errno::EPERM | Errno::EACCES) => permission(&format!("table {table} refused {name}")),
            (_, Errno::ENOENT) => Failure::new(
                Code::NotFound,
                format!("table {table} refused {name}: the table was removed meanwhile"),
            )
            .hint(format!("`rtpctl table add {table}` makes it anew")),
            (_, Errno::EOPNOTSUPP) => Failure::new(
                Code::Refused,
                format!("table {table} refused {name}: the loaded module does not support what was asked for"),
            ),
            (Step::Pin | Step::Map, Errno::EFAULT | Errno::ENOMEM) => Failure::new(
                Code::Refused,
                format!("table {table} refused {name}: the memory cannot be shared: {error}"),
            )
            .hint("the limit on locked memory may be too low: `ulimit -l`"),
            _ => Failure::new(Code::Refused, format!("table {table} refused {name}: {error}"))
                .hint("the module says why in the kernel log when its parameter api_debug is set"),
        }
    }
}

/// Whether an output is sent to an address of each link.
fn links_to(config: &StreamConfig, index: usize) -> bool {
    let output = config.outputs.get(index);
    output.is_some_and(|output| needs_link(output.to().ip()))
}

#[cfg(test)]
mod tests;
