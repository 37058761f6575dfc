// SPDX-License-Identifier: GPL-2.0-only

//! Rulesets for tests, made of words, and a small nftables that changes them.

use super::message::{Op, Position};
use super::model::{
    marked, Base, Chain, ChainName, Family, Hook, Kind, Place, Policy, Rule, Ruleset, Table,
    TableName,
};
use super::read::read;
use super::statement::{comment, Statement};
use super::words::parse;

pub(crate) fn table(family: Family, table: &str) -> TableName {
    TableName {
        family,
        table: table.to_owned(),
    }
}

pub(crate) fn base(name: Place, priority: i32, policy: Policy) -> Base {
    Base {
        kind: Kind::FILTER,
        hook: Hook {
            name,
            priority,
            devices: Vec::new(),
        },
        policy,
    }
}

/// Whose a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    Us,
    Others,
}

impl Ruleset {
    /// Makes a table.
    pub(crate) fn with_table(mut self, name: &TableName, by: By) -> Self {
        assert!(self.table(name).is_none());
        let handle = self.handle();
        self.tables.push(Table {
            name: name.clone(),
            handle,
            used: 0,
            dormant: false,
            ours: by == By::Us,
        });
        self
    }

    /// Makes a chain.
    pub(crate) fn with_chain(mut self, name: &ChainName, base: Option<Base>, by: By) -> Self {
        assert!(self.chain(name).is_none());
        self.use_table(&name.table, 1);
        let handle = self.handle();
        self.chains.push(Chain {
            name: name.clone(),
            handle,
            used: 0,
            base,
            ours: by == By::Us,
        });
        self
    }

    /// Makes a rule at the end of a chain.
    pub(crate) fn with_rule(mut self, name: &ChainName, words: &str, by: By) -> Self {
        let handle = self.handle();
        let statements = parse(&[words.to_owned()]).expect("a rule");
        self.use_chains(name, &statements, 1);
        self.rules.push(Rule {
            chain: name.clone(),
            handle,
            comment: (by == By::Us).then(|| marked(comment(&statements).as_deref())),
            statements,
        });
        self
    }

    fn handle(&self) -> u64 {
        let rules = self.rules.iter().map(|rule| rule.handle);
        let chains = self.chains.iter().map(|chain| chain.handle);
        let tables = self.tables.iter().map(|table| table.handle);
        rules.chain(chains).chain(tables).max().unwrap_or(0) + 1
    }

    pub(super) fn use_table(&mut self, name: &TableName, by: i32) {
        let table = self
            .tables
            .iter_mut()
            .find(|table| table.name == *name)
            .expect("a table");
        table.used = table.used.checked_add_signed(by).expect("in use");
    }

    pub(super) fn use_chain(&mut self, name: &ChainName, by: i32) {
        let chain = self
            .chains
            .iter_mut()
            .find(|chain| chain.name == *name)
            .expect("a chain");
        chain.used = chain.used.checked_add_signed(by).expect("in use");
    }

    /// A rule uses its chain, and the one that it jumps to.
    fn use_chains(&mut self, name: &ChainName, statements: &[Statement], by: i32) {
        self.use_chain(name, by);
        let others: Vec<_> = self
            .chains
            .iter()
            .filter(|chain| chain.name.table == name.table)
            .filter(|chain| {
                statements
                    .iter()
                    .any(|each| each.leads_to(&chain.name.chain))
            })
            .map(|chain| chain.name.clone())
            .collect();
        for other in others {
            self.use_chain(&other, by);
        }
    }

    /// Does what nftables would do.
    pub(super) fn apply(&mut self, ops: &[Op]) {
        for op in ops {
            match op {
                Op::NewTable(name) => *self = std::mem::take(self).with_table(name, By::Us),
                Op::SetDormant(name, dormant) => {
                    for table in self.tables.iter_mut().filter(|table| table.name == *name) {
                        table.dormant = *dormant;
                    }
                }
                Op::DelTable(name) => {
                    assert!(self.table(name).is_some());
                    self.tables.retain(|table| table.name != *name);
                    self.chains.retain(|chain| chain.name.table != *name);
                    self.rules.retain(|rule| rule.chain.table != *name);
                }
                Op::NewChain { chain, base } => {
                    *self = std::mem::take(self).with_chain(chain, base.clone(), By::Us);
                }
                Op::DelChain(name) => {
                    assert_eq!(
                        self.chain(name).map(|chain| chain.used),
                        Some(0),
                        "{name:?}"
                    );
                    self.chains.retain(|chain| chain.name != *name);
                    self.use_table(&name.table, -1);
                }
                Op::NewRule {
                    chain,
                    position,
                    expressions,
                    comment,
                } => {
                    let handle = self.handle();
                    let mut statements = read(chain.table.family, expressions);
                    let text = comment.clone();
                    statements.extend(text.map(|text| Statement::Comment { text }));
                    self.use_chains(chain, &statements, 1);
                    let mut rule = Rule {
                        chain: chain.clone(),
                        handle,
                        statements,
                        comment: Some(marked(comment.as_deref())),
                    };
                    let place =
                        |handle: u64| self.rules.iter().position(|rule| rule.handle == handle);
                    match position {
                        Position::End => self.rules.push(rule),
                        Position::Beginning => self.rules.insert(0, rule),
                        Position::Before(other) => {
                            self.rules.insert(place(*other).expect("a rule"), rule)
                        }
                        Position::After(other) => {
                            self.rules.insert(place(*other).expect("a rule") + 1, rule);
                        }
                        Position::Replace(other) => {
                            let at = place(*other).expect("a rule");
                            rule.handle = *other;
                            let old = std::mem::replace(&mut self.rules[at], rule);
                            self.use_chains(chain, &old.statements, -1);
                        }
                    }
                }
                Op::DelRule { chain, handle } => {
                    let at = self
                        .rules
                        .iter()
                        .position(|rule| rule.chain == *chain && rule.handle == *handle)
                        .expect("a rule");
                    let old = self.rules.remove(at);
                    self.use_chains(chain, &old.statements, -1);
                }
            }
        }
    }
}
