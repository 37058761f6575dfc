// SPDX-License-Identifier: GPL-2.0-only

//! Memory that is shared with the kernel.
//!
//! C header: include/uapi/asm-generic/mman.h

use std::ffi::c_void;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::errno::Errno;
use nix::sys::mman::{mmap, mmap_anonymous, munmap, MapFlags, ProtFlags};
use nix::unistd::{sysconf, SysconfVar};

/// Whole pages, readable and writable. They stay what they are after a fork.
#[derive(Debug)]
pub(crate) struct SharedPages {
    // INVARIANT: the start of a mapping of `length` bytes that this value alone unmaps.
    start: NonNull<c_void>,
    length: usize,
}

/// The bits that an offset of a number must not have.
const MISALIGNED: usize = align_of::<AtomicU32>() - 1;

/// The size of a page.
fn page_size() -> usize {
    let size = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    size.and_then(|size| usize::try_from(size).ok())
        .filter(|size| size.is_power_of_two())
        .unwrap_or(4096)
}

impl SharedPages {
    /// Maps at least `bytes` bytes of zeros, at the address `at` where that is free, else where the kernel likes.
    pub(crate) fn map(at: Option<usize>, bytes: usize) -> Result<Self, Errno> {
        let length = bytes
            .checked_next_multiple_of(page_size())
            .and_then(NonZeroUsize::new)
            .ok_or(Errno::EINVAL)?;
        let at = at.and_then(NonZeroUsize::new);
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: Without MAP_FIXED an address is a wish: the kernel takes free memory alone, so none that anybody
        // else knows is replaced.
        let start = unsafe { mmap_anonymous(at, length, access, MapFlags::MAP_SHARED)? };
        // INVARIANT: just mapped, and nobody else knows it.
        Ok(Self {
            start,
            length: length.get(),
        })
    }

    /// Maps `bytes` bytes of a file, as [`map`](Self::map) does memory of our own. They are the file's: they stay when it is closed.
    pub(crate) fn of_file(file: impl AsFd, at: Option<usize>, bytes: usize) -> Result<Self, Errno> {
        let length = NonZeroUsize::new(bytes).ok_or(Errno::EINVAL)?;
        let at = at.and_then(NonZeroUsize::new);
        let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: Without MAP_FIXED an address is a wish: the kernel takes free memory alone, so none that anybody
        // else knows is replaced.
        let start = unsafe { mmap(at, length, access, MapFlags::MAP_SHARED, file, 0)? };
        // INVARIANT: just mapped, and nobody else knows it.
        Ok(Self {
            start,
            length: length.get(),
        })
    }

    /// The address, as the kernel knows it.
    pub(crate) fn address(&self) -> u64 {
        self.start.addr().get() as u64
    }

    /// The length in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length as u64
    }

    /// Whether there are so many bytes from an offset on.
    pub(crate) fn has_room(&self, offset: usize, bytes: usize) -> bool {
        offset
            .checked_add(bytes)
            .is_some_and(|end| end <= self.length)
    }

    /// Writes a number at an offset. Tells whether there is room for one, aligned.
    #[must_use]
    pub(crate) fn store_u32(&self, offset: usize, value: u32) -> bool {
        match self.number_at(offset) {
            Some(number) => {
                number.store(value, Ordering::Relaxed);
                true
            }
            None => false,
        }
    }

    fn number_at(&self, offset: usize) -> Option<&AtomicU32> {
        let end = offset.checked_add(size_of::<AtomicU32>())?;
        if end > self.length || offset & MISALIGNED != 0 {
            return None;
        }
        // SAFETY: `offset` lies inside the mapping, by the check and the invariant.
        let place = unsafe { self.start.byte_add(offset) };
        // SAFETY: The four bytes at `place` are mapped for as long as `self` lives, aligned (a page's start is, and
        // so is the offset), and accessed as atomics alone, here and in the kernel.
        Some(unsafe { AtomicU32::from_ptr(place.cast().as_ptr()) })
    }
}

impl Drop for SharedPages {
    fn drop(&mut self) {
        // SAFETY: By the invariant this is our mapping in its whole length, and no reference into it outlives `self`.
        // Pages that the kernel has pinned stay with the kernel.
        let _ = unsafe { munmap(self.start, self.length) };
    }
}

#[cfg(test)]
mod tests {
    use procfs::process::{MMPermissions, Process};

    use super::*;

    #[test]
    fn pages_are_whole_and_aligned() {
        let pages = SharedPages::map(None, 1).expect("memory");
        assert_eq!(pages.length(), page_size() as u64);
        assert_eq!(pages.address() % page_size() as u64, 0);
    }

    #[test]
    fn pages_are_shared_and_writable() {
        let pages = SharedPages::map(None, 1).expect("memory");
        let maps = Process::myself().and_then(|me| me.maps()).expect("maps");
        let map = maps
            .iter()
            .find(|map| map.address.0 <= pages.address() && pages.address() < map.address.1);
        let wanted = MMPermissions::READ | MMPermissions::WRITE | MMPermissions::SHARED;
        assert_eq!(map.map(|map| map.perms), Some(wanted));
    }

    #[test]
    fn a_free_address_is_taken_and_a_used_one_is_not() {
        let at = 0x0700_0000_0000;
        let first = SharedPages::map(Some(at), 1).expect("memory");
        assert_eq!(first.address(), at as u64);
        let second = SharedPages::map(Some(at), 1).expect("memory");
        assert_ne!(second.address(), first.address());
    }

    fn load(pages: &SharedPages, offset: usize) -> Option<u32> {
        let number = pages.number_at(offset)?;
        Some(number.load(Ordering::Relaxed))
    }

    #[test]
    fn numbers_are_stored_inside_only() {
        let pages = SharedPages::map(None, 1).expect("memory");
        let end = page_size();
        assert!(pages.store_u32(0, 7));
        assert!(pages.store_u32(end - 4, 8));
        assert!(!pages.store_u32(end, 9));
        assert!(!pages.store_u32(end - 2, 9));
        assert!(!pages.store_u32(2, 9));
        assert!(!pages.store_u32(usize::MAX - 3, 9));
        assert_eq!(load(&pages, 0), Some(7));
        assert_eq!(load(&pages, 4), Some(0));
        assert_eq!(load(&pages, end - 4), Some(8));
    }

    #[test]
    fn pages_of_a_file_are_the_files() {
        let path = std::env::temp_dir().join(format!("rtpctl-pages-{}", std::process::id()));
        let file = std::fs::File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .expect("a new file");
        std::fs::remove_file(&path).expect("its name");
        file.set_len(page_size() as u64).expect("its length");
        let pages = SharedPages::of_file(&file, None, page_size()).expect("memory");
        assert!(pages.store_u32(4, 7));
        drop(pages);
        let again = SharedPages::of_file(&file, None, page_size()).expect("memory");
        assert_eq!((load(&again, 0), load(&again, 4)), (Some(0), Some(7)));
        let nothing = SharedPages::of_file(&file, None, 0).err();
        assert_eq!(nothing, Some(Errno::EINVAL));
    }

    #[test]
    fn nothing_is_no_memory() {
        assert_eq!(SharedPages::map(None, 0).err(), Some(Errno::EINVAL));
    }
}
