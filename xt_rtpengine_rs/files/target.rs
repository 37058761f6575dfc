// SPDX-License-Identifier: GPL-2.0-only

//! A target as it is listed: scripts parse these names.

use super::keys::show_srtp;
use crate::{
    rtp_wire::{self, ExpectedSource},
    show::Show,
    sys::counters::StreamStats,
    table::{
        listed::ListedTarget,
        output::Output,
        target::{Builder, Target},
    },
};
use kernel::{seq_file::SeqFile, seq_print};

/// Writes the block of a target whose outputs are not all there.
pub(crate) fn show_builder(out: &SeqFile, builder: &Builder, groups: bool) {
    let missing = builder.missing();
    seq_print!(out, "local {}\n", Show(builder.target().local));
    seq_print!(out, "    outputs not fully filled ({missing} missing)\n");
    show_end(out, groups);
}

/// Where there are `groups`, an empty line ends a block.
fn show_end(out: &SeqFile, groups: bool) {
    if groups {
        seq_print!(out, "\n");
    }
}

/// Writes the block of a target. Where there are no `groups`, nothing of media is shown.
pub(crate) fn show_target(out: &SeqFile, target: &Target, groups: bool, with_keys: bool) {
    seq_print!(out, "local {}\n", Show(target.local));
    show_receiving(out, target, groups);
    let listed = &target.listed;
    show_srtp(out, "decryption", listed.decrypt.as_deref(), with_keys);
    show_options(out, listed);
    if groups {
        show_groups(out, target);
    }
    for output in target.outputs() {
        show_output(out, target, output, groups);
        show_srtp(
            out,
            "encryption",
            output.listed.encrypt.as_deref(),
            with_keys,
        );
    }
    show_end(out, groups);
}

fn show_stats(out: &SeqFile, indent: &str, stats: &StreamStats) {
    let (bytes, packets, errors) = (stats.bytes.get(), stats.packets.get(), stats.errors.get());
    seq_print!(
        out,
        "{indent}stats: {bytes:20} bytes, {packets:20} packets, {errors:20} errors\n"
    );
}

fn show_receiving(out: &SeqFile, target: &Target, groups: bool) {
    let expected_source = target.listed.expected_source;
    if let Some(source) = expected_source.endpoint() {
        seq_print!(out, "    expect {}\n", Show(source));
    }
    match expected_source {
        ExpectedSource::Any | ExpectedSource::Ignore(_) => {}
        ExpectedSource::Drop(_) => seq_print!(out, "    src mismatch action: drop\n"),
        ExpectedSource::Pass(_) => seq_print!(out, "    src mismatch action: propagate\n"),
    }
    show_stats(out, "    ", &target.stats);
    for (index, known) in (0u8..).zip(target.payload_types()) {
        seq_print!(
            out,
            "        RTP payload type {:3}: {:20} bytes, {:20} packets",
            known.number,
            known.stats.bytes.get(),
            known.stats.packets.get()
        );
        if groups {
            let media = target.rules.payload_types.media(index);
            let media = media.map_or(u32::MAX, u32::from);
            seq_print!(out, "   [group #{media}]");
        }
        seq_print!(out, "\n");
    }
    seq_print!(out, "    last packet: {}", target.last_packet());
    seq_print!(out, "{}    SSRC in:", if groups { "\n" } else { "" });
    let mut separator = "";
    for (index, given) in (0u8..).zip(&target.rules.ssrcs.0) {
        let (Some(given), Some(stats)) = (given, target.ssrc_stats(Some(index))) else {
            continue;
        };
        seq_print!(
            out,
            "{separator} {:x} [seq {}/{}",
            given.ssrc,
            stats.ext_seq.get(),
            stats.rtcp_seq.get()
        );
        if let Some(media) = given.media {
            seq_print!(out, " #{media}");
        }
        seq_print!(out, "]");
        separator = ",";
    }
    seq_print!(out, "\n");
}

