// SPDX-License-Identifier: GPL-2.0-only

//! Where and how a rule is to be added, and what is to be changed by hand.

use super::super::cli::{
    ChainArg, KeyArg, Kind, Policy, Rule, RuleChain, RuleHook, RuleTable, TableArg,
};
use super::super::exit::Failure;
use super::super::rules::{self, Base, ChainName, Edit, Hook, Key, Position, TableName};
use super::{usage, Family, Via};

/// The longest name of a table or a chain: NFT_NAME_MAXLEN without its end.
const LONGEST: usize = 255;

/// Where and how a rule is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleConfig {
    /// The table that takes the packets.
    pub(crate) table: u8,
    /// One rule in each.
    pub(crate) families: Vec<Family>,
    /// How it calls the module.
    pub(crate) via: Via,
    /// The chain's priority, if a certain one is asked for.
    pub(crate) priority: Option<i32>,
    /// Whether it counts.
    pub(crate) counter: bool,
    /// Where the chain is called: input, prerouting or ingress.
    pub(crate) hook: rules::Place,
    /// The devices whose packets it sees, at ingress; each once, sorted.
    pub(crate) devices: Vec<String>,
    /// Whether what it relays leaves past the hooks of output and postrouting, at ingress.
    pub(crate) past_output: bool,
}

/// Where a rule is to be added, and how, as it was typed.
#[derive(Clone, Debug)]
pub(crate) struct RuleOptions<'a> {
    /// Families, none for the default.
    pub(crate) families: &'a [Family],
    /// How the module is called.
    pub(crate) via: Via,
    /// The priority.
    pub(crate) priority: Option<i32>,
    /// Whether it counts.
    pub(crate) counter: bool,
    /// The hook.
    pub(crate) hook: RuleHook,
    /// Devices.
    pub(crate) devices: &'a [String],
    /// Whether what is relayed leaves past the hooks of output.
    pub(crate) past_output: bool,
}

impl RuleConfig {
    /// Resolves what was typed.
    pub(crate) fn resolve(table: u8, options: &RuleOptions<'_>) -> Result<Self, Failure> {
        let &RuleOptions {
            via,
            priority,
            counter,
            past_output,
            ..
        } = options;
        let mut families = Vec::new();
        for family in options.families {
            if !families.contains(family) {
                families.push(*family);
            }
        }
        if families.is_empty() {
            families = match via {
                Via::Expression => vec![Family::Inet],
                Via::Target => vec![Family::Ip, Family::Ip6],
            };
        }
        if via == Via::Target && families.contains(&Family::Inet) {
            return Err(
                usage("the target cannot be used in the family inet, only in ip and ip6")
                    .hint("leave --family out to get both"),
            );
        }
        if via == Via::Target && options.hook != RuleHook::Input {
            return Err(usage("the target is added at the input hook alone")
                .hint("leave --via out, or make the rule by hand: `rtpctl rule append --help`"));
        }
        let hook = match options.hook {
            RuleHook::Input => rules::Place::Input,
            RuleHook::Prerouting => rules::Place::Prerouting,
            RuleHook::Ingress => rules::Place::Ingress,
        };
        if (options.hook == RuleHook::Ingress) == options.devices.is_empty() {
            return Err(match options.devices.is_empty() {
                true => usage("the hook ingress is one of devices")
                    .hint("say whose packets it sees: `--device NAME`"),
                false => usage("--device goes with the hook ingress")
                    .hint("add `--hook ingress`, or leave --device out"),
            });
        }
        if options.hook == RuleHook::Ingress && families != [Family::Inet] {
            return Err(
                usage("the hook ingress is in the family inet alone").hint("leave --family out")
            );
        }
        if past_output && options.hook != RuleHook::Ingress {
            return Err(usage("--past-output goes with the hook ingress")
                .hint("add `--hook ingress --device NAME`, or leave --past-output out"));
        }
        Ok(Self {
            table,
            families,
            via,
            priority,
            counter,
            hook,
            devices: sorted(options.devices),
            past_output,
        })
    }
}

/// Each once.
fn sorted(devices: &[String]) -> Vec<String> {
    let mut devices = devices.to_vec();
    devices.sort();
    devices.dedup();
    devices
}

