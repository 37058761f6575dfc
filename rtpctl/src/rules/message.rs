// SPDX-License-Identifier: GPL-2.0-only

//! The netlink messages that change the ruleset, and those that ask for it. Numbers are those of
//! include/uapi/linux/netfilter/nf_tables.h and nfnetlink.h.

use netlink_packet_core::{
    DefaultNla, NetlinkHeader, NetlinkMessage, NetlinkPayload, NLM_F_ACK, NLM_F_APPEND,
    NLM_F_CREATE, NLM_F_DUMP, NLM_F_ECHO, NLM_F_EXCL, NLM_F_NONREC, NLM_F_REPLACE, NLM_F_REQUEST,
};
use netlink_packet_netfilter::nftables::{
    ChainAttribute, ChainMessage, GenMessage, Hook as HookAttribute, HookNumber, NfTablesMessage,
    RuleAttribute, RuleMessage, TableAttribute, TableFlags, TableMessage,
};
use netlink_packet_netfilter::none::ControlMessage;
use netlink_packet_netfilter::{
    NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily,
};

use super::expr::Expr;
use super::model::{marked, Base, ChainName, Hook, Policy, TableName, MARK};

/// The subsystem that a batch is for: NFNL_SUBSYS_NFTABLES.
const SUBSYS_NFTABLES: u16 = 10;
/// NFNL_MSG_BATCH_BEGIN and its attribute NFNL_BATCH_GENID.
const BATCH_BEGIN: u8 = 16;
const BATCH_GENID: u16 = 1;
/// NFTA_DEVICE_NAME, in the list of a hook's devices.
pub(super) const DEVICE_NAME: u16 = 1;
/// The type of a comment in user data, the same for tables, chains and rules: NFTNL_UDATA_RULE_COMMENT of libnftnl.
const COMMENT: u8 = 0;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Makes a table.
    NewTable(TableName),
    /// Makes a table call its chains no more, or call them again.
    SetDormant(TableName, bool),
    /// Removes a table with all that is in it.
    DelTable(TableName),
    /// Makes a chain, a base chain if it says where.
    NewChain {
        chain: ChainName,
        base: Option<Base>,
    },
    /// Removes an empty chain.
    DelChain(ChainName),
    /// Makes a rule.
    NewRule {
        chain: ChainName,
        position: Position,
        expressions: Vec<Expr>,
        comment: Option<String>,
    },
    /// Removes a rule.
    DelRule { chain: ChainName, handle: u64 },
}

/// Where a rule goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// To the end of the chain.
    End,
    /// To its beginning.
    Beginning,
    /// Before the rule of this handle.
    Before(u64),
    /// Behind it.
    After(u64),
    /// In its place.
    Replace(u64),
}

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Query {
    /// The number that grows with each change.
    Generation,
    /// All tables.
    Tables,
    /// All chains.
    Chains,
    /// All rules.
    Rules,
}

/// A comment in the form of user data, as `nft` writes and shows it: type, length, text with its end.
pub(super) fn comment(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len().saturating_add(1)).unwrap_or(u8::MAX);
    let mut data = vec![COMMENT, length];
    data.extend(text.bytes().take(usize::from(length.saturating_sub(1))));
    data.push(0);
    data
}

/// The comment in user data.
pub(super) fn comment_of(mut data: &[u8]) -> Option<String> {
    while let [kind, length, rest @ ..] = data {
        let value = rest.get(..usize::from(*length))?;
        if *kind == COMMENT {
            let text = value.strip_suffix(&[0]).unwrap_or(value);
            return Some(String::from_utf8_lossy(text).into_owned());
        }
        data = rest.get(usize::from(*length)..)?;
    }
    None
}

impl Op {
    fn flags(&self) -> u16 {
        match self {
            // Whoever made it meanwhile is not to be joined.
            Self::NewTable(_) | Self::NewChain { .. } => NLM_F_CREATE | NLM_F_EXCL,
            Self::NewRule { position, .. } => {
                NLM_F_ECHO
                    | match position {
                        Position::End | Position::After(_) => NLM_F_CREATE | NLM_F_APPEND,
                        Position::Beginning | Position::Before(_) => NLM_F_CREATE,
                        Position::Replace(_) => NLM_F_REPLACE,
                    }
            }
            Self::DelChain(_) => NLM_F_NONREC,
            Self::SetDormant(..) | Self::DelRule { .. } | Self::DelTable(_) => 0,
        }
    }

    /// The table that it is about.
    pub(super) const fn table(&self) -> &TableName {
        match self {
            Self::NewTable(table) | Self::SetDormant(table, _) | Self::DelTable(table) => table,
            Self::NewChain { chain, .. }
            | Self::DelChain(chain)
            | Self::NewRule { chain, .. }
            | Self::DelRule { chain, .. } => &chain.table,
        }
    }

