// SPDX-License-Identifier: GPL-2.0-only

//! An address and port, of either family.

use core::fmt;
use zerocopy_derive::{FromZeros, Immutable, IntoBytes};

/// Family of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, FromZeros, IntoBytes, Immutable)]
#[repr(u8)]
pub enum Family {
    /// No address.
    None = 0,
    /// IPv4.
    V4 = 4,
    /// IPv6.
    V6 = 6,
}

/// An address and port.
///
/// Two endpoints are equal exactly when their bytes are: it may be hashed and compared as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, FromZeros, IntoBytes, Immutable)]
#[repr(C)]
pub struct Endpoint {
    // INVARIANT: unused bytes of `addr` and all of `zero` are zero.
    addr: [u8; 16],
    port: u16,
    family: Family,
    zero: u8,
}

impl Endpoint {
    /// No address at all.
    pub const NONE: Self = Self {
        addr: [0; 16],
        port: 0,
        family: Family::None,
        zero: 0,
    };

    /// An IPv4 endpoint; the address in network order.
    pub const fn v4(addr: [u8; 4], port: u16) -> Self {
        let [a, b, c, d] = addr;
        Self {
            addr: [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            port,
            family: Family::V4,
            zero: 0,
        }
    }

    /// An IPv6 endpoint; the address in network order.
    pub const fn v6(addr: [u8; 16], port: u16) -> Self {
        Self {
            addr,
            port,
            family: Family::V6,
            zero: 0,
        }
    }

    /// The family, [`Family::None`] when there is no address.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The address in network order; an IPv4 address in the first four bytes.
    pub const fn addr(&self) -> &[u8; 16] {
        &self.addr
    }

    /// The IPv4 address in network order, when it is one.
    pub const fn ipv4(&self) -> Option<[u8; 4]> {
        let [a, b, c, d, ..] = self.addr;
        match self.family {
            Family::V4 => Some([a, b, c, d]),
            _ => None,
        }
    }

    /// The IPv6 address in network order, when it is one.
    pub const fn ipv6(&self) -> Option<[u8; 16]> {
        match self.family {
            Family::V6 => Some(self.addr),
            _ => None,
        }
    }

    /// The port, in host order.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether there is an address.
    pub const fn is_some(&self) -> bool {
        !matches!(self.family, Family::None)
    }

    /// Whether the address is all zero.
    pub fn is_unspecified(&self) -> bool {
        self.addr == [0; 16]
    }
}

/// As the target list prints it: `inet4 192.0.2.1:30000`, `inet6 [2001:db8:0:0:0:0:0:1]:30000`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family {
            Family::None => f.write_str("none"),
            Family::V4 => {
                let [a, b, c, d, ..] = self.addr;
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
