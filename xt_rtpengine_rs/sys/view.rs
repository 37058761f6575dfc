// SPDX-License-Identifier: GPL-2.0-only

//! Readable files under `/proc`, an item at a time.
//!
//! The operations of an open file are the module's own, as those of control files: procfs does not wait for its readers, however
//! long they take, when an entry is removed.
//!
//! C header: [`include/linux/seq_file.h`](srctree/include/linux/seq_file.h)

use super::{
    bindings,
    module::this_module,
    opener::Opener,
    proc::{masked, node_of, take_over, Directory, Entry},
};
use core::{marker::PhantomData, ptr};
use kernel::{
    error::{from_result, to_result},
    ffi::{c_int, c_void},
    prelude::*,
    seq_file::SeqFile,
    str::CStr,
    sync::{Arc, ArcBorrow},
};

/// A reader's way through a readable file. Calls come from one thread at a time.
pub(crate) trait View: Sized + Send + 'static {
    /// What the entry belongs to.
    type Node: Send + Sync + 'static;

    /// The file is opened.
    fn open(node: ArcBorrow<'_, Self::Node>, opener: &Opener<'_>) -> Result<Self>;

    /// Goes to the item of that position, counted from zero, and says whether there is one.
    /// Positions come in order, may be asked for again, or begin anew.
    fn seek(&mut self, position: u64) -> bool;

    /// Writes the item that was gone to. It writes nothing when the item is gone meanwhile.
    fn show(&self, out: &SeqFile) -> Result;
}

/// Makes a readable file.
///
/// # Errors
///
/// `ENOMEM` when the name is taken, or there is no memory.
pub(crate) fn readable<V: View>(
    name: &CStr,
    mode: u16,
    parent: &Directory,
    node: Arc<V::Node>,
) -> Result<Entry<V::Node>> {
    // SAFETY: The operations of `V` take the data as a `V::Node`.
    unsafe { Entry::new(name, masked(mode), parent, &Operations::<V>::ENTRY, node) }
}

struct Operations<V>(PhantomData<V>);

impl<V: View> Operations<V> {
    /// Of the entry: all that it does is to be opened. Without a function for it procfs would make a file that
    /// cannot be sought in.
    const ENTRY: bindings::proc_ops = bindings::proc_ops {
        proc_open: Some(Self::open),
        proc_lseek: Some(bindings::seq_lseek),
        // SAFETY: All others may be null.
        ..unsafe { core::mem::zeroed() }
    };

    /// Of the open file.
    const FILE: bindings::file_operations = bindings::file_operations {
        owner: this_module(),
        read: Some(bindings::seq_read),
        llseek: Some(bindings::seq_lseek),
        release: Some(Self::release),
        // SAFETY: All others may be null.
        ..unsafe { core::mem::zeroed() }
    };

    const SEQUENCE: bindings::seq_operations = bindings::seq_operations {
        start: Some(Self::start),
        stop: Some(Self::stop),
        next: Some(Self::next),
        show: Some(Self::show),
    };

    /// # Safety
    ///
    /// Called by procfs with the inode of an entry made by [`readable`] with `V`.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        from_result(|| {
            // SAFETY: Procfs keeps the entry in use while it is opened.
            let node = unsafe { node_of::<V::Node>(inode) };
            // SAFETY: The file is valid for the call.
            let opener = unsafe { Opener::new(file) };
            let view = KBox::new(V::open(node, &opener)?, GFP_KERNEL_ACCOUNT)?;
            // SAFETY: The file is being opened, and nobody else has it yet; the operations are static.
            unsafe {
                take_over(file, &Self::FILE)?;
                to_result(bindings::seq_open(file, &Self::SEQUENCE))?;
            }
            // SAFETY: `seq_open` left its `seq_file` in the private data.
            unsafe {
                (*(*file).private_data.cast::<bindings::seq_file>()).private =
                    KBox::into_raw(view).cast()
            };
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// Called by the kernel once, with a file that was opened by [`Self::open`].
    unsafe extern "C" fn release(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The private data is the `seq_file`, whose own is the view from `into_raw`.
        let view = unsafe { (*(*file).private_data.cast::<bindings::seq_file>()).private };
        // SAFETY: As above; nobody uses it any more.
        drop(unsafe { KBox::<V>::from_raw(view.cast()) });
        // SAFETY: The file was opened with `seq_open`.
        unsafe { bindings::seq_release(inode, file) }
    }

    /// Goes to a position: what C takes for the item is the view itself.
    ///
    /// # Safety
    ///
    /// `seq` belongs to a file that was opened by [`Self::open`], and is locked.
    unsafe fn seek(seq: *mut bindings::seq_file, position: bindings::loff_t) -> *mut c_void {
        // SAFETY: The private data is the view, which the lock of `seq` makes ours alone.
        let view = unsafe { (*seq).private };
        // SAFETY: As above.
        let found = unsafe { &mut *view.cast::<V>() }.seek(u64::try_from(position).unwrap_or(0));
        if found {
            view
        } else {
            ptr::null_mut()
        }
    }

    /// # Safety
    ///
    /// Called by the kernel with the `seq_file` of a file that was opened by [`Self::open`].
    unsafe extern "C" fn start(
        seq: *mut bindings::seq_file,
        position: *mut bindings::loff_t,
    ) -> *mut c_void {
        // SAFETY: As this function's own requirement; `position` is valid.
        unsafe { Self::seek(seq, *position) }
    }

    /// # Safety
    ///
    /// Called by the kernel with the `seq_file` of a file that was opened by [`Self::open`].
    unsafe extern "C" fn next(
        seq: *mut bindings::seq_file,
        _item: *mut c_void,
        position: *mut bindings::loff_t,
    ) -> *mut c_void {
        // SAFETY: As this function's own requirement; `position` is valid.
        unsafe {
            *position = (*position).saturating_add(1);
            Self::seek(seq, *position)
        }
    }

    /// # Safety
    ///
    /// May be called by anybody: there is nothing to undo.
    unsafe extern "C" fn stop(_seq: *mut bindings::seq_file, _item: *mut c_void) {}

    /// # Safety
    ///
    /// Called by the kernel with the item that [`Self::seek`] returned.
    unsafe extern "C" fn show(seq: *mut bindings::seq_file, item: *mut c_void) -> c_int {
        from_result(|| {
            // SAFETY: The item is the view.
            let view = unsafe { &*item.cast::<V>() };
            // SAFETY: `seq` is valid for the call, and of the type that the kernel crate knows.
            view.show(unsafe { SeqFile::from_raw(seq.cast()) })?;
            Ok(0)
        })
    }
}
