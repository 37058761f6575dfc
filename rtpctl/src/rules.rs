// SPDX-License-Identifier: GPL-2.0-only

//! The ruleset of nftables: what there is, what is to be changed, and changing it all at once.
//!
//! [`model`] is what there is: tables, chains, and rules of [`statement`]s, which [`words`] prints and reads. A rule
//! that is made goes through [`compile`] into the expressions of [`expr`], and through [`message`] to the kernel; one
//! that is read comes back by [`dump`] and [`read`]. [`plan`] and [`hand`] say what has to be changed, [`jumps`] and
//! [`firewall`] what there is to be told.

use std::cell::RefCell;
use std::io;

use nix::errno::Errno;
use serde::Serializer;

use super::client::Client;
use super::config::{Family as RuleFamily, RuleConfig, Via};
use super::exit::{Code, Failure};

mod compile;
mod dump;
mod evaluate;
mod expr;
mod field;
mod firewall;
mod hand;
mod jumps;
mod listing;
mod message;
mod model;
mod plan;
mod read;
mod refusal;
mod saved;
mod settle;
mod socket;
mod statement;
mod words;

pub(crate) use evaluate::{Deed, Met, Packet, IN, OUT};
pub(crate) use firewall::{Beside, Dropper};
pub(crate) use hand::{chain_words, table_words, Edit, Key};
pub(crate) use jumps::Path;
#[cfg(test)]
pub(crate) use jumps::Step;
pub(crate) use listing::Listed;
pub(crate) use message::Position;
pub(crate) use model::{
    Base, Chain, ChainName, Family, Hook, Kind, Place, Policy, Rule, Ruleset, Table, TableName,
};
pub(crate) use saved::{SavedTable, Wanted};
pub(crate) use socket::Watch;
pub(crate) use statement::{Counter, Statement, Way};

use message::Op;
use refusal::no_nftables;
use socket::{Refusal, Socket};

/// How often a change is tried anew because somebody else changed the ruleset meanwhile.
const ATTEMPTS: usize = 8;

/// A connection to nftables.
pub(crate) struct Rules {
    socket: Socket,
}

/// What was changed.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Whether anything had to be.
    pub(crate) changed: bool,
    /// The handle of the rule that was made.
    pub(crate) handle: Option<u64>,
    /// Rules of others that stayed.
    pub(crate) left: usize,
}

/// What `rule add` did.
#[derive(Debug)]
pub(crate) struct Added {
    /// Whether anything had to be changed.
    pub(crate) changed: bool,
    /// Where the rules stand, and what is beside them.
    pub(crate) homes: Vec<Home>,
}

