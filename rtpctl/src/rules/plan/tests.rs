// SPDX-License-Identifier: GPL-2.0-only

use super::super::fixture::{base, table, By};
use super::super::words::parse;
use super::config::Family::{Inet, Ip, Ip6};
use super::*;

fn config(families: &[config::Family], via: Via) -> RuleConfig {
    RuleConfig {
        table: 3,
        families: families.to_vec(),
        via,
        priority: None,
        counter: false,
        hook: Place::Input,
        devices: Vec::new(),
        past_output: false,
    }
}

/// Everything that adding a rule with this configuration leaves behind.
fn after_add(families: &[config::Family], via: Via) -> Ruleset {
    let mut ruleset = Ruleset::default();
    ruleset.apply(&add(&Ruleset::default(), &config(families, via)).expect("a plan"));
    ruleset
}

fn inet() -> ChainName {
    table(Family::Inet, "rtpengine_3").chain("input")
}

fn rule(chain: ChainName, words: &str) -> Op {
    let statements = parse(&[words.to_owned()]).expect("a rule");
    Op::NewRule {
        position: Position::End,
        expressions: compile(chain.table.family, &statements).expect("expressions"),
        comment: None,
        chain,
    }
}

#[test]
fn an_empty_ruleset_gets_table_chain_and_rule() {
    let expected = |priority, words| {
        [
            Op::NewTable(inet().table),
            Op::NewChain {
                chain: inet(),
                base: Some(base(Place::Input, priority, Policy::Accept)),
            },
            rule(inet(), words),
        ]
    };
    let mut config = config(&[Inet], Via::Expression);
    let ops = add(&Ruleset::default(), &config).expect("a plan");
    assert_eq!(ops, expected(-5, "udp rtpengine 3"));
    config.priority = Some(7);
    config.counter = true;
    let ops = add(&Ruleset::default(), &config).expect("a plan");
    assert_eq!(ops, expected(7, "udp counter rtpengine 3"));
}

#[test]
fn the_target_stands_in_the_table_filter() {
    let ruleset = after_add(&[Ip, Ip6], Via::Target);
    let chains: Vec<_> = ruleset
        .rules
        .iter()
        .map(|rule| rule.chain.clone())
        .collect();
    let filter = |family| table(family, "filter").chain("rtpengine_3");
    assert_eq!(chains, [filter(Family::Ip), filter(Family::Ip6)]);
}

#[test]
fn adding_twice_changes_nothing() {
    for (families, via) in [
        (&[Inet][..], Via::Expression),
        (&[Ip, Ip6][..], Via::Target),
    ] {
        let ruleset = after_add(families, via);
        assert_eq!(add(&ruleset, &config(families, via)).expect("a plan"), []);
    }
}

#[test]
fn a_rule_with_a_counter_is_the_same_rule() {
    let mut with_counter = config(&[Inet], Via::Expression);
    with_counter.counter = true;
    let ruleset = after_add(&[Inet], Via::Expression);
    assert_eq!(add(&ruleset, &with_counter).expect("a plan"), []);
}

#[test]
fn what_is_missing_is_added() {
    let mut ruleset = after_add(&[Inet], Via::Expression);
    ruleset.rules.clear();
    let ops = add(&ruleset, &config(&[Inet], Via::Expression)).expect("a plan");
    assert!(matches!(ops[..], [Op::NewRule { .. }]), "{ops:?}");
}

/// What was ours, and is not any more.
fn disowned(mut ruleset: Ruleset) -> Ruleset {
    ruleset
        .rules
        .iter_mut()
        .for_each(|rule| rule.comment = None);
    ruleset
}

#[test]
fn a_rule_of_others_does_not_count() {
    let ruleset = disowned(after_add(&[Inet], Via::Expression));
    let ops = add(&ruleset, &config(&[Inet], Via::Expression)).expect("a plan");
    assert!(matches!(ops[..], [Op::NewRule { .. }]), "{ops:?}");
}

#[test]
fn a_chain_of_others_is_not_used() {
    let mut ruleset = after_add(&[Inet], Via::Expression);
    ruleset.chains[0].ours = false;
    let failure = add(&ruleset, &config(&[Inet], Via::Expression)).expect_err("not ours");
    assert_eq!(failure.code, Code::Exists);
    assert!(
        failure.what.contains("inet rtpengine_3 input"),
        "{}",
        failure.what
    );
}

#[test]
fn another_priority_is_not_taken_for_the_same() {
    let ruleset = after_add(&[Inet], Via::Expression);
    let mut config = config(&[Inet], Via::Expression);
    config.priority = Some(0);
    let failure = add(&ruleset, &config).expect_err("another priority");
    assert_eq!(failure.code, Code::Exists);
    // One that was asked for before is as good as the default.
    let mut ruleset = Ruleset::default();
    ruleset.apply(&add(&Ruleset::default(), &config).expect("a plan"));
    config.priority = None;
    assert_eq!(add(&ruleset, &config).expect("a plan"), []);
}

#[test]
fn removing_leaves_nothing_of_ours() {
    for (families, via) in [
        (&[Inet][..], Via::Expression),
        (&[Ip, Ip6][..], Via::Target),
    ] {
        for all in [false, true] {
            let mut ruleset = after_add(families, via);
            let plan = |ruleset: &Ruleset| match all {
                true => del_all(ruleset),
                false => del(ruleset, 3, &[], None),
            };
            let ops = plan(&ruleset);
            ruleset.apply(&ops);
            assert_eq!(ruleset, Ruleset::default());
            assert_eq!(plan(&ruleset), []);
        }
    }
}

