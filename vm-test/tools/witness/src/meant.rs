// SPDX-License-Identifier: GPL-2.0-only

//! Differences from the C module that are meant, each with what it may change. docs/witness.md has the reasons.

use rtp_wire::Generation;

/// A difference that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    Loss,
    PlainIndex,
    OutputBytes,
    SsrcOctets,
    DontFragment,
    ListedSrtp,
    ArrivalTime,
    KeptBack,
    Replay,
    ForgedIndex,
    Feedback,
    SrtcpNull,
    SrtcpTag,
    SrtcpNoCounters,
    SrtcpSecondSsrc,
    GcmMki,
    GcmUnencrypted,
    GcmFilter,
    TwoByteForm,
    TwoByteMid,
    ExtensionEnd,
    ExtensionEmpty,
    MidTwice,
    MidForm,
    PayloadTypeMedia,
    RolloverNoCounters,
    LateHighest,
    LateSent,
    JumpAnew,
    TooOld,
    FirstRound,
    SentAgain,
    IndexEnd,
    NoOutput,
    RtcpMedia,
    Unserved,
}

/// What our datagrams are to those of the C module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The same.
    Same,
    /// Some of them are missing.
    Fewer,
    /// There are others between them.
    More,
    /// As many, some of which have other bytes.
    Changed,
    /// Others.
    Other,
}

/// What a difference may change.
pub(crate) struct Meant {
    pub(crate) difference: Difference,
    /// Its name in docs/witness.md.
    pub(crate) id: &'static str,
    pub(crate) sent: Flow,
    pub(crate) passed: Flow,
    /// Counters, their digits as `#`; one that ends with a dot stands for all that begin so.
    pub(crate) counters: &'static [&'static str],
    /// Whether it shows in cases of its own, rather than wherever it applies.
    pub(crate) alone: bool,
}

const fn apply(
    difference: Difference,
    id: &'static str,
    counters: &'static [&'static str],
) -> Meant {
    Meant {
        difference,
        id,
        sent: Flow::Same,
        passed: Flow::Same,
        counters,
        alone: false,
    }
}

const fn alone(
    difference: Difference,
    id: &'static str,
    sent: Flow,
    passed: Flow,
    counters: &'static [&'static str],
) -> Meant {
    Meant {
        difference,
        id,
        sent,
        passed,
        counters,
        alone: true,
    }
}

/// Everything that relaying a packet, rather than passing it on, changes.
const RELAYED: &[&str] = &["target.", "in.", "ssrc#.", "pt#.", "out#.", "global."];
/// What an output changes that does not send a packet.
const NOT_SENT: &[&str] = &["target.errors", "in.errors", "global.errors", "out#."];
/// What a header extension of another length changes.
const LENGTHS: &[&str] = &["out#.bytes", "out#.if.bytes"];

