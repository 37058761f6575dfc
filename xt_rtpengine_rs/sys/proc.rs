// SPDX-License-Identifier: GPL-2.0-only

//! Directories and files under `/proc`.
//!
//! A file that is held open outlives its entry: its operations are the module's own, put in place
//! when it is opened, so that the holder of a file whose table was killed keeps a handle that
//! answers, and the module stays loaded until the last one is closed.
//!
//! C headers: [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h),
//! [`include/linux/fs.h`](srctree/include/linux/fs.h)

use super::{
    bindings, memory::Mapping, module::this_module, net::Namespace, opener::Opener, parameters,
};
use core::{marker::PhantomData, ptr, ptr::NonNull};
use kernel::{
    error::from_result,
    ffi::{c_char, c_int, c_void},
    prelude::*,
    str::CStr,
    sync::{Arc, ArcBorrow},
    uaccess::{UserPtr, UserSlice},
};

/// Gives an entry its owner.
///
/// # Safety
///
/// The entry exists.
unsafe fn own(entry: NonNull<bindings::proc_dir_entry>) {
    // SAFETY: As this function's own requirement; an id is any number.
    unsafe {
        bindings::proc_set_user(
            entry.as_ptr(),
            bindings::rtpe_make_kuid(parameters::proc_uid()),
            bindings::rtpe_make_kgid(parameters::proc_gid()),
        )
    };
}

/// The mode without the bits that `proc_mask` takes away. The owner's stay where nothing else is left:
/// to procfs, no bits are those of its default.
pub(super) fn masked(mode: u16) -> u16 {
    match mode & !(parameters::proc_mask() as u16) {
        0 => mode & 0o700,
        left => left,
    }
}

/// Whether there is a file of that absolute path, as the calling process sees it.
pub(crate) fn exists(path: &CStr) -> bool {
    // SAFETY: The path is NUL-terminated.
    unsafe { bindings::rtpe_path_exists(path.as_char_ptr()) }
}

/// A symbolic link under `/proc`, removed when dropped.
///
/// # Invariants
///
/// The entry exists.
pub(crate) struct Link(NonNull<bindings::proc_dir_entry>);

// SAFETY: Entries can be used from any thread: procfs locks.
unsafe impl Send for Link {}
// SAFETY: As above.
unsafe impl Sync for Link {}

impl Link {
    /// Makes a link of that name, which no entry may have.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(name: &CStr, to: &CStr) -> Result<Self> {
        // SAFETY: Both are NUL-terminated, and copied.
        let entry = unsafe {
            bindings::proc_symlink(name.as_char_ptr(), ptr::null_mut(), to.as_char_ptr())
        };
        // INVARIANT: The entry was just made.
        Ok(Self(NonNull::new(entry).ok_or(ENOMEM)?))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the entry exists.
        unsafe { bindings::proc_remove(self.0.as_ptr()) };
    }
}

/// A directory, removed when dropped.
///
/// # Invariants
///
/// The entry exists.
pub(crate) struct Directory(NonNull<bindings::proc_dir_entry>);

// SAFETY: Entries can be used from any thread: procfs locks.
unsafe impl Send for Directory {}
// SAFETY: As above.
unsafe impl Sync for Directory {}

impl Directory {
    /// Makes a directory in the `/proc/net` of a namespace.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when the name is taken, or there is no memory.
    pub(crate) fn of_namespace(net: Namespace<'_>, name: &CStr) -> Result<Self> {
        // SAFETY: The namespace is alive, and has its directory as long.
        unsafe { Self::make(name, bindings::rtpe_proc_net(net.as_ptr())) }
    }

    /// Makes a directory under `parent`.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when the name is taken, or there is no memory.
    pub(crate) fn new(name: &CStr, parent: &Directory) -> Result<Self> {
        // SAFETY: By the type invariant the parent exists.
        unsafe { Self::make(name, parent.0.as_ptr()) }
    }

    /// # Safety
    ///
    /// `parent` exists.
    unsafe fn make(name: &CStr, parent: *mut bindings::proc_dir_entry) -> Result<Self> {
        // What is below `/proc/net` is looked up anew each time: it depends on who looks.
        // SAFETY: The name is NUL-terminated and copied, and the parent exists.
        let entry = unsafe {
            bindings::_proc_mkdir(
                name.as_char_ptr(),
                masked(0o555),
                parent,
                ptr::null_mut(),
                true,
            )
        };
        let entry = NonNull::new(entry).ok_or(ENOMEM)?;
        // SAFETY: The entry was just made.
        unsafe { own(entry) };
        // INVARIANT: The entry was just made.
        Ok(Self(entry))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the entry exists.
        unsafe { bindings::proc_remove(self.0.as_ptr()) };
    }
}

