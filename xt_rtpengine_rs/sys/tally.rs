// SPDX-License-Identifier: GPL-2.0-only

//! Counters in shared memory that many calls add to, collected per processor: they are right 10 ms after the last packet, and
//! when [`bring`] has returned.
//!
//! What is counted is called with bottom halves off. Otherwise it may take until the processor's next packet.
//!
//! C header: [`include/linux/percpu-defs.h`](srctree/include/linux/percpu-defs.h)

use super::{
    bindings,
    counters::{Counter, Counters, GlobalStats, InterfaceStats},
    memory::Shared,
};
use core::{
    mem::{offset_of, size_of},
    ptr::NonNull,
};
use kernel::{error::to_result, prelude::*};

/// Counters that are collected.
///
/// # Safety
///
/// The structure begins with [`Tally::COUNT`] of [`Counter`].
pub(crate) unsafe trait Tally: Counters {
    /// How many of its counters are.
    const COUNT: usize;
}

/// The place of the counter at an offset.
const fn place(offset: usize) -> usize {
    offset / size_of::<Counter>()
}

const INGRESS_ERRORS: usize = place(offset_of!(InterfaceStats, ingress.errors));
const EGRESS_PACKETS: usize = place(offset_of!(InterfaceStats, egress.packets));
const EGRESS_ERRORS: usize = place(offset_of!(InterfaceStats, egress.errors));
const PACKETS_LOST: usize = place(offset_of!(InterfaceStats, packets_lost));
const GLOBAL_ERRORS: usize = place(offset_of!(GlobalStats, errors));
const GLOBAL_LOST: usize = place(offset_of!(GlobalStats, packets_lost));

// What C adds to at once: packets, and bytes behind them.
const _: () = assert!(
    offset_of!(InterfaceStats, ingress.packets) == 0
        && place(offset_of!(InterfaceStats, ingress.bytes)) == 1
        && place(offset_of!(InterfaceStats, egress.bytes)) == EGRESS_PACKETS + 1
        && offset_of!(GlobalStats, packets) == 0
        && place(offset_of!(GlobalStats, bytes)) == 1
);

// SAFETY: Two directions of three counters, and one.
unsafe impl Tally for InterfaceStats {
    const COUNT: usize = PACKETS_LOST + 1;
}

// SAFETY: It consists of counters.
unsafe impl Tally for GlobalStats {
    const COUNT: usize = GLOBAL_LOST + 1;
}

/// Counters that are collected, or, where too many are, added to at once. Dropping it may sleep.
///
/// # Invariants
///
/// `tally` is what `rtpe_tally_get()` returned for `counters`, and was not given back.
pub(crate) struct Tallied<T: Tally> {
    tally: Option<NonNull<u64>>,
    counters: Shared<T>,
}

// SAFETY: What is added to is that of the processor that adds, by one instruction.
unsafe impl<T: Tally> Send for Tallied<T> {}
// SAFETY: As above.
unsafe impl<T: Tally> Sync for Tallied<T> {}

impl<T: Tally> Tallied<T> {
    /// Has counters collected. May sleep.
    pub(crate) fn new(counters: Shared<T>) -> Self {
        let first = counters.as_ptr().cast();
        // SAFETY: By the contract of `Tally` there are so many, in memory that is kept until after `rtpe_tally_put()`.
        let tally = unsafe { bindings::rtpe_tally_get(first, T::COUNT as u32) };
        // INVARIANT: As just returned.
        Self {
            tally: NonNull::new(tally),
            counters,
        }
    }

    /// Adds to the counter of a place.
    #[cold]
    fn add(&self, place: usize, counter: impl FnOnce(&T) -> &Counter, amount: u64) {
        match self.tally {
            // SAFETY: By the type invariant there are `COUNT` counters, and each place is below that.
            Some(tally) => unsafe {
                bindings::rtpe_tally_add(tally.as_ptr().wrapping_add(place), amount)
            },
            None => counter(&self.counters).add(amount),
        }
    }
}

impl<T: Tally> Drop for Tallied<T> {
    fn drop(&mut self) {
        if let Some(tally) = self.tally {
            // SAFETY: By the type invariant; it is given back once. Nobody else has a reference to this.
            unsafe { bindings::rtpe_tally_put(tally.as_ptr()) };
        }
    }
}

/// A packet came by an interface.
#[inline]
pub(crate) fn received(
    interface: &Tallied<InterfaceStats>,
    global: &Tallied<GlobalStats>,
    bytes: u64,
) {
    if let (Some(interface), Some(global)) = (interface.tally, global.tally) {
        // SAFETY: By the type invariant; packets and bytes are the first of both.
        unsafe { bindings::rtpe_tally_received(interface.as_ptr(), global.as_ptr(), bytes) };
        return;
    }
    received_untallied(interface, global, bytes);
}

#[cold]
fn received_untallied(
    interface: &Tallied<InterfaceStats>,
    global: &Tallied<GlobalStats>,
    bytes: u64,
) {
    interface.add(0, |stats| &stats.ingress.packets, 1);
    interface.add(1, |stats| &stats.ingress.bytes, bytes);
    global.add(0, |stats| &stats.packets, 1);
    global.add(1, |stats| &stats.bytes, bytes);
}

/// A packet that came by an interface, or was to be sent, is an error of the whole, too.
pub(crate) fn refused(interface: &Tallied<InterfaceStats>, global: &Tallied<GlobalStats>) {
    interface.not_received();
    global.add(GLOBAL_ERRORS, |stats| &stats.errors, 1);
}

/// Packets never came.
pub(crate) fn lost(
    interface: &Tallied<InterfaceStats>,
    global: &Tallied<GlobalStats>,
    packets: u64,
) {
    interface.add(PACKETS_LOST, |stats| &stats.packets_lost, packets);
    global.add(GLOBAL_LOST, |stats| &stats.packets_lost, packets);
}

impl Tallied<InterfaceStats> {
    /// A packet was sent.
    #[inline]
    pub(crate) fn sent(&self, bytes: u64) {
        match self.tally {
            // SAFETY: By the type invariant; packets and bytes sent are among the counters.
            Some(tally) => unsafe {
                bindings::rtpe_tally_sent(tally.as_ptr().wrapping_add(EGRESS_PACKETS), bytes)
            },
            None => {
                self.counters.egress.packets.add(1);
                self.counters.egress.bytes.add(bytes);
            }
        }
    }

    /// A packet was not sent, which is an error.
    pub(crate) fn not_sent(&self) {
        self.add(EGRESS_ERRORS, |stats| &stats.egress.errors, 1);
    }

    /// A packet came, and is an error.
    pub(crate) fn not_received(&self) {
        self.add(INGRESS_ERRORS, |stats| &stats.ingress.errors, 1);
    }
}

/// Brings what was counted until now, on any processor, to shared memory.
pub(crate) fn bring() {
    // SAFETY: Takes spinlocks alone. The tallies exist while there is something to bring.
    unsafe { bindings::rtpe_tally_bring() };
}

/// What is collected on each processor. One exists while the module is loaded. Dropping it needs all [`Tallied`] to be dropped.
pub(crate) struct Tallies(());

impl Tallies {
    /// Makes room for it.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory.
    pub(crate) fn new() -> Result<Self> {
        // SAFETY: Called once, before anything is counted.
        to_result(unsafe { bindings::rtpe_tally_init() })?;
        Ok(Self(()))
    }
}

impl Drop for Tallies {
    fn drop(&mut self) {
        // SAFETY: A module is unloaded where it may sleep, and nobody has a tally by then.
        unsafe { bindings::rtpe_tally_end() };
    }
}
