// SPDX-License-Identifier: GPL-2.0-only

//! The ruleset of nftables: tables, chains and rules, as they are read and as they are made.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::statement::{Counter, Relay, Statement};

/// The comment that marks what rtpctl made.
pub(super) const MARK: &str = "rtpctl";

/// What stands before a comment of ours that says more.
const MARK_BEFORE: &str = "rtpctl: ";

/// Our mark, with what else is to be said.
pub(super) fn marked(text: Option<&str>) -> String {
    match text {
        Some(text) => format!("{MARK_BEFORE}{text}"),
        None => MARK.to_owned(),
    }
}

/// What a comment of ours says beside the mark.
pub(super) fn unmarked(comment: &str) -> Option<&str> {
    comment.strip_prefix(MARK_BEFORE)
}

/// A family of nftables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    /// IPv4 and IPv6.
    Inet,
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// Whatever a device receives, or sends.
    Netdev,
    /// Frames of a bridge.
    Bridge,
    /// ARP.
    Arp,
    /// One that we know nothing of.
    Other(u8),
}

impl Family {
    /// NFPROTO_*.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Inet => 1,
            Self::Ip => 2,
            Self::Arp => 3,
            Self::Netdev => 5,
            Self::Bridge => 7,
            Self::Ip6 => 10,
            Self::Other(number) => number,
        }
    }

    /// The family of a number.
    pub(super) const fn of_number(number: u8) -> Self {
        match number {
            1 => Self::Inet,
            2 => Self::Ip,
            3 => Self::Arp,
            5 => Self::Netdev,
            7 => Self::Bridge,
            10 => Self::Ip6,
            other => Self::Other(other),
        }
    }

    /// The one version of IP that it sees, 4 or 6.
    pub(super) const fn version(self) -> Option<u8> {
        match self {
            Self::Ip => Some(4),
            Self::Ip6 => Some(6),
            _ => None,
        }
    }

    /// The word of nftables.
    pub(crate) fn word(self) -> Cow<'static, str> {
        match self {
            Self::Inet => "inet".into(),
            Self::Ip => "ip".into(),
            Self::Ip6 => "ip6".into(),
            Self::Netdev => "netdev".into(),
            Self::Bridge => "bridge".into(),
            Self::Arp => "arp".into(),
            Self::Other(number) => format!("family-{number}").into(),
        }
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        [
            Self::Inet,
            Self::Ip,
            Self::Ip6,
            Self::Netdev,
            Self::Bridge,
            Self::Arp,
        ]
        .into_iter()
        .find(|family| family.word() == word)
        .ok_or_else(|| "a family is one of inet, ip, ip6, netdev, bridge and arp".to_owned())
    }
}

impl Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word())
    }
}

impl Serialize for Family {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.word())
    }
}

/// The name of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableName {
    /// Its family.
    pub(crate) family: Family,
    /// Its name in the family.
    pub(crate) table: String,
}

impl TableName {
    /// The name of a chain in it.
    pub(crate) fn chain(&self, chain: impl Into<String>) -> ChainName {
        ChainName {
            table: self.clone(),
            chain: chain.into(),
        }
    }
}

/// The name of a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChainName {
    /// Its table.
    pub(crate) table: TableName,
    /// Its name in the table.
    pub(crate) chain: String,
}

/// Where packets are in the stack when a base chain is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// As a device received it.
    Ingress,
    /// Before its route is looked up.
    Prerouting,
    /// It is for this host.
    Input,
    /// It is for another host.
    Forward,
    /// It is from this host.
    Output,
    /// It leaves.
    Postrouting,
    /// As a device sends it.
    Egress,
    /// One that we know nothing of.
    Other(u32),
}

impl Place {
    const NAMED: [(Self, &'static str); 7] = [
        (Self::Ingress, "ingress"),
        (Self::Prerouting, "prerouting"),
        (Self::Input, "input"),
        (Self::Forward, "forward"),
        (Self::Output, "output"),
        (Self::Postrouting, "postrouting"),
        (Self::Egress, "egress"),
    ];

    /// The hook's number in a family: NF_INET_*, NF_NETDEV_*, NF_ARP_*. None where the family has no such hook.
    pub(super) const fn number(self, family: Family) -> Option<u32> {
        match (family, self) {
            (_, Self::Other(number)) => Some(number),
            (Family::Netdev, Self::Ingress) => Some(0),
            (Family::Netdev, Self::Egress) => Some(1),
            (Family::Netdev, _) => None,
            (Family::Arp, Self::Input) => Some(0),
            (Family::Arp, Self::Output) => Some(1),
            (Family::Arp, _) => None,
            (_, Self::Prerouting) => Some(0),
            (_, Self::Input) => Some(1),
            (_, Self::Forward) => Some(2),
            (_, Self::Output) => Some(3),
            (_, Self::Postrouting) => Some(4),
            (Family::Inet, Self::Ingress) => Some(5),
            _ => None,
        }
    }

    /// The hook of a number.
    pub(super) fn of_number(family: Family, number: u32) -> Self {
        Self::NAMED
            .into_iter()
            .map(|(place, _)| place)
            .find(|place| place.number(family) == Some(number))
            .unwrap_or(Self::Other(number))
    }

    /// Whether a chain there is one of devices.
    pub(super) const fn is_of_devices(self) -> bool {
        matches!(self, Self::Ingress | Self::Egress)
    }

    /// The word of nftables.
    pub(crate) fn word(self) -> Cow<'static, str> {
        match (Self::NAMED.iter().find(|(place, _)| *place == self), self) {
            (Some((_, word)), _) => (*word).into(),
            (None, Self::Other(number)) => format!("hook {number}").into(),
            (None, _) => "hook".into(),
        }
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::NAMED
            .into_iter()
            .find(|(_, name)| *name == word)
            .map(|(place, _)| place)
            .ok_or_else(|| {
                "a hook is one of ingress, prerouting, input, forward, output, postrouting and egress"
                    .to_owned()
            })
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.word())
    }
}

