// SPDX-License-Identifier: GPL-2.0-only

//! The expressions that nftables executes, and their form in netlink. Those that the library knows are in [`typed`],
//! the others, the module's own among them, in [`generic`]: each has its encoder beside its decoder.

use netlink_packet_netfilter::nftables::{
    ExpressionAttribute, Expressions, ListAttribute, MetaKey, Operator,
};

use super::statement::{Counter, Verdict};

mod generic;
mod typed;

/// One expression. Registers have the numbers of nft_registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expr {
    /// Loads what is known of a packet into a register.
    Meta { key: MetaKey, to: u32 },
    /// Loads bytes of a packet.
    Payload {
        header: u32,
        offset: u32,
        length: u32,
        to: u32,
    },
    /// Loads what is known of its connection.
    Conntrack { key: u32, to: u32 },
    /// `to = from & mask ^ xor`.
    Bitwise {
        from: u32,
        to: u32,
        mask: Vec<u8>,
        xor: Vec<u8>,
    },
    /// Ends the rule unless the register compares so.
    Compare {
        from: u32,
        operator: Operator,
        data: Vec<u8>,
    },
    /// Ends the rule unless the register is within these bounds, or beyond them.
    Range {
        from: u32,
        within: bool,
        low: Vec<u8>,
        high: Vec<u8>,
    },
    /// Ends the rule unless the register is in a set, or is not. With a register to load into, it is a map.
    Lookup {
        from: u32,
        set: String,
        within: bool,
        to: Option<u32>,
    },
    /// Loads data into a register.
    Immediate { to: u32, data: Vec<u8> },
    /// Ends the rule.
    Verdict(Verdict),
    /// Counts.
    Counter(Counter),
    /// Translates the destination.
    Dnat {
        family: u32,
        address: u32,
        port: Option<u32>,
    },
    /// The module's own; what it relays may leave past the hooks of output and postrouting.
    Native { table: u32, past_output: bool },
    /// The module's xtables target by way of nft_compat.
    Compat { table: u32 },
    /// One that we do not make.
    Other { name: String },
}

/// The register of verdicts: NFT_REG_VERDICT.
pub(super) const VERDICT: u32 = 0;

impl Expr {
    /// In the form of the library.
    pub(super) fn encode(&self) -> ListAttribute<ExpressionAttribute> {
        let expression = match self {
            Self::Meta { key, to } => typed::meta(*key, *to),
            Self::Payload {
                header,
                offset,
                length,
                to,
            } => typed::payload(*header, *offset, *length, *to),
            Self::Bitwise {
                from,
                to,
                mask,
                xor,
            } => typed::bitwise(*from, *to, mask, xor),
            Self::Compare {
                from,
                operator,
                data,
            } => typed::compare(*from, *operator, data),
            Self::Lookup {
                from,
                set,
                within,
                to,
            } => typed::lookup(*from, set, *within, *to),
            Self::Immediate { to, data } => typed::immediate(*to, data),
            Self::Verdict(verdict) => typed::verdict(verdict),
            Self::Conntrack { key, to } => generic::conntrack(*key, *to),
            Self::Range {
                from,
                within,
                low,
                high,
            } => generic::range(*from, *within, low, high),
            Self::Counter(counter) => generic::counter(*counter),
            Self::Dnat {
                family,
                address,
                port,
            } => generic::dnat(*family, *address, *port),
            Self::Native { table, past_output } => generic::native(*table, *past_output),
            Self::Compat { table } => generic::compat(*table),
            Self::Other { name } => Expressions::Other {
                expression_type: name.clone(),
                attributes: Vec::new(),
            },
        };
        expression.into()
    }

    /// From the form of the library. What is beyond us is told by its name.
    pub(super) fn decode(element: &ListAttribute<ExpressionAttribute>) -> Self {
        let ListAttribute::Element(attributes) = element else {
            return unknown("");
        };
        let name = attributes.iter().find_map(|attribute| match attribute {
            ExpressionAttribute::Name(name) => Some(name.as_str()),
            _ => None,
        });
        let name = name.unwrap_or("");
        let data = attributes.iter().find_map(|attribute| match attribute {
            ExpressionAttribute::Data(data) => Some(data),
            _ => None,
        });
        let known = match data {
            Some(Expressions::Other {
                expression_type,
                attributes,
            }) => generic::decode(expression_type, attributes),
            Some(other) => typed::decode(other),
            None => None,
        };
        known.unwrap_or_else(|| unknown(name))
    }
}

fn unknown(name: &str) -> Expr {
    Expr::Other {
        name: name.to_owned(),
    }
}

#[cfg(test)]
pub(super) mod tests;
