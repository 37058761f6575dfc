// SPDX-License-Identifier: GPL-2.0-only

//! Tables, what they speak, and the stream that was asked for.

use super::super::foreign::Foreign;
use super::facts::Facts;
use super::finding::{About, Found};

/// Whether there are tables, and that which was asked for.
pub(super) fn tables(facts: &Facts, found: &mut Found) {
    if let Some(why) = &facts.unreadable {
        found.cannot_tell(About::Host, why.clone(), "run it as root");
        return;
    }
    let is_missing = match facts.table {
        Some(id) => !facts.ids.contains(&id),
        None => facts.ids.is_empty(),
    };
    let list = |ids: &[u8]| {
        let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
        ids.join(", ")
    };
    if !is_missing {
        found.ok(format!("table {}", list(&facts.ids)));
        return;
    }
    let what = match (facts.table, &facts.ids[..]) {
        (Some(id), []) => {
            format!("table {id} does not exist, nor any other in this network namespace")
        }
        (Some(id), ids) => format!("table {id} does not exist; there is table {}", list(ids)),
        (None, _) => "there is no table in this network namespace".to_owned(),
    };
    let held = facts
        .daemons
        .iter()
        .find(|it| it.is_here && !it.holds.is_empty());
    let wanted = |ids: &[u8]| facts.table.is_none_or(|id| ids.contains(&id));
    let elsewhere = facts.elsewhere.iter().find(|it| wanted(&it.ids));
    let (more, remedy) = match (elsewhere, held) {
        (Some(it), _) => (
            format!(
                "; another one, that of process {} ({}), has table {}",
                it.pid,
                Foreign(&it.name),
                list(&it.ids)
            ),
            format!("`rtpctl doctor --netns {}` looks there", it.pid),
        ),
        (None, Some(daemon)) => (
            format!(
                "; the daemon (process {}) holds table {}",
                daemon.pid,
                list(&daemon.holds)
            ),
            "`rtpctl doctor` without --table".to_owned(),
        ),
        (None, None) => {
            let id = facts.table.unwrap_or(0);
            let remedy = match facts.daemons.iter().any(|it| it.is_here) {
                true => "the daemon makes its table when it starts: `systemctl restart rtpengine-daemon`".to_owned(),
                false => format!("start the daemon, or without one `rtpctl table add {id}`"),
            };
            (String::new(), remedy)
        }
    };
    found.fault(About::Host, format!("{what}{more}"), &remedy);
}

/// Whether what the tables speak is known.
pub(super) fn interface(facts: &Facts, found: &mut Found) {
    for table in &facts.tables {
        let about = About::Table(table.id);
        let Some(interface) = &table.interface else {
            continue;
        };
        if interface.is_none() && table.status.holder().is_some() {
            found.warning(
                about,
                "it is held, and has no INIT of any generation yet",
                "",
            );
        } else if !interface.is_none() && interface.generation().is_none() {
            found.warning(
                about,
                format!("it speaks {interface}, which rtpctl does not know"),
                "install module, daemon and rtpctl that fit each other: `rtpctl version`",
            );
        } else {
            found.ok(format!("table {} speaks {interface}", table.id));
        }
    }
}

/// Whether there is the stream that was asked for, or any.
pub(super) fn stream(facts: &Facts, found: &mut Found) {
    let count: usize = facts.tables.iter().map(|it| it.streams.len()).sum();
    let Some(asked) = facts.stream else {
        match count {
            0 => found.ok("there are none: no call is in the kernel"),
            1 => found.ok("there is one"),
            _ => found.ok(format!("there are {count}")),
        }
        return;
    };
    if facts.streams().next().is_some() {
        found.ok(format!("{asked} is there"));
        return;
    }
    let all = facts.tables.iter().flat_map(|it| &it.streams);
    let mut locals = all.map(|it| it.local);
    let alike = locals.find(|it| it.port() == asked.port() || it.ip() == asked.ip());
    let (more, remedy) = match alike {
        Some(alike) if alike.port() == asked.port() => {
            (format!("; there is {alike}, of the same port"), "look at that one, or at what set the stream up")
        }
        Some(alike) => (
            format!("; there is {alike}, of the same address"),
            "`rtpctl stream list --table ID` has all of them",
        ),
        None => (
            String::new(),
            "a call that the daemon has is not in the kernel before both sides have sent; `rtpctl stream list --table ID` has those that are",
        ),
    };
    found.fault(
        About::Host,
        format!("no table that was looked at has a stream {asked}{more}"),
        remedy,
    );
}
