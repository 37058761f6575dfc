// SPDX-License-Identifier: GPL-2.0-only

//! Holds what our module made of the cases against what the C module made of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;

use rtp_wire::Generation;
use serde::Serialize;

use crate::{
    explain::{fits, is_length_sent, is_mki, is_no_loss, is_same_srtp, overhead},
    meant::{Difference, Flow, Meant, ALL},
    transcript::Transcript,
};

/// How many unexplained differences are told.
const MOST_TOLD: usize = 40;

/// How many of them of one target.
const MOST_OF_A_TARGET: usize = 4;

/// What was compared.
#[derive(Default, Serialize)]
pub(crate) struct Report {
    /// Targets that show no difference but those that apply everywhere.
    pub(crate) targets: u32,
    /// Packets that were sent to them.
    pub(crate) packets: u64,
    /// Targets that are there to show one difference.
    pub(crate) targets_of_differences: u32,
    /// Datagrams that outputs sent, and userspace saw.
    pub(crate) datagrams: u64,
    /// How many commands were compared.
    pub(crate) commands: u64,
    /// How many were refused.
    pub(crate) refused: u64,
    /// In how many targets each meant difference showed.
    pub(crate) meant: BTreeMap<&'static str, u32>,
    /// Differences that nothing explains.
    pub(crate) unexplained: u64,
    /// The first of them.
    pub(crate) told: Vec<String>,
}

impl Report {
    /// Whether there is nothing but what is meant, all of which showed.
    pub(crate) fn agrees(&self) -> bool {
        self.unexplained == 0
    }

    fn tell(&mut self, text: String) {
        self.unexplained += 1;
        if self.told.len() < MOST_TOLD {
            self.told.push(text);
        }
    }
}

/// Compares two recordings.
pub(crate) fn compare(generation: Generation, c: &Path, ours: &Path) -> io::Result<Report> {
    let lines = |path| Ok::<_, io::Error>(BufReader::new(File::open(path)?).lines());
    let (mut c, mut ours) = (lines(c)?, lines(ours)?);
    let mut report = Report::default();
    for meant in ALL.iter().filter(|it| it.difference.is_of(generation)) {
        report.meant.insert(meant.id, 0);
    }
    loop {
        match (c.next().transpose()?, ours.next().transpose()?) {
            (None, None) => break,
            (Some(c), Some(ours)) => {
                let (c, ours) = (serde_json::from_str(&c)?, serde_json::from_str(&ours)?);
                compare_case(&mut report, &c, &ours);
            }
            _ => {
                report.tell("one of the recordings is longer".to_owned());
                break;
            }
        }
    }
    for (id, _) in report.meant.clone().iter().filter(|(_, &count)| count == 0) {
        report.tell(format!("{id} is said to differ, and never did"));
    }
    Ok(report)
}

fn compare_case(report: &mut Report, c: &Transcript, ours: &Transcript) {
    if c.shows.is_some() {
        report.targets_of_differences += 1;
    } else {
        report.targets += 1;
        report.packets += u64::from(c.packets);
    }
    report.datagrams += (ours.sent.len() + ours.passed.len()) as u64;
    report.commands += ours.commands.len() as u64;
    report.refused += ours.commands.iter().filter(|&&result| result != 0).count() as u64;

    let mut found = Findings {
        allowed: c
            .shows
            .iter()
            .chain(&c.meant)
            .filter_map(|id| Difference::of_id(id))
            .map(Difference::meant)
            .collect(),
        ..Findings::default()
    };
    found.compare(c, ours);
    for meant in &found.allowed {
        if found.seen.contains(&meant.id) {
            *report.meant.entry(meant.id).or_default() += 1;
        }
    }
    for text in found.unexplained.drain(..).take(MOST_OF_A_TARGET) {
        let shows = c.shows.as_deref().unwrap_or("agreement");
        report.tell(format!("target {} ({shows}; {}): {text}", c.case, c.about));
    }
}

#[derive(Default)]
struct Findings {
    allowed: Vec<&'static Meant>,
    seen: Vec<&'static str>,
    unexplained: Vec<String>,
}

