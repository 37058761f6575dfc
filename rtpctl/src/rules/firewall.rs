// SPDX-License-Identifier: GPL-2.0-only

//! What stands beside a rule of ours: the chains that may drop a packet before it gets there, and those that it
//! does not meet any more once it is relayed.

use serde::Serialize;

use super::model::{Base, Chain, ChainName, Family, Hook, Kind, Place, Policy, Rule, Ruleset};
use super::statement::{Is, Statement, Verdict, UDP};

/// The base chains of others that drop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Beside {
    /// They come first: what they drop is not relayed.
    pub(crate) before: Vec<Dropper>,
    /// They come behind: what is relayed does not meet them.
    pub(crate) after: Vec<Dropper>,
    /// They have the same hook and priority: which was loaded last comes first.
    pub(crate) level: Vec<Dropper>,
}

/// A base chain that drops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Dropper {
    /// Its family.
    pub(crate) family: Family,
    /// Its table.
    pub(crate) table: String,
    /// Its name.
    pub(crate) chain: String,
    /// Where it is called.
    pub(crate) hook: Hook,
}

impl Ruleset {
    /// What stands beside a base chain of this name and hook.
    pub(super) fn beside(&self, chain: &ChainName, hook: &Hook) -> Beside {
        let mut beside = Beside::default();
        for other in &self.chains {
            let Some(base) = &other.base else { continue };
            if other.name == *chain || other.ours || !self.drops(other, base) {
                continue;
            }
            if !overlap(other.name.table.family, chain.table.family) {
                continue;
            }
            let dropper = Dropper {
                family: other.name.table.family,
                table: other.name.table.table.clone(),
                chain: other.name.chain.clone(),
                hook: base.hook.clone(),
            };
            let Some(place) = order(base.hook.name) else {
                continue;
            };
            let Some(own) = order(hook.name) else {
                continue;
            };
            let to = match (place, base.hook.priority).cmp(&(own, hook.priority)) {
                std::cmp::Ordering::Less => &mut beside.before,
                std::cmp::Ordering::Equal => &mut beside.level,
                std::cmp::Ordering::Greater => &mut beside.after,
            };
            to.push(dropper);
        }
        for droppers in [&mut beside.before, &mut beside.level, &mut beside.after] {
            droppers.sort_by_key(|dropper| (order(dropper.hook.name), dropper.hook.priority));
        }
        beside
    }

    /// Whether a base chain drops packets, as far as that can be told.
    fn drops(&self, chain: &Chain, base: &Base) -> bool {
        let asleep = self
            .table(&chain.name.table)
            .is_some_and(|table| table.dormant);
        if asleep || base.kind != Kind::FILTER {
            return false;
        }
        base.policy == Policy::Drop || self.has_drop(&chain.name, 0)
    }

    fn has_drop(&self, chain: &ChainName, depth: usize) -> bool {
        depth < 16
            && self
                .rules_of(chain)
                .filter(|rule| may_be_udp(rule))
                .any(|rule| {
                    rule.statements.iter().any(|each| match each {
                        Statement::Verdict {
                            verdict: Verdict::Drop,
                        } => true,
                        Statement::Verdict {
                            verdict: Verdict::Jump(to) | Verdict::Goto(to),
                        } => self.has_drop(&chain.table.chain(to.clone()), depth.saturating_add(1)),
                        Statement::Other { text } => {
                            text == "reject" || text.starts_with("xt target REJECT")
                        }
                        _ => false,
                    })
                })
    }
}

/// Whether a rule says anything of UDP.
fn may_be_udp(rule: &Rule) -> bool {
    !rule.statements.iter().any(|each| match each {
        Statement::Protocol {
            is: Is::Equal,
            protocol,
        }
        | Statement::Port {
            protocol: Some(protocol),
            ..
        } => *protocol != UDP,
        _ => false,
    })
}

/// Whether both see the same packets.
fn overlap(one: Family, other: Family) -> bool {
    match (one.version(), other.version()) {
        (Some(one), Some(other)) => one == other,
        _ => !matches!(one, Family::Arp | Family::Bridge | Family::Other(_)),
    }
}

/// The order of the hooks on the way to a socket of this host.
const fn order(place: Place) -> Option<u8> {
    match place {
        Place::Ingress => Some(0),
        Place::Prerouting => Some(1),
        Place::Input => Some(2),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
