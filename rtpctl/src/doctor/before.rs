// SPDX-License-Identifier: GPL-2.0-only

//! What other rules do with a stream's packets before they get to that of its table.

use super::super::rules::{ChainName, Deed, Listed, Met, Place, IN};
use super::facts::{Facts, Stream};
use super::finding::{About, Found, Verdict};
use super::rule::leads;

/// The rules that drop or accept them.
pub(super) fn before(facts: &Facts, found: &mut Found) {
    each(facts, |stream, met, rules| {
        let about = About::Stream(stream.name());
        let id = stream.table.id;
        let first = met
            .iter()
            .position(|it| it.deed == Deed::Relays(id.into()) && it.sure);
        let relay = first.and_then(|at| met.get(at));
        let behind = first.unwrap_or(met.len());
        for (at, one) in met.iter().enumerate() {
            let in_its_chain = rules.iter().any(|it| leads(it, one));
            let is_level = relay.is_some_and(|it| {
                it.base != one.base
                    && (it.hook.name, it.hook.priority) == (one.hook.name, one.hook.priority)
            });
            let verdict = match (one.deed, one.sure) {
                (Deed::Drops, true) if is_level => Verdict::Warning,
                (Deed::Drops | Deed::Queues, _) if is_level => Verdict::CannotTell,
                _ if at > behind || !is_before(one, rules) => continue,
                // The policy is for what the rule has seen.
                (Deed::Drops, _) if one.handle.is_none() && in_its_chain => continue,
                (Deed::Accepts, _) if !in_its_chain => continue,
                (Deed::Drops | Deed::Accepts, true) => Verdict::Fault,
                (Deed::Drops | Deed::Accepts | Deed::Queues, _) => Verdict::CannotTell,
                _ => continue,
            };
            let may = if verdict == Verdict::CannotTell {
                "may "
            } else {
                ""
            };
            let (does, plain) = match one.deed {
                Deed::Drops => ("drops", "drop"),
                Deed::Accepts => ("accepts", "accept"),
                _ => ("leaves", "leave"),
            };
            let does = if may.is_empty() { does } else { plain };
            let them = if one.deed == Deed::Queues {
                "them to a program"
            } else {
                "its packets"
            };
            let place = format!("{}, priority {}", one.hook.name.word(), one.hook.priority);
            let when = match (is_level, one.deed) {
                (true, _) => "; it has the priority of the rule that relays them, so that what was loaded last comes first",
                (false, Deed::Accepts) => ", and its chain ends before the rule that relays them",
                (false, _) => ", before they are relayed",
            };
            let what = format!(
                "{} ({place}) {may}{does} {them}{when}: {}",
                thing(one),
                one.words
            );
            found.add(verdict, about, what, &remedy(one, id));
        }
    });
}

/// The rules that send them elsewhere.
pub(super) fn nat(facts: &Facts, found: &mut Found) {
    each(facts, |stream, met, _| {
        let about = About::Stream(stream.name());
        let relays = |it: &&Met| it.deed == Deed::Relays(stream.table.id.into()) && it.sure;
        for one in met.iter().take_while(|it| !relays(it)) {
            if one.deed != Deed::Redirects {
                continue;
            }
            let (verdict, does) = match one.sure {
                true => (Verdict::Fault, "sends"),
                false => (Verdict::CannotTell, "may send"),
            };
            found.add(
                verdict,
                about,
                format!(
                    "{} {does} its packets to another destination: {}",
                    thing(one),
                    one.words
                ),
                "exempt the addresses and ports of the relay from it",
            );
        }
    });
}

/// Has `look` see what is done with the packets of each stream, and the rules for its table.
fn each(facts: &Facts, mut look: impl FnMut(Stream<'_>, &[Met], &[&Listed])) {
    let Some(ruleset) = &facts.ruleset else {
        return;
    };
    let all = ruleset.relaying();
    for stream in facts.streams() {
        let own = all
            .iter()
            .filter(|it| it.id == u32::from(stream.table.id) && !it.dormant);
        let own: Vec<_> = own.collect();
        let met = ruleset.walk(&IN, &facts.received(stream.target));
        look(stream, &met, &own);
    }
}

/// Whether something is done before the last hook that leads to one of the rules.
fn is_before(met: &Met, rules: &[&Listed]) -> bool {
    let hooks = rules.iter().flat_map(|it| &it.paths).map(|it| &it.hook);
    let last = hooks.map(|it| (it.name, it.priority)).max();
    last.is_some_and(|it| (met.hook.name, met.hook.priority) <= it)
}

/// A rule or a policy, by its names.
pub(super) fn thing(met: &Met) -> String {
    let ChainName { table, chain } = &met.chain;
    let chain = format!("{} {} {chain}", table.family, table.table);
    match met.handle {
        Some(handle) => format!("rule {handle} of chain {chain}"),
        None => format!("chain {chain}"),
    }
}

fn remedy(met: &Met, id: u8) -> String {
    let ChainName { table, chain } = &met.chain;
    let show = format!(
        "`rtpctl rule show {} {} {chain}`",
        table.family, table.table
    );
    match met.deed {
        Deed::Accepts => format!("{show}; insert the rule that relays before that one"),
        _ => {
            let first = met.hook.priority.saturating_sub(1);
            // There is one chain of ours at a hook.
            let add = match met.hook.name {
                Place::Input => {
                    format!("`rtpctl rule del {id}` and `rtpctl rule add {id} --priority {first}`")
                }
                Place::Ingress => format!(
                    "`rtpctl rule add {id} --hook ingress --device NAME --priority {first}`"
                ),
                place => format!(
                    "`rtpctl rule add {id} --hook {} --priority {first}`",
                    place.word()
                ),
            };
            format!("{show}; accept them there, or {add}")
        }
    }
}
