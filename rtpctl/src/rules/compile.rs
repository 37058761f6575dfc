// SPDX-License-Identifier: GPL-2.0-only

//! From statements to expressions. What a match takes for granted, the version of IP or the transport protocol, is
//! matched before it, as `nft` does, unless the family or the rule says so already.

use std::net::IpAddr;

use netlink_packet_netfilter::nftables::{MetaKey, Operator};

use super::super::config::Via;
use super::super::exit::{usage, Failure};
use super::expr::Expr;
use super::field::{self, Field};
use super::model::Family;
use super::statement::{End, Is, Prefix, Relay, Statement, Verdict, Way};

/// The registers that we use: NFT_REG_1 and NFT_REG_2.
const FIRST: u32 = 1;
const SECOND: u32 = 2;
/// The room for a device's name: IFNAMSIZ.
const NAME: usize = 16;

/// The expressions of a rule.
pub(super) fn compile(family: Family, statements: &[Statement]) -> Result<Vec<Expr>, Failure> {
    let mut compiler = Compiler {
        family,
        version: family.version(),
        protocol: None,
        expressions: Vec::new(),
    };
    // It is no part of what is executed.
    let statements: Vec<_> = statements
        .iter()
        .filter(|each| !matches!(each, Statement::Comment { .. }))
        .collect();
    if statements.is_empty() {
        return Err(usage("a rule says nothing").hint(GRAMMAR));
    }
    let last = statements.len().saturating_sub(1);
    for (index, statement) in statements.iter().enumerate() {
        compiler.statement(statement)?;
        if index != last && is_end(statement) {
            return Err(usage(format!("nothing is done after `{statement}`"))
                .hint("put what decides at the end of the rule"));
        }
    }
    Ok(compiler.expressions)
}

/// How a rule is said.
pub(super) const GRAMMAR: &str = "as in `udp dport 10000-20000 ip saddr 192.0.2.0/24 counter accept`: see `rtpctl rule append --help`";

/// Whether nothing comes after it.
fn is_end(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Verdict { verdict } if !matches!(verdict, Verdict::Jump(_))
    ) || matches!(statement, Statement::Dnat { .. })
}

struct Compiler {
    family: Family,
    /// The version of IP, once it is known.
    version: Option<u8>,
    /// The transport protocol, once it is known.
    protocol: Option<u8>,
    expressions: Vec<Expr>,
}

impl Compiler {
    fn statement(&mut self, statement: &Statement) -> Result<(), Failure> {
        match statement {
            Statement::Version { is, version } => self.version(*is, *version)?,
            Statement::Protocol { is, protocol } => self.protocol(*is, *protocol),
            Statement::Address { is, end, prefix } => self.address(*is, *end, *prefix)?,
            Statement::Interface { is, way, name } => self.interface(*is, *way, name)?,
            Statement::Port {
                is,
                protocol,
                end,
                first,
                last,
            } => {
                if let Some(protocol) = protocol {
                    self.takes_protocol(*protocol)?;
                }
                self.load(Field::Port(*end));
                self.ports(*is, *first, *last)?;
            }
            Statement::Counter(counter) => self.expressions.push(Expr::Counter(*counter)),
            Statement::Verdict { verdict } => {
                self.expressions.push(Expr::Verdict(verdict.clone()));
            }
            Statement::Dnat { address, port } => self.dnat(*address, *port)?,
            Statement::Relay(relay) => self.relay(*relay)?,
            Statement::Comment { .. } => {}
            Statement::Other { text } => {
                return Err(usage(format!("rtpctl cannot make `{text}`")));
            }
        }
        Ok(())
    }

    fn version(&mut self, is: Is, version: u8) -> Result<(), Failure> {
        let (key, data) = match self.family {
            Family::Netdev | Family::Bridge => (
                MetaKey::EtherTypeProtocol,
                field::ether_type(version).to_vec(),
            ),
            _ => (MetaKey::Nfproto, vec![field::nfproto(version)]),
        };
        self.load(Field::Meta(key));
        self.compare(is, data);
        if is == Is::Equal {
            self.only_one(version)?;
            self.version = Some(version);
        }
        Ok(())
    }

    fn protocol(&mut self, is: Is, protocol: u8) {
        self.load(Field::Meta(MetaKey::L4Proto));
        self.compare(is, vec![protocol]);
        if is == Is::Equal {
            self.protocol = Some(protocol);
        }
    }

    /// Refuses what no packet can be.
    fn only_one(&self, version: u8) -> Result<(), Failure> {
        match self.version {
            Some(other) if other != version => Err(usage(format!(
                "no packet is of IPv{version} where all are of IPv{other}"
            ))
            .hint("make a rule for each, in the family inet")),
            _ => Ok(()),
        }
    }

