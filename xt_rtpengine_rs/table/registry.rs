// SPDX-License-Identifier: GPL-2.0-only

//! The tables that exist, and the rules that name them.
//!
//! Order of locks: [`PLACES`], [`RULES`], then the state of a table. None is taken by the packet
//! path. To remove files waits for those who are opening them: that is done under the first alone, which
//! none of them takes.

use super::{
    rules::{Maker, Rule},
    Table,
};
use crate::{
    files::{Files, Root},
    rtp_wire::text,
    sys::{
        lock::{PLACES, RULES},
        map,
        net::{NamespaceId, Watcher},
        opener::current_process,
        proc::Directory,
        rcu::{Guard, Slot},
    },
};
use kernel::{prelude::*, sync::Arc};

/// How many tables there can be: their ids are below.
const MAX_TABLES: usize = text::MAX_TABLES as usize;

static TABLES: [Slot<Table>; MAX_TABLES] = [const { Slot::new() }; MAX_TABLES];

/// The files of each table, and where those of a new one go. Tables come and go under its lock.
pub(crate) struct Places {
    files: [Option<Files>; MAX_TABLES],
    root: Option<Arc<Directory>>,
}

/// The files of the root, which tables can be added to while it exists.
pub(crate) struct RootHold {
    _root: Root,
}

impl RootHold {
    /// Makes the files.
    ///
    /// # Errors
    ///
    /// `EEXIST` when another module has them, `ENOMEM`.
    pub(crate) fn new() -> Result<Self> {
        let root = Root::new()?;
        PLACES.lock().root = Some(root.directory());
        Ok(Self { _root: root })
    }
}

impl Drop for RootHold {
    fn drop(&mut self) {
        PLACES.lock().root = None;
    }
}

impl Places {
    /// Nothing.
    pub(crate) const fn new() -> Self {
        Self {
            files: [const { None }; MAX_TABLES],
            root: None,
        }
    }

    /// Takes a table's files away: nobody can open them any more.
    fn close(&mut self, id: u32) {
        if let Some(files) = self.files.get_mut(id as usize) {
            *files = None;
        }
    }
}

fn slot(id: u32) -> Option<&'static Slot<Table>> {
    TABLES.get(usize::try_from(id).ok()?)
}

/// The table of that id, for the packet path.
pub(crate) fn find<'g>(id: u32, guard: &'g Guard) -> Option<&'g Table> {
    slot(id)?.get(guard)
}

/// Makes a table in the caller's namespace.
///
/// # Errors
///
/// `EINVAL` when the id is too high, `EEXIST` when there is such a table, `ENOMEM`.
pub(crate) fn add(id: u32) -> Result {
    let slot = slot(id).ok_or(EINVAL)?;
    let mut places = PLACES.lock();
    if slot.share().is_some() {
        return Err(EEXIST);
    }
    let table = Table::new(id, NamespaceId::current())?;
    let root = places.root.clone().ok_or(ENOENT)?;
    let files = Files::new(&root, &table)?;
    if let Some(place) = places.files.get_mut(id as usize) {
        *place = Some(files);
    }
    slot.replace(Some(table));
    Ok(())
}

/// Removes a table that nothing uses.
///
/// # Errors
///
/// `EINVAL` when the id is too high, `ENOENT` when there is no such table, `EBUSY` when a process
/// holds it open, or a rule names it that the caller did not make.
pub(crate) fn delete(id: u32) -> Result {
    remove(id, None, false)
}

/// Removes a table, whatever uses it.
///
/// # Errors
///
/// `EINVAL` when the id is too high, `ENOENT` when there is no such table.
pub(crate) fn kill(id: u32) -> Result {
    remove(id, None, true)
}

/// Removes a table, if it belongs to the namespace that is given.
fn remove(id: u32, only_of: Option<NamespaceId>, by_force: bool) -> Result {
    let slot = slot(id).ok_or(EINVAL)?;
    let mut places = PLACES.lock();
    let table = slot.share().ok_or(ENOENT)?;
    let rules = RULES.lock();
    if only_of.is_some_and(|namespace| namespace != table.namespace()) {
        return Err(ENOENT);
    }
    if !by_force && rules.keep(table.namespace(), id, current_process()) {
        return Err(EBUSY);
    }
    let ended = table.end(by_force)?;
    drop(rules);
    places.close(id);
    slot.replace(None);
    drop(places);
    // What the table held is let go when no packet can see it any more.
    drop(ended);
    Ok(())
}

/// A rule names a table from now on, which need not exist yet.
///
/// # Errors
///
/// `ERANGE` when the id is too high, `ENOENT` when it cannot name the table, `ENOMEM`.
pub(crate) fn rule_added(rule: &Rule) -> Result {
    let slot = slot(rule.id).ok_or(ERANGE)?;
    let mut rules = RULES.lock();
    let is_foreign = |table: Arc<Table>| table.namespace() != rule.namespace;
    if rule.maker != Maker::Unknown && slot.share().is_some_and(is_foreign) {
        return Err(ENOENT);
    }
    rules.add(rule)
}

/// A rule is about to be removed: it no longer counts.
pub(crate) fn rule_suspended(rule: &Rule) {
    RULES.lock().suspend(rule);
}

/// A rule that was about to be removed stays.
pub(crate) fn rule_restored(rule: &Rule) {
    RULES.lock().restore(rule);
}

/// A rule that no longer counts is gone for good.
pub(crate) fn rule_gone(rule: &Rule) {
    RULES.lock().forget(rule);
}

/// Removes the tables of a namespace that goes.
pub(crate) struct Leaving;

impl Watcher for Leaving {
    fn leaving(namespace: NamespaceId) {
        for id in 0..text::MAX_TABLES {
            // Most are not there, or of other namespaces.
            let _ = remove(id, Some(namespace), true);
        }
        RULES.lock().forget_namespace(namespace);
        // Routes that targets have kept belong to it.
        map::settle();
    }
}

/// The first table from that id on.
pub(crate) fn next(from: u32) -> Option<u32> {
    (0u32..)
        .zip(&TABLES)
        .find(|(id, slot)| *id >= from && slot.share().is_some())
        .map(|(id, _)| id)
}

/// How many rules name the table.
pub(crate) fn rules_of(table: &Table) -> usize {
    RULES.lock().naming(table.namespace(), table.id())
}
