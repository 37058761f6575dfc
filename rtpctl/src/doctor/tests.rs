// SPDX-License-Identifier: GPL-2.0-only

use super::super::reasons::Reasons;
use super::super::rules::Ruleset;
use super::facts::{Daemon, Elsewhere, Facts, Queues, Socket};
use super::finding::Verdict;
use super::fixture::{address, facts, route, ruleset};
use super::network::Route;
use super::*;

/// What is found with facts that were changed: the checks with their verdicts.
fn found(change: impl FnOnce(&mut Facts)) -> Vec<(&'static str, Verdict)> {
    let mut facts = facts();
    change(&mut facts);
    let mut found: Vec<_> = findings(&facts)
        .into_iter()
        .filter(|it| it.verdict != Verdict::Ok)
        .map(|it| (it.check, it.verdict))
        .collect();
    found.dedup();
    found
}

fn fault(check: &'static str) -> Vec<(&'static str, Verdict)> {
    vec![(check, Verdict::Fault)]
}

fn warning(check: &'static str) -> Vec<(&'static str, Verdict)> {
    vec![(check, Verdict::Warning)]
}

fn with_reasons(facts: &mut Facts, text: &str) {
    facts.tables[0].reasons = Some(Reasons::parse(&format!(
        "table 0\n    relayed: 5 packets, 860 bytes\nlocal inet4 192.0.2.1:30000\n    relayed: 5 packets, 860 bytes\n{text}"
    )));
}

fn daemon() -> Daemon {
    Daemon {
        pid: 7,
        uid: 100,
        is_admin: true,
        is_here: true,
        is_seen: true,
        holds: vec![0],
        table: Some(0),
    }
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    assert_eq!(found(|_| {}), []);
    assert_eq!(
        found(|facts| {
            facts.tables[0].status = super::super::status::Status::parse("Control PID: 7\n");
            facts.daemons.push(daemon());
        }),
        []
    );
    let names: std::collections::BTreeSet<_> = CHECKS.iter().map(|it| it.name).collect();
    assert_eq!(names.len(), CHECKS.len());
}

#[test]
fn the_kernel_and_the_module_are_looked_at() {
    let gone = |facts: &mut Facts| {
        *facts = Facts {
            kernel: std::mem::take(&mut facts.kernel),
            is_admin: true,
            ruleset: facts.ruleset.take(),
            ..Facts::default()
        };
    };
    assert_eq!(found(gone), fault("module"));
    let unable = |facts: &mut Facts| {
        gone(facts);
        facts.kernel.has_rust = Some(false);
    };
    assert_eq!(found(unable), [fault("kernel"), fault("module")].concat());
    assert_eq!(
        found(|it| it.loaded.push("nft_rtpengine")),
        warning("module")
    );
    assert_eq!(
        found(|it| {
            if let Some(module) = &mut it.module {
                module.version = Some("0.0.1".to_owned());
            }
        }),
        warning("module")
    );
    assert_eq!(
        found(|it| {
            it.is_admin = false;
            it.ruleset = None;
        }),
        [
            ("rights", Verdict::CannotTell),
            ("rule", Verdict::CannotTell)
        ]
    );
}

#[test]
fn a_daemon_without_its_table_is_told() {
    let with = |change: fn(&mut Daemon)| {
        move |facts: &mut Facts| {
            facts.tables[0].status = super::super::status::Status::parse("Control PID: 7\n");
            facts.daemons.push(daemon());
            change(&mut facts.daemons[0]);
        }
    };
    assert_eq!(found(with(|it| it.holds.clear())), fault("daemon"));
    assert_eq!(found(with(|it| it.holds = vec![3])), fault("daemon"));
    assert_eq!(found(with(|it| it.table = Some(-1))), warning("daemon"));
    assert_eq!(found(with(|it| it.pid = 8)), fault("daemon"));
    assert_eq!(found(with(|it| it.is_here = false)), []);
    assert_eq!(
        found(with(|it| {
            it.holds.clear();
            it.is_admin = false;
        })),
        fault("daemon")
    );
}

#[test]
fn a_table_or_a_stream_that_is_missing_is_told() {
    let none = |facts: &mut Facts| {
        facts.ids.clear();
        facts.tables.clear();
        facts.elsewhere.push(Elsewhere {
            pid: 9,
            name: "sleep".to_owned(),
            ids: vec![0],
        });
    };
    assert_eq!(found(none), fault("tables"));
    assert_eq!(
        found(|it| it.stream = Some(address("192.0.2.1:30001"))),
        fault("stream")
    );
    assert_eq!(
        found(|it| it.tables[0].streams[0].missing_outputs = 1),
        fault("outputs")
    );
}

#[test]
fn rules_are_looked_at() {
    assert_eq!(
        found(|it| it.ruleset = Some(Ruleset::default())),
        fault("rule")
    );
    let dormant = |facts: &mut Facts| {
        let mut rules = ruleset();
        rules.tables[0].dormant = true;
        facts.ruleset = Some(rules);
    };
    assert_eq!(found(dormant), fault("rule"));
    let no_hook = |facts: &mut Facts| {
        let mut rules = ruleset();
        rules.chains[0].base = None;
        facts.ruleset = Some(rules);
    };
    assert_eq!(found(no_hook), fault("rule"));
    assert_eq!(
        found(|it| {
            it.ruleset = Some(Ruleset::default());
            it.legacy.push("ip");
        }),
        [("rule", Verdict::CannotTell)]
    );
}

