// SPDX-License-Identifier: GPL-2.0-only

//! Whether an output has a route. The module takes one without, since there may be a route later; for somebody at a
//! terminal it is more likely a mistake.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use super::super::config::StreamConfig;
use super::super::exit::{Code, Failure};

/// Checks that each output has a route, as far as a socket of this process can tell.
pub(crate) fn check(config: &StreamConfig) -> Result<(), Failure> {
    for output in &config.outputs {
        if let Err(error) = ask(output.from(), output.to()) {
            return Err(Failure::new(
                Code::Refused,
                format!(
                    "output {} was refused: there is no route to it ({error}); nothing was added",
                    output.to()
                ),
            )
            .hint("`ip route get` shows the way; the table's network namespace counts"));
        }
    }
    Ok(())
}

/// Asks for the route from one address to another. Where the source is no address of this host or of its default VRF, or the
/// link of the destination is not told, nobody can tell but the module.
fn ask(from: SocketAddr, to: SocketAddr) -> io::Result<()> {
    if needs_link(to.ip()) {
        return Ok(());
    }
    match UdpSocket::bind((from.ip(), 0)) {
        Ok(socket) => socket.connect(to),
        Err(_) => Ok(()),
    }
}

/// Whether an address is one of each link (RFC 4007).
fn needs_link(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => {
            address.is_unicast_link_local()
                || matches!(address.segments()[0] & 0xff0f, 0xff01 | 0xff02)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_is_reached() {
        let here = SocketAddr::from(([127, 0, 0, 1], 9));
        assert!(ask(here, here).is_ok());
    }

    #[test]
    fn a_broadcast_address_is_not() {
        let here = SocketAddr::from(([127, 0, 0, 1], 9));
        let error = ask(here, SocketAddr::from(([127, 255, 255, 255], 9)))
            .expect_err("no socket without SO_BROADCAST may");
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn what_only_the_module_can_tell_is_not_asked() {
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], 9));
        assert!(ask(elsewhere, SocketAddr::from(([203, 0, 113, 1], 9))).is_ok());
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
