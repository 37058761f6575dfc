// SPDX-License-Identifier: GPL-2.0-only

//! Signals as something to be read, beside what else a command waits for.

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// From now on these signals are read, and do nothing else. Reading does not wait.
///
/// # Errors
///
/// What the kernel says.
pub(crate) fn to_be_read(signals: &[Signal]) -> nix::Result<SignalFd> {
    let set: SigSet = signals.iter().copied().collect();
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}
