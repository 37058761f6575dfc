// SPDX-License-Identifier: GPL-2.0-only

//! An address with its port, or with a range of ports.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::super::super::secret::is_suspect;

/// An address and its ports: one, or several that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    // INVARIANT: its port is not above `last`.
    first: SocketAddr,
    last: u16,
}

impl From<SocketAddr> for Span {
    fn from(first: SocketAddr) -> Self {
        // INVARIANT: there is one.
        let last = first.port();
        Self { first, last }
    }
}

impl Span {
    /// How many ports there are.
    pub(crate) fn count(self) -> usize {
        usize::from(self.last.saturating_sub(self.first.port())).saturating_add(1)
    }

    /// The address with the port of this number; one port serves every number.
    pub(crate) fn nth(self, number: usize) -> SocketAddr {
        let mut address = self.first;
        if self.count() > 1 {
            let port = u16::try_from(number)
                .ok()
                .and_then(|number| address.port().checked_add(number));
            address.set_port(port.unwrap_or(self.last).min(self.last));
        }
        address
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.count() > 1 {
            write!(f, "-{}", self.last)?;
        }
        Ok(())
    }
}

/// What is wrong with an address and port, and the right form.
fn wrong(text: &str) -> String {
    const FORM: &str = "write 192.0.2.1:30000 or [2001:db8::1]:30000";
    if is_suspect(text) {
        return format!("it is not an address and port: {FORM}");
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return match address {
            IpAddr::V4(address) => format!("it has no port: write {address}:30000"),
            IpAddr::V6(address) if is_with_port(text) => {
                format!("an IPv6 address stands in brackets: write [2001:db8::1]:30000 or [{address}]:30000")
            }
            IpAddr::V6(address) => format!("it has no port: write [{address}]:30000"),
        };
    }
    let Some((address, port)) = text.rsplit_once(':') else {
        return format!("it is not an address and port: {FORM}");
    };
    if address.parse::<Ipv6Addr>().is_ok() {
        return format!("an IPv6 address stands in brackets: write [{address}]:{port}");
    }
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    match address {
        "" => format!("it has no address: {FORM}"),
        "*" => format!("`*` is no address, and a stream has one: {FORM}"),
        _ if bare.contains('%') => "the interface has no room for a scope: leave it out".to_owned(),
        _ if bare.parse::<IpAddr>().is_err() => {
            format!("`{address}` is no address, and names are not looked up: {FORM}")
        }
        _ => {
            "its port is a number from 1 to 65535, or a range of them as in 30000-30099".to_owned()
        }
    }
}

/// Whether an IPv6 address may have been meant to end in a port: it is full, or its last group is no hexadecimal port.
fn is_with_port(text: &str) -> bool {
    let last = text.rsplit(':').next().unwrap_or_default();
    last.len() > 3 && last.bytes().all(|digit| digit.is_ascii_digit())
}

impl FromStr for Span {
    type Err = String;

    /// Reads `ADDR:PORT` or `ADDR:FIRST-LAST`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (head, last) = match text.rsplit_once('-') {
            Some((head, last)) => (head, Some(last)),
            None => (text, None),
        };
        let first: SocketAddr = head.parse().map_err(|_| wrong(head))?;
        let last = match last {
            None => first.port(),
            Some(last) => last.parse().map_err(|_| wrong(text))?,
        };
        if last < first.port() {
            return Err(format!(
                "its range of ports goes down: write the lower one first, as in {}",
                Self {
                    first: SocketAddr::new(first.ip(), last),
                    last: first.port()
                }
            ));
        }
        Ok(Self { first, last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str) -> Result<Span, String> {
        text.parse()
    }

    #[test]
    fn a_range_has_its_ports_in_order() {
        let span = span("192.0.2.1:30000-30099").expect("valid");
        assert_eq!(span.count(), 100);
        let at = |number| span.nth(number).to_string();
        assert_eq!(
            (at(0), at(99)),
            ("192.0.2.1:30000".into(), "192.0.2.1:30099".into())
        );
        assert_eq!(at(100), at(99));
        assert_eq!(span.to_string(), "192.0.2.1:30000-30099");
        let last = "[2001:db8::1]:65535-65535".parse::<Span>().expect("valid");
        assert_eq!((last.count(), last.nth(7).port()), (1, 65535));
    }

    #[test]
    fn one_port_serves_every_number() {
        let span = span("[2001:db8::1]:4000").expect("valid");
        assert_eq!(
            (span.count(), span.nth(70_000).to_string()),
            (1, "[2001:db8::1]:4000".into())
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_the_right_form() {
        for (text, words) in [
            ("10.9.1.1", "it has no port: write 10.9.1.1:30000"),
            ("2001:db8::1", "it has no port: write [2001:db8::1]:30000"),
            (":30000", "it has no address"),
            ("*:30000", "`*` is no address"),
            (
                "localhost:30000",
                "`localhost` is no address, and names are not looked up",
            ),
            (
                "2001:db8::1:30000",
                "stands in brackets: write [2001:db8::1]:30000",
            ),
            (
                "1:2:3:4:5:6:7:8:30000",
                "stands in brackets: write [1:2:3:4:5:6:7:8]:30000",
            ),
            ("[fe80::1%eth0]:1", "no room for a scope"),
            ("10.9.1.1:70000", "from 1 to 65535"),
            ("10.9.1.1:", "from 1 to 65535"),
            ("10.9.1.1:1-x", "from 1 to 65535"),
            (
                "10.9.1.1:30-20",
                "write the lower one first, as in 10.9.1.1:20-30",
            ),
            ("10.9.1:30", "`10.9.1` is no address"),
            ("30000", "write 192.0.2.1:30000"),
            ("", "write 192.0.2.1:30000"),
        ] {
            let said = span(text).expect_err(text);
            assert!(said.contains(words), "{text}: {said}");
        }
    }

    #[test]
    fn a_key_in_the_wrong_place_is_not_repeated() {
        let said = span("AES_CM_128_HMAC_SHA1_80:inline:secret").expect_err("a key");
        assert!(!said.contains("secret"), "{said}");
    }
}