    fn takes_version(&mut self, version: u8) -> Result<(), Failure> {
        self.only_one(version)?;
        match self.version {
            Some(_) => Ok(()),
            None => self.version(Is::Equal, version),
        }
    }

    fn takes_protocol(&mut self, protocol: u8) -> Result<(), Failure> {
        match self.protocol {
            Some(known) if known == protocol => Ok(()),
            Some(_) => {
                Err(usage("no packet has two transport protocols").hint("make a rule for each"))
            }
            None => {
                self.protocol(Is::Equal, protocol);
                Ok(())
            }
        }
    }

    fn address(&mut self, is: Is, end: End, prefix: Prefix) -> Result<(), Failure> {
        self.takes_version(prefix.version())?;
        let bytes = prefix.bytes();
        self.load(Field::Address(end, prefix.version()));
        if !prefix.is_host() {
            self.expressions.push(Expr::Bitwise {
                from: FIRST,
                to: FIRST,
                mask: prefix.mask(),
                xor: vec![0; bytes.len()],
            });
        }
        self.compare(is, bytes);
        Ok(())
    }

    /// A name that ends in `*` compares as far as that.
    fn interface(&mut self, is: Is, way: Way, name: &str) -> Result<(), Failure> {
        let wrong = name.is_empty() || name == "*" || name.contains('/') || name.len() >= NAME;
        if wrong {
            return Err(usage(format!("`{name}` is no name of a device"))
                .hint("`ip link` shows the names; one may end in `*`"));
        }
        let key = match way {
            Way::In => MetaKey::Iifname,
            Way::Out => MetaKey::Oifname,
        };
        let data = match name.strip_suffix('*') {
            Some(prefix) => prefix.as_bytes().to_vec(),
            None => {
                let mut data = name.as_bytes().to_vec();
                data.resize(NAME, 0);
                data
            }
        };
        self.load(Field::Meta(key));
        self.compare(is, data);
        Ok(())
    }

    fn ports(&mut self, is: Is, first: u16, last: u16) -> Result<(), Failure> {
        let [low, high] = [first, last].map(|port| port.to_be_bytes().to_vec());
        if first > last {
            return Err(usage(format!("{first}-{last} holds no port"))
                .hint("the lower one comes first, as in 10000-20000"));
        }
        if first == last {
            self.compare(is, low);
            return Ok(());
        }
        match is {
            // As `nft` does.
            Is::Equal => {
                for (operator, data) in [
                    (Operator::GreatherThanEqual, low),
                    (Operator::LessThanEqual, high),
                ] {
                    self.expressions.push(Expr::Compare {
                        from: FIRST,
                        operator,
                        data,
                    });
                }
            }
            Is::NotEqual => self.expressions.push(Expr::Range {
                from: FIRST,
                within: false,
                low,
                high,
            }),
        }
        Ok(())
    }

    fn dnat(&mut self, address: IpAddr, port: Option<u16>) -> Result<(), Failure> {
        let version = if address.is_ipv4() { 4 } else { 6 };
        self.only_one(version)?;
        if port.is_some() && self.protocol.is_none() {
            return Err(
                usage("a port can be translated where the rule says of which protocol")
                    .hint("match a port before it, as in `udp dport 5060 dnat to 192.0.2.1:5060`"),
            );
        }
        let data = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        self.expressions.push(Expr::Immediate { to: FIRST, data });
        if let Some(port) = port {
            let data = port.to_be_bytes().to_vec();
            self.expressions.push(Expr::Immediate { to: SECOND, data });
        }
        self.expressions.push(Expr::Dnat {
            family: field::nfproto(version).into(),
            address: FIRST,
            port: port.map(|_| SECOND),
        });
        Ok(())
    }

    fn relay(&mut self, relay: Relay) -> Result<(), Failure> {
        let Relay {
            table, past_output, ..
        } = relay;
        self.expressions.push(match relay.via {
            Via::Target if past_output => {
                return Err(
                    usage("what the target relays always passes the hooks of output")
                        .hint("leave `via target` out"),
                );
            }
            Via::Expression => Expr::Native { table, past_output },
            Via::Target if self.family.version().is_some() => Expr::Compat { table },
            Via::Target => {
                return Err(
                    usage("the target can be used in the families ip and ip6 alone")
                        .hint("leave `via target` out"),
                );
            }
        });
        Ok(())
    }

    fn load(&mut self, field: Field) {
        self.expressions.push(field.load(FIRST));
    }

    fn compare(&mut self, is: Is, data: Vec<u8>) {
        let operator = match is {
            Is::Equal => Operator::Equal,
            Is::NotEqual => Operator::NotEqual,
        };
        self.expressions.push(Expr::Compare {
            from: FIRST,
            operator,
            data,
        });
    }
}

#[cfg(test)]
pub(super) mod tests;
