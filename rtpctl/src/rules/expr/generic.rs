// SPDX-License-Identifier: GPL-2.0-only

//! Expressions that the library has no types for, of plain attributes. Numbers are those of
//! include/uapi/linux/netfilter/nf_tables.h and nf_tables_compat.h.

use netlink_packet_core::{DefaultNla, Emitable, Nla, NlasIterator, NLA_F_NESTED, NLA_TYPE_MASK};
use netlink_packet_netfilter::nftables::{DataAttribute, Expressions};

use super::super::statement::Counter;
use super::Expr;

/// The module's nftables expression, and its attributes: the table, and the flag by which what is relayed leaves past the
/// hooks of output.
const NATIVE: &str = "rtpengine";
const NATIVE_TABLE: u16 = 1;
const NATIVE_PAST_OUTPUT: u16 = 16;
/// The compatibility expressions for xtables: NFTA_TARGET_NAME, _REV and _INFO; NFTA_MATCH_NAME is the same.
const COMPAT: &str = "target";
const COMPAT_MATCH: &str = "match";
const COMPAT_NAME: u16 = 1;
const COMPAT_REV: u16 = 2;
const COMPAT_INFO: u16 = 3;
/// The module's xtables target.
const TARGET: &str = "RTPENGINE";

const COUNTER: &str = "counter";
const COUNTER_BYTES: u16 = 1;
const COUNTER_PACKETS: u16 = 2;

const RANGE: &str = "range";
const RANGE_SREG: u16 = 1;
const RANGE_OP: u16 = 2;
const RANGE_FROM: u16 = 3;
const RANGE_TO: u16 = 4;

const CONNTRACK: &str = "ct";
const CONNTRACK_DREG: u16 = 1;
const CONNTRACK_KEY: u16 = 2;

const NAT: &str = "nat";
const NAT_TYPE: u16 = 1;
const NAT_FAMILY: u16 = 2;
const NAT_ADDRESS: u16 = 3;
const NAT_ADDRESS_MAX: u16 = 4;
const NAT_PORT: u16 = 5;
const NAT_PORT_MAX: u16 = 6;
const NAT_FLAGS: u16 = 7;
/// NFT_NAT_DNAT.
const DNAT: u32 = 1;
/// NF_NAT_RANGE_MAP_IPS and _PROTO_SPECIFIED, which say that there are an address and a port.
const NAT_PLAIN: u32 = 3;

/// The expression, if we know it all.
pub(super) fn decode(name: &str, data: &[DefaultNla]) -> Option<Expr> {
    match name {
        NATIVE => Some(Expr::Native {
            table: host_u32(&value(data, NATIVE_TABLE)?)?,
            past_output: value(data, NATIVE_PAST_OUTPUT).is_some(),
        }),
        COMPAT => compat_of(data),
        COMPAT_MATCH => Some(Expr::Other {
            name: format!("xt match {}", text(&value(data, COMPAT_NAME)?)),
        }),
        COUNTER => counter_of(data),
        RANGE => range_of(data),
        CONNTRACK => Some(Expr::Conntrack {
            to: number(data, CONNTRACK_DREG)?,
            key: number(data, CONNTRACK_KEY)?,
        }),
        NAT => nat_of(data),
        _ => None,
    }
}

/// Unlike the numbers of nftables itself, this one is in host order.
pub(super) fn native(table: u32, past_output: bool) -> Expressions {
    let mut data = vec![DefaultNla::new(NATIVE_TABLE, table.to_ne_bytes().to_vec())];
    if past_output {
        data.push(DefaultNla::new(NATIVE_PAST_OUTPUT, Vec::new()));
    }
    other(NATIVE, data)
}

/// xtables aligns a target's data, which are in host order, to 8 bytes.
pub(super) fn compat(table: u32) -> Expressions {
    let data = vec![
        DefaultNla::new(COMPAT_NAME, format!("{TARGET}\0").into_bytes()),
        of_number(COMPAT_REV, 0),
        DefaultNla::new(COMPAT_INFO, [table.to_ne_bytes(), [0; 4]].concat()),
    ];
    other(COMPAT, data)
}

fn compat_of(data: &[DefaultNla]) -> Option<Expr> {
    let target = text(&value(data, COMPAT_NAME)?);
    if target != TARGET {
        return Some(Expr::Other {
            name: format!("xt target {target}"),
        });
    }
    Some(Expr::Compat {
        table: host_u32(&value(data, COMPAT_INFO)?)?,
    })
}

