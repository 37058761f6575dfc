// SPDX-License-Identifier: GPL-2.0-only

//! The rules that hand packets to a table, with all that is to be told of them.

use serde::Serialize;

use super::jumps::Path;
use super::model::{Family, Hook, Rule, Ruleset};
use super::statement::{Counter, Statement};

/// A rule that hands packets to a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Listed {
    /// The table of the relay.
    pub(crate) id: u32,
    /// The family.
    pub(crate) family: Family,
    /// The table of nftables.
    pub(crate) table: String,
    /// The chain.
    pub(crate) chain: String,
    /// The rule's handle.
    pub(crate) handle: u64,
    /// How it calls the module: `expression` or `target`.
    pub(crate) via: &'static str,
    /// Whether what it relays leaves past the hooks of output and postrouting.
    pub(crate) past_output: bool,
    /// The first hook that leads to it.
    pub(crate) hook: Option<Hook>,
    /// Whether rtpctl made it.
    pub(crate) ours: bool,
    /// Whether its table is dormant, and it is never called.
    pub(crate) dormant: bool,
    /// What its counter says.
    pub(crate) counter: Option<Counter>,
    /// All of it, in words.
    pub(crate) rule: String,
    /// All ways that lead to it.
    pub(crate) paths: Vec<Path>,
}

impl Ruleset {
    /// The rules that hand packets to a table, in the order of nftables.
    pub(crate) fn relaying(&self) -> Vec<Listed> {
        self.rules
            .iter()
            .filter_map(|rule| {
                let relay = rule.relay()?;
                let paths = self.paths(&rule.chain);
                Some(Listed {
                    id: relay.table,
                    family: rule.chain.table.family,
                    table: rule.chain.table.table.clone(),
                    chain: rule.chain.chain.clone(),
                    handle: rule.handle,
                    via: relay.via.word(),
                    past_output: relay.past_output,
                    hook: paths.first().map(|path| path.hook.clone()),
                    ours: rule.ours(),
                    dormant: self
                        .table(&rule.chain.table)
                        .is_some_and(|table| table.dormant),
                    counter: rule.counter(),
                    rule: rule.words(),
                    paths,
                })
            })
            .collect()
    }
}

impl Rule {
    /// Its statements, in words.
    pub(crate) fn words(&self) -> String {
        let words: Vec<_> = self.statements.iter().map(Statement::to_string).collect();
        words.join(" ")
    }
}
