// SPDX-License-Identifier: GPL-2.0-only

//! Deferred datagrams: queued on this processor while x_tables walks through its rules, and sent in the next softirq.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use super::{bindings, net::Namespace};
use core::mem::{align_of, size_of};
use kernel::{error::to_result, ffi::c_int, prelude::*};

/// What is called when a deferred datagram has been sent. It holds no reference: target and output may be gone by
/// then.
pub(crate) trait Report: Copy + Send + 'static {
    /// The datagram was sent, or why it was not. Called in softirq.
    fn sent(self, net: Namespace<'_>, result: Result);
}

/// A report in the form that C keeps.
pub(super) fn report<R: Report>(report: R) -> bindings::rtpe_report {
    const {
        assert!(size_of::<R>() <= size_of::<[u64; 4]>() && align_of::<R>() <= align_of::<u64>());
    }
    let mut kept = bindings::rtpe_report {
        sent: Some(sent::<R>),
        data: [0; 4],
    };
    // SAFETY: There is room for an `R`, which is aligned there.
    unsafe { kept.data.as_mut_ptr().cast::<R>().write(report) };
    kept
}

/// # Safety
///
/// Called by C with the data of a report that [`report`] made of an `R`, and a namespace that is alive.
unsafe extern "C" fn sent<R: Report>(net: *mut bindings::net, data: *const u64, result: c_int) {
    // SAFETY: As this function's own requirement; an `R` may be copied.
    let (net, report) = unsafe { (Namespace::from_ptr(net), data.cast::<R>().read()) };
    report.sent(net, to_result(result));
}

/// Waits until all deferred datagrams have been sent and reported. Those that an RCU reader defers are among them once a
/// grace period has passed. Sleeps.
pub(crate) fn settle() {
    // SAFETY: May be called from any context that sleeps.
    unsafe { bindings::rtpe_later_settle() };
}

/// The queues of deferred datagrams, one for each processor. Dropping it waits for what they hold, and frees what waits in a queue
/// of netfilter: nobody may send any more by then.
pub(crate) struct Queues(());

impl Queues {
    /// Initialises them, once.
    pub(crate) fn new() -> Self {
        // SAFETY: Nothing is queued yet.
        unsafe { bindings::rtpe_later_init() };
        Self(())
    }
}

impl Drop for Queues {
    fn drop(&mut self) {
        // SAFETY: A module is unloaded where it may sleep.
        unsafe {
            bindings::rtpe_later_end();
            bindings::rtpe_send_end();
        }
    }
}
