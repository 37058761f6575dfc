// SPDX-License-Identifier: GPL-2.0-only

//! What has to be changed so that tables are as a file says, and what that is in words. In a table that the file names, what rtpctl
//! made is what the file says and no more; what others made stays, and so do other tables.

use super::super::exit::{Code, Failure};
use super::super::foreign::Foreign;
use super::compile::compile;
use super::hand::{chain_words, check_in_chain, table_words};
use super::message::{Op, Position};
use super::model::{Base, Chain, ChainName, Rule, Ruleset};
use super::read::read;
use super::saved::{uncounted, Wanted, WantedChain};
use super::statement::{comment, Statement};

/// The changes that make it so, in an order that nftables takes.
pub(super) fn settle(ruleset: &Ruleset, wanted: &[Wanted]) -> Result<Vec<Op>, Failure> {
    let after = after(ruleset, wanted);
    let mut plan = Plan::default();
    for table in wanted {
        match ruleset.table(&table.name) {
            None => {
                plan.tables.push(Op::NewTable(table.name.clone()));
                if table.dormant {
                    plan.asleep.push(Op::SetDormant(table.name.clone(), true));
                }
            }
            Some(found) if found.ours && found.dormant != table.dormant => {
                let op = Op::SetDormant(table.name.clone(), table.dormant);
                match table.dormant {
                    true => plan.asleep.push(op),
                    false => plan.awake.push(op),
                }
            }
            Some(_) => {}
        }
        for chain in &table.chains {
            plan.chain(ruleset, chain)?;
            let found = after.chain(&chain.name);
            for statement in chain.rules.iter().flatten() {
                if let Some(found) = found {
                    check_in_chain(&after, found, statement)?;
                }
            }
        }
        plan.others(ruleset, table);
    }
    plan.removed_chains(ruleset)?;
    Ok(plan.ops())
}

/// The chains that there will be, as far as rules ask for them.
fn after(ruleset: &Ruleset, wanted: &[Wanted]) -> Ruleset {
    let mut after = ruleset.clone();
    for table in wanted {
        if after.table(&table.name).is_none() {
            after.tables.push(super::model::Table {
                name: table.name.clone(),
                handle: 0,
                used: 0,
                dormant: table.dormant,
                ours: true,
            });
        }
        after
            .chains
            .retain(|found| !found.ours || found.name.table != table.name);
        for chain in &table.chains {
            after.chains.push(Chain {
                name: chain.name.clone(),
                handle: 0,
                used: 0,
                base: chain.base.clone(),
                ours: true,
            });
        }
    }
    after
}

#[derive(Default)]
struct Plan<'a> {
    awake: Vec<Op>,
    tables: Vec<Op>,
    deleted: Vec<&'a Rule>,
    /// Chains that go, and whether another of the same name takes their place.
    gone: Vec<(&'a Chain, bool)>,
    chains: Vec<Op>,
    rules: Vec<Op>,
    asleep: Vec<Op>,
}

impl<'a> Plan<'a> {
    fn chain(&mut self, ruleset: &'a Ruleset, wanted: &'a WantedChain) -> Result<(), Failure> {
        let name = &wanted.name;
        let found = ruleset.chain(name);
        if found.is_some_and(|found| !found.ours) {
            return Err(Failure::new(
                Code::Exists,
                format!("{} exists and was made by somebody else", chain_words(name)),
            )
            .hint("give the chain another name, or delete that one"));
        }
        let same = found.is_some_and(|found| same_base(found.base.as_ref(), wanted.base.as_ref()));
        let own: Vec<_> = ruleset.rules_of(name).filter(|rule| rule.ours()).collect();
        let kept = match same {
            true => own
                .iter()
                .zip(&wanted.rules)
                .take_while(|(rule, wanted)| uncounted(&rule.statements) == **wanted)
                .count(),
            false => 0,
        };
        self.deleted.extend(own.into_iter().skip(kept));
        if !same {
            self.gone.extend(found.map(|found| (found, true)));
            self.chains.push(Op::NewChain {
                chain: name.clone(),
                base: wanted.base.clone(),
            });
        }
        for statements in wanted.rules.iter().skip(kept) {
            self.rules.push(Op::NewRule {
                chain: name.clone(),
                position: Position::End,
                expressions: compile(name.table.family, statements)?,
                comment: comment(statements),
            });
        }
        Ok(())
    }

