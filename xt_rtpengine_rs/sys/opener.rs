// SPDX-License-Identifier: GPL-2.0-only

//! Who opened a file, and what they may do.
//!
//! C headers: [`include/linux/cred.h`](srctree/include/linux/cred.h),
//! [`include/linux/capability.h`](srctree/include/linux/capability.h)

use super::{bindings, parameters};
use core::marker::PhantomData;

/// A user, as the kernel knows one in every user namespace.
#[derive(Clone, Copy)]
pub(crate) struct Uid(pub(super) bindings::kuid_t);

/// A file that is being opened by the process that calls.
///
/// # Invariants
///
/// The file is being opened by the calling process for `'a`: its credentials are those of the process.
pub(crate) struct Opener<'a>(*const bindings::file, PhantomData<&'a ()>);

impl Opener<'_> {
    /// # Safety
    ///
    /// `file` is being opened by the process that calls, during the lifetime of the result.
    pub(super) unsafe fn new(file: *const bindings::file) -> Self {
        // INVARIANT: As this function's own requirement.
        Self(file, PhantomData)
    }

    /// Whether the opener holds `CAP_NET_ADMIN` in the initial user namespace.
    pub(crate) fn is_net_admin(&self) -> bool {
        // SAFETY: By the type invariant the file is being opened.
        unsafe { bindings::rtpe_file_capable(self.0, bindings::CAP_NET_ADMIN as i32) }
    }

    /// The user whom a socket of the opener would belong to.
    pub(crate) fn user(&self) -> Uid {
        // SAFETY: By the type invariant the file is being opened.
        Uid(unsafe { bindings::rtpe_file_user(self.0) })
    }

    /// Whether the opener may create, change and delete tables: an administrator of the network,
    /// or the owner that `proc_uid` or `proc_gid` name.
    pub(crate) fn may_control(&self) -> bool {
        self.is_net_admin() || is_named_owner()
    }
}

/// Whether the process that calls may create, change and delete tables, as [`Opener::may_control`] has it.
pub(crate) fn may_control() -> bool {
    // SAFETY: No requirements.
    let is_net_admin = unsafe { bindings::rtpe_capable(bindings::CAP_NET_ADMIN as i32) };
    is_net_admin || is_named_owner()
}

/// Whether the process that calls is the owner that the parameters name.
fn is_named_owner() -> bool {
    let (uid, gid) = (parameters::proc_uid(), parameters::proc_gid());
    // SAFETY: An id is any number.
    unsafe {
        (uid != 0 && bindings::rtpe_is_user(bindings::rtpe_make_kuid(uid)))
            || (gid != 0 && bindings::rtpe_in_group(bindings::rtpe_make_kgid(gid)))
    }
}

/// The process that calls, as seen from the initial namespace.
pub(crate) fn current_process() -> u32 {
    // SAFETY: `current` is always valid.
    unsafe { bindings::rtpe_current_tgid() }
}
