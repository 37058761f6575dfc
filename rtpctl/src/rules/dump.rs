// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel tells of the ruleset: the tables, chains and rules that bear on ours.

use netlink_packet_core::{
    DecodeError, DefaultNla, NetlinkMessage, NetlinkPayload, Nla, NLA_TYPE_MASK, NLM_F_DUMP_INTR,
};
use netlink_packet_netfilter::nftables::{
    ChainAttribute, ExpressionAttribute, Expressions, GenAttribute, Hook as HookAttribute,
    HookNumber, ListAttribute, NfTablesMessage, RuleAttribute, TableAttribute,
};
use netlink_packet_netfilter::{NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily};

use super::super::config::Via;
use super::message::{
    Place, COMPAT, COMPAT_INFO, COMPAT_NAME, EXPRESSION, EXPRESSION_TABLE, MARK, TARGET,
};
use super::{Hook, Rule};

/// The ruleset, as far as it concerns us.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Ruleset {
    /// Grows with each change.
    pub(super) generation: u32,
    pub(super) tables: Vec<Table>,
    pub(super) chains: Vec<Chain>,
    pub(super) rules: Vec<Found>,
    /// Rules that could not be read.
    pub(crate) unreadable: usize,
}

/// A table of nftables.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) place: Place,
    /// How many chains, sets and other things it holds.
    pub(super) used: u32,
    pub(super) ours: bool,
}

/// A chain.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) place: Place,
    pub(super) name: String,
    /// How many rules it holds, and jumps lead to it.
    pub(super) used: u32,
    pub(super) hook: Option<(HookNumber, i32)>,
    pub(super) ours: bool,
}

/// A rule that calls the module.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) chain: String,
    pub(super) handle: u64,
    pub(super) via: Via,
    pub(super) id: u32,
    pub(super) ours: bool,
}

/// What a message of an answer means for the reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// More may follow.
    More,
    /// The answer is complete.
    Done,
    /// The ruleset changed while it was told.
    Interrupted,
    /// An error, as a positive errno.
    Failed(i32),
}

impl Ruleset {
    /// The rules that call the module.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        self.rules
            .iter()
            .map(|rule| Rule {
                id: rule.id,
                family: family_word(rule.place.family),
                table: rule.place.table.clone(),
                chain: rule.chain.clone(),
                handle: rule.handle,
                via: rule.via.word(),
                hook: self
                    .chain(&rule.place, &rule.chain)
                    .and_then(|chain| chain.hook)
                    .map(|(number, priority)| Hook {
                        name: hook_word(rule.place.family, number),
                        priority,
                    }),
                ours: rule.ours,
            })
            .collect()
    }

    /// A table of nftables.
    pub(super) fn table(&self, place: &Place) -> Option<&Table> {
        self.tables.iter().find(|table| table.place == *place)
    }

    /// A chain.
    pub(super) fn chain(&self, place: &Place, name: &str) -> Option<&Chain> {
        self.chains
            .iter()
            .find(|chain| chain.place == *place && chain.name == name)
    }

    /// Takes one message of an answer.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Step {
        let message = match NetlinkMessage::<NetfilterMessage>::deserialize(bytes) {
            Ok(message) => message,
            Err(error) => return self.unreadable(&error),
        };
        if message.header.flags & NLM_F_DUMP_INTR != 0 {
            return Step::Interrupted;
        }
        match message.payload {
            NetlinkPayload::Done(_) => Step::Done,
            NetlinkPayload::Error(error) => match error.raw_code() {
                0 => Step::Done,
                code => Step::Failed(code.saturating_neg()),
            },
            NetlinkPayload::InnerMessage(message) => self.take_inner(message),
            _ => Step::More,
        }
    }

    /// A foreign rule of a form that the decoder does not know must not hide the others.
    fn unreadable(&mut self, _: &DecodeError) -> Step {
        self.unreadable = self.unreadable.saturating_add(1);
        Step::More
    }

    fn take_inner(&mut self, message: NetfilterMessage) -> Step {
        let family = message.header.family;
        let NetfilterMessageInner::NfTables(message) = message.inner else {
            return Step::More;
        };
        match message {
            NfTablesMessage::NewGen(message) => {
                for attribute in message.attributes {
                    if let GenAttribute::Id(id) = attribute {
                        self.generation = id;
                    }
                }
                return Step::Done;
            }
            NfTablesMessage::NewTable(message) => {
                self.tables.extend(table(family, message.attributes));
            }
            NfTablesMessage::NewChain(message) => {
                self.chains.extend(chain(family, message.attributes));
            }
            NfTablesMessage::NewRule(message) => {
                self.rules.extend(rule(family, message.attributes));
            }
            _ => {}
        }
        Step::More
    }
}

