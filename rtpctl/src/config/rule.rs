// SPDX-License-Identifier: GPL-2.0-only

//! Where and how a rule is to be added.

use super::super::exit::Failure;
use super::{usage, Family, Via};

/// Where and how a rule is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleConfig {
    /// The table that takes the packets.
    pub(crate) table: u8,
    /// One rule in each.
    pub(crate) families: Vec<Family>,
    /// How it calls the module.
    pub(crate) via: Via,
    /// The chain's priority.
    pub(crate) priority: i32,
}

impl RuleConfig {
    /// Resolves what was typed.
    pub(crate) fn resolve(
        table: u8,
        families: &[Family],
        via: Via,
        priority: i32,
    ) -> Result<Self, Failure> {
        let mut once = Vec::new();
        for family in families {
            if !once.contains(family) {
                once.push(*family);
            }
        }
        if once.is_empty() {
            once = match via {
                Via::Expression => vec![Family::Inet],
                Via::Target => vec![Family::Ip, Family::Ip6],
            };
        }
        if via == Via::Target && once.contains(&Family::Inet) {
            return Err(
                usage("the target cannot be used in the family inet, only in ip and ip6")
                    .hint("leave --family out to get both"),
            );
        }
        Ok(Self {
            table,
            families: once,
            via,
            priority,
        })
    }
}

#[cfg(test)]
mod tests;
