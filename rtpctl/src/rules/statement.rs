// SPDX-License-Identifier: GPL-2.0-only

//! What a rule does: the matches that a packet has to meet, and what becomes of it then. nftables executes
//! expressions; a statement is one or several of them, and a word or more of the language of `nft`.

use std::net::IpAddr;

use serde::Serialize;

use super::super::config::Via;

/// A match, or what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Statement {
    /// The packet is of this version of IP.
    Version {
        /// Or is not.
        is: Is,
        /// 4 or 6.
        version: u8,
    },
    /// The packet has this transport protocol.
    Protocol {
        /// Or has not.
        is: Is,
        /// Its number.
        protocol: u8,
    },
    /// An address is within a prefix.
    Address {
        /// Or is not.
        is: Is,
        /// Whose address.
        end: End,
        /// The prefix.
        prefix: Prefix,
    },
    /// A device received the packet, or is to send it.
    Interface {
        /// Or does not.
        is: Is,
        /// Which way.
        way: Way,
        /// The device's name; it may end in `*`.
        name: String,
    },
    /// A port is within a range.
    Port {
        /// Or is not.
        is: Is,
        /// The transport protocol, where the rule says which.
        protocol: Option<u8>,
        /// Whose port.
        end: End,
        /// The lowest.
        first: u16,
        /// The highest.
        last: u16,
    },
    /// Counts packets that come as far.
    Counter(Counter),
    /// Ends the rule, or the chain.
    Verdict {
        /// How.
        verdict: Verdict,
    },
    /// Changes the destination of a connection.
    Dnat {
        /// To this address.
        address: IpAddr,
        /// And this port; the same when it is left out.
        port: Option<u16>,
    },
    /// Hands the packet to a table of the relay.
    Relay(Relay),
    /// What its maker wrote beside the rule; it does nothing.
    Comment {
        /// The text.
        text: String,
    },
    /// What rtpctl does not make, as far as it can be told.
    Other {
        /// In words.
        text: String,
    },
}

/// How a match compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Is {
    /// What is named.
    #[serde(rename = "==")]
    Equal,
    /// Anything else.
    #[serde(rename = "!=")]
    NotEqual,
}

/// Who of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    /// The sender.
    Source,
    /// The receiver.
    Destination,
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    /// In.
    In,
    /// Out.
    Out,
}

/// The addresses that begin with these bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// Bits beyond the prefix are zero.
    pub(super) address: IpAddr,
    /// How many bits count.
    pub(super) length: u8,
}

/// Packets, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counter {
    /// Packets.
    pub(crate) packets: u64,
    /// Bytes of whole packets, from the header of IP on.
    pub(crate) bytes: u64,
}

/// How a rule ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// The packet goes on to the next base chain.
    Accept,
    /// The packet is dropped.
    Drop,
    /// It goes on with the next rule.
    Continue,
    /// It goes back to where the jump was.
    Return,
    /// It goes on in another chain, and comes back.
    Jump(String),
    /// It goes on in another chain.
    Goto(String),
}

/// A call of the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Relay {
    /// The table of the relay.
    pub(crate) table: u32,
    /// How the module is called.
    #[serde(serialize_with = "super::via_word")]
    pub(crate) via: Via,
    /// What is relayed leaves past the hooks of output and postrouting.
    pub(crate) past_output: bool,
}

/// The comment among the statements of a rule.
pub(super) fn comment(statements: &[Statement]) -> Option<String> {
    statements.iter().find_map(|each| match each {
        Statement::Comment { text } => Some(text.clone()),
        _ => None,
    })
}

impl Statement {
    /// Whether it leads to a chain of the same table.
    pub(super) fn leads_to(&self, chain: &str) -> bool {
        match self {
            Self::Verdict {
                verdict: Verdict::Jump(to) | Verdict::Goto(to),
            } => to == chain,
            _ => false,
        }
    }
}

impl Prefix {
    /// The prefix of an address, with nothing beyond it.
    pub(super) fn new(address: IpAddr, length: u8) -> Option<Self> {
        let address = match address {
            IpAddr::V4(v4) if length <= 32 => {
                let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length.into()));
                IpAddr::V4((v4.to_bits() & mask.unwrap_or(0)).into())
            }
            IpAddr::V6(v6) if length <= 128 => {
                let mask = u128::MAX.checked_shl(128_u32.saturating_sub(length.into()));
                IpAddr::V6((v6.to_bits() & mask.unwrap_or(0)).into())
            }
            _ => return None,
        };
        Some(Self { address, length })
    }

    /// 4 or 6.
    pub(super) const fn version(self) -> u8 {
        match self.address {
            IpAddr::V4(_) => 4,
            IpAddr::V6(_) => 6,
        }
    }

    /// Whether it has an address.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        Self::new(address, self.length).is_some_and(|prefix| {
            prefix.version() == self.version() && prefix.address == self.address
        })
    }

    /// Whether it is one address.
    pub(super) fn is_host(self) -> bool {
        usize::from(self.length) == self.bytes().len().saturating_mul(8)
    }

    /// The address in network order.
    pub(super) fn bytes(self) -> Vec<u8> {
        match self.address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        }
    }

    /// The mask in network order.
    pub(super) fn mask(self) -> Vec<u8> {
        let mut left = self.length;
        let mut mask = self.bytes();
        for byte in &mut mask {
            let bits = left.min(8);
            *byte = u8::MAX
                .checked_shl(8_u32.saturating_sub(bits.into()))
                .unwrap_or(0);
            left = left.saturating_sub(bits);
        }
        mask
    }
}

impl Serialize for Prefix {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// The word of a protocol.
pub(super) fn protocol_word(protocol: u8) -> Option<&'static str> {
    PROTOCOLS
        .iter()
        .find(|(number, _)| *number == protocol)
        .map(|(_, word)| *word)
}

/// The protocol of a word, or of a number.
pub(super) fn protocol_of_word(word: &str) -> Option<u8> {
    PROTOCOLS
        .iter()
        .find(|(_, name)| *name == word)
        .map(|(number, _)| *number)
        .or_else(|| word.parse().ok())
}

/// UDP.
pub(super) const UDP: u8 = 17;
/// TCP.
pub(super) const TCP: u8 = 6;

const PROTOCOLS: [(u8, &str); 9] = [
    (1, "icmp"),
    (2, "igmp"),
    (TCP, "tcp"),
    (UDP, "udp"),
    (47, "gre"),
    (50, "esp"),
    (58, "ipv6-icmp"),
    (132, "sctp"),
    (136, "udplite"),
];
