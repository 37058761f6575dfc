// SPDX-License-Identifier: GPL-2.0-only

//! Targets and outputs that are in order.

use nix::errno::Errno;
use rtp_wire::{
    Cipher, Endpoint, ExpectedSource, Family, Flow, Hmac, MediaIndex, Output, OutputGroup,
    OutputSsrc, PointerKind, Srtp, Target, UserPointer,
};
use zerocopy::FromZeros;

use super::memory::{counters_of, COUNTERS, PAYLOAD_TYPES, REGION};
use super::random::Random;

const LOOPBACK: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const V4: [[u8; 4]; 2] = [[127, 0, 0, 1], [127, 0, 0, 2]];
const BROADCAST: [u8; 4] = [255; 4];
/// An IPv4 address in IPv6, which no datagram has.
const MAPPED: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1];

/// First port of targets.
const LOCAL_PORT: u16 = 4000;
const LOCAL_PORTS: u16 = 16;
/// First port of destinations, far from those of targets, so that nothing is relayed in circles.
const SINK_PORT: u16 = 30_000;
const SINK_PORTS: u16 = 8;

fn endpoint(random: &mut Random, family: Family, port: u16) -> Endpoint {
    match family {
        Family::V6 => Endpoint::v6(LOOPBACK, port),
        Family::V4 => Endpoint::v4(random.pick(&V4), port),
    }
}

/// From and to addresses of this host.
fn flow(random: &mut Random, family: Family, (from, to): (u16, u16)) -> Flow {
    match family {
        Family::V6 => Flow::v6((LOOPBACK, from), (LOOPBACK, to)),
        Family::V4 => {
            let source = random.pick(&V4);
            Flow::v4((source, from), (random.pick(&V4), to))
        }
    }
}

fn family(random: &mut Random) -> Family {
    if random.one_in(3) {
        Family::V6
    } else {
        Family::V4
    }
}

fn port(random: &mut Random, first: u16, count: u16) -> u16 {
    first + random.below(count.into()) as u16
}

/// One of the few addresses at which targets are.
pub(crate) fn local(random: &mut Random) -> Endpoint {
    let family = family(random);
    let port = port(random, LOCAL_PORT, LOCAL_PORTS);
    endpoint(random, family, port)
}

/// What an output is refused with for where it leads, or nothing, as far as that can be told.
pub(crate) fn refusal_of_path(output: &Output) -> Option<Option<Errno>> {
    let is_here = |end: &Endpoint| match end.ipv4() {
        Some(addr) => V4.contains(&addr),
        None => *end.addr() == LOOPBACK,
    };
    let (source, destination) = (output.flow.source(), output.flow.destination());
    if is_here(source) && is_here(destination) {
        return Some(None);
    }
    match (destination.ipv4(), destination.ipv6()) {
        (Some(BROADCAST), _) if is_here(source) => Some(Some(Errno::EACCES)),
        (_, Some(MAPPED)) => Some(Some(Errno::EINVAL)),
        _ => None,
    }
}

/// A destination that nothing may be sent to, of the family of another one.
pub(crate) fn forbidden(like: &Endpoint) -> Endpoint {
    match like.family() {
        Family::V6 => Endpoint::v6(MAPPED, SINK_PORT),
        Family::V4 => Endpoint::v4(BROADCAST, SINK_PORT),
    }
}

/// Counters in one of the regions.
pub(crate) fn counters(random: &mut Random, regions: &[u64], kind: PointerKind) -> UserPointer {
    let room = REGION - COUNTERS - kind.size() as u64;
    // The last place of all now and then.
    let offset = match random.below(8) {
        0 => room & !7,
        _ => 8 * random.below(room as usize / 8) as u64,
    };
    UserPointer(random.pick(regions) + COUNTERS + offset)
}

/// A target of that address, whose counters are in the regions.
pub(crate) fn target(random: &mut Random, regions: &[u64], local: Endpoint) -> Target {
    let mut target = Target::new_zeroed();
    target.local = local;
    let expect = match random.below(4) {
        0 => ExpectedSource::Drop,
        1 => ExpectedSource::Pass,
        _ => ExpectedSource::Ignore,
    };
    target.expected_source = expect(endpoint(random, local.family(), 5000));
    target.intercept_stream = random.odd_word();
    let flags = &mut target.flags;
    for flag in [
        &mut flags.extmap,
        &mut flags.dtls,
        &mut flags.stun,
        &mut flags.ssrc_req,
        &mut flags.rtp_only,
        &mut flags.track_ssrc,
        &mut flags.rtcp,
        &mut flags.rtcp_fw,
        &mut flags.rtcp_fb_fw,
        &mut flags.do_intercept,
        &mut flags.pt_filter,
        &mut flags.blackhole,
        &mut flags.rtp_stats,
    ] {
        *flag = random.one_in(4);
    }
    flags.rtp = !random.one_in(4);
    flags.non_forwarding = random.one_in(8);
    target.num_outputs = match random.below(16) {
        _ if target.flags.non_forwarding => 0,
        0 => 32,
        1 => random.between(1, 32) as u8,
        _ => random.between(1, 3) as u8,
    };
    groups(random, &mut target);
    target.mid_extension = random.below(16) as u8;
    for mid in &mut target.mids {
        let length = random.pick(&[0, 0, 0, 1, 2, 16, 255]);
        mid.set(&random.bytes(length));
    }
    payload_types(random, regions, &mut target);
    for ssrc in &mut target.ssrcs {
        if random.one_in(3) {
            ssrc.ssrc = random.word() | 1;
            ssrc.given = true;
        }
        if ssrc.given || random.one_in(8) {
            ssrc.stats = counters(random, regions, PointerKind::Ssrc);
        }
        ssrc.media = media(random);
    }
    if random.one_in(4) {
        srtp(random, &mut target.decrypt);
    }
    target.stats = counters(random, regions, PointerKind::Stream);
    target.interface_stats = counters(random, regions, PointerKind::Interface);
    target
}

