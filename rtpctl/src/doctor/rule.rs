// SPDX-License-Identifier: GPL-2.0-only

//! The rules that hand packets to a table, and whether they reach the packets of its streams.

use super::super::rules::{Deed, Listed, Met, Ruleset, IN};
use super::facts::{Facts, Stream, Table};
use super::finding::{About, Found};

/// The command that has a daemon's rules made again.
const AGAIN: &str = "`rtpengine --config-file=/etc/rtpengine/rtpengine.conf --nftables-start` puts the daemon's back";

/// Whether there are rules, and whether they see the streams' packets.
pub(super) fn rule(facts: &Facts, found: &mut Found) {
    let Some(ruleset) = &facts.ruleset else {
        found.cannot_tell(
            About::Host,
            "the rules of nftables cannot be read",
            "run it as root",
        );
        return;
    };
    let all = ruleset.relaying();
    for table in &facts.tables {
        of_table(facts, ruleset, &all, table, found);
    }
    for stray in all.iter().filter(|it| {
        let is_known = facts.ids.iter().any(|id| u32::from(*id) == it.id);
        !is_known && facts.table.is_none()
    }) {
        found.warning(
            About::Host,
            format!(
                "rule {} of chain {} hands packets to table {}, which there is not",
                stray.handle,
                chain(stray),
                stray.id
            ),
            &format!(
                "`rtpctl rule del {}`, if rtpctl made it; or make the table",
                stray.id
            ),
        );
    }
}

fn of_table(facts: &Facts, ruleset: &Ruleset, all: &[Listed], table: &Table, found: &mut Found) {
    let id = table.id;
    let about = About::Table(id);
    let is_held =
        table.status.holder().is_some() || facts.daemons.iter().any(|it| it.holds.contains(&id));
    let remedy = match is_held {
        true => format!("{AGAIN}; else `rtpctl rule add {id}`"),
        false => format!("`rtpctl rule add {id}`"),
    };
    let own: Vec<_> = all.iter().filter(|it| it.id == u32::from(id)).collect();
    if own.is_empty() {
        if !facts.legacy.is_empty() {
            found.cannot_tell(
                about,
                "no rule of nftables hands packets to it; those of iptables-legacy, which there are, cannot be read",
                "`iptables-legacy -S | grep RTPENGINE`",
            );
            return;
        }
        let others: Vec<_> = all.iter().map(|it| it.id.to_string()).collect();
        let more = match others.is_empty() {
            true => String::new(),
            false => format!("; there are some for table {}", others.join(", ")),
        };
        found.fault(about, format!("no rule hands packets to it{more}"), &remedy);
        return;
    }
    if let (true, Some(first)) = (own.iter().all(|it| it.dormant), own.first()) {
        let nft = format!("{} {}", first.family, first.table);
        found.fault(
            about,
            format!("its rules are in {nft}, a table of nftables that is dormant"),
            &format!("`rtpctl rule table awake {nft}`"),
        );
        return;
    }
    let (reached, lost): (Vec<&Listed>, Vec<&Listed>) = own
        .into_iter()
        .filter(|it| !it.dormant)
        .partition(|it| !it.paths.is_empty());
    if let (true, Some(first)) = (reached.is_empty(), lost.first()) {
        found.fault(
            about,
            format!(
                "rule {} of chain {} hands packets to it, and no hook leads there: the jump is missing",
                first.handle,
                chain(first)
            ),
            &remedy,
        );
        return;
    }
    let before = found.count();
    for stream in facts.streams().filter(|it| it.table.id == id) {
        of_stream(facts, ruleset, &reached, stream, found);
    }
    if found.count() == before {
        for rule in &reached {
            let hook = rule.hook.as_ref();
            let hook = hook.map_or(String::new(), |it| {
                format!(" at {}, priority {}", it.name.word(), it.priority)
            });
            found.ok(format!(
                "table {id}: rule {} of chain {}{hook}",
                rule.handle,
                chain(rule)
            ));
        }
    }
}

fn of_stream(
    facts: &Facts,
    ruleset: &Ruleset,
    rules: &[&Listed],
    stream: Stream<'_>,
    found: &mut Found,
) {
    let about = About::Stream(stream.name());
    let met = ruleset.walk(&IN, &facts.received(stream.target));
    let relays = |met: &&Met| met.deed == Deed::Relays(stream.table.id.into());
    let mut relaying = met.iter().filter(relays);
    let id = stream.table.id;
    match (relaying.clone().find(|it| it.sure), relaying.next()) {
        (Some(_), _) => {}
        // Whether another rule comes before is told by its own check.
        (None, Some(it)) if !ends_before(&met, it) => found.cannot_tell(
            about,
            format!(
                "rule {} may see its packets or not: {}",
                it.handle.unwrap_or(0),
                it.words
            ),
            "send some, and look at `rtpctl stream reasons`",
        ),
        (None, Some(_)) => {}
        (None, None) if met.iter().any(|it| is_on_the_way(it, rules)) => {}
        (None, None) => {
            let version = if stream.target.local.is_ipv4() { 4 } else { 6 };
            let sees = |it: &&&Listed| {
                it.family
                    .word()
                    .strip_prefix("ip")
                    .is_none_or(|v| (v == "6") == (version == 6))
            };
            let (what, how) = match rules.iter().any(|it| sees(&it)) {
                false => (
                    format!("no rule for its table is of a family that sees IPv{version}"),
                    "--family inet",
                ),
                true => {
                    let words: Vec<_> = rules.iter().map(|it| it.rule.as_str()).collect();
                    (
                        format!(
                            "no rule for its table matches its packets: {}",
                            words.join("; ")
                        ),
                        "",
                    )
                }
            };
            found.fault(
                about,
                what,
                format!("`rtpctl rule add {id} {how}")
                    .trim_end()
                    .to_owned()
                    .as_str(),
            );
        }
    }
}

/// Whether a chain may end before a rule of it.
fn ends_before(met: &[Met], rule: &Met) -> bool {
    met.iter()
        .take_while(|it| !std::ptr::eq(*it, rule))
        .any(|it| it.base == rule.base && matches!(it.deed, Deed::Accepts | Deed::Drops))
}

/// Whether something ends a base chain that leads to one of these rules.
fn is_on_the_way(met: &Met, rules: &[&Listed]) -> bool {
    matches!(met.deed, Deed::Accepts | Deed::Drops)
        && met.handle.is_some()
        && rules.iter().any(|it| leads(it, met))
}

/// Whether a base chain leads to a rule.
pub(super) fn leads(rule: &Listed, met: &Met) -> bool {
    let is_base = |path: &super::super::rules::Path| {
        let base = path
            .through
            .first()
            .map_or(rule.chain.as_str(), |it| it.chain.as_str());
        base == met.base.chain
    };
    rule.family == met.base.table.family
        && rule.table == met.base.table.table
        && rule.paths.iter().any(is_base)
}

fn chain(rule: &Listed) -> String {
    format!("{} {} {}", rule.family, rule.table, rule.chain)
}
