// SPDX-License-Identifier: GPL-2.0-only

//! The daemons of this network namespace.

use super::super::status::Status;
use super::facts::{Daemon, Facts};
use super::finding::{About, Found};

/// Whether they hold the table that they should.
pub(super) fn daemon(facts: &Facts, found: &mut Found) {
    for daemon in facts.daemons.iter().filter(|it| it.is_here) {
        one(facts, daemon, found);
    }
}

fn one(facts: &Facts, daemon: &Daemon, found: &mut Found) {
    let who = format!("the daemon (process {})", daemon.pid);
    let owner = facts.parameters.get("proc_uid").map(String::as_str);
    let is_owner = daemon.uid != 0 && owner == Some(daemon.uid.to_string().as_str());
    let may = daemon.is_admin || is_owner;
    if daemon.table.is_some_and(|it| it < 0) {
        found.warning(
            About::Host,
            format!("{who} is set to do without the kernel: table = -1"),
            "set `table = 0` in /etc/rtpengine/rtpengine.conf, and `systemctl restart rtpengine-daemon`",
        );
        return;
    }
    if !may && daemon.holds.is_empty() {
        found.fault(
            About::Host,
            format!(
                "{who} runs as user {} without CAP_NET_ADMIN, and may not open a table: it relays all calls itself",
                daemon.uid
            ),
            "add CAP_NET_ADMIN to AmbientCapabilities of its unit (`systemctl edit rtpengine-daemon`), and restart it",
        );
        return;
    }
    match (&daemon.holds[..], daemon.is_seen) {
        ([], false) => found.cannot_tell(
            About::Host,
            format!("{who}: whether it holds a table cannot be seen"),
            "run it as root",
        ),
        ([], true) => found.fault(
            About::Host,
            format!("{who} holds no table: it relays all calls itself"),
            "its log says why (`journalctl -u rtpengine-daemon | grep -i kernel`); `systemctl restart rtpengine-daemon` when that is mended",
        ),
        (holds, _) => {
            for id in holds {
                held(facts, daemon, *id, &who, found);
            }
        }
    }
}

/// What there is of a table that a daemon holds, or held.
fn held(facts: &Facts, daemon: &Daemon, id: u8, who: &str, found: &mut Found) {
    let table = facts.tables.iter().find(|it| it.id == id);
    let is_another = table.is_some_and(|it| is_of_another(&it.status, daemon.pid));
    if !facts.ids.contains(&id) || is_another {
        let since = if is_another { " and made again" } else { "" };
        found.fault(
            About::Table(id),
            format!(
                "{who} holds it, and it was killed{since} meanwhile: new calls stay in userspace"
            ),
            "`systemctl restart rtpengine-daemon`; that ends its calls",
        );
    } else if facts.table.is_some_and(|it| it != id) {
        found.warning(
            About::Table(id),
            format!("{who} holds this one, and not the one that was asked for"),
            &format!("`rtpctl doctor --table {id}`"),
        );
    } else {
        found.ok(format!("{who} holds table {id}"));
    }
}

/// Whether a table says that somebody else, or nobody, holds it. Not all generations tell.
fn is_of_another(status: &Status, pid: i32) -> bool {
    let tells = status.text("control_pid").is_some() && status.text("opencount").is_none();
    tells && status.holder() != Some(pid)
}
