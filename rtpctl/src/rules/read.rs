// SPDX-License-Identifier: GPL-2.0-only

//! From expressions to statements, as far as they have the form that [`super::compile`] or `nft` gives them. The
//! rest is told in words: rtpctl lists it, and never makes it.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use netlink_packet_netfilter::nftables::{MetaKey, Operator};

use super::super::config::Via;
use super::expr::Expr;
use super::field::{self, Field};
use super::model::Family;
use super::statement::{protocol_word, End, Is, Prefix, Relay, Statement, Way};

/// The statements of a rule.
pub(super) fn read(family: Family, expressions: &[Expr]) -> Vec<Statement> {
    let mut reader = Reader {
        version: family.version(),
        protocol: None,
        registers: BTreeMap::new(),
        statements: Vec::new(),
    };
    let mut rest = expressions;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if let (Some(range), [_, after @ ..]) = (range_of_two(first, rest), rest) {
            reader.expression(&range);
            rest = after;
            continue;
        }
        reader.expression(first);
    }
    reader.statements
}

/// `nft` compares twice for a range: at least this, at most that.
fn range_of_two(first: &Expr, rest: &[Expr]) -> Option<Expr> {
    match (first, rest.first()?) {
        (
            Expr::Compare {
                from,
                operator: Operator::GreatherThanEqual,
                data: low,
            },
            Expr::Compare {
                from: again,
                operator: Operator::LessThanEqual,
                data: high,
            },
        ) if from == again => Some(Expr::Range {
            from: *from,
            within: true,
            low: low.clone(),
            high: high.clone(),
        }),
        _ => None,
    }
}

/// What a register holds.
#[derive(Clone)]
enum Held {
    /// So many bytes of a field, and the bits of it that count.
    Field {
        field: Field,
        length: u32,
        mask: Option<Vec<u8>>,
    },
    /// Data of the rule.
    Data(Vec<u8>),
}

struct Reader {
    version: Option<u8>,
    protocol: Option<u8>,
    registers: BTreeMap<u32, Held>,
    statements: Vec<Statement>,
}

impl Reader {
    fn expression(&mut self, expr: &Expr) {
        match expr {
            Expr::Meta { to, .. } | Expr::Payload { to, .. } | Expr::Conntrack { to, .. } => {
                match Field::of(expr, self.version) {
                    Some((field, length)) => {
                        self.registers.insert(
                            *to,
                            Held::Field {
                                field,
                                length,
                                mask: None,
                            },
                        );
                    }
                    None => {
                        self.registers.remove(to);
                    }
                }
            }
            Expr::Immediate { to, data } => {
                self.registers.insert(*to, Held::Data(data.clone()));
            }
            Expr::Bitwise {
                from,
                to,
                mask,
                xor,
            } => self.bitwise(*from, *to, mask, xor),
            Expr::Compare {
                from,
                operator,
                data,
            } => self.compare(*from, *operator, data),
            Expr::Range {
                from,
                within,
                low,
                high,
            } => {
                let is = if *within { Is::Equal } else { Is::NotEqual };
                let ports = match (self.registers.get(from), port_of(low), port_of(high)) {
                    (
                        Some(Held::Field {
                            field: Field::Port(end),
                            mask: None,
                            ..
                        }),
                        Some(first),
                        Some(last),
                    ) => Some((*end, first, last)),
                    _ => None,
                };
                match ports {
                    Some((end, first, last)) => self.port(is, end, first, last),
                    None => {
                        let words = self.words(*from);
                        self.other(format!("{words} {}within a range", not(is)));
                    }
                }
            }
            Expr::Lookup {
                from,
                set,
                within,
                to,
            } => {
                let (map, not) = match (to, within) {
                    (Some(_), _) => ("map ", ""),
                    (None, true) => ("", ""),
                    (None, false) => ("", "!= "),
                };
                let words = self.words(*from);
                self.other(format!("{words} {not}{map}@{set}"));
            }
            Expr::Verdict(verdict) => self.statements.push(Statement::Verdict {
                verdict: verdict.clone(),
            }),
            Expr::Counter(counter) => self.statements.push(Statement::Counter(*counter)),
            Expr::Dnat {
                family,
                address,
                port,
            } => self.dnat(*family, *address, *port),
            Expr::Native { table, past_output } => {
                self.relay(*table, Via::Expression, *past_output);
            }
            Expr::Compat { table } => self.relay(*table, Via::Target, false),
            Expr::Other { name } => self.other(name.clone()),
        }
    }

