// SPDX-License-Identifier: GPL-2.0-only

//! Why a packet is not relayed: all reasons there are, each with a name, a sentence, and how it counts.
//!
//! The names are stable: they stand in `/proc/rtpengine/N/reasons`.

use super::srtp::index::{NoIndex, Refused};
use core::fmt;

/// The name of what became of a packet that is relayed.
pub const RELAYED: &str = "relayed";

/// Where a packet goes that is not relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// On to the next rule: userspace will see it, as it came.
    Pass,
    /// Nowhere.
    Drop,
}

/// Why a packet that reached a table is not relayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Not one whole UDP datagram that begins as one must.
    NoDatagram,
    /// Its destination is that of no target.
    NoTarget,
    /// The stack drops it: a wrong checksum, or a policy of IPsec.
    Unsound,
    /// STUN.
    Stun,
    /// From another source, which is to be dropped.
    ForeignDropped,
    /// From another source, which is to be passed.
    ForeignPassed,
    /// DTLS.
    Dtls,
    /// The target relays nothing.
    NonForwarding,
    /// The target drops everything.
    Blackhole,
    /// Not RTP.
    NotRtp,
    /// Not one of the SSRCs, or no SSRC was given though one is required.
    Ssrc,
    /// RTCP that is not to be relayed.
    Rtcp,
    /// There is no memory to handle it.
    NoMemory,
    /// SRTP whose authentication tag is wrong, or missing.
    NotAuthentic,
    /// SRTP that was received before.
    Replayed,
    /// SRTP from before all that is remembered: nobody can tell whether it was received.
    TooOld,
    /// Not one of the payload types.
    PayloadType,
    /// No output is for it.
    NoOutput,
}

impl Reason {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 18] = [
        Self::NoDatagram,
        Self::NoTarget,
        Self::Unsound,
        Self::Stun,
        Self::ForeignDropped,
        Self::ForeignPassed,
        Self::Dtls,
        Self::NonForwarding,
        Self::Blackhole,
        Self::NotRtp,
        Self::Ssrc,
        Self::Rtcp,
        Self::NoMemory,
        Self::NotAuthentic,
        Self::Replayed,
        Self::TooOld,
        Self::PayloadType,
        Self::NoOutput,
    ];

    /// Its place among all.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name that it is listed by.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::NoDatagram => "no-datagram",
            Reason::NoTarget => "no-target",
            Reason::Unsound => "unsound",
            Reason::Stun => "stun",
            Reason::ForeignDropped => "foreign-dropped",
            Reason::ForeignPassed => "foreign-passed",
            Reason::Dtls => "dtls",
            Reason::NonForwarding => "non-forwarding",
            Reason::Blackhole => "blackhole",
            Reason::NotRtp => "not-rtp",
            Reason::Ssrc => "ssrc",
            Reason::Rtcp => "rtcp",
            Reason::NoMemory => "no-memory",
            Reason::NotAuthentic => "not-authentic",
            Reason::Replayed => "replayed",
            Reason::TooOld => "too-old",
            Reason::PayloadType => "payload-type",
            Reason::NoOutput => "no-output",
        }
    }

    /// Where the packet goes.
    pub const fn fate(self) -> Fate {
        match self {
            Reason::ForeignDropped | Reason::Blackhole | Reason::Replayed => Fate::Drop,
            _ => Fate::Pass,
        }
    }

    /// Whether it is an error of target, ingress interface and module.
    pub const fn is_error(self) -> bool {
        matches!(
            self,
            Reason::ForeignDropped
                | Reason::Ssrc
                | Reason::NoMemory
                | Reason::NotAuthentic
                | Reason::Replayed
                | Reason::TooOld
        )
    }

    /// Whether it counts as a packet of target, ingress interface and module.
    pub const fn is_counted(self) -> bool {
        matches!(self, Reason::Blackhole)
    }

    /// The reason in words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Reason::NoDatagram => "it is not one whole UDP datagram",
            Reason::NoTarget => "no target has its destination",
            Reason::Unsound => "the stack refuses it: a wrong checksum, or a policy of IPsec",
            Reason::Stun => "STUN is userspace's",
            Reason::ForeignDropped => "it comes from another source than the expected one",
            Reason::ForeignPassed => "it comes from another source, which userspace judges",
            Reason::Dtls => "DTLS is userspace's",
            Reason::NonForwarding => "the target relays nothing",
            Reason::Blackhole => "the target drops everything",
            Reason::NotRtp => "it is not RTP",
            Reason::Ssrc => "its SSRC is not one of the target's",
            Reason::Rtcp => "RTCP is userspace's",
            Reason::NoMemory => "there is no memory to decrypt it",
            Reason::NotAuthentic => "its authentication tag is wrong",
            Reason::Replayed => "it was received before",
            Reason::TooOld => "it is too old to tell whether it was received before",
            Reason::PayloadType => "its payload type is not one of the target's",
            Reason::NoOutput => "the target has no output for it",
        }
    }
}

