// SPDX-License-Identifier: GPL-2.0-only

use netlink_packet_core::{Emitable, NlaBuffer, Parseable};
use proptest::prelude::*;

use super::super::hex::hex;
use super::*;

/// The bytes of an expression, without the header of the list's element.
fn bytes(expr: &Expr) -> Vec<u8> {
    let element = expr.encode();
    let mut bytes = vec![0; element.buffer_len()];
    element.emit(&mut bytes);
    bytes.split_off(4)
}

fn through_bytes(expr: &Expr) -> Expr {
    let element = expr.encode();
    let mut bytes = vec![0; element.buffer_len()];
    element.emit(&mut bytes);
    let buffer = NlaBuffer::new_checked(&bytes).expect("an attribute");
    let element = ListAttribute::<ExpressionAttribute>::parse(&buffer).expect("an element");
    Expr::decode(&element)
}

fn data() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 1..=16)
}

fn verdict() -> impl Strategy<Value = Verdict> {
    let name = || "[a-zA-Z_][a-zA-Z0-9_/.]{0,30}";
    prop_oneof![
        Just(Verdict::Accept),
        Just(Verdict::Drop),
        Just(Verdict::Continue),
        Just(Verdict::Return),
        name().prop_map(Verdict::Jump),
        name().prop_map(Verdict::Goto),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let register = || 0_u32..24;
    prop_oneof![
        (0_u32..40, register()).prop_map(|(key, to)| Expr::Meta {
            key: key.into(),
            to
        }),
        (any::<[u32; 3]>(), register()).prop_map(|([header, offset, length], to)| Expr::Payload {
            header,
            offset,
            length,
            to
        }),
        (any::<u32>(), register()).prop_map(|(key, to)| Expr::Conntrack { key, to }),
        (register(), register(), data()).prop_map(|(from, to, mask)| {
            let xor = vec![0; mask.len()];
            Expr::Bitwise {
                from,
                to,
                mask,
                xor,
            }
        }),
        (register(), 0_u32..6, data()).prop_map(|(from, operator, data)| Expr::Compare {
            from,
            operator: operator.into(),
            data
        }),
        (register(), any::<bool>(), data(), data()).prop_map(|(from, within, low, high)| {
            Expr::Range {
                from,
                within,
                low,
                high,
            }
        }),
        (
            register(),
            "[a-z_]{1,20}",
            any::<bool>(),
            proptest::option::of(register())
        )
            .prop_map(|(from, set, within, to)| Expr::Lookup {
                from,
                set,
                within,
                to
            }),
        (1_u32..24, data()).prop_map(|(to, data)| Expr::Immediate { to, data }),
        verdict().prop_map(Expr::Verdict),
        any::<[u64; 2]>().prop_map(|[packets, bytes]| Expr::Counter(Counter { packets, bytes })),
        (any::<u32>(), register(), proptest::option::of(register())).prop_map(
            |(family, address, port)| Expr::Dnat {
                family,
                address,
                port
            }
        ),
        any::<(u32, bool)>().prop_map(|(table, past_output)| Expr::Native { table, past_output }),
        any::<u32>().prop_map(|table| Expr::Compat { table }),
        "(limit|log|masq|reject|queue)".prop_map(|name| Expr::Other { name }),
    ]
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(expr in expr()) {
        prop_assert_eq!(through_bytes(&expr), expr);
    }
}

#[test]
fn the_modules_own_has_its_flag() {
    let native = |past_output| {
        bytes(&Expr::Native {
            table: 3,
            past_output,
        })
    };
    let id = "0800 0100 03000000";
    let name = "0e00 0100 727470656e67696e65000000";
    assert_eq!(native(false), hex(&format!("{name} 0c00 0280 {id}")));
    assert_eq!(
        native(true),
        hex(&format!("{name} 1000 0280 {id} 0400 1000"))
    );
}

#[test]
fn a_counter_has_bytes_before_packets() {
    let expr = Expr::Counter(Counter {
        packets: 10,
        bytes: 489,
    });
    let expected = "0c00 0100 636f756e74657200
                    1c00 0280  0c00 0100 00000000000001e9  0c00 0200 000000000000000a";
    assert_eq!(bytes(&expr), hex(expected));
}

#[test]
fn a_translation_names_its_registers() {
    let expr = Expr::Dnat {
        family: 2,
        address: 1,
        port: Some(2),
    };
    // NFTA_NAT_TYPE DNAT, _FAMILY IPv4, _REG_ADDR_MIN, _REG_PROTO_MIN.
    let expected = "0800 0100 6e617400
                    2400 0280  0800 0100 00000001  0800 0200 00000002  0800 0300 00000001  0800 0500 00000002";
    assert_eq!(bytes(&expr), hex(expected));
}

#[test]
fn what_the_kernel_adds_to_a_translation_changes_nothing() {
    let read = |more: &str| {
        let text = format!(
            "0800 0100 00000001  0800 0200 00000002  0800 0300 00000001  0800 0500 00000002 {more}"
        );
        let attributes: Vec<_> = netlink_packet_core::NlasIterator::new(&hex(&text))
            .map(|each| netlink_packet_core::DefaultNla::parse(&each.expect("one")).expect("one"))
            .collect();
        generic::decode("nat", &attributes)
    };
    let plain = Expr::Dnat {
        family: 2,
        address: 1,
        port: Some(2),
    };
    assert_eq!(
        read("0800 0400 00000001 0800 0600 00000002 0800 0700 00000003"),
        Some(plain)
    );
    // NF_NAT_RANGE_PROTO_RANDOM, and a range of addresses.
    assert_eq!(read("0800 0700 00000007"), None);
    assert_eq!(read("0800 0400 00000009"), None);
}

#[test]
fn what_is_cut_short_is_unknown() {
    for name in ["rtpengine", "target", "counter", "range", "ct", "nat"] {
        let element = Expr::Other {
            name: name.to_owned(),
        }
        .encode();
        assert_eq!(
            Expr::decode(&element),
            Expr::Other {
                name: name.to_owned()
            }
        );
    }
}