/// What the rules of a base chain may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Kind(pub(crate) Cow<'static, str>);

impl Kind {
    /// The usual one.
    pub(crate) const FILTER: Self = Self(Cow::Borrowed("filter"));
    /// It sees the first packet of a connection, and may translate its addresses.
    pub(crate) const NAT: Self = Self(Cow::Borrowed("nat"));
}

/// What becomes of a packet that no rule of a base chain decides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Policy {
    /// It goes on.
    Accept,
    /// It is dropped.
    Drop,
}

impl Policy {
    /// The word of nftables.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Drop => "drop",
        }
    }
}

/// Where a base chain is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Hook {
    /// The place in the stack.
    pub(crate) name: Place,
    /// Lower comes first.
    pub(crate) priority: i32,
    /// The devices whose packets it sees, where it is a hook of devices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) devices: Vec<String>,
}

/// What makes a chain a base chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Base {
    /// `filter`, `nat` or `route`.
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// Where it is called.
    pub(crate) hook: Hook,
    /// What becomes of the rest.
    pub(crate) policy: Policy,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Its name.
    pub(crate) name: TableName,
    /// Its handle.
    pub(crate) handle: u64,
    /// How many chains, sets and other things it holds.
    pub(crate) used: u32,
    /// Its chains are not called.
    pub(crate) dormant: bool,
    /// rtpctl made it.
    pub(crate) ours: bool,
}

/// A chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Its name.
    pub(crate) name: ChainName,
    /// Its handle in the table.
    pub(crate) handle: u64,
    /// How many rules it holds, and jumps lead to it.
    pub(crate) used: u32,
    /// Where it is called, where it is a base chain.
    pub(crate) base: Option<Base>,
    /// rtpctl made it.
    pub(crate) ours: bool,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// Its chain.
    pub(crate) chain: ChainName,
    /// Its handle in the table.
    pub(crate) handle: u64,
    /// What it does, in order.
    pub(crate) statements: Vec<Statement>,
    /// What its maker wrote beside it.
    pub(crate) comment: Option<String>,
}

impl Rule {
    /// Whether rtpctl made it.
    pub(crate) fn ours(&self) -> bool {
        self.comment
            .as_deref()
            .is_some_and(|comment| comment == MARK || comment.starts_with(MARK_BEFORE))
    }

    /// Its call of the module.
    pub(crate) fn relay(&self) -> Option<Relay> {
        self.statements.iter().find_map(|each| match each {
            Statement::Relay(relay) => Some(*relay),
            _ => None,
        })
    }

    /// Its first counter.
    pub(crate) fn counter(&self) -> Option<Counter> {
        self.statements.iter().find_map(|each| match each {
            Statement::Counter(counter) => Some(*counter),
            _ => None,
        })
    }
}

/// The ruleset of a network namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ruleset {
    /// Grows with each change.
    pub(crate) generation: u32,
    /// In the order of the kernel.
    pub(crate) tables: Vec<Table>,
    /// In the order of the kernel.
    pub(crate) chains: Vec<Chain>,
    /// Those of a chain in their order.
    pub(crate) rules: Vec<Rule>,
    /// Messages that could not be read.
    pub(crate) unreadable: usize,
}

impl Ruleset {
    /// A table.
    pub(super) fn table(&self, name: &TableName) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == *name)
    }

    /// A chain.
    pub(super) fn chain(&self, name: &ChainName) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == *name)
    }

    /// The chains of a table.
    pub(crate) fn chains_of<'a>(&'a self, table: &'a TableName) -> impl Iterator<Item = &'a Chain> {
        self.chains
            .iter()
            .filter(move |chain| chain.name.table == *table)
    }

    /// The rules of a chain.
    pub(crate) fn rules_of<'a>(&'a self, chain: &'a ChainName) -> impl Iterator<Item = &'a Rule> {
        self.rules.iter().filter(move |rule| rule.chain == *chain)
    }
}

#[cfg(test)]
mod tests;
