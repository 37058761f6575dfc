// SPDX-License-Identifier: GPL-2.0-only

//! `packet-fuzz`: sends hostile packets through targets of the module, and checks what becomes of each:
//! every byte that leaves and every packet that is passed is known beforehand. Valid packets go on beside.
//!
//! A scenario opens the sockets. It writes a plan, and then rounds, a line of JSON each, and reads a line of
//! figures for each round. Only the first failure is reported, with the seed by which it comes again.

#![forbid(unsafe_code)]

use std::io::{BufRead as _, Write as _};
use std::process::ExitCode;

use nix::errno::Errno;
use nix::sched::{sched_setaffinity, CpuSet};
use nix::unistd::Pid;

mod dice;
mod expect;
mod figures;
mod fragments;
mod fuzz;
mod headers;
mod joined;
mod keys;
mod lane;
mod model;
mod output;
mod packet;
mod payload;
mod peer;
mod plan;
mod rtp;
mod sockets;
mod stack;
mod streams;

/// Why the program ends.
#[derive(Debug)]
pub(crate) struct Failure(String);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(what)) => {
            println!("{}", serde_json::json!({ "failure": what }));
            ExitCode::FAILURE
        }
    }
}

/// Keeps the thread on one processor, if there is that one: packets that it sends from two would overtake
/// each other.
pub(crate) fn stay_on(processor: usize) -> Result<(), Failure> {
    let mut only = CpuSet::new();
    let moved = only
        .set(processor)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &only));
    match moved {
        Ok(()) | Err(Errno::EINVAL) => Ok(()),
        Err(error) => Err(Failure(format!("processor {processor}: {error}"))),
    }
}

fn run() -> Result<(), Failure> {
    stay_on(0)?;
    let malformed = |error: serde_json::Error| Failure(format!("the plan: {error}"));
    let mut lines = std::io::stdin().lock().lines();
    let mut line = move || lines.next().and_then(Result::ok);
    let plan = line().unwrap_or_default();
    let plan: plan::Plan = serde_json::from_str(&plan).map_err(malformed)?;
    let seed = plan.seed;
    let say_seed = |Failure(what)| Failure(format!("seed {seed}: {what}"));
    let mut streams = streams::Streams::new(&plan)?;
    let mut fuzz = fuzz::Fuzz::new(plan)?;
    while let Some(round) = line() {
        let round: plan::Round = serde_json::from_str(&round).map_err(malformed)?;
        streams
            .beside(|goal| fuzz.round(&round, goal))
            .map_err(say_seed)?;
        let figures = serde_json::json!({
            "places": fuzz.figures(), "kinds": fuzz.kinds(), "streams": streams.figures(),
        });
        println!("{figures}");
        std::io::stdout()
            .flush()
            .map_err(|error| Failure(error.to_string()))?;
    }
    Ok(())
}
