// SPDX-License-Identifier: GPL-2.0-only

use super::super::fixture::{base, table, By};
use super::super::model::{Family, Hook, Policy};
use super::super::words::parse;
use super::*;

const NONE: Key = Key {
    force: false,
    handle: None,
};
const FORCE: Key = Key {
    force: true,
    handle: None,
};

const fn named(handle: u64, force: bool) -> Key {
    Key {
        force,
        handle: Some(handle),
    }
}

fn input() -> Option<Base> {
    Some(base(Place::Input, 0, Policy::Accept))
}

/// Handles: table 1, chain 2, rules 3 and 4, and a chain 5 without a hook.
fn made_by(by: By) -> Ruleset {
    let t = t();
    Ruleset::default()
        .with_table(&t, by)
        .with_chain(&c(), input(), by)
        .with_rule(&c(), "udp dport 1 accept", by)
        .with_rule(&c(), "udp dport 2 accept", by)
        .with_chain(&t.chain("to"), None, by)
}

fn t() -> TableName {
    table(Family::Inet, "t")
}

fn c() -> ChainName {
    t().chain("c")
}

fn words(text: &str) -> Vec<Statement> {
    parse(&[text.to_owned()]).expect("a rule")
}

/// The ruleset after an edit.
fn done(ruleset: &Ruleset, edit: &Edit) -> Ruleset {
    let mut after = ruleset.clone();
    after.apply(&edit.plan(ruleset).expect("a plan").ops);
    after
}

fn refused(ruleset: &Ruleset, edit: &Edit) -> (Code, String) {
    let failure = edit.plan(ruleset).expect_err("refused");
    assert!(
        failure.hint.is_some() || failure.code == Code::NotFound,
        "{failure}"
    );
    (failure.code, failure.what)
}

fn rules(ruleset: &Ruleset) -> Vec<(u64, String)> {
    ruleset
        .rules_of(&c())
        .map(|rule| (rule.handle, rule.words()))
        .collect()
}

fn handles(ruleset: &Ruleset) -> Vec<u64> {
    ruleset.rules_of(&c()).map(|rule| rule.handle).collect()
}

#[test]
fn each_step_and_its_undoing() {
    let mut ruleset = Ruleset::default();
    let mut go = |edit: Edit| {
        ruleset = done(&ruleset, &edit);
        ruleset.clone()
    };
    go(Edit::AddTable(t()));
    let chains = go(Edit::AddChain(c(), input()));
    let first = go(Edit::AddRule(
        c(),
        Position::End,
        words("udp dport 1 accept"),
        NONE,
    ));
    assert_eq!(rules(&first), [(3, "udp dport 1 accept".to_owned())]);
    go(Edit::AddRule(
        c(),
        Position::Beginning,
        words("udp dport 2 accept"),
        NONE,
    ));
    go(Edit::AddRule(
        c(),
        Position::Before(3),
        words("udp dport 3 accept"),
        NONE,
    ));
    let four = go(Edit::AddRule(
        c(),
        Position::After(4),
        words("udp dport 4 accept"),
        NONE,
    ));
    assert_eq!(handles(&four), [4, 6, 5, 3]);
    let replaced = go(Edit::AddRule(
        c(),
        Position::Replace(5),
        words("drop"),
        NONE,
    ));
    assert_eq!(rules(&replaced)[2], (5, "drop".to_owned()));
    let without = go(Edit::DelRule(c(), 6, NONE));
    assert_eq!(handles(&without), [4, 5, 3]);
    assert!(go(Edit::SetDormant(t(), true, NONE)).tables[0].dormant);
    assert!(!go(Edit::SetDormant(t(), false, NONE)).tables[0].dormant);
    assert_eq!(go(Edit::FlushChain(c(), NONE)), chains);
    assert_eq!(go(Edit::DelChain(c(), NONE)).chains, []);
    assert_eq!(go(Edit::DelTable(t(), NONE)), Ruleset::default());
}

#[test]
fn what_is_so_already_changes_nothing() {
    let ruleset = made_by(By::Us);
    for edit in [
        Edit::AddTable(t()),
        Edit::AddChain(c(), input()),
        Edit::SetDormant(t(), false, NONE),
        Edit::FlushChain(t().chain("to"), NONE),
    ] {
        assert_eq!(edit.plan(&ruleset), Ok(Plan::default()), "{edit:?}");
    }
    let (code, what) = refused(&ruleset, &Edit::AddChain(c(), None));
    assert_eq!(code, Code::Exists);
    assert_eq!(
        what,
        "chain inet t c exists, with type filter, hook input, priority 0 and policy accept"
    );
}

