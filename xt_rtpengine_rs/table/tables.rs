// SPDX-License-Identifier: GPL-2.0-only

//! The tables of a network namespace: each has its own, with ids from 0 to 63.
//!
//! Order of locks: [`Tables::changing`], then the state of a table. The packet path takes none of them.
//! To remove files waits for those who are opening them: that is done under the first alone, which
//! none of them takes.

use super::Table;
use crate::{
    files::{self, Root},
    rtp_wire::text,
    sys::{
        later, map,
        net::{Home, Key, Namespace, PerNamespace},
        nospec,
        rcu::{Guard, Retired, Slot},
        tally,
    },
};
use kernel::{
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
};

/// How many tables there can be: their ids are below.
const MAX_TABLES: usize = text::MAX_TABLES as usize;

static KEY: Key<Tables> = Key::new();

/// The tables of a namespace.
#[pin_data]
pub(crate) struct Tables {
    home: Arc<Home>,
    slots: [Slot<Table>; MAX_TABLES],
    /// Taken while tables come and go.
    #[pin]
    changing: Mutex<Changing>,
}

/// The files of the namespace, and of each table.
struct Changing {
    /// None once the namespace ends: no table can be added then.
    root: Option<Root>,
    files: [Option<KBox<files::Table>>; MAX_TABLES],
}

impl PerNamespace for Tables {
    fn new(home: Arc<Home>, net: Namespace<'_>) -> Result<Arc<Self>> {
        let tables = Arc::pin_init(
            pin_init!(Self {
                home,
                slots: [const { Slot::new() }; MAX_TABLES],
                changing <- new_mutex!(Changing {
                    root: None,
                    files: [const { None }; MAX_TABLES],
                }),
            }),
            GFP_KERNEL_ACCOUNT,
        )?;
        let root = Root::new(net, &tables)?;
        tables.changing.lock().root = Some(root);
        Ok(tables)
    }

    fn pre_exit(&self) {
        let mut changing = self.changing.lock();
        let mut retired = [const { None }; MAX_TABLES];
        for (id, to) in (0u32..).zip(&mut retired) {
            // Most are not there.
            *to = self.take_out(&mut changing, id, true).ok();
        }
        changing.root = None;
        drop(changing);
        Retired::drop_all(&mut retired);
        tally::bring();
        // What is still to be sent leaves by the namespace; routes that targets have kept belong to it.
        later::settle();
        map::settle();
    }

    fn key() -> &'static Key<Self> {
        &KEY
    }
}

impl Tables {
    /// The tables of a namespace. `None` while the module is loaded or unloaded.
    #[inline]
    pub(crate) fn of<'a>(net: Namespace<'a>, guard: &Guard) -> Option<&'a Self> {
        KEY.of(net, guard)
    }

    /// The table of that id, for the packet path. The id may come from a rule of anybody.
    #[inline]
    pub(crate) fn find<'g>(&'g self, id: u32, guard: &'g Guard) -> Option<&'g Table> {
        let id = nospec::index::<MAX_TABLES>(usize::try_from(id).ok()?)?;
        self.slots.get(id)?.get(guard)
    }

    fn slot(&self, id: u32) -> Option<&Slot<Table>> {
        self.slots.get(usize::try_from(id).ok()?)
    }

    /// Makes a table.
    ///
    /// # Errors
    ///
    /// `EINVAL` when the id is too high, `EEXIST` when there is such a table, `ENOENT` when the namespace
    /// ends, `ENOMEM`.
    pub(crate) fn add(&self, id: u32) -> Result {
        let slot = self.slot(id).ok_or(EINVAL)?;
        let mut changing = self.changing.lock();
        if slot.share().is_some() {
            return Err(EEXIST);
        }
        let root = changing.root.as_ref().ok_or(ENOENT)?;
        let table = Table::new(id, self.home.clone())?;
        let files = KBox::new(files::Table::new(root, &table)?, GFP_KERNEL_ACCOUNT)?;
        if let Some(place) = changing.files.get_mut(id as usize) {
            *place = Some(files);
        }
        slot.publish(table);
        Ok(())
    }

    /// Removes a table: one that no process holds open, or any `by_force`.
    ///
    /// # Errors
    ///
    /// `EINVAL` when the id is too high, `ENOENT` when there is no such table, `EBUSY` when a process
    /// holds it open.
    pub(crate) fn remove(&self, id: u32, by_force: bool) -> Result {
        let retired = self.take_out(&mut self.changing.lock(), id, by_force)?;
        drop(retired);
        // No packet counts for it any more.
        tally::bring();
        Ok(())
    }

    /// Removes a table with its files: no packet finds it any more.
    fn take_out(&self, changing: &mut Changing, id: u32, by_force: bool) -> Result<Retired<Table>> {
        let slot = self.slot(id).ok_or(EINVAL)?;
        slot.share().ok_or(ENOENT)?.end(by_force)?;
        if let Some(files) = changing.files.get_mut(id as usize) {
            *files = None;
        }
        slot.take().ok_or(ENOENT)
    }

    /// The first table from that id on.
    pub(crate) fn next(&self, from: u32) -> Option<u32> {
        (0u32..)
            .zip(&self.slots)
            .find(|(id, slot)| *id >= from && slot.share().is_some())
            .map(|(id, _)| id)
    }
}
