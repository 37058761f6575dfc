// SPDX-License-Identifier: GPL-2.0-only

use super::super::fixture::{base, table, By};
use super::super::statement::Statement;
use super::*;

fn packet() -> Packet {
    Packet {
        from: Some(([203, 0, 113, 9], 5000).into()),
        to: ([192, 0, 2, 1], 30000).into(),
        devices: vec!["eth0".to_owned()],
        way: Way::In,
    }
}

fn unknown() -> Packet {
    Packet {
        from: None,
        devices: vec!["eth0".to_owned(), "eth1".to_owned()],
        ..packet()
    }
}

/// A chain at the input hook with these rules; `more` is a chain that they may jump to.
fn chain(policy: Policy, rules: &[&str], more: &[&str]) -> Ruleset {
    let fw = table(Family::Inet, "fw");
    let [input, other] = ["input", "more"].map(|name| fw.chain(name));
    let mut ruleset = Ruleset::default()
        .with_table(&fw, By::Others)
        .with_chain(&input, Some(base(Place::Input, 0, policy)), By::Others)
        .with_chain(&other, None, By::Others);
    for words in more {
        ruleset = ruleset.with_rule(&other, words, By::Others);
    }
    for words in rules {
        ruleset = ruleset.with_rule(&input, words, By::Others);
    }
    ruleset
}

/// The deeds, a `?` before those that are not certain.
fn met(ruleset: &Ruleset, packet: &Packet) -> Vec<String> {
    let met = ruleset.walk(&IN, packet).into_iter();
    met.map(|met| format!("{}{:?}", if met.sure { "" } else { "?" }, met.deed))
        .collect()
}

/// What one statement that rtpctl does not make does, before a drop.
fn foreign(text: &str) -> Vec<String> {
    let mut ruleset = chain(Policy::Accept, &["drop"], &[]);
    let other = Statement::Other {
        text: text.to_owned(),
    };
    ruleset.rules[0].statements.insert(0, other);
    met(&ruleset, &packet())
}

#[test]
fn matches_hold_do_not_or_cannot_be_told() {
    for (words, known, not_known) in [
        ("udp dport 30000", "Drops", "Drops"),
        ("udp dport 30000-30010", "Drops", "Drops"),
        ("udp dport != 30000", "", ""),
        ("udp dport 30001", "", ""),
        ("tcp dport 30000", "", ""),
        ("udp sport 5000", "Drops", "?Drops"),
        ("ip daddr 192.0.2.0/24", "Drops", "Drops"),
        ("ip daddr 198.51.100.0/24", "", ""),
        ("ip saddr 203.0.113.0/24", "Drops", "?Drops"),
        ("ip saddr != 203.0.113.0/24", "", "?Drops"),
        ("ip6 daddr 2001:db8::/32", "", ""),
        ("meta nfproto ipv4", "Drops", "Drops"),
        ("meta nfproto ipv6", "", ""),
        ("meta l4proto udp", "Drops", "Drops"),
        ("iifname \"eth0\"", "Drops", "?Drops"),
        ("iifname \"eth*\"", "Drops", "Drops"),
        ("iifname \"lo\"", "", ""),
        ("iifname != \"lo\"", "Drops", "Drops"),
        ("counter", "Drops", "Drops"),
    ] {
        let ruleset = chain(Policy::Accept, &[&format!("{words} drop")], &[]);
        let expected = |words: &str| match words {
            "" => Vec::new(),
            word => vec![word.to_owned()],
        };
        assert_eq!(met(&ruleset, &packet()), expected(known), "{words}");
        assert_eq!(met(&ruleset, &unknown()), expected(not_known), "{words}");
    }
}

#[test]
fn what_rtpctl_does_not_make_is_known_or_not() {
    for text in ["log", "xt target LOG", "ct state new,established", "meta"] {
        assert_eq!(foreign(text), ["Drops"], "{text}");
    }
    for text in ["ct state invalid", "ct state related"] {
        assert_eq!(foreign(text), [""; 0], "{text}");
    }
    for text in [
        "ct state established",
        "limit",
        "udp dport @ports",
        "xt match recent",
    ] {
        assert_eq!(foreign(text), ["?Drops"], "{text}");
    }
    assert_eq!(foreign("reject"), ["Drops"]);
    assert_eq!(foreign("redir"), ["Redirects"]);
    assert_eq!(foreign("queue"), ["Queues"]);
    assert_eq!(foreign("udp dport map @ports"), ["?Drops"]);
    assert_eq!(foreign("nat"), ["?Redirects"]);
}