pub(super) fn counter(counter: Counter) -> Expressions {
    let data = vec![
        DefaultNla::new(COUNTER_BYTES, counter.bytes.to_be_bytes().to_vec()),
        DefaultNla::new(COUNTER_PACKETS, counter.packets.to_be_bytes().to_vec()),
    ];
    other(COUNTER, data)
}

fn counter_of(data: &[DefaultNla]) -> Option<Expr> {
    let read = |kind| {
        let value = value(data, kind)?;
        Some(u64::from_be_bytes(value.try_into().ok()?))
    };
    Some(Expr::Counter(Counter {
        packets: read(COUNTER_PACKETS)?,
        bytes: read(COUNTER_BYTES)?,
    }))
}

pub(super) fn range(from: u32, within: bool, low: &[u8], high: &[u8]) -> Expressions {
    let data = vec![
        of_number(RANGE_SREG, from),
        of_number(RANGE_OP, u32::from(!within)),
        of_data(RANGE_FROM, low),
        of_data(RANGE_TO, high),
    ];
    other(RANGE, data)
}

fn range_of(data: &[DefaultNla]) -> Option<Expr> {
    Some(Expr::Range {
        from: number(data, RANGE_SREG)?,
        within: number(data, RANGE_OP)? == 0,
        low: nested_data(data, RANGE_FROM)?,
        high: nested_data(data, RANGE_TO)?,
    })
}

pub(super) fn conntrack(key: u32, to: u32) -> Expressions {
    other(
        CONNTRACK,
        vec![of_number(CONNTRACK_DREG, to), of_number(CONNTRACK_KEY, key)],
    )
}

pub(super) fn dnat(family: u32, address: u32, port: Option<u32>) -> Expressions {
    let mut data = vec![
        of_number(NAT_TYPE, DNAT),
        of_number(NAT_FAMILY, family),
        of_number(NAT_ADDRESS, address),
    ];
    data.extend(port.map(|port| of_number(NAT_PORT, port)));
    other(NAT, data)
}

/// Ranges, flags and source translation are beyond us.
fn nat_of(data: &[DefaultNla]) -> Option<Expr> {
    let (address, port) = (number(data, NAT_ADDRESS)?, number(data, NAT_PORT));
    let plain = number(data, NAT_TYPE)? == DNAT
        && number(data, NAT_ADDRESS_MAX).is_none_or(|max| max == address)
        && number(data, NAT_PORT_MAX).is_none_or(|max| Some(max) == port)
        && number(data, NAT_FLAGS).unwrap_or(0) & !NAT_PLAIN == 0;
    if !plain {
        return None;
    }
    Some(Expr::Dnat {
        family: number(data, NAT_FAMILY)?,
        address,
        port,
    })
}

fn other(name: &str, attributes: Vec<DefaultNla>) -> Expressions {
    Expressions::Other {
        expression_type: name.to_owned(),
        attributes,
    }
}

fn of_number(kind: u16, number: u32) -> DefaultNla {
    DefaultNla::new(kind, number.to_be_bytes().to_vec())
}

/// NFTA_DATA_VALUE, nested.
fn of_data(kind: u16, data: &[u8]) -> DefaultNla {
    let data = DataAttribute::Value(data.to_vec());
    let mut bytes = vec![0; data.buffer_len()];
    data.emit(&mut bytes);
    DefaultNla::new(kind | NLA_F_NESTED, bytes)
}

fn nested_data(attributes: &[DefaultNla], kind: u16) -> Option<Vec<u8>> {
    let bytes = value(attributes, kind)?;
    let first = NlasIterator::new(bytes.as_slice()).next()?.ok()?;
    Some(first.value().to_vec())
}

fn value(attributes: &[DefaultNla], kind: u16) -> Option<Vec<u8>> {
    let attribute = attributes
        .iter()
        .find(|attribute| attribute.kind() & NLA_TYPE_MASK == kind)?;
    let mut value = vec![0; attribute.value_len()];
    attribute.emit_value(&mut value);
    Some(value)
}

fn number(attributes: &[DefaultNla], kind: u16) -> Option<u32> {
    let value = value(attributes, kind)?;
    Some(u32::from_be_bytes(value.try_into().ok()?))
}

fn host_u32(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    String::from_utf8_lossy(bytes.get(..end.unwrap_or(bytes.len())).unwrap_or(bytes)).into_owned()
}