/// A file, removed when dropped.
///
/// # Invariants
///
/// The entry exists. Its data comes from [`Arc::into_raw`] and is the reference that `node` is.
pub(crate) struct Entry<N: Send + Sync + 'static> {
    entry: NonNull<bindings::proc_dir_entry>,
    node: *const N,
}

// SAFETY: Entries can be used from any thread, and `N` can be shared.
unsafe impl<N: Send + Sync + 'static> Send for Entry<N> {}
// SAFETY: As above.
unsafe impl<N: Send + Sync + 'static> Sync for Entry<N> {}

impl<N: Send + Sync + 'static> Entry<N> {
    /// # Safety
    ///
    /// `operations` take the entry's data as a pointer to an `N` that an [`Arc`] owns.
    pub(super) unsafe fn new(
        name: &CStr,
        mode: u16,
        parent: &Directory,
        operations: &'static bindings::proc_ops,
        node: Arc<N>,
    ) -> Result<Self> {
        let node = Arc::into_raw(node);
        // SAFETY: The name is NUL-terminated and copied, the parent exists, the operations are
        // static.
        let entry = unsafe {
            bindings::proc_create_data(
                name.as_char_ptr(),
                mode,
                parent.0.as_ptr(),
                operations,
                node.cast_mut().cast(),
            )
        };
        let Some(entry) = NonNull::new(entry) else {
            // SAFETY: The pointer comes from `into_raw` above; procfs did not take it.
            drop(unsafe { Arc::from_raw(node) });
            return Err(ENOMEM);
        };
        // SAFETY: The entry was just made.
        unsafe { own(entry) };
        // INVARIANT: It exists, with `node` as its data.
        Ok(Self { entry, node })
    }
}

impl<N: Send + Sync + 'static> Drop for Entry<N> {
    fn drop(&mut self) {
        // Waits until nobody is opening the file any more.
        // SAFETY: By the type invariant the entry exists.
        unsafe { bindings::proc_remove(self.entry.as_ptr()) };
        // SAFETY: By the type invariant the reference is owned, and nobody else can reach it.
        drop(unsafe { Arc::from_raw(self.node) });
    }
}

/// The node of the entry behind an inode.
///
/// # Safety
///
/// The entry was made by [`Entry<N>::new`] and is in use, so that it is not removed meanwhile.
pub(super) unsafe fn node_of<'a, N>(inode: *const bindings::inode) -> ArcBorrow<'a, N> {
    // SAFETY: The entry is in use.
    let node = unsafe { bindings::rtpe_pde_data(inode) };
    // SAFETY: The data comes from `Arc::into_raw`, and the reference is owned by the entry.
    unsafe { ArcBorrow::from_raw(node.cast::<N>()) }
}

/// Gives a file that is being opened operations of the module's own, with the reference to the module that they
/// need: it is given back when the file is closed, or cannot be opened after all.
///
/// # Errors
///
/// `ENOENT` while the module has not started: should it fail to, it is freed, whoever refers to it.
///
/// # Safety
///
/// `file` is being opened, by an entry of the module, and nobody else has it yet.
pub(super) unsafe fn take_over(
    file: *mut bindings::file,
    operations: &'static bindings::file_operations,
) -> Result {
    // SAFETY: The operations are static.
    if !unsafe { bindings::rtpe_module_has_started() && bindings::rtpe_fops_get(operations) } {
        return Err(ENOENT);
    }
    // SAFETY: As this function's own requirement; the reference was just taken.
    unsafe { bindings::rtpe_replace_fops(file, operations) };
    Ok(())
}

/// What an open control file does. Calls may come from several threads at once.
pub(crate) trait Handle: Sized + Send + Sync + 'static {
    /// What the entry belongs to.
    type Node: Send + Sync + 'static;

    /// The file is opened.
    fn open(node: ArcBorrow<'_, Self::Node>, opener: &Opener<'_>) -> Result<Self>;

    /// A command is written. Returns the bytes taken.
    fn write(&self, command: UserSlice) -> Result<usize>;

    /// A command that returns a value is read: the buffer holds the command, and takes the reply.
    fn read(&self, command: UserSlice) -> Result<usize>;

    /// The file is mapped. `mmap_lock` of the process is held.
    fn map(&self, mapping: &Mapping<'_>) -> Result;
}