    fn bitwise(&mut self, from: u32, to: u32, mask: &[u8], xor: &[u8]) {
        let held = match self.registers.get(&from) {
            Some(Held::Field {
                field,
                length,
                mask: None,
            }) if xor.iter().all(|byte| *byte == 0) => Some(Held::Field {
                field: *field,
                length: *length,
                mask: Some(mask.to_vec()),
            }),
            _ => None,
        };
        match held {
            Some(held) => self.registers.insert(to, held),
            None => self.registers.remove(&to),
        };
    }

    fn compare(&mut self, from: u32, operator: Operator, data: &[u8]) {
        let held = self.registers.get(&from).cloned();
        let is = match operator {
            Operator::Equal => Some(Is::Equal),
            Operator::NotEqual => Some(Is::NotEqual),
            _ => None,
        };
        let known = match (is, held) {
            (
                Some(is),
                Some(Held::Field {
                    field,
                    length,
                    mask,
                }),
            ) => self.matched(is, field, length, mask.as_deref(), data),
            _ => None,
        };
        if known.is_none() {
            let sign = match operator {
                Operator::Equal => "==",
                Operator::NotEqual => "!=",
                Operator::LessThan => "<",
                Operator::LessThanEqual => "<=",
                Operator::GreaterThan => ">",
                Operator::GreatherThanEqual => ">=",
                _ => "?",
            };
            let words = self.words(from);
            self.other(format!("{words} {sign} {}", Hex(data)));
        }
    }

    /// Takes a comparison that we know.
    fn matched(
        &mut self,
        is: Is,
        field: Field,
        length: u32,
        mask: Option<&[u8]>,
        data: &[u8],
    ) -> Option<()> {
        match (field, mask) {
            (Field::Meta(MetaKey::Nfproto), None) => {
                let version = [4, 6].into_iter().find(|v| data == [field::nfproto(*v)])?;
                self.version(is, version);
            }
            (Field::Meta(MetaKey::EtherTypeProtocol), None) => {
                let version = [4, 6].into_iter().find(|v| data == field::ether_type(*v))?;
                self.version(is, version);
            }
            (Field::Meta(MetaKey::L4Proto), None) => {
                let [protocol] = data else { return None };
                self.statements.push(Statement::Protocol {
                    is,
                    protocol: *protocol,
                });
                if is == Is::Equal {
                    self.protocol = Some(*protocol);
                }
            }
            (Field::Meta(key @ (MetaKey::Iifname | MetaKey::Oifname)), None) => {
                let way = if key == MetaKey::Iifname {
                    Way::In
                } else {
                    Way::Out
                };
                let name = name_of(data)?;
                self.statements.push(Statement::Interface { is, way, name });
            }
            (Field::Port(end), None) => {
                let port = port_of(data)?;
                self.port(is, end, port, port);
            }
            (Field::Address(end, version), _) => {
                let prefix = prefix_of(version, length, mask, data)?;
                self.take_for_granted(field);
                self.statements.push(Statement::Address { is, end, prefix });
            }
            (Field::State, Some(mask))
                if is == Is::NotEqual && data.iter().all(|byte| *byte == 0) =>
            {
                let states = states_of(mask)?;
                self.other(format!("ct state {states}"));
            }
            _ => return None,
        }
        Some(())
    }

    fn version(&mut self, is: Is, version: u8) {
        self.statements.push(Statement::Version { is, version });
        if is == Is::Equal {
            self.version = Some(version);
        }
    }

    fn port(&mut self, is: Is, end: End, first: u16, last: u16) {
        self.take_for_granted(Field::Port(end));
        let protocol = self.protocol;
        self.statements.push(Statement::Port {
            is,
            protocol,
            end,
            first,
            last,
        });
    }

