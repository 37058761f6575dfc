// SPDX-License-Identifier: GPL-2.0-only

//! Expressions that the library has types for.

use netlink_packet_netfilter::nftables::{
    Bitwise, Cmp, DataAttribute, Expressions, Immediate, Lookup, Meta, MetaKey, Operator, Payload,
    Register, Verdict as Code, VerdictAttribute,
};

use super::super::statement::Verdict;
use super::{Expr, VERDICT};

/// NF_DROP and NF_ACCEPT, which the library has no names for.
const DROP: Code = Code::Other(0);
const ACCEPT: Code = Code::Other(1);
/// NFT_LOOKUP_F_INV.
const INVERTED: u32 = 1;

/// The expression, if we know it all.
pub(super) fn decode(data: &Expressions) -> Option<Expr> {
    match data {
        Expressions::Meta(data) => meta_of(data),
        Expressions::Payload(data) => payload_of(data),
        Expressions::Bitwise(data) => bitwise_of(data),
        Expressions::Cmp(data) => compare_of(data),
        Expressions::Lookup(data) => lookup_of(data),
        Expressions::Immediate(data) => immediate_of(data),
        _ => None,
    }
}

/// The first attribute that the closure takes.
macro_rules! find {
    ($attributes:expr, $pattern:pat => $value:expr) => {
        $attributes.iter().find_map(|attribute| match attribute {
            $pattern => Some($value),
            _ => None,
        })
    };
}

pub(super) fn meta(key: MetaKey, to: u32) -> Expressions {
    Expressions::Meta(vec![Meta::DestinationRegister(to.into()), Meta::Key(key)])
}

fn meta_of(data: &[Meta]) -> Option<Expr> {
    Some(Expr::Meta {
        key: find!(data, Meta::Key(key) => *key)?,
        to: find!(data, Meta::DestinationRegister(to) => u32::from(*to))?,
    })
}

pub(super) fn payload(header: u32, offset: u32, length: u32, to: u32) -> Expressions {
    Expressions::Payload(vec![
        Payload::DestinationRegister(to.into()),
        Payload::Base(header),
        Payload::Offset(offset),
        Payload::Len(length),
    ])
}

fn payload_of(data: &[Payload]) -> Option<Expr> {
    Some(Expr::Payload {
        header: find!(data, Payload::Base(header) => *header)?,
        offset: find!(data, Payload::Offset(offset) => *offset)?,
        length: find!(data, Payload::Len(length) => *length)?,
        to: find!(data, Payload::DestinationRegister(to) => u32::from(*to))?,
    })
}

pub(super) fn bitwise(from: u32, to: u32, mask: &[u8], xor: &[u8]) -> Expressions {
    Expressions::Bitwise(vec![
        Bitwise::SourceRegister(from.into()),
        Bitwise::DestinationRegister(to.into()),
        Bitwise::Length(u32::try_from(mask.len()).unwrap_or(0)),
        Bitwise::Mask(DataAttribute::Value(mask.to_vec())),
        Bitwise::Xor(DataAttribute::Value(xor.to_vec())),
    ])
}

fn bitwise_of(data: &[Bitwise]) -> Option<Expr> {
    // NFT_BITWISE_MASK_XOR; the others shift, or take a second register.
    if find!(data, Bitwise::Op(operation) => *operation).unwrap_or(0) != 0 {
        return None;
    }
    Some(Expr::Bitwise {
        from: find!(data, Bitwise::SourceRegister(from) => u32::from(*from))?,
        to: find!(data, Bitwise::DestinationRegister(to) => u32::from(*to))?,
        mask: find!(data, Bitwise::Mask(DataAttribute::Value(mask)) => mask.clone())?,
        xor: find!(data, Bitwise::Xor(DataAttribute::Value(xor)) => xor.clone())?,
    })
}

pub(super) fn compare(from: u32, operator: Operator, data: &[u8]) -> Expressions {
    Expressions::Cmp(vec![
        Cmp::SourceRegister(from.into()),
        Cmp::Op(operator),
        Cmp::Data(DataAttribute::Value(data.to_vec())),
    ])
}

fn compare_of(data: &[Cmp]) -> Option<Expr> {
    Some(Expr::Compare {
        from: find!(data, Cmp::SourceRegister(from) => u32::from(*from))?,
        operator: find!(data, Cmp::Op(operator) => *operator)?,
        data: find!(data, Cmp::Data(DataAttribute::Value(data)) => data.clone())?,
    })
}

pub(super) fn lookup(from: u32, set: &str, within: bool, to: Option<u32>) -> Expressions {
    let mut data = vec![
        Lookup::Set(set.to_owned()),
        Lookup::SourceRegister(from.into()),
    ];
    data.extend(to.map(|to| Lookup::DestinationRegister(to.into())));
    if !within {
        data.push(Lookup::Flags(INVERTED));
    }
    Expressions::Lookup(data)
}

fn lookup_of(data: &[Lookup]) -> Option<Expr> {
    Some(Expr::Lookup {
        from: find!(data, Lookup::SourceRegister(from) => u32::from(*from))?,
        set: find!(data, Lookup::Set(set) => set.clone())?,
        within: find!(data, Lookup::Flags(flags) => *flags).unwrap_or(0) & INVERTED == 0,
        to: find!(data, Lookup::DestinationRegister(to) => u32::from(*to)),
    })
}

pub(super) fn immediate(to: u32, data: &[u8]) -> Expressions {
    Expressions::Immediate(vec![
        Immediate::DestinationRegister(to.into()),
        Immediate::Data(DataAttribute::Value(data.to_vec())),
    ])
}

pub(super) fn verdict(verdict: &Verdict) -> Expressions {
    let (code, chain) = match verdict {
        Verdict::Accept => (ACCEPT, None),
        Verdict::Drop => (DROP, None),
        Verdict::Continue => (Code::Continue, None),
        Verdict::Return => (Code::Return, None),
        Verdict::Jump(chain) => (Code::Jump, Some(chain)),
        Verdict::Goto(chain) => (Code::Goto, Some(chain)),
    };
    let mut data = vec![VerdictAttribute::Code(code)];
    data.extend(chain.map(|chain| VerdictAttribute::Chain(chain.clone())));
    Expressions::Immediate(vec![
        Immediate::DestinationRegister(Register::from(VERDICT)),
        Immediate::Data(DataAttribute::Verdict(data)),
    ])
}

fn immediate_of(data: &[Immediate]) -> Option<Expr> {
    match find!(data, Immediate::Data(data) => data)? {
        DataAttribute::Value(value) => Some(Expr::Immediate {
            to: find!(data, Immediate::DestinationRegister(to) => u32::from(*to))?,
            data: value.clone(),
        }),
        DataAttribute::Verdict(data) => verdict_of(data).map(Expr::Verdict),
        _ => None,
    }
}

fn verdict_of(data: &[VerdictAttribute]) -> Option<Verdict> {
    let chain = || find!(data, VerdictAttribute::Chain(chain) => chain.clone());
    match find!(data, VerdictAttribute::Code(code) => *code)? {
        ACCEPT => Some(Verdict::Accept),
        DROP => Some(Verdict::Drop),
        Code::Continue => Some(Verdict::Continue),
        Code::Return => Some(Verdict::Return),
        Code::Jump => Some(Verdict::Jump(chain()?)),
        Code::Goto => Some(Verdict::Goto(chain()?)),
        _ => None,
    }
}