/// The change that a command asks for by hand, if it is one.
pub(crate) fn edit(command: &Rule) -> Result<Option<Edit>, Failure> {
    Ok(Some(match command {
        Rule::Table(command) => match command {
            RuleTable::Add(name) => Edit::AddTable(table(name)?),
            RuleTable::Del(named) => Edit::DelTable(table(&named.table)?, key(named.key)),
            RuleTable::Flush(named) => Edit::FlushTable(table(&named.table)?, key(named.key)),
            RuleTable::Dormant(named) => {
                Edit::SetDormant(table(&named.table)?, true, key(named.key))
            }
            RuleTable::Awake(named) => {
                Edit::SetDormant(table(&named.table)?, false, key(named.key))
            }
        },
        Rule::Chain(command) => match command {
            RuleChain::Add {
                chain: name,
                hook,
                priority,
                device,
                policy,
                kind,
            } => {
                let base = hook.map(|hook| base(hook, *priority, device, *policy, *kind));
                Edit::AddChain(chain(name)?, base.transpose()?)
            }
            RuleChain::Del(named) => Edit::DelChain(chain(&named.chain)?, key(named.key)),
            RuleChain::Flush(named) => Edit::FlushChain(chain(&named.chain)?, key(named.key)),
        },
        Rule::Append {
            chain: name,
            words,
            key: named,
        } => rule(name, Position::End, words, key(*named))?,
        Rule::Insert {
            chain: name,
            words,
            before,
            after,
            key: named,
        } => {
            let position = match (before, after) {
                (Some(handle), _) => Position::Before(*handle),
                (None, Some(handle)) => Position::After(*handle),
                (None, None) => Position::Beginning,
            };
            rule(name, position, words, key(*named))?
        }
        Rule::Replace {
            chain: name,
            handle,
            words,
            force,
        } => rule(name, Position::Replace(*handle), words, by_force(*force))?,
        Rule::Remove {
            chain: name,
            handle,
            force,
        } => Edit::DelRule(chain(name)?, *handle, by_force(*force)),
        Rule::Add { .. }
        | Rule::Del { .. }
        | Rule::List
        | Rule::Show { .. }
        | Rule::Save
        | Rule::Restore { .. } => return Ok(None),
    }))
}

fn rule(name: &ChainArg, position: Position, words: &[String], key: Key) -> Result<Edit, Failure> {
    Ok(Edit::AddRule(
        chain(name)?,
        position,
        rules::statements(words)?,
        key,
    ))
}

fn base(
    hook: rules::Place,
    priority: Option<i32>,
    devices: &[String],
    policy: Option<Policy>,
    kind: Option<Kind>,
) -> Result<Base, Failure> {
    let word = hook.word();
    let priority = priority.ok_or_else(|| {
        usage(format!("a chain at the hook {word} lacks its priority"))
            .hint("say when it is called: `--priority filter-5` is before a firewall's chains")
    })?;
    Ok(Base {
        kind: rules::Kind(
            match kind {
                None | Some(Kind::Filter) => "filter",
                Some(Kind::Nat) => "nat",
                Some(Kind::Route) => "route",
            }
            .into(),
        ),
        hook: Hook {
            name: hook,
            priority,
            devices: sorted(devices),
        },
        policy: match policy {
            None | Some(Policy::Accept) => rules::Policy::Accept,
            Some(Policy::Drop) => rules::Policy::Drop,
        },
    })
}

fn table(name: &TableArg) -> Result<TableName, Failure> {
    Ok(TableName {
        family: name.family,
        table: named(&name.table)?,
    })
}

fn chain(name: &ChainArg) -> Result<ChainName, Failure> {
    Ok(ChainName {
        table: table(&name.table)?,
        chain: named(&name.chain)?,
    })
}

/// A name that nftables takes.
fn named(name: &str) -> Result<String, Failure> {
    match name.is_empty() || name.len() > LONGEST {
        true => Err(usage(format!("a name has 1 to {LONGEST} bytes"))),
        false => Ok(name.to_owned()),
    }
}

fn key(key: KeyArg) -> Key {
    Key {
        force: key.force,
        handle: key.handle,
    }
}

const fn by_force(force: bool) -> Key {
    Key {
        force,
        handle: None,
    }
}

#[cfg(test)]
mod tests;
