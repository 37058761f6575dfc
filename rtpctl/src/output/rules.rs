// SPDX-License-Identifier: GPL-2.0-only

//! Rules that hand packets to a table, printed, and what a change of rules has to say.

use std::io::{self, Write};

use serde::Serialize;

use super::super::foreign::Foreign;
use super::super::rules::{
    chain_words, table_words, Added, Changed, Dropper, Edit, Family, Home, Listed, Position,
};
use super::{columns, Report};

/// The rules that hand packets to a table.
#[derive(Debug, Serialize)]
pub(crate) struct RuleList {
    /// In the order of nftables.
    pub(crate) rules: Vec<Listed>,
}

impl Report for RuleList {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.rules.is_empty() {
            return writeln!(to, "no rules");
        }
        let lines: Vec<_> = self.rules.iter().map(cells).collect();
        columns(
            to,
            [
                "TABLE", "CHAIN", "HANDLE", "HOOK", "VIA", "PACKETS", "MADE BY",
            ],
            &lines,
        )
    }
}

fn cells(rule: &Listed) -> [String; 7] {
    [
        rule.id.to_string(),
        format!(
            "{} {} {}",
            rule.family,
            Foreign(&rule.table),
            Foreign(&rule.chain)
        ),
        rule.handle.to_string(),
        match &rule.hook {
            _ if rule.dormant => "dormant".to_owned(),
            Some(hook) => format!("{} {}", hook.name.word(), hook.priority),
            None => "-".to_owned(),
        },
        match rule.past_output {
            true => format!("{} past-output", rule.via),
            false => rule.via.to_owned(),
        },
        match rule.counter {
            Some(counter) => counter.packets.to_string(),
            None => "-".to_owned(),
        },
        if rule.ours { "rtpctl" } else { "another" }.to_owned(),
    ]
}

/// What `rule add` has to say.
#[derive(Debug, Serialize)]
pub(crate) struct RuleAdded {
    /// The table of the relay.
    table: u8,
    action: &'static str,
    /// Whether anything had to be changed.
    changed: bool,
    /// Where the rules stand.
    chains: Vec<AddedChain>,
}

/// Where a rule stands, and what is beside it.
#[derive(Debug, Serialize)]
struct AddedChain {
    family: Family,
    table: String,
    chain: String,
    hook: super::super::rules::Hook,
    #[serde(flatten)]
    beside: super::super::rules::Beside,
}

impl RuleAdded {
    /// Of what was added for a table.
    pub(crate) fn new(table: u8, added: Added) -> Self {
        let chains = added.homes.into_iter().map(
            |Home {
                 chain,
                 hook,
                 beside,
             }| AddedChain {
                family: chain.table.family,
                table: chain.table.table,
                chain: chain.chain,
                hook,
                beside,
            },
        );
        Self {
            table,
            action: "add",
            changed: added.changed,
            chains: chains.collect(),
        }
    }
}

impl Report for RuleAdded {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        match self.changed {
            true => writeln!(to, "rule for table {} added", self.table)?,
            false => writeln!(to, "rule for table {} is there already", self.table)?,
        }
        for AddedChain {
            family,
            table,
            chain,
            hook,
            beside,
        } in &self.chains
        {
            writeln!(
                to,
                "  {family} {} {}: {}, priority {}",
                Foreign(table),
                Foreign(chain),
                hook.name.word(),
                hook.priority
            )?;
            for (droppers, what) in [
                (&beside.before, "comes first: what it drops is not relayed"),
                (
                    &beside.level,
                    "drops, too, at the same priority: the one loaded last is first",
                ),
                (
                    &beside.after,
                    "comes behind: it does not see what is relayed",
                ),
            ] {
                for dropper in droppers {
                    writeln!(to, "    {} {what}", words(dropper))?;
                }
            }
        }
        Ok(())
    }
}

fn words(dropper: &Dropper) -> String {
    format!(
        "{} {} {} ({}, {})",
        dropper.family,
        Foreign(&dropper.table),
        Foreign(&dropper.chain),
        dropper.hook.name.word(),
        dropper.hook.priority
    )
}

