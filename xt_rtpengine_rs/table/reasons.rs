// SPDX-License-Identifier: GPL-2.0-only

//! What became of packets, in memory of the module's own: the daemon counts nothing here, and cannot write here.

use crate::{
    rtp_media::reason::{Reason, Unsent},
    sys::{clock, counters},
};
use core::ops::Deref;
use kernel::{
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
};

/// How often something happened, and when it did last.
struct Event {
    count: Atomic<u64>,
    /// The Unix time in seconds, 0 for never.
    last: Atomic<u64>,
}

impl Event {
    const fn new() -> Self {
        Self {
            count: Atomic::new(0),
            last: Atomic::new(0),
        }
    }

    #[cold]
    fn happens(&self) {
        self.count.add(1, Relaxed);
        self.last.store(clock::unix_seconds(), Relaxed);
    }

    fn move_from(&self, other: &Self) {
        self.count.add(other.count.xchg(0, Relaxed), Relaxed);
        let last = self.last.load(Relaxed).max(other.last.load(Relaxed));
        self.last.store(last, Relaxed);
    }
}

/// What became of the packets of a target, or of a table.
pub(crate) struct Reasons {
    relayed: Atomic<u64>,
    relayed_bytes: Atomic<u64>,
    unrelayed: [Event; Reason::ALL.len()],
    unsent: [Event; Unsent::ALL.len()],
}

impl Reasons {
    const fn new() -> Self {
        Self {
            relayed: Atomic::new(0),
            relayed_bytes: Atomic::new(0),
            unrelayed: [const { Event::new() }; Reason::ALL.len()],
            unsent: [const { Event::new() }; Unsent::ALL.len()],
        }
    }

    /// Those of a table. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    // The value is on the stack for a while, which is not to be that of the caller.
    #[inline(never)]
    pub(crate) fn of_table() -> Result<Arc<Self>> {
        Ok(Arc::new(Self::new(), GFP_KERNEL_ACCOUNT)?)
    }

    /// A packet is relayed: `bytes` of UDP payload, as they came.
    #[inline(always)]
    pub(crate) fn relayed(&self, bytes: u64) {
        counters::add(&self.relayed, 1);
        counters::add(&self.relayed_bytes, bytes);
    }

    /// A packet is not relayed.
    pub(crate) fn unrelayed(&self, reason: Reason) {
        if let Some(event) = self.unrelayed.get(reason.index()) {
            event.happens();
        }
    }

    /// An output does not send a packet.
    pub(crate) fn unsent(&self, reason: Unsent) {
        if let Some(event) = self.unsent.get(reason.index()) {
            event.happens();
        }
    }

    /// Adds what others have counted, which then have counted nothing: each event is in one place.
    fn move_from(&self, other: &Self) {
        self.relayed.add(other.relayed.xchg(0, Relaxed), Relaxed);
        let bytes = other.relayed_bytes.xchg(0, Relaxed);
        self.relayed_bytes.add(bytes, Relaxed);
        for (to, from) in self.events().zip(other.events()) {
            to.move_from(from);
        }
    }

    fn events(&self) -> impl Iterator<Item = &Event> {
        Iterator::chain(self.unrelayed.iter(), &self.unsent)
    }
}

/// The reasons of a target. When it goes, its table has them.
pub(crate) struct OfTarget {
    own: Reasons,
    ended: Arc<Reasons>,
}

impl OfTarget {
    /// Those of a target, and who has them when it has gone. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    // As above.
    #[inline(never)]
    pub(crate) fn new(ended: Arc<Reasons>) -> Result<KBox<Self>> {
        let own = Reasons::new();
        Ok(KBox::new(Self { own, ended }, GFP_KERNEL_ACCOUNT)?)
    }

    /// Hands what was counted over to the table: the target is one no more. What packets on their way still count follows
    /// when the last one has left it.
    pub(crate) fn end(&self) {
        self.ended.move_from(&self.own);
    }
}

impl Deref for OfTarget {
    type Target = Reasons;

    fn deref(&self) -> &Reasons {
        &self.own
    }
}

impl Drop for OfTarget {
    fn drop(&mut self) {
        self.end();
    }
}

/// What was counted by several, added up.
pub(crate) struct Sum {
    relayed: u64,
    relayed_bytes: u64,
    events: [(u64, u64); Reason::ALL.len() + Unsent::ALL.len()],
}

impl Sum {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self {
            relayed: 0,
            relayed_bytes: 0,
            events: [(0, 0); Reason::ALL.len() + Unsent::ALL.len()],
        }
    }

    /// Adds what was counted there.
    pub(crate) fn add(&mut self, reasons: &Reasons) {
        let plus = |to: &mut u64, from: &Atomic<u64>| *to = to.wrapping_add(from.load(Relaxed));
        plus(&mut self.relayed, &reasons.relayed);
        plus(&mut self.relayed_bytes, &reasons.relayed_bytes);
        for ((count, last), event) in self.events.iter_mut().zip(reasons.events()) {
            plus(count, &event.count);
            *last = (*last).max(event.last.load(Relaxed));
        }
    }

    /// Packets, and bytes of UDP payload, that were relayed.
    pub(crate) fn relayed(&self) -> (u64, u64) {
        (self.relayed, self.relayed_bytes)
    }

    /// What happened otherwise: its name, how often, and the Unix time of the last one in seconds.
    pub(crate) fn happened(&self) -> impl Iterator<Item = (&'static str, u64, u64)> + '_ {
        let unrelayed = Reason::ALL.iter().map(|reason| reason.name());
        let unsent = Unsent::ALL.iter().map(|reason| reason.name());
        let events = Iterator::chain(unrelayed, unsent).zip(&self.events);
        events.filter_map(|(name, (count, last))| (*count > 0).then_some((name, *count, *last)))
    }
}
