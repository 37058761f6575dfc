// SPDX-License-Identifier: GPL-2.0-only

//! The netlink messages that change the ruleset, and those that ask for it. Numbers are those of
//! include/uapi/linux/netfilter/nf_tables.h and nfnetlink.h.

use netlink_packet_core::{
    DefaultNla, NetlinkHeader, NetlinkMessage, NetlinkPayload, NLM_F_ACK, NLM_F_APPEND,
    NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST,
};
use netlink_packet_netfilter::nftables::{
    ChainAttribute, ChainMessage, Cmp, DataAttribute, ExpressionAttribute, Expressions, GenMessage,
    Hook, HookNumber, InetHookNumber, ListAttribute, Meta, MetaKey, NfTablesMessage, Operator,
    Register, RuleAttribute, RuleMessage, TableAttribute, TableMessage,
};
use netlink_packet_netfilter::none::ControlMessage;
use netlink_packet_netfilter::{
    NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily,
};

use super::super::config::Via;

/// The subsystem that a batch is for: NFNL_SUBSYS_NFTABLES.
const SUBSYS_NFTABLES: u16 = 10;
/// NFNL_MSG_BATCH_BEGIN and its attribute NFNL_BATCH_GENID.
const BATCH_BEGIN: u8 = 16;
const BATCH_GENID: u16 = 1;
/// NF_ACCEPT, the policy of a chain.
const POLICY_ACCEPT: u32 = 1;
const IPPROTO_UDP: u8 = 17;

/// The module's nftables expression, and its one attribute.
pub(super) const EXPRESSION: &str = "rtpengine";
pub(super) const EXPRESSION_TABLE: u16 = 1;
/// The compatibility expression for xtables targets: NFTA_TARGET_NAME, _REV and _INFO.
pub(super) const COMPAT: &str = "target";
pub(super) const COMPAT_NAME: u16 = 1;
pub(super) const COMPAT_REV: u16 = 2;
pub(super) const COMPAT_INFO: u16 = 3;
/// The xtables target.
pub(super) const TARGET: &str = "RTPENGINE";

/// The mark of what rtpctl made, as a comment that `nft` shows: type 0, length, text with its end.
pub(super) const MARK: &[u8] = b"\x00\x07rtpctl\x00";

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Makes a table of nftables.
    NewTable(Place),
    /// Makes a chain at the input hook.
    NewChain {
        place: Place,
        chain: String,
        priority: i32,
    },
    /// Appends a rule that hands UDP packets to a table.
    NewRule {
        place: Place,
        chain: String,
        via: Via,
        id: u32,
    },
    /// Removes a rule.
    DelRule {
        place: Place,
        chain: String,
        handle: u64,
    },
    /// Removes a chain.
    DelChain { place: Place, chain: String },
    /// Removes a table of nftables.
    DelTable(Place),
}

/// A table of nftables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its family.
    pub(super) family: NetfilterProtoFamily,
    /// Its name.
    pub(super) table: String,
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

impl Op {
    fn flags(&self) -> u16 {
        match self {
            // Whoever made it meanwhile is not to be joined.
            Self::NewTable(_) | Self::NewChain { .. } => NLM_F_CREATE | NLM_F_EXCL,
            Self::NewRule { .. } => NLM_F_CREATE | NLM_F_APPEND,
            Self::DelRule { .. } | Self::DelChain { .. } | Self::DelTable(_) => 0,
        }
    }

    fn place(&self) -> &Place {
        match self {
            Self::NewTable(place)
            | Self::NewChain { place, .. }
            | Self::NewRule { place, .. }
            | Self::DelRule { place, .. }
            | Self::DelChain { place, .. }
            | Self::DelTable(place) => place,
        }
    }

    fn message(&self) -> NfTablesMessage {
        let table = self.place().table.clone();
        match self {
            Self::NewTable(_) => NfTablesMessage::NewTable(TableMessage {
                attributes: vec![
                    TableAttribute::Name(table),
                    TableAttribute::UserData(MARK.to_vec()),
                ],
            }),
            Self::NewChain {
                chain, priority, ..
            } => NfTablesMessage::NewChain(ChainMessage {
                attributes: vec![
                    ChainAttribute::Table(table),
                    ChainAttribute::Name(chain.clone()),
                    ChainAttribute::Hook(vec![
                        Hook::Number(HookNumber::Inet(InetHookNumber::LocalIn)),
                        Hook::Priority(u32::from_ne_bytes(priority.to_ne_bytes())),
                    ]),
                    ChainAttribute::Policy(POLICY_ACCEPT),
                    ChainAttribute::Type("filter".to_owned()),
                    ChainAttribute::UserData(MARK.to_vec()),
                ],
            }),
            Self::NewRule { chain, via, id, .. } => NfTablesMessage::NewRule(RuleMessage {
                attributes: vec![
                    RuleAttribute::Table(table),
                    RuleAttribute::Chain(chain.clone()),
                    RuleAttribute::Expressions(expressions(*via, *id)),
                    RuleAttribute::UserData(MARK.to_vec()),
                ],
            }),
            Self::DelRule { chain, handle, .. } => NfTablesMessage::DeleteRule(RuleMessage {
                attributes: vec![
                    RuleAttribute::Table(table),
                    RuleAttribute::Chain(chain.clone()),
                    RuleAttribute::Handle(*handle),
                ],
            }),
            Self::DelChain { chain, .. } => NfTablesMessage::DeleteChain(ChainMessage {
                attributes: vec![
                    ChainAttribute::Table(table),
                    ChainAttribute::Name(chain.clone()),
                ],
            }),
            Self::DelTable(_) => NfTablesMessage::DeleteTable(TableMessage {
                attributes: vec![TableAttribute::Name(table)],
            }),
        }
    }
}

/// `meta l4proto udp`, then the call of the module.
fn expressions(via: Via, id: u32) -> Vec<ListAttribute<ExpressionAttribute>> {
    let call = match via {
        Via::Expression => Expressions::Other {
            expression_type: EXPRESSION.to_owned(),
            // Unlike the attributes of nftables itself, this one is in host order.
            attributes: vec![DefaultNla::new(EXPRESSION_TABLE, id.to_ne_bytes().to_vec())],
        },
        Via::Target => Expressions::Other {
            expression_type: COMPAT.to_owned(),
            attributes: vec![
                DefaultNla::new(COMPAT_NAME, format!("{TARGET}\0").into_bytes()),
                DefaultNla::new(COMPAT_REV, 0_u32.to_be_bytes().to_vec()),
                // xtables aligns a target's data to 8 bytes.
                DefaultNla::new(COMPAT_INFO, [id.to_ne_bytes(), [0; 4]].concat()),
            ],
        },
    };
    vec![
        Expressions::Meta(vec![
            Meta::DestinationRegister(Register::Reg1),
            Meta::Key(MetaKey::L4Proto),
        ])
        .into(),
        Expressions::Cmp(vec![
            Cmp::SourceRegister(Register::Reg1),
            Cmp::Op(Operator::Equal),
            Cmp::Data(DataAttribute::Value(vec![IPPROTO_UDP])),
        ])
        .into(),
        call.into(),
    ]
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
            op.place().family,
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