#[test]
fn removing_is_narrowed_by_table_family_and_way() {
    let ruleset = after_add(&[Ip, Ip6], Via::Target);
    assert_eq!(del(&ruleset, 4, &[], None), []);
    assert_eq!(del(&ruleset, 3, &[Inet], None), []);
    assert_eq!(del(&ruleset, 3, &[], Some(Via::Expression)), []);
    let ops = del(&ruleset, 3, &[Ip6], Some(Via::Target));
    assert!(!ops.is_empty());
    assert!(ops.iter().all(|op| op.table().family == Family::Ip6));
}

#[test]
fn a_table_of_others_stays_with_all_that_is_theirs() {
    let filter = table(Family::Ip, "filter");
    let theirs = Ruleset::default()
        .with_table(&filter, By::Others)
        .with_chain(
            &filter.chain("INPUT"),
            Some(base(Place::Input, 0, Policy::Accept)),
            By::Others,
        )
        .with_rule(&filter.chain("INPUT"), "rtpengine 3 via target", By::Others);
    for all in [false, true] {
        let mut both = theirs.clone();
        let ops = add(&both, &config(&[Ip], Via::Target)).expect("a plan");
        assert_eq!(ops.len(), 2);
        both.apply(&ops);
        let ops = match all {
            true => del_all(&both),
            false => del(&both, 3, &[], None),
        };
        both.apply(&ops);
        assert_eq!(both, theirs);
    }
}

#[test]
fn a_chain_that_others_use_stays() {
    let mut ruleset = after_add(&[Inet], Via::Expression);
    // A jump from elsewhere, or a rule that is not ours.
    ruleset.use_chain(&inet(), 1);
    for ops in [del(&ruleset, 3, &[], None), del_all(&ruleset)] {
        assert!(matches!(ops[..], [Op::DelRule { .. }]), "{ops:?}");
    }
}

#[test]
fn a_table_that_others_use_stays() {
    let mut ruleset = after_add(&[Inet], Via::Expression);
    // A set, or another chain.
    ruleset.use_table(&inet().table, 1);
    for ops in [del(&ruleset, 3, &[], None), del_all(&ruleset)] {
        assert!(
            matches!(ops[..], [Op::DelRule { .. }, Op::DelChain(_)]),
            "{ops:?}"
        );
    }
}

#[test]
fn only_what_is_marked_as_ours_is_removed() {
    let fresh = || after_add(&[Inet], Via::Expression);
    let both = |ruleset: &Ruleset| [del(ruleset, 3, &[], None), del_all(ruleset)];
    assert_eq!(both(&disowned(fresh())), [vec![], vec![]]);

    let mut ruleset = fresh();
    ruleset.chains[0].ours = false;
    for ops in both(&ruleset) {
        assert!(matches!(ops[..], [Op::DelRule { .. }]), "{ops:?}");
    }

    let mut ruleset = fresh();
    ruleset.tables[0].ours = false;
    for ops in both(&ruleset) {
        assert!(
            matches!(ops[..], [Op::DelRule { .. }, Op::DelChain(_)]),
            "{ops:?}"
        );
    }
}

#[test]
fn chains_that_jump_to_each_other_are_removed_together() {
    let own = table(Family::Inet, "rtp_table");
    let [input, media] = ["input", "media"].map(|name| own.chain(name));
    let mut ruleset = Ruleset::default()
        .with_table(&own, By::Us)
        .with_chain(&input, Some(base(Place::Input, 0, Policy::Accept)), By::Us)
        .with_chain(&media, None, By::Us)
        .with_rule(&input, "udp dport 10000-20000 jump media", By::Us)
        .with_rule(&media, "rtpengine 0", By::Us);
    // The rule of `rule add 3` is not in the way of what is made by hand.
    assert_eq!(del(&ruleset, 0, &[], None), []);
    ruleset.apply(&del_all(&ruleset.clone()));
    assert_eq!(ruleset, Ruleset::default());
}

#[test]
fn a_rule_at_another_hook_stands_beside_the_first() {
    let mut ruleset = after_add(&[Inet], Via::Expression);
    let mut early = config(&[Inet], Via::Expression);
    early.hook = Place::Ingress;
    early.devices = vec!["eth0".to_owned()];
    let ops = add(&ruleset, &early).expect("a plan");
    let ingress = inet().table.chain("ingress");
    let base = Base {
        hook: Hook {
            name: Place::Ingress,
            priority: -5,
            devices: vec!["eth0".to_owned()],
        },
        ..base(Place::Ingress, -5, Policy::Accept)
    };
    assert_eq!(
        ops,
        [
            Op::NewChain {
                chain: ingress.clone(),
                base: Some(base)
            },
            rule(ingress, "udp rtpengine 3"),
        ]
    );
    ruleset.apply(&ops);
    assert_eq!(add(&ruleset, &early).expect("a plan"), []);
    early.past_output = true;
    let failure = add(&ruleset, &early).expect_err("another rule");
    assert_eq!(
        (failure.code, failure.what.as_str()),
        (
            Code::Exists,
            "the rule for table 3 in chain inet rtpengine_3 ingress exists without past-output"
        )
    );
    early.past_output = false;
    early.devices = vec!["eth1".to_owned()];
    let failure = add(&ruleset, &early).expect_err("another device");
    assert!(
        failure.what.ends_with("exists with devices eth0"),
        "{}",
        failure.what
    );
    let ops = del(&ruleset, 3, &[], None);
    ruleset.apply(&ops);
    assert_eq!(ruleset, Ruleset::default());
}