fn table(family: NetfilterProtoFamily, attributes: Vec<TableAttribute>) -> Option<Table> {
    let (mut name, mut used, mut ours) = (None, 0, false);
    for attribute in attributes {
        match attribute {
            TableAttribute::Name(value) => name = Some(value),
            TableAttribute::Use(value) => used = value,
            TableAttribute::UserData(value) => ours = value == MARK,
            _ => {}
        }
    }
    let table = name?;
    Some(Table {
        place: Place { family, table },
        used,
        ours,
    })
}

fn chain(family: NetfilterProtoFamily, attributes: Vec<ChainAttribute>) -> Option<Chain> {
    let (mut table, mut name, mut used, mut hook, mut ours) = (None, None, 0, None, false);
    for attribute in attributes {
        match attribute {
            ChainAttribute::Table(value) => table = Some(value),
            ChainAttribute::Name(value) => name = Some(value),
            ChainAttribute::Use(value) => used = value,
            ChainAttribute::Hook(value) => hook = hook_of(&value),
            ChainAttribute::UserData(value) => ours = value == MARK,
            _ => {}
        }
    }
    let place = Place {
        family,
        table: table?,
    };
    Some(Chain {
        place,
        name: name?,
        used,
        hook,
        ours,
    })
}

fn hook_of(attributes: &[HookAttribute]) -> Option<(HookNumber, i32)> {
    let number = attributes.iter().find_map(|attribute| match attribute {
        HookAttribute::Number(number) => Some(*number),
        _ => None,
    })?;
    let priority = attributes.iter().find_map(|attribute| match attribute {
        HookAttribute::Priority(priority) => Some(i32::from_ne_bytes(priority.to_ne_bytes())),
        _ => None,
    })?;
    Some((number, priority))
}

fn rule(family: NetfilterProtoFamily, attributes: Vec<RuleAttribute>) -> Option<Found> {
    let (mut table, mut name, mut handle, mut call, mut ours) = (None, None, None, None, false);
    for attribute in attributes {
        match attribute {
            RuleAttribute::Table(value) => table = Some(value),
            RuleAttribute::Chain(value) => name = Some(value),
            RuleAttribute::Handle(value) => handle = Some(value),
            RuleAttribute::Expressions(value) => call = value.iter().find_map(call_of),
            RuleAttribute::UserData(value) => ours = value == MARK,
            _ => {}
        }
    }
    let (via, id) = call?;
    Some(Found {
        place: Place {
            family,
            table: table?,
        },
        chain: name?,
        handle: handle?,
        via,
        id,
        ours,
    })
}

/// The call of the module that an expression is, if it is one.
fn call_of(element: &ListAttribute<ExpressionAttribute>) -> Option<(Via, u32)> {
    let ListAttribute::Element(attributes) = element else {
        return None;
    };
    let (name, data) = attributes.iter().find_map(|attribute| match attribute {
        ExpressionAttribute::Data(Expressions::Other {
            expression_type,
            attributes,
        }) => Some((expression_type.as_str(), attributes)),
        _ => None,
    })?;
    match name {
        EXPRESSION => Some((Via::Expression, host_u32(&value(data, EXPRESSION_TABLE)?)?)),
        COMPAT => {
            let target = value(data, COMPAT_NAME)?;
            let target = target.split(|byte| *byte == 0).next()?;
            if target != TARGET.as_bytes() {
                return None;
            }
            Some((Via::Target, host_u32(&value(data, COMPAT_INFO)?)?))
        }
        _ => None,
    }
}

fn value(attributes: &[DefaultNla], kind: u16) -> Option<Vec<u8>> {
    let attribute = attributes
        .iter()
        .find(|attribute| attribute.kind() & NLA_TYPE_MASK == kind)?;
    let mut value = vec![0; attribute.value_len()];
    attribute.emit_value(&mut value);
    Some(value)
}

fn host_u32(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

fn family_word(family: NetfilterProtoFamily) -> String {
    match family {
        NetfilterProtoFamily::Inet => "inet".to_owned(),
        NetfilterProtoFamily::IPv4 => "ip".to_owned(),
        NetfilterProtoFamily::IPv6 => "ip6".to_owned(),
        NetfilterProtoFamily::NetDev => "netdev".to_owned(),
        NetfilterProtoFamily::Bridge => "bridge".to_owned(),
        NetfilterProtoFamily::ARP => "arp".to_owned(),
        other => format!("family {}", u8::from(other)),
    }
}

fn hook_word(family: NetfilterProtoFamily, number: HookNumber) -> String {
    let number = u32::from(number);
    let word = match (family, number) {
        (NetfilterProtoFamily::NetDev, 0) => "ingress",
        (NetfilterProtoFamily::NetDev, 1) => "egress",
        (_, 0) => "prerouting",
        (_, 1) => "input",
        (_, 2) => "forward",
        (_, 3) => "output",
        (_, 4) => "postrouting",
        (_, 5) => "ingress",
        _ => return format!("hook {number}"),
    };
    word.to_owned()
}

#[cfg(test)]
mod tests;
