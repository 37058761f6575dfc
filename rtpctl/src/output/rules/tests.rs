// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::rules::Hook;
use super::super::tests::printed;
use super::*;

fn rules() -> Vec<Rule> {
    let rule = Rule {
        id: 0,
        family: "ip".to_owned(),
        table: "filter".to_owned(),
        chain: "rtpengine\n_0".to_owned(),
        handle: 4,
        via: "target",
        hook: None,
        ours: false,
    };
    let ours = Rule {
        id: 3,
        family: "inet".to_owned(),
        table: "rtpengine_3".to_owned(),
        chain: "input".to_owned(),
        handle: 2,
        via: "expression",
        hook: Some(Hook {
            name: "input".to_owned(),
            priority: -5,
        }),
        ours: true,
    };
    vec![rule, ours]
}

#[test]
fn rules_are_listed_with_strangers_names_escaped() {
    assert_eq!(
        printed(&RuleList { rules: rules() }, false),
        "\
TABLE  CHAIN                    HANDLE  HOOK      VIA         MADE BY
0      ip filter rtpengine\\n_0  4       -         target      another
3      inet rtpengine_3 input   2       input -5  expression  rtpctl
"
    );
    assert_eq!(printed(&RuleList { rules: vec![] }, false), "no rules\n");
}

#[test]
fn rules_are_objects() {
    let json: serde_json::Value =
        serde_json::from_str(&printed(&RuleList { rules: rules() }, true)).expect("JSON");
    let expected = serde_json::json!({"rules": [
        {"id": 0, "family": "ip", "table": "filter", "chain": "rtpengine\n_0", "handle": 4, "via": "target",
         "hook": null, "ours": false},
        {"id": 3, "family": "inet", "table": "rtpengine_3", "chain": "input", "handle": 2, "via": "expression",
         "hook": {"name": "input", "priority": -5}, "ours": true},
    ]});
    assert_eq!(json, expected);
}