#[test]
fn what_is_not_there_is_told() {
    let ruleset = made_by(By::Us);
    let (no_table, no_chain) = (table(Family::Ip, "t"), t().chain("d"));
    let there = |what: &str| (Code::NotFound, what.to_owned());
    for edit in [
        Edit::DelTable(no_table.clone(), NONE),
        Edit::FlushTable(no_table.clone(), NONE),
        Edit::SetDormant(no_table.clone(), true, NONE),
        Edit::AddChain(no_table.chain("c"), None),
        Edit::DelChain(no_table.chain("c"), NONE),
    ] {
        assert_eq!(
            refused(&ruleset, &edit),
            there("there is no table ip t"),
            "{edit:?}"
        );
    }
    for edit in [
        Edit::DelChain(no_chain.clone(), NONE),
        Edit::FlushChain(no_chain.clone(), NONE),
        Edit::AddRule(no_chain.clone(), Position::End, words("drop"), NONE),
        Edit::DelRule(no_chain, 3, NONE),
        Edit::AddRule(c(), Position::End, words("jump d"), NONE),
    ] {
        assert_eq!(
            refused(&ruleset, &edit),
            there("there is no chain inet t d"),
            "{edit:?}"
        );
    }
    for edit in [
        Edit::DelRule(c(), 9, FORCE),
        Edit::AddRule(c(), Position::Before(9), words("drop"), NONE),
        Edit::AddRule(c(), Position::After(9), words("drop"), NONE),
        Edit::AddRule(c(), Position::Replace(9), words("drop"), NONE),
    ] {
        assert_eq!(
            refused(&ruleset, &edit),
            there("chain inet t c has no rule of handle 9"),
            "{edit:?}"
        );
    }
}

#[test]
fn what_others_made_is_changed_by_handle_and_force_alone() {
    let ruleset = made_by(By::Others);
    type Make = fn(Key) -> Edit;
    // What is named by its own handle, and what by a name and that handle.
    let edits: [(u64, Make); 7] = [
        (1, |key| Edit::DelTable(t(), key)),
        (1, |key| Edit::FlushTable(t(), key)),
        (1, |key| Edit::SetDormant(t(), true, key)),
        (2, |key| Edit::DelChain(c(), key)),
        (2, |key| Edit::FlushChain(c(), key)),
        (2, |key| {
            Edit::AddRule(c(), Position::End, words("drop"), key)
        }),
        (2, |key| {
            Edit::AddRule(c(), Position::Beginning, words("drop"), key)
        }),
    ];
    for (handle, edit) in edits {
        for key in [NONE, FORCE, named(handle, false)] {
            let (code, what) = refused(&ruleset, &edit(key));
            assert_eq!(code, Code::Busy, "{:?}", edit(key));
            assert!(what.ends_with("was made by somebody else"), "{what}");
        }
        let (code, _) = refused(&ruleset, &edit(named(handle + 1, true)));
        assert_eq!(code, Code::NotFound, "{:?}", edit(NONE));
        assert_ne!(done(&ruleset, &edit(named(handle, true))), ruleset);
    }
    let edits: [Make; 4] = [
        |key| Edit::DelRule(c(), 3, key),
        |key| Edit::AddRule(c(), Position::Replace(3), words("drop"), key),
        |key| Edit::AddRule(c(), Position::Before(3), words("drop"), key),
        |key| Edit::AddRule(c(), Position::After(3), words("drop"), key),
    ];
    for edit in edits {
        assert_eq!(refused(&ruleset, &edit(NONE)).0, Code::Busy);
        assert_ne!(done(&ruleset, &edit(FORCE)), ruleset);
    }
}

#[test]
fn a_chain_of_ours_may_stand_in_a_table_of_others() {
    let ruleset = made_by(By::Others);
    let own = t().chain("own");
    let after = done(&ruleset, &Edit::AddChain(own.clone(), None));
    let after = done(
        &after,
        &Edit::AddRule(own.clone(), Position::End, words("drop"), NONE),
    );
    assert_eq!(done(&after, &Edit::DelChain(own, NONE)), ruleset);
}

