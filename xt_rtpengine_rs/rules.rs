// SPDX-License-Identifier: GPL-2.0-only

//! The rules that name tables: which of them keep a table from being deleted.

use crate::sys::net::NamespaceId;
use kernel::prelude::*;

/// Who made a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Maker {
    /// A process, by the nftables expression. It cannot name a table of another namespace.
    Process(u32),
    /// Somebody, by the xtables target, whose rules are made anew whenever one of them changes.
    /// They may name any table, and match those of their own namespace.
    Unknown,
}

/// A rule: which table it names, and who made it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The namespace that it is in.
    pub(crate) namespace: NamespaceId,
    /// The id of the table.
    pub(crate) id: u32,
    /// Who made it.
    pub(crate) maker: Maker,
}

/// Rules that are alike.
struct Alike {
    rule: Rule,
    /// How many there are, those that are about to be removed among them.
    exist: usize,
    /// How many of them count.
    count: usize,
}

/// All rules that there are.
pub(crate) struct Rules(KVec<Alike>);

impl Rules {
    /// None.
    pub(crate) const fn new() -> Self {
        Self(KVec::new())
    }

    fn like(&mut self, rule: &Rule) -> Option<&mut Alike> {
        self.0.iter_mut().find(|alike| alike.rule == *rule)
    }

    /// How many rules match and count.
    fn count(&self, matches: impl Fn(&Rule) -> bool) -> usize {
        self.0
            .iter()
            .filter(|alike| matches(&alike.rule))
            .fold(0, |sum, alike| sum.saturating_add(alike.count))
    }

    /// How many rules of the namespace name the table.
    pub(crate) fn naming(&self, namespace: NamespaceId, id: u32) -> usize {
        self.count(|rule| rule.namespace == namespace && rule.id == id)
    }

    /// Whether a rule keeps the table from being deleted by that process. One that the process made
    /// itself does not: a daemon adds its rule first, and then replaces the table that a crashed
    /// one left.
    pub(crate) fn keep(&self, namespace: NamespaceId, id: u32, process: u32) -> bool {
        let own = Maker::Process(process);
        self.count(|rule| rule.namespace == namespace && rule.id == id && rule.maker != own) > 0
    }

    /// A rule is added.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn add(&mut self, rule: &Rule) -> Result {
        match self.like(rule) {
            Some(alike) => {
                alike.exist = alike.exist.saturating_add(1);
                alike.count = alike.count.saturating_add(1);
            }
            None => self.0.push(
                Alike {
                    rule: *rule,
                    exist: 1,
                    count: 1,
                },
                GFP_KERNEL,
            )?,
        }
        Ok(())
    }

    /// A rule is about to be removed: it no longer counts.
    pub(crate) fn suspend(&mut self, rule: &Rule) {
        if let Some(alike) = self.like(rule) {
            alike.count = alike.count.saturating_sub(1);
        }
    }

    /// A rule that was about to be removed stays.
    pub(crate) fn restore(&mut self, rule: &Rule) {
        if let Some(alike) = self.like(rule) {
            alike.count = alike.count.saturating_add(1);
        }
    }

    /// A rule that no longer counts is gone for good.
    pub(crate) fn forget(&mut self, rule: &Rule) {
        if let Some(alike) = self.like(rule) {
            alike.exist = alike.exist.saturating_sub(1);
        }
        self.retain(|alike| alike.exist > 0);
    }

    /// A namespace goes, with its rules.
    pub(crate) fn forget_namespace(&mut self, namespace: NamespaceId) {
        self.retain(|alike| alike.rule.namespace != namespace);
    }

    /// Without rules there is no memory either: the list is a static, which nothing drops when the
    /// module goes.
    fn retain(&mut self, stays: impl Fn(&Alike) -> bool) {
        self.0.retain(|alike| stays(alike));
        if self.0.is_empty() {
            self.0 = KVec::new();
        }
    }
}
