// SPDX-License-Identifier: GPL-2.0-only

use clap::Parser;

use super::super::super::cli::{Cli, Command, Rule};
use super::super::super::exit::Code;
use super::*;

fn rule(options: &str) -> Result<RuleConfig, Failure> {
    let line = format!("rtpctl rule add 5 {options}");
    let cli = Cli::try_parse_from(line.split_whitespace()).expect("a well-formed line");
    match cli.command {
        Command::Rule(Rule::Add {
            table,
            family,
            via,
            hook,
            device,
            priority,
            counter,
            past_output,
        }) => {
            let options = RuleOptions {
                families: &family,
                via: via.unwrap_or(Via::Expression),
                priority,
                counter,
                hook,
                devices: &device,
                past_output,
            };
            RuleConfig::resolve(table.id, &options)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_families_follow_the_way_of_the_call() {
    let families = |options| rule(options).expect("valid").families;
    assert_eq!(families(""), [Family::Inet]);
    assert_eq!(families("--via target"), [Family::Ip, Family::Ip6]);
    assert_eq!(families("--via target --family ip6"), [Family::Ip6]);
    assert_eq!(
        families("--family ip --family ip6 --family ip"),
        [Family::Ip, Family::Ip6]
    );
    let priority = |options| rule(options).expect("valid").priority;
    assert_eq!(priority(""), None);
    assert_eq!(priority("--priority -5"), Some(-5));
    assert_eq!(priority("--priority=-5"), Some(-5));
    assert_eq!(priority("--priority filter+5"), Some(5));
    assert!(rule("--counter").expect("valid").counter);
}

#[test]
fn past_output_is_for_ingress() {
    let config = rule("--hook ingress --device eth0 --past-output").expect("valid");
    assert!(config.past_output);
    for options in ["--past-output", "--hook prerouting --past-output"] {
        let failure = rule(options).expect_err("no such thing");
        assert_eq!(failure.code, Code::Usage);
        assert_eq!(
            failure.what, "--past-output goes with the hook ingress",
            "{options}"
        );
    }
}

#[test]
fn the_target_has_no_inet() {
    let failure = rule("--via target --family inet").expect_err("no such thing");
    assert_eq!(failure.code, Code::Usage);
}

fn by_hand(line: &str) -> Result<Edit, Failure> {
    let cli = Cli::try_parse_from(format!("rtpctl rule {line}").split_whitespace())
        .unwrap_or_else(|error| panic!("{error}"));
    match cli.command {
        Command::Rule(rule) => edit(&rule).map(|edit| edit.expect("by hand")),
        other => panic!("{other:?}"),
    }
}

fn rtp_table() -> TableName {
    TableName {
        family: rules::Family::Inet,
        table: "rtp_table".to_owned(),
    }
}

fn rtp_chain() -> ChainName {
    ChainName {
        table: rtp_table(),
        chain: "rtp_chain".to_owned(),
    }
}

#[test]
fn commands_on_tables_are_resolved() {
    let key = Key {
        force: true,
        handle: Some(7),
    };
    let none = Key::default();
    for (line, expected) in [
        ("table add inet rtp_table", Edit::AddTable(rtp_table())),
        (
            "table del inet rtp_table",
            Edit::DelTable(rtp_table(), none),
        ),
        (
            "table del inet rtp_table --force --handle 7",
            Edit::DelTable(rtp_table(), key),
        ),
        (
            "table flush inet rtp_table",
            Edit::FlushTable(rtp_table(), none),
        ),
        (
            "table dormant inet rtp_table",
            Edit::SetDormant(rtp_table(), true, none),
        ),
        (
            "table awake inet rtp_table",
            Edit::SetDormant(rtp_table(), false, none),
        ),
        (
            "chain del inet rtp_table rtp_chain",
            Edit::DelChain(rtp_chain(), none),
        ),
        (
            "chain flush inet rtp_table rtp_chain",
            Edit::FlushChain(rtp_chain(), none),
        ),
        (
            "chain add inet rtp_table rtp_chain",
            Edit::AddChain(rtp_chain(), None),
        ),
    ] {
        assert_eq!(by_hand(line).expect("valid"), expected, "{line}");
    }
}

#[test]
fn a_chain_has_its_hook_with_defaults_filled_in() {
    let base =
        |options: &str| match by_hand(&format!("chain add inet rtp_table rtp_chain {options}")) {
            Ok(Edit::AddChain(_, Some(base))) => base,
            other => panic!("{other:?}"),
        };
    assert_eq!(
        base("--hook prerouting --priority mangle"),
        Base {
            kind: rules::Kind::FILTER,
            hook: Hook {
                name: rules::Place::Prerouting,
                priority: -150,
                devices: vec![],
            },
            policy: rules::Policy::Accept,
        }
    );
    let other = base(
        "--hook ingress --priority -5 --device b --device a --device b --policy drop --type nat",
    );
    assert_eq!(other.hook.devices, ["a", "b"]);
    assert_eq!(
        (other.kind, other.policy),
        (rules::Kind::NAT, rules::Policy::Drop)
    );
    let failure =
        by_hand("chain add inet rtp_table rtp_chain --hook input").expect_err("no priority");
    assert_eq!(failure.code, Code::Usage);
}

#[test]
fn commands_on_rules_are_resolved() {
    let drop = || rules::statements(&["drop".to_owned()]).expect("a rule");
    let force = Key {
        force: true,
        handle: None,
    };
    let rule = |position| Edit::AddRule(rtp_chain(), position, drop(), Key::default());
    for (line, expected) in [
        ("append inet rtp_table rtp_chain drop", rule(Position::End)),
        (
            "insert inet rtp_table rtp_chain drop",
            rule(Position::Beginning),
        ),
        (
            "insert inet rtp_table rtp_chain --before 4 drop",
            rule(Position::Before(4)),
        ),
        (
            "insert inet rtp_table rtp_chain drop --after 4",
            rule(Position::After(4)),
        ),
        (
            "replace inet rtp_table rtp_chain 4 drop",
            rule(Position::Replace(4)),
        ),
        (
            "replace inet rtp_table rtp_chain 4 drop --force",
            Edit::AddRule(rtp_chain(), Position::Replace(4), drop(), force),
        ),
        (
            "remove inet rtp_table rtp_chain 4",
            Edit::DelRule(rtp_chain(), 4, Key::default()),
        ),
        (
            "remove inet rtp_table rtp_chain 4 --force",
            Edit::DelRule(rtp_chain(), 4, force),
        ),
    ] {
        assert_eq!(by_hand(line).expect("valid"), expected, "{line}");
    }
    let failure = by_hand("append inet rtp_table rtp_chain dropp").expect_err("no word");
    assert_eq!(failure.code, Code::Usage);
}

#[test]
fn names_have_a_length() {
    let long = "x".repeat(256);
    for line in [
        format!("table add inet {long}"),
        format!("chain add inet a {long}"),
    ] {
        assert_eq!(by_hand(&line).expect_err("too long").code, Code::Usage);
    }
}

#[test]
fn devices_go_with_ingress() {
    let config = rule("--hook ingress --device b --device a --device b").expect("valid");
    assert_eq!(config.hook, rules::Place::Ingress);
    assert_eq!(config.devices, ["a", "b"]);
    assert_eq!(
        rule("--hook prerouting").expect("valid").hook,
        rules::Place::Prerouting
    );
    for options in [
        "--hook ingress",
        "--device eth0",
        "--hook prerouting --device eth0",
        "--hook ingress --device eth0 --family ip",
        "--hook prerouting --via target",
    ] {
        let failure = rule(options).expect_err(options);
        assert_eq!(failure.code, Code::Usage, "{options}");
        assert!(failure.hint.is_some(), "{options}");
    }
}
