// SPDX-License-Identifier: GPL-2.0-only

//! Rules, printed.

use std::io::{self, Write};

use serde::Serialize;

use super::super::foreign::Foreign;
use super::super::rules::Rule;
use super::{columns, Report};

/// The rules that hand packets to a table.
#[derive(Debug, Serialize)]
pub(crate) struct RuleList {
    /// In the order of nftables.
    pub(crate) rules: Vec<Rule>,
}

impl Report for RuleList {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.rules.is_empty() {
            return writeln!(to, "no rules");
        }
        let lines: Vec<_> = self.rules.iter().map(cells).collect();
        columns(
            to,
            ["TABLE", "CHAIN", "HANDLE", "HOOK", "VIA", "MADE BY"],
            &lines,
        )
    }
}

fn cells(rule: &Rule) -> [String; 6] {
    [
        rule.id.to_string(),
        format!(
            "{} {} {}",
            rule.family,
            Foreign(&rule.table),
            Foreign(&rule.chain)
        ),
        rule.handle.to_string(),
        match &rule.hook {
            Some(hook) => format!("{} {}", hook.name, hook.priority),
            None => "-".to_owned(),
        },
        rule.via.to_owned(),
        if rule.ours { "rtpctl" } else { "another" }.to_owned(),
    ]
}

#[cfg(test)]
mod tests;
