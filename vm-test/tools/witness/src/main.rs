// SPDX-License-Identifier: GPL-2.0-only

//! Has two kernel modules relay the same packets, and compares what they made of them.
//!
//! `witness record` makes targets and packets of a seed, sends the packets, and writes down what the outputs sent, what
//! userspace saw, what was counted and what is listed. `witness compare` holds two such recordings against each other.

#![deny(unsafe_code)]

mod case;
mod compare;
mod control;
mod counters;
mod draw;
mod explain;
mod extension;
mod forged;
mod listing;
mod meant;
mod memory;
mod network;
mod outputs;
mod packet;
mod protection;
mod random;
mod record;
mod shape;
#[expect(unsafe_code)]
mod sys;
mod telling;
mod traffic;
mod transcript;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use case::Addresses;
use rtp_wire::Generation;

/// Has two kernel modules relay the same packets, and compares what they made of them.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Sends packets to the module that is loaded, through a table 0 that exists and that a rule names.
    Record(Record),
    /// Compares two recordings. Prints what was compared as JSON; fails on a difference that is not meant.
    Compare {
        /// Generation of the interface that was spoken.
        #[arg(long, value_parser = generation)]
        interface: Generation,
        /// What the C module made of it.
        c: PathBuf,
        /// What ours made of it.
        ours: PathBuf,
    },
}

#[derive(Args)]
struct Record {
    /// Where to write the recording.
    file: PathBuf,
    /// Generation of the interface to speak: 12.5 or 26.0.
    #[arg(long, value_parser = generation)]
    interface: Generation,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many targets are to agree; those that show a difference come besides.
    #[arg(long, default_value_t = 1000)]
    targets: u32,
    /// How many packets each of them is sent.
    #[arg(long, default_value_t = 100)]
    packets: usize,
    /// Namespace of the sender.
    #[arg(long)]
    sender: PathBuf,
    /// Namespace of the receiver.
    #[arg(long)]
    receiver: PathBuf,
    /// Addresses, IPv4 and IPv6, of the sender.
    #[arg(long, num_args = 2)]
    sender_address: Vec<std::net::IpAddr>,
    /// Of the targets.
    #[arg(long, num_args = 2)]
    target_address: Vec<std::net::IpAddr>,
    /// That outputs send from.
    #[arg(long, num_args = 2)]
    output_address: Vec<std::net::IpAddr>,
    /// Of the receiver.
    #[arg(long, num_args = 2)]
    receiver_address: Vec<std::net::IpAddr>,
}

/// The generations that C modules to compare with speak.
fn generation(name: &str) -> Result<Generation, String> {
    let mut known = [Generation::V12_5, Generation::V26_0].into_iter();
    known
        .find(|generation| generation.name() == name)
        .ok_or_else(|| "12.5 or 26.0".to_owned())
}

fn pair(addresses: &[std::net::IpAddr]) -> io::Result<(Ipv4Addr, Ipv6Addr)> {
    match addresses {
        [std::net::IpAddr::V4(v4), std::net::IpAddr::V6(v6)] => Ok((*v4, *v6)),
        _ => Err(io::Error::other("an IPv4 and an IPv6 address are needed")),
    }
}

fn run(action: Action) -> io::Result<ExitCode> {
    match action {
        Action::Record(it) => {
            let plan = record::Plan {
                generation: it.interface,
                seed: it.seed,
                targets: it.targets,
                packets: it.packets,
                addresses: Addresses {
                    sender: pair(&it.sender_address)?,
                    target: pair(&it.target_address)?,
                    output: pair(&it.output_address)?,
                    receiver: pair(&it.receiver_address)?,
                },
                sender: &it.sender,
                receiver: &it.receiver,
            };
            record::record(&plan, &it.file)?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Compare { interface, c, ours } => {
            let report = compare::compare(interface, &c, &ours)?;
            println!("{}", serde_json::to_string(&report)?);
            Ok(if report.agrees() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().action) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("witness: {error}");
            ExitCode::from(2)
        }
    }
}
