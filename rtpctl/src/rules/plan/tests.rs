// SPDX-License-Identifier: GPL-2.0-only

use netlink_packet_netfilter::nftables::{HookNumber, InetHookNumber};

use super::super::dump::{Chain, Found, Table};
use super::*;

fn place(family: Family, table: &str) -> Place {
    Place {
        family: netlink_family(family),
        table: table.to_owned(),
    }
}

fn config(families: &[Family], via: Via) -> RuleConfig {
    RuleConfig {
        table: 3,
        families: families.to_vec(),
        via,
        priority: 0,
    }
}

/// Everything that adding a rule with this configuration leaves behind.
fn after_add(families: &[Family], via: Via) -> Ruleset {
    let mut ruleset = Ruleset::default();
    apply(
        &mut ruleset,
        add(&Ruleset::default(), &config(families, via)).expect("a plan"),
    );
    ruleset
}

/// A small nftables.
fn apply(ruleset: &mut Ruleset, ops: Vec<Op>) {
    for op in ops {
        match op {
            Op::NewTable(place) => {
                assert!(ruleset.table(&place).is_none());
                ruleset.tables.push(Table {
                    place,
                    used: 0,
                    ours: true,
                });
            }
            Op::NewChain {
                place,
                chain,
                priority,
            } => new_chain(ruleset, place, &chain, priority, true),
            Op::NewRule {
                place,
                chain,
                via,
                id,
            } => new_rule(ruleset, place, &chain, via, id, true),
            Op::DelRule {
                place,
                chain,
                handle,
            } => {
                let before = ruleset.rules.len();
                ruleset
                    .rules
                    .retain(|r| !(r.place == place && r.chain == chain && r.handle == handle));
                assert_eq!(ruleset.rules.len() + 1, before);
                use_of_chain(ruleset, &place, &chain, -1);
            }
            Op::DelChain { place, chain } => {
                assert_eq!(ruleset.chain(&place, &chain).map(|c| c.used), Some(0));
                ruleset
                    .chains
                    .retain(|c| !(c.place == place && c.name == chain));
                use_of_table(ruleset, &place, -1);
            }
            Op::DelTable(place) => {
                assert_eq!(ruleset.table(&place).map(|t| t.used), Some(0));
                ruleset.tables.retain(|t| t.place != place);
            }
        }
    }
}

fn use_of_table(ruleset: &mut Ruleset, place: &Place, by: i32) {
    for table in ruleset.tables.iter_mut().filter(|t| t.place == *place) {
        table.used = table.used.checked_add_signed(by).expect("in use");
    }
}

fn use_of_chain(ruleset: &mut Ruleset, place: &Place, chain: &str, by: i32) {
    for chain in ruleset
        .chains
        .iter_mut()
        .filter(|c| c.place == *place && c.name == chain)
    {
        chain.used = chain.used.checked_add_signed(by).expect("in use");
    }
}

fn new_chain(ruleset: &mut Ruleset, place: Place, name: &str, priority: i32, ours: bool) {
    assert!(ruleset.chain(&place, name).is_none());
    use_of_table(ruleset, &place, 1);
    ruleset.chains.push(Chain {
        place,
        name: name.to_owned(),
        used: 0,
        hook: Some((HookNumber::Inet(InetHookNumber::LocalIn), priority)),
        ours,
    });
}

fn new_rule(ruleset: &mut Ruleset, place: Place, chain: &str, via: Via, id: u32, ours: bool) {
    use_of_chain(ruleset, &place, chain, 1);
    let handle = ruleset.rules.iter().map(|r| r.handle).max().unwrap_or(0) + 1;
    ruleset.rules.push(Found {
        place,
        chain: chain.to_owned(),
        handle,
        via,
        id,
        ours,
    });
}

#[test]
fn an_empty_ruleset_gets_table_chain_and_rule() {
    let place = place(Family::Inet, "rtpengine_3");
    let chain = "input".to_owned();
    assert_eq!(
        add(
            &Ruleset::default(),
            &config(&[Family::Inet], Via::Expression)
        )
        .expect("a plan"),
        [
            Op::NewTable(place.clone()),
            Op::NewChain {
                place: place.clone(),
                chain: chain.clone(),
                priority: 0
            },
            Op::NewRule {
                place,
                chain,
                via: Via::Expression,
                id: 3
            },
        ]
    );
}

#[test]
fn the_target_stands_in_the_table_filter() {
    let ruleset = after_add(&[Family::Ip, Family::Ip6], Via::Target);
    let places: Vec<_> = ruleset
        .rules
        .iter()
        .map(|r| (r.place.clone(), r.chain.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            (place(Family::Ip, "filter"), "rtpengine_3"),
            (place(Family::Ip6, "filter"), "rtpengine_3")
        ]
    );
}

#[test]
fn adding_twice_changes_nothing() {
    for (families, via) in [
        (&[Family::Inet][..], Via::Expression),
        (&[Family::Ip, Family::Ip6][..], Via::Target),
    ] {
        let ruleset = after_add(families, via);
        assert_eq!(add(&ruleset, &config(families, via)).expect("a plan"), []);
    }
}

#[test]
fn what_is_missing_is_added() {
    let mut ruleset = after_add(&[Family::Inet], Via::Expression);
    ruleset.rules.clear();
    let ops = add(&ruleset, &config(&[Family::Inet], Via::Expression)).expect("a plan");
    assert!(matches!(ops[..], [Op::NewRule { .. }]), "{ops:?}");
}