    /// Forgets the match before, if it only says what this field takes for granted.
    fn take_for_granted(&mut self, field: Field) {
        let granted = match (field, self.protocol) {
            (Field::Address(_, version), _) => Statement::Version {
                is: Is::Equal,
                version,
            },
            (Field::Port(_), Some(protocol)) => Statement::Protocol {
                is: Is::Equal,
                protocol,
            },
            _ => return,
        };
        if self.statements.last() == Some(&granted) {
            self.statements.pop();
        }
    }

    fn dnat(&mut self, family: u32, address: u32, port: Option<u32>) {
        let data = |register| match self.registers.get(&register) {
            Some(Held::Data(data)) => Some(data.as_slice()),
            _ => None,
        };
        let to = data(address).and_then(|data| match family {
            2 => <[u8; 4]>::try_from(data).ok().map(IpAddr::from),
            _ => <[u8; 16]>::try_from(data).ok().map(IpAddr::from),
        });
        let to_port = port.map(|register| data(register).and_then(port_of));
        match (to, to_port) {
            (Some(address), None) => self.statements.push(Statement::Dnat {
                address,
                port: None,
            }),
            (Some(address), Some(Some(port))) => {
                self.statements.push(Statement::Dnat {
                    address,
                    port: Some(port),
                });
            }
            _ => self.other("dnat".to_owned()),
        }
    }

    fn relay(&mut self, table: u32, via: Via, past_output: bool) {
        self.statements.push(Statement::Relay(Relay {
            table,
            via,
            past_output,
        }));
    }

    fn other(&mut self, text: String) {
        self.statements.push(Statement::Other { text });
    }

    /// What a register holds, in words that say what it takes for granted.
    fn words(&mut self, register: u32) -> String {
        let Some(Held::Field { field, mask, .. }) = self.registers.get(&register) else {
            return "something".to_owned();
        };
        let (field, masked) = (*field, mask.is_some());
        self.take_for_granted(field);
        let words = field.words(self.protocol.and_then(protocol_word));
        match masked {
            true => format!("{words} masked"),
            false => words,
        }
    }
}

/// Bytes as one number of hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

const fn not(is: Is) -> &'static str {
    match is {
        Is::Equal => "",
        Is::NotEqual => "not ",
    }
}

fn port_of(data: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(data.try_into().ok()?))
}

/// A name with its end, or the beginning of one.
fn name_of(data: &[u8]) -> Option<String> {
    let (name, more) = match data.iter().position(|byte| *byte == 0) {
        Some(end) => (data.get(..end)?, ""),
        None => (data, "*"),
    };
    (!name.is_empty()).then(|| format!("{}{more}", String::from_utf8_lossy(name)))
}

/// The prefix that so many bytes of an address are compared with, or that a mask makes.
fn prefix_of(version: u8, length: u32, mask: Option<&[u8]>, data: &[u8]) -> Option<Prefix> {
    let mut octets = [0; 16];
    octets.get_mut(..data.len())?.copy_from_slice(data);
    let address = match version {
        4 => IpAddr::from(Ipv4Addr::from(*octets.first_chunk::<4>()?)),
        _ => IpAddr::from(Ipv6Addr::from(octets)),
    };
    let bits = match mask {
        None => length.checked_mul(8)?,
        Some(mask) => {
            let bits = mask.iter().map(|byte| byte.leading_ones()).sum();
            let prefix = Prefix::new(address, u8::try_from(bits).ok()?)?;
            // A mask with holes is none of ours.
            if prefix.mask().get(..mask.len())? != mask {
                return None;
            }
            bits
        }
    };
    let prefix = Prefix::new(address, u8::try_from(bits).ok()?)?;
    (prefix.address == address).then_some(prefix)
}

/// The names of the states in a mask, which is in host order: NF_CT_STATE_BIT().
fn states_of(mask: &[u8]) -> Option<String> {
    let mask = u32::from_ne_bytes(mask.try_into().ok()?);
    let names = [
        (1, "invalid"),
        (2, "established"),
        (4, "related"),
        (8, "new"),
        (64, "untracked"),
    ];
    let known = names.iter().fold(0, |all, (bit, _)| all | bit);
    let named: Vec<_> = names
        .iter()
        .filter(|(bit, _)| mask & bit != 0)
        .map(|(_, name)| *name)
        .collect();
    (mask & !known == 0 && !named.is_empty()).then(|| named.join(","))
}

#[cfg(test)]
mod tests;
