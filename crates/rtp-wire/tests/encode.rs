// SPDX-License-Identifier: GPL-2.0-only

//! What is written in a generation means in that generation what was written.

use crate::common::{decode_output_of, decode_target_of, output, target, LOCAL};
use rtp_wire::{
    parse, CommandNumber, Direction, Generation, MediaIndex, Mid, Request, RtcpKind, Target,
    TimeUnit, UserPointer,
};
use std::format;
use std::vec;
use std::vec::Vec;
use zerocopy::FromZeros;

use Generation::{V12_5, V13_5};

fn message(generation: Generation, command: CommandNumber) -> Vec<u8> {
    vec![0; generation.command_size(command).unwrap()]
}

/// The target as a generation whose outputs are one list has it.
fn in_lists(mut target: Target) -> Target {
    target.passes_unserved = true;
    target.mid_extension = 0;
    for mid in &mut target.mids {
        *mid = Mid::new_zeroed();
    }
    for pt in &mut target.payload_types {
        pt.media = MediaIndex::NONE;
    }
    for ssrc in &mut target.ssrcs {
        ssrc.media = MediaIndex::NONE;
    }
    target
}

#[test]
fn a_target_is_what_was_written_in_each_generation() {
    for generation in Generation::ALL {
        let mut written = target();
        written.flags.rtcp = true;
        written.flags.rtcp_fw = true;
        written.flags.rtcp_mux = generation == V12_5;
        let mut bytes = message(generation, CommandNumber::AddTarget);
        assert!(generation.write_target(&written, &mut bytes).is_some());
        let expected = match generation {
            V12_5 | V13_5 => in_lists(written),
            _ => written,
        };
        let mut expected = expected;
        if generation == V12_5 {
            expected.time_unit = TimeUnit::Seconds;
            expected.rtcp_kind = RtcpKind::SecondByte;
        }
        let got = decode_target_of(generation, &bytes).unwrap();
        assert_eq!(format!("{got:?}"), format!("{expected:?}"), "{generation}");
    }
}

#[test]
fn an_output_is_what_was_written_in_each_generation() {
    for generation in Generation::ALL {
        let mut written = output();
        let mut bytes = message(generation, CommandNumber::AddDestination);
        // A null pointer ends the list of generations that have one.
        written.ssrcs[0].stats = UserPointer(0x7040);
        let done = generation.write_destination(&LOCAL, 2, &written, &mut bytes);
        assert!(done.is_some());
        if matches!(generation, V12_5 | V13_5) {
            written.media = 0;
            written.flags.extmap = false;
            written.flags.rtcp = false;
            written.mid_extension = 0;
            written.mid = Mid::new_zeroed();
            written.extensions = rtp_wire::ExtensionSet::EMPTY;
        }
        if generation == V12_5 {
            written.payload_rules[2].blackhole = false;
        }
        let got = decode_output_of(generation, &bytes).unwrap();
        assert_eq!(format!("{got:?}"), format!("{written:?}"), "{generation}");
    }
}

#[test]
fn init_is_that_of_the_generation() {
    for generation in Generation::ALL {
        let mut bytes = message(generation, CommandNumber::Init);
        assert!(generation
            .write_init(UserPointer(0x1000), &mut bytes)
            .is_some());
        let Ok(Request::Init(init)) = parse(None, Direction::Write, &bytes) else {
            panic!("{generation}: no INIT");
        };
        assert_eq!(init.global, UserPointer(0x1000));
        let large = if generation == V13_5 {
            32 << 20
        } else {
            64 << 10
        };
        assert_eq!(init.generation(large), generation);
    }
}

#[test]
fn a_message_of_another_length_is_not_written() {
    for generation in Generation::ALL {
        for longer in [false, true] {
            let wrong = |command| {
                let mut bytes = message(generation, command);
                let length = bytes.len();
                bytes.resize(if longer { length + 1 } else { length - 1 }, 0);
                bytes
            };
            let mut bytes = wrong(CommandNumber::Init);
            assert_eq!(generation.write_init(UserPointer(0x1000), &mut bytes), None);
            let mut bytes = wrong(CommandNumber::AddTarget);
            assert_eq!(generation.write_target(&target(), &mut bytes), None);
            let mut bytes = wrong(CommandNumber::AddDestination);
            let done = generation.write_destination(&LOCAL, 2, &output(), &mut bytes);
            assert_eq!(done, None);
        }
    }
}