fn show_options(out: &SeqFile, config: &ListedTarget) {
    let flags = &config.flags;
    let options = [
        (flags.rtp, "RTP"),
        (flags.pt_filter, "PT-filter"),
        (flags.rtp_only, "RTP-only"),
        (flags.rtcp, "RTCP"),
        (flags.rtcp_mux, "RTCP-mux"),
        (flags.dtls, "DTLS"),
        (flags.stun, "STUN"),
        (flags.non_forwarding, "non-forwarding"),
        (flags.blackhole, "blackhole"),
        (flags.rtp_stats, "RTP-stats"),
        (flags.track_ssrc, "SSRC-tracking"),
        (flags.do_intercept, "intercept"),
        (flags.rtcp_fw, "forward-RTCP"),
        (flags.rtcp_fb_fw, "forward-RTCP-FB"),
    ];
    seq_print!(out, "    options:");
    for (_, name) in options.iter().filter(|(is_set, _)| *is_set) {
        seq_print!(out, " {name}");
    }
    if flags.extmap {
        seq_print!(out, " extmap[{}]", config.mid_extension);
    }
    seq_print!(out, "\n");
}

fn show_groups(out: &SeqFile, target: &Target) {
    seq_print!(out, "    output groups:");
    for (media, group) in target.groups().iter().enumerate() {
        if group.rtp().is_empty() && group.rtcp().is_empty() {
            continue;
        }
        seq_print!(out, " [{media}");
        let mid = target.mid_of_media(media);
        if !mid.is_empty() {
            seq_print!(out, "/'{}'", Show(mid.escape_ascii()));
        }
        seq_print!(
            out,
            "]=({}->{}/{}->{})",
            group.rtp_start,
            group.rtp_end,
            group.rtcp_start,
            group.rtcp_end
        );
    }
    seq_print!(out, "\n");
}

fn show_output(out: &SeqFile, target: &Target, output: &Output, groups: bool) {
    let config = &output.listed;
    seq_print!(out, "    output #{}", output.number);
    if groups {
        let rtcp = if config.flags.rtcp { ", RTCP" } else { "" };
        seq_print!(out, " (media #{}{rtcp})\n", config.media);
    } else {
        let is_of = |group: &rtp_wire::OutputGroup| group.rtcp().contains(&output.number.into());
        let is_rtcp = target.groups().iter().any(is_of);
        seq_print!(out, "{}\n", if is_rtcp { " (RTCP)" } else { "" });
    }
    seq_print!(out, "       src {}\n", Show(config.flow.source()));
    seq_print!(out, "       dst {}\n", Show(config.flow.destination()));
    let (stats_indent, indent) = if groups {
        ("       ", "       ")
    } else {
        ("      ", " ")
    };
    show_stats(out, stats_indent, &output.egress.stats);
    seq_print!(out, "{indent}SSRC out:");
    let mut separator = "";
    for (index, ssrc) in (0u8..).zip(&config.ssrcs) {
        let Some(stats) = output.ssrc_stats(Some(index)) else {
            continue;
        };
        seq_print!(
            out,
            "{separator} {:x} [seq {}+{}/{}]",
            ssrc,
            stats.ext_seq.get(),
            output.seq_offset(index),
            stats.rtcp_seq.get()
        );
        separator = ",";
    }
    seq_print!(out, "\n");
    for (known, rule) in target.payload_types().iter().zip(output.payload_rules()) {
        if rule.pattern_len > 0 || rule.min_payload_len > 0 {
            seq_print!(
                out,
                "        RTP payload type {:3}: {} bytes replacement payload, min payload len {}\n",
                known.number,
                rule.pattern_len,
                rule.min_payload_len
            );
        }
        if rule.blackhole {
            seq_print!(
                out,
                "        RTP payload type {:3}: blackhole\n",
                known.number
            );
        }
    }
    if let Some(extensions) = &output.extensions {
        seq_print!(out, "       Allowed RTP extensions:");
        for id in extensions.kept.iter() {
            seq_print!(out, " {id}");
        }
        seq_print!(out, "\n");
        if extensions.mid_extension != 0 {
            let mid = Show(extensions.mid.escape_ascii());
            seq_print!(
                out,
                "       Media ID (ext {}): '{mid}'\n",
                extensions.mid_extension
            );
        }
    }
}
