// SPDX-License-Identifier: GPL-2.0-only

//! What the outputs of a target are like.

use rtp_wire::{ExtensionSet, Output, OutputFlags};
use zerocopy::FromZeros as _;

use crate::{
    case::{flow, Addresses, CaseOutput, Preset},
    draw::{srtcp_fits, suite},
    meant::Difference,
    protection::Protection,
    random::Random,
    shape::Shape,
};

/// How many outputs a target has.
pub(crate) fn count(random: &mut Random, shows: Option<Difference>, non_forwarding: bool) -> u8 {
    match shows {
        Some(_) => 2,
        None if non_forwarding => 0,
        None => random.pick(&[1, 1, 1, 2, 2, 3, 3, 4, 5]),
    }
}

/// The outputs of a target.
pub(crate) fn draw(
    random: &mut Random,
    shape: &Shape,
    addresses: &Addresses,
    first_port: u16,
) -> Vec<CaseOutput> {
    (0..shape.target.num_outputs)
        .map(|index| {
            let ipv6 = shape.ipv6 ^ random.percent(20);
            let mut output = Box::new(Output::new_zeroed());
            let port = 5_000 + random.below(2_000) as u16;
            output.flow = flow(
                (addresses.output, port),
                (addresses.receiver, first_port + u16::from(index)),
                ipv6,
            );
            output.media = random.below(8);
            output.tos = random.pick(&[0, 0, 0xb8, 0x88, 0x10, 0xfc]);
            let group = shape.target.groups.first();
            let takes_rtcp = group.is_some_and(|group| group.rtcp().contains(&usize::from(index)));
            output.flags = OutputFlags {
                ssrc_subst: random.percent(40),
                extmap: draws_extensions(random, shape),
                rtcp: takes_rtcp,
            };
            if output.flags.extmap {
                draw_extensions(random, shape.shows, &mut output);
            }
            draw_payload_rules(random, shape, &mut output);
            let presets = draw_ssrcs(random, shape, &mut output);
            let protection = draw_protection(random, shape, takes_rtcp);
            if let Some(protection) = &protection {
                protection.fill(&mut output.encrypt);
            }
            CaseOutput {
                output,
                protection,
                presets,
            }
        })
        .collect()
}

fn draws_extensions(random: &mut Random, shape: &Shape) -> bool {
    use Difference as D;
    match shape.shows {
        Some(D::TwoByteForm | D::ExtensionEnd | D::ExtensionEmpty | D::MidTwice | D::MidForm) => {
            true
        }
        Some(_) => false,
        None if shape.in_lists => false,
        None => random.percent(if shape.target.flags.extmap { 60 } else { 15 }),
    }
}

fn draw_extensions(random: &mut Random, shows: Option<Difference>, output: &mut Output) {
    let mut kept = ExtensionSet::EMPTY;
    for id in 1..=14 {
        if random.percent(50) {
            kept.insert(id);
        }
    }
    let appends = match shows {
        Some(Difference::MidTwice | Difference::MidForm) => true,
        Some(_) => false,
        None => random.percent(50),
    };
    if appends {
        let others: Vec<u8> = (1..=14).filter(|&id| !kept.contains(id)).collect();
        output.mid_extension = match shows {
            Some(Difference::MidTwice) => 3,
            Some(Difference::MidForm) => random.pick(&[2, 15, 40]),
            _ if others.is_empty() => 0,
            _ => random.pick(&others),
        };
        if shows == Some(Difference::MidTwice) {
            kept.insert(3);
        }
        let length = match output.mid_extension {
            2 if shows == Some(Difference::MidForm) => 17,
            _ => random.within(1, 6),
        };
        let mid: Vec<u8> = (0..length).map(|n| b'a' + n as u8).collect();
        output.mid.set(&mid);
    }
    output.extensions = kept;
}

fn draw_payload_rules(random: &mut Random, shape: &Shape, output: &mut Output) {
    let known = output.payload_rules.iter_mut().zip(&shape.payload_types);
    for (rule, _) in known {
        if shape.shows == Some(Difference::KeptBack) {
            rule.blackhole = !shape.in_lists && random.percent(40);
            rule.min_payload_len = random.pick(&[0, 10, 30]);
        } else if random.percent(15) {
            let length = random.within(1, 16);
            rule.pattern_len = length as u8;
            for byte in rule.pattern.iter_mut().take(length as usize) {
                *byte = random.below(256) as u8;
            }
        }
    }
}

/// Rewriting of the SSRCs that the target lists, and what the counters of each start with.
fn draw_ssrcs(random: &mut Random, shape: &Shape, output: &mut Output) -> [Preset; 4] {
    let mut presets = [Preset::default(); 4];
    let listed = shape.target.ssrcs.iter().zip(&shape.senders);
    let own = output.ssrcs.iter_mut().zip(&mut presets);
    for ((to, preset), (_, (_, first))) in own.zip(listed.filter(|(ssrc, _)| ssrc.given)) {
        to.seq_offset = random.pick(&[0, 0, 1, 1_000, 0x8000, 0xfff0]);
        to.ssrc = if random.percent(70) { random.word() } else { 0 };
        if shape.shows == Some(Difference::IndexEnd) {
            // 16 packets before the last index.
            to.seq_offset = 0xfff0u16.wrapping_sub(*first as u16);
            preset.ext_seq = 0xffff_ffef;
            continue;
        }
        if random.percent(20) {
            let sequence = (*first as u16).wrapping_add(to.seq_offset).wrapping_sub(1);
            preset.ext_seq = (random.below(4) << 16) | u32::from(sequence);
        }
        if random.percent(30) {
            preset.rtcp_seq = random.below(1_000);
        }
    }
    presets
}

fn draw_protection(random: &mut Random, shape: &Shape, takes_rtcp: bool) -> Option<Protection> {
    use Difference as D;
    let listed = shape.target.ssrcs.iter().any(|ssrc| ssrc.given);
    let wanted = match shape.shows {
        Some(D::SrtcpTag | D::SrtcpNoCounters | D::SrtcpSecondSsrc) => takes_rtcp,
        Some(D::SrtcpNull) => takes_rtcp && random.percent(60),
        Some(D::RolloverNoCounters | D::SentAgain | D::LateSent | D::IndexEnd) => true,
        // Indices would be used twice; and what is sent is told by its bytes.
        Some(D::LateHighest | D::RtcpMedia) => false,
        _ => shape.target.flags.rtp && random.percent(50) && (listed || !takes_rtcp),
    };
    if !wanted {
        return None;
    }
    let suite = suite(random, |suite| match shape.shows {
        Some(D::RolloverNoCounters) => suite.authenticates_rtp(),
        shows => !takes_rtcp || srtcp_fits(shows, suite),
    });
    let mki = random.pick(&[0, 0, 0, 1, 4, 8, 30]);
    Some(Protection::new(random, suite, mki))
}
