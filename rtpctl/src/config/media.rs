// SPDX-License-Identifier: GPL-2.0-only

//! Several media on one port: which outputs are whose.

use rtp_wire::target::{OutputGroup, MAX_MEDIA};
use zerocopy::FromZeros;

use super::super::exit::Failure;
use super::{usage, Output, StreamConfig};

/// Which outputs packets of each media go to.
///
/// RTCP does not tell its media: it takes the range of media 0, which is that of all.
pub(super) fn groups(outputs: &[Output]) -> [OutputGroup; MAX_MEDIA] {
    let mut groups: [OutputGroup; MAX_MEDIA] = FromZeros::new_zeroed();
    for (media, group) in (0u8..).zip(&mut groups) {
        (group.rtp_start, group.rtp_end) =
            range(outputs, |output| !output.rtcp && output.media == media);
        (group.rtcp_start, group.rtcp_end) = range(outputs, |output| {
            output.rtcp && (media == 0 || output.media == media)
        });
    }
    groups
}

/// The range of the outputs that are meant, which stand together. Without any it is 0 to 0: a start must be an output
/// all the same.
fn range(outputs: &[Output], meant: impl Fn(&Output) -> bool) -> (u8, u8) {
    let Some(start) = outputs.iter().position(&meant) else {
        return (0, 0);
    };
    let count = outputs.iter().filter(|output| meant(output)).count();
    // Outputs are limited to fewer than that.
    let number = |at| u8::try_from(at).unwrap_or(u8::MAX);
    (number(start), number(start.saturating_add(count)))
}

/// Sees that each media that packets are given to has an output, and that each MID is of a media of its own.
/// An output of a media that no packets are given to is a mistake, too; media 0 has those that nothing is said of.
pub(super) fn check(config: &StreamConfig) -> Result<(), Failure> {
    let types = config.payload_types.iter().map(|pt| {
        let what = format!("--payload-type {}", pt.number);
        (pt.media, what)
    });
    let ssrcs = config.ssrcs.iter().filter_map(|ssrc| {
        let what = format!("--ssrc {:#010x}", ssrc.number);
        Some((ssrc.media?, what))
    });
    let mids = config
        .mids
        .iter()
        .map(|mid| (mid.media, "--mid".to_owned()));
    let mut fed = vec![0];
    for (media, what) in types.chain(ssrcs).chain(mids) {
        fed.push(media);
        let served = config
            .outputs
            .iter()
            .any(|output| !output.rtcp && output.media == media);
        if !served && !config.non_forwarding {
            return Err(usage(format!(
                "{what} is of media {media}, and no output is: its packets would go nowhere"
            ))
            .hint(format!(
                "write --to ADDR:PORT,media={media} where they are to go"
            )));
        }
    }
    if let Some(idle) = config.outputs.iter().find(|o| !fed.contains(&o.media)) {
        return Err(usage(format!(
            "--to {} is of media {}, and no packets are: nothing would be sent",
            idle.to(),
            idle.media
        ))
        .hint(format!(
            "say which packets are: --payload-type N,media={0}, --ssrc SSRC,media={0} or --mid TEXT,media={0}",
            idle.media
        )));
    }
    for (index, mid) in config.mids.iter().enumerate() {
        let others = config.mids.iter().take(index);
        if others.into_iter().any(|other| other.media == mid.media) {
            return Err(usage(format!("media {} has two MIDs", mid.media))
                .hint("write --mid TEXT,media=N with another N"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