    fn message(&self) -> NfTablesMessage {
        let table = self.table().table.clone();
        match self {
            Self::NewTable(_) => NfTablesMessage::NewTable(TableMessage {
                attributes: vec![
                    TableAttribute::Name(table),
                    TableAttribute::UserData(comment(MARK)),
                ],
            }),
            Self::SetDormant(_, dormant) => NfTablesMessage::NewTable(TableMessage {
                attributes: vec![
                    TableAttribute::Name(table),
                    TableAttribute::Flags(match dormant {
                        true => TableFlags::Dormant,
                        false => TableFlags::empty(),
                    }),
                ],
            }),
            Self::DelTable(_) => NfTablesMessage::DeleteTable(TableMessage {
                attributes: vec![TableAttribute::Name(table)],
            }),
            Self::NewChain { chain, base } => NfTablesMessage::NewChain(ChainMessage {
                attributes: chain_attributes(chain, base.as_ref()),
            }),
            Self::DelChain(chain) => NfTablesMessage::DeleteChain(ChainMessage {
                attributes: vec![
                    ChainAttribute::Table(table),
                    ChainAttribute::Name(chain.chain.clone()),
                ],
            }),
            Self::NewRule {
                chain,
                position,
                expressions,
                comment: text,
            } => {
                let mut attributes = vec![
                    RuleAttribute::Table(table),
                    RuleAttribute::Chain(chain.chain.clone()),
                ];
                match position {
                    Position::End | Position::Beginning => {}
                    Position::Before(handle) | Position::After(handle) => {
                        attributes.push(RuleAttribute::Position(*handle));
                    }
                    Position::Replace(handle) => attributes.push(RuleAttribute::Handle(*handle)),
                }
                attributes.push(RuleAttribute::Expressions(
                    expressions.iter().map(Expr::encode).collect(),
                ));
                let text = marked(text.as_deref());
                attributes.push(RuleAttribute::UserData(comment(&text)));
                NfTablesMessage::NewRule(RuleMessage { attributes })
            }
            Self::DelRule { chain, handle } => NfTablesMessage::DeleteRule(RuleMessage {
                attributes: vec![
                    RuleAttribute::Table(table),
                    RuleAttribute::Chain(chain.chain.clone()),
                    RuleAttribute::Handle(*handle),
                ],
            }),
        }
    }
}

fn chain_attributes(chain: &ChainName, base: Option<&Base>) -> Vec<ChainAttribute> {
    let mut attributes = vec![
        ChainAttribute::Table(chain.table.table.clone()),
        ChainAttribute::Name(chain.chain.clone()),
    ];
    if let Some(base) = base {
        attributes.push(ChainAttribute::Hook(hook_attributes(chain, &base.hook)));
        attributes.push(ChainAttribute::Policy(match base.policy {
            Policy::Drop => 0,
            Policy::Accept => 1,
        }));
        attributes.push(ChainAttribute::Type(base.kind.0.clone().into_owned()));
    }
    attributes.push(ChainAttribute::UserData(comment(MARK)));
    attributes
}

fn hook_attributes(chain: &ChainName, hook: &Hook) -> Vec<HookAttribute> {
    let number = hook.name.number(chain.table.family).unwrap_or(u32::MAX);
    let mut attributes = vec![
        HookAttribute::Number(HookNumber::Other(number)),
        HookAttribute::Priority(u32::from_ne_bytes(hook.priority.to_ne_bytes())),
    ];
    match hook.devices.as_slice() {
        [] => {}
        // What an inet chain and an older kernel know alone.
        [device] => attributes.push(HookAttribute::NetDeviceName(device.clone())),
        devices => attributes.push(HookAttribute::NetDevices(
            devices
                .iter()
                .map(|device| DefaultNla::new(DEVICE_NAME, format!("{device}\0").into_bytes()))
                .collect(),
        )),
    }
    attributes
}

/// One transaction. The change of index `n` has the sequence number `n + 1`, its frame 0.
pub(super) fn batch(generation: u32, ops: &[Op]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let begin = ControlMessage::Other {
        message_type: BATCH_BEGIN,
        attributes: vec![DefaultNla::new(
            BATCH_GENID,
            generation.to_be_bytes().to_vec(),
        )],
    };
    put(
        &mut bytes,
        NLM_F_REQUEST,
        0,
        NetfilterProtoFamily::Unspec,
        SUBSYS_NFTABLES,
        begin,
    );
    for (sequence, op) in (1..).zip(ops) {
        let flags = NLM_F_REQUEST | NLM_F_ACK | op.flags();
        put(
            &mut bytes,
            flags,
            sequence,
            op.table().family.number().into(),
            0,
            op.message(),
        );
    }
    let end = ControlMessage::BatchEnd;
    put(
        &mut bytes,
        NLM_F_REQUEST,
        0,
        NetfilterProtoFamily::Unspec,
        SUBSYS_NFTABLES,
        end,
    );
    bytes
}
/// A request for a part of the ruleset, of all families.
pub(super) fn query(query: Query, sequence: u32) -> Vec<u8> {
    let message = match query {
        Query::Generation => NfTablesMessage::GetGen(GenMessage {
            attributes: Vec::new(),
        }),
        Query::Tables => NfTablesMessage::GetTable(TableMessage {
            attributes: Vec::new(),
        }),
        Query::Chains => NfTablesMessage::GetChain(ChainMessage {
            attributes: Vec::new(),
        }),
        Query::Rules => NfTablesMessage::GetRule(RuleMessage {
            attributes: Vec::new(),
        }),
    };
    let flags = match query {
        Query::Generation => NLM_F_REQUEST,
        _ => NLM_F_REQUEST | NLM_F_DUMP,
    };
    let mut bytes = Vec::new();
    put(
        &mut bytes,
        flags,
        sequence,
        NetfilterProtoFamily::Unspec,
        0,
        message,
    );
    bytes
}

/// Appends a message.
fn put(
    bytes: &mut Vec<u8>,
    flags: u16,
    sequence: u32,
    family: NetfilterProtoFamily,
    resource: u16,
    inner: impl Into<NetfilterMessageInner>,
) {
    let mut header = NetlinkHeader::default();
    header.flags = flags;
    header.sequence_number = sequence;
    let message = NetfilterMessage::new(NetfilterHeader::new(family, 0, resource), inner);
    let mut message = NetlinkMessage::new(header, NetlinkPayload::from(message));
    message.finalize();
    let mut buffer = vec![0; message.buffer_len()];
    message.serialize(&mut buffer);
    bytes.append(&mut buffer);
}

#[cfg(test)]
mod tests;
