// SPDX-License-Identifier: GPL-2.0-only

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::super::super::exit::Code;
use super::super::read::read;
use super::super::statement::{Counter, TCP, UDP};
use super::super::words::parse;
use super::*;

fn is() -> impl Strategy<Value = Is> {
    prop_oneof![Just(Is::Equal), Just(Is::NotEqual)]
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Source), Just(End::Destination)]
}

fn address(version: u8) -> BoxedStrategy<Statement> {
    let prefix = match version {
        4 => (any::<u32>(), 0_u8..=32)
            .prop_map(|(address, length)| Prefix::new(Ipv4Addr::from(address).into(), length))
            .boxed(),
        _ => (any::<u128>(), 0_u8..=128)
            .prop_map(|(address, length)| Prefix::new(Ipv6Addr::from(address).into(), length))
            .boxed(),
    };
    (is(), end(), prefix)
        .prop_map(|(is, end, prefix)| Statement::Address {
            is,
            end,
            prefix: prefix.expect("a length"),
        })
        .boxed()
}

fn port(protocol: u8) -> impl Strategy<Value = Statement> {
    (is(), end(), any::<[u16; 2]>()).prop_map(move |(is, end, ports)| Statement::Port {
        is,
        protocol: Some(protocol),
        end,
        first: ports[0].min(ports[1]),
        last: ports[0].max(ports[1]),
    })
}

fn interface() -> impl Strategy<Value = Statement> {
    let way = prop_oneof![Just(Way::In), Just(Way::Out)];
    (is(), way, "[a-z][a-z0-9.]{0,13}[*]?").prop_map(|(is, way, name)| Statement::Interface {
        is,
        way,
        name,
    })
}

fn decision(version: u8, via: bool) -> BoxedStrategy<Statement> {
    let relay = (0_u32..64, any::<bool>(), any::<bool>()).prop_map(move |(table, target, past)| {
        let via = if target && via {
            Via::Target
        } else {
            Via::Expression
        };
        Statement::Relay(Relay {
            table,
            via,
            past_output: past && via == Via::Expression,
        })
    });
    let address = match version {
        4 => (1_u32..)
            .prop_map(|address| IpAddr::V4(address.into()))
            .boxed(),
        _ => (1_u128..)
            .prop_map(|address| IpAddr::V6(address.into()))
            .boxed(),
    };
    let dnat = (address, proptest::option::of(1_u16..))
        .prop_map(|(address, port)| Statement::Dnat { address, port });
    let verdict = prop_oneof![
        Just(Verdict::Accept),
        Just(Verdict::Drop),
        Just(Verdict::Return),
        Just(Verdict::Continue),
        "[a-z][a-z0-9_]{0,20}".prop_map(Verdict::Jump),
        "[a-z][a-z0-9_]{0,20}".prop_map(Verdict::Goto),
    ];
    let verdict = verdict.prop_map(|verdict| Statement::Verdict { verdict });
    prop_oneof![relay, dnat, verdict].boxed()
}

/// A family, and statements that make sense in it, in any order and without what goes without saying.
pub(in super::super) fn rule() -> impl Strategy<Value = (Family, Vec<Statement>)> {
    let families = prop_oneof![
        Just(Family::Inet),
        Just(Family::Ip),
        Just(Family::Ip6),
        Just(Family::Netdev)
    ];
    let protocol = prop_oneof![Just(UDP), Just(TCP)];
    (families, prop_oneof![Just(4_u8), Just(6)], protocol)
        .prop_flat_map(|(family, version, protocol)| {
            let version = family.version().unwrap_or(version);
            let counter = any::<[u64; 2]>()
                .prop_map(|[packets, bytes]| Statement::Counter(Counter { packets, bytes }));
            let matches = prop_oneof![address(version), port(protocol), interface(), counter];
            let first = port(protocol);
            let rest = proptest::collection::vec(matches, 0..6);
            let last = decision(version, family.version().is_some());
            (Just(family), first, rest, last)
        })
        .prop_map(|(family, first, rest, last)| {
            let statements = [vec![first], rest, vec![last]].concat();
            (family, statements)
        })
}

proptest! {
    #[test]
    fn what_is_compiled_is_read((family, statements) in rule()) {
        let expressions = compile(family, &statements).expect("a rule");
        prop_assert_eq!(read(family, &expressions), statements);
    }
}

