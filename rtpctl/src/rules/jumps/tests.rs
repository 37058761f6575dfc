// SPDX-License-Identifier: GPL-2.0-only

use super::super::fixture::{base, table, By};
use super::super::model::{Family, Place, Policy};
use super::*;

/// What the daemon makes: `INPUT` jumps to its chain. Beside it a chain of the same name in another table.
fn daemon() -> Ruleset {
    let filter = table(Family::Ip, "filter");
    let other = table(Family::Ip6, "filter");
    Ruleset::default()
        .with_table(&filter, By::Others)
        .with_table(&other, By::Others)
        .with_chain(
            &filter.chain("INPUT"),
            Some(base(Place::Input, 0, Policy::Accept)),
            By::Others,
        )
        .with_chain(&filter.chain("rtpengine"), None, By::Others)
        .with_chain(&other.chain("rtpengine"), None, By::Others)
        .with_rule(
            &filter.chain("INPUT"),
            "udp dport 1 jump rtpengine",
            By::Others,
        )
        .with_rule(&filter.chain("rtpengine"), "rtpengine 0", By::Others)
        .with_rule(&other.chain("rtpengine"), "rtpengine 0", By::Others)
}

fn ways(ruleset: &Ruleset, chain: &ChainName) -> Vec<String> {
    ruleset
        .paths(chain)
        .iter()
        .map(|path| {
            let through: Vec<_> = path
                .through
                .iter()
                .map(|step| step.chain.as_str())
                .collect();
            format!(
                "{} {} {}",
                path.hook.name.word(),
                path.hook.priority,
                through.join(" ")
            )
        })
        .collect()
}

#[test]
fn a_rule_of_the_daemon_has_the_hook_that_leads_to_it() {
    let listed = daemon().relaying();
    let hooks: Vec<_> = listed
        .iter()
        .map(|rule| rule.hook.as_ref().map(|hook| (hook.name, hook.priority)))
        .collect();
    assert_eq!(hooks, [Some((Place::Input, 0)), None]);
    assert_eq!(
        listed[0].paths[0].through,
        [Step {
            chain: "INPUT".to_owned(),
            handle: 6
        }]
    );
}

#[test]
fn jumps_and_gotos_are_followed_and_the_first_hook_comes_first() {
    let inet = table(Family::Inet, "t");
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| inet.chain(name));
    let ruleset = Ruleset::default()
        .with_table(&inet, By::Others)
        .with_chain(&a, Some(base(Place::Input, 0, Policy::Accept)), By::Others)
        .with_chain(
            &b,
            Some(base(Place::Prerouting, 10, Policy::Accept)),
            By::Others,
        )
        .with_chain(&c, None, By::Others)
        .with_chain(&d, None, By::Others)
        .with_rule(&a, "goto c", By::Others)
        .with_rule(&b, "jump c", By::Others)
        .with_rule(&b, "jump d", By::Others)
        .with_rule(&c, "jump d", By::Others);
    assert_eq!(ways(&ruleset, &c), ["prerouting 10 b", "input 0 a"]);
    assert_eq!(
        ways(&ruleset, &d),
        ["prerouting 10 b", "prerouting 10 b c", "input 0 a c"]
    );
    assert_eq!(ways(&ruleset, &a), ["input 0 "]);
}

#[test]
fn what_the_kernel_would_not_have_ends() {
    let inet = table(Family::Inet, "t");
    let [a, b] = ["a", "b"].map(|name| inet.chain(name));
    let ruleset = Ruleset::default()
        .with_table(&inet, By::Others)
        .with_chain(&a, None, By::Others)
        .with_chain(&b, Some(base(Place::Input, 0, Policy::Accept)), By::Others)
        .with_rule(&a, "jump a", By::Others)
        .with_rule(&a, "jump a", By::Others)
        .with_rule(&b, "jump a", By::Others);
    assert!(ruleset.paths(&a).len() <= MOST);
}
