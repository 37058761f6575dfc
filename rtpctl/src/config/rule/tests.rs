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
            priority,
        }) => RuleConfig::resolve(table.id, &family, via.unwrap_or(Via::Expression), priority),
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
    assert_eq!(rule("--priority -5").expect("valid").priority, -5);
}

#[test]
fn the_target_has_no_inet() {
    let failure = rule("--via target --family inet").expect_err("no such thing");
    assert_eq!(failure.code, Code::Usage);
}
