// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::client::By;
use super::super::tests::printed;
use super::*;

fn tables() -> Vec<Table> {
    vec![
        Table {
            id: 0,
            holder: Some("rtpengine".to_owned()),
            status: Some(Status::parse(
                "Refcount:    3\nControl PID: 812\nTargets:     12\nMemory pins: 1\nMemory:      16777216\nInterface:   26.0\n",
            )),
            interface: Some(Interface {
                name: "26.0".to_owned(),
                by: By::Status,
            }),
        },
        Table {
            id: 12,
            holder: None,
            status: Some(Status::parse("Control PID: 0\nTargets: 1\nSkb refs: 4\n")),
            interface: Some(Interface {
                name: "12.5".to_owned(),
                by: By::Guess,
            }),
        },
        Table {
            id: 13,
            holder: None,
            status: None,
            interface: None,
        },
    ]
}

#[test]
fn tables_are_listed_in_short() {
    assert_eq!(
        printed(&TableList { tables: tables() }, false),
        "\
TABLE  STREAMS  HELD BY
0      12       812 (rtpengine)
12     1        -
13     ?        -
"
    );
}

#[test]
fn tables_are_shown_with_all_their_counters() {
    assert_eq!(
        printed(&TableStatus { tables: tables() }, false),
        "\
table 0
  refcount      3
  held by       812 (rtpengine)
  targets       12
  memory pins   1
  memory        16777216 bytes (16.0 MiB)
  interface     26.0
table 12
  held by       -
  targets       1
  skb refs      4
  interface     12.5 (a guess)
table 13
"
    );
}

#[test]
fn no_tables_are_told() {
    assert_eq!(printed(&TableList { tables: vec![] }, false), "no tables\n");
    assert_eq!(
        printed(&TableStatus { tables: vec![] }, false),
        "no tables\n"
    );
}

#[test]
fn json_has_the_same_for_both() {
    let list = printed(&TableList { tables: tables() }, true);
    assert_eq!(list, printed(&TableStatus { tables: tables() }, true));
    let json: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let expected = serde_json::json!({"tables": [
        {"id": 0, "holder": "rtpengine", "status": {
            "refcount": 3, "control_pid": 812, "targets": 12, "memory_pins": 1, "memory": 16_777_216, "interface": "26.0"},
            "interface": {"name": "26.0", "by": "status"}},
        {"id": 12, "holder": null, "status": {"control_pid": 0, "targets": 1, "skb_refs": 4},
            "interface": {"name": "12.5", "by": "guess"}},
        {"id": 13, "holder": null, "status": null, "interface": null},
    ]});
    assert_eq!(json, expected);
}

#[test]
fn a_name_of_a_process_is_a_stranger_s_text() {
    let mut tables = tables();
    tables.truncate(1);
    for table in &mut tables {
        table.holder = Some("a\u{1b}b".to_owned());
    }
    assert!(printed(&TableList { tables }, false).contains("812 (a\\u{1b}b)"));
}
