// SPDX-License-Identifier: GPL-2.0-only

//! What checks find, and how it is printed.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;

use serde::Serialize;

use super::super::exit::Code;
use super::super::foreign::Foreign;
use super::super::output::Report;

/// How it stands with something, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    /// It is as it should be.
    Ok,
    /// It depends on what is not known.
    CannotTell,
    /// It may keep packets from being relayed.
    Warning,
    /// It keeps packets from being relayed.
    Fault,
}

impl Verdict {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::CannotTell => "cannot tell",
            Self::Warning => "warning",
            Self::Fault => "FAULT",
        }
    }

    /// The exit code where this is the worst.
    pub(super) fn code(self) -> Code {
        match self {
            Self::Ok => Code::Ok,
            Self::CannotTell => Code::CannotTell,
            Self::Warning => Code::Warning,
            Self::Fault => Code::Fault,
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// The name of the check.
    pub(super) check: &'static str,
    /// How it stands.
    pub(super) verdict: Verdict,
    /// The table that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) table: Option<u8>,
    /// The streams of the table that it is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) streams: Vec<SocketAddr>,
    /// What is so.
    pub(super) reason: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

/// What a check finds.
#[derive(Debug)]
pub(super) struct Found {
    check: &'static str,
    findings: Vec<Finding>,
    /// Where findings are that differ in their streams alone.
    places: BTreeMap<(Option<u8>, String), usize>,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug)]
pub(super) enum About {
    /// The host.
    Host,
    /// A table.
    Table(u8),
    /// A stream of a table.
    Stream((u8, SocketAddr)),
}

impl Found {
    /// Nothing yet.
    pub(super) fn new(check: &'static str) -> Self {
        Self {
            check,
            findings: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// Takes a finding. One that only tells the same of another stream joins the first.
    pub(super) fn add(
        &mut self,
        verdict: Verdict,
        about: About,
        reason: impl Into<String>,
        remedy: &str,
    ) {
        let (table, stream) = match about {
            About::Host => (None, None),
            About::Table(table) => (Some(table), None),
            About::Stream((table, stream)) => (Some(table), Some(stream)),
        };
        let reason = reason.into();
        let key = (table, format!("{verdict:?} {reason} {remedy}"));
        let next = self.findings.len();
        let place = *self.places.entry(key).or_insert(next);
        if let Some(finding) = self.findings.get_mut(place) {
            finding.streams.extend(stream);
            finding.streams.dedup();
            return;
        }
        self.findings.push(Finding {
            check: self.check,
            verdict,
            table,
            streams: stream.into_iter().collect(),
            reason,
            remedy: (!remedy.is_empty()).then(|| remedy.to_owned()),
        });
    }

    /// What should not be so.
    pub(super) fn fault(&mut self, about: About, reason: impl Into<String>, remedy: &str) {
        self.add(Verdict::Fault, about, reason, remedy);
    }

    /// What might be better.
    pub(super) fn warning(&mut self, about: About, reason: impl Into<String>, remedy: &str) {
        self.add(Verdict::Warning, about, reason, remedy);
    }

    /// What depends on what is not known.
    pub(super) fn cannot_tell(&mut self, about: About, reason: impl Into<String>, remedy: &str) {
        self.add(Verdict::CannotTell, about, reason, remedy);
    }

    /// What is as it should be.
    pub(super) fn ok(&mut self, reason: impl Into<String>) {
        self.add(Verdict::Ok, About::Host, reason, "");
    }

    /// How many findings there are.
    pub(super) fn count(&self) -> usize {
        self.findings.len()
    }

    /// All of it; where there is none, that all is well.
    pub(super) fn into_findings(mut self, well: &str) -> Vec<Finding> {
        if self.findings.is_empty() {
            self.ok(well);
        }
        self.findings
    }
}

/// What all checks found.
#[derive(Debug, Serialize)]
pub(super) struct Diagnosis {
    /// The version of this form.
    version: u32,
    /// The worst verdict.
    pub(super) worst: Verdict,
    /// In the order of the way of a packet.
    pub(super) findings: Vec<Finding>,
}

impl Diagnosis {
    /// Of all findings.
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        let verdicts = findings.iter().map(|it| it.verdict);
        Self {
            version: 1,
            worst: verdicts.max().unwrap_or(Verdict::Ok),
            findings,
        }
    }
}

/// The width of what is printed.
const WIDTH: usize = 80;
/// The width of verdict and check.
const INDENT: usize = 29;
/// As many streams are named of those that a finding is about.
const NAMED: usize = 3;

impl Report for Diagnosis {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        for finding in &self.findings {
            let head = format!("{:11}  {:15}", finding.verdict.word(), finding.check);
            let text = format!("{}{}", about(finding), finding.reason);
            wrapped(to, &head, &text)?;
            if let Some(remedy) = &finding.remedy {
                wrapped(to, "", &format!("-> {remedy}"))?;
            }
        }
        let counted = [
            (Verdict::Fault, "fault"),
            (Verdict::Warning, "warning"),
            (Verdict::CannotTell, "not to be told"),
        ]
        .into_iter()
        .filter_map(|(verdict, word)| {
            let found = self.findings.iter().filter(|it| it.verdict == verdict);
            match (found.count(), word) {
                (0, _) => None,
                (1, word) => Some(format!("1 {word}")),
                (count, "not to be told") => Some(format!("{count} not to be told")),
                (count, word) => Some(format!("{count} {word}s")),
            }
        });
        let counted: Vec<_> = counted.collect();
        match counted.is_empty() {
            true => writeln!(to, "nothing found"),
            false => writeln!(to, "{}", counted.join(", ")),
        }
    }
}

fn about(finding: &Finding) -> String {
    let Some(table) = finding.table else {
        return String::new();
    };
    match &finding.streams[..] {
        [] => format!("table {table}: "),
        streams => {
            let named: Vec<_> = streams
                .iter()
                .take(NAMED)
                .map(ToString::to_string)
                .collect();
            let more = match streams.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{}{more} of table {table}: ", named.join(", "))
        }
    }
}

/// Prints words in lines, beside a head.
fn wrapped(to: &mut dyn Write, head: &str, text: &str) -> io::Result<()> {
    let text = Foreign(text).to_string();
    let mut line = format!("{head:INDENT$}");
    let mut is_empty = true;
    for word in text.split(' ') {
        let after = line.chars().count().saturating_add(word.chars().count());
        if !is_empty && after.saturating_add(1) > WIDTH {
            writeln!(to, "{line}")?;
            line = " ".repeat(INDENT);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    writeln!(to, "{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(number: u16) -> About {
        About::Stream((0, ([192, 0, 2, 1], number).into()))
    }

    fn text(findings: Vec<Finding>) -> String {
        let mut text = Vec::new();
        Diagnosis::new(findings).text(&mut text).expect("memory");
        String::from_utf8(text).expect("UTF-8")
    }

    #[test]
    fn what_differs_in_streams_alone_is_told_once() {
        let mut found = Found::new("route");
        for number in 1..=5 {
            found.fault(stream(number), "no route", "add one");
        }
        found.fault(stream(6), "another", "");
        let findings = found.into_findings("all well");
        assert_eq!(findings.len(), 2);
        let expected = "\
FAULT        route           192.0.2.1:1, 192.0.2.1:2, 192.0.2.1:3 and 2 more of
                             table 0: no route
                             -> add one
FAULT        route           192.0.2.1:6 of table 0: another
2 faults
";
        assert_eq!(text(findings), expected);
    }

    #[test]
    fn the_worst_verdict_counts() {
        let of = |verdicts: &[Verdict]| {
            let mut found = Found::new("x");
            for verdict in verdicts {
                found.add(*verdict, About::Host, format!("{verdict:?}"), "");
            }
            Diagnosis::new(found.into_findings("well")).worst
        };
        assert_eq!(of(&[]).code(), Code::Ok);
        assert_eq!(
            of(&[Verdict::Ok, Verdict::CannotTell]).code(),
            Code::CannotTell
        );
        assert_eq!(
            of(&[Verdict::Warning, Verdict::CannotTell]).code(),
            Code::Warning
        );
        assert_eq!(of(&[Verdict::Fault, Verdict::Warning]).code(), Code::Fault);
    }

    #[test]
    fn nothing_found_is_told() {
        let findings = Found::new("route").into_findings("all well");
        assert_eq!(
            text(findings),
            "ok           route           all well\nnothing found\n"
        );
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let mut found = Found::new("route");
        found.warning(About::Table(7), "word ".repeat(60), &"remedy ".repeat(40));
        for line in text(found.into_findings("")).lines() {
            assert!(line.chars().count() <= WIDTH, "{line}");
        }
    }
}
