// SPDX-License-Identifier: GPL-2.0-only

//! What has to be changed for a command that names a table, a chain or a rule of nftables. What somebody else made is
//! changed only when it is named by its handle, and with force.

use super::super::exit::{usage, Code, Failure};
use super::super::foreign::Foreign;
use super::compile::compile;
use super::message::{Op, Position};
use super::model::{Base, Chain, ChainName, Kind, Place, Rule, Ruleset, Table, TableName};
use super::statement::{self, Statement, Verdict};

/// A change by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Makes a table.
    AddTable(TableName),
    /// Removes a table with all that is in it.
    DelTable(TableName, Key),
    /// Removes the rules of a table's chains.
    FlushTable(TableName, Key),
    /// Has a table's chains called no more, or again.
    SetDormant(TableName, bool, Key),
    /// Makes a chain.
    AddChain(ChainName, Option<Base>),
    /// Removes a chain with its rules.
    DelChain(ChainName, Key),
    /// Removes the rules of a chain.
    FlushChain(ChainName, Key),
    /// Makes a rule.
    AddRule(ChainName, Position, Vec<Statement>, Key),
    /// Removes a rule.
    DelRule(ChainName, u64, Key),
}

/// What is said so that a thing of somebody else may be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Key {
    /// That it may.
    pub(crate) force: bool,
    /// The handle of the table or chain.
    pub(crate) handle: Option<u64>,
}

/// What has to be changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) ops: Vec<Op>,
    /// Rules of others that stay.
    pub(super) left: usize,
}

impl From<Vec<Op>> for Plan {
    fn from(ops: Vec<Op>) -> Self {
        Self { ops, left: 0 }
    }
}

impl Key {
    /// Lets a thing pass that is ours, or that is named as it has to be.
    fn opens(self, ours: bool, handle: u64, what: &str) -> Result<(), Failure> {
        if self.handle.is_some_and(|named| named != handle) {
            return Err(not_found(format!("the handle of {what} is another")));
        }
        match ours || (self.force && self.handle.is_some()) {
            true => Ok(()),
            false => Err(theirs(
                what,
                "name it by its handle, and add --force: `--handle N --force`",
            )),
        }
    }

    /// Whether it opens what is of others, too.
    const fn is_whole(self) -> bool {
        self.force && self.handle.is_some()
    }
}

impl Edit {
    /// The changes that make it so.
    pub(super) fn plan(&self, ruleset: &Ruleset) -> Result<Plan, Failure> {
        match self {
            Self::AddTable(name) => Ok(match ruleset.table(name) {
                Some(_) => Plan::default(),
                None => vec![Op::NewTable(name.clone())].into(),
            }),
            Self::DelTable(name, key) => del_table(ruleset, name, *key),
            Self::FlushTable(name, key) => {
                let table = table(ruleset, name)?;
                key.opens(table.ours, table.handle, &table_words(name))?;
                Ok(flush(ruleset, |chain| chain.table == *name, *key))
            }
            Self::SetDormant(name, dormant, key) => {
                let table = table(ruleset, name)?;
                key.opens(table.ours, table.handle, &table_words(name))?;
                Ok(match table.dormant == *dormant {
                    true => Plan::default(),
                    false => vec![Op::SetDormant(name.clone(), *dormant)].into(),
                })
            }
            Self::AddChain(name, base) => add_chain(ruleset, name, base.as_ref()),
            Self::DelChain(name, key) => del_chain(ruleset, name, *key),
            Self::FlushChain(name, key) => {
                let chain = chain(ruleset, name)?;
                key.opens(chain.ours, chain.handle, &chain_words(name))?;
                Ok(flush(ruleset, |chain| chain == name, *key))
            }
            Self::AddRule(name, position, statements, key) => {
                add_rule(ruleset, name, *position, statements, *key)
            }
            Self::DelRule(name, handle, key) => {
                chain(ruleset, name)?;
                let rule = rule(ruleset, name, *handle)?;
                opens_rule(rule, *key, "delete")?;
                Ok(vec![del_rule(rule)].into())
            }
        }
    }
}

fn del_table(ruleset: &Ruleset, name: &TableName, key: Key) -> Result<Plan, Failure> {
    let table = table(ruleset, name)?;
    let what = table_words(name);
    key.opens(table.ours, table.handle, &what)?;
    let (mut chains, mut others) = (0_u32, false);
    for chain in ruleset.chains_of(name) {
        chains = chains.saturating_add(1);
        others |= !chain.ours || ruleset.rules_of(&chain.name).any(|rule| !rule.ours());
    }
    // A set, or another thing that rtpctl makes none of.
    others |= table.used != chains;
    if others && !key.is_whole() {
        return Err(theirs(
            &format!("a part of {what}"),
            "name the table by its handle, and add --force: `--handle N --force`",
        ));
    }
    Ok(vec![Op::DelTable(name.clone())].into())
}

