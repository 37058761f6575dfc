// SPDX-License-Identifier: GPL-2.0-only

use super::super::fixture::{base, table, By};
use super::super::model::TableName;
use super::*;

fn own() -> (ChainName, Hook) {
    let chain = table(Family::Inet, "rtpengine_0").chain("input");
    (chain, base(Place::Input, -5, Policy::Accept).hook)
}

fn told(ruleset: &Ruleset) -> [Vec<String>; 3] {
    let (chain, hook) = own();
    let beside = ruleset.beside(&chain, &hook);
    [beside.before, beside.level, beside.after]
        .map(|droppers| droppers.into_iter().map(|dropper| dropper.chain).collect())
}

/// One chain that drops what no rule decides on.
fn one(name: &TableName, place: Place, priority: i32) -> Ruleset {
    Ruleset::default().with_table(name, By::Others).with_chain(
        &name.chain("fw"),
        Some(base(place, priority, Policy::Drop)),
        By::Others,
    )
}

#[test]
fn chains_that_drop_are_told_by_their_order() {
    let fw = table(Family::Inet, "fw");
    let fw_is = |place, priority| told(&one(&fw, place, priority)).map(|names| !names.is_empty());
    assert_eq!(fw_is(Place::Input, 0), [false, false, true]);
    assert_eq!(fw_is(Place::Input, -5), [false, true, false]);
    assert_eq!(fw_is(Place::Input, -6), [true, false, false]);
    assert_eq!(fw_is(Place::Prerouting, 100), [true, false, false]);
    // What is forwarded, or sent, does not come here.
    assert_eq!(fw_is(Place::Forward, 0), [false, false, false]);
}

#[test]
fn a_chain_drops_by_its_policy_its_rules_or_those_that_it_jumps_to() {
    let fw = table(Family::Ip, "fw");
    let [input, more] = ["INPUT", "more"].map(|name| fw.chain(name));
    let chains = || {
        Ruleset::default()
            .with_table(&fw, By::Others)
            .with_chain(
                &input,
                Some(base(Place::Input, 0, Policy::Accept)),
                By::Others,
            )
            .with_chain(&more, None, By::Others)
            .with_rule(&input, "udp dport 5 accept", By::Others)
    };
    let none: [Vec<String>; 3] = Default::default();
    let behind = [vec![], vec![], vec!["INPUT".to_owned()]];
    assert_eq!(told(&chains()), none);
    assert_eq!(
        told(&chains().with_rule(&input, "drop", By::Others)),
        behind
    );
    for other in ["tcp dport 9 drop", "meta l4proto icmp drop"] {
        assert_eq!(
            told(&chains().with_rule(&input, other, By::Others)),
            none,
            "{other}"
        );
    }
    let jumped = chains().with_rule(&more, "drop", By::Others);
    assert_eq!(told(&jumped), none);
    assert_eq!(
        told(&jumped.with_rule(&input, "jump more", By::Others)),
        behind
    );
}

#[test]
fn what_sees_no_such_packets_is_not_told() {
    let none: [Vec<String>; 3] = Default::default();
    let mut dormant = one(&table(Family::Ip, "fw"), Place::Input, 0);
    assert_ne!(told(&dormant), none);
    dormant.tables[0].dormant = true;
    assert_eq!(told(&dormant), none);
    assert_eq!(told(&one(&table(Family::Arp, "fw"), Place::Input, 0)), none);
    let mut ours = one(&table(Family::Ip, "fw"), Place::Input, 0);
    ours.chains[0].ours = true;
    assert_eq!(told(&ours), none);
}
