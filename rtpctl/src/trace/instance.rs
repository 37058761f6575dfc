// SPDX-License-Identifier: GPL-2.0-only

//! A trace buffer of our own in tracefs, with the module's tracepoints on as long as it is there.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::errno::Errno;
use nix::libc::O_NONBLOCK;
use nix::poll::{poll, PollFd, PollFlags, PollTimeout};
use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;

use super::super::exit::{Code, Error, Failure};
use super::super::signals;

/// What the folders of our buffers are called: the process follows.
const NAME: &str = "rtpctl-";
const PIECE: usize = 1 << 16;

/// A buffer of tracefs; gone when it is dropped, and what an interrupted one left is taken away by the next.
pub(super) struct Instance {
    folder: PathBuf,
    pipe: Option<File>,
    signals: SignalFd,
    text: Vec<u8>,
}

/// What comes next.
pub(super) enum Next {
    /// A line.
    Line(String),
    /// The time is over, or somebody has seen enough.
    End,
}

impl Instance {
    /// Makes one, and switches the tracepoints on.
    pub(super) fn new(sys: &Path) -> Result<Self, Failure> {
        let tracefs = sys.join("kernel/tracing");
        let there = |path: &str| tracefs.join(path).try_exists();
        if !there("instances").map_err(|error| refused(&error))? {
            return Err(
                Failure::new(Code::Refused, "the kernel's tracefs is not mounted")
                    .hint("`mount -t tracefs tracefs /sys/kernel/tracing` mounts it"),
            );
        }
        if !there("events/rtpengine/decision").map_err(|error| refused(&error))? {
            return Err(Failure::new(
                Code::NoModule,
                "no module that tells what becomes of packets is loaded",
            )
            .hint("`modprobe xt_rtpengine_rs` loads the one that does; `rtpctl version` shows which one is loaded"));
        }
        // They come in order by the descriptor then, and what is made here is taken away again.
        let ends = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
        let signals = signals::to_be_read(&ends).map_err(|errno| refused(&errno.into()))?;
        let instances = tracefs.join("instances");
        sweep(&instances);
        let mut instance = Self {
            folder: instances.join(format!("{NAME}{}", std::process::id())),
            pipe: None,
            signals,
            text: Vec::new(),
        };
        fs::create_dir(&instance.folder).map_err(|error| refused(&error))?;
        instance.start().map_err(|error| refused(&error))?;
        Ok(instance)
    }

    fn start(&mut self) -> io::Result<()> {
        let pipe = self.folder.join("trace_pipe");
        self.pipe = Some(
            OpenOptions::new()
                .read(true)
                .custom_flags(O_NONBLOCK)
                .open(pipe)?,
        );
        fs::write(self.folder.join("trace_clock"), "mono")?;
        fs::write(self.folder.join("events/rtpengine/enable"), "1")
    }

    /// The next line. What was printed is seen before it waits.
    pub(super) fn next(
        &mut self,
        end: Option<Instant>,
        out: &mut dyn Write,
    ) -> Result<Next, Error> {
        loop {
            if let Some(length) = self.text.iter().position(|&byte| byte == b'\n') {
                let line = self.text.drain(..=length).collect::<Vec<_>>();
                return Ok(Next::Line(
                    String::from_utf8_lossy(&line).trim_end().to_owned(),
                ));
            }
            let Some(pipe) = &mut self.pipe else {
                return Ok(Next::End);
            };
            let mut piece = [0; PIECE];
            match pipe.read(&mut piece) {
                Ok(length) => {
                    self.text
                        .extend_from_slice(piece.get(..length).unwrap_or(&[]));
                    if length > 0 {
                        continue;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(refused(&error).into()),
            }
            out.flush().map_err(|error| Error::output(&error))?;
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Next::End);
            }
            let patience = left.map_or(PollTimeout::NONE, |left| {
                PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
            });
            let mut waits = [
                PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
                PollFd::new(pipe.as_fd(), PollFlags::POLLIN),
            ];
            match poll(&mut waits, patience) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(errno) => return Err(refused(&errno.into()).into()),
            }
            if matches!(self.signals.read_signal(), Ok(Some(_))) {
                return Ok(Next::End);
            }
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Nobody may have it open when it is removed.
        self.pipe = None;
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Takes away what processes left that are no more.
fn sweep(instances: &Path) {
    for entry in fs::read_dir(instances).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(NAME));
        if process.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

fn refused(error: &io::Error) -> Failure {
    match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
        Errno::EACCES | Errno::EPERM => Failure::new(
            Code::Permission,
            "permission denied: packets may not be traced",
        )
        .hint("run it as root"),
        _ => Failure::new(Code::Refused, format!("cannot trace packets: {error}")),
    }
}