/// Makes a control file. Procfs asks for its mode before it calls the handle, so that `mode` lets everybody in: [`Handle::open`] decides
/// who may open it.
///
/// # Errors
///
/// `ENOMEM` when the name is taken, or there is no memory.
pub(crate) fn control<H: Handle>(
    name: &CStr,
    mode: u16,
    parent: &Directory,
    node: Arc<H::Node>,
) -> Result<Entry<H::Node>> {
    // SAFETY: The operations of `H` take the data as an `H::Node`.
    unsafe { Entry::new(name, mode, parent, &Operations::<H>::ENTRY, node) }
}

struct Operations<H>(PhantomData<H>);

impl<H: Handle> Operations<H> {
    /// Of the entry: all that it does is to be opened.
    const ENTRY: bindings::proc_ops = bindings::proc_ops {
        proc_open: Some(Self::open),
        // SAFETY: All others may be null.
        ..unsafe { core::mem::zeroed() }
    };

    /// Of the open file.
    const FILE: bindings::file_operations = bindings::file_operations {
        owner: this_module(),
        read: Some(Self::read),
        write: Some(Self::write),
        mmap: Some(Self::mmap),
        release: Some(Self::release),
        // SAFETY: All others may be null.
        ..unsafe { core::mem::zeroed() }
    };

    /// # Safety
    ///
    /// Called by procfs with the inode of an entry made by [`control`] with `H`.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        from_result(|| {
            // SAFETY: Procfs keeps the entry in use while it is opened.
            let node = unsafe { node_of::<H::Node>(inode) };
            // SAFETY: The file is valid for the call.
            let opener = unsafe { Opener::new(file) };
            let handle = KBox::new(H::open(node, &opener)?, GFP_KERNEL_ACCOUNT)?;
            // SAFETY: The file is being opened, and nobody else has it yet.
            unsafe {
                take_over(file, &Self::FILE)?;
                (*file).private_data = KBox::into_raw(handle).cast();
                bindings::stream_open(inode, file);
            }
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// `file` was opened by [`Self::open`].
    unsafe fn handle<'a>(file: *mut bindings::file) -> &'a H {
        // SAFETY: The private data is the handle, which lives until the file is released.
        unsafe { &*(*file).private_data.cast::<H>() }
    }

    /// # Safety
    ///
    /// Called by the kernel with a file that was opened by [`Self::open`].
    unsafe extern "C" fn write(
        file: *mut bindings::file,
        buffer: *const c_char,
        len: usize,
        _offset: *mut bindings::loff_t,
    ) -> isize {
        let command = UserSlice::new(UserPtr::from_ptr(buffer.cast_mut().cast::<c_void>()), len);
        // SAFETY: As this function's own requirement.
        let handle = unsafe { Self::handle(file) };
        length_or_error(handle.write(command))
    }

    /// # Safety
    ///
    /// Called by the kernel with a file that was opened by [`Self::open`].
    unsafe extern "C" fn read(
        file: *mut bindings::file,
        buffer: *mut c_char,
        len: usize,
        _offset: *mut bindings::loff_t,
    ) -> isize {
        let command = UserSlice::new(UserPtr::from_ptr(buffer.cast::<c_void>()), len);
        // SAFETY: As this function's own requirement.
        let handle = unsafe { Self::handle(file) };
        length_or_error(handle.read(command))
    }

    /// # Safety
    ///
    /// Called by the kernel with a file that was opened by [`Self::open`], and an area that is being mapped.
    unsafe extern "C" fn mmap(
        file: *mut bindings::file,
        area: *mut bindings::vm_area_struct,
    ) -> c_int {
        from_result(|| {
            // SAFETY: As this function's own requirement.
            let (handle, mapping) = unsafe { (Self::handle(file), Mapping::new(area)) };
            handle.map(&mapping)?;
            Ok(0)
        })
    }

    /// # Safety
    ///
    /// Called by the kernel once, with a file that was opened by [`Self::open`].
    unsafe extern "C" fn release(_inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: The private data comes from `into_raw` in `open`; nobody uses it any more.
        drop(unsafe { KBox::<H>::from_raw((*file).private_data.cast()) });
        0
    }
}

fn length_or_error(result: Result<usize>) -> isize {
    match result {
        Ok(length) => isize::try_from(length).unwrap_or(isize::MAX),
        Err(error) => error.to_errno() as isize,
    }
}
