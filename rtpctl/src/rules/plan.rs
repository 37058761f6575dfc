// SPDX-License-Identifier: GPL-2.0-only

//! What has to be changed so that the rules of a table of the relay are there, or are gone. Nothing that others made
//! is changed.

use super::super::config::{self, RuleConfig, Via};
use super::super::exit::{Code, Failure};
use super::compile::compile;
use super::hand::chain_words;
use super::message::{Op, Position};
use super::model::{
    Base, Chain, ChainName, Family, Hook, Kind, Place, Policy, Rule, Ruleset, TableName,
};
use super::statement::{Counter, Is, Relay, Statement, UDP};

/// The priority of our chains: before those of a firewall, which are at 0 (`filter`), beside none that are common, as -1
/// is, and at prerouting behind what translates destinations, which is at -100.
const PRIORITY: i32 = -5;

/// The hooks that our rules are at.
const HOOKS: [Place; 3] = [Place::Input, Place::Prerouting, Place::Ingress];

/// Where a rule of ours stands.
fn home(table: u8, family: config::Family, via: Via, hook: Place) -> ChainName {
    let own = format!("rtpengine_{table}");
    let (table, chain) = match via {
        Via::Expression => (own, hook.word().into_owned()),
        // The xtables target is registered for this table alone.
        Via::Target => ("filter".to_owned(), own),
    };
    let family = match family {
        config::Family::Inet => Family::Inet,
        config::Family::Ip => Family::Ip,
        config::Family::Ip6 => Family::Ip6,
    };
    TableName { family, table }.chain(chain)
}

/// Where the rules of a configuration stand.
pub(super) fn homes(config: &RuleConfig) -> impl Iterator<Item = ChainName> + '_ {
    let families = config.families.iter();
    families.map(|family| home(config.table, *family, config.via, config.hook))
}

/// The base of such a chain.
fn base(config: &RuleConfig) -> Base {
    Base {
        kind: Kind::FILTER,
        hook: Hook {
            name: config.hook,
            priority: config.priority.unwrap_or(PRIORITY),
            devices: config.devices.clone(),
        },
        policy: Policy::Accept,
    }
}

/// What the rule does.
fn statements(config: &RuleConfig) -> Vec<Statement> {
    let mut statements = vec![Statement::Protocol {
        is: Is::Equal,
        protocol: UDP,
    }];
    if config.counter {
        statements.push(Statement::Counter(Counter::default()));
    }
    statements.push(Statement::Relay(relay(config)));
    statements
}

const fn relay(config: &RuleConfig) -> Relay {
    Relay {
        table: config.table as u32,
        via: config.via,
        past_output: config.past_output,
    }
}

/// What a hook has that is not what is asked for.
fn other(config: &RuleConfig, hook: &Hook) -> Option<String> {
    match config.priority {
        Some(priority) if priority != hook.priority => Some(format!("priority {}", hook.priority)),
        _ if hook.devices != config.devices => Some(format!("devices {}", hook.devices.join(", "))),
        _ => None,
    }
}

/// The changes that make the rules be there.
pub(super) fn add(ruleset: &Ruleset, config: &RuleConfig) -> Result<Vec<Op>, Failure> {
    let mut ops = Vec::new();
    for chain in homes(config) {
        if ruleset.table(&chain.table).is_none() {
            ops.push(Op::NewTable(chain.table.clone()));
        }
        match ruleset.chain(&chain) {
            None => ops.push(Op::NewChain {
                chain: chain.clone(),
                base: Some(base(config)),
            }),
            Some(found) => {
                let name = format!(
                    "{} {} {}",
                    chain.table.family, chain.table.table, chain.chain
                );
                if !found.ours {
                    return Err(Failure::new(
                        Code::Exists,
                        format!("the chain {name} of nftables exists and was not made by rtpctl"),
                    )
                    .hint(format!("remove it: `nft delete chain {name}`")));
                }
                if let Some(other) = found
                    .base
                    .as_ref()
                    .and_then(|base| other(config, &base.hook))
                {
                    return Err(Failure::new(
                        Code::Exists,
                        format!("the chain {name} of nftables exists with {other}"),
                    )
                    .hint(format!(
                        "`rtpctl rule del {}` removes it, then add it anew",
                        config.table
                    )));
                }
            }
        }
        let asked = relay(config);
        let found = ruleset
            .rules_of(&chain)
            .filter(|rule| rule.ours())
            .filter_map(Rule::relay)
            .find(|found| (found.table, found.via) == (asked.table, asked.via));
        if let Some(found) = found {
            if found != asked {
                let how = if found.past_output { "with" } else { "without" };
                return Err(Failure::new(
                    Code::Exists,
                    format!(
                        "the rule for table {} in {} exists {how} past-output",
                        config.table,
                        chain_words(&chain)
                    ),
                )
                .hint(format!(
                    "`rtpctl rule del {}` removes it, then add it anew",
                    config.table
                )));
            }
        } else {
            ops.push(Op::NewRule {
                position: Position::End,
                expressions: compile(chain.table.family, &statements(config))?,
                comment: None,
                chain,
            });
        }
    }
    Ok(ops)
}

