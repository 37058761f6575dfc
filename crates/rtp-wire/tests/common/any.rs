// SPDX-License-Identifier: GPL-2.0-only

//! What holds for any message to a table of any generation.

use super::{decode_output, decode_target, LOCAL};
use rtp_wire::v26_0::encode;
use rtp_wire::{
    parse, CommandNumber, Direction, Generation, Init, Output, Refusal, Request, Target,
};
use zerocopy::FromZeros;

/// Checks that a message is decoded or refused, with an error and a sentence, and that what is decoded keeps within its bounds.
/// Returns what was accepted, with the generation that it was of.
pub(crate) fn borne(
    generation: Option<Generation>,
    way: Direction,
    message: &[u8],
) -> Option<(CommandNumber, Option<Generation>)> {
    let decoded = parse(generation, way, message)
        .and_then(|request| decode(&request, message, generation.unwrap_or(Generation::V26_0)));
    match decoded {
        Ok((command, of)) => Some((command, of.or(generation))),
        Err(refusal) => {
            assert!(refusal.errno() > 0);
            assert!(!refusal.to_string().is_empty());
            None
        }
    }
}

fn decode(
    request: &Request<'_>,
    message: &[u8],
    generation: Generation,
) -> Result<(CommandNumber, Option<Generation>), Refusal> {
    Ok(match request {
        Request::Init(init) => {
            check_init(init, message);
            (CommandNumber::Init, Some(init.generation(0)))
        }
        Request::AddTarget(encoded) => {
            let mut target = Target::new_zeroed();
            encoded.decode(&mut target)?;
            check_target(&target);
            // Written in its own generation, it says the same.
            let mut written = vec![0; message.len()];
            generation
                .write_target(&target, &mut written)
                .expect("of that length");
            let again = target_in(generation, &written);
            assert_eq!(format!("{target:?}"), format!("{again:?}"));
            (CommandNumber::AddTarget, None)
        }
        Request::AddDestination {
            index,
            output: encoded,
            ..
        } => {
            let mut output = Output::new_zeroed();
            encoded.decode(&mut output)?;
            let mut written = vec![0; message.len()];
            let write = generation.write_destination(&LOCAL, *index, &output, &mut written);
            write.expect("of that length");
            let again = output_in(generation, &written);
            assert_eq!(format!("{output:?}"), format!("{again:?}"));
            // Whatever generation it was of, one of 26.0 says the same.
            let encoded = encode::add_destination(&LOCAL, *index, &output);
            let again = decode_output(&encoded).expect("accepted before");
            assert_eq!(format!("{output:?}"), format!("{again:?}"));
            (CommandNumber::AddDestination, None)
        }
        Request::PinMemory { address, size } => {
            assert!(address % 4096 == 0 && size % 4096 == 0 && *size > 0);
            assert!(address.checked_add(*size).is_some());
            (CommandNumber::PinMemory, None)
        }
        Request::DelTarget(local) => {
            assert!(!local.is_unspecified() && local.port() != 0);
            (CommandNumber::DelTarget, None)
        }
        Request::InitPlayStreams => (CommandNumber::InitPlayStreams, None),
        Request::Unsupported(command) => (*command, None),
    })
}

fn target_in(generation: Generation, message: &[u8]) -> Target {
    let mut target = Target::new_zeroed();
    match parse(Some(generation), Direction::Write, message) {
        Ok(Request::AddTarget(encoded)) => encoded.decode(&mut target).expect("accepted before"),
        _ => panic!("another request"),
    }
    target
}

fn output_in(generation: Generation, message: &[u8]) -> Output {
    let mut output = Output::new_zeroed();
    match parse(Some(generation), Direction::Write, message) {
        Ok(Request::AddDestination {
            output: encoded, ..
        }) => {
            encoded.decode(&mut output).expect("accepted before");
        }
        _ => panic!("another request"),
    }
    output
}

/// The generation is the one whose sizes were declared.
fn check_init(init: &Init, message: &[u8]) {
    for range in [0, u64::MAX] {
        let sizes = init.generation(range).command_sizes();
        let word = |at: usize| u64::from_ne_bytes(message[at..at + 8].try_into().unwrap());
        assert_eq!(message.len(), 8 * (sizes.len() + 3));
        for (number, &size) in sizes.iter().enumerate().skip(1) {
            assert_eq!(word(16 + 8 * number), size as u64);
        }
    }
    assert!(init.global.0 != 0 && init.global.0 % 8 == 0);
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
    let mut again = decode_target(&encoded).expect("accepted before");
    // What a message of 26.0 cannot say.
    again.rtcp_kind = target.rtcp_kind;
    again.time_unit = target.time_unit;
    again.passes_unserved = target.passes_unserved;
    again.flags.rtcp_mux = target.flags.rtcp_mux;
    assert_eq!(format!("{target:?}"), format!("{again:?}"));
    assert_eq!(target.decrypt.master_key(), again.decrypt.master_key());
    assert_eq!(target.decrypt.master_salt(), again.decrypt.master_salt());
}
