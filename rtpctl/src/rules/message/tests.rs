// SPDX-License-Identifier: GPL-2.0-only

use super::super::hex::hex;
use super::*;

fn place(family: NetfilterProtoFamily, table: &str) -> Place {
    Place {
        family,
        table: table.to_owned(),
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
        Op::DelTable(place(NetfilterProtoFamily::Inet, "ab")),
        Op::DelTable(place(NetfilterProtoFamily::IPv6, "cd")),
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
    let op = Op::NewTable(place(NetfilterProtoFamily::Inet, "rtpengine_3"));
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
        place: place(NetfilterProtoFamily::IPv4, "filter"),
        chain: "rtpengine_3".to_owned(),
        priority: -5,
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
    let op = Op::NewRule {
        place: place(NetfilterProtoFamily::Inet, "rtpengine_3"),
        chain: "input".to_owned(),
        via: Via::Expression,
        id: 3,
    };
    let mut expected = hex(
        // NLM_F_REQUEST, _ACK, _CREATE, _APPEND
        "b4000000 060a 050c 01000000 00000000  01 00 0000
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
    let op = Op::NewRule {
        place: place(NetfilterProtoFamily::IPv6, "filter"),
        chain: "rtpengine_3".to_owned(),
        via: Via::Target,
        id: 3,
    };
    let mut expected = hex("cc000000 060a 050c 01000000 00000000  0a 00 0000
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
        place: place(NetfilterProtoFamily::IPv4, "filter"),
        chain: "ab".to_owned(),
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
    let op = Op::DelChain {
        place: place(NetfilterProtoFamily::IPv4, "ab"),
        chain: "cd".to_owned(),
    };
    let expected = hex("24000000 050a 0500 01000000 00000000  02 00 0000
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
