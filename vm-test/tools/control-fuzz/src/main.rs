// SPDX-License-Identifier: GPL-2.0-only

//! control-fuzz: random commands to the module's control files.
//!
//! Each of several [worker] processes has a table of [its own](own), whose [model] tells what has to become of every
//! command, and others that [all share](others). Each speaks any [generation] of the interface, one after the other. A [message] is in order, or [wrong in one place](faults), or
//! [changed at random](mutate). Meanwhile the [memory] that they share with the module is unmapped, moved and
//! written to, and handles are opened, closed, copied and sent around.
//!
//! The last line printed is what was done, as JSON. `control-fuzz --seed S --processes 1` does with table 0 again
//! what the worker of seed S did.

#![deny(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;

mod classes;
mod confusion;
mod faults;
mod generation;
mod inspect;
mod memory;
mod message;
mod model;
mod mutate;
mod others;
mod own;
mod race;
mod random;
mod report;
mod spread;
mod supervisor;
mod sys;
mod table;
#[cfg(test)]
mod tests;
mod values;
mod words;
mod worker;

/// Sends random commands to the module.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// Where the choices come from; worker N has seed + N.
    #[arg(long)]
    seed: u64,
    /// How many commands are sent, by all workers together.
    #[arg(long, default_value_t = 200_000)]
    commands: u64,
    /// How many workers; the first tables are theirs.
    #[arg(long, default_value_t = 3)]
    processes: u32,
    /// How many tables they share; the next ones.
    #[arg(long, default_value_t = 2)]
    tables: u32,
    /// Be the worker of this number.
    #[arg(long, hide = true)]
    worker: Option<u32>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.worker {
        Some(number) => supervisor::work(&options, number),
        None => supervisor::run(&options),
    };
    match done {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("control-fuzz: {what}");
            ExitCode::FAILURE
        }
    }
}
