// SPDX-License-Identifier: GPL-2.0-only

//! Whether an output has a route. The module takes one without, since there may be a route later; for somebody at a
//! terminal it is more likely a mistake. A socket from the source to the destination is asked: what is relayed goes where
//! its datagrams would.

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use nix::errno::Errno;

use super::super::config::{Output, StreamConfig};
use super::super::exit::{Code, Failure};

/// What a socket says of a way.
#[derive(Debug)]
enum Way {
    /// There is a route, or only the module can tell.
    Open,
    /// The destination is a broadcast address.
    Broadcast,
    /// There is no route.
    NoRoute(io::Error),
    /// There is no route; nor is the source an address that a socket could have here, so that it may be otherwise for it.
    Doubtful(io::Error),
}

/// Checks that each output has a route, as far as a socket of this process can tell. Returns what is doubtful, a sentence
/// each. Sources and destinations that are `routed` are not asked for again.
pub(super) fn check(
    config: &StreamConfig,
    routed: &mut HashSet<(IpAddr, IpAddr)>,
) -> Result<Vec<String>, Failure> {
    let mut doubts = Vec::new();
    for output in &config.outputs {
        let addresses = (output.from().ip(), output.to().ip());
        if routed.contains(&addresses) {
            continue;
        }
        match ask(output.from(), output.to()) {
            Way::Open => {
                routed.insert(addresses);
            }
            Way::Broadcast => return Err(refused(output, "it is a broadcast address")),
            Way::NoRoute(error) => {
                let failure = refused(output, &format!("there is no route to it ({error})"));
                return Err(failure
                    .hint("`ip route get` shows the way; the table's network namespace counts"));
            }
            Way::Doubtful(error) => doubts.push(format!(
                "output {}: this host has no route to it ({error}), and {} is no address of its default VRF: unless there is a \
                 route from there, packets count as errors",
                output.to(),
                output.from().ip()
            )),
        }
    }
    Ok(doubts)
}

fn refused(output: &Output, why: &str) -> Failure {
    Failure::new(
        Code::Refused,
        format!(
            "output {} was refused: {why}; nothing was added",
            output.to()
        ),
    )
}

/// Asks for the way from one address to another. Where the link of the destination is not told, the module finds it by
/// the source.
fn ask(from: SocketAddr, to: SocketAddr) -> Way {
    if needs_link(to.ip()) {
        return Way::Open;
    }
    let (socket, is_ours) = match UdpSocket::bind((from.ip(), 0)) {
        Ok(socket) => (Ok(socket), true),
        Err(_) => (UdpSocket::bind((unspecified(to.ip()), 0)), false),
    };
    let Ok(socket) = socket else {
        // No sockets of that family.
        return Way::Open;
    };
    let Err(refused) = socket.connect(to) else {
        return Way::Open;
    };
    // A socket may not send to a broadcast address until it says so. Routes that prohibit have the same error.
    let is_broadcast = refused.raw_os_error() == Some(Errno::EACCES as i32)
        && socket.set_broadcast(true).is_ok()
        && socket.connect(to).is_ok();
    match (is_broadcast, is_ours) {
        (true, _) => Way::Broadcast,
        (false, true) => Way::NoRoute(refused),
        (false, false) => Way::Doubtful(refused),
    }
}

/// No address, of a family.
fn unspecified(like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

/// Whether an address is one of each link (RFC 4007).
pub(super) fn needs_link(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => {
            address.is_unicast_link_local()
                || matches!(address.segments(), [first, ..] if matches!(first & 0xff0f, 0xff01 | 0xff02))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(from: [u8; 4], to: [u8; 4]) -> Way {
        ask((from, 9).into(), (to, 9).into())
    }

    #[test]
    fn this_host_is_reached() {
        let way = way([127, 0, 0, 1], [127, 0, 0, 1]);
        assert!(matches!(way, Way::Open), "{way:?}");
    }

    #[test]
    fn a_broadcast_address_is_told_as_one() {
        let way = way([127, 0, 0, 1], [127, 255, 255, 255]);
        assert!(matches!(way, Way::Broadcast), "{way:?}");
    }

    #[test]
    fn a_source_from_elsewhere_is_asked_for_all_the_same() {
        let here = way([192, 0, 2, 1], [127, 0, 0, 1]);
        assert!(matches!(here, Way::Open), "{here:?}");
        let broadcast = way([192, 0, 2, 1], [127, 255, 255, 255]);
        assert!(matches!(broadcast, Way::Broadcast), "{broadcast:?}");
    }

    #[test]
    fn links_are_for_the_module_to_find() {
        for (address, expected) in [
            ("fe80::1", true),
            ("ff02::1", true),
            ("ff05::1", false),
            ("2001:db8::1", false),
            ("192.0.2.1", false),
        ] {
            let address: IpAddr = address.parse().expect("an address");
            assert_eq!(needs_link(address), expected, "{address}");
        }
    }
}
