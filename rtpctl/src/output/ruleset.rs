// SPDX-License-Identifier: GPL-2.0-only

//! The ruleset of nftables, printed: in the manner of `nft -a list ruleset`, with our rules in it.

use std::io::{self, Write};

use serde::Serialize;

use super::super::foreign::Foreign;
use super::super::rules::{Base, Chain, Counter, Family, Path, Rule, Ruleset, Statement, Table};
use super::Report;

/// Tables with their chains and rules.
#[derive(Debug, Serialize)]
pub(crate) struct RulesetList {
    tables: Vec<TableBlock>,
}

#[derive(Debug, Serialize)]
struct TableBlock {
    family: Family,
    name: String,
    handle: u64,
    ours: bool,
    dormant: bool,
    chains: Vec<ChainBlock>,
}

#[derive(Debug, Serialize)]
struct ChainBlock {
    name: String,
    handle: u64,
    ours: bool,
    #[serde(flatten)]
    base: Option<Base>,
    /// The ways that lead here by jumps.
    paths: Vec<Path>,
    rules: Vec<RuleLine>,
}

#[derive(Debug, Serialize)]
struct RuleLine {
    handle: u64,
    ours: bool,
    comment: Option<String>,
    counter: Option<Counter>,
    rule: String,
    statements: Vec<Statement>,
}

/// What is to be shown.
#[derive(Debug, Default)]
pub(crate) struct Filter<'a> {
    /// Only this family.
    pub(crate) family: Option<Family>,
    /// Only the tables of this name.
    pub(crate) table: Option<&'a str>,
    /// Only the chains of this name.
    pub(crate) chain: Option<&'a str>,
}

impl RulesetList {
    /// What the filter lets pass. None when that is nothing and something was named.
    pub(crate) fn new(ruleset: &Ruleset, filter: &Filter<'_>) -> Option<Self> {
        let tables: Vec<_> = ruleset
            .tables
            .iter()
            .filter(|table| {
                filter
                    .family
                    .is_none_or(|family| family == table.name.family)
                    && filter.table.is_none_or(|name| name == table.name.table)
            })
            .map(|table| block(ruleset, table, filter))
            .filter(|block| filter.chain.is_none() || !block.chains.is_empty())
            .collect();
        match tables.is_empty() && filter.table.is_some() {
            true => None,
            false => Some(Self { tables }),
        }
    }
}

fn block(ruleset: &Ruleset, table: &Table, filter: &Filter<'_>) -> TableBlock {
    let chains = ruleset
        .chains_of(&table.name)
        .filter(|chain| filter.chain.is_none_or(|name| name == chain.name.chain))
        .map(|chain| chain_block(ruleset, chain));
    TableBlock {
        family: table.name.family,
        name: table.name.table.clone(),
        handle: table.handle,
        ours: table.ours,
        dormant: table.dormant,
        chains: chains.collect(),
    }
}

fn chain_block(ruleset: &Ruleset, chain: &Chain) -> ChainBlock {
    ChainBlock {
        name: chain.name.chain.clone(),
        handle: chain.handle,
        ours: chain.ours,
        base: chain.base.clone(),
        paths: match chain.base {
            Some(_) => Vec::new(),
            None => ruleset.paths(&chain.name),
        },
        rules: ruleset.rules_of(&chain.name).map(line).collect(),
    }
}

fn line(rule: &Rule) -> RuleLine {
    RuleLine {
        handle: rule.handle,
        ours: rule.ours(),
        comment: rule.comment.clone(),
        counter: rule.counter(),
        rule: rule.words(),
        statements: rule.statements.clone(),
    }
}

/// The handle, and whose it is.
fn mark(handle: u64, ours: bool) -> String {
    match ours {
        true => format!("# handle {handle}, rtpctl"),
        false => format!("# handle {handle}"),
    }
}

impl Report for RulesetList {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.tables.is_empty() {
            return writeln!(to, "no tables");
        }
        for table in &self.tables {
            writeln!(
                to,
                "table {} {} {{ {}",
                table.family,
                Foreign(&table.name),
                mark(table.handle, table.ours)
            )?;
            if table.dormant {
                writeln!(to, "  flags dormant")?;
            }
            for chain in &table.chains {
                chain.text(to)?;
            }
            writeln!(to, "}}")?;
        }
        Ok(())
    }
}

impl ChainBlock {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        writeln!(
            to,
            "  chain {} {{ {}",
            Foreign(&self.name),
            mark(self.handle, self.ours)
        )?;
        if let Some(Base { kind, hook, policy }) = &self.base {
            write!(
                to,
                "    type {} hook {}",
                Foreign(&kind.0),
                hook.name.word()
            )?;
            for device in &hook.devices {
                write!(to, " device \"{}\"", Foreign(device))?;
            }
            writeln!(to, " priority {}; policy {};", hook.priority, policy.word())?;
        }
        for path in &self.paths {
            write!(to, "    # {} {}", path.hook.name.word(), path.hook.priority)?;
            for step in &path.through {
                write!(to, ", by rule {} of {}", step.handle, Foreign(&step.chain))?;
            }
            writeln!(to)?;
        }
        for rule in &self.rules {
            write!(to, "    {}", rule.rule)?;
            match &rule.comment {
                Some(comment) if !rule.ours => write!(to, " comment \"{}\"", Foreign(comment))?,
                _ => {}
            }
            writeln!(to, " {}", mark(rule.handle, rule.ours))?;
        }
        writeln!(to, "  }}")
    }
}

#[cfg(test)]
mod tests;