/// The rule of these words, compiled.
fn compiled(family: Family, words: &str) -> Result<Vec<Expr>, Failure> {
    compile(family, &parse(&[words.to_owned()]).expect("words"))
}

fn load(key: MetaKey) -> Expr {
    Expr::Meta { key, to: 1 }
}

fn equal(data: &[u8]) -> Expr {
    Expr::Compare {
        from: 1,
        operator: Operator::Equal,
        data: data.to_vec(),
    }
}

#[test]
fn what_a_match_takes_for_granted_is_matched_once() {
    let address = |offset| Expr::Payload {
        header: 1,
        offset,
        length: 4,
        to: 1,
    };
    let protocol = [load(MetaKey::L4Proto), equal(&[17])];
    let port = |offset, port: u16| {
        [
            Expr::Payload {
                header: 2,
                offset,
                length: 2,
                to: 1,
            },
            equal(&port.to_be_bytes()),
        ]
    };
    let words = "ip saddr 192.0.2.1 ip daddr 192.0.2.2 udp sport 1 udp dport 2";
    let same = [
        &[
            address(12),
            equal(&[192, 0, 2, 1]),
            address(16),
            equal(&[192, 0, 2, 2]),
        ][..],
        &protocol,
        &port(0, 1),
        &port(2, 2),
    ]
    .concat();
    let expect = |family, version: &[Expr]| {
        assert_eq!(
            compiled(family, words).expect("a rule"),
            [version, &same].concat()
        );
    };
    expect(Family::Ip, &[]);
    expect(Family::Inet, &[load(MetaKey::Nfproto), equal(&[2])]);
    expect(
        Family::Netdev,
        &[load(MetaKey::EtherTypeProtocol), equal(&[8, 0])],
    );
}

#[test]
fn a_prefix_is_masked_and_a_range_compared_twice() {
    assert_eq!(
        compiled(Family::Ip, "ip saddr 192.0.2.128/25 drop").expect("a rule"),
        [
            Expr::Payload {
                header: 1,
                offset: 12,
                length: 4,
                to: 1
            },
            Expr::Bitwise {
                from: 1,
                to: 1,
                mask: vec![255, 255, 255, 128],
                xor: vec![0; 4]
            },
            equal(&[192, 0, 2, 128]),
            Expr::Verdict(Verdict::Drop),
        ]
    );
    let compare = |operator, port: u16| Expr::Compare {
        from: 1,
        operator,
        data: port.to_be_bytes().to_vec(),
    };
    let ports = compiled(Family::Ip, "th dport 10000-20000 drop").expect("a rule");
    assert_eq!(
        ports[1..3],
        [
            compare(Operator::GreatherThanEqual, 10000),
            compare(Operator::LessThanEqual, 20000)
        ]
    );
}

#[test]
fn what_no_packet_can_be_is_refused() {
    for (family, words, says) in [
        (
            Family::Ip,
            "ip6 saddr 2001:db8::1 drop",
            "no packet is of IPv6",
        ),
        (
            Family::Inet,
            "ip saddr 192.0.2.1 ip6 daddr ::1 drop",
            "no packet is of IPv6",
        ),
        (
            Family::Inet,
            "ip saddr 192.0.2.1 udp dport 1 dnat to [::2]:1",
            "no packet is of IPv6",
        ),
        (
            Family::Ip,
            "udp dport 1 tcp sport 2 drop",
            "no packet has two transport protocols",
        ),
        (
            Family::Inet,
            "dnat to 192.0.2.1:5060",
            "a port can be translated where",
        ),
        (
            Family::Inet,
            "rtpengine 0 via target",
            "the target can be used in the families ip and ip6",
        ),
        (Family::Inet, "drop counter", "nothing is done after `drop`"),
        (Family::Inet, "udp dport 20-10 drop", "20-10 holds no port"),
        (
            Family::Inet,
            "iifname averylongdevicename drop",
            "`averylongdevicename` is no name of a device",
        ),
        (Family::Inet, "iifname * drop", "`*` is no name of a device"),
        (Family::Inet, "", "a rule says nothing"),
    ] {
        let failure = compiled(family, words).expect_err(words);
        assert_eq!(failure.code, Code::Usage, "{words}");
        assert!(failure.what.starts_with(says), "{words}: {}", failure.what);
        assert!(failure.hint.is_some(), "{words}");
    }
}
