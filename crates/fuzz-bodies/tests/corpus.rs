// SPDX-License-Identifier: GPL-2.0-only

//! What the kept inputs of the fuzz targets get to.

use std::collections::BTreeSet;
use std::fs;

use fuzz_bodies::wire;
use rtp_wire::{CommandNumber, Generation};

/// Libfuzzer begins with these: what none of them gets to may take it long to find.
#[test]
fn every_decoder_of_every_generation_accepts_one_of_them() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/wire");
    let mut accepted = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the corpus") {
        let input = fs::read(entry.expect("a file").path()).expect("its bytes");
        if let Some((command, Some(generation))) = wire(&input) {
            accepted.insert((command.name(), generation.name()));
        }
    }
    for generation in Generation::ALL {
        for command in [
            CommandNumber::Init,
            CommandNumber::AddTarget,
            CommandNumber::AddDestination,
            CommandNumber::DelTarget,
        ] {
            // INIT of 13.5 is that of 12.5.
            let of = match (command, generation) {
                (CommandNumber::Init, Generation::V13_5) => Generation::V12_5,
                (_, generation) => generation,
            };
            let found = (command.name(), of.name());
            assert!(accepted.contains(&found), "{found:?} of {accepted:?}");
        }
    }
}