#[test]
fn addresses_and_routes_are_looked_at() {
    let elsewhere = |it: &mut Facts| {
        it.network.addresses.remove(0);
    };
    assert_eq!(found(elsewhere), fault("local-address"));
    let foreign = |it: &mut Facts| {
        it.network.addresses.remove(1);
    };
    assert_eq!(found(foreign), warning("source-address"));
    let way = (address("192.0.2.2:1").ip(), address("198.51.100.7:1").ip());
    let lost = |it: &mut Facts| {
        it.network.routes.insert(way, Err(101));
    };
    assert_eq!(found(lost), fault("route"));
    assert_eq!(
        found(|it| it.network.links[1].is_up = false),
        fault("route")
    );
    assert_eq!(
        found(|it| it.network.links[1].has_carrier = false),
        fault("route")
    );
    let all = |it: &mut Facts| {
        let to_all = Route {
            is_broadcast: true,
            ..route("eth1")
        };
        it.network.routes.insert(way, Ok(to_all));
    };
    assert_eq!(found(all), fault("route"));
    let silent = |it: &mut Facts| {
        it.network.silent.push((way.1, "eth1".to_owned()));
    };
    assert_eq!(found(silent), fault("gateway"));
    let itself = |it: &mut Facts| {
        it.tables[0].streams[0].outputs[0].to = Some(address("192.0.2.1:30000"));
    };
    assert_eq!(found(itself), fault("loop"));
}

#[test]
fn the_reverse_path_counts_before_anything_is_relayed() {
    let strict = |silent: bool| {
        move |it: &mut Facts| {
            let way = (address("192.0.2.1:1").ip(), address("203.0.113.9:1").ip());
            it.network.routes.insert(way, Ok(route("eth1")));
            it.network.rp_filter.insert("eth0".to_owned(), 1);
            if silent {
                it.tables[0].reasons = Some(Reasons::parse(
                    "table 0\n    relayed: 0 packets, 0 bytes\nlocal inet4 192.0.2.1:30000\n    relayed: 0 packets, 0 bytes\n",
                ));
            }
        }
    };
    assert_eq!(found(strict(false)), []);
    assert_eq!(found(strict(true)), fault("rp-filter"));
    let dropping = |it: &mut Facts| {
        let counters = &mut it.moved.counters;
        counters.insert("TcpExt.IPReversePathFilter".to_owned(), 3);
    };
    assert_eq!(found(dropping), warning("rp-filter"));
}

#[test]
fn reasons_count_by_their_share() {
    let of = |text: &'static str| found(move |it| with_reasons(it, text));
    assert_eq!(of("    ssrc: 6, last 1700000000\n"), fault("reasons"));
    assert_eq!(of("    ssrc: 1, last 1700000000\n"), warning("reasons"));
    assert_eq!(of("    stun: 9, last 1700000000\n"), []);
}

#[test]
fn what_moves_while_it_is_watched_counts() {
    let received = |packets: u64, relayed: u64| {
        move |it: &mut Facts| {
            let before = facts().tables.remove(0);
            let table = &mut it.tables[0];
            table.streams[0].received.packets += packets;
            if let Some(reasons) = &mut table.reasons {
                reasons.streams[0].1.relayed_packets += relayed;
            }
            table.before = Some((before.streams, before.reasons));
            it.moved.seconds = 1;
        }
    };
    assert_eq!(found(received(50, 50)), []);
    assert_eq!(found(received(50, 0)), fault("userspace"));
    assert_eq!(found(received(50, 25)), warning("userspace"));
    assert_eq!(found(received(50, 49)), []);
    let closed = |it: &mut Facts| {
        received(50, 50)(it);
        let counters = &mut it.moved.counters;
        counters.insert("Icmp.InDestUnreachs".to_owned(), 3);
    };
    assert_eq!(found(closed), warning("far-end"));
}

#[test]
fn what_the_host_has_to_spare_is_looked_at() {
    assert_eq!(
        found(|it| it.conntrack = Some((9, 10))),
        warning("conntrack")
    );
    assert_eq!(
        found(|it| it.conntrack = Some((10, 10))),
        fault("conntrack")
    );
    assert_eq!(found(|it| it.conntrack = Some((1, 10))), []);
    let queues = |count, is_spread| {
        move |it: &mut Facts| {
            it.queues.push(Queues {
                device: "eth0".to_owned(),
                count,
                is_spread,
            });
        }
    };
    assert_eq!(found(queues(1, false)), warning("queues"));
    assert_eq!(found(queues(1, true)), []);
    assert_eq!(found(queues(4, false)), []);
    assert_eq!(found(|it| it.now = 100), []);
    let later = |it: &mut Facts| it.tables[0].streams[0].last_packet = Some(it.now + 60);
    assert_eq!(found(later), warning("clock"));
    assert_eq!(found(|it| it.memory = Some((4, 100))), warning("memory"));
    let limit = |it: &mut Facts| {
        it.parameters
            .insert("memory_limit".to_owned(), "4500".to_owned());
    };
    assert_eq!(found(limit), warning("memory"));
    let losing = |it: &mut Facts| {
        it.sockets.push(Socket {
            local: address("0.0.0.0:30000"),
            waiting: 0,
            drops: 1,
        });
    };
    assert_eq!(found(losing), warning("sockets"));
    let silent = |it: &mut Facts| {
        it.tables[0].streams[0].received = super::super::listing::Counters::default();
        it.tables[0].reasons = None;
    };
    assert_eq!(found(silent), warning("traffic"));
}
