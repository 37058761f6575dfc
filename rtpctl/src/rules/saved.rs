// SPDX-License-Identifier: GPL-2.0-only

//! What rtpctl made in nftables, as a file keeps it: tables, their chains, and rules in words. Handles and counts are left out.

use serde::{Deserialize, Serialize};

use super::super::cli::values::priority;
use super::super::exit::{usage, Failure};
use super::compile::compile;
use super::hand::{chain_words, check_base};
use super::model::{Base, ChainName, Hook, Kind, Place, Policy, Rule, Ruleset, TableName};
use super::read::read;
use super::statement::{comment, Counter, Statement};
use super::words::parse;

/// A table of nftables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedTable {
    family: String,
    table: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    dormant: bool,
    #[serde(default)]
    chains: Vec<SavedChain>,
}

/// A chain, a base chain if it says at which hook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedChain {
    chain: String,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hook: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    devices: Vec<String>,
    #[serde(default)]
    rules: Vec<String>,
}

/// A number, or a word of nftables with an offset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Priority {
    Number(i32),
    Words(String),
}

/// A table as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(super) name: TableName,
    pub(super) dormant: bool,
    pub(super) chains: Vec<WantedChain>,
}

/// A chain as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedChain {
    pub(super) name: ChainName,
    pub(super) base: Option<Base>,
    /// The statements of each rule, as they are read back.
    pub(super) rules: Vec<Vec<Statement>>,
}

impl Ruleset {
    /// What rtpctl made. Its rules in chains of others are not part of it: they are counted.
    pub(crate) fn saved(&self) -> Result<(Vec<SavedTable>, usize), Failure> {
        let mut tables = Vec::new();
        for table in &self.tables {
            let chains = self
                .chains_of(&table.name)
                .filter(|chain| chain.ours)
                .map(|chain| self.saved_chain(&chain.name, chain.base.as_ref()))
                .collect::<Result<Vec<_>, _>>()?;
            if table.ours || !chains.is_empty() {
                tables.push(SavedTable {
                    family: table.name.family.word().into_owned(),
                    table: table.name.table.clone(),
                    dormant: table.ours && table.dormant,
                    chains,
                });
            }
        }
        let elsewhere =
            |rule: &&Rule| rule.ours() && self.chain(&rule.chain).is_none_or(|chain| !chain.ours);
        Ok((tables, self.rules.iter().filter(elsewhere).count()))
    }

    fn saved_chain(&self, name: &ChainName, base: Option<&Base>) -> Result<SavedChain, Failure> {
        let ours = self.rules_of(name).filter(|rule| rule.ours());
        let rules = ours.map(saved_rule).collect::<Result<_, _>>()?;
        let mut chain = SavedChain {
            chain: name.chain.clone(),
            rules,
            ..SavedChain::default()
        };
        if let Some(Base { kind, hook, policy }) = base {
            chain.kind = Some(kind.0.clone().into_owned());
            chain.hook = Some(hook.name.word().into_owned());
            chain.priority = Some(Priority::Number(hook.priority));
            chain.policy = Some(policy.word().to_owned());
            chain.devices.clone_from(&hook.devices);
        }
        Ok(chain)
    }
}

fn saved_rule(rule: &Rule) -> Result<String, Failure> {
    let words: Vec<_> = rule
        .statements
        .iter()
        .map(|statement| match statement {
            Statement::Counter(_) => Ok("counter".to_owned()),
            Statement::Other { .. } => Err(usage(format!(
                "rule {} of {} has what rtpctl cannot make: {statement}",
                rule.handle,
                chain_words(&rule.chain)
            ))),
            _ => Ok(statement.to_string()),
        })
        .collect::<Result<_, _>>()?;
    Ok(words.join(" "))
}

/// Statements without what was counted.
pub(super) fn uncounted(statements: &[Statement]) -> Vec<Statement> {
    let uncounted = |statement: &Statement| match statement {
        Statement::Counter(_) => Statement::Counter(Counter::default()),
        other => other.clone(),
    };
    statements.iter().map(uncounted).collect()
}

impl SavedTable {
    /// Reads what is in the file.
    pub(crate) fn wanted(&self) -> Result<Wanted, Failure> {
        let family = self.family.parse().map_err(usage)?;
        let name = TableName {
            family,
            table: named(&self.table)?,
        };
        let mut chains: Vec<WantedChain> = Vec::new();
        for chain in &self.chains {
            let name = name.chain(named(&chain.chain)?);
            if chains.iter().any(|other| other.name == name) {
                return Err(usage(format!("{} is there twice", chain_words(&name)))
                    .hint("write one, with the rules of both"));
            }
            chains.push(chain.wanted(name)?);
        }
        Ok(Wanted {
            name,
            dormant: self.dormant,
            chains,
        })
    }
}

impl SavedChain {
    fn wanted(&self, name: ChainName) -> Result<WantedChain, Failure> {
        let about = chain_words(&name);
        let base = self.base().map_err(|failure| failure.about(&about))?;
        if let Some(base) = &base {
            check_base(&name, base).map_err(|failure| failure.about(&about))?;
        }
        let family = name.table.family;
        let rule = |words: &String| {
            let statements = parse(std::slice::from_ref(words))?;
            let mut known = uncounted(&read(family, &compile(family, &statements)?));
            known.extend(comment(&statements).map(|text| Statement::Comment { text }));
            Ok(known)
        };
        let rules = self
            .rules
            .iter()
            .map(|words| rule(words).map_err(|failure: Failure| failure.about(&about)))
            .collect::<Result<_, _>>()?;
        Ok(WantedChain { name, base, rules })
    }

    fn base(&self) -> Result<Option<Base>, Failure> {
        let Some(hook) = &self.hook else {
            let none = self.priority.is_none() && self.kind.is_none() && self.policy.is_none();
            return match none && self.devices.is_empty() {
                true => Ok(None),
                false => Err(
                    usage("type, priority, policy and devices are those of a hook")
                        .hint("add \"hook\", or leave them out"),
                ),
            };
        };
        let name: Place = hook.parse().map_err(usage)?;
        let priority = match &self.priority {
            Some(Priority::Number(number)) => *number,
            Some(Priority::Words(words)) => priority(words).map_err(usage)?,
            None => {
                return Err(
                    usage(format!("a chain at the hook {hook} lacks its priority"))
                        .hint("add \"priority\": \"filter-5\" is before a firewall's chains"),
                )
            }
        };
        let kind = match self.kind.as_deref() {
            None | Some("filter") => Kind::FILTER,
            Some("nat") => Kind::NAT,
            Some("route") => Kind("route".into()),
            Some(other) => {
                return Err(usage(format!("`{other}` is no type of a chain"))
                    .hint("write filter, nat or route"))
            }
        };
        let policy = match self.policy.as_deref() {
            None | Some("accept") => Policy::Accept,
            Some("drop") => Policy::Drop,
            Some(other) => {
                return Err(usage(format!("`{other}` is no policy of a chain"))
                    .hint("write accept or drop"))
            }
        };
        let mut devices = self.devices.clone();
        devices.sort();
        devices.dedup();
        Ok(Some(Base {
            kind,
            hook: Hook {
                name,
                priority,
                devices,
            },
            policy,
        }))
    }
}

/// The longest name of a table or a chain: NFT_NAME_MAXLEN without its end.
const LONGEST: usize = 255;

fn named(name: &str) -> Result<String, Failure> {
    match name.is_empty() || name.len() > LONGEST {
        true => Err(usage(format!("a name has 1 to {LONGEST} bytes"))),
        false => Ok(name.to_owned()),
    }
}
