// SPDX-License-Identifier: GPL-2.0-only

//! `libsrtp-oracle PACKETS [SEED]`: compares that many packets, and says what it compared.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use libsrtp_oracle::{compare, sys};

fn main() -> ExitCode {
    let arguments: Option<Vec<u64>> = std::env::args()
        .skip(1)
        .map(|argument| argument.parse().ok())
        .collect();
    let (packets, seed) = match arguments.as_deref() {
        Some([packets]) => (*packets, 1),
        Some([packets, seed]) => (*packets, *seed),
        _ => {
            eprintln!("usage: libsrtp-oracle PACKETS [SEED]");
            return ExitCode::from(2);
        }
    };
    match compare::run(packets, seed) {
        Ok(figures) => {
            println!(
                "{}: {} packets of {} suites protected alike, {} opened and {} refused alike; \
                 {} rollovers; by rule {} guessed and {} without a tag; 0 differences",
                sys::version(),
                figures.protected,
                compare::suites().count(),
                figures.opened,
                figures.refused,
                figures.rollovers,
                figures.guessed,
                figures.unauthenticated,
            );
            ExitCode::SUCCESS
        }
        Err(what) => {
            eprintln!("{}: seed {seed}: {what}", sys::version());
            ExitCode::FAILURE
        }
    }
}
