// SPDX-License-Identifier: GPL-2.0-only

//! One process: a table of its own, of which it knows what it should be like, and tables that all processes share.
//!
//! What is done to its own table and its memory depends on the seed alone, not on what happens to the others.

use super::memory::Arena;
use super::others::Others;
use super::own::Own;
use super::random::Random;
use super::report::Report;
use super::table::Failure;
use super::words::Words;

/// What a worker is to do.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Where its choices come from.
    pub(crate) seed: u64,
    /// How many commands it sends.
    pub(crate) commands: u64,
    /// Its own table.
    pub(crate) table: u32,
    /// The tables that it shares.
    pub(crate) shared: Vec<u32>,
}

/// What both kinds of tables are worked on with.
#[derive(Debug)]
pub(crate) struct Tools {
    /// The memory.
    pub(crate) arena: Arena,
    /// The control file of all tables.
    pub(crate) words: Words,
    /// What was done.
    pub(crate) report: Report,
}

/// Sends the commands. Whatever was added but shared tables is gone afterwards.
pub(crate) fn run(task: &Task) -> Result<Report, Failure> {
    let fails = |what: &str, error: &dyn std::fmt::Display| format!("{what}: {error}");
    let mut turns = Random::new(task.seed);
    let mut tools = Tools {
        arena: Arena::new().map_err(|error| fails("memory", &error))?,
        words: Words::open().map_err(|error| fails("/proc/rtpengine/control", &error))?,
        report: Report::default(),
    };
    let mut own = Own::new(Random::new(turns.draw()), task.table, &mut tools)?;
    let mut others = Others::new(Random::new(turns.draw()), &task.shared);
    let mut step = 0u64;
    while tools.report.commands < task.commands {
        step += 1;
        let done = if turns.one_in(4) && !task.shared.is_empty() {
            others.step(&mut tools)
        } else {
            own.step(&mut tools)
        };
        done.map_err(|what| format!("seed {}, step {step}: {what}", task.seed))?;
    }
    others.end();
    own.end(&mut tools)?;
    Ok(tools.report)
}
