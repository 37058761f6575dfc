// SPDX-License-Identifier: GPL-2.0-only

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::expr::Expr;
use super::refusal::{general, of_add, of_edit};
use super::*;

/// A folder that stands for /proc, removed in the end.
struct Proc(PathBuf);

impl Proc {
    /// With these folders, and with this module.
    fn new(folders: &[&str], module: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("rtpctl-rules-{}-{number}", std::process::id()));
        for folder in folders {
            fs::create_dir_all(path.join(folder)).expect("folders");
        }
        fs::create_dir_all(&path).expect("a folder");
        let line = format!("{module} 262144 1 - Live 0x0000000000000000 (OE)\n");
        fs::write(path.join("modules"), line).expect("a file");
        Self(path)
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn name(family: Family, table: &str, chain: &str) -> ChainName {
    let table = TableName {
        family,
        table: table.to_owned(),
    };
    table.chain(chain)
}

fn refusal(errno: Errno) -> Refusal {
    Refusal {
        op: Some(0),
        errno,
        message: None,
    }
}

/// Why a rule for table 3 is refused, by `rule add` as by hand.
fn refused(proc: &Proc, via: Via, errno: Errno) -> Failure {
    let config = RuleConfig {
        table: 3,
        families: vec![RuleFamily::Ip],
        via,
        priority: None,
        counter: false,
        hook: Place::Input,
        devices: Vec::new(),
        past_output: false,
    };
    let op = Op::NewRule {
        chain: name(Family::Ip, "filter", "input"),
        position: Position::End,
        expressions: vec![match via {
            Via::Expression => Expr::Native {
                table: 3,
                past_output: false,
            },
            Via::Target => Expr::Compat { table: 3 },
        }],
        comment: None,
    };
    let client = Client::new(&proc.0, &proc.0);
    let failure = of_add(&config, &client, Some(&op), &refusal(errno));
    let by_hand = of_edit(&client, Some(&op), &refusal(errno));
    assert_eq!((by_hand.code, &by_hand.hint), (failure.code, &failure.hint));
    failure
}

#[test]
fn no_module_is_told_first() {
    let proc = Proc::new(&[], "veth");
    for via in [Via::Expression, Via::Target] {
        let failure = refused(&proc, via, Errno::ENOENT);
        assert_eq!(failure.code, Code::NoModule);
        assert!(
            failure.what.starts_with("no RTP relay module"),
            "{}",
            failure.what
        );
    }
}

#[test]
fn the_other_way_is_proposed_when_the_kernel_knows_only_that() {
    let old = Proc::new(&["rtpengine/3"], "xt_RTPENGINE");
    let failure = refused(&old, Via::Expression, Errno::ENOENT);
    assert_eq!(failure.code, Code::Generation);
    assert!(failure
        .hint
        .is_some_and(|hint| hint.contains("`--via target`")));
    let new = Proc::new(&["rtpengine"], "nft_rtpengine");
    let failure = refused(&new, Via::Target, Errno::ENOENT);
    assert_eq!(failure.code, Code::NoModule);
    assert!(failure
        .hint
        .is_some_and(|hint| hint.contains("leave --via out")));
}

#[test]
fn a_table_of_another_namespace_is_told() {
    let proc = Proc::new(&["rtpengine/3"], "xt_rtpengine_rs");
    let failure = refused(&proc, Via::Expression, Errno::ENOENT);
    assert_eq!(failure.code, Code::Refused);
    assert!(failure
        .what
        .ends_with("the table belongs to another network namespace"));
}

#[test]
fn other_refusals_have_their_codes() {
    let proc = Proc::new(&["rtpengine/3"], "xt_rtpengine_rs");
    for (errno, code) in [
        (Errno::EPERM, Code::Permission),
        (Errno::ERANGE, Code::Refused),
        (Errno::EOPNOTSUPP, Code::Refused),
        (Errno::EBUSY, Code::Busy),
        (Errno::EEXIST, Code::Exists),
    ] {
        assert_eq!(refused(&proc, Via::Expression, errno).code, code, "{errno}");
    }
}

#[test]
fn the_words_of_the_kernel_are_passed_on() {
    let refusal = Refusal {
        op: None,
        errno: Errno::EINVAL,
        message: Some("odd\u{1b}".to_owned()),
    };
    let failure = general("the rule", &refusal);
    assert_eq!(
        failure.what,
        "the rule: Invalid argument (odd\\u{1b}); nothing was changed"
    );
}

#[test]
fn a_kernel_without_nftables_is_told() {
    let failure =
        refusal::no_nftables(&io::Error::from_raw_os_error(Errno::EPROTONOSUPPORT as i32));
    assert_eq!(failure.code, Code::Refused);
    assert_eq!(
        failure.hint.as_deref(),
        Some("load it: `modprobe nf_tables`")
    );
    let failure = refusal::no_nftables(&io::Error::from_raw_os_error(Errno::EPERM as i32));
    assert_eq!(failure.code, Code::Permission);
}

#[test]
fn rules_that_are_left_of_a_table_are_told() {
    let rule = |table, ours: bool| Rule {
        chain: name(Family::Inet, "rtpengine_3", "input"),
        handle: 1,
        statements: vec![Statement::Relay(statement::Relay {
            table,
            via: Via::Expression,
            past_output: false,
        })],
        comment: ours.then(|| "rtpctl".to_owned()),
    };
    assert_eq!(left_in(&[], 3), None);
    assert_eq!(left_in(&[rule(4, true)], 3), None);
    assert_eq!(
        left_in(&[rule(3, true), rule(4, false)], 3).as_deref(),
        Some(
            "a rule still names table 3, and matches nothing until it is added again; \
             `rtpctl rule del 3` removes what rtpctl made"
        )
    );
    assert_eq!(
        left_in(&[rule(3, false), rule(3, false)], 3).as_deref(),
        Some(
            "2 rules still name table 3, and match nothing until it is added again; \
             `rtpctl rule list` shows them"
        )
    );
}

#[test]
fn a_device_that_is_missing_is_told() {
    let proc = Proc::new(&[], "veth");
    let client = Client::new(&proc.0, &proc.0);
    let op = Op::NewChain {
        chain: name(Family::Netdev, "a", "b"),
        base: Some(Base {
            kind: Kind::FILTER,
            hook: Hook {
                name: Place::Ingress,
                priority: 0,
                devices: vec!["none".to_owned()],
            },
            policy: Policy::Accept,
        }),
    };
    let failure = of_edit(&client, Some(&op), &refusal(Errno::ENOENT));
    assert_eq!(failure.code, Code::NotFound);
    assert_eq!(
        failure.what,
        "chain netdev a b was refused: there is no such device"
    );
}
