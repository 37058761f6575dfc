// SPDX-License-Identifier: GPL-2.0-only

//! What the kernel tells of the ruleset.

use netlink_packet_core::{
    DecodeError, DefaultNla, NetlinkMessage, NetlinkPayload, Nla, NLA_TYPE_MASK, NLM_F_DUMP_INTR,
};
use netlink_packet_netfilter::nftables::{
    ChainAttribute, GenAttribute, Hook as HookAttribute, NfTablesMessage, RuleAttribute,
    TableAttribute, TableFlags,
};
use netlink_packet_netfilter::{NetfilterMessage, NetfilterMessageInner};

use super::expr::Expr;
use super::message::{comment_of, DEVICE_NAME};
use super::model::{
    unmarked, Base, Chain, ChainName, Family, Hook, Kind, Place, Policy, Rule, Ruleset, Table,
    TableName, MARK,
};
use super::read::read;
use super::statement::Statement;

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
        let family = Family::of_number(message.header.family.into());
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

fn is_mark(data: &[u8]) -> bool {
    comment_of(data).as_deref() == Some(MARK)
}

fn table(family: Family, attributes: Vec<TableAttribute>) -> Option<Table> {
    let (mut name, mut handle, mut used, mut dormant, mut ours) = (None, 0, 0, false, false);
    for attribute in attributes {
        match attribute {
            TableAttribute::Name(value) => name = Some(value),
            TableAttribute::Handle(value) => handle = value,
            TableAttribute::Use(value) => used = value,
            TableAttribute::Flags(value) => dormant = value.contains(TableFlags::Dormant),
            TableAttribute::UserData(value) => ours = is_mark(&value),
            _ => {}
        }
    }
    Some(Table {
        name: TableName {
            family,
            table: name?,
        },
        handle,
        used,
        dormant,
        ours,
    })
}

fn chain(family: Family, attributes: Vec<ChainAttribute>) -> Option<Chain> {
    let (mut table, mut name, mut handle, mut used, mut ours) = (None, None, 0, 0, false);
    let (mut hook, mut kind, mut policy) = (None, Kind::FILTER, Policy::Accept);
    for attribute in attributes {
        match attribute {
            ChainAttribute::Table(value) => table = Some(value),
            ChainAttribute::Name(value) => name = Some(value),
            ChainAttribute::Handle(value) => handle = value,
            ChainAttribute::Use(value) => used = value,
            ChainAttribute::Hook(value) => hook = hook_of(family, &value),
            ChainAttribute::Type(value) => kind = Kind(value.into()),
            ChainAttribute::Policy(0) => policy = Policy::Drop,
            ChainAttribute::UserData(value) => ours = is_mark(&value),
            _ => {}
        }
    }
    let table = TableName {
        family,
        table: table?,
    };
    Some(Chain {
        name: ChainName {
            table,
            chain: name?,
        },
        handle,
        used,
        base: hook.map(|hook| Base { kind, hook, policy }),
        ours,
    })
}

fn hook_of(family: Family, attributes: &[HookAttribute]) -> Option<Hook> {
    let number = attributes.iter().find_map(|attribute| match attribute {
        HookAttribute::Number(number) => Some(u32::from(*number)),
        _ => None,
    })?;
    let priority = attributes.iter().find_map(|attribute| match attribute {
        HookAttribute::Priority(priority) => Some(i32::from_ne_bytes(priority.to_ne_bytes())),
        _ => None,
    })?;
    let mut devices = Vec::new();
    for attribute in attributes {
        match attribute {
            HookAttribute::NetDevices(list) => devices = list.iter().filter_map(device).collect(),
            HookAttribute::NetDeviceName(name) if devices.is_empty() => devices.push(name.clone()),
            _ => {}
        }
    }
    Some(Hook {
        name: Place::of_number(family, number),
        priority,
        devices,
    })
}

fn device(attribute: &DefaultNla) -> Option<String> {
    if attribute.kind() & NLA_TYPE_MASK != DEVICE_NAME {
        return None;
    }
    let mut value = vec![0; attribute.value_len()];
    attribute.emit_value(&mut value);
    let name = value.strip_suffix(&[0]).unwrap_or(&value);
    Some(String::from_utf8_lossy(name).into_owned())
}

fn rule(family: Family, attributes: Vec<RuleAttribute>) -> Option<Rule> {
    let (mut table, mut name, mut handle) = (None, None, None);
    let (mut statements, mut comment) = (Vec::new(), None);
    for attribute in attributes {
        match attribute {
            RuleAttribute::Table(value) => table = Some(value),
            RuleAttribute::Chain(value) => name = Some(value),
            RuleAttribute::Handle(value) => handle = Some(value),
            RuleAttribute::Expressions(value) => {
                let expressions: Vec<_> = value.iter().map(Expr::decode).collect();
                statements = read(family, &expressions);
            }
            RuleAttribute::UserData(value) => comment = comment_of(&value),
            _ => {}
        }
    }
    if let Some(text) = comment.as_deref().and_then(unmarked) {
        let text = text.to_owned();
        statements.push(Statement::Comment { text });
    }
    let table = TableName {
        family,
        table: table?,
    };
    Some(Rule {
        chain: ChainName {
            table,
            chain: name?,
        },
        handle: handle?,
        statements,
        comment,
    })
}

#[cfg(test)]
mod tests;
