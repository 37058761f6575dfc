// SPDX-License-Identifier: GPL-2.0-only

//! What has to be changed so that a rule is there, or is gone. Nothing that others made is changed.

use netlink_packet_netfilter::NetfilterProtoFamily;

use super::super::config::{Family, RuleConfig, Via};
use super::super::exit::{Code, Failure};
use super::dump::Ruleset;
use super::message::{Op, Place};

/// Where a rule of ours stands.
fn home(table: u8, family: Family, via: Via) -> (Place, String) {
    let own = format!("rtpengine_{table}");
    let (table, chain) = match via {
        Via::Expression => (own, "input".to_owned()),
        // The xtables target is registered for this table alone.
        Via::Target => ("filter".to_owned(), own),
    };
    let family = netlink_family(family);
    (Place { family, table }, chain)
}

fn netlink_family(family: Family) -> NetfilterProtoFamily {
    match family {
        Family::Inet => NetfilterProtoFamily::Inet,
        Family::Ip => NetfilterProtoFamily::IPv4,
        Family::Ip6 => NetfilterProtoFamily::IPv6,
    }
}

/// The changes that make the rules be there.
pub(super) fn add(ruleset: &Ruleset, config: &RuleConfig) -> Result<Vec<Op>, Failure> {
    let mut ops = Vec::new();
    for family in &config.families {
        let (place, chain) = home(config.table, *family, config.via);
        if ruleset.table(&place).is_none() {
            ops.push(Op::NewTable(place.clone()));
        }
        match ruleset.chain(&place, &chain) {
            None => ops.push(Op::NewChain {
                place: place.clone(),
                chain: chain.clone(),
                priority: config.priority,
            }),
            Some(found) => {
                let name = format!("{} {} {chain}", family.word(), place.table);
                if !found.ours {
                    return Err(Failure::new(
                        Code::Exists,
                        format!("the chain {name} of nftables exists and was not made by rtpctl"),
                    )
                    .hint(format!("remove it: `nft delete chain {name}`")));
                }
                if let Some((_, priority)) = found.hook {
                    if priority != config.priority {
                        return Err(Failure::new(
                            Code::Exists,
                            format!("the chain {name} of nftables exists with priority {priority}"),
                        )
                        .hint(format!(
                            "`rtpctl rule del {}` removes it, then add it anew",
                            config.table
                        )));
                    }
                }
            }
        }
        let id = u32::from(config.table);
        let exists = ruleset.rules.iter().any(|rule| {
            rule.ours
                && rule.place == place
                && rule.chain == chain
                && rule.via == config.via
                && rule.id == id
        });
        if !exists {
            ops.push(Op::NewRule {
                place,
                chain,
                via: config.via,
                id,
            });
        }
    }
    Ok(ops)
}

/// The changes that make the rules be gone, with what was made for them and is of no use to others.
pub(super) fn del(ruleset: &Ruleset, table: u8, families: &[Family], via: Option<Via>) -> Vec<Op> {
    let mut ops = Vec::new();
    for family in [Family::Inet, Family::Ip, Family::Ip6] {
        if !families.is_empty() && !families.contains(&family) {
            continue;
        }
        for call in [Via::Expression, Via::Target] {
            if via.is_some_and(|via| via != call) {
                continue;
            }
            let (place, chain) = home(table, family, call);
            del_home(ruleset, u32::from(table), &place, &chain, &mut ops);
        }
    }
    ops
}

fn del_home(ruleset: &Ruleset, id: u32, place: &Place, chain: &str, ops: &mut Vec<Op>) {
    let mut removed: u32 = 0;
    for rule in &ruleset.rules {
        if rule.ours && rule.id == id && rule.place == *place && rule.chain == chain {
            removed = removed.saturating_add(1);
            ops.push(Op::DelRule {
                place: place.clone(),
                chain: chain.to_owned(),
                handle: rule.handle,
            });
        }
    }
    let Some(found) = ruleset.chain(place, chain) else {
        return;
    };
    // Another rule in it, or a jump to it, is somebody else's.
    if !found.ours || found.used != removed {
        return;
    }
    ops.push(Op::DelChain {
        place: place.clone(),
        chain: chain.to_owned(),
    });
    let alone = ruleset
        .table(place)
        .is_some_and(|table| table.ours && table.used == 1);
    if alone {
        ops.push(Op::DelTable(place.clone()));
    }
}

#[cfg(test)]
mod tests;
