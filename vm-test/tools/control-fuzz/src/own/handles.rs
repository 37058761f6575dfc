// SPDX-License-Identifier: GPL-2.0-only

//! Handles of the table: more of them, copies, those that were sent around, and what none of them can do.

use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::libc;
use nix::sys::uio::{pread, pwrite};
use nix::unistd::{lseek, Whence};
use rtp_wire::Direction;

use super::super::sys;
use super::super::table::{call, Failure};
use super::super::worker::Tools;
use super::Own;

impl Own {
    /// Opens it once more, closes it, or takes another way to the same file.
    pub(super) fn rearrange_handles(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        let count = self.table.handles.len();
        let at = self.random.below(count);
        match self.random.below(6) {
            0 if count < 6 => {
                tools.report.operation("open");
                let flag = self
                    .random
                    .pick(&[0, libc::O_NONBLOCK, libc::O_APPEND, libc::O_TRUNC]);
                self.open(libc::O_RDWR | flag)?;
            }
            1 if count > 1 => {
                tools.report.operation("close");
                drop(self.table.handles.swap_remove(at));
            }
            2 => {
                tools.report.operation("dup");
                let handle = self.table.handles.swap_remove(at);
                let copy = handle
                    .try_clone()
                    .map_err(|error| format!("dup: {error}"))?;
                self.table.handles.push(copy);
            }
            3 => {
                tools.report.operation("sent through a socket");
                let handle = self.table.handles.swap_remove(at);
                let passed = sys::pass(handle, true).map_err(|error| format!("send: {error}"))?;
                self.table.handles.extend(passed);
            }
            4 if count > 1 => {
                tools.report.operation("sent to nobody");
                let handle = self.table.handles.swap_remove(at);
                sys::pass(handle, false).map_err(|error| format!("send: {error}"))?;
            }
            _ => self.one_way(tools)?,
        }
        Ok(())
    }

    /// Opens it for one direction alone: the other one is refused by the kernel.
    fn one_way(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        let flags = self.random.pick(&[libc::O_RDONLY, libc::O_WRONLY]);
        let opened = self.table.open(flags);
        let handle = opened.map_err(|error| format!("{}: {error}", self.table.path("control")))?;
        let mut message = self.message(tools);
        message.sent = if flags == libc::O_RDONLY {
            Direction::Write
        } else {
            Direction::Read
        };
        let result = call(handle.as_fd(), &message);
        tools.report.operation("the wrong way of a one-way handle");
        if result != Err(Errno::EBADF) {
            return Err(format!(
                "a handle of flags {flags} takes {:?}: {result:?}",
                message.sent
            ));
        }
        Ok(())
    }

    /// Calls that a control file does not have.
    pub(super) fn odd_call(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        let message = self.message(tools);
        let (offset, style) = (self.random.pick(&[0, 1, 4096]), self.random.below(5));
        let handle = self.table.handle(&mut self.random)?;
        let (name, result) = match style {
            0 => ("pwrite", pwrite(handle, &message.bytes, offset).map(drop)),
            1 => ("pread", pread(handle, &mut [0; 64], offset).map(drop)),
            2 => ("lseek", lseek(handle, offset, Whence::SeekSet).map(drop)),
            3 => ("fsync", nix::unistd::fsync(handle)),
            _ => {
                let _ = nix::unistd::ftruncate(handle, offset);
                ("ftruncate", Err(Errno::EINVAL))
            }
        };
        tools.report.operation(name);
        match (style, result) {
            (0..=2, Err(Errno::ESPIPE)) | (3.., Err(Errno::EINVAL)) => Ok(()),
            (_, result) => Err(format!("{name} of a control file: {result:?}")),
        }
    }
}