#[test]
fn a_rule_of_others_does_not_count() {
    let mut ruleset = after_add(&[Family::Inet], Via::Expression);
    for rule in &mut ruleset.rules {
        rule.ours = false;
    }
    let ops = add(&ruleset, &config(&[Family::Inet], Via::Expression)).expect("a plan");
    assert!(matches!(ops[..], [Op::NewRule { .. }]), "{ops:?}");
}

#[test]
fn a_chain_of_others_is_not_used() {
    let mut ruleset = after_add(&[Family::Inet], Via::Expression);
    for chain in &mut ruleset.chains {
        chain.ours = false;
    }
    let failure = add(&ruleset, &config(&[Family::Inet], Via::Expression)).expect_err("not ours");
    assert_eq!(failure.code, Code::Exists);
    assert!(
        failure.what.contains("inet rtpengine_3 input"),
        "{}",
        failure.what
    );
}

#[test]
fn another_priority_is_not_taken_for_the_same() {
    let ruleset = after_add(&[Family::Inet], Via::Expression);
    let mut config = config(&[Family::Inet], Via::Expression);
    config.priority = -5;
    let failure = add(&ruleset, &config).expect_err("another priority");
    assert_eq!(failure.code, Code::Exists);
}

#[test]
fn removing_leaves_nothing_of_ours() {
    for (families, via) in [
        (&[Family::Inet][..], Via::Expression),
        (&[Family::Ip, Family::Ip6][..], Via::Target),
    ] {
        let mut ruleset = after_add(families, via);
        let ops = del(&ruleset, 3, &[], None);
        apply(&mut ruleset, ops);
        assert_eq!(ruleset, Ruleset::default());
        assert_eq!(del(&ruleset, 3, &[], None), []);
    }
}

#[test]
fn removing_is_narrowed_by_table_family_and_way() {
    let ruleset = after_add(&[Family::Ip, Family::Ip6], Via::Target);
    assert_eq!(del(&ruleset, 4, &[], None), []);
    assert_eq!(del(&ruleset, 3, &[Family::Inet], None), []);
    assert_eq!(del(&ruleset, 3, &[], Some(Via::Expression)), []);
    let ops = del(&ruleset, 3, &[Family::Ip6], Some(Via::Target));
    assert!(!ops.is_empty());
    let ip6 = netlink_family(Family::Ip6);
    assert!(ops.iter().all(|op| match op {
        Op::DelRule { place, .. } | Op::DelChain { place, .. } | Op::DelTable(place) =>
            place.family == ip6,
        _ => false,
    }));
}

#[test]
fn a_table_of_others_stays_with_all_that_is_theirs() {
    let filter = place(Family::Ip, "filter");
    let mut theirs = Ruleset::default();
    theirs.tables.push(Table {
        place: filter.clone(),
        used: 0,
        ours: false,
    });
    new_chain(&mut theirs, filter.clone(), "INPUT", 0, false);
    new_rule(&mut theirs, filter, "INPUT", Via::Target, 3, false);

    let mut both = Ruleset::default();
    both.tables.extend(theirs.tables.iter().map(|t| Table {
        place: t.place.clone(),
        ..*t
    }));
    new_chain(&mut both, place(Family::Ip, "filter"), "INPUT", 0, false);
    both.tables.iter_mut().for_each(|t| t.used = 1);
    new_rule(
        &mut both,
        place(Family::Ip, "filter"),
        "INPUT",
        Via::Target,
        3,
        false,
    );
    let ops = add(&both, &config(&[Family::Ip], Via::Target)).expect("a plan");
    assert_eq!(ops.len(), 2);
    apply(&mut both, ops);
    let ops = del(&both, 3, &[], None);
    apply(&mut both, ops);
    assert_eq!(both, theirs);
}

#[test]
fn a_chain_that_others_use_stays() {
    let mut ruleset = after_add(&[Family::Inet], Via::Expression);
    let place = place(Family::Inet, "rtpengine_3");
    // A jump from elsewhere, or a rule that is not ours.
    use_of_chain(&mut ruleset, &place, "input", 1);
    let ops = del(&ruleset, 3, &[], None);
    assert!(matches!(ops[..], [Op::DelRule { .. }]), "{ops:?}");
}

#[test]
fn a_table_that_others_use_stays() {
    let mut ruleset = after_add(&[Family::Inet], Via::Expression);
    let place = place(Family::Inet, "rtpengine_3");
    // A set, or another chain.
    use_of_table(&mut ruleset, &place, 1);
    let ops = del(&ruleset, 3, &[], None);
    assert!(
        matches!(ops[..], [Op::DelRule { .. }, Op::DelChain { .. }]),
        "{ops:?}"
    );
}

#[test]
fn only_what_is_marked_as_ours_is_removed() {
    let fresh = || after_add(&[Family::Inet], Via::Expression);
    let mut ruleset = fresh();
    ruleset.rules.iter_mut().for_each(|rule| rule.ours = false);
    assert_eq!(del(&ruleset, 3, &[], None), []);

    let mut ruleset = fresh();
    ruleset
        .chains
        .iter_mut()
        .for_each(|chain| chain.ours = false);
    let ops = del(&ruleset, 3, &[], None);
    assert!(matches!(ops[..], [Op::DelRule { .. }]), "{ops:?}");

    let mut ruleset = fresh();
    ruleset
        .tables
        .iter_mut()
        .for_each(|table| table.ours = false);
    let ops = del(&ruleset, 3, &[], None);
    assert!(
        matches!(ops[..], [Op::DelRule { .. }, Op::DelChain { .. }]),
        "{ops:?}"
    );
}