impl From<Refused> for Reason {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Replayed => Self::Replayed,
            Refused::TooOld => Self::TooOld,
            Refused::NotAuthentic => Self::NotAuthentic,
            Refused::NoMemory => Self::NoMemory,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

/// Why an output does not send a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// A rule of its payload type keeps it back.
    KeptBack,
    /// There is no memory, or no room, to make it.
    NoMemory,
    /// Its index was used under the same key, or may have been (RFC 3711, 9.1).
    IndexUsed,
    /// All indices of the key were used (RFC 3711, 9.2).
    IndicesUsedUp,
    /// There is no place to remember the indices of its SSRC.
    NoPlace,
    /// No datagram is as long.
    TooLong,
    /// It has come round too often: nothing is left of its TTL.
    Looped,
    /// The route is one of broadcast, or one that prohibits.
    Prohibited,
    /// A rule on the way out dropped it.
    Filtered,
    /// A queue on the way out dropped it.
    Congested,
    /// There is no route to the destination: the error number.
    NoRoute(i32),
}

impl Unsent {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 11] = [
        Self::KeptBack,
        Self::NoMemory,
        Self::IndexUsed,
        Self::IndicesUsedUp,
        Self::NoPlace,
        Self::TooLong,
        Self::Looped,
        Self::Prohibited,
        Self::Filtered,
        Self::Congested,
        Self::NoRoute(0),
    ];

    /// Its place among all.
    pub const fn index(self) -> usize {
        match self {
            Unsent::KeptBack => 0,
            Unsent::NoMemory => 1,
            Unsent::IndexUsed => 2,
            Unsent::IndicesUsedUp => 3,
            Unsent::NoPlace => 4,
            Unsent::TooLong => 5,
            Unsent::Looped => 6,
            Unsent::Prohibited => 7,
            Unsent::Filtered => 8,
            Unsent::Congested => 9,
            Unsent::NoRoute(_) => 10,
        }
    }

    /// The name that it is listed by.
    pub const fn name(self) -> &'static str {
        match self {
            Unsent::KeptBack => "kept-back",
            Unsent::NoMemory => "unsent-no-memory",
            Unsent::IndexUsed => "index-used",
            Unsent::IndicesUsedUp => "indices-used-up",
            Unsent::NoPlace => "indices-no-place",
            Unsent::TooLong => "too-long",
            Unsent::Looped => "looped",
            Unsent::Prohibited => "prohibited",
            Unsent::Filtered => "filtered",
            Unsent::Congested => "congested",
            Unsent::NoRoute(_) => "no-route",
        }
    }

    /// Whether it is an error of output, target, both interfaces and module.
    pub const fn is_error(self) -> bool {
        !matches!(self, Unsent::KeptBack)
    }

    /// The reason in words.
    pub const fn sentence(self) -> &'static str {
        match self {
            Unsent::KeptBack => "the rule of its payload type keeps it back",
            Unsent::NoMemory => "there is no memory to send it",
            Unsent::IndexUsed => "its SRTP index was used before, or may have been",
            Unsent::IndicesUsedUp => "all SRTP indices of the key were used",
            Unsent::NoPlace => "there is no place to remember the SRTP indices of its SSRC",
            Unsent::TooLong => "no datagram is as long",
            Unsent::Looped => "it goes round in circles",
            Unsent::Prohibited => "its route is one of broadcast, or prohibits it",
            Unsent::Filtered => "a rule on the way out drops it",
            Unsent::Congested => "a queue on the way out is full",
            Unsent::NoRoute(_) => "there is no route to the destination",
        }
    }
}

impl From<NoIndex> for Unsent {
    fn from(reason: NoIndex) -> Self {
        match reason {
            NoIndex::Used => Self::IndexUsed,
            NoIndex::UsedUp => Self::IndicesUsedUp,
            NoIndex::NoPlace => Self::NoPlace,
        }
    }
}

impl fmt::Display for Unsent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())?;
        match self {
            Unsent::NoRoute(error) => write!(f, " (error {error})"),
            _ => Ok(()),
        }
    }
}
