// SPDX-License-Identifier: GPL-2.0-only

//! The words of a rule, in the language of `nft`: what is printed can be typed.

use std::fmt::{self, Display};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::super::config::Via;
use super::super::exit::{Code, Failure};
use super::super::foreign::Foreign;
use super::compile::GRAMMAR;
use super::statement::{
    protocol_of_word, protocol_word, Counter, End, Is, Prefix, Relay, Statement, Verdict, Way, TCP,
    UDP,
};

impl Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { is, version } => write!(f, "meta nfproto {is}ipv{version}"),
            Self::Protocol { is, protocol } => {
                write!(f, "meta l4proto {is}{}", Protocol(*protocol))
            }
            Self::Address { is, end, prefix } => {
                let ip = if prefix.version() == 4 { "ip" } else { "ip6" };
                write!(f, "{ip} {end}addr {is}{prefix}")
            }
            Self::Interface {
                is,
                way: Way::In,
                name,
            } => {
                write!(f, "iifname {is}\"{}\"", Foreign(name))
            }
            Self::Interface {
                is,
                way: Way::Out,
                name,
            } => {
                write!(f, "oifname {is}\"{}\"", Foreign(name))
            }
            Self::Port {
                is,
                protocol,
                end,
                first,
                last,
            } => {
                match protocol {
                    Some(protocol) => write!(f, "{} ", Protocol(*protocol))?,
                    None => f.write_str("th ")?,
                }
                write!(f, "{end}port {is}{first}")?;
                match first == last {
                    true => Ok(()),
                    false => write!(f, "-{last}"),
                }
            }
            Self::Counter(Counter { packets, bytes }) => {
                write!(f, "counter packets {packets} bytes {bytes}")
            }
            Self::Verdict { verdict } => verdict.fmt(f),
            Self::Dnat { address, port } => {
                let ip = if address.is_ipv4() { "ip" } else { "ip6" };
                write!(f, "dnat {ip} to ")?;
                match port {
                    Some(port) => SocketAddr::new(*address, *port).fmt(f),
                    None => address.fmt(f),
                }
            }
            Self::Relay(Relay {
                table,
                via,
                past_output,
            }) => {
                write!(f, "rtpengine {table}")?;
                match (via, past_output) {
                    (Via::Target, _) => f.write_str(" via target"),
                    (Via::Expression, true) => f.write_str(" past-output"),
                    (Via::Expression, false) => Ok(()),
                }
            }
            Self::Comment { text } => write!(f, "comment \"{}\"", Foreign(text)),
            Self::Other { text } => write!(f, "[{}]", Foreign(text)),
        }
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Drop => f.write_str("drop"),
            Self::Continue => f.write_str("continue"),
            Self::Return => f.write_str("return"),
            Self::Jump(chain) => write!(f, "jump {}", Foreign(chain)),
            Self::Goto(chain) => write!(f, "goto {}", Foreign(chain)),
        }
    }
}

impl Display for Is {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => Ok(()),
            Self::NotEqual => f.write_str("!= "),
        }
    }
}

impl Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "s",
            Self::Destination => "d",
        })
    }
}

impl Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_host() {
            true => self.address.fmt(f),
            false => write!(f, "{}/{}", self.address, self.length),
        }
    }
}

struct Protocol(u8);

impl Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match protocol_word(self.0) {
            Some(word) => f.write_str(word),
            None => self.0.fmt(f),
        }
    }
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address or prefix, as 192.0.2.1 or 192.0.2.0/24");
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().map_err(|_| wrong())?,
            None => whole,
        };
        let prefix = Self::new(address, length)
            .ok_or_else(|| format!("a prefix of {address} has at most {whole} bits"))?;
        match prefix.address == address {
            true => Ok(prefix),
            false => Err(format!(
                "`{text}` has bits beyond the prefix: write {prefix}"
            )),
        }
    }
}

/// The longest comment that `nft` shows has 127 bytes; ours begins with a mark.
const LONGEST_COMMENT: usize = 119;

/// Reads the words of a rule, however they are split into arguments.
pub(super) fn parse(words: &[String]) -> Result<Vec<Statement>, Failure> {
    let words: Vec<_> = words
        .iter()
        .flat_map(|word| word.split_whitespace())
        .collect();
    let mut words = Words { rest: &words };
    let mut statements = Vec::new();
    while let Some(word) = words.next() {
        statements.push(words.statement(word)?);
    }
    Ok(statements)
}