#[test]
fn what_others_put_into_ours_is_not_removed_with_it() {
    let ruleset = made_by(By::Us).with_rule(&c(), "udp dport 9 drop", By::Others);
    for edit in [Edit::DelTable(t(), NONE), Edit::DelChain(c(), NONE)] {
        assert_eq!(refused(&ruleset, &edit).0, Code::Busy, "{edit:?}");
    }
    for edit in [Edit::FlushTable(t(), NONE), Edit::FlushChain(c(), NONE)] {
        let plan = edit.plan(&ruleset).expect("a plan");
        assert_eq!((plan.ops.len(), plan.left), (2, 1), "{edit:?}");
    }
    for (handle, edit) in [
        (1, Edit::DelTable(t(), named(1, true))),
        (2, Edit::DelChain(c(), named(2, true))),
        (1, Edit::FlushTable(t(), named(1, true))),
        (2, Edit::FlushChain(c(), named(2, true))),
    ] {
        assert_eq!(done(&ruleset, &edit).rules, [], "{handle}");
    }
    // A set, or a chain.
    let mut with_set = made_by(By::Us);
    with_set.use_table(&t(), 1);
    assert_eq!(refused(&with_set, &Edit::DelTable(t(), NONE)).0, Code::Busy);
    let with_chain = made_by(By::Us).with_chain(&t().chain("theirs"), None, By::Others);
    assert_eq!(
        refused(&with_chain, &Edit::DelTable(t(), NONE)).0,
        Code::Busy
    );
}

#[test]
fn a_chain_that_is_jumped_to_stays() {
    let to = t().chain("to");
    let ruleset = made_by(By::Us).with_rule(&c(), "jump to", By::Us);
    let (code, what) = refused(&ruleset, &Edit::DelChain(to.clone(), NONE));
    assert_eq!(
        (code, what.as_str()),
        (
            Code::Busy,
            "rule 6 of chain inet t c jumps to chain inet t to"
        )
    );
    let mut by_map = made_by(By::Us);
    by_map.use_chain(&to, 1);
    assert_eq!(
        refused(&by_map, &Edit::DelChain(to, NONE)).1,
        "a map jumps to chain inet t to"
    );
}

#[test]
fn what_no_chain_can_be_is_refused() {
    let ruleset = made_by(By::Us);
    let refused = |family, base: Base| {
        let ruleset = ruleset.clone().with_table(&table(family, "x"), By::Us);
        refused(
            &ruleset,
            &Edit::AddChain(table(family, "x").chain("y"), Some(base)),
        )
    };
    let devices = |name, devices: &[&str]| Base {
        hook: Hook {
            name,
            priority: 0,
            devices: devices.iter().map(|&device| device.to_owned()).collect(),
        },
        ..base(name, 0, Policy::Accept)
    };
    let nat = |name, priority| Base {
        kind: Kind::NAT,
        ..base(name, priority, Policy::Accept)
    };
    for (family, base, says) in [
        (
            Family::Ip,
            devices(Place::Ingress, &["eth0"]),
            "the family ip has no hook ingress",
        ),
        (
            Family::Netdev,
            devices(Place::Input, &[]),
            "the family netdev has no hook input",
        ),
        (
            Family::Netdev,
            devices(Place::Ingress, &[]),
            "the hook ingress is one of devices",
        ),
        (
            Family::Inet,
            devices(Place::Input, &["eth0"]),
            "the hook input takes no device",
        ),
        (
            Family::Inet,
            nat(Place::Forward, 0),
            "a chain of type nat is at",
        ),
        (
            Family::Inet,
            nat(Place::Prerouting, -200),
            "a chain of type nat is at",
        ),
    ] {
        let (code, what) = refused(family, base);
        assert_eq!(code, Code::Usage);
        assert!(what.starts_with(says), "{what}");
    }
}

#[test]
fn what_a_chain_does_not_take_is_refused() {
    let ruleset = made_by(By::Us);
    let add = |words: &str| {
        Edit::AddRule(
            c(),
            Position::End,
            parse(&[words.to_owned()]).expect("a rule"),
            NONE,
        )
    };
    for (words, says) in [
        ("jump c", "chain inet t c has a hook: no rule jumps to it"),
        (
            "udp dport 5 dnat to 192.0.2.1:5",
            "dnat needs a chain of type nat",
        ),
        (
            "rtpengine 0 past-output",
            "past-output is for rules at the hook ingress alone",
        ),
        (
            "ip saddr 192.0.2.1 ip6 saddr ::1 drop",
            "no packet is of IPv6",
        ),
    ] {
        let (code, what) = refused(&ruleset, &add(words));
        assert_eq!(code, Code::Usage);
        assert!(what.starts_with(says), "{what}");
    }
    let dstnat = t().chain("dstnat");
    let base = Base {
        kind: Kind::NAT,
        ..base(Place::Prerouting, -100, Policy::Accept)
    };
    let ruleset = ruleset.with_chain(&dstnat, Some(base), By::Us);
    let edit = Edit::AddRule(
        dstnat,
        Position::End,
        words("udp dport 5 dnat to 192.0.2.1:5"),
        NONE,
    );
    assert_ne!(done(&ruleset, &edit), ruleset);
}
