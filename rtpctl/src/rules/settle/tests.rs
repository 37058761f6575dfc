// SPDX-License-Identifier: GPL-2.0-only

use super::super::fixture::{base, table, By};
use super::super::model::{Family, Place, Policy, TableName};
use super::super::saved::SavedTable;
use super::*;

fn t() -> TableName {
    table(Family::Inet, "t")
}

/// A ruleset as rtpctl makes it by hand: a base chain with a jump, and a rule of somebody else's.
fn made() -> Ruleset {
    let [input, media] = ["input", "media"].map(|name| t().chain(name));
    Ruleset::default()
        .with_table(&table(Family::Inet, "site"), By::Others)
        .with_table(&t(), By::Us)
        .with_chain(&input, Some(base(Place::Input, -5, Policy::Accept)), By::Us)
        .with_chain(&media, None, By::Us)
        .with_rule(
            &input,
            "iifname eth* ip saddr != 192.0.2.0/24 udp dport 10000-20000 counter packets 7 bytes 700 jump media comment to the relay",
            By::Us,
        )
        .with_rule(&input, "tcp dport 9 drop", By::Others)
        .with_rule(&media, "rtpengine 3", By::Us)
}

fn wanted(ruleset: &Ruleset) -> Vec<Wanted> {
    let (saved, _) = ruleset.saved().expect("saved");
    // Through a file.
    let text = serde_json::to_string(&saved).expect("JSON");
    let read: Vec<SavedTable> = serde_json::from_str(&text).expect("the same");
    assert_eq!(read, saved);
    read.iter()
        .map(|table| table.wanted().expect("wanted"))
        .collect()
}

fn changes(ruleset: &Ruleset, wanted: &[Wanted]) -> Vec<String> {
    let ops = settle(ruleset, wanted).expect("a plan");
    ops.iter().map(|op| in_words(ruleset, op)).collect()
}

/// What there is after the changes, which have to be all that there are.
fn settled(ruleset: &Ruleset, wanted: &[Wanted]) -> Ruleset {
    let mut after = ruleset.clone();
    after.apply(&settle(ruleset, wanted).expect("a plan"));
    assert_eq!(changes(&after, wanted), [""; 0]);
    after
}

fn of(json: &serde_json::Value) -> Result<Wanted, Failure> {
    let table: SavedTable = serde_json::from_value(json.clone()).expect("a table");
    table.wanted()
}

#[test]
fn what_was_saved_comes_back() {
    let made = made();
    let wanted = wanted(&made);
    assert_eq!(changes(&made, &wanted), [""; 0]);
    assert_eq!(
        changes(&Ruleset::default(), &wanted),
        [
            "+ table inet t",
            "+ chain inet t input: type filter hook input priority -5 policy accept",
            "+ chain inet t media",
            "+ rule of chain inet t input: iifname \"eth*\" ip saddr != 192.0.2.0/24 udp dport 10000-20000 counter jump media comment \"to the relay\"",
            "+ rule of chain inet t media: rtpengine 3",
        ]
    );
    let after = settled(&Ruleset::default(), &wanted);
    assert!(after.rules.iter().all(Rule::ours));
    assert_eq!(after.saved(), made.saved());
}

#[test]
fn a_sleeping_table_sleeps_again() {
    let mut asleep = made();
    asleep.tables[1].dormant = true;
    let asleep_wanted = wanted(&asleep);
    let ops = settle(&Ruleset::default(), &asleep_wanted).expect("a plan");
    assert_eq!(ops.last(), Some(&Op::SetDormant(t(), true)));
    assert_eq!(
        changes(&asleep, &wanted(&made())),
        ["- table inet t: dormant"]
    );
    assert_eq!(
        changes(&made(), &asleep_wanted),
        ["+ table inet t: dormant"]
    );
}

#[test]
fn what_is_more_or_other_goes_and_what_others_made_stays() {
    let other = t().chain("other");
    let more = made()
        .with_chain(&other, None, By::Us)
        .with_rule(&other, "drop", By::Us)
        .with_rule(&t().chain("input"), "udp dport 5 jump other", By::Us)
        .with_chain(&t().chain("theirs"), None, By::Others);
    let wanted = wanted(&made());
    assert_eq!(
        changes(&more, &wanted),
        [
            "- rule of chain inet t input: udp dport 5 jump other",
            "- rule of chain inet t other: drop",
            "- chain inet t other",
        ]
    );
    let after = settled(&more, &wanted);
    assert!(after.chain(&t().chain("theirs")).is_some());
    assert_eq!(after.rules.iter().filter(|rule| !rule.ours()).count(), 1);
    // A chain with a rule of others stays.
    let shared = more.with_rule(&other, "accept", By::Others);
    let after = settled(&shared, &wanted);
    assert!(after.chain(&other).is_some());
}

#[test]
fn rules_before_the_first_other_one_keep_their_counts() {
    let ruleset = made().with_rule(&t().chain("input"), "udp dport 7 drop", By::Us);
    let counted = |ruleset: &Ruleset| {
        ruleset
            .rules
            .iter()
            .find_map(Rule::counter)
            .map(|counter| counter.packets)
    };
    assert_eq!(counted(&settled(&ruleset, &wanted(&made()))), Some(7));
}

