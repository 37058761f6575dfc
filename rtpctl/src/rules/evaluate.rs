// SPDX-License-Identifier: GPL-2.0-only

//! What rules would do with a packet of which a part is known: walks through the base chains of hooks as nf_tables does. What cannot be
//! told is never guessed: a rule with such a match may end the walk or not.

use std::net::{IpAddr, SocketAddr};

use super::model::{Base, Chain, ChainName, Family, Hook, Kind, Place, Policy, Rule, Ruleset};
use super::statement::{End, Is, Statement, Verdict, Way, UDP};

/// NFT_JUMP_STACK_SIZE.
const DEEPEST: usize = 16;

/// Whether something holds of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It depends on what is not known.
    CannotTell,
}

/// What is known of a datagram of UDP.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// Where it is from.
    pub(crate) from: Option<SocketAddr>,
    /// Where it is for.
    pub(crate) to: SocketAddr,
    /// The devices that may receive it, or send it.
    pub(crate) devices: Vec<String>,
    /// Whether they receive it, or send it.
    pub(crate) way: Way,
}

/// What a rule, or the policy of a chain, does with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Drops it.
    Drops,
    /// Ends the walk through the chain.
    Accepts,
    /// Hands it to a table of the relay.
    Relays(u32),
    /// Sends it to another destination.
    Redirects,
    /// Leaves it to a program.
    Queues,
}

/// What is done with a packet, and by what.
#[derive(Clone, Debug)]
pub(crate) struct Met {
    /// What.
    pub(crate) deed: Deed,
    /// Whether it is certain.
    pub(crate) sure: bool,
    /// The base chain that the walk began with.
    pub(crate) base: ChainName,
    /// Where it is called.
    pub(crate) hook: Hook,
    /// The chain of the rule.
    pub(crate) chain: ChainName,
    /// The handle of the rule; none where it is the policy.
    pub(crate) handle: Option<u64>,
    /// The rule in words, or the policy.
    pub(crate) words: String,
}

/// The hooks before the packets of a socket, in their order.
pub(crate) const IN: [Place; 3] = [Place::Ingress, Place::Prerouting, Place::Input];
/// The hooks behind a socket, in their order.
pub(crate) const OUT: [Place; 3] = [Place::Output, Place::Postrouting, Place::Egress];

impl Ruleset {
    /// What is done with a packet at hooks, in their order, and in that of priorities. The walk does not end where the packet may: whoever
    /// asks knows what he looks for.
    pub(crate) fn walk(&self, places: &[Place], packet: &Packet) -> Vec<Met> {
        let version = if packet.to.is_ipv4() { 4 } else { 6 };
        let mut bases: Vec<_> = self
            .chains
            .iter()
            .filter_map(|chain| {
                let base = chain.base.as_ref()?;
                let place = places.iter().position(|place| *place == base.hook.name)?;
                let family = chain.name.table.family;
                let sees = match family {
                    Family::Inet | Family::Netdev => true,
                    _ => family.version() == Some(version),
                };
                let asleep = self.table(&chain.name.table).is_some_and(|it| it.dormant);
                (sees && !asleep).then_some((place, base.hook.priority, chain, base))
            })
            .collect();
        bases.sort_by_key(|(place, priority, ..)| (*place, *priority));
        let mut met = Vec::new();
        for (_, _, chain, base) in bases {
            let seen = match base.hook.devices.is_empty() {
                true => Answer::Yes,
                false => of_all(&packet.devices, |name| base.hook.devices.contains(name)),
            };
            if seen == Answer::No {
                continue;
            }
            let mut walk = Walk {
                ruleset: self,
                packet,
                chain,
                base,
                doubt: seen != Answer::Yes,
                met: Vec::new(),
            };
            if walk.follow(&chain.name, 0, true) == Flow::Returned && base.policy == Policy::Drop {
                walk.meet(Deed::Drops, true, &chain.name, None);
            }
            // The others see it whatever chains of translation do but translate.
            let of_nat = base.kind == Kind::NAT;
            met.extend(
                walk.met
                    .into_iter()
                    .filter(|met| !of_nat || met.deed == Deed::Redirects),
            );
        }
        met
    }
}

