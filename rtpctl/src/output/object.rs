// SPDX-License-Identifier: GPL-2.0-only

//! A stream as a JSON object, in the words of `stream add`: what `stream list --json` tells of its configuration, and what
//! `stream restore` reads.

use std::net::SocketAddr;

use serde::Serialize;

use super::super::listing::{Output, PayloadRule, Target};

/// What a stream does, as far as the module's list tells.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Words<'a> {
    /// What becomes of packets that do not come from the expected source.
    #[serde(skip_serializing_if = "Option::is_none")]
    mismatch: Option<&'a str>,
    rtp: bool,
    /// Which RTCP is relayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    rtcp: Option<&'static str>,
    #[serde(flatten)]
    flags: Flags,
    /// The id of the header extension with the MID.
    #[serde(skip_serializing_if = "Option::is_none")]
    mid_extension: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mids: Vec<Mid<'a>>,
}

/// What is so, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Flags {
    #[serde(skip_serializing_if = "is_not")]
    rtp_only: bool,
    #[serde(skip_serializing_if = "is_not")]
    pt_filter: bool,
    #[serde(skip_serializing_if = "is_not")]
    stun: bool,
    #[serde(skip_serializing_if = "is_not")]
    dtls: bool,
    #[serde(skip_serializing_if = "is_not")]
    non_forwarding: bool,
    #[serde(skip_serializing_if = "is_not")]
    blackhole: bool,
    rtp_stats: bool,
}

/// The MID of a media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Mid<'a> {
    mid: &'a str,
    media: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_not(flag: &bool) -> bool {
    !*flag
}

fn is_none_or_zero(number: &Option<u32>) -> bool {
    number.unwrap_or(0) == 0
}

impl<'a> Words<'a> {
    /// Those of a stream.
    pub(crate) fn of(target: &'a Target) -> Self {
        let has = |word: &str| target.options.iter().any(|option| option == word);
        let mismatch = target.expect.map(|_| match target.mismatch.as_deref() {
            None => "ignore",
            Some("propagate") => "pass",
            Some(word) => word,
        });
        let extension = target.options.iter().find_map(|option| {
            let id = option.strip_prefix("extmap[")?.strip_suffix(']')?;
            id.parse().ok().filter(|id| *id != 0)
        });
        Self {
            mismatch,
            rtp: has("RTP"),
            rtcp: match (has("forward-RTCP"), has("forward-RTCP-FB")) {
                (true, true) => Some("all"),
                (false, true) => Some("feedback"),
                (true, false) => Some("copy"),
                (false, false) => None,
            },
            flags: Flags {
                rtp_only: has("RTP-only"),
                pt_filter: has("PT-filter"),
                stun: has("STUN"),
                dtls: has("DTLS"),
                non_forwarding: has("non-forwarding"),
                blackhole: has("blackhole"),
                rtp_stats: has("RTP-stats"),
            },
            mid_extension: extension,
            mids: target
                .output_groups
                .iter()
                .filter_map(|it| mid(it))
                .collect(),
        }
    }
}

/// Reads `[MEDIA/'MID']=...`.
fn mid(group: &str) -> Option<Mid<'_>> {
    let (media, rest) = group.strip_prefix('[')?.split_once("/'")?;
    let (mid, _) = rest.split_once("']=")?;
    Some(Mid {
        mid,
        media: media.parse().ok()?,
    })
}

/// A stream as `stream restore` reads it.
#[derive(Debug, Serialize)]
pub(crate) struct Configuration<'a> {
    table: u8,
    local: SocketAddr,
    #[serde(skip_serializing_if = "Option::is_none")]
    expect: Option<SocketAddr>,
    #[serde(flatten)]
    words: Words<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    payload_types: Vec<PayloadType>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ssrcs: Vec<Ssrc>,
    /// Where there is one, the key is to be added.
    #[serde(skip_serializing_if = "Option::is_none")]
    decryption: Option<&'a super::super::listing::Srtp>,
    outputs: Vec<OutputConfiguration<'a>>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct PayloadType {
    payload_type: u32,
    #[serde(skip_serializing_if = "is_none_or_zero")]
    media: Option<u32>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Ssrc {
    ssrc: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<u32>,
}

#[derive(Debug, Serialize)]
struct OutputConfiguration<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<SocketAddr>,
    rtcp: bool,
    #[serde(skip_serializing_if = "is_none_or_zero")]
    media: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ssrcs: Vec<Rewrite>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    payload_types: &'a Vec<PayloadRule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: &'a Option<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mid: &'a Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mid_extension: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption: Option<&'a super::super::listing::Srtp>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Rewrite {
    ssrc: u32,
    sequence_offset: i32,
}

impl<'a> Configuration<'a> {
    /// That of a stream of a table.
    pub(crate) fn new(table: u8, target: &'a Target) -> Self {
        let types = target.payload_types.iter().map(|it| PayloadType {
            payload_type: it.payload_type,
            media: it.media,
        });
        let ssrcs = target.ssrcs.iter().map(|it| Ssrc {
            ssrc: it.ssrc,
            media: it.media,
        });
        Self {
            table,
            local: target.local,
            expect: target.expect,
            words: Words::of(target),
            payload_types: types.collect(),
            ssrcs: ssrcs.collect(),
            decryption: target.decryption.as_ref(),
            outputs: target
                .outputs
                .iter()
                .map(OutputConfiguration::new)
                .collect(),
        }
    }
}

impl<'a> OutputConfiguration<'a> {
    fn new(output: &'a Output) -> Self {
        let changes = output
            .ssrcs
            .iter()
            .any(|it| it.ssrc != 0 || it.sequence_offset != 0);
        let ssrcs = output.ssrcs.iter().filter(|_| changes && !output.rtcp);
        Self {
            to: output.to,
            from: output.from,
            rtcp: output.rtcp,
            media: output.media,
            ssrcs: ssrcs
                .map(|it| Rewrite {
                    ssrc: it.ssrc,
                    sequence_offset: it.signed_offset(),
                })
                .collect(),
            payload_types: &output.payload_types,
            extensions: &output.extensions,
            mid: &output.mid,
            mid_extension: output.mid_extension,
            encryption: output.encryption.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests;
