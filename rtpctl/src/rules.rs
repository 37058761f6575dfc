// SPDX-License-Identifier: GPL-2.0-only

//! Rules of nftables that hand packets to a table: what there is, what is to be changed, and changing it all at once.

use std::io;

use nix::errno::Errno;
use serde::Serialize;

use super::client::{no_module, Client};
use super::config::{Family, RuleConfig, Via};
use super::exit::{Code, Failure};
use super::foreign::Foreign;

mod dump;
mod message;
mod plan;
mod socket;

pub(crate) use dump::Ruleset;
use message::Op;
use socket::{Refusal, Socket};

/// How often a change is tried anew because somebody else changed the ruleset meanwhile.
const ATTEMPTS: usize = 8;

/// A rule that hands packets to a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Rule {
    /// The table of the relay.
    pub(crate) id: u32,
    /// The family of nftables, in its own word.
    pub(crate) family: String,
    /// The table of nftables.
    pub(crate) table: String,
    /// The chain.
    pub(crate) chain: String,
    /// The rule's handle in nftables.
    pub(crate) handle: u64,
    /// How it calls the module: `expression` or `target`.
    pub(crate) via: &'static str,
    /// The hook of the chain, where it is a base chain.
    pub(crate) hook: Option<Hook>,
    /// Whether rtpctl made it.
    pub(crate) ours: bool,
}

/// Where a base chain is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Hook {
    /// In the word of nftables.
    pub(crate) name: String,
    /// Lower comes first.
    pub(crate) priority: i32,
}

/// A connection to nftables.
pub(crate) struct Rules {
    socket: Socket,
}

impl Via {
    /// The word of the command line.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Expression => "expression",
            Self::Target => "target",
        }
    }
}

impl Family {
    /// The word of nftables.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Inet => "inet",
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
        }
    }
}

/// What is to be said of the rules that still name a table which is gone, if there are any and they can be seen.
pub(crate) fn left(table: u8) -> Option<String> {
    let ruleset = Rules::open().ok()?.ruleset().ok()?;
    left_in(&ruleset.rules(), table)
}

fn left_in(rules: &[Rule], table: u8) -> Option<String> {
    let naming = || rules.iter().filter(|rule| rule.id == u32::from(table));
    let what = match naming().count() {
        0 => return None,
        1 => format!("a rule still names table {table}, and matches"),
        count => format!("{count} rules still name table {table}, and match"),
    };
    let how = match naming().any(|rule| rule.ours) {
        true => format!("`rtpctl rule del {table}` removes what rtpctl made"),
        false => "`rtpctl rule list` shows them".to_owned(),
    };
    Some(format!("{what} nothing until it is added again; {how}"))
}

impl Rules {
    /// Connects.
    pub(crate) fn open() -> Result<Self, Failure> {
        Ok(Self {
            socket: Socket::open().map_err(|error| no_nftables(&error))?,
        })
    }

    /// All that bears on rules of ours.
    pub(crate) fn ruleset(&mut self) -> Result<Ruleset, Failure> {
        self.socket.ruleset().map_err(|error| no_nftables(&error))
    }

    /// Adds rules. Tells whether anything had to be changed.
    pub(crate) fn add(&mut self, config: &RuleConfig, client: &Client) -> Result<bool, Failure> {
        self.change(
            |ruleset| plan::add(ruleset, config),
            |op, refusal| refused_add(config, client, op, refusal),
        )
    }

    /// Removes the rules that rtpctl made for a table. Tells whether there were any.
    pub(crate) fn del(
        &mut self,
        table: u8,
        families: &[Family],
        via: Option<Via>,
    ) -> Result<bool, Failure> {
        self.change(
            |ruleset| Ok(plan::del(ruleset, table, families, via)),
            |_, refusal| {
                general(
                    &format!("the rules for table {table} cannot be removed"),
                    refusal,
                )
            },
        )
    }

