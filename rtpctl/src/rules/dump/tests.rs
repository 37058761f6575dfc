// SPDX-License-Identifier: GPL-2.0-only

use super::super::hex::hex;
use super::super::jumps::Path;
use super::super::listing::Listed;
use super::*;

/// What a kernel 7.3 with the C module 26.0.1.26 answered, after `rule add 3` and
/// `rule add 3 --via target --family ip`.
const OURS: [&str; 6] = [
    "50000000000a020007000000740000000100000310000100727470656e67696e655f330008000300000000010c0004000000000000000001\
     08000200000000000d000600000772747063746c00000000",
    "4c000000000a02000700000074000000020000030b00010066696c746572000008000300000000010c000400000000000000000408000200\
     000000000d000600000772747063746c00000000",
    "84000000030a020007000000740000000100000310000100727470656e67696e655f33000a000300696e7075740000000c00020000000000\
     00000001140004000800010000000001080002000000000008000500000000010b00070066696c746572000008000a000000000108000600\
     000000010d000c00000772747063746c00000000",
    "84000000030a02000700000074000000020000030b00010066696c746572000010000300727470656e67696e655f33000c00020000000000\
     00000001140004000800010000000001080002000000000008000500000000010b00070066696c746572000008000a000000000108000600\
     000000010d000c00000772747063746c00000000",
    "c0000000060a020807000000740000000100000310000100727470656e67696e655f33000a000200696e7075740000000c00030000000000\
     000000027400040024000100090001006d6574610000000014000200080002000000001008000100000000012c00010008000100636d7000\
     20000200080001000000000108000200000000000c0003000500010011000000200001000e000100727470656e67696e650000000c000200\
     08000100030000000d000700000772747063746c00000000",
    "d8000000060a02080700000074000000020000030b00010066696c746572000010000200727470656e67696e655f33000c00030000000000\
     0000000\
     28c00040024000100090001006d6574610000000014000200080002000000001008000100000000012c00010008000100636d7000200002\
     00080001000000000108000200000000000c0003000500010011000000380001000b0001007461726765740000280002000e000100525450\
     454e47494e4500000008000200000000000c00030003000000000000000d000700000772747063746c00000000",
];

/// Two rules of the daemon 26.0.1.26: a verdict, and the call of the module with a counter.
const DAEMON: [&str; 2] = [
    "8c000000060a02080700000074000000020000100b00010066696c746572000010000200727470656e67696e655f30000c00030000000000\
     0000000534000400300001000e000100696d6d6564696174650000001c0002000800010000000000100002000c00020008000100ffffffff\
     1c0007000016727470656e67696e65205544502068616e646c657200",
    "98000000060a02080700000074000000020000100b00010066696c746572000010000200727470656e67696e655f30000c00030000000000\
     0000000\
     40c000600000000000000000550000400200001000e000100727470656e67696e650000000c00020008000100000000002c0001000c0001\
     00636f756e746572001c0002000c00010000000000000001e90c000200000000000000000a",
];

fn ruleset(messages: &[&str]) -> Ruleset {
    let mut ruleset = Ruleset::default();
    for message in messages {
        assert_eq!(ruleset.take(&hex(message)), Step::More);
    }
    assert_eq!(ruleset.unreadable, 0);
    ruleset
}

fn table_name(family: Family, table: &str) -> TableName {
    TableName {
        family,
        table: table.to_owned(),
    }
}

fn input(priority: i32) -> Hook {
    Hook {
        name: Place::Input,
        priority,
        devices: Vec::new(),
    }
}

#[test]
fn rules_of_both_kinds_are_found() {
    let rules = ruleset(&OURS).relaying();
    let listed = |family, table: &str, chain: &str, via, rule: &str| Listed {
        id: 3,
        family,
        table: table.to_owned(),
        chain: chain.to_owned(),
        handle: 2,
        via,
        past_output: false,
        hook: Some(input(0)),
        ours: true,
        dormant: false,
        counter: None,
        rule: rule.to_owned(),
        paths: vec![Path {
            hook: input(0),
            through: vec![],
        }],
    };
    assert_eq!(
        rules,
        [
            listed(
                Family::Inet,
                "rtpengine_3",
                "input",
                "expression",
                "meta l4proto udp rtpengine 3"
            ),
            listed(
                Family::Ip,
                "filter",
                "rtpengine_3",
                "target",
                "meta l4proto udp rtpengine 3 via target"
            ),
        ]
    );
}

#[test]
fn tables_and_chains_tell_who_made_them_and_how_much_they_are_used() {
    let ruleset = ruleset(&OURS);
    let inet = table_name(Family::Inet, "rtpengine_3");
    assert_eq!(
        ruleset.table(&inet),
        Some(&Table {
            name: inet.clone(),
            handle: 1,
            used: 1,
            dormant: false,
            ours: true
        })
    );
    let chain = ruleset.chain(&inet.chain("input")).expect("a chain");
    assert_eq!(
        *chain,
        Chain {
            name: inet.chain("input"),
            handle: 1,
            used: 1,
            base: Some(Base {
                kind: Kind::FILTER,
                hook: input(0),
                policy: Policy::Accept
            }),
            ours: true
        }
    );
    assert!(ruleset.chain(&inet.chain("rtpengine_3")).is_none());
}

