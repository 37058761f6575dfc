// SPDX-License-Identifier: GPL-2.0-only

//! What comes, who relays it, and what others say to it.

use super::facts::Facts;
use super::finding::{About, Found};

/// Bytes in a socket's queue that its program should have read.
const MUCH: u64 = 1 << 17;

/// Whether packets come at all.
pub(super) fn traffic(facts: &Facts, found: &mut Found) {
    for stream in facts.streams() {
        let counted = stream.target.received;
        let told = stream
            .block
            .is_some_and(|it| it.relayed_packets != 0 || !it.reasons.is_empty());
        if told || counted.packets != 0 || counted.errors != 0 {
            continue;
        }
        let lost = stream
            .table
            .reasons
            .as_ref()
            .and_then(|it| it.table.reasons.get("no-target"));
        let lost = match lost {
            Some(event) => format!(
                "; {} packets came to the table that are for no stream",
                event.count
            ),
            None => String::new(),
        };
        let port = stream.target.local.port();
        found.warning(
            About::Stream(stream.name()),
            format!("nothing has come for it{lost}"),
            &match facts.stream {
                Some(_) => format!("`tcpdump -ni any udp port {port}`: if nothing comes, look at the sender's address and port, and at what is before this host"),
                None => "`tcpdump -ni any udp port PORT`: if nothing comes, look at the sender's address and port, and at what is before this host".to_owned(),
            },
        );
    }
}

/// Who relays what is relayed.
pub(super) fn userspace(facts: &Facts, found: &mut Found) {
    let seconds = facts.moved.seconds;
    let mut is_known = false;
    for stream in facts.streams() {
        let Some((received, relayed)) = stream.moved() else {
            continue;
        };
        is_known = true;
        let kept = received.saturating_sub(relayed);
        // The counters are read one after the other.
        if kept <= received / 4 || kept < 3 {
            continue;
        }
        let remedy = "`rtpctl stream reasons` says why; if it has no reasons, packets do not reach the rule: see `rule` and `before` above";
        let about = About::Stream(stream.name());
        match relayed {
            0 => found.fault(about, format!("the daemon relays all of it: none of its packets in {seconds} s was the module's"), remedy),
            _ => found.warning(about, format!("the daemon relays a part of it: more than a quarter in {seconds} s"), remedy),
        }
    }
    if !is_known {
        found.ok("not looked for: nothing was watched, or the module does not tell");
    }
}

/// Whether sockets on the ports of streams lose packets.
pub(super) fn sockets(facts: &Facts, found: &mut Found) {
    for stream in facts.streams() {
        let local = stream.target.local;
        let is_its = |it: &&super::facts::Socket| {
            it.local.port() == local.port()
                && (it.local.ip() == local.ip() || it.local.ip().is_unspecified())
        };
        for socket in facts.sockets.iter().filter(is_its) {
            if socket.drops == 0 && socket.waiting < MUCH {
                continue;
            }
            found.warning(
                About::Stream(stream.name()),
                format!(
                    "the socket at its port has {} bytes that its program has not read, and lost {} packets",
                    socket.waiting, socket.drops
                ),
                "see whether its program hangs (`ss -uanp`), and why it gets so much: `rtpctl stream reasons`",
            );
        }
    }
}

/// Whether far ends say that they do not want what is sent.
pub(super) fn far_end(facts: &Facts, found: &mut Found) {
    let counters = ["Icmp.InDestUnreachs", "Icmp6InDestUnreachs"];
    let moved: u64 = counters.iter().map(|it| facts.moved.by(it)).sum();
    let sends = facts
        .streams()
        .any(|it| it.moved().is_some_and(|(_, relayed)| relayed != 0));
    if moved != 0 && sends {
        found.warning(
            About::Host,
            format!("{moved} messages of ICMP came in {} s: a destination is unreachable, or its port is closed", facts.moved.seconds),
            "`tcpdump -ni any icmp or icmp6` shows whose; the far end hung up, or gave an address that is not its own",
        );
    }
}
