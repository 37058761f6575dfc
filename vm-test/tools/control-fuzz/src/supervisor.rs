// SPDX-License-Identifier: GPL-2.0-only

//! Starts the workers, and adds up what they did.

use std::process::{Child, Command, Stdio};

use super::report::Report;
use super::spread;
use super::worker::{self, Task};
use super::Options;

/// Does what a worker does, and returns its report.
pub(crate) fn work(options: &Options, number: u32) -> Result<String, String> {
    let shared = options.processes..options.processes.saturating_add(options.tables);
    let task = Task {
        seed: options.seed.wrapping_add(number.into()),
        commands: options.commands / u64::from(options.processes.max(1)),
        table: number,
        shared: shared.collect(),
    };
    show(&worker::run(&task)?)
}

/// Runs all workers, and returns their reports in one.
pub(crate) fn run(options: &Options) -> Result<String, String> {
    let mut workers = Vec::new();
    for number in 0..options.processes {
        let seed = options.seed.wrapping_add(number.into());
        println!("worker {number}: seed {seed}, table {number}");
        workers.push(start(options, number)?);
    }
    let mut report = Report::default();
    let mut failed = Vec::new();
    for (number, worker) in workers.into_iter().enumerate() {
        let output = worker
            .wait_with_output()
            .map_err(|error| format!("wait: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        match serde_json::from_str(&text) {
            Ok(done) if output.status.success() => report.merge(done),
            _ => failed.push(format!("worker {number}: {}", output.status)),
        }
    }
    if !failed.is_empty() {
        return Err(failed.join(", "));
    }
    let missing = spread::missing(&report, options.tables > 0);
    if !missing.is_empty() {
        println!("{}", show(&report)?);
        return Err(format!("this never happened: {}", missing.join(", ")));
    }
    show(&report)
}

fn start(options: &Options, number: u32) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(|error| format!("/proc: {error}"))?;
    let mut command = Command::new(program);
    for (name, value) in [
        ("--seed", options.seed),
        ("--commands", options.commands),
        ("--processes", options.processes.into()),
        ("--tables", options.tables.into()),
        ("--worker", number.into()),
    ] {
        command.arg(name).arg(value.to_string());
    }
    let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    started.map_err(|error| format!("worker {number}: {error}"))
}

fn show(report: &Report) -> Result<String, String> {
    serde_json::to_string(report).map_err(|error| error.to_string())
}
