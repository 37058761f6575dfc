// SPDX-License-Identifier: GPL-2.0-only

//! What the host has to spare.

use super::facts::Facts;
use super::finding::{About, Found};

/// Seconds that a clock may differ while it is read.
const SLACK: u64 = 2;

/// Whether connection tracking has room.
pub(super) fn conntrack(facts: &Facts, found: &mut Found) {
    let Some((count, max)) = facts.conntrack else {
        found.ok("connections are not tracked");
        return;
    };
    let remedy = "`sysctl -w net.netfilter.nf_conntrack_max=N` with more; or `notrack` for the relay's ports, or a rule at ingress, where nothing is tracked";
    let what = format!("{count} connections of {max} are tracked");
    if count >= max {
        found.fault(
            About::Host,
            format!("{what}: packets of new ones are dropped"),
            remedy,
        );
    } else if count.saturating_mul(10) >= max.saturating_mul(9) {
        found.warning(About::Host, what, remedy);
    }
}

/// Whether packets come to more than one processor.
pub(super) fn queues(facts: &Facts, found: &mut Found) {
    for queue in &facts.queues {
        if facts.kernel.processors > 1 && queue.count == 1 && !queue.is_spread {
            found.warning(
                About::Host,
                format!("{} has one receive queue: one of {} processors receives all its packets", queue.device, facts.kernel.processors),
                &format!("`ethtool -L {0} combined N`, or RPS: processors into /sys/class/net/{0}/queues/rx-0/rps_cpus", queue.device),
            );
        }
    }
}

/// Whether the clock goes forward.
pub(super) fn clock(facts: &Facts, found: &mut Found) {
    let blocks = facts.tables.iter().filter_map(|it| it.reasons.as_ref());
    let events = blocks
        .flat_map(|it| it.table.reasons.values())
        .map(|it| it.last);
    let streams = facts.tables.iter().flat_map(|it| &it.streams);
    let latest = streams
        .filter_map(|it| it.last_packet)
        .chain(events)
        .max()
        .unwrap_or(0);
    let ahead = latest.saturating_sub(facts.now);
    if ahead > SLACK {
        found.warning(
            About::Host,
            format!("the last packet came {ahead} s after now: the clock was set back, and ages are wrong until then"),
            "see that the host keeps time: `timedatectl`",
        );
    } else {
        let source = facts.kernel.clock.as_deref().unwrap_or("not known");
        found.ok(format!("the clock source is {source}"));
    }
}

/// Whether tables, and the host, have memory left.
pub(super) fn memory(facts: &Facts, found: &mut Found) {
    let limit = facts
        .parameters
        .get("memory_limit")
        .and_then(|it| it.parse::<u64>().ok());
    for table in &facts.tables {
        let Some((used, limit)) = table.status.number("memory").zip(limit) else {
            continue;
        };
        if used.saturating_mul(10) >= limit.saturating_mul(9) {
            found.warning(
                About::Table(table.id),
                format!("it has {used} of the {limit} bytes that a table may share: new streams are refused beyond"),
                "write more to /sys/module/xt_rtpengine_rs/parameters/memory_limit; `table del` and `add` give memory of rtpctl's streams back",
            );
        }
    }
    if let Some((available, total)) = facts.memory {
        if available.saturating_mul(20) < total {
            found.warning(
                About::Host,
                format!("{available} KiB of {total} KiB of memory are available"),
                "end what takes so much: `ps aux --sort=-rss | head`",
            );
        }
    }
}
