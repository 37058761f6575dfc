// SPDX-License-Identifier: GPL-2.0-only

//! Memory that the daemon and the module share, which the module writes counters to.
//!
//! Either a range of the daemon's pages is pinned and mapped into the kernel, and charged to the process, or pages of
//! the module's are mapped into the process. It stays so, whatever becomes of the process, until the last handle
//! is dropped; a process keeps pages that it has mapped.
//!
//! C headers: [`include/linux/mm.h`](srctree/include/linux/mm.h),
//! [`include/linux/vmalloc.h`](srctree/include/linux/vmalloc.h)

use super::{bindings, counters::Counters};
use core::{marker::PhantomData, mem, ops::Deref, ptr::NonNull};
use kernel::{page::PAGE_SIZE, prelude::*, sync::Arc};

/// How many pages are pinned at once.
const PIECE: usize = 1024;

/// A number of pages on the account of a process: its `VmPin`.
///
/// # Invariants
///
/// `mm` is null, or a reference is owned, and `pages` were added to its pinned memory.
struct Charge {
    mm: *mut bindings::mm_struct,
    pages: usize,
}

impl Charge {
    /// Charges the calling process.
    fn new(pages: usize) -> Self {
        // SAFETY: No requirements.
        let mm = unsafe { bindings::rtpe_charge_pinned(pages) };
        // INVARIANT: The reference was just taken, and the pages added.
        Self { mm, pages }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        // SAFETY: By the type invariant; a charge is given back once.
        unsafe { bindings::rtpe_uncharge_pinned(self.mm, self.pages) };
    }
}

/// Pages of a process, pinned.
///
/// # Invariants
///
/// All pages in the vector are pinned for writing.
struct Pages(KVVec<*mut bindings::page>);

impl Pages {
    /// Pins a range piece by piece: room is made only for what is there, however large the range.
    fn pin(address: u64, count: usize) -> Result<Self> {
        let mut address = usize::try_from(address).map_err(|_| EFAULT)?;
        let mut pages = Self(KVVec::new());
        while let wanted @ 1.. = count.saturating_sub(pages.0.len()).min(PIECE) {
            pages.0.reserve(wanted, GFP_KERNEL_ACCOUNT)?;
            // SAFETY: There is room for `wanted` pointers behind those in the vector. Any address may
            // be given: those that are not the caller's are refused.
            let pinned = unsafe {
                bindings::pin_user_pages_fast(
                    address,
                    wanted as i32,
                    bindings::FOLL_WRITE | bindings::FOLL_LONGTERM,
                    pages.0.spare_capacity_mut().as_mut_ptr().cast(),
                )
            };
            let pinned = usize::try_from(pinned).map_err(|_| EFAULT)?;
            // INVARIANT: These pages were just pinned; what was not pinned is not in the vector.
            // SAFETY: Their pointers were written behind those in the vector.
            unsafe { pages.0.inc_len(pinned) };
            if pinned < wanted {
                return Err(EFAULT);
            }
            address = address.saturating_add(wanted.saturating_mul(PAGE_SIZE));
        }
        Ok(pages)
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: By the type invariant all pages of the vector are pinned.
        unsafe { bindings::unpin_user_pages_dirty_lock(self.0.as_mut_ptr(), self.0.len(), true) };
    }
}

/// What a process asks `mmap` of a file for, while it does.
pub(crate) struct Mapping<'a> {
    area: *mut bindings::vm_area_struct,
    asked: bindings::rtpe_mapping,
    file: PhantomData<&'a ()>,
}

impl Mapping<'_> {
    /// # Safety
    ///
    /// `area` is being mapped, and not mapped yet, during the lifetime of the result.
    pub(super) unsafe fn new(area: *mut bindings::vm_area_struct) -> Self {
        Self {
            area,
            // SAFETY: As this function's own requirement.
            asked: unsafe { bindings::rtpe_mapping_of(area) },
            file: PhantomData,
        }
    }

    /// The size in bytes, whole pages.
    pub(crate) fn size(&self) -> u64 {
        self.asked.size as u64
    }

    /// Where in the file it begins, in pages.
    pub(crate) fn offset(&self) -> u64 {
        self.asked.offset as u64
    }

    /// Whether the process wants to execute it.
    pub(crate) fn is_executable(&self) -> bool {
        self.asked.is_executable
    }

    /// Whether what one side writes is the other's to read.
    pub(crate) fn is_shared(&self) -> bool {
        self.asked.is_shared
    }
}

/// Whose pages a range has.
enum Backing {
    /// Of the process.
    Pinned { _pages: Pages, _charge: Charge },
    /// Of the module.
    Own,
}

/// A range of a process's memory that the module shares. Dropping it may sleep.
///
/// # Invariants
///
/// `base` is valid for reads and writes of `size` bytes: the start of a mapping by `vmap` of pinned pages, or of memory
/// of `vmalloc`.
pub(crate) struct Memory {
    base: NonNull<u8>,
    start: u64,
    size: u64,
    owner: u64,
    backing: Backing,
}