#[test]
fn rules_of_the_daemon_are_found_and_are_not_ours() {
    let ruleset = ruleset(&DAEMON);
    let [verdict, call] = &ruleset.rules[..] else {
        panic!("{:?}", ruleset.rules);
    };
    assert_eq!(verdict.words(), "continue");
    assert_eq!(verdict.comment.as_deref(), Some("rtpengine UDP handler"));
    assert_eq!(call.words(), "rtpengine 0 counter packets 10 bytes 489");
    assert!(!verdict.ours() && !call.ours());
    let rules = ruleset.relaying();
    let [rule] = &rules[..] else {
        panic!("{rules:?}");
    };
    assert_eq!(
        (rule.id, rule.handle, rule.via, rule.ours),
        (0, 4, "expression", false)
    );
    assert_eq!(
        (rule.family, rule.chain.as_str()),
        (Family::Ip, "rtpengine_0")
    );
    assert_eq!(rule.counter.map(|counter| counter.packets), Some(10));
    assert_eq!(rule.hook, None);
}

#[test]
fn another_target_is_not_ours_to_show() {
    // The same rule with the target RTPENGINF.
    let other = OURS.map(|text| {
        let mut bytes = hex(text);
        let at = bytes.windows(9).position(|w| w == b"RTPENGINE");
        if let Some(byte) = at.and_then(|at| bytes.get_mut(at + 8)) {
            *byte = b'F';
        }
        bytes
    });
    let mut ruleset = Ruleset::default();
    for message in &other {
        assert_eq!(ruleset.take(message), Step::More);
    }
    let words: Vec<_> = ruleset.rules.iter().map(Rule::words).collect();
    assert_eq!(
        words,
        [
            "meta l4proto udp rtpengine 3",
            "meta l4proto udp [xt target RTPENGINF]"
        ]
    );
    assert_eq!(ruleset.relaying().len(), 1);
}

#[test]
fn the_end_errors_and_interruptions_are_told_apart() {
    let mut ruleset = Ruleset::default();
    assert_eq!(
        ruleset.take(&hex("14000000 0300 0200 07000000 74000000 00000000")),
        Step::Done
    );
    // NLMSG_ERROR with EPERM, and with none.
    let error =
        "24000000 0200 0000 07000000 74000000 ffffffff 14000000 070a 0103 07000000 00000000";
    assert_eq!(ruleset.take(&hex(error)), Step::Failed(1));
    let ack = "24000000 0200 0000 07000000 74000000 00000000 14000000 070a 0103 07000000 00000000";
    assert_eq!(ruleset.take(&hex(ack)), Step::Done);
    // NLM_F_DUMP_INTR.
    assert_eq!(
        ruleset.take(&hex("14000000 0300 1200 07000000 74000000 00000000")),
        Step::Interrupted
    );
}

#[test]
fn the_generation_is_read() {
    let mut ruleset = Ruleset::default();
    let answer = "1c000000 0f0a 0000 07000000 74000000 00000000 0800 0100 0000002a";
    assert_eq!(ruleset.take(&hex(answer)), Step::Done);
    assert_eq!(ruleset.generation, 42);
}

#[test]
fn what_cannot_be_read_hides_nothing() {
    let mut ruleset = Ruleset::default();
    for message in OURS {
        let mut bytes = hex(message);
        // An attribute that is longer than its message.
        if let Some(length) = bytes.get_mut(20) {
            *length = 0xff;
        }
        assert_eq!(ruleset.take(&bytes), Step::More);
        assert_eq!(ruleset.take(&hex(message)), Step::More);
    }
    assert_eq!(ruleset.unreadable, 6);
    assert_eq!(ruleset.rules.len(), 2);
}

#[test]
fn only_our_own_mark_makes_a_thing_ours() {
    let mut ruleset = Ruleset::default();
    for message in OURS {
        let mut bytes = hex(message);
        let at = bytes.windows(7).rposition(|w| w == b"rtpctl\0");
        if let Some(byte) = at.and_then(|at| bytes.get_mut(at + 5)) {
            *byte = b'x';
        }
        assert_eq!(ruleset.take(&bytes), Step::More);
    }
    assert!(ruleset.tables.iter().all(|table| !table.ours));
    assert!(ruleset.chains.iter().all(|chain| !chain.ours));
    assert!(ruleset.rules.iter().all(|rule| !rule.ours()));
    assert_eq!(
        (
            ruleset.tables.len(),
            ruleset.chains.len(),
            ruleset.rules.len()
        ),
        (2, 2, 2)
    );
}