impl Findings {
    fn compare(&mut self, c: &Transcript, ours: &Transcript) {
        if (&c.about, &c.shows, &c.meant, c.packets)
            != (&ours.about, &ours.shows, &ours.meant, ours.packets)
        {
            self.unexplained.push("not the same case".to_owned());
            return;
        }
        if c.commands != ours.commands {
            let text = format!("commands: C {:?}, ours {:?}", c.commands, ours.commands);
            self.unexplained.push(text);
        }
        self.flow("sent", &c.sent, &ours.sent, |meant| meant.sent);
        self.flow("passed", &c.passed, &ours.passed, |meant| meant.passed);
        self.dont_fragment(c, ours);
        let mut names: Vec<_> = c.counters.keys().chain(ours.counters.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let of = |it: &Transcript| it.counters.get(name).copied().unwrap_or(0);
            if of(c) != of(ours) {
                self.counter(name, c, ours, of(c), of(ours));
            }
        }
        self.list(&c.list, &ours.list);
    }

    /// Takes a difference as meant by the first that may be, else as not explained.
    fn judge(&mut self, may: impl Fn(&Meant) -> bool, text: impl FnOnce() -> String) {
        match self.allowed.iter().find(|meant| may(meant)) {
            Some(meant) => self.seen.push(meant.id),
            None => self.unexplained.push(text()),
        }
    }

    fn flow(&mut self, what: &str, c: &[String], ours: &[String], of: impl Fn(&Meant) -> Flow) {
        if c == ours {
            return;
        }
        self.judge(
            |meant| of(meant) != Flow::Same && fits(of(meant), c, ours),
            || {
                let at = c.iter().zip(ours).take_while(|(c, ours)| c == ours).count();
                format!(
                    "{what}: {} with C, {} with ours; number {at}: C {:?}, ours {:?}",
                    c.len(),
                    ours.len(),
                    c.get(at),
                    ours.get(at)
                )
            },
        );
    }

    fn dont_fragment(&mut self, c: &Transcript, ours: &Transcript) {
        let ([c_with, c_without], [with, without]) = (c.dont_fragment, ours.dont_fragment);
        let is_as_meant = c_with == 0 && without == 0;
        if c.dont_fragment != ours.dont_fragment {
            self.judge(
                |meant| meant.difference == Difference::DontFragment && is_as_meant,
                || format!("DF: C {c_with}, not {c_without}; ours {with}, not {without}"),
            );
        }
    }

    fn counter(&mut self, name: &str, c: &Transcript, ours: &Transcript, of_c: u64, of_ours: u64) {
        self.judge(
            |meant| {
                meant.changes(name)
                    && match meant.difference {
                        Difference::Loss => is_no_loss(name, of_c),
                        Difference::SsrcOctets => {
                            of_c == of_ours + overhead(name, ours).unwrap_or(0)
                        }
                        Difference::OutputBytes => is_length_sent(name, c, ours, of_ours),
                        _ => true,
                    }
            },
            || format!("{name}: C {of_c}, ours {of_ours}"),
        );
    }

    fn list(&mut self, c: &[String], ours: &[String]) {
        let (mut c, mut ours) = (c.iter().peekable(), ours.iter().peekable());
        loop {
            let (of_c, of_ours) = (c.peek().copied(), ours.peek().copied());
            if of_c == of_ours {
                if of_c.is_none() {
                    return;
                }
                c.next();
            } else if of_ours.is_some_and(|line| is_mki(line))
                && !of_c.is_some_and(|line| is_mki(line))
            {
                self.judge(
                    |meant| meant.difference == Difference::ListedSrtp,
                    || format!("list: ours {of_ours:?}"),
                );
            } else {
                let is_same = of_c
                    .zip(of_ours)
                    .is_some_and(|(c, ours)| is_same_srtp(c, ours));
                self.judge(
                    |meant| meant.difference == Difference::ListedSrtp && is_same,
                    || format!("list: C {of_c:?}, ours {of_ours:?}"),
                );
                c.next();
            }
            ours.next();
        }
    }
}

#[cfg(test)]
mod tests;