// SAFETY: The mapping can be used and undone from any thread.
unsafe impl Send for Memory {}
// SAFETY: What is handed out of the mapping are atomics.
unsafe impl Sync for Memory {}

impl Memory {
    /// Pins `size` bytes at `start` of the calling process. Both are whole pages. `owner` is a
    /// mark of the caller's choice.
    ///
    /// # Errors
    ///
    /// `EFAULT` when the range is not memory that the process can write; `ENOMEM`.
    pub(crate) fn pin(start: u64, size: u64, owner: u64) -> Result<Arc<Self>> {
        start.checked_add(size).ok_or(EFAULT)?;
        let count = usize::try_from(size).map_err(|_| EFAULT)? / PAGE_SIZE;
        let mut pages = Pages::pin(start, count)?;
        // SAFETY: The pages are valid and stay so until after the mapping is undone.
        let base = unsafe {
            bindings::vmap(
                pages.0.as_mut_ptr(),
                u32::try_from(count).map_err(|_| EFAULT)?,
                bindings::VM_MAP as usize,
                bindings::rtpe_page_kernel(),
            )
        };
        // INVARIANT: `vmap` maps all of the pages, one after the other.
        let memory = Self {
            base: NonNull::new(base.cast()).ok_or(ENOMEM)?,
            start,
            size,
            owner,
            backing: Backing::Pinned {
                _pages: pages,
                _charge: Charge::new(count),
            },
        };
        Ok(Arc::new(memory, GFP_KERNEL_ACCOUNT)?)
    }

    /// Maps new pages, which are zero, into the calling process.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn map(mapping: &Mapping<'_>, owner: u64) -> Result<Arc<Self>> {
        // SAFETY: The area is being mapped, by the type's constructor.
        let base = unsafe { bindings::rtpe_map_zeroed(mapping.area) };
        // INVARIANT: The memory has the size of the area.
        let memory = Self {
            base: NonNull::new(base.cast()).ok_or(ENOMEM)?,
            start: mapping.asked.start as u64,
            size: mapping.size(),
            owner,
            backing: Backing::Own,
        };
        Ok(Arc::new(memory, GFP_KERNEL_ACCOUNT)?)
    }

    /// Where the range starts, as the process sees it.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// The size of the range in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// The mark that was given when the range was pinned.
    pub(crate) fn owner(&self) -> u64 {
        self.owner
    }

    /// The counters at `address`, as the process sees it: `None` when they do not lie in the
    /// range from start to end, or are not aligned.
    pub(crate) fn resolve<T: Counters>(self: &Arc<Self>, address: u64) -> Option<Shared<T>> {
        let offset = address.checked_sub(self.start)?;
        let end = offset.checked_add(mem::size_of::<T>() as u64)?;
        let offset = usize::try_from(offset).ok()?;
        if end > self.size || offset % mem::align_of::<T>() != 0 {
            return None;
        }
        // SAFETY: `offset` and the bytes of a `T` after it lie in the mapping.
        let counters = unsafe { self.base.add(offset) };
        // INVARIANT: Inside the mapping, and aligned: the mapping begins at a page.
        Some(Shared {
            counters: counters.cast(),
            memory: self.clone(),
        })
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let base = self.base.as_ptr().cast();
        match self.backing {
            // SAFETY: By the type invariant `base` is a mapping made by `vmap`. The pages are unpinned after
            // this, by their own drop.
            Backing::Pinned { .. } => unsafe { bindings::vunmap(base) },
            // SAFETY: By the type invariant `base` comes from `vmalloc`. A process that has the pages mapped has
            // references to them.
            Backing::Own => unsafe { bindings::vfree(base) },
        }
    }
}

/// Counters in shared memory, which the handle keeps there.
///
/// # Invariants
///
/// `counters` points to a `T` in the mapping of `memory`, aligned.
pub(crate) struct Shared<T: Counters> {
    counters: NonNull<T>,
    memory: Arc<Memory>,
}

impl<T: Counters> Shared<T> {
    /// The counters in the form that C takes.
    pub(super) fn as_ptr(&self) -> *mut T {
        self.counters.as_ptr()
    }

    /// The size of the range that they are in.
    pub(crate) fn range_size(&self) -> u64 {
        self.memory.size
    }
}

impl<T: Counters> Clone for Shared<T> {
    fn clone(&self) -> Self {
        // INVARIANT: The same counters in the same memory.
        Self {
            counters: self.counters,
            memory: self.memory.clone(),
        }
    }
}

// SAFETY: Counters are atomics, and the memory can be shared.
unsafe impl<T: Counters> Send for Shared<T> {}
// SAFETY: As above.
unsafe impl<T: Counters> Sync for Shared<T> {}

impl<T: Counters> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: By the type invariant the pointer is valid and aligned for as long as the handle
        // lives, and `Counters` are atomics for which every byte pattern is valid: the daemon may
        // write them at any time.
        unsafe { self.counters.as_ref() }
    }
}
