// SPDX-License-Identifier: GPL-2.0-only

//! What cannot be done without unsafe code: memory that is shared with the module.

use std::fs::File;
use std::io;
use std::num::NonZeroUsize;
use std::slice;
use std::sync::atomic::AtomicU64;

use nix::sys::mman::{mmap, mmap_anonymous, MapFlags, ProtFlags};

/// Maps that many bytes, of a file or of zeros, for as long as the program runs.
pub(crate) fn map(file: Option<&File>, bytes: usize) -> io::Result<&'static [AtomicU64]> {
    let length = NonZeroUsize::new(bytes).ok_or(io::ErrorKind::InvalidInput)?;
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    // SAFETY: Without MAP_FIXED the kernel takes free memory alone, so none that anybody else knows is replaced.
    let start = unsafe {
        match file {
            Some(file) => mmap(None, length, access, MapFlags::MAP_SHARED, file, 0)?,
            None => mmap_anonymous(None, length, access, MapFlags::MAP_SHARED)?,
        }
    };
    // SAFETY: The mapping has that many bytes, begins with a page, and is never undone. Its words are accessed as atomics alone, here
    // and in the kernel.
    Ok(unsafe { slice::from_raw_parts(start.cast().as_ptr(), bytes / size_of::<AtomicU64>()) })
}
