// SPDX-License-Identifier: GPL-2.0-only

//! What can be loaded of a packet, and where it stands. Numbers are those of include/uapi/linux/netfilter/nf_tables.h.

use netlink_packet_netfilter::nftables::MetaKey;

use super::expr::Expr;
use super::statement::End;

/// NFT_PAYLOAD_NETWORK_HEADER and NFT_PAYLOAD_TRANSPORT_HEADER.
const NETWORK: u32 = 1;
const TRANSPORT: u32 = 2;
/// NFT_CT_STATE.
const STATE: u32 = 0;
/// The transport protocol in the header of IPv4, and in that of IPv6.
const PROTOCOL_4: u32 = 9;
const PROTOCOL_6: u32 = 6;

/// What can be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// What the kernel knows of the packet.
    Meta(MetaKey),
    /// An address of this version of IP.
    Address(End, u8),
    /// A port.
    Port(End),
    /// The state of its connection.
    State,
}

impl Field {
    /// The expression that loads it.
    pub(super) fn load(self, to: u32) -> Expr {
        match self {
            Self::Meta(key) => Expr::Meta { key, to },
            Self::State => Expr::Conntrack { key: STATE, to },
            Self::Port(end) => Expr::Payload {
                header: TRANSPORT,
                offset: if end == End::Source { 0 } else { 2 },
                length: 2,
                to,
            },
            Self::Address(end, version) => {
                let (offset, length) = address(end, version);
                Expr::Payload {
                    header: NETWORK,
                    offset,
                    length,
                    to,
                }
            }
        }
    }

    /// What an expression loads, and how many bytes of it, where packets are of this version.
    pub(super) fn of(expr: &Expr, version: Option<u8>) -> Option<(Self, u32)> {
        match expr {
            Expr::Meta { key, .. } => Some((Self::Meta(*key), u32::MAX)),
            Expr::Conntrack { key: STATE, .. } => Some((Self::State, u32::MAX)),
            Expr::Payload {
                header: TRANSPORT,
                offset,
                length: 2,
                ..
            } => match offset {
                0 => Some((Self::Port(End::Source), 2)),
                2 => Some((Self::Port(End::Destination), 2)),
                _ => None,
            },
            Expr::Payload {
                header: NETWORK,
                offset,
                length,
                ..
            } => {
                let version = version?;
                if *length == 1 && *offset == if version == 4 { PROTOCOL_4 } else { PROTOCOL_6 } {
                    return Some((Self::Meta(MetaKey::L4Proto), 1));
                }
                [End::Source, End::Destination]
                    .into_iter()
                    .find(|end| {
                        let (at, whole) = address(*end, version);
                        at == *offset && *length <= whole
                    })
                    .map(|end| (Self::Address(end, version), *length))
            }
            _ => None,
        }
    }

    /// In the words of `nft`, for what we do not make of it.
    pub(super) fn words(self, protocol: Option<&str>) -> String {
        let of = |end| match end {
            End::Source => "s",
            End::Destination => "d",
        };
        match self {
            Self::Meta(MetaKey::Iifname) => "iifname".to_owned(),
            Self::Meta(MetaKey::Oifname) => "oifname".to_owned(),
            Self::Meta(MetaKey::Iif) => "iif".to_owned(),
            Self::Meta(MetaKey::Oif) => "oif".to_owned(),
            Self::Meta(MetaKey::L4Proto) => "meta l4proto".to_owned(),
            Self::Meta(MetaKey::Mark) => "meta mark".to_owned(),
            Self::Meta(MetaKey::PacketType) => "meta pkttype".to_owned(),
            Self::Meta(key) => format!("meta {}", u32::from(key)),
            Self::Address(end, 4) => format!("ip {}addr", of(end)),
            Self::Address(end, _) => format!("ip6 {}addr", of(end)),
            Self::Port(end) => format!("{} {}port", protocol.unwrap_or("th"), of(end)),
            Self::State => "ct state".to_owned(),
        }
    }
}

/// The place of an address in the header of IP, and its length.
const fn address(end: End, version: u8) -> (u32, u32) {
    match (version, end) {
        (4, End::Source) => (12, 4),
        (4, End::Destination) => (16, 4),
        (_, End::Source) => (8, 16),
        (_, End::Destination) => (24, 16),
    }
}

/// NFPROTO_* of a version of IP.
pub(super) const fn nfproto(version: u8) -> u8 {
    if version == 4 {
        2
    } else {
        10
    }
}

/// The EtherType of a version of IP.
pub(super) const fn ether_type(version: u8) -> [u8; 2] {
    if version == 4 {
        [0x08, 0x00]
    } else {
        [0x86, 0xDD]
    }
}
