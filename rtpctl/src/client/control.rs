// SPDX-License-Identifier: GPL-2.0-only

//! The binary commands of a table's `control` file.

use std::io::{self, Write};
use std::net::SocketAddr;

use nix::errno::Errno;
use rtp_wire::v26_0::encode;
use zerocopy::{Immutable, IntoBytes};

use super::super::config::StreamConfig;
use super::super::exit::{Code, Failure};
use super::super::sys::SharedPages;
use super::memory::{address, Layout};
use super::message::{add_destination, add_target, pointer};
use super::route::needs_link;
use super::{errno, permission};

/// A table that is open for commands.
#[derive(Debug)]
pub(crate) struct Control<F> {
    file: F,
    table: u8,
    /// How many ranges of memory the table has.
    pins: Option<u64>,
}

/// A command, for what its errors mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Pin,
    Init,
    AddTarget,
    AddOutput(usize),
    DelTarget,
}

impl<F: Write> Control<F> {
    pub(super) fn new(file: F, table: u8, pins: Option<u64>) -> Self {
        Self { file, table, pins }
    }

    /// Adds a stream, wholly or not at all.
    pub(crate) fn add_stream(&mut self, config: &StreamConfig) -> Result<(), Failure> {
        let layout = Layout::new(config);
        let memory = self.share_memory(&layout, config)?;
        let base = memory.address();
        self.send(&*add_target(config, &layout, base))
            .map_err(|error| self.refused(Step::AddTarget, config, &error))?;
        let outputs = config.outputs.iter().zip(&layout.outputs);
        for (index, (output, counters)) in outputs.enumerate() {
            let command = add_destination(config.local, index, output, counters, base);
            if let Err(error) = self.send(&*command) {
                let failure = self.refused(Step::AddOutput(index), config, &error);
                return Err(self.take_back(config.local, failure));
            }
        }
        Ok(())
    }

    /// Removes a stream.
    pub(crate) fn del_stream(&mut self, local: SocketAddr) -> Result<(), Failure> {
        self.send(&encode::del_target(&local.into()))
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

    /// Makes the counters known to the module. Its memory stays with the module when ours is gone.
    fn share_memory(
        &mut self,
        layout: &Layout,
        config: &StreamConfig,
    ) -> Result<SharedPages, Failure> {
        let at = self
            .pins
            .and_then(address)
            .and_then(|at| usize::try_from(at).ok());
        let memory = SharedPages::map(at, layout.size).map_err(|error| {
            Failure::new(
                Code::Refused,
                format!("no memory for the counters: {}", error.desc()),
            )
        })?;
        for (offset, value) in layout.values(config) {
            if !memory.store_u32(offset, value) {
                return Err(Failure::new(
                    Code::Refused,
                    "the counters do not fit their memory",
                ));
            }
        }
        self.send(&encode::pin_memory(memory.address(), memory.length()))
            .map_err(|error| self.refused(Step::Pin, config, &error))?;
        let global = pointer(memory.address(), layout.global);
        match self.send(&encode::init(global)) {
            Ok(()) => {}
            // Done before: by an earlier stream, or by the daemon.
            Err(error) if errno(&error) == Errno::EBUSY => {}
            Err(error) => return Err(self.refused(Step::Init, config, &error)),
        }
        Ok(memory)
    }

    /// Removes a stream whose output was refused.
    fn take_back(&mut self, local: SocketAddr, failure: Failure) -> Failure {
        let Failure { code, what, hint } = failure;
        let what = match self.send(&encode::del_target(&local.into())) {
            Ok(()) => format!("{what}; nothing was added"),
            Err(error) => {
                format!("{what}; and the unfinished stream could not be removed: {error}")
            }
        };
        Failure { code, what, hint }
    }

    fn send(&mut self, command: &(impl IntoBytes + Immutable)) -> io::Result<()> {
        let bytes = command.as_bytes();
        // A command is one write; what is not taken at once is not to be sent in pieces.
        let taken = self.file.write(bytes)?;
        if taken != bytes.len() {
            return Err(io::Error::from(io::ErrorKind::WriteZero));
        }
        Ok(())
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
            Step::Init => "INIT",
            Step::AddTarget => "ADD_TARGET",
            Step::AddOutput(_) => "ADD_DESTINATION",
            Step::DelTarget => "DEL_TARGET",
        };
        match (step, errno(error)) {
            // The older module does not know the command at all.
            (Step::Pin, Errno::EINVAL) | (_, Errno::EMSGSIZE | Errno::ERANGE) => Failure::new(
                Code::Generation,
                format!(
                    "table {table} refused {name}: the loaded module speaks another generation of the interface than \
                     26.0, which rtpctl speaks"
                ),
            )
            .hint("load the module that rtpctl came with"),
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
            (Step::Pin, Errno::EFAULT | Errno::ENOMEM) => Failure::new(
                Code::Refused,
                format!("table {table} refused {name}: the memory cannot be pinned: {error}"),
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
