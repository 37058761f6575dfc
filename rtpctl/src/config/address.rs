// SPDX-License-Identifier: GPL-2.0-only

//! Checks of addresses.

use std::net::{IpAddr, SocketAddr};

use super::super::exit::Failure;
use super::usage;

/// Checks that an address can be sent to or received on.
pub(super) fn specified(option: &str, address: SocketAddr) -> Result<SocketAddr, Failure> {
    if address.ip().is_unspecified() || address.port() == 0 {
        return Err(usage(format!(
            "{option} {address}: the address and the port must be given, neither may be zero"
        )));
    }
    if let SocketAddr::V6(v6) = address {
        if v6.scope_id() != 0 {
            return Err(usage(format!(
                "{option} {address}: the interface has no room for a scope, leave it out; what is sent to a link-local \
                 address goes to the link of the source address"
            )));
        }
    }
    if let IpAddr::V6(v6) = address.ip() {
        if v6.to_ipv4_mapped().is_some() {
            return Err(usage(format!(
                "{option} {address}: give an IPv4 address as such"
            )));
        }
    }
    Ok(address)
}

/// Whether a datagram may not have the address as its source.
pub(super) fn is_for_many(address: IpAddr) -> bool {
    address.is_multicast() || matches!(address, IpAddr::V4(address) if address.is_broadcast())
}

/// Whether both are IPv4, or both IPv6.
pub(super) fn same_family(a: SocketAddr, b: SocketAddr) -> bool {
    a.is_ipv4() == b.is_ipv4()
}
