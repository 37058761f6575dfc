// SPDX-License-Identifier: GPL-2.0-only

//! The way of a reader through the targets of a table.

use crate::{table::Entry, udp_ip::Endpoint};
use kernel::rbtree::RBTree;

/// A way through the targets of a table, by address.
pub(super) struct Walk {
    position: u64,
    /// Where it is.
    pub(super) current: Option<Endpoint>,
}

impl Walk {
    /// One that is to begin.
    pub(super) const fn new() -> Self {
        Self {
            position: 0,
            current: None,
        }
    }

    /// Goes to a position as [`View::seek`](crate::sys::view::View::seek) says, and on from the target that it is at by its address: targets that come and
    /// go meanwhile do not shift those that stay.
    pub(super) fn seek(&mut self, entries: &RBTree<Endpoint, Entry>, position: u64) -> bool {
        let found = match self.current.filter(|_| position != 0) {
            None => entries.cursor_front().map(|cursor| *cursor.current().0),
            Some(current) => entries.cursor_lower_bound(&current).and_then(|cursor| {
                let at = *cursor.current().0;
                if position == self.position || at != current {
                    Some(at)
                } else {
                    cursor.peek_next().map(|(local, _)| *local)
                }
            }),
        };
        if found.is_some() {
            (self.position, self.current) = (position, found);
        }
        found.is_some()
    }
}