    /// What rtpctl made in a table beside what it is to have.
    fn others(&mut self, ruleset: &'a Ruleset, table: &'a Wanted) {
        let wanted = |name: &ChainName| table.chains.iter().any(|chain| chain.name == *name);
        for chain in ruleset.chains_of(&table.name) {
            if chain.ours && !wanted(&chain.name) {
                let own = ruleset.rules.iter().filter(|rule| rule.chain == chain.name);
                self.deleted.extend(own.filter(|rule| rule.ours()));
                self.gone.push((chain, false));
            }
        }
    }

    /// Lets a chain stay that others use; where it has to make place that is refused.
    fn removed_chains(&mut self, ruleset: &Ruleset) -> Result<(), Failure> {
        let mut used = Vec::new();
        for (chain, replaced) in &self.gone {
            let uses = |rule: &&&Rule| {
                let jumps = |each: &Statement| each.leads_to(&chain.name.chain);
                rule.chain == chain.name
                    || rule.chain.table == chain.name.table && rule.statements.iter().any(jumps)
            };
            let removed = self.deleted.iter().filter(uses).count();
            if usize::try_from(chain.used).is_ok_and(|used| used == removed) {
                continue;
            }
            if *replaced {
                let what = chain_words(&chain.name);
                let others = ruleset.rules_of(&chain.name).any(|rule| !rule.ours());
                let why = match others {
                    true => "somebody else has a rule in it",
                    false => "a rule that stays jumps to it",
                };
                return Err(Failure::new(
                    Code::Busy,
                    format!("{what} has another hook than the file says, and {why}"),
                )
                .hint("delete that rule first"));
            }
            used.push(chain.name.clone());
        }
        self.gone.retain(|(chain, _)| !used.contains(&chain.name));
        Ok(())
    }

    fn ops(self) -> Vec<Op> {
        let deleted = self.deleted.into_iter().map(|rule| Op::DelRule {
            chain: rule.chain.clone(),
            handle: rule.handle,
        });
        let gone = self.gone.into_iter();
        let gone = gone.map(|(chain, _)| Op::DelChain(chain.name.clone()));
        let first = self.awake.into_iter().chain(self.tables).chain(deleted);
        let rest = gone.chain(self.chains).chain(self.rules).chain(self.asleep);
        first.chain(rest).collect()
    }
}

/// The order of devices is the kernel's.
fn same_base(found: Option<&Base>, wanted: Option<&Base>) -> bool {
    match (found, wanted) {
        (Some(found), Some(wanted)) => {
            let mut found = found.clone();
            found.hook.devices.sort();
            found == *wanted
        }
        (found, wanted) => found == wanted,
    }
}

/// What a change is, in words: `+` before what is made, `-` before what is deleted.
pub(super) fn in_words(ruleset: &Ruleset, op: &Op) -> String {
    let rule = |chain: &ChainName, statements: &[Statement]| {
        let words: Vec<_> = uncounted(statements)
            .iter()
            .map(|statement| match statement {
                Statement::Counter(_) => "counter".to_owned(),
                other => other.to_string(),
            })
            .collect();
        format!("rule of {}: {}", chain_words(chain), words.join(" "))
    };
    match op {
        Op::NewTable(name) => format!("+ {}", table_words(name)),
        Op::DelTable(name) => format!("- {}", table_words(name)),
        Op::SetDormant(name, true) => format!("+ {}: dormant", table_words(name)),
        Op::SetDormant(name, false) => format!("- {}: dormant", table_words(name)),
        Op::NewChain { chain, base: None } => format!("+ {}", chain_words(chain)),
        Op::NewChain {
            chain,
            base: Some(Base { kind, hook, policy }),
        } => {
            let devices = hook
                .devices
                .iter()
                .map(|name| format!(" {}", Foreign(name)));
            let devices: String = devices.collect();
            format!(
                "+ {}: type {} hook {}{devices} priority {} policy {}",
                chain_words(chain),
                Foreign(&kind.0),
                hook.name.word(),
                hook.priority,
                policy.word()
            )
        }
        Op::DelChain(chain) => format!("- {}", chain_words(chain)),
        Op::NewRule {
            chain,
            expressions,
            comment,
            ..
        } => {
            let mut statements = read(chain.table.family, expressions);
            let text = comment.clone();
            statements.extend(text.map(|text| Statement::Comment { text }));
            format!("+ {}", rule(chain, &statements))
        }
        Op::DelRule { chain, handle } => {
            let found = ruleset
                .rules_of(chain)
                .find(|rule| rule.handle == *handle)
                .map(|rule| rule.statements.as_slice());
            format!("- {}", rule(chain, found.unwrap_or_default()))
        }
    }
}

#[cfg(test)]
mod tests;