/// The changes that make the rules be gone, with what was made for them and is of no use to others.
pub(super) fn del(
    ruleset: &Ruleset,
    table: u8,
    families: &[config::Family],
    via: Option<Via>,
) -> Vec<Op> {
    let mut ops = Vec::new();
    for family in [
        config::Family::Inet,
        config::Family::Ip,
        config::Family::Ip6,
    ] {
        if !families.is_empty() && !families.contains(&family) {
            continue;
        }
        for call in [Via::Expression, Via::Target] {
            if via.is_some_and(|via| via != call) {
                continue;
            }
            let hooks = match call {
                Via::Expression => &HOOKS[..],
                Via::Target => &[Place::Input],
            };
            let homes: Vec<_> = hooks
                .iter()
                .map(|hook| home(table, family, call, *hook))
                .collect();
            del_homes(ruleset, u32::from(table), &homes, &mut ops);
        }
    }
    ops
}

/// Removes rules, with their chains and the table of these where nothing else is in them.
fn del_homes(ruleset: &Ruleset, id: u32, homes: &[ChainName], ops: &mut Vec<Op>) {
    let mut chains: u32 = 0;
    for name in homes {
        let mut removed: u32 = 0;
        for rule in ruleset.rules_of(name) {
            if rule.ours() && rule.relay().is_some_and(|relay| relay.table == id) {
                removed = removed.saturating_add(1);
                ops.push(Op::DelRule {
                    chain: name.clone(),
                    handle: rule.handle,
                });
            }
        }
        // Another rule in it, or a jump to it, is somebody else's.
        let alone = |chain: &&Chain| chain.ours && chain.used == removed;
        if ruleset.chain(name).filter(alone).is_some() {
            chains = chains.saturating_add(1);
            ops.push(Op::DelChain(name.clone()));
        }
    }
    let table = homes.first().and_then(|name| ruleset.table(&name.table));
    if let Some(table) = table.filter(|table| table.ours && chains > 0 && table.used == chains) {
        ops.push(Op::DelTable(table.name.clone()));
    }
}

/// The changes that remove all that rtpctl made. What others put into it stays, and what that stands in.
pub(super) fn del_all(ruleset: &Ruleset) -> Vec<Op> {
    let mut ops = Vec::new();
    for rule in ruleset.rules.iter().filter(|rule| rule.ours()) {
        ops.push(Op::DelRule {
            chain: rule.chain.clone(),
            handle: rule.handle,
        });
    }
    let mut gone: Vec<&ChainName> = Vec::new();
    for chain in ruleset.chains.iter().filter(|chain| chain.ours) {
        let jumps = |rule: &&Rule| {
            rule.chain.table == chain.name.table
                && rule
                    .statements
                    .iter()
                    .any(|each| each.leads_to(&chain.name.chain))
        };
        // All that uses it is removed, too.
        let removed = ruleset
            .rules
            .iter()
            .filter(|rule| rule.ours() && (rule.chain == chain.name || jumps(rule)))
            .count();
        if usize::try_from(chain.used).is_ok_and(|used| used == removed) {
            gone.push(&chain.name);
        }
    }
    ops.extend(gone.iter().map(|name| Op::DelChain((*name).clone())));
    for table in ruleset.tables.iter().filter(|table| table.ours) {
        let chains = gone.iter().filter(|name| name.table == table.name).count();
        if usize::try_from(table.used).is_ok_and(|used| used == chains) {
            ops.push(Op::DelTable(table.name.clone()));
        }
    }
    ops
}

#[cfg(test)]
mod tests;