#[test]
fn a_chain_at_another_hook_is_made_anew() {
    let json = serde_json::json!({"family": "inet", "table": "t", "chains": [
        {"chain": "input", "hook": "prerouting", "priority": "filter-5", "rules": ["rtpengine 3"]}]});
    let wanted = [of(&json).expect("wanted")];
    let mut ruleset = made();
    let failure = settle(&ruleset, &wanted).expect_err("a rule of others");
    assert_eq!(
        (failure.code, failure.what.as_str()),
        (
            Code::Busy,
            "chain inet t input has another hook than the file says, and somebody else has a rule in it"
        )
    );
    let theirs = Op::DelRule {
        chain: t().chain("input"),
        handle: ruleset
            .rules
            .iter()
            .find(|rule| !rule.ours())
            .expect("a rule")
            .handle,
    };
    ruleset.apply(&[theirs]);
    let after = settled(&ruleset, &wanted);
    let base = after
        .chain(&t().chain("input"))
        .and_then(|chain| chain.base.clone());
    assert_eq!(base.map(|base| base.hook.name), Some(Place::Prerouting));
    assert_eq!(after.chain(&t().chain("media")), None);
}

#[test]
fn rules_of_ours_in_chains_of_others_are_counted() {
    let site = table(Family::Inet, "site").chain("input");
    let ruleset =
        made()
            .with_chain(&site, None, By::Others)
            .with_rule(&site, "rtpengine 3", By::Us);
    let (saved, elsewhere) = ruleset.saved().expect("saved");
    assert_eq!((saved, elsewhere), (made().saved().expect("saved").0, 1));
}

#[test]
fn what_cannot_be_is_refused() {
    let chain = |chain: serde_json::Value| serde_json::json!({"family": "inet", "table": "t", "chains": [chain]});
    for (json, says) in [
        (
            serde_json::json!({"family": "inet6", "table": "t"}),
            "a family is one of inet,",
        ),
        (
            serde_json::json!({"family": "ip", "table": ""}),
            "a name has 1 to 255 bytes",
        ),
        (
            chain(serde_json::json!({"chain": "c", "hook": "inptu", "priority": 0})),
            "chain inet t c: a hook is one of",
        ),
        (
            chain(serde_json::json!({"chain": "c", "hook": "input"})),
            "chain inet t c: a chain at the hook input lacks its priority",
        ),
        (
            chain(serde_json::json!({"chain": "c", "priority": 0})),
            "chain inet t c: type, priority, policy and devices are those of a hook",
        ),
        (
            chain(serde_json::json!({"chain": "c", "hook": "ingress", "priority": 0})),
            "chain inet t c: the hook ingress is one of devices",
        ),
        (
            chain(
                serde_json::json!({"chain": "c", "hook": "input", "priority": 0, "policy": "reject"}),
            ),
            "chain inet t c: `reject` is no policy of a chain",
        ),
        (
            chain(
                serde_json::json!({"chain": "c", "hook": "input", "priority": 0, "type": "mangle"}),
            ),
            "chain inet t c: `mangle` is no type of a chain",
        ),
        (
            chain(serde_json::json!({"chain": "c", "rules": ["udp dport 5 dorp"]})),
            "chain inet t c: `dorp` is no word of a rule",
        ),
        (
            serde_json::json!({"family": "ip", "table": "t", "chains": [{"chain": "c"}, {"chain": "c"}]}),
            "chain ip t c is there twice",
        ),
    ] {
        let failure = of(&json).expect_err(says);
        assert_eq!(failure.code, Code::Usage);
        assert!(failure.what.starts_with(says), "{}", failure.what);
    }
    // What depends on the other chains.
    for (rule, says) in [
        ("jump nowhere", "there is no chain inet t nowhere"),
        ("jump c", "chain inet t c has a hook: no rule jumps to it"),
        (
            "rtpengine 0 past-output",
            "past-output is for rules at the hook ingress alone",
        ),
    ] {
        let json = chain(
            serde_json::json!({"chain": "c", "hook": "input", "priority": 0, "rules": [rule]}),
        );
        let wanted = [of(&json).expect("wanted")];
        let failure = settle(&Ruleset::default(), &wanted).expect_err(says);
        assert!(failure.what.starts_with(says), "{}", failure.what);
    }
    // It would go.
    let json = chain(
        serde_json::json!({"chain": "input", "hook": "input", "priority": -5, "rules": ["jump media"]}),
    );
    let failure = settle(&made(), &[of(&json).expect("wanted")]).expect_err("no media");
    assert_eq!(failure.what, "there is no chain inet t media");
    let theirs = made().with_chain(&t().chain("c"), None, By::Others);
    let wanted = [of(&chain(serde_json::json!({"chain": "c"}))).expect("wanted")];
    let failure = settle(&theirs, &wanted).expect_err("theirs");
    assert_eq!(failure.code, Code::Exists);
}
