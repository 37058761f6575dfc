// SPDX-License-Identifier: GPL-2.0-only

//! The tables that exist, and the rules that name them.
//!
//! Order of locks: [`REGISTRY`], then the state of a table. Neither is taken by the packet path.

use crate::{
    files::{Files, Root},
    sys::{
        lock::REGISTRY,
        net::{NamespaceId, Watcher},
        proc::Directory,
        rcu::{Guard, Slot},
    },
    table::Table,
};
use kernel::{prelude::*, sync::Arc};

/// How many tables there can be: their ids are below.
pub(crate) const MAX_TABLES: usize = 64;

static TABLES: [Slot<Table>; MAX_TABLES] = [const { Slot::new() }; MAX_TABLES];

/// The rules of one namespace and one kind that name one table.
struct Rule {
    namespace: NamespaceId,
    id: u32,
    kind: Kind,
    count: usize,
}

/// What the lock protects: rules, and the files of each table.
pub(crate) struct Registry {
    rules: KVec<Rule>,
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
        REGISTRY.lock().root = Some(root.directory());
        Ok(Self { _root: root })
    }
}

impl Drop for RootHold {
    fn drop(&mut self) {
        REGISTRY.lock().root = None;
    }
}

/// What a rule is made with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The nftables expression. It cannot name a table of another namespace. It does not keep its
    /// table: a daemon that starts adds its rule first, then deletes the table of the one before
    /// it, and makes its own.
    Expression,
    /// The xtables target. It may name any table, and keeps one of its namespace from being deleted.
    Target,
}

impl Registry {
    /// Nothing.
    pub(crate) const fn new() -> Self {
        Self {
            rules: KVec::new(),
            files: [const { None }; MAX_TABLES],
            root: None,
        }
    }

    fn rule(&mut self, namespace: NamespaceId, id: u32, kind: Kind) -> Option<&mut Rule> {
        self.rules
            .iter_mut()
            .find(|rule| rule.namespace == namespace && rule.id == id && rule.kind == kind)
    }

    /// How many rules of the namespace name the table.
    pub(crate) fn rules(&self, namespace: NamespaceId, id: u32) -> usize {
        self.rules
            .iter()
            .filter(|rule| rule.namespace == namespace && rule.id == id)
            .fold(0, |sum, rule| sum.saturating_add(rule.count))
    }

    /// Whether a rule of the namespace keeps the table from being deleted.
    fn is_kept(&mut self, namespace: NamespaceId, id: u32) -> bool {
        self.rule(namespace, id, Kind::Target)
            .is_some_and(|rule| rule.count > 0)
    }

    fn add_rule(&mut self, namespace: NamespaceId, id: u32, kind: Kind) -> Result {
        match self.rule(namespace, id, kind) {
            Some(rule) => rule.count = rule.count.saturating_add(1),
            None => self.rules.push(
                Rule {
                    namespace,
                    id,
                    kind,
                    count: 1,
                },
                GFP_KERNEL,
            )?,
        }
        Ok(())
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
    let mut registry = REGISTRY.lock();
    if slot.share().is_some() {
        return Err(EEXIST);
    }
    let table = Table::new(id, NamespaceId::current())?;
    let root = registry.root.clone().ok_or(ENOENT)?;
    let files = Files::new(&root, &table)?;
    if let Some(place) = registry.files.get_mut(id as usize) {
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
/// holds it open or a rule keeps it.
pub(crate) fn delete(id: u32) -> Result {
    remove(id, false)
}

/// Removes a table, whatever uses it.
///
/// # Errors
///
/// `EINVAL` when the id is too high, `ENOENT` when there is no such table.
pub(crate) fn kill(id: u32) -> Result {
    remove(id, true)
}

fn remove(id: u32, by_force: bool) -> Result {
    let slot = slot(id).ok_or(EINVAL)?;
    let mut registry = REGISTRY.lock();
    let table = slot.share().ok_or(ENOENT)?;
    if !by_force && registry.is_kept(table.namespace(), id) {
        return Err(EBUSY);
    }
    let ended = table.end(by_force)?;
    registry.close(id);
    slot.replace(None);
    drop(registry);
    // What the table held is let go when no packet can see it any more.
    drop(ended);
    Ok(())
}

/// A rule of the namespace names the table from now on. It may come before its table.
///
/// # Errors
///
/// `ERANGE` when the id is too high, `ENOENT` when it cannot name the table, `ENOMEM`.
pub(crate) fn rule_added(namespace: NamespaceId, id: u32, kind: Kind) -> Result {
    let slot = slot(id).ok_or(ERANGE)?;
    let mut registry = REGISTRY.lock();
    let is_foreign = |table: Arc<Table>| table.namespace() != namespace;
    if kind == Kind::Expression && slot.share().is_some_and(is_foreign) {
        return Err(ENOENT);
    }
    registry.add_rule(namespace, id, kind)
}

/// A rule that was about to be removed stays.
pub(crate) fn rule_restored(namespace: NamespaceId, id: u32, kind: Kind) {
    let mut registry = REGISTRY.lock();
    // There is room: that of the rule when it was about to be removed is kept.
    if let Some(rule) = registry.rule(namespace, id, kind) {
        rule.count = rule.count.saturating_add(1);
    }
}

/// A rule of the namespace no longer names the table.
pub(crate) fn rule_removed(namespace: NamespaceId, id: u32, kind: Kind) {
    let mut registry = REGISTRY.lock();
    if let Some(rule) = registry.rule(namespace, id, kind) {
        rule.count = rule.count.saturating_sub(1);
    }
}

/// Removes the tables of a namespace that goes.
pub(crate) struct Leaving;

impl Watcher for Leaving {
    fn leaving(namespace: NamespaceId) {
        for (id, slot) in (0u32..).zip(&TABLES) {
            if slot
                .share()
                .is_some_and(|table| table.namespace() == namespace)
            {
                // It may have been removed meanwhile, which is as well.
                let _ = kill(id);
            }
        }
        let mut registry = REGISTRY.lock();
        registry.rules.retain(|rule| rule.namespace != namespace);
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
    REGISTRY.lock().rules(table.namespace(), table.id())
}
