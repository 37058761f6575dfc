// SPDX-License-Identifier: GPL-2.0-only

use super::super::super::status::Status;
use super::super::tests::printed;
use super::*;

fn module(name: &'static str, version: Option<&str>) -> Module {
    Module {
        name,
        version: version.map(str::to_owned),
        source_version: Some("0123ABCD".to_owned()),
    }
}

fn versions(module: Option<Module>, tables: &[(u8, &str)]) -> Versions {
    let tables: Vec<_> = tables
        .iter()
        .map(|(id, text)| {
            let status = Status::parse(text);
            Table {
                id: *id,
                holder: None,
                interface: Some(Interface::of_table(module.as_ref(), Some(&status))),
                status: Some(status),
            }
        })
        .collect();
    Versions::new(module, Some(&tables))
}

const OURS: &str = env!("CARGO_PKG_VERSION");
const OLD: &str = "Control PID: 0\nTargets: 0\n";
const NEW: &str = "Control PID: 0\nOpencount: 1\nMemory pins: 0\n";

#[test]
fn ours_serves_several_generations() {
    let tables = [(0, "Interface: 12.5\n"), (7, "Interface: none\n")];
    let ours = versions(Some(module("xt_rtpengine_rs", Some(OURS))), &tables);
    assert_eq!(
        printed(&ours, false),
        format!(
            "\
rtpctl      {OURS}
module      xt_rtpengine_rs {OURS}
interfaces  12.5, 13.5, 14.0, 26.0, 26.1, 26.3
table 0     12.5
table 7     none
"
        )
    );
    let other = versions(Some(module("xt_rtpengine_rs", None)), &[]);
    assert_eq!(
        printed(&other, false),
        format!(
            "rtpctl      {OURS}\nmodule      xt_rtpengine_rs of unknown version\ninterfaces  not known\n"
        )
    );
}

#[test]
fn what_is_guessed_is_told() {
    let text = |module, tables: &[(u8, &str)]| {
        let text = printed(&versions(module, tables), false);
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        text(Some(module("xt_RTPENGINE", None)), &[(3, OLD)]),
        [
            "module      xt_RTPENGINE of unknown version",
            "interfaces  12.5 (a guess)",
            "table 3     12.5 (a guess)"
        ]
    );
    assert_eq!(
        text(Some(module("nft_rtpengine", None)), &[(3, NEW)])[1..],
        ["interfaces  26.3 (a guess)", "table 3     26.3 (a guess)"]
    );
    assert_eq!(
        text(Some(module("nft_rtpengine", Some("26.1.1.10"))), &[]),
        [
            "module      nft_rtpengine 26.1.1.10",
            "interfaces  26.1 (by the module's version)"
        ]
    );
    assert_eq!(
        text(None, &[]),
        ["module      none is loaded that rtpctl knows"]
    );
}

#[test]
fn tables_that_may_not_be_read_hide_nothing_else() {
    let hidden = Versions::new(Some(module("nft_rtpengine", None)), None);
    let text = printed(&hidden, false);
    let lines: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "module      nft_rtpengine of unknown version",
            "interfaces  26.0 (a guess)",
            "tables      not to be read"
        ]
    );
    let json: serde_json::Value = serde_json::from_str(&printed(&hidden, true)).expect("JSON");
    assert!(json["tables"].is_null());
}

#[test]
fn programs_are_told_the_same() {
    let ours = versions(Some(module("nft_rtpengine", None)), &[(3, NEW)]);
    let json: serde_json::Value = serde_json::from_str(&printed(&ours, true)).expect("JSON");
    let guess = serde_json::json!({"name": "26.3", "by": "guess"});
    let expected = serde_json::json!({
        "rtpctl": OURS,
        "json": 1,
        "module": {"name": "nft_rtpengine", "version": null, "source_version": "0123ABCD"},
        "interfaces": [guess],
        "tables": [{"id": 3, "interface": guess}],
    });
    assert_eq!(json, expected);
}