fn add_chain(ruleset: &Ruleset, name: &ChainName, base: Option<&Base>) -> Result<Plan, Failure> {
    table(ruleset, &name.table)?;
    if let Some(base) = base {
        check_base(name, base)?;
    }
    match ruleset.chain(name) {
        None => Ok(vec![Op::NewChain {
            chain: name.clone(),
            base: base.cloned(),
        }]
        .into()),
        Some(chain) if chain.base.as_ref() == base => Ok(Plan::default()),
        Some(chain) => Err(Failure::new(
            Code::Exists,
            format!(
                "{} exists, {}",
                chain_words(name),
                base_words(chain.base.as_ref())
            ),
        )
        .hint("use it as it is, or delete it first")),
    }
}

fn base_words(base: Option<&Base>) -> String {
    match base {
        Some(Base { kind, hook, policy }) => format!(
            "with type {}, hook {}, priority {} and policy {}",
            Foreign(&kind.0),
            hook.name.word(),
            hook.priority,
            policy.word()
        ),
        None => "without a hook".to_owned(),
    }
}

/// What the kernel would refuse without a word.
pub(super) fn check_base(name: &ChainName, base: &Base) -> Result<(), Failure> {
    let family = name.table.family;
    let hook = &base.hook;
    let word = hook.name.word();
    if hook.name.number(family).is_none() {
        return Err(usage(format!("the family {family} has no hook {word}"))
            .hint("ingress is in the families inet and netdev, the others in inet, ip and ip6"));
    }
    if hook.name.is_of_devices() == hook.devices.is_empty() {
        return Err(match hook.devices.is_empty() {
            true => usage(format!("the hook {word} is one of devices"))
                .hint("say whose packets it sees: `--device NAME`"),
            false => usage(format!("the hook {word} takes no device"))
                .hint("match the device in the rules: `iifname NAME`"),
        });
    }
    let translates = [
        Place::Prerouting,
        Place::Input,
        Place::Output,
        Place::Postrouting,
    ];
    if base.kind == Kind::NAT && (!translates.contains(&hook.name) || hook.priority <= -200) {
        return Err(usage("a chain of type nat is at prerouting, input, output or postrouting, and its priority is above -200")
            .hint("dstnat (-100) at prerouting is the usual one"));
    }
    Ok(())
}

fn del_chain(ruleset: &Ruleset, name: &ChainName, key: Key) -> Result<Plan, Failure> {
    let found = chain(ruleset, name)?;
    let what = chain_words(name);
    key.opens(found.ours, found.handle, &what)?;
    if let Some(rule) = ruleset.rules_of(name).find(|rule| !rule.ours()) {
        if !key.is_whole() {
            return Err(theirs(
                &format!("rule {} of {what}", rule.handle),
                "name the chain by its handle, and add --force: `--handle N --force`",
            ));
        }
    }
    let mut ops: Vec<_> = ruleset.rules_of(name).map(del_rule).collect();
    if usize::try_from(found.used).is_ok_and(|used| used > ops.len()) {
        let leads = |rule: &Rule| {
            rule.statements
                .iter()
                .any(|each| each.leads_to(&name.chain))
        };
        let jump = ruleset
            .rules
            .iter()
            .find(|rule| rule.chain.table == name.table && rule.chain != *name && leads(rule));
        let from = match jump {
            Some(jump) => format!("rule {} of {}", jump.handle, chain_words(&jump.chain)),
            None => "a map".to_owned(),
        };
        return Err(Failure::new(Code::Busy, format!("{from} jumps to {what}"))
            .hint("delete the jump first"));
    }
    ops.push(Op::DelChain(name.clone()));
    Ok(ops.into())
}

/// Removes our rules, or all, of the chains that the closure names.
fn flush(ruleset: &Ruleset, of: impl Fn(&ChainName) -> bool, key: Key) -> Plan {
    let mut plan = Plan::default();
    for rule in ruleset.rules.iter().filter(|rule| of(&rule.chain)) {
        match rule.ours() || key.is_whole() {
            true => plan.ops.push(del_rule(rule)),
            false => plan.left = plan.left.saturating_add(1),
        }
    }
    plan
}