#[test]
fn a_walk_ends_where_it_certainly_does() {
    let walk = |rules: &[&str], more: &[&str]| met(&chain(Policy::Drop, rules, more), &unknown());
    assert_eq!(walk(&[], &[]), ["Drops"]);
    assert_eq!(walk(&["accept"], &[]), ["Accepts"]);
    // After it may have been accepted, nothing is certain.
    assert_eq!(walk(&["udp sport 1 accept"], &[]), ["?Accepts", "?Drops"]);
    // Either way it is accepted.
    assert_eq!(
        walk(&["udp sport 1 accept", "accept", "drop"], &[]),
        ["?Accepts", "?Accepts"]
    );
    assert_eq!(walk(&["jump more"], &["accept"]), ["Accepts"]);
    assert_eq!(
        walk(&["jump more", "accept"], &["return", "drop"]),
        ["Accepts"]
    );
    assert_eq!(
        walk(&["jump more", "accept"], &["udp sport 1 return", "drop"]),
        ["?Drops", "?Accepts"]
    );
    // Behind a goto comes the policy.
    assert_eq!(
        walk(&["goto more", "accept"], &["udp dport 1 accept"]),
        ["Drops"]
    );
    assert_eq!(
        walk(&["udp sport 1 goto more", "accept"], &[]),
        ["?Accepts", "?Drops"]
    );
    assert_eq!(walk(&["rtpengine 3", "drop"], &[]), ["Relays(3)", "Drops"]);
    assert_eq!(
        walk(&["udp sport 1 rtpengine 3"], &[]),
        ["?Relays(3)", "Drops"]
    );
    // A chain that jumps to itself is none that nftables takes; it ends all the same.
    assert_eq!(walk(&["jump more"], &["jump more"]), ["Drops"]);
}

#[test]
fn the_handle_and_the_words_are_those_of_the_rule() {
    let ruleset = chain(
        Policy::Accept,
        &["udp dport 1 drop", "udp dport 30000 drop"],
        &[],
    );
    let all = ruleset.walk(&IN, &packet());
    let [met] = &all[..] else {
        panic!("{all:?}");
    };
    assert_eq!(met.handle, Some(ruleset.rules[1].handle));
    assert_eq!(met.words, "udp dport 30000 drop");
    assert_eq!(met.chain.chain, "input");
    let policy = chain(Policy::Drop, &[], &[]).walk(&IN, &packet());
    assert_eq!(
        (policy[0].handle, policy[0].words.as_str()),
        (None, "policy drop")
    );
}

#[test]
fn chains_come_in_the_order_of_hooks_and_priorities() {
    let fw = table(Family::Ip, "fw");
    let mut ruleset = Ruleset::default().with_table(&fw, By::Others);
    for (name, place, priority) in [
        ("late", Place::Input, 5),
        ("input", Place::Input, -5),
        ("raw", Place::Prerouting, 300),
        ("forward", Place::Forward, 0),
    ] {
        let at = Some(base(place, priority, Policy::Drop));
        ruleset = ruleset.with_chain(&fw.chain(name), at, By::Others);
    }
    let names = |ruleset: &Ruleset, packet: &Packet| {
        let met = ruleset.walk(&IN, packet).into_iter();
        met.map(|met| met.base.chain).collect::<Vec<_>>()
    };
    assert_eq!(names(&ruleset, &packet()), ["raw", "input", "late"]);
    let to = "[2001:db8::1]:30000".parse().expect("an address");
    let of_ipv6 = Packet {
        to,
        from: None,
        ..packet()
    };
    assert_eq!(names(&ruleset, &of_ipv6), [""; 0]);
    ruleset.tables[0].dormant = true;
    assert_eq!(names(&ruleset, &packet()), [""; 0]);
}

#[test]
fn a_chain_of_a_device_sees_its_packets() {
    let fw = table(Family::Netdev, "fw");
    let mut at = base(Place::Ingress, 0, Policy::Drop);
    at.hook.devices.push("eth0".to_owned());
    let ruleset = Ruleset::default().with_table(&fw, By::Others).with_chain(
        &fw.chain("in"),
        Some(at),
        By::Others,
    );
    assert_eq!(met(&ruleset, &packet()), ["Drops"]);
    assert_eq!(met(&ruleset, &unknown()), ["?Drops"]);
    let elsewhere = Packet {
        devices: vec!["eth1".to_owned()],
        ..packet()
    };
    assert_eq!(met(&ruleset, &elsewhere), [""; 0]);
}

#[test]
fn a_chain_of_nat_redirects_and_nothing_else() {
    let fw = table(Family::Ip, "fw");
    let mut at = base(Place::Prerouting, -100, Policy::Accept);
    at.kind = Kind::NAT;
    let pre = fw.chain("pre");
    let ruleset = Ruleset::default()
        .with_table(&fw, By::Others)
        .with_chain(&pre, Some(at), By::Others)
        .with_rule(&pre, "udp dport 1 accept", By::Others)
        .with_rule(&pre, "udp dport 30000 dnat to 10.0.0.1:1", By::Others)
        .with_rule(&pre, "drop", By::Others);
    assert_eq!(met(&ruleset, &packet()), ["Redirects"]);
}
