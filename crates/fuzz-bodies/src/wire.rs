// SPDX-License-Identifier: GPL-2.0-only

//! Commands of the daemon.

#[expect(dead_code, reason = "the tests of the crate use the rest")]
#[path = "../../rtp-wire/tests/common/mod.rs"]
mod valid;

use rtp_wire::v26_0::encode;
use rtp_wire::{parse, CommandNumber, Direction, Generation, Output, Request, Target};
use zerocopy::FromZeros as _;

use std::sync::LazyLock;

use crate::input::Input;
use valid::table::{output_of, target_of};

/// A target and an output of each.
static VALID: LazyLock<[(Vec<u8>, Vec<u8>); Generation::ALL.len()]> = LazyLock::new(|| {
    Generation::ALL.map(|it| {
        (
            target_of(it).as_bytes().into(),
            output_of(it).as_bytes().into(),
        )
    })
});

/// Takes any bytes for any command of any generation, or a valid command with some bytes changed.
pub fn wire(data: &[u8]) {
    let mut input = Input::new(data);
    let way = if input.bit() {
        Direction::Read
    } else {
        Direction::Write
    };
    let first = input.byte();
    // 26.0 is what short inputs say.
    let of = (usize::from(first >> 3) + Generation::V26_0 as usize) % Generation::ALL.len();
    let (of, valid) = (Generation::ALL[of], &VALID[of]);
    let generation = (first & 4 == 0).then_some(of);
    let message = match first % 4 {
        0 => input.rest().to_vec(),
        1 => {
            let number = u32::from(input.byte());
            let mut message = [&number.to_ne_bytes(), input.rest()].concat();
            let command = CommandNumber::from_wire(number);
            let size = command.and_then(|it| of.command_size(it));
            if let Some(size) = size {
                message.resize(size, 0);
            }
            message
        }
        2 => changed(&valid.0, &mut input),
        _ => changed(&valid.1, &mut input),
    };
    match parse(generation, way, &message) {
        Ok(request) => check(&request),
        Err(refusal) => {
            assert!(refusal.errno() > 0);
            assert!(!refusal.to_string().is_empty());
        }
    }
}

/// A message with bytes changed where the input says.
fn changed(message: &[u8], input: &mut Input<'_>) -> Vec<u8> {
    let mut message = message.to_vec();
    while !input.is_empty() {
        let at = usize::from(input.short()) % message.len();
        message[at] = input.byte();
    }
    message
}

fn check(request: &Request<'_>) {
    match request {
        Request::AddTarget(encoded) => {
            let mut target = Target::new_zeroed();
            if encoded.decode(&mut target).is_ok() {
                check_target(&target);
            }
        }
        Request::AddDestination {
            index,
            output: encoded,
            ..
        } => {
            let mut output = Output::new_zeroed();
            if encoded.decode(&mut output).is_ok() {
                // Whatever generation it was of, one of 26.0 says the same.
                let encoded = encode::add_destination(&valid::LOCAL, *index, &output);
                let again = valid::decode_output(&encoded).expect("accepted before");
                assert_eq!(format!("{output:?}"), format!("{again:?}"));
            }
        }
        _ => (),
    }
}

fn check_target(target: &Target) {
    let outputs = usize::from(target.num_outputs);
    for group in &target.groups {
        for range in [group.rtp(), group.rtcp()] {
            assert!(range.start <= range.end && range.end <= outputs);
        }
    }
    assert!(target.num_payload_types <= 32);
    for media in target.payload_types.iter().map(|pt| pt.media) {
        assert!(media.get().is_none_or(|media| media < 8));
    }
    assert!(target.decrypt.master_key().len() <= 32);
    assert!(target.decrypt.master_salt().len() <= 14);
    let encoded = encode::add_target(target);
    let mut again = valid::decode_target(&encoded).expect("accepted before");
    // What a message of 26.0 cannot say.
    again.rtcp_kind = target.rtcp_kind;
    again.time_unit = target.time_unit;
    again.passes_unserved = target.passes_unserved;
    again.flags.rtcp_mux = target.flags.rtcp_mux;
    assert_eq!(format!("{target:?}"), format!("{again:?}"));
}
