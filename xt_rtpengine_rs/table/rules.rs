// SPDX-License-Identifier: GPL-2.0-only

//! The rules that name tables: which of them keep a table from being deleted.
//!
//! Anybody can add rules, in a network namespace of their own. So their number must be a matter of
//! those alone: it is paid for by who adds them, and nobody else's search gets longer. Without
//! rules there is no memory either: they are kept in a static, which nothing drops when the module
//! goes.

use crate::sys::net::NamespaceId;
use kernel::{prelude::*, rbtree::RBTree};

/// Who made a rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Maker {
    /// A process, by the nftables expression. It cannot name a table of another namespace.
    Process(u32),
    /// Somebody, by the xtables target, whose rules are made anew whenever one of them changes.
    /// They may name any table, and match those of their own namespace.
    Unknown,
}

/// A rule: which table it names, and who made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    /// The namespace that it is in.
    pub(crate) namespace: NamespaceId,
    /// The id of the table.
    pub(crate) id: u32,
    /// Who made it.
    pub(crate) maker: Maker,
}

/// A table that rules name: a namespace, and an id.
type Named = (NamespaceId, u32);

/// How many rules are alike.
#[derive(Default)]
struct Number {
    /// How many there are, those that are about to be removed among them.
    exist: usize,
    /// How many of them count.
    count: usize,
}

/// The rules that there are: those that are alike in all, and those that name the same table.
struct Trees {
    alike: RBTree<Rule, Number>,
    named: RBTree<Named, Number>,
}

/// All rules that there are; none before the first.
pub(crate) struct Rules(Option<Trees>);

impl Rule {
    fn named(&self) -> Named {
        (self.namespace, self.id)
    }
}

impl Trees {
    fn new() -> Self {
        Self {
            alike: RBTree::new(),
            named: RBTree::new(),
        }
    }

    /// Changes the numbers of a rule.
    fn change(&mut self, rule: &Rule, change: impl Fn(&mut Number)) {
        if let Some(number) = self.alike.get_mut(rule) {
            change(number);
            if let Some(number) = self.named.get_mut(&rule.named()) {
                change(number);
            }
        }
    }

    /// Forgets what there is none of.
    fn tidy(&mut self, rule: &Rule) {
        tidy(&mut self.alike, rule);
        tidy(&mut self.named, &rule.named());
    }
}

fn count<K: Ord>(tree: &RBTree<K, Number>, key: &K) -> usize {
    tree.get(key).map_or(0, |number| number.count)
}

/// Makes sure that there is a number.
fn prepare<K: Ord>(tree: &mut RBTree<K, Number>, key: K) -> Result {
    if tree.get(&key).is_none() {
        tree.try_create_and_insert(key, Number::default(), GFP_KERNEL_ACCOUNT)?;
    }
    Ok(())
}

fn tidy<K: Ord>(tree: &mut RBTree<K, Number>, key: &K) {
    if tree.get(key).is_some_and(|number| number.exist == 0) {
        tree.remove(key);
    }
}

/// Removes all keys that are not below `from` and that `matches`, which lie together.
fn remove_from<K: Ord>(tree: &mut RBTree<K, Number>, from: &K, matches: impl Fn(&K) -> bool) {
    let mut next = tree.cursor_lower_bound_mut(from);
    while let Some(cursor) = next.filter(|cursor| matches(cursor.current().0)) {
        next = cursor.remove_current().0;
    }
}

impl Rules {
    /// None.
    pub(crate) const fn new() -> Self {
        Self(None)
    }

    /// How many rules of the namespace name the table.
    pub(crate) fn naming(&self, namespace: NamespaceId, id: u32) -> usize {
        self.0
            .as_ref()
            .map_or(0, |trees| count(&trees.named, &(namespace, id)))
    }

    /// Whether a rule keeps the table from being deleted by that process. One that the process made
    /// itself does not: a daemon adds its rule first, and then replaces the table that a crashed
    /// one left.
    pub(crate) fn keep(&self, namespace: NamespaceId, id: u32, process: u32) -> bool {
        let own = Rule {
            namespace,
            id,
            maker: Maker::Process(process),
        };
        self.0
            .as_ref()
            .is_some_and(|trees| count(&trees.named, &own.named()) > count(&trees.alike, &own))
    }

    /// A rule is added.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn add(&mut self, rule: &Rule) -> Result {
        let trees = self.0.get_or_insert_with(Trees::new);
        let prepared =
            prepare(&mut trees.alike, *rule).and_then(|()| prepare(&mut trees.named, rule.named()));
        if prepared.is_ok() {
            trees.change(rule, |number| {
                number.exist = number.exist.saturating_add(1);
                number.count = number.count.saturating_add(1);
            });
        }
        trees.tidy(rule);
        prepared
    }

    /// A rule is about to be removed: it no longer counts.
    pub(crate) fn suspend(&mut self, rule: &Rule) {
        self.change(rule, |number| number.count = number.count.saturating_sub(1));
    }

    /// A rule that was about to be removed stays.
    pub(crate) fn restore(&mut self, rule: &Rule) {
        self.change(rule, |number| number.count = number.count.saturating_add(1));
    }

    /// A rule that no longer counts is gone for good.
    pub(crate) fn forget(&mut self, rule: &Rule) {
        self.change(rule, |number| number.exist = number.exist.saturating_sub(1));
    }

    fn change(&mut self, rule: &Rule, change: impl Fn(&mut Number)) {
        if let Some(trees) = &mut self.0 {
            trees.change(rule, change);
            trees.tidy(rule);
        }
    }

    /// A namespace goes, with its rules.
    pub(crate) fn forget_namespace(&mut self, namespace: NamespaceId) {
        let Some(trees) = &mut self.0 else {
            return;
        };
        let first = Rule {
            namespace,
            id: 0,
            maker: Maker::Process(0),
        };
        remove_from(&mut trees.alike, &first, |rule| rule.namespace == namespace);
        remove_from(&mut trees.named, &first.named(), |named| {
            named.0 == namespace
        });
    }
}