fn add_rule(
    ruleset: &Ruleset,
    name: &ChainName,
    position: Position,
    statements: &[Statement],
    key: Key,
) -> Result<Plan, Failure> {
    let chain = chain(ruleset, name)?;
    let expressions = compile(name.table.family, statements)?;
    match position {
        Position::Replace(handle) => {
            opens_rule(rule(ruleset, name, handle)?, key, "replace")?;
        }
        Position::Before(handle) | Position::After(handle) => {
            rule(ruleset, name, handle)?;
            if !chain.ours && !key.force {
                return Err(theirs(
                    &chain_words(name),
                    "add --force to put a rule into it all the same",
                ));
            }
        }
        Position::End | Position::Beginning => {
            key.opens(chain.ours, chain.handle, &chain_words(name))?;
        }
    }
    for statement in statements {
        check_in_chain(ruleset, chain, statement)?;
    }
    Ok(vec![Op::NewRule {
        chain: name.clone(),
        position,
        expressions,
        comment: statement::comment(statements),
    }]
    .into())
}

/// What a statement asks of the chain that it is in.
pub(super) fn check_in_chain(
    ruleset: &Ruleset,
    chain: &Chain,
    statement: &Statement,
) -> Result<(), Failure> {
    match statement {
        Statement::Verdict { verdict: Verdict::Jump(to) | Verdict::Goto(to) } => {
            let to = chain.name.table.chain(to.clone());
            let found = self::chain(ruleset, &to)?;
            match found.base {
                None => Ok(()),
                Some(_) => Err(usage(format!("{} has a hook: no rule jumps to it", chain_words(&to)))
                    .hint("jump to a chain that was made without --hook")),
            }
        }
        Statement::Dnat { .. } => match &chain.base {
            Some(base)
                if base.kind != Kind::NAT
                    || !matches!(base.hook.name, Place::Prerouting | Place::Output) =>
            {
                Err(usage("dnat needs a chain of type nat at prerouting or output")
                    .hint("make one: `rtpctl rule chain add ... --type nat --hook prerouting --priority dstnat`"))
            }
            _ => Ok(()),
        },
        Statement::Relay(relay) if relay.past_output => match &chain.base {
            Some(base) if base.hook.name != Place::Ingress => {
                Err(usage("past-output is for rules at the hook ingress alone")
                    .hint("leave it out, or make a chain there: `rtpctl rule chain add ... --hook ingress --device NAME --priority 0`"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

fn del_rule(rule: &Rule) -> Op {
    Op::DelRule {
        chain: rule.chain.clone(),
        handle: rule.handle,
    }
}

/// A rule is named by its handle anyway.
fn opens_rule(rule: &Rule, key: Key, what: &str) -> Result<(), Failure> {
    match rule.ours() || key.force {
        true => Ok(()),
        false => Err(theirs(
            &format!("rule {} of {}", rule.handle, chain_words(&rule.chain)),
            &format!("add --force to {what} it all the same"),
        )),
    }
}

fn table<'a>(ruleset: &'a Ruleset, name: &TableName) -> Result<&'a Table, Failure> {
    ruleset.table(name).ok_or_else(|| {
        not_found(format!("there is no {}", table_words(name))).hint(format!(
            "`rtpctl rule table add {} {}` makes it",
            name.family,
            Foreign(&name.table)
        ))
    })
}

fn chain<'a>(ruleset: &'a Ruleset, name: &ChainName) -> Result<&'a Chain, Failure> {
    table(ruleset, &name.table)?;
    ruleset.chain(name).ok_or_else(|| {
        not_found(format!("there is no {}", chain_words(name))).hint(format!(
            "`rtpctl rule show {} {}` lists those that there are",
            name.table.family,
            Foreign(&name.table.table)
        ))
    })
}

fn rule<'a>(ruleset: &'a Ruleset, name: &ChainName, handle: u64) -> Result<&'a Rule, Failure> {
    ruleset
        .rules
        .iter()
        .find(|rule| rule.chain == *name && rule.handle == handle)
        .ok_or_else(|| {
            not_found(format!(
                "{} has no rule of handle {handle}",
                chain_words(name)
            ))
            .hint(format!(
                "`rtpctl rule show {} {} {}` lists the handles",
                name.table.family,
                Foreign(&name.table.table),
                Foreign(&name.chain)
            ))
        })
}

/// A table, in words.
pub(crate) fn table_words(name: &TableName) -> String {
    format!("table {} {}", name.family, Foreign(&name.table))
}

/// A chain, in words.
pub(crate) fn chain_words(name: &ChainName) -> String {
    format!(
        "chain {} {} {}",
        name.table.family,
        Foreign(&name.table.table),
        Foreign(&name.chain)
    )
}

fn theirs(what: &str, hint: &str) -> Failure {
    Failure::new(Code::Busy, format!("{what} was made by somebody else")).hint(hint)
}

fn not_found(what: String) -> Failure {
    Failure::new(Code::NotFound, what)
}

#[cfg(test)]
mod tests;
