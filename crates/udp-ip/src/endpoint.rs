// SPDX-License-Identifier: GPL-2.0-only

//! An address and port, of either family, and the two of a datagram.

use core::cmp::Ordering;
use core::fmt;
use core::net::{IpAddr, SocketAddr};
use zerocopy_derive::{FromZeros, Immutable, IntoBytes};

/// Family of an address: the version of IP.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, FromZeros, IntoBytes, Immutable,
)]
#[repr(u8)]
pub enum Family {
    /// IPv4.
    V4 = 0,
    /// IPv6.
    V6 = 1,
}

/// An address and port.
///
/// Two endpoints are equal exactly when their bytes are: it may be hashed and compared as bytes, or
/// as words of 32 bits. The order is that of family, address, port. All zero is `0.0.0.0:0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, FromZeros, IntoBytes, Immutable)]
#[repr(C, align(4))]
pub struct Endpoint {
    // INVARIANT: unused bytes of `addr` and all of `zero` are zero.
    addr: [u8; 16],
    port: u16,
    family: Family,
    zero: u8,
}

impl Endpoint {
    /// An IPv4 endpoint; the address in network order.
    #[inline]
    pub const fn v4(addr: [u8; 4], port: u16) -> Self {
        const ZERO: [u8; 4] = [0; 4];
        Self {
            addr: zerocopy::transmute!([addr, ZERO, ZERO, ZERO]),
            port,
            family: Family::V4,
            zero: 0,
        }
    }

    /// An IPv6 endpoint; the address in network order.
    #[inline]
    pub const fn v6(addr: [u8; 16], port: u16) -> Self {
        Self {
            addr,
            port,
            family: Family::V6,
            zero: 0,
        }
    }

    /// The family.
    #[inline]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The address in network order; an IPv4 address in the first four bytes, the rest zero.
    #[inline]
    pub const fn addr(&self) -> &[u8; 16] {
        &self.addr
    }

    /// The IPv4 address in network order, when it is one.
    #[inline]
    pub const fn ipv4(&self) -> Option<[u8; 4]> {
        match self.family {
            Family::V4 => Some(self.first_four()),
            Family::V6 => None,
        }
    }

    /// The IPv6 address in network order, when it is one.
    #[inline]
    pub const fn ipv6(&self) -> Option<[u8; 16]> {
        match self.family {
            Family::V4 => None,
            Family::V6 => Some(self.addr),
        }
    }

    /// The port, in host order.
    #[inline]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether the address is all zero.
    #[inline]
    pub fn is_unspecified(&self) -> bool {
        self.addr == [0; 16]
    }

    const fn first_four(&self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.addr;
        [a, b, c, d]
    }
}

impl Ord for Endpoint {
    fn cmp(&self, other: &Self) -> Ordering {
        let parts = |end: &Self| (end.family, end.addr, end.port);
        parts(self).cmp(&parts(other))
    }
}

impl PartialOrd for Endpoint {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<SocketAddr> for Endpoint {
    /// Scope and flow label of IPv6 are left out.
    fn from(address: SocketAddr) -> Self {
        match address.ip() {
            IpAddr::V4(ip) => Self::v4(ip.octets(), address.port()),
            IpAddr::V6(ip) => Self::v6(ip.octets(), address.port()),
        }
    }
}

impl From<Endpoint> for SocketAddr {
    fn from(end: Endpoint) -> Self {
        let ip: IpAddr = match end.family {
            Family::V4 => end.first_four().into(),
            Family::V6 => end.addr.into(),
        };
        Self::new(ip, end.port)
    }
}

/// As the target list prints it: `inet4 192.0.2.1:30000`, `inet6 [2001:db8:0:0:0:0:0:1]:30000`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family {
            Family::V4 => {
                let [a, b, c, d] = self.first_four();
                write!(f, "inet4 {a}.{b}.{c}.{d}:{}", self.port)
            }
            Family::V6 => {
                f.write_str("inet6 [")?;
                for (i, group) in self.addr.chunks_exact(2).enumerate() {
                    if i > 0 {
                        f.write_str(":")?;
                    }
                    if let &[high, low] = group {
                        write!(f, "{:x}", u16::from_be_bytes([high, low]))?;
                    }
                }
                write!(f, "]:{}", self.port)
            }
        }
    }
}

/// From where to where a datagram goes: two endpoints of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(C)]
pub struct Flow {
    // INVARIANT: both of one family.
    source: Endpoint,
    destination: Endpoint,
}

/// The addresses of a [`Flow`], in network order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses<'a> {
    /// IPv4.
    V4 {
        /// Source address.
        source: [u8; 4],
        /// Destination address.
        destination: [u8; 4],
    },
    /// IPv6.
    V6 {
        /// Source address.
        source: &'a [u8; 16],
        /// Destination address.
        destination: &'a [u8; 16],
    },
}

impl Flow {
    /// From one endpoint to another: `None` when they are not of one family.
    pub fn new(source: Endpoint, destination: Endpoint) -> Option<Self> {
        // INVARIANT: just checked.
        (source.family == destination.family).then_some(Self {
            source,
            destination,
        })
    }

    /// Of IPv4: addresses in network order, with their ports.
    #[inline]
    pub const fn v4(source: ([u8; 4], u16), destination: ([u8; 4], u16)) -> Self {
        // INVARIANT: both of IPv4.
        Self {
            source: Endpoint::v4(source.0, source.1),
            destination: Endpoint::v4(destination.0, destination.1),
        }
    }

    /// Of IPv6: addresses in network order, with their ports.
    #[inline]
    pub const fn v6(source: ([u8; 16], u16), destination: ([u8; 16], u16)) -> Self {
        // INVARIANT: both of IPv6.
        Self {
            source: Endpoint::v6(source.0, source.1),
            destination: Endpoint::v6(destination.0, destination.1),
        }
    }

    /// Where it comes from.
    #[inline]
    pub const fn source(&self) -> &Endpoint {
        &self.source
    }

    /// Where it goes to.
    #[inline]
    pub const fn destination(&self) -> &Endpoint {
        &self.destination
    }

    /// The family of both.
    #[inline]
    pub const fn family(&self) -> Family {
        self.destination.family
    }

    /// The addresses of both.
    #[inline]
    pub const fn addresses(&self) -> Addresses<'_> {
        match self.family() {
            Family::V4 => Addresses::V4 {
                source: self.source.first_four(),
                destination: self.destination.first_four(),
            },
            Family::V6 => Addresses::V6 {
                source: &self.source.addr,
                destination: &self.destination.addr,
            },
        }
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