/// Whether something holds of all that may be, where anything is known.
fn of_all<T>(all: &[T], holds: impl Fn(&T) -> bool) -> Answer {
    match (all, all.iter().filter(|each| holds(each)).count()) {
        ([], _) => Answer::CannotTell,
        (_, 0) => Answer::No,
        (all, count) if count == all.len() => Answer::Yes,
        _ => Answer::CannotTell,
    }
}

/// Where a packet is after a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    /// Back where the jump was, or at the policy.
    Returned,
    /// Out of the base chain.
    Left,
}

/// A walk through a base chain.
struct Walk<'a> {
    ruleset: &'a Ruleset,
    packet: &'a Packet,
    chain: &'a Chain,
    base: &'a Base,
    /// The packet may have left already.
    doubt: bool,
    met: Vec<Met>,
}

impl Walk<'_> {
    fn meet(&mut self, deed: Deed, sure: bool, chain: &ChainName, rule: Option<&Rule>) {
        let sure = sure && !self.doubt;
        self.met.push(Met {
            deed,
            sure,
            base: self.chain.name.clone(),
            hook: self.base.hook.clone(),
            chain: chain.clone(),
            handle: rule.map(|rule| rule.handle),
            words: rule.map_or_else(
                || format!("policy {}", self.base.policy.word()),
                Rule::words,
            ),
        });
    }

    /// Goes through a chain that the packet comes to surely, or not.
    fn follow(&mut self, name: &ChainName, depth: usize, sure: bool) -> Flow {
        let ruleset = self.ruleset;
        let mut sure = sure;
        for rule in ruleset.rules_of(name) {
            let mut answer = Answer::Yes;
            for statement in &rule.statements {
                let certain = sure && answer == Answer::Yes;
                let ends = match effect(statement, self.packet) {
                    Effect::Match(Answer::Yes) => continue,
                    Effect::Match(Answer::No) => break,
                    Effect::Match(Answer::CannotTell) => {
                        answer = Answer::CannotTell;
                        continue;
                    }
                    Effect::Goes(deed @ Deed::Relays(_)) => {
                        self.meet(deed, certain, name, Some(rule));
                        continue;
                    }
                    Effect::Goes(deed) => {
                        self.meet(deed, certain, name, Some(rule));
                        // Whatever is here yet, goes.
                        if certain && deed != Deed::Queues {
                            return Flow::Left;
                        }
                        self.doubt = true;
                        break;
                    }
                    Effect::Maybe(deed) => {
                        self.meet(deed, false, name, Some(rule));
                        self.doubt = true;
                        break;
                    }
                    Effect::Ends => break,
                    Effect::Returns => None,
                    Effect::Jumps(to, comes_back) => Some((to, comes_back)),
                };
                if let Some((to, comes_back)) = ends {
                    let to = name.table.chain(to);
                    if depth < DEEPEST
                        && self.follow(&to, depth.saturating_add(1), certain) == Flow::Left
                    {
                        return Flow::Left;
                    }
                    if comes_back {
                        break;
                    }
                }
                if answer == Answer::Yes {
                    return Flow::Returned;
                }
                // Perhaps the rest is not for this packet.
                sure = false;
                break;
            }
        }
        Flow::Returned
    }
}

/// What a statement does with a packet that comes as far.
enum Effect<'a> {
    /// Lets it go on, if this holds.
    Match(Answer),
    /// Is done with it.
    Goes(Deed),
    /// Does this, or something else that is not known.
    Maybe(Deed),
    /// Ends the rule.
    Ends,
    /// Ends the chain.
    Returns,
    /// Goes on in another chain, and comes back or does not.
    Jumps(&'a str, bool),
}

