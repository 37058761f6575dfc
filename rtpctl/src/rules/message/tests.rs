// SPDX-License-Identifier: GPL-2.0-only

use super::super::hex::hex;
use super::*;

use super::super::compile::compile;
use super::super::model::{Family, Kind, Place};
use super::super::words::parse;

fn table(family: Family, table: &str) -> TableName {
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

fn base(kind: Kind, hook: Hook, policy: Policy) -> Base {
    Base { kind, hook, policy }
}

/// A rule of these words.
fn rule(chain: ChainName, position: Position, words: &str) -> Op {
    let statements = parse(&[words.to_owned()]).expect("a rule");
    let expressions = compile(chain.table.family, &statements).expect("expressions");
    Op::NewRule {
        chain,
        position,
        expressions,
        comment: None,
    }
}

/// The one message between the frames of a batch.
fn message(op: Op) -> Vec<u8> {
    let bytes = batch(0, &[op]);
    let end = bytes.len() - 20;
    bytes.get(28..end).expect("a message").to_vec()
}

#[test]
fn a_batch_is_framed_and_names_the_generation() {
    let ops = [
        Op::DelTable(table(Family::Inet, "ab")),
        Op::DelTable(table(Family::Ip6, "cd")),
    ];
    let expected = hex(
        // NFNL_MSG_BATCH_BEGIN for subsystem 10, NFNL_BATCH_GENID 0x01020304
        "1c000000 1000 0100 00000000 00000000  00 00 000a  0800 0100 01020304
         1c000000 020a 0500 01000000 00000000  01 00 0000  0700 0100 61620000
         1c000000 020a 0500 02000000 00000000  0a 00 0000  0700 0100 63640000
         14000000 1100 0100 00000000 00000000  00 00 000a",
    );
    assert_eq!(batch(0x0102_0304, &ops), expected);
}

#[test]
fn a_table_is_made_exclusively_and_marked() {
    let op = Op::NewTable(table(Family::Inet, "rtpengine_3"));
    let expected = hex(
        // NLM_F_REQUEST, _ACK, _EXCL, _CREATE
        "34000000 000a 0506 01000000 00000000  01 00 0000
         1000 0100 727470656e67696e655f3300
         0d00 0600 0007 72747063746c 00 000000",
    );
    assert_eq!(message(op), expected);
}

#[test]
fn a_chain_is_called_at_the_input_hook() {
    let op = Op::NewChain {
        chain: table(Family::Ip, "filter").chain("rtpengine_3"),
        base: Some(base(Kind::FILTER, input(-5), Policy::Accept)),
    };
    let expected = hex("68000000 030a 0506 01000000 00000000  02 00 0000
         0b00 0100 66696c746572 00 00
         1000 0300 727470656e67696e655f3300
         1400 0480  0800 0100 00000001  0800 0200 fffffffb
         0800 0500 00000001
         0b00 0700 66696c746572 00 00
         0d00 0c00 0007 72747063746c 00 000000");
    assert_eq!(message(op), expected);
}

#[test]
fn the_expression_has_the_table_in_host_order() {
    let chain = table(Family::Inet, "rtpengine_3").chain("input");
    let op = rule(chain, Position::End, "meta l4proto udp rtpengine 3");
    let mut expected = hex(
        // NLM_F_REQUEST, _ACK, _ECHO, _CREATE, _APPEND
        "b4000000 060a 0d0c 01000000 00000000  01 00 0000
         1000 0100 727470656e67696e655f3300
         0a00 0200 696e70757400 0000
         7400 0480
           2400 0180  0900 0100 6d65746100 000000
                      1400 0280  0800 0100 00000001  0800 0200 00000010
           2c00 0180  0800 0100 636d7000
                      2000 0280  0800 0100 00000001  0800 0200 00000000
                                 0c00 0380  0500 0100 11 000000
           2000 0180  0e00 0100 727470656e67696e6500 0000
                      0c00 0280  0800 0100",
    );
    expected.extend(3_u32.to_ne_bytes());
    expected.extend(hex("0d00 0700 0007 72747063746c 00 000000"));
    assert_eq!(message(op), expected);
}

#[test]
fn the_target_goes_through_the_compatibility_layer() {
    let chain = table(Family::Ip6, "filter").chain("rtpengine_3");
    let op = rule(
        chain,
        Position::End,
        "meta l4proto udp rtpengine 3 via target",
    );
    let mut expected = hex("cc000000 060a 0d0c 01000000 00000000  0a 00 0000
         0b00 0100 66696c746572 00 00
         1000 0200 727470656e67696e655f3300
         8c00 0480
           2400 0180  0900 0100 6d65746100 000000
                      1400 0280  0800 0100 00000001  0800 0200 00000010
           2c00 0180  0800 0100 636d7000
                      2000 0280  0800 0100 00000001  0800 0200 00000000
                                 0c00 0380  0500 0100 11 000000
           3800 0180  0b00 0100 746172676574 00 00
                      2800 0280  0e00 0100 525450454e47494e4500 0000
                                 0800 0200 00000000
                                 0c00 0300");
    expected.extend(3_u32.to_ne_bytes());
    expected.extend([0; 4]);
    expected.extend(hex("0d00 0700 0007 72747063746c 00 000000"));
    assert_eq!(message(op), expected);
}

#[test]
fn a_rule_is_removed_by_its_handle() {
    let op = Op::DelRule {
        chain: table(Family::Ip, "filter").chain("ab"),
        handle: 0x0102_0304_0506_0708,
    };
    let expected = hex("34000000 080a 0500 01000000 00000000  02 00 0000
         0b00 0100 66696c746572 00 00
         0700 0200 616200 00
         0c00 0300 0102030405060708");
    assert_eq!(message(op), expected);
}

#[test]
fn a_chain_is_removed_by_its_name() {
    let op = Op::DelChain(table(Family::Ip, "ab").chain("cd"));
    // NLM_F_NONREC: a rule that came meanwhile is not removed with it.
    let expected = hex("24000000 050a 0501 01000000 00000000  02 00 0000
         0700 0100 616200 00
         0700 0300 636400 00");
    assert_eq!(message(op), expected);
}

#[test]
fn queries_ask_for_all_families() {
    let expect = |kind, sequence, text| assert_eq!(query(kind, sequence), hex(text));
    expect(
        Query::Generation,
        7,
        "14000000 100a 0100 07000000 00000000 00000000",
    );
    expect(
        Query::Tables,
        8,
        "14000000 010a 0103 08000000 00000000 00000000",
    );
    expect(
        Query::Chains,
        9,
        "14000000 040a 0103 09000000 00000000 00000000",
    );
    expect(
        Query::Rules,
        10,
        "14000000 070a 0103 0a000000 00000000 00000000",
    );
}

#[test]
fn a_chain_without_a_hook_has_its_name_alone() {
    let op = Op::NewChain {
        chain: table(Family::Ip, "ab").chain("cd"),
        base: None,
    };
    let expected = hex("34000000 030a 0506 01000000 00000000  02 00 0000
         0700 0100 616200 00
         0700 0300 636400 00
         0d00 0c00 0007 72747063746c 00 000000");
    assert_eq!(message(op), expected);
}

#[test]
fn a_chain_of_devices_names_them() {
    let chain = |devices: &[&str]| Op::NewChain {
        chain: table(Family::Netdev, "ab").chain("cd"),
        base: Some(base(
            Kind::FILTER,
            Hook {
                name: Place::Ingress,
                priority: 0,
                devices: devices.iter().map(|&name| name.to_owned()).collect(),
            },
            Policy::Drop,
        )),
    };
    let expect = |op, length: &str, devices: &str| {
        let expected = hex(&format!(
            "{length}000000 030a 0506 01000000 00000000  05 00 0000
             0700 0100 616200 00
             0700 0300 636400 00
             {devices}
             0800 0500 00000000
             0b00 0700 66696c746572 00 00
             0d00 0c00 0007 72747063746c 00 000000"
        ));
        assert_eq!(message(op), expected);
    };
    let hook = "0800 0100 00000000 0800 0200 00000000";
    expect(
        chain(&["e0"]),
        "64",
        &format!("1c00 0480 {hook} 0700 0300 653000 00"),
    );
    expect(
        chain(&["e0", "e1"]),
        "70",
        &format!("2800 0480 {hook} 1400 0480 0700 0100 653000 00 0700 0100 653100 00"),
    );
}

#[test]
fn a_table_sleeps_and_wakes_without_being_made() {
    for (dormant, flags) in [(true, "00000001"), (false, "00000000")] {
        let op = Op::SetDormant(table(Family::Inet, "ab"), dormant);
        let expected = hex(&format!(
            "24000000 000a 0500 01000000 00000000  01 00 0000
             0700 0100 616200 00
             0800 0200 {flags}"
        ));
        assert_eq!(message(op), expected);
    }
}

#[test]
fn a_rule_goes_where_it_is_told() {
    // The flags, and the attribute that names another rule: POSITION is 6, HANDLE is 3.
    for (position, flags, other) in [
        (Position::End, 0x0c0d, None),
        (Position::Beginning, 0x040d, None),
        (Position::Before(5), 0x040d, Some(6)),
        (Position::After(5), 0x0c0d, Some(6)),
        (Position::Replace(5), 0x010d, Some(3)),
    ] {
        let op = rule(table(Family::Ip, "ab").chain("cd"), position, "drop");
        let bytes = message(op);
        assert_eq!(bytes[6..8], u16::to_ne_bytes(flags), "{position:?}");
        let attribute = other.map(|kind: u8| [12, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0, 5]);
        match attribute {
            Some(attribute) => assert_eq!(bytes[36..48], attribute, "{position:?}"),
            None => assert_eq!(bytes[38], 4, "{position:?}: the expressions follow"),
        }
    }
}

#[test]
fn comments_are_found_beside_other_user_data() {
    assert_eq!(comment("rtpctl"), b"\x00\x07rtpctl\x00");
    assert_eq!(comment_of(&comment("rtpctl")).as_deref(), Some("rtpctl"));
    assert_eq!(
        comment_of(b"\x01\x02ab\x00\x03hi\x00").as_deref(),
        Some("hi")
    );
    assert_eq!(comment_of(b"\x00\x02hi").as_deref(), Some("hi"));
    assert_eq!(comment_of(b"\x01\x02ab"), None);
    assert_eq!(comment_of(b"\x00\x09hi\x00"), None);
    assert_eq!(comment_of(b"\x00"), None);
}
