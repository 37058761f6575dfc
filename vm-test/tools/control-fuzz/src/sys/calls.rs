// SPDX-License-Identifier: GPL-2.0-only

//! Reading and writing with a buffer that may be anywhere, and of any length.

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc::{self, c_void};

/// The end of what can be memory of a process.
const USER_END: u64 = 1 << 47;

/// `write` of what is at an address.
pub(crate) fn write_from(
    file: BorrowedFd<'_>,
    address: u64,
    length: usize,
) -> Result<usize, Errno> {
    let buffer = address as *const c_void;
    // SAFETY: The kernel reads from the buffer, if it can be read, and nobody else does.
    let result = unsafe { libc::write(file.as_raw_fd(), buffer, length) };
    Errno::result(result).map(|count| count as usize)
}

/// `read` to an address that is no memory of a process.
pub(crate) fn read_from(file: BorrowedFd<'_>, address: u64, length: usize) -> Result<usize, Errno> {
    if address < USER_END {
        return Err(Errno::EDOM);
    }
    let buffer = address as *mut c_void;
    // SAFETY: No memory of ours is there that could be written to.
    let result = unsafe { libc::read(file.as_raw_fd(), buffer, length) };
    Errno::result(result).map(|count| count as usize)
}