/// All of them.
pub(crate) const ALL: [Meant; 36] = {
    use Difference as D;
    use Flow::{Changed, Fewer, More, Other, Same};
    [
        apply(
            D::Loss,
            "loss",
            &[
                "ssrc#.lost_bits",
                "ssrc#.total_lost",
                "in.lost",
                "global.lost",
            ],
        ),
        apply(D::PlainIndex, "plain-index", &["ssrc#.ext_seq"]),
        apply(D::OutputBytes, "output-bytes", LENGTHS),
        apply(D::SsrcOctets, "ssrc-octets", &["out#.ssrc#.bytes"]),
        apply(D::DontFragment, "dont-fragment", &[]),
        apply(D::ListedSrtp, "listed-srtp", &[]),
        apply(
            D::ArrivalTime,
            "arrival-time",
            &["ssrc#.transit", "ssrc#.jitter"],
        ),
        alone(
            D::KeptBack,
            "kept-back",
            Same,
            Same,
            &[
                "out#.packets",
                "out#.bytes",
                "out#.if.packets",
                "out#.if.bytes",
            ],
        ),
        alone(D::Replay, "replay", Fewer, Fewer, RELAYED),
        alone(D::ForgedIndex, "forged-index", More, Fewer, RELAYED),
        alone(D::Feedback, "feedback", More, Fewer, RELAYED),
        alone(
            D::SrtcpNull,
            "srtcp-null",
            Changed,
            Same,
            &["out#.", "target.errors"],
        ),
        alone(D::SrtcpTag, "srtcp-tag", Changed, Same, &[]),
        alone(
            D::SrtcpNoCounters,
            "srtcp-without-counters",
            Changed,
            Same,
            &[],
        ),
        alone(
            D::SrtcpSecondSsrc,
            "srtcp-second-ssrc",
            Changed,
            Same,
            &["out#.ssrc#.rtcp_seq"],
        ),
        alone(D::GcmMki, "gcm-mki", More, Fewer, RELAYED),
        alone(D::GcmUnencrypted, "gcm-unencrypted", Fewer, Other, RELAYED),
        alone(
            D::GcmFilter,
            "gcm-filter",
            Same,
            Same,
            &["target.errors", "in.errors", "global.errors"],
        ),
        alone(D::TwoByteForm, "two-byte-form", Changed, Same, LENGTHS),
        alone(D::TwoByteMid, "two-byte-mid", Other, Same, &["out#."]),
        alone(D::ExtensionEnd, "extension-end", Changed, Same, LENGTHS),
        alone(D::ExtensionEmpty, "extension-empty", Changed, Same, LENGTHS),
        alone(D::MidTwice, "mid-twice", Changed, Same, LENGTHS),
        alone(D::MidForm, "mid-form", Changed, Same, LENGTHS),
        alone(
            D::PayloadTypeMedia,
            "payload-type-media",
            Other,
            Same,
            &["out#."],
        ),
        alone(
            D::RolloverNoCounters,
            "rollover-without-counters",
            Changed,
            Same,
            &[],
        ),
        alone(
            D::LateHighest,
            "late-highest",
            Same,
            Same,
            &["ssrc#.ext_seq"],
        ),
        alone(
            D::LateSent,
            "late-sent",
            Same,
            Same,
            &["out#.ssrc#.ext_seq"],
        ),
        alone(D::JumpAnew, "jump-anew", Same, Same, &["ssrc#.ext_seq"]),
        alone(D::TooOld, "too-old", Fewer, More, RELAYED),
        alone(D::FirstRound, "first-round", Other, Other, RELAYED),
        alone(D::SentAgain, "sent-again", Fewer, Same, NOT_SENT),
        alone(D::IndexEnd, "index-end", Fewer, Same, NOT_SENT),
        alone(
            D::NoOutput,
            "no-output",
            Same,
            Changed,
            &["target.", "in.", "global."],
        ),
        alone(D::RtcpMedia, "rtcp-media", Changed, Same, &["out#."]),
        alone(D::Unserved, "unserved", Same, Same, &["ssrc#."]),
    ]
};

impl Difference {
    /// Whether it can show in a generation: in 12.5 there are neither media nor header extensions; later, RTP that no output is for
    /// is taken.
    pub(crate) fn is_of(self, generation: Generation) -> bool {
        use Difference as D;
        let is_12_5 = generation == Generation::V12_5;
        match self {
            D::OutputBytes
            | D::TwoByteForm
            | D::TwoByteMid
            | D::ExtensionEnd
            | D::ExtensionEmpty
            | D::MidTwice
            | D::MidForm
            | D::PayloadTypeMedia
            | D::RtcpMedia => !is_12_5,
            D::Unserved => is_12_5,
            _ => true,
        }
    }

    /// What it may change.
    pub(crate) fn meant(self) -> &'static Meant {
        ALL.iter()
            .find(|meant| meant.difference == self)
            .expect("every difference is in the table")
    }

    /// The difference of a name.
    pub(crate) fn of_id(id: &str) -> Option<Self> {
        ALL.iter()
            .find(|meant| meant.id == id)
            .map(|meant| meant.difference)
    }
}

impl Meant {
    /// Whether it may change a counter.
    pub(crate) fn changes(&self, counter: &str) -> bool {
        let name: String = counter
            .chars()
            .map(|c| if c.is_ascii_digit() { '#' } else { c })
            .collect();
        self.counters
            .iter()
            .any(|&known| name == known || (known.ends_with('.') && name.starts_with(known)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_are_those_of_the_table() {
        let text = include_str!("../../../../docs/witness.md");
        let documented: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .collect();
        let known: Vec<&str> = ALL.iter().map(|meant| meant.id).collect();
        assert_eq!(documented, known);
    }

    #[test]
    fn media_and_extensions_are_of_later_generations() {
        let of = |generation| {
            ALL.iter()
                .filter(|it| it.difference.is_of(generation))
                .count()
        };
        assert_eq!((of(Generation::V26_0), of(Generation::V12_5)), (35, 27));
        assert!(Difference::NoOutput.is_of(Generation::V12_5));
        assert!(!Difference::Unserved.is_of(Generation::V26_0));
    }

    #[test]
    fn counters_are_told_by_their_digits() {
        let loss = Difference::Loss.meant();
        assert!(loss.changes("ssrc3.lost_bits"));
        assert!(!loss.changes("ssrc3.packets"));
        assert!(Difference::Replay.meant().changes("out1.ssrc0.bytes"));
        assert!(!Difference::TwoByteMid.meant().changes("target.packets"));
    }
}