/// What a change by hand has to say.
#[derive(Debug, Serialize)]
pub(crate) struct Edited {
    action: &'static str,
    changed: bool,
    family: Family,
    table: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<u64>,
    /// Rules of others that stayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<usize>,
    #[serde(skip)]
    sentence: String,
}

impl Edited {
    /// Of what was changed.
    pub(crate) fn new(edit: &Edit, changed: &Changed) -> Self {
        let (action, table, chain) = match edit {
            Edit::AddTable(table) => ("table add", table, None),
            Edit::DelTable(table, _) => ("table del", table, None),
            Edit::FlushTable(table, _) => ("table flush", table, None),
            Edit::SetDormant(table, true, _) => ("table dormant", table, None),
            Edit::SetDormant(table, false, _) => ("table awake", table, None),
            Edit::AddChain(chain, _) => ("chain add", &chain.table, Some(chain)),
            Edit::DelChain(chain, _) => ("chain del", &chain.table, Some(chain)),
            Edit::FlushChain(chain, _) => ("chain flush", &chain.table, Some(chain)),
            Edit::AddRule(chain, position, ..) => (
                match position {
                    Position::End => "append",
                    Position::Replace(_) => "replace",
                    _ => "insert",
                },
                &chain.table,
                Some(chain),
            ),
            Edit::DelRule(chain, ..) => ("remove", &chain.table, Some(chain)),
        };
        let handle = match edit {
            Edit::AddRule(_, Position::Replace(handle), ..) | Edit::DelRule(_, handle, _) => {
                Some(*handle)
            }
            _ => changed.handle,
        };
        let left = matches!(edit, Edit::FlushTable(..) | Edit::FlushChain(..));
        Self {
            action,
            changed: changed.changed,
            family: table.family,
            table: table.table.clone(),
            chain: chain.map(|chain| chain.chain.clone()),
            handle,
            left: left.then_some(changed.left),
            sentence: sentence(edit, changed),
        }
    }
}

fn sentence(
    edit: &Edit,
    Changed {
        changed,
        handle,
        left,
    }: &Changed,
) -> String {
    let done = |what: String, done: &str, not: &str| match changed {
        true => format!("{what} {done}"),
        false => format!("{what} {not}"),
    };
    let number = match (handle, edit) {
        (_, Edit::AddRule(_, Position::Replace(handle), ..)) => format!("rule {handle}"),
        (Some(handle), _) => format!("rule {handle}"),
        (None, _) => "rule".to_owned(),
    };
    let stay = match left {
        0 => String::new(),
        1 => "; 1 rule of others stays".to_owned(),
        count => format!("; {count} rules of others stay"),
    };
    match edit {
        Edit::AddTable(table) => done(table_words(table), "made", "is there already"),
        Edit::DelTable(table, _) => done(table_words(table), "deleted", "deleted"),
        Edit::FlushTable(table, _) => {
            done(table_words(table), "flushed", "has no rules to flush") + &stay
        }
        Edit::SetDormant(table, true, _) => {
            done(table_words(table), "is dormant", "is dormant already")
        }
        Edit::SetDormant(table, false, _) => {
            done(table_words(table), "is awake", "is awake already")
        }
        Edit::AddChain(chain, _) => done(chain_words(chain), "made", "is there already"),
        Edit::DelChain(chain, _) => done(chain_words(chain), "deleted", "deleted"),
        Edit::FlushChain(chain, _) => {
            done(chain_words(chain), "flushed", "has no rules to flush") + &stay
        }
        Edit::AddRule(chain, position, ..) => {
            let verb = match position {
                Position::End => "appended to",
                Position::Replace(_) => "replaced in",
                _ => "inserted into",
            };
            format!("{number} {verb} {}", chain_words(chain))
        }
        Edit::DelRule(chain, handle, _) => {
            format!("rule {handle} deleted from {}", chain_words(chain))
        }
    }
}

impl Report for Edited {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        writeln!(to, "{}", self.sentence)
    }
}

#[cfg(test)]
mod tests;
