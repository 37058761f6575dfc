// SPDX-License-Identifier: GPL-2.0-only

//! Which base chains lead to a chain, by which jumps.

use serde::Serialize;

use super::model::{Chain, ChainName, Hook, Ruleset};

/// nftables lets no more jumps follow each other: NFT_JUMP_STACK_SIZE.
const DEEPEST: usize = 16;
/// More ways than anybody reads.
const MOST: usize = 64;

/// A way from a hook to a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Path {
    /// The hook.
    pub(crate) hook: Hook,
    /// The base chain, and those that jumps lead through, without the last one.
    pub(crate) through: Vec<Step>,
}

/// A jump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    /// The chain that it is in.
    pub(crate) chain: String,
    /// The handle of its rule.
    pub(crate) handle: u64,
}

impl Ruleset {
    /// The ways to a chain, in the order in which packets take them. A jump by a map is not seen.
    pub(crate) fn paths(&self, chain: &ChainName) -> Vec<Path> {
        let mut paths = Vec::new();
        if let Some(chain) = self.chain(chain) {
            self.follow(chain, &mut Vec::new(), &mut paths);
        }
        paths.sort_by_key(|path| (path.hook.name, path.hook.priority));
        paths
    }

    /// Goes back from a chain. `back` has the jumps so far, the last one first.
    fn follow(&self, chain: &Chain, back: &mut Vec<Step>, paths: &mut Vec<Path>) {
        if paths.len() >= MOST {
            return;
        }
        if let Some(base) = &chain.base {
            paths.push(Path {
                hook: base.hook.clone(),
                through: back.iter().rev().cloned().collect(),
            });
        }
        if back.len() >= DEEPEST {
            return;
        }
        let jumps = self.rules.iter().filter(|rule| {
            rule.chain.table == chain.name.table
                && rule
                    .statements
                    .iter()
                    .any(|each| each.leads_to(&chain.name.chain))
        });
        for rule in jumps {
            if let Some(from) = self.chain(&rule.chain) {
                back.push(Step {
                    chain: rule.chain.chain.clone(),
                    handle: rule.handle,
                });
                self.follow(from, back, paths);
                back.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests;
