// SPDX-License-Identifier: GPL-2.0-only

//! Outputs: whether they are there, where they lead, and what is in their way.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use nix::errno::Errno;

use super::super::listing::Target;
use super::super::rules::{Deed, OUT};
use super::before::thing;
use super::facts::{Facts, Stream};
use super::finding::{About, Found, Verdict};

/// Whether all are given.
pub(super) fn missing(facts: &Facts, found: &mut Found) {
    for stream in facts.streams().filter(|it| it.target.missing_outputs != 0) {
        found.fault(
            About::Stream(stream.name()),
            format!(
                "{} of its outputs are not given yet: it takes no packets",
                stream.target.missing_outputs
            ),
            "delete it and add it again, or what made it: the daemon has its reasons in its log",
        );
    }
}

/// From where to where a stream sends.
fn ways(target: &Target) -> impl Iterator<Item = (SocketAddr, SocketAddr)> + '_ {
    target.outputs.iter().filter_map(|it| it.from.zip(it.to))
}

fn each(facts: &Facts, mut look: impl FnMut(Stream<'_>, SocketAddr, SocketAddr)) {
    for stream in facts.streams() {
        for (from, to) in ways(stream.target) {
            look(stream, from, to);
        }
    }
}

/// Whether there are routes.
pub(super) fn route(facts: &Facts, found: &mut Found) {
    each(facts, |stream, from, to| {
        let about = About::Stream(stream.name());
        let Some(route) = facts.network.route(from.ip(), to.ip()) else {
            return;
        };
        let asks = format!("`ip route get {} from {}`", to.ip(), from.ip());
        match route {
            Err(errno) => {
                let why = Errno::from_raw(errno).desc();
                found.fault(
                    about,
                    format!("there is no route to {to}: {why}"),
                    &format!("{asks}, then add one"),
                );
            }
            Ok(route) if route.is_broadcast => found.fault(
                about,
                format!("{to} is a broadcast address: nothing is sent there"),
                "have the far end name its own address",
            ),
            Ok(route) => {
                let down = facts
                    .network
                    .device(&route.device)
                    .filter(|it| !it.is_up || !it.has_carrier);
                if let Some(link) = down {
                    let why = if link.is_up {
                        "has no carrier"
                    } else {
                        "is down"
                    };
                    let remedy = format!("`ip link set {} up`, or mend the link", link.name);
                    found.fault(
                        about,
                        format!("{}, by which {to} is reached, {why}", link.name),
                        &remedy,
                    );
                }
            }
        }
    });
}

/// Whether the next host on the way answers.
pub(super) fn gateway(facts: &Facts, found: &mut Found) {
    each(facts, |stream, from, to| {
        let Some(Ok(route)) = facts.network.route(from.ip(), to.ip()) else {
            return;
        };
        let next = route.gateway.unwrap_or(to.ip());
        let is_silent =
            |(address, device): &(_, String)| *address == next && *device == route.device;
        if route.is_local || !facts.network.silent.iter().any(is_silent) {
            return;
        }
        let what = match route.gateway {
            Some(_) => format!(
                "{next} on {}, the gateway to {}, does not answer",
                route.device,
                to.ip()
            ),
            None => format!(
                "{next} on {}, where it sends to, does not answer",
                route.device
            ),
        };
        found.fault(
            About::Stream(stream.name()),
            what,
            &format!("`ip neigh show {next}`; mend that host or its link, or the route"),
        );
    });
}

/// What rules do with what is sent.
pub(super) fn filtered(facts: &Facts, found: &mut Found) {
    let Some(ruleset) = &facts.ruleset else {
        return;
    };
    each(facts, |stream, from, to| {
        let met = ruleset.walk(&OUT, &facts.sent(from, to));
        for one in met
            .iter()
            .filter(|it| matches!(it.deed, Deed::Drops | Deed::Queues))
        {
            let (verdict, does) = match (one.deed, one.sure) {
                (Deed::Drops, true) => (Verdict::Fault, "drops"),
                (Deed::Drops, false) => (Verdict::CannotTell, "may drop"),
                _ => (Verdict::CannotTell, "leaves to a program"),
            };
            let place = format!("{}, priority {}", one.hook.name.word(), one.hook.priority);
            found.add(
                verdict,
                About::Stream(stream.name()),
                format!(
                    "{} ({place}) {does} what is sent to {to}: {}",
                    thing(one),
                    one.words
                ),
                "accept what is sent from the relay's ports there",
            );
        }
    });
}

/// Whether streams lead back to themselves.
pub(super) fn circles(facts: &Facts, found: &mut Found) {
    let all = facts.tables.iter().flat_map(|it| &it.streams);
    let targets: BTreeMap<_, _> = all.map(|it| (it.local, it)).collect();
    for stream in facts.streams() {
        let start = stream.target.local;
        let mut seen = BTreeSet::new();
        let mut next = vec![stream.target];
        while let Some(target) = next.pop() {
            for (_, to) in ways(target) {
                if to == start {
                    let what = match target.local == start {
                        true => "it sends to itself".to_owned(),
                        false => format!(
                            "what it sends comes back to it, at last from {}",
                            target.local
                        ),
                    };
                    found.fault(
                        About::Stream(stream.name()),
                        what,
                        "delete it, and see why a far end gave an address of this relay as its own",
                    );
                }
                if seen.insert(to) {
                    next.extend(targets.get(&to).copied());
                }
            }
        }
    }
}