    /// Carries out a plan in one transaction, made anew as long as the ruleset changes under it.
    fn change(
        &mut self,
        plan: impl Fn(&Ruleset) -> Result<Vec<Op>, Failure>,
        explain: impl Fn(Option<&Op>, &Refusal) -> Failure,
    ) -> Result<bool, Failure> {
        for _ in 0..ATTEMPTS {
            let ruleset = self.ruleset()?;
            let ops = plan(&ruleset)?;
            if ops.is_empty() {
                return Ok(false);
            }
            match self.socket.commit(ruleset.generation, &ops) {
                Ok(()) => return Ok(true),
                Err(refusal) if refusal.errno == Errno::ERESTART => {}
                Err(refusal) => {
                    let op = refusal.op.and_then(|index| ops.get(index));
                    return Err(explain(op, &refusal));
                }
            }
        }
        Err(Failure::new(
            Code::Busy,
            "the rules of nftables change all the time, nothing was done",
        )
        .hint("try again when the other program is done"))
    }
}

/// Says why nftables cannot be talked to.
fn no_nftables(error: &io::Error) -> Failure {
    match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
        Errno::EPERM | Errno::EACCES => no_capability("the rules of nftables may not be read"),
        Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT | Errno::EOPNOTSUPP | Errno::EINVAL => {
            Failure::new(
                Code::Refused,
                format!("the kernel has no nftables: {error}"),
            )
            .hint("load it: `modprobe nf_tables`")
        }
        _ => Failure::new(Code::Refused, format!("cannot talk to nftables: {error}")),
    }
}

fn no_capability(what: &str) -> Failure {
    Failure::new(Code::Permission, format!("permission denied: {what}"))
        .hint("run it as root, or with CAP_NET_ADMIN in this network namespace")
}

/// Says why a change was refused, as far as the error alone tells.
fn general(what: &str, refusal: &Refusal) -> Failure {
    if refusal.errno == Errno::EPERM {
        return no_capability(what);
    }
    let why = match &refusal.message {
        Some(message) => format!("{} ({})", refusal.errno.desc(), Foreign(message)),
        None => refusal.errno.desc().to_owned(),
    };
    let code = match refusal.errno {
        Errno::EBUSY => Code::Busy,
        Errno::EEXIST => Code::Exists,
        _ => Code::Refused,
    };
    Failure::new(code, format!("{what}: {why}; nothing was changed"))
}

/// Says why a rule was refused.
fn refused_add(
    config: &RuleConfig,
    client: &Client,
    op: Option<&Op>,
    refusal: &Refusal,
) -> Failure {
    let table = config.table;
    let what = format!("the rule for table {table} was refused");
    let is_rule = matches!(op, Some(Op::NewRule { .. }));
    match (refusal.errno, config.via) {
        (Errno::ENOENT | Errno::ERANGE, _) if is_rule && !client.module_is_loaded() => no_module(),
        (Errno::ENOENT, Via::Expression)
            if is_rule && client.table_exists(table) && !client.module_is_old() =>
        {
            Failure::new(
                Code::Refused,
                format!("{what}: the table belongs to another network namespace"),
            )
            .hint("run rtpctl in the namespace that made the table, or use another table")
        }
        (Errno::ENOENT, Via::Expression) if is_rule => Failure::new(
            Code::Generation,
            format!("{what}: the kernel does not know the nftables expression `rtpengine`"),
        )
        .hint("an older module has the xtables target alone: try `--via target`"),
        (Errno::ENOENT, Via::Target) if is_rule => Failure::new(
            Code::NoModule,
            format!("{what}: the kernel does not know the xtables target RTPENGINE"),
        )
        .hint("load the compatibility layer with `modprobe nft_compat`, or leave --via out"),
        (Errno::ERANGE, _) if is_rule => Failure::new(
            Code::Refused,
            format!("{what}: the module has no table of that number"),
        ),
        (Errno::EOPNOTSUPP, _) => general(&what, refusal)
            .hint("the module does not support rules of this family at the input hook"),
        _ => general(&what, refusal),
    }
}

#[cfg(test)]
mod hex;
#[cfg(test)]
mod tests;
