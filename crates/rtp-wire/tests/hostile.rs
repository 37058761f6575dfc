// SPDX-License-Identifier: GPL-2.0-only

//! Any bytes at all: nothing panics, and what is accepted keeps to its bounds and survives a round
//! trip.

use crate::common;
use proptest::prelude::*;
use rtp_wire::v26_0::{encode, layout};
use rtp_wire::{parse, CommandNumber, Direction, Generation, Output, Refusal, Request, Target};
use zerocopy::{FromZeros, IntoBytes};

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Write), Just(Direction::Read)]
}

/// Overwrites some bytes of a valid message, most of them with values at the edges.
fn disturbed(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let edge = prop_oneof![
        Just(0u8),
        Just(1),
        Just(0x7f),
        Just(0x80),
        Just(0xff),
        any::<u8>()
    ];
    let length = valid.len();
    proptest::collection::vec((4..length, edge), 0..12).prop_map(move |changes| {
        let mut message = valid.clone();
        for (at, value) in changes {
            message[at] = value;
        }
        message
    })
}

fn check_target(target: &Target) {
    let outputs = usize::from(target.num_outputs);
    assert!(outputs <= 32);
    assert_eq!(outputs == 0, target.flags.non_forwarding);
    for group in &target.groups {
        for range in [group.rtp(), group.rtcp()] {
            assert!(range.start <= range.end && range.end <= outputs);
        }
    }
    assert!(target.num_payload_types <= 32);
    assert!(!target.local.is_unspecified() && target.local.port() != 0);
    for (name, pointer) in target.pointers() {
        assert!(pointer.is_some() && pointer.0 % name.kind().align() as u64 == 0);
    }
    for media in target.payload_types.iter().map(|pt| pt.media) {
        assert!(media.get().is_none_or(|media| media < 8));
    }
    assert!(target.decrypt.master_key().len() <= 32);
    assert!(target.decrypt.master_salt().len() <= 14);
}

fn check_output(output: &Output) {
    let (source, destination) = (output.flow.source(), output.flow.destination());
    assert_eq!(source.family(), destination.family());
    for end in [source, destination] {
        assert!(!end.is_unspecified() && end.port() != 0);
    }
    for rule in &output.payload_rules {
        assert!(rule.pattern().len() <= 16);
    }
    assert!(output.extensions.iter().count() <= 32);
    assert_eq!(output.mid_extension == 0, output.mid.as_bytes().is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_message(
        way in direction(),
        initialised in any::<bool>(),
        number in 0u32..20,
        mut body in proptest::collection::vec(any::<u8>(), 0..4000),
        fit in any::<bool>(),
        generation in prop::sample::select(&Generation::ALL[..]),
    ) {
        let size = CommandNumber::from_wire(number)
            .and_then(|command| generation.command_size(command));
        if let (true, Some(size)) = (fit, size) {
            body.resize(size, 0xa5);
        }
        if let Some(head) = body.first_chunk_mut() {
            *head = number.to_ne_bytes();
        }
        let generation = initialised.then_some(generation);
        match parse(generation, way, &body) {
            Ok(Request::AddTarget(encoded)) => {
                prop_assert!(initialised);
                let mut target = Target::new_zeroed();
                if encoded.decode(&mut target).is_ok() {
                    check_target(&target);
                }
            }
            Ok(Request::AddDestination { output: encoded, .. }) => {
                prop_assert!(initialised);
                let mut output = Output::new_zeroed();
                if encoded.decode(&mut output).is_ok() {
                    check_output(&output);
                }
            }
            Ok(_) => {}
            Err(refusal) => {
                prop_assert!(refusal.errno() > 0);
                prop_assert!(!refusal.to_string().is_empty());
            }
        }
    }

    #[test]
    fn targets_survive_a_round_trip(message in disturbed(common::add_target().as_bytes().to_vec())) {
        let mut target = Target::new_zeroed();
        let Ok(Request::AddTarget(encoded)) = common::parse(&message) else {
            return Err(TestCaseError::fail("not ADD_TARGET"));
        };
        if encoded.decode(&mut target).is_ok() {
            check_target(&target);
            let encoded = encode::add_target(&target);
            let again = common::decode_target(&encoded).unwrap();
            prop_assert_eq!(format!("{target:?}"), format!("{again:?}"));
            let reencoded = encode::add_target(&again);
            prop_assert_eq!(encoded.as_bytes(), reencoded.as_bytes());
        }
    }

    #[test]
    fn outputs_survive_a_round_trip(
        message in disturbed(common::add_destination().as_bytes().to_vec()),
    ) {
        let mut output = Output::new_zeroed();
        let (index, encoded) = match common::parse(&message) {
            Ok(Request::AddDestination { index, output, .. }) => (index, output),
            Err(Refusal::NoSuchTarget(_)) => return Ok(()),
            _ => return Err(TestCaseError::fail("not ADD_DESTINATION")),
        };
        if encoded.decode(&mut output).is_ok() {
            check_output(&output);
            let encoded: layout::CommandDestination =
                encode::add_destination(&common::LOCAL, index, &output);
            let again = common::decode_output(&encoded).unwrap();
            prop_assert_eq!(format!("{output:?}"), format!("{again:?}"));
            let reencoded = encode::add_destination(&common::LOCAL, index, &again);
            prop_assert_eq!(encoded.as_bytes(), reencoded.as_bytes());
        }
    }
}