fn wrong(what: impl Into<String>) -> Failure {
    Failure::new(Code::Usage, what).hint(GRAMMAR)
}

struct Words<'a> {
    rest: &'a [&'a str],
}

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Takes the next word if it is this one.
    fn is(&mut self, word: &str) -> bool {
        let found = self.rest.first() == Some(&word);
        if found {
            self.next();
        }
        found
    }

    /// Takes the word that has to follow.
    fn value(&mut self, after: &str, what: &str) -> Result<&'a str, Failure> {
        self.next()
            .ok_or_else(|| wrong(format!("`{after}` lacks {what}")))
    }

    fn comparison(&mut self) -> Is {
        match self.is("!=") {
            true => Is::NotEqual,
            false => {
                self.is("==");
                Is::Equal
            }
        }
    }

    fn statement(&mut self, word: &str) -> Result<Statement, Failure> {
        match word {
            "ip" | "ip6" => self.network(word),
            "saddr" | "daddr" => self.address(word, None),
            "meta" => self.meta(),
            "iifname" | "oifname" => self.interface(word),
            "iif" | "oif" => Err(wrong(format!(
                "`{word}` compares a number that a device loses when it comes back; write {word}name"
            ))),
            "udp" | "tcp" | "th" => self.transport(word),
            "sport" | "dport" => self.port(word, Some(UDP)),
            "counter" => self.counter(),
            "accept" => Ok(verdict(Verdict::Accept)),
            "drop" => Ok(verdict(Verdict::Drop)),
            "continue" => Ok(verdict(Verdict::Continue)),
            "return" => Ok(verdict(Verdict::Return)),
            "jump" | "goto" => {
                let chain = self.value(word, "the name of a chain")?.to_owned();
                Ok(verdict(match word {
                    "jump" => Verdict::Jump(chain),
                    _ => Verdict::Goto(chain),
                }))
            }
            "dnat" => self.dnat(),
            "rtpengine" => self.relay(),
            "comment" => self.comment(),
            "reject" => Err(wrong("rtpctl makes no `reject`; write drop, or use `nft`")),
            _ => Err(wrong(format!("`{word}` is no word of a rule"))),
        }
    }

    fn network(&mut self, ip: &str) -> Result<Statement, Failure> {
        let version = if ip == "ip" { 4 } else { 6 };
        match self.value(ip, "saddr or daddr")? {
            word @ ("saddr" | "daddr") => self.address(word, Some(version)),
            "protocol" | "nexthdr" => self.protocol(),
            word => Err(wrong(format!("`{ip}` takes saddr or daddr, not `{word}`"))),
        }
    }

    fn address(&mut self, word: &str, version: Option<u8>) -> Result<Statement, Failure> {
        let is = self.comparison();
        let text = self.value(word, "an address or a prefix")?;
        let prefix: Prefix = text.parse().map_err(wrong)?;
        if version.is_some_and(|version| version != prefix.version()) {
            let word = if prefix.version() == 4 { "ip" } else { "ip6" };
            return Err(wrong(format!("{prefix} is an address of `{word}`")));
        }
        let end = end_of(word);
        Ok(Statement::Address { is, end, prefix })
    }

    fn meta(&mut self) -> Result<Statement, Failure> {
        match self.value("meta", "l4proto, nfproto, iifname or oifname")? {
            "l4proto" => self.protocol(),
            word @ ("iifname" | "oifname") => self.interface(word),
            "nfproto" => {
                let is = self.comparison();
                let version = match self.value("nfproto", "ipv4 or ipv6")? {
                    "ipv4" => 4,
                    "ipv6" => 6,
                    word => {
                        return Err(wrong(format!("`nfproto` takes ipv4 or ipv6, not `{word}`")))
                    }
                };
                Ok(Statement::Version { is, version })
            }
            word => Err(wrong(format!(
                "`meta` takes l4proto, nfproto, iifname or oifname, not `{word}`"
            ))),
        }
    }

    fn protocol(&mut self) -> Result<Statement, Failure> {
        let is = self.comparison();
        let word = self.value("l4proto", "a protocol, as udp")?;
        let protocol = protocol_of_word(word)
            .ok_or_else(|| wrong(format!("`{word}` is no transport protocol, as udp or tcp")))?;
        Ok(Statement::Protocol { is, protocol })
    }

    fn interface(&mut self, word: &str) -> Result<Statement, Failure> {
        let is = self.comparison();
        let name = self.value(word, "the name of a device")?;
        let name = name.trim_matches('"').to_owned();
        let way = if word == "iifname" { Way::In } else { Way::Out };
        Ok(Statement::Interface { is, way, name })
    }

    fn transport(&mut self, word: &str) -> Result<Statement, Failure> {
        let protocol = match word {
            "udp" => Some(UDP),
            "tcp" => Some(TCP),
            _ => None,
        };
        match (self.rest.first(), protocol) {
            (Some(&end @ ("sport" | "dport")), _) => {
                self.next();
                self.port(end, protocol)
            }
            (_, Some(protocol)) => Ok(Statement::Protocol {
                is: Is::Equal,
                protocol,
            }),
            (_, None) => Err(wrong("`th` takes sport or dport")),
        }
    }

    fn port(&mut self, word: &str, protocol: Option<u8>) -> Result<Statement, Failure> {
        let is = self.comparison();
        let text = self.value(word, "a port or a range of ports")?;
        let (first, last) = ports(text)?;
        let end = end_of(word);
        Ok(Statement::Port {
            is,
            protocol,
            end,
            first,
            last,
        })
    }

    fn counter(&mut self) -> Result<Statement, Failure> {
        let mut counter = Counter::default();
        for (word, to) in [
            ("packets", &mut counter.packets),
            ("bytes", &mut counter.bytes),
        ] {
            if self.is(word) {
                let text = self.value(word, "a number")?;
                *to = text
                    .parse()
                    .map_err(|_| wrong(format!("`{text}` is no number of {word}")))?;
            }
        }
        Ok(Statement::Counter(counter))
    }

    fn dnat(&mut self) -> Result<Statement, Failure> {
        let _ = self.is("ip") || self.is("ip6");
        self.is("to");
        let text = self.value("dnat", "an address, or an address and a port")?;
        let plain = text.trim_start_matches('[').trim_end_matches(']');
        let (address, port) = match (text.parse::<SocketAddr>(), plain.parse::<IpAddr>()) {
            (Ok(both), _) => (both.ip(), Some(both.port())),
            (_, Ok(address)) => (address, None),
            _ => {
                return Err(wrong(format!(
                    "`{text}` is no address and port, as 192.0.2.1:5060 or [2001:db8::1]:5060"
                )))
            }
        };
        match address.is_unspecified() || port == Some(0) {
            true => Err(wrong(format!("nothing can be sent to `{text}`"))),
            false => Ok(Statement::Dnat { address, port }),
        }
    }

    /// All that follows, whether it stands in quotes or not.
    fn comment(&mut self) -> Result<Statement, Failure> {
        let words = std::mem::take(&mut self.rest);
        let text = words.join(" ");
        let text = match text.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').unwrap_or(rest),
            None => &text,
        };
        if text.is_empty() || text.len() > LONGEST_COMMENT || text.contains('"') {
            return Err(wrong(format!(
                "a comment has 1 to {LONGEST_COMMENT} bytes, none of them a quote, and ends the rule"
            )));
        }
        Ok(Statement::Comment {
            text: text.to_owned(),
        })
    }

    fn relay(&mut self) -> Result<Statement, Failure> {
        let text = self.value("rtpengine", "the number of a table of the relay")?;
        let table = text
            .parse()
            .ok()
            .filter(|table| *table < 64)
            .ok_or_else(|| {
                wrong(format!(
                    "a table of the relay is a number from 0 to 63, not `{text}`"
                ))
            })?;
        let via = match self.is("via") {
            false => Via::Expression,
            true => match self.value("via", "expression or target")? {
                "expression" => Via::Expression,
                "target" => Via::Target,
                word => {
                    return Err(wrong(format!(
                        "`via` takes expression or target, not `{word}`"
                    )))
                }
            },
        };
        Ok(Statement::Relay(Relay {
            table,
            via,
            past_output: self.is("past-output"),
        }))
    }
}

fn verdict(verdict: Verdict) -> Statement {
    Statement::Verdict { verdict }
}

fn end_of(word: &str) -> End {
    match word.starts_with('s') {
        true => End::Source,
        false => End::Destination,
    }
}

fn ports(text: &str) -> Result<(u16, u16), Failure> {
    let port = |text: &str| {
        text.parse::<u16>().map_err(|_| {
            wrong(format!(
                "`{text}` is no port: a port is a number from 0 to 65535"
            ))
        })
    };
    match text.split_once(['-', ':']) {
        Some((first, last)) => Ok((port(first)?, port(last)?)),
        None => port(text).map(|port| (port, port)),
    }
}

#[cfg(test)]
mod tests;
