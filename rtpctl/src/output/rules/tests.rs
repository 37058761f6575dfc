// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::rules::{
    Beside, ChainName, Counter, Hook, Key, Path, Place, Step, TableName,
};
use super::super::tests::printed;
use super::*;

fn input(priority: i32) -> Hook {
    Hook {
        name: Place::Input,
        priority,
        devices: vec![],
    }
}

fn rules() -> Vec<Listed> {
    let rule = Listed {
        id: 0,
        family: Family::Ip,
        table: "filter".to_owned(),
        chain: "rtpengine\n_0".to_owned(),
        handle: 4,
        via: "target",
        past_output: false,
        hook: Some(input(0)),
        ours: false,
        dormant: false,
        counter: Some(Counter {
            packets: 12,
            bytes: 2064,
        }),
        rule: "counter packets 12 bytes 2064 rtpengine 0 via target".to_owned(),
        paths: vec![Path {
            hook: input(0),
            through: vec![Step {
                chain: "INPUT".to_owned(),
                handle: 9,
            }],
        }],
    };
    let ours = Listed {
        id: 3,
        family: Family::Inet,
        table: "rtpengine_3".to_owned(),
        chain: "input".to_owned(),
        handle: 2,
        via: "expression",
        past_output: false,
        hook: Some(input(-5)),
        ours: true,
        dormant: false,
        counter: None,
        rule: "meta l4proto udp rtpengine 3".to_owned(),
        paths: vec![Path {
            hook: input(-5),
            through: vec![],
        }],
    };
    vec![rule, ours]
}

#[test]
fn rules_are_listed_with_strangers_names_escaped() {
    assert_eq!(
        printed(&RuleList { rules: rules() }, false),
        "\
TABLE  CHAIN                    HANDLE  HOOK      VIA         PACKETS  MADE BY
0      ip filter rtpengine\\n_0  4       input 0   target      12       another
3      inet rtpengine_3 input   2       input -5  expression  -        rtpctl
"
    );
    assert_eq!(printed(&RuleList { rules: vec![] }, false), "no rules\n");
}

#[test]
fn rules_are_objects() {
    let json: serde_json::Value =
        serde_json::from_str(&printed(&RuleList { rules: rules() }, true)).expect("JSON");
    let expected = serde_json::json!({"rules": [
        {"id": 0, "family": "ip", "table": "filter", "chain": "rtpengine\n_0", "handle": 4, "via": "target", "past_output": false,
         "hook": {"name": "input", "priority": 0}, "ours": false, "dormant": false,
         "counter": {"packets": 12, "bytes": 2064},
         "rule": "counter packets 12 bytes 2064 rtpengine 0 via target",
         "paths": [{"hook": {"name": "input", "priority": 0}, "through": [{"chain": "INPUT", "handle": 9}]}]},
        {"id": 3, "family": "inet", "table": "rtpengine_3", "chain": "input", "handle": 2, "via": "expression", "past_output": false,
         "hook": {"name": "input", "priority": -5}, "ours": true, "dormant": false, "counter": null,
         "rule": "meta l4proto udp rtpengine 3",
         "paths": [{"hook": {"name": "input", "priority": -5}, "through": []}]},
    ]});
    assert_eq!(json, expected);
}

#[test]
fn a_rule_that_sleeps_or_is_not_called_has_no_hook() {
    let mut rules = rules();
    rules[0].hook = None;
    rules[1].dormant = true;
    let text = printed(&RuleList { rules }, false);
    let lines: Vec<_> = text
        .lines()
        .map(|line| line.contains("  -     ") || line.contains("  dormant  "))
        .collect();
    assert_eq!(lines, [false, true, true], "{text}");
}

fn chain(table: &str, chain: &str) -> ChainName {
    ChainName {
        table: TableName {
            family: Family::Inet,
            table: table.to_owned(),
        },
        chain: chain.to_owned(),
    }
}

fn dropper(chain: &str, priority: i32) -> Dropper {
    Dropper {
        family: Family::Ip,
        table: "fw".to_owned(),
        chain: chain.to_owned(),
        hook: input(priority),
    }
}

