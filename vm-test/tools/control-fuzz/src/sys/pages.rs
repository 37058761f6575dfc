// SPDX-License-Identifier: GPL-2.0-only

//! Memory at addresses of our choice, which comes and goes while the module has it.
//!
//! All of it lies from [`FIRST`] to [`LAST`], far from where the kernel places what it is not told to: nothing
//! else is there, and nobody has references to it.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::libc::{self, c_int, c_void};

/// Where the addresses begin.
pub(crate) const FIRST: u64 = 0x2000_0000_0000;
/// Where they end.
pub(crate) const LAST: u64 = 0x2000_1000_0000;

/// What memory is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The process's own.
    Private,
    /// Shared with children.
    Shared,
}

/// What may be done with memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    None,
    /// It can be read.
    Read,
    /// It can be read and written.
    Write,
}

impl Access {
    fn bits(self) -> c_int {
        match self {
            Access::None => libc::PROT_NONE,
            Access::Read => libc::PROT_READ,
            Access::Write => libc::PROT_READ | libc::PROT_WRITE,
        }
    }
}

/// The start of a range that is ours.
fn range(address: u64, length: u64) -> Result<(*mut c_void, usize), Errno> {
    let end = address.checked_add(length).ok_or(Errno::EDOM)?;
    if address < FIRST || end > LAST {
        return Err(Errno::EDOM);
    }
    Ok((address as *mut c_void, length as usize))
}

/// Maps new memory of zeros in place of what is there.
pub(crate) fn map(address: u64, length: u64, kind: Kind) -> Result<(), Errno> {
    let (start, length) = range(address, length)?;
    let kind = match kind {
        Kind::Private => libc::MAP_PRIVATE,
        Kind::Shared => libc::MAP_SHARED,
    };
    let flags = kind | libc::MAP_FIXED | libc::MAP_ANONYMOUS;
    // SAFETY: What is replaced is ours, and nobody has references to it.
    let mapped = unsafe { libc::mmap(start, length, Access::Write.bits(), flags, -1, 0) };
    if mapped == start {
        Ok(())
    } else {
        Err(Errno::last())
    }
}

/// Maps memory of a file in place of what is there.
pub(crate) fn map_file(file: BorrowedFd<'_>, address: u64, length: u64) -> Result<(), Errno> {
    let (start, length) = range(address, length)?;
    let flags = libc::MAP_SHARED | libc::MAP_FIXED;
    let (access, file) = (Access::Write.bits(), file.as_raw_fd());
    // SAFETY: What is replaced is ours, and nobody has references to it.
    let mapped = unsafe { libc::mmap(start, length, access, flags, file, 0) };
    if mapped == start {
        Ok(())
    } else {
        Err(Errno::last())
    }
}

/// Unmaps memory.
pub(crate) fn unmap(address: u64, length: u64) -> Result<(), Errno> {
    let (start, length) = range(address, length)?;
    // SAFETY: It is ours, and nobody has references to it.
    Errno::result(unsafe { libc::munmap(start, length) }).map(drop)
}

/// Changes what may be done with memory.
pub(crate) fn protect(address: u64, length: u64, access: Access) -> Result<(), Errno> {
    let (start, length) = range(address, length)?;
    // SAFETY: It is ours, and nobody has references to it.
    Errno::result(unsafe { libc::mprotect(start, length, access.bits()) }).map(drop)
}

/// Moves memory in place of what is there.
pub(crate) fn remap(from: u64, length: u64, to: u64) -> Result<(), Errno> {
    let (start, length_here) = range(from, length)?;
    let (target, _) = range(to, length)?;
    let flags = libc::MREMAP_MAYMOVE | libc::MREMAP_FIXED;
    // SAFETY: Both ranges are ours, and nobody has references to them.
    let moved = unsafe { libc::mremap(start, length_here, length_here, flags, target) };
    if moved == target {
        Ok(())
    } else {
        Err(Errno::last())
    }
}

/// Tells the kernel what memory is needed for.
pub(crate) fn advise(address: u64, length: u64, advice: c_int) -> Result<(), Errno> {
    let (start, length) = range(address, length)?;
    // SAFETY: It is ours; no advice does more than lose what is in it.
    Errno::result(unsafe { libc::madvise(start, length, advice) }).map(drop)
}

/// Writes a number to memory that can be written. Where nothing is mapped the process ends.
pub(crate) fn store(address: u64, value: u32) {
    if let Some(number) = number(address) {
        // SAFETY: It is ours and aligned, and accessed as an atomic alone, here and in the kernel.
        unsafe { AtomicU32::from_ptr(number) }.store(value, Ordering::Relaxed);
    }
}

/// An aligned number that is ours.
fn number(address: u64) -> Option<*mut u32> {
    range(address, 4)
        .ok()
        .filter(|_| address % 4 == 0)
        .map(|(start, _)| start.cast())
}