/// Where a rule stands, and what is beside it.
#[derive(Debug)]
pub(crate) struct Home {
    /// The chain.
    pub(crate) chain: ChainName,
    /// Where it is called.
    pub(crate) hook: Hook,
    /// The chains of others that drop.
    pub(crate) beside: Beside,
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

/// The word, for JSON.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
fn via_word<S: Serializer>(via: &Via, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(via.word())
}

/// Reads the words of a rule.
pub(crate) fn statements(words: &[String]) -> Result<Vec<Statement>, Failure> {
    words::parse(words)
}

/// What is to be said of the rules that still name a table which is gone, if there are any and they can be seen.
pub(crate) fn left(table: u8) -> Option<String> {
    let ruleset = Rules::open().ok()?.ruleset().ok()?;
    left_in(&ruleset.rules, table)
}

fn left_in(rules: &[Rule], table: u8) -> Option<String> {
    let naming = || {
        rules.iter().filter(|rule| {
            rule.relay()
                .is_some_and(|relay| relay.table == u32::from(table))
        })
    };
    let what = match naming().count() {
        0 => return None,
        1 => format!("a rule still names table {table}, and matches"),
        count => format!("{count} rules still name table {table}, and match"),
    };
    let how = match naming().any(Rule::ours) {
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

    /// All that there is.
    pub(crate) fn ruleset(&mut self) -> Result<Ruleset, Failure> {
        self.socket.ruleset().map_err(|error| no_nftables(&error))
    }

    /// Adds rules that hand packets to a table.
    pub(crate) fn add(&mut self, config: &RuleConfig, client: &Client) -> Result<Added, Failure> {
        let changed = self.change(
            |ruleset| Ok(plan::add(ruleset, config)?.into()),
            |op, refusal| refusal::of_add(config, client, op, refusal),
        )?;
        let ruleset = self.ruleset()?;
        let homes = plan::homes(config).filter_map(|chain| {
            let hook = ruleset.chain(&chain)?.base.as_ref()?.hook.clone();
            let beside = ruleset.beside(&chain, &hook);
            Some(Home {
                chain,
                hook,
                beside,
            })
        });
        Ok(Added {
            changed: changed.changed,
            homes: homes.collect(),
        })
    }

    /// Removes the rules that rtpctl made for a table. Tells whether there were any.
    pub(crate) fn del(
        &mut self,
        table: u8,
        families: &[RuleFamily],
        via: Option<Via>,
    ) -> Result<bool, Failure> {
        let what = format!("the rules for table {table} cannot be removed");
        let done = self.change(
            |ruleset| Ok(plan::del(ruleset, table, families, via).into()),
            |_, refusal| refusal::general(&what, refusal),
        )?;
        Ok(done.changed)
    }

    /// Removes all that rtpctl made. Tells whether there was any.
    pub(crate) fn del_all(&mut self) -> Result<bool, Failure> {
        let done = self.change(
            |ruleset| Ok(plan::del_all(ruleset).into()),
            |_, refusal| refusal::general("what rtpctl made cannot be removed", refusal),
        )?;
        Ok(done.changed)
    }

    /// Carries out a change by hand.
    pub(crate) fn edit(&mut self, edit: &Edit, client: &Client) -> Result<Changed, Failure> {
        self.change(
            |ruleset| edit.plan(ruleset),
            |op, refusal| refusal::of_edit(client, op, refusal),
        )
    }

    /// What would have to be changed so that tables are as a file says, in words.
    pub(crate) fn differences(&mut self, wanted: &[Wanted]) -> Result<Vec<String>, Failure> {
        let ruleset = self.ruleset()?;
        let ops = settle::settle(&ruleset, wanted)?;
        Ok(ops
            .iter()
            .map(|op| settle::in_words(&ruleset, op))
            .collect())
    }

    /// Makes tables be as a file says, all of it or nothing. Tells what had to be changed, in words.
    pub(crate) fn settle(
        &mut self,
        wanted: &[Wanted],
        client: &Client,
    ) -> Result<Vec<String>, Failure> {
        let words = RefCell::new(Vec::new());
        self.change(
            |ruleset| {
                let ops = settle::settle(ruleset, wanted)?;
                words.replace(ops.iter().map(|op| settle::in_words(ruleset, op)).collect());
                Ok(ops.into())
            },
            |op, refusal| refusal::of_edit(client, op, refusal),
        )?;
        Ok(words.into_inner())
    }

    /// Carries out a plan in one transaction, made anew as long as the ruleset changes under it.
    fn change(
        &mut self,
        plan: impl Fn(&Ruleset) -> Result<hand::Plan, Failure>,
        explain: impl Fn(Option<&Op>, &Refusal) -> Failure,
    ) -> Result<Changed, Failure> {
        for _ in 0..ATTEMPTS {
            let ruleset = self.ruleset()?;
            let hand::Plan { ops, left } = plan(&ruleset)?;
            if ops.is_empty() {
                return Ok(Changed {
                    left,
                    ..Changed::default()
                });
            }
            match self.socket.commit(ruleset.generation, &ops) {
                Ok(handles) => {
                    return Ok(Changed {
                        changed: true,
                        handle: handles.last().copied(),
                        left,
                    })
                }
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

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod hex;
#[cfg(test)]
mod tests;