fn added(changed: bool) -> RuleAdded {
    let home = Home {
        chain: chain("rtpengine_3", "input"),
        hook: input(-5),
        beside: Beside {
            before: vec![dropper("early", -10)],
            after: vec![dropper("late", 0)],
            level: vec![dropper("level", -5)],
        },
    };
    let homes = vec![home];
    RuleAdded::new(3, Added { changed, homes })
}

#[test]
fn what_stands_beside_an_added_rule_is_told() {
    assert_eq!(
        printed(&added(true), false),
        "\
rule for table 3 added
  inet rtpengine_3 input: input, priority -5
    ip fw early (input, -10) comes first: what it drops is not relayed
    ip fw level (input, -5) drops, too, at the same priority: the one loaded last is first
    ip fw late (input, 0) comes behind: it does not see what is relayed
"
    );
    assert!(printed(&added(false), false).starts_with("rule for table 3 is there already\n"));
    let json: serde_json::Value = serde_json::from_str(&printed(&added(true), true)).expect("JSON");
    let expected = serde_json::json!({"table": 3, "action": "add", "changed": true, "chains": [
        {"family": "inet", "table": "rtpengine_3", "chain": "input", "hook": {"name": "input", "priority": -5},
         "before": [{"family": "ip", "table": "fw", "chain": "early", "hook": {"name": "input", "priority": -10}}],
         "after": [{"family": "ip", "table": "fw", "chain": "late", "hook": {"name": "input", "priority": 0}}],
         "level": [{"family": "ip", "table": "fw", "chain": "level", "hook": {"name": "input", "priority": -5}}]},
    ]});
    assert_eq!(json, expected);
}

#[test]
fn changes_by_hand_are_told() {
    let table = chain("t", "c").table;
    let key = Key::default();
    let changed = |changed, handle, left| Changed {
        changed,
        handle,
        left,
    };
    let rule = |position| Edit::AddRule(chain("t", "c"), position, vec![], key);
    for (edit, changed, expected) in [
        (
            Edit::AddTable(table.clone()),
            changed(true, None, 0),
            "table inet t made",
        ),
        (
            Edit::AddTable(table.clone()),
            changed(false, None, 0),
            "table inet t is there already",
        ),
        (
            Edit::SetDormant(table.clone(), true, key),
            changed(true, None, 0),
            "table inet t is dormant",
        ),
        (
            Edit::SetDormant(table.clone(), false, key),
            changed(false, None, 0),
            "table inet t is awake already",
        ),
        (
            Edit::DelTable(table.clone(), key),
            changed(true, None, 0),
            "table inet t deleted",
        ),
        (
            Edit::AddChain(chain("t", "c"), None),
            changed(true, None, 0),
            "chain inet t c made",
        ),
        (
            Edit::FlushChain(chain("t", "c"), key),
            changed(true, None, 1),
            "chain inet t c flushed; 1 rule of others stays",
        ),
        (
            Edit::FlushTable(table, key),
            changed(false, None, 2),
            "table inet t has no rules to flush; 2 rules of others stay",
        ),
        (
            rule(Position::End),
            changed(true, Some(4), 0),
            "rule 4 appended to chain inet t c",
        ),
        (
            rule(Position::Before(2)),
            changed(true, Some(4), 0),
            "rule 4 inserted into chain inet t c",
        ),
        (
            rule(Position::Replace(2)),
            changed(true, Some(2), 0),
            "rule 2 replaced in chain inet t c",
        ),
        (
            Edit::DelRule(chain("t", "c"), 3, key),
            changed(true, None, 0),
            "rule 3 deleted from chain inet t c",
        ),
    ] {
        assert_eq!(
            printed(&Edited::new(&edit, &changed), false),
            format!("{expected}\n")
        );
    }
    let edited = Edited::new(&rule(Position::End), &changed(true, Some(4), 0));
    let json: serde_json::Value = serde_json::from_str(&printed(&edited, true)).expect("JSON");
    let expected = serde_json::json!({
        "action": "append", "changed": true, "family": "inet", "table": "t", "chain": "c", "handle": 4
    });
    assert_eq!(json, expected);
}
