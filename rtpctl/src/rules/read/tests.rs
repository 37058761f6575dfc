// SPDX-License-Identifier: GPL-2.0-only

use super::*;

fn words(family: Family, expressions: &[Expr]) -> String {
    let words: Vec<_> = read(family, expressions)
        .iter()
        .map(Statement::to_string)
        .collect();
    words.join(" ")
}

fn meta(key: MetaKey) -> Expr {
    Expr::Meta { key, to: 1 }
}

fn payload(header: u32, offset: u32, length: u32) -> Expr {
    Expr::Payload {
        header,
        offset,
        length,
        to: 1,
    }
}

fn compare(operator: Operator, data: &[u8]) -> Expr {
    Expr::Compare {
        from: 1,
        operator,
        data: data.to_vec(),
    }
}

fn equal(data: &[u8]) -> Expr {
    compare(Operator::Equal, data)
}

#[test]
fn what_nft_makes_otherwise_is_read() {
    // `ip saddr 192.0.2.0/24` loads three bytes, and `ip protocol` loads from the header.
    assert_eq!(
        words(Family::Ip, &[payload(1, 12, 3), equal(&[192, 0, 2])]),
        "ip saddr 192.0.2.0/24"
    );
    assert_eq!(
        words(Family::Ip, &[payload(1, 9, 1), equal(&[17])]),
        "meta l4proto udp"
    );
    assert_eq!(
        words(Family::Ip6, &[payload(1, 6, 1), equal(&[17])]),
        "meta l4proto udp"
    );
    // A state is a bit of a mask.
    let mask = 6_u32.to_ne_bytes().to_vec();
    let state = [
        Expr::Conntrack { key: 0, to: 1 },
        Expr::Bitwise {
            from: 1,
            to: 1,
            mask,
            xor: vec![0; 4],
        },
        compare(Operator::NotEqual, &[0; 4]),
    ];
    assert_eq!(
        words(Family::Inet, &state),
        "[ct state established,related]"
    );
}

#[test]
fn what_we_do_not_make_is_told_as_far_as_it_goes() {
    let lookup = |to, within| Expr::Lookup {
        from: 1,
        set: "media".to_owned(),
        within,
        to,
    };
    let udp = [meta(MetaKey::L4Proto), equal(&[17])];
    for (expressions, expected) in [
        (
            vec![payload(2, 2, 2), lookup(None, true)],
            "[udp dport @media]",
        ),
        (
            vec![payload(2, 2, 2), lookup(None, false)],
            "[udp dport != @media]",
        ),
        (
            vec![payload(2, 2, 2), lookup(Some(0), true)],
            "[udp dport map @media]",
        ),
        (
            vec![
                payload(2, 2, 2),
                compare(Operator::GreaterThan, &[0x27, 0x10]),
            ],
            "[udp dport > 0x2710]",
        ),
        (
            vec![meta(MetaKey::Mark), equal(&[1, 0, 0, 0])],
            "meta l4proto udp [meta mark == 0x01000000]",
        ),
        (
            vec![payload(2, 4, 2), equal(&[0, 8])],
            "meta l4proto udp [something == 0x0008]",
        ),
        (
            vec![Expr::Other {
                name: "limit".to_owned(),
            }],
            "meta l4proto udp [limit]",
        ),
        (
            vec![Expr::Dnat {
                family: 2,
                address: 5,
                port: None,
            }],
            "meta l4proto udp [dnat]",
        ),
    ] {
        assert_eq!(
            words(Family::Ip, &[&udp[..], &expressions].concat()),
            expected
        );
    }
}

#[test]
fn an_address_is_read_where_the_version_is_known() {
    let load = [payload(1, 12, 4), equal(&[192, 0, 2, 1])];
    assert_eq!(words(Family::Ip, &load), "ip saddr 192.0.2.1");
    assert_eq!(words(Family::Inet, &load), "[something == 0xc0000201]");
    let version = [meta(MetaKey::Nfproto), equal(&[2])];
    assert_eq!(
        words(Family::Inet, &[&version[..], &load].concat()),
        "ip saddr 192.0.2.1"
    );
    // In another version the same bytes are another thing.
    let version = [meta(MetaKey::Nfproto), equal(&[10])];
    assert_eq!(
        words(Family::Inet, &[&version[..], &load].concat()),
        "meta nfproto ipv6 [something == 0xc0000201]"
    );
}

#[test]
fn what_is_no_prefix_is_not_told_as_one() {
    let masked = |mask: &[u8], data: &[u8]| {
        words(
            Family::Ip,
            &[
                payload(1, 12, 4),
                Expr::Bitwise {
                    from: 1,
                    to: 1,
                    mask: mask.to_vec(),
                    xor: vec![0; 4],
                },
                equal(data),
            ],
        )
    };
    assert_eq!(
        masked(&[255, 0, 0, 0], &[10, 0, 0, 0]),
        "ip saddr 10.0.0.0/8"
    );
    assert_eq!(
        masked(&[255, 0, 255, 0], &[10, 0, 1, 0]),
        "[ip saddr masked == 0x0a000100]"
    );
    assert_eq!(
        masked(&[255, 0, 0, 0], &[10, 0, 0, 1]),
        "[ip saddr masked == 0x0a000001]"
    );
}

#[test]
fn a_match_between_is_not_lost() {
    let counter = Expr::Counter(super::super::statement::Counter {
        packets: 1,
        bytes: 2,
    });
    let rule = [
        meta(MetaKey::L4Proto),
        equal(&[17]),
        counter,
        payload(2, 2, 2),
        equal(&[0, 5]),
    ];
    assert_eq!(
        words(Family::Ip, &rule),
        "meta l4proto udp counter packets 1 bytes 2 udp dport 5"
    );
    // Not UDP, and a port: whose it is, nobody knows.
    let rule = [
        meta(MetaKey::L4Proto),
        compare(Operator::NotEqual, &[17]),
        payload(2, 2, 2),
        equal(&[0, 5]),
    ];
    assert_eq!(words(Family::Ip, &rule), "meta l4proto != udp th dport 5");
}