fn effect<'a>(statement: &'a Statement, packet: &Packet) -> Effect<'a> {
    let answer = match statement {
        Statement::Counter(_) | Statement::Comment { .. } => Answer::Yes,
        Statement::Relay(relay) => return Effect::Goes(Deed::Relays(relay.table)),
        Statement::Dnat { .. } => return Effect::Goes(Deed::Redirects),
        Statement::Verdict { verdict } => {
            return match verdict {
                Verdict::Accept => Effect::Goes(Deed::Accepts),
                Verdict::Drop => Effect::Goes(Deed::Drops),
                Verdict::Continue => Effect::Ends,
                Verdict::Return => Effect::Returns,
                Verdict::Jump(to) => Effect::Jumps(to, true),
                Verdict::Goto(to) => Effect::Jumps(to, false),
            }
        }
        Statement::Version { is, version } => whether(*is, (*version == 4) == packet.to.is_ipv4()),
        Statement::Protocol { is, protocol } => whether(*is, *protocol == UDP),
        Statement::Address { is, end, prefix } => match address(packet, *end) {
            Some(address) => whether(*is, prefix.contains(address)),
            None => Answer::CannotTell,
        },
        Statement::Port {
            is,
            protocol,
            end,
            first,
            last,
        } => match (protocol, port(packet, *end)) {
            (Some(protocol), _) if *protocol != UDP => Answer::No,
            (_, Some(port)) => whether(*is, (*first..=*last).contains(&port)),
            _ => Answer::CannotTell,
        },
        Statement::Interface { is, way, name } if *way == packet.way => {
            not_if(*is, of_all(&packet.devices, |device| is_of(name, device)))
        }
        Statement::Interface { .. } => Answer::CannotTell,
        Statement::Other { text } => return other(text),
    };
    Effect::Match(answer)
}

/// What the rest does, by what [`super::read`] calls it.
fn other(text: &str) -> Effect<'static> {
    if let Some(states) = text.strip_prefix("ct state ") {
        return Effect::Match(state(states));
    }
    match text.strip_prefix("xt target ").unwrap_or(text) {
        "reject" | "REJECT" => Effect::Goes(Deed::Drops),
        "redir" | "tproxy" | "REDIRECT" | "DNAT" | "TPROXY" => Effect::Goes(Deed::Redirects),
        "dnat" => Effect::Goes(Deed::Redirects),
        "masq" | "MASQUERADE" | "SNAT" => Effect::Goes(Deed::Accepts),
        // Of the source, or of the destination.
        "nat" => Effect::Maybe(Deed::Redirects),
        "queue" | "NFQUEUE" => Effect::Goes(Deed::Queues),
        // What is set, logged, copied.
        "log" | "meta" | "ct" | "notrack" | "dup" | "LOG" | "NFLOG" | "CT" | "MARK" | "TEE" => {
            Effect::Match(Answer::Yes)
        }
        // A map of verdicts.
        text if text.contains(" map @") => Effect::Maybe(Deed::Drops),
        _ => Effect::Match(Answer::CannotTell),
    }
}

/// Whether the connection of a sound datagram of UDP has one of these states: it is new or established.
fn state(states: &str) -> Answer {
    let has = |state| states.split(',').any(|each| each == state);
    match (has("new"), has("established")) {
        (true, true) => Answer::Yes,
        (false, false) if !has("untracked") => Answer::No,
        _ => Answer::CannotTell,
    }
}

fn address(packet: &Packet, end: End) -> Option<IpAddr> {
    match end {
        End::Source => packet.from.map(|from| from.ip()),
        End::Destination => Some(packet.to.ip()),
    }
}

fn port(packet: &Packet, end: End) -> Option<u16> {
    match end {
        End::Source => packet.from.map(|from| from.port()),
        End::Destination => Some(packet.to.port()),
    }
}

/// Whether a device has a name, or begins as one that ends in `*`.
fn is_of(name: &str, device: &str) -> bool {
    match name.strip_suffix('*') {
        Some(beginning) => device.starts_with(beginning),
        None => device == name,
    }
}

fn whether(is: Is, holds: bool) -> Answer {
    match (is == Is::Equal) == holds {
        true => Answer::Yes,
        false => Answer::No,
    }
}

fn not_if(is: Is, answer: Answer) -> Answer {
    match (is, answer) {
        (Is::NotEqual, Answer::Yes) => Answer::No,
        (Is::NotEqual, Answer::No) => Answer::Yes,
        _ => answer,
    }
}

#[cfg(test)]
mod tests;