fn groups(random: &mut Random, target: &mut Target) {
    let outputs = usize::from(target.num_outputs);
    if outputs == 0 {
        return;
    }
    let range = |random: &mut Random| {
        let start = random.below(outputs);
        (start as u8, random.between(start, outputs) as u8)
    };
    for (index, group) in target.groups.iter_mut().enumerate() {
        if index == 0 || random.one_in(4) {
            let ((rtp_start, rtp_end), (rtcp_start, rtcp_end)) = (range(random), range(random));
            *group = OutputGroup {
                rtp_start,
                rtp_end,
                rtcp_start,
                rtcp_end,
            };
        }
    }
}

fn media(random: &mut Random) -> MediaIndex {
    MediaIndex::new(random.below(12) as u8).unwrap_or(MediaIndex::NONE)
}

fn payload_types(random: &mut Random, regions: &[u64], target: &mut Target) {
    let count = match random.below(16) {
        0 => 32,
        1 => 0,
        _ => random.between(1, 4),
    };
    target.num_payload_types = count as u8;
    let mut number = 0;
    for payload_type in target.payload_types.iter_mut().take(count) {
        payload_type.stats = UserPointer(counters_of(random.pick(regions), number));
        payload_type.media = media(random);
        // 32 steps of at most 4 do not leave the numbers that there are.
        number = (number + random.between(1, 4) as u32).min(PAYLOAD_TYPES - 1);
    }
}

/// An output of the target of that address.
pub(crate) fn output(random: &mut Random, regions: &[u64]) -> Output {
    let mut output = Output::new_zeroed();
    let family = family(random);
    let ports = (
        port(random, LOCAL_PORT, LOCAL_PORTS),
        port(random, SINK_PORT, SINK_PORTS),
    );
    output.flow = flow(random, family, ports);
    output.media = random.odd_word();
    output.tos = random.byte();
    output.flags.ssrc_subst = random.one_in(4);
    output.flags.extmap = random.one_in(4);
    output.flags.rtcp = random.one_in(4);
    if random.one_in(4) {
        let length = random.between(1, 255);
        output.mid_extension = random.byte();
        output.mid.set(&random.bytes(length));
    }
    for _ in 0..random.pick(&[0, 0, 1, 3, 32]) {
        output.extensions.insert(random.byte());
    }
    for ssrc in &mut output.ssrcs {
        *ssrc = OutputSsrc {
            stats: UserPointer::NONE,
            ssrc: random.odd_word(),
            seq_offset: random.word() as u16,
        };
        if random.flip() {
            ssrc.stats = counters(random, regions, PointerKind::Ssrc);
        }
    }
    for rule in output.payload_rules.iter_mut().take(4) {
        if random.one_in(4) {
            rule.min_payload_len = random.odd_word();
            rule.pattern_len = random.below(17) as u8;
            rule.blackhole = random.one_in(4);
            random.fill(&mut rule.pattern);
        }
    }
    if random.one_in(4) {
        srtp(random, &mut output.encrypt);
    }
    output.stats = counters(random, regions, PointerKind::Stream);
    output.interface_stats = counters(random, regions, PointerKind::Interface);
    output
}

fn srtp(random: &mut Random, srtp: &mut Srtp) {
    const CIPHERS: [Cipher; 7] = [
        Cipher::Null,
        Cipher::AesCm128,
        Cipher::AesF8,
        Cipher::AesCm192,
        Cipher::AesCm256,
        Cipher::AeadAesGcm128,
        Cipher::AeadAesGcm256,
    ];
    srtp.cipher = random.choose(&CIPHERS).copied().unwrap_or(Cipher::Null);
    srtp.hmac = if random.one_in(3) {
        Hmac::Null
    } else {
        Hmac::HmacSha1
    };
    // With the null cipher, keys are for authentication alone.
    let (key, salt) = match (srtp.cipher, srtp.hmac) {
        (Cipher::Null, Hmac::Null) => (random.pick(&[0, 16, 24, 32]), random.pick(&[0, 12, 14])),
        (Cipher::Null, Hmac::HmacSha1) => (random.pick(&[16, 24, 32]), 14),
        (cipher, _) => (
            cipher.key_len().unwrap_or(0) as u8,
            cipher.salt_len().unwrap_or(0) as u8,
        ),
    };
    (srtp.master_key_len, srtp.session_key_len) = (key, key);
    (srtp.master_salt_len, srtp.session_salt_len) = (salt, salt);
    srtp.rtp_auth_tag_len = random.pick(&[0, 4, 10, 20]);
    srtp.rtcp_auth_tag_len = random.pick(&[0, 4, 10, 20]);
    srtp.mki_len = random.pick(&[0, 0, 0, 1, 4, 255]);
    random.fill(&mut srtp.master_key);
    random.fill(&mut srtp.master_salt);
    random.fill(&mut srtp.mki);
}
