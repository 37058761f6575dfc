// SPDX-License-Identifier: GPL-2.0-only

//! Valid messages, for tests to change one thing in.

pub(crate) mod any;
pub(crate) mod table;

use rtp_wire::v26_0::{encode, layout};
use rtp_wire::{
    Cipher, Direction, Endpoint, ExpectedSource, Flow, Generation, Hmac, MediaIndex, Output,
    OutputGroup, PayloadType, Refusal, Request, Target, TargetSsrc, UserPointer,
};
use zerocopy::{FromZeros, IntoBytes};

/// Local address of the target.
pub(crate) const LOCAL: Endpoint = Endpoint::v4([192, 0, 2, 1], 30_000);

/// A target that uses every field.
pub(crate) fn target() -> Target {
    let mut target = Target::new_zeroed();
    target.local = LOCAL;
    target.expected_source = ExpectedSource::Drop(Endpoint::v4([198, 51, 100, 7], 4000));
    target.num_outputs = 3;
    target.groups[0] = OutputGroup {
        rtp_start: 0,
        rtp_end: 2,
        rtcp_start: 2,
        rtcp_end: 3,
    };
    target.num_payload_types = 2;
    target.payload_types[0] = PayloadType {
        stats: UserPointer(0x1000),
        media: MediaIndex::new(7).unwrap(),
    };
    target.payload_types[1] = PayloadType {
        stats: UserPointer(0x1028),
        media: MediaIndex::NONE,
    };
    target.ssrcs[0] = TargetSsrc {
        stats: UserPointer(0x2000),
        ssrc: 0x0102_0304,
        given: true,
        media: MediaIndex::NONE,
    };
    target.mid_extension = 5;
    assert!(target.mids[3].set(b"audio"));
    target.interface_stats = UserPointer(0x3000);
    target.stats = UserPointer(0x4000);
    target.intercept_stream = 77;
    target.flags.rtp = true;
    target.flags.stun = true;
    target.flags.rtp_stats = true;
    target.decrypt.cipher = Cipher::AesCm128;
    target.decrypt.hmac = Hmac::HmacSha1;
    target.decrypt.master_key[..16].copy_from_slice(b"0123456789abcdef");
    target.decrypt.master_key_len = 16;
    target.decrypt.master_salt = *b"saltsaltsaltsa";
    target.decrypt.master_salt_len = 14;
    target.decrypt.session_key_len = 16;
    target.decrypt.session_salt_len = 14;
    target.decrypt.rtp_auth_tag_len = 4;
    target.decrypt.rtcp_auth_tag_len = 10;
    target.decrypt.mki_len = 2;
    target.decrypt.mki[..2].copy_from_slice(b"mk");
    target
}

/// An output that uses every field.
pub(crate) fn output() -> Output {
    let mut output = Output::new_zeroed();
    output.flow = Flow::v4(([192, 0, 2, 1], 30_002), ([203, 0, 113, 9], 5004));
    output.media = 9;
    output.tos = 0xb8;
    output.flags.ssrc_subst = true;
    output.flags.rtcp = true;
    output.mid_extension = 6;
    assert!(output.mid.set(b"video"));
    output.extensions.insert(3);
    output.extensions.insert(200);
    output.interface_stats = UserPointer(0x5000);
    output.stats = UserPointer(0x6000);
    output.ssrcs[1].stats = UserPointer(0x7000);
    output.ssrcs[1].ssrc = 0xaabb_ccdd;
    output.ssrcs[1].seq_offset = 0xfff0;
    output.payload_rules[1].min_payload_len = 20;
    output.payload_rules[1].pattern[..2].copy_from_slice(&[0xd5, 0x55]);
    output.payload_rules[1].pattern_len = 2;
    output.payload_rules[2].blackhole = true;
    output
}

/// A valid ADD_TARGET.
pub(crate) fn add_target() -> layout::CommandAddTarget {
    encode::add_target(&target())
}

/// A valid ADD_DESTINATION.
pub(crate) fn add_destination() -> layout::CommandDestination {
    encode::add_destination(&LOCAL, 2, &output())
}

/// Parses what is written to a table of generation 26.0.
pub(crate) fn parse(message: &[u8]) -> Result<Request<'_>, Refusal> {
    rtp_wire::parse(Some(Generation::V26_0), Direction::Write, message)
}

/// Parses and decodes ADD_TARGET of generation 26.0.
pub(crate) fn decode_target(message: &layout::CommandAddTarget) -> Result<Target, Refusal> {
    decode_target_of(Generation::V26_0, message.as_bytes())
}

/// Parses and decodes ADD_TARGET of a generation.
pub(crate) fn decode_target_of(generation: Generation, message: &[u8]) -> Result<Target, Refusal> {
    let mut target = Target::new_zeroed();
    match rtp_wire::parse(Some(generation), Direction::Write, message)? {
        Request::AddTarget(encoded) => encoded.decode(&mut target)?,
        _ => panic!("another request"),
    }
    Ok(target)
}

/// Parses and decodes ADD_DESTINATION of generation 26.0.
pub(crate) fn decode_output(message: &layout::CommandDestination) -> Result<Output, Refusal> {
    decode_output_of_any(Generation::V26_0, message.as_bytes()).map(|(_, output)| output)
}

/// Parses and decodes ADD_DESTINATION of a generation: output 2 of the target at [`LOCAL`].
pub(crate) fn decode_output_of(generation: Generation, message: &[u8]) -> Result<Output, Refusal> {
    let (place, output) = decode_output_of_any(generation, message)?;
    assert_eq!(place, (LOCAL, 2));
    Ok(output)
}

fn decode_output_of_any(
    generation: Generation,
    message: &[u8],
) -> Result<((Endpoint, u32), Output), Refusal> {
    let mut output = Output::new_zeroed();
    match rtp_wire::parse(Some(generation), Direction::Write, message)? {
        Request::AddDestination {
            target,
            index,
            output: encoded,
        } => {
            encoded.decode(&mut output)?;
            Ok(((target, index), output))
        }
        _ => panic!("another request"),
    }
}
