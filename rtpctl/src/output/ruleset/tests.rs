// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::rules::{statements, ChainName, Hook, Kind, Place, Policy, TableName};
use super::super::tests::printed;
use super::*;

fn rule(chain: &ChainName, handle: u64, words: &str, comment: Option<&str>) -> Rule {
    Rule {
        chain: chain.clone(),
        handle,
        statements: statements(&[words.to_owned()]).expect("a rule"),
        comment: comment.map(str::to_owned),
    }
}

/// A table with a chain at a hook, which jumps to another one.
fn ruleset() -> Ruleset {
    let table = TableName {
        family: Family::Inet,
        table: "t".to_owned(),
    };
    let chain = |name: &str| ChainName {
        table: table.clone(),
        chain: name.to_owned(),
    };
    let (early, media) = (chain("early"), chain("media"));
    let base = Base {
        kind: Kind::FILTER,
        hook: Hook {
            name: Place::Ingress,
            priority: -150,
            devices: vec!["eth0".to_owned()],
        },
        policy: Policy::Drop,
    };
    Ruleset {
        tables: vec![Table {
            name: table.clone(),
            handle: 1,
            used: 2,
            dormant: true,
            ours: false,
        }],
        chains: vec![
            Chain {
                name: early.clone(),
                handle: 1,
                used: 1,
                base: Some(base),
                ours: true,
            },
            Chain {
                name: media.clone(),
                handle: 2,
                used: 3,
                base: None,
                ours: false,
            },
        ],
        rules: vec![
            rule(&early, 3, "jump media", Some("rtpctl")),
            rule(&media, 4, "counter rtpengine 0", Some("SIP\n")),
            rule(&media, 5, "drop", None),
        ],
        ..Ruleset::default()
    }
}

fn list(filter: &Filter<'_>) -> Option<RulesetList> {
    RulesetList::new(&ruleset(), filter)
}

#[test]
fn the_ruleset_is_printed_in_the_manner_of_nft() {
    let expected = "\
table inet t { # handle 1
  flags dormant
  chain early { # handle 1, rtpctl
    type filter hook ingress device \"eth0\" priority -150; policy drop;
    jump media # handle 3, rtpctl
  }
  chain media { # handle 2
    # ingress -150, by rule 3 of early
    counter packets 0 bytes 0 rtpengine 0 comment \"SIP\\n\" # handle 4
    drop # handle 5
  }
}
";
    assert_eq!(
        printed(&list(&Filter::default()).expect("all"), false),
        expected
    );
    let none = RulesetList::new(&Ruleset::default(), &Filter::default()).expect("all");
    assert_eq!(printed(&none, false), "no tables\n");
}

#[test]
fn the_ruleset_is_filtered() {
    let filter = |family, table, chain| {
        let list = list(&Filter {
            family,
            table,
            chain,
        })?;
        Some(
            list.tables
                .iter()
                .map(|table| table.chains.len())
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(filter(Some(Family::Inet), Some("t"), None), Some(vec![2]));
    assert_eq!(
        filter(Some(Family::Inet), Some("t"), Some("media")),
        Some(vec![1])
    );
    assert_eq!(filter(Some(Family::Ip), None, None), Some(vec![]));
    assert_eq!(filter(Some(Family::Ip), Some("t"), None), None);
    assert_eq!(filter(None, Some("t"), Some("other")), None);
}

#[test]
fn the_ruleset_is_an_object() {
    let all = list(&Filter::default()).expect("all");
    let json: serde_json::Value = serde_json::from_str(&printed(&all, true)).expect("JSON");
    let table = &json["tables"][0];
    assert_eq!(
        (
            &table["family"],
            &table["name"],
            &table["dormant"],
            &table["ours"]
        ),
        (&"inet".into(), &"t".into(), &true.into(), &false.into())
    );
    let chains = &table["chains"];
    assert_eq!(
        chains[0]["hook"],
        serde_json::json!({"name": "ingress", "priority": -150, "devices": ["eth0"]})
    );
    assert_eq!(
        (&chains[0]["type"], &chains[0]["policy"]),
        (&"filter".into(), &"drop".into())
    );
    assert_eq!(
        chains[1]["paths"][0]["through"],
        serde_json::json!([{"chain": "early", "handle": 3}])
    );
    assert_eq!(
        chains[1]["rules"][0],
        serde_json::json!({
            "handle": 4, "ours": false, "comment": "SIP\n", "counter": {"packets": 0, "bytes": 0},
            "rule": "counter packets 0 bytes 0 rtpengine 0",
            "statements": [
                {"kind": "counter", "packets": 0, "bytes": 0},
                {"kind": "relay", "table": 0, "via": "expression", "past_output": false},
            ],
        })
    );
    assert_eq!(
        chains[1]["rules"][1]["statements"][0],
        serde_json::json!({"kind": "verdict", "verdict": "drop"})
    );
}

#[test]
fn each_statement_has_its_object() {
    let words =
        "iifname != e* ip saddr 192.0.2.0/24 udp dport 5-7 meta nfproto ipv4 dnat to 192.0.2.1:9";
    let statements = statements(&[words.to_owned()]).expect("a rule");
    let expected = serde_json::json!([
        {"kind": "interface", "is": "!=", "way": "in", "name": "e*"},
        {"kind": "address", "is": "==", "end": "source", "prefix": "192.0.2.0/24"},
        {"kind": "port", "is": "==", "protocol": 17, "end": "destination", "first": 5, "last": 7},
        {"kind": "version", "is": "==", "version": 4},
        {"kind": "dnat", "address": "192.0.2.1", "port": 9},
    ]);
    assert_eq!(serde_json::to_value(statements).expect("JSON"), expected);
}
