// SPDX-License-Identifier: GPL-2.0-only

//! Streams as a JSON object, in the words of `stream add` and of `stream list --json`. What a list tells beside them is left
//! out of account.

use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

use rtp_wire::output::{ExtensionSet, MAX_EXTENSIONS};
use serde::de::{self, Deserializer, IgnoredAny, Visitor};
use serde::Deserialize;

use super::super::cli::values::{
    extension_id, media, mid_text, payload_number, ssrc_number, static_clock_rate, tos, Mid,
    PayloadType, Span, Ssrc,
};
use super::super::cli::{Mismatch, Rtcp, RtpStats};
use super::super::exit::Failure;
use super::super::secret::{is_suspect, secret_text, SecretText};
use super::super::srtp::Srtp;
use super::asked::{protection, Asked};
use super::to::{encryption, hex, PayloadSetting, RtcpTo, Takes, To};
use super::{usage, StreamConfig};

/// A value that is written as on the command line, or as a number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Word(String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = Word;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a text")
            }

            fn visit_u64<E>(self, number: u64) -> Result<Word, E> {
                Ok(Word(number.to_string()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Word, E> {
                Ok(Word(text.to_owned()))
            }
        }
        from.deserialize_any(Words)
    }
}

impl Word {
    fn read<T>(&self, name: &str, read: fn(&str) -> Result<T, String>) -> Result<T, Failure> {
        read(&self.0).map_err(|what| usage(format!("{name}: {what}")))
    }
}

/// An address and its ports.
#[derive(Clone, Copy, Debug)]
struct Place(Span);

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Places;
        impl Visitor<'_> for Places {
            type Value = Place;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address and port in quotes, as in \"192.0.2.1:30000\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Place, E> {
                let span = Span::from_str(text);
                span.map(Place).map_err(|what| match is_suspect(text) {
                    true => E::custom(what),
                    false => E::custom(format_args!("{text}: {what}")),
                })
            }
        }
        from.deserialize_str(Places)
    }
}

/// The name of a key, or the key.
#[derive(Debug)]
struct Key(SecretText);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Keys;
        impl Visitor<'_> for Keys {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key in quotes, as in \"file:/run/keys/alice\"")
            }

            fn visit_str<E>(self, text: &str) -> Result<Key, E> {
                let Ok(text) = secret_text(text);
                Ok(Key(text))
            }
        }
        from.deserialize_str(Keys)
    }
}

/// Streams as a JSON object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Object {
    table: Option<u8>,
    local: Place,
    expect: Option<Place>,
    mismatch: Option<MismatchWord>,
    #[serde(default)]
    from: Vec<Place>,
    tos: Option<Word>,
    decrypt: Option<Key>,
    encrypt: Option<Key>,
    #[serde(default)]
    payload_types: Vec<PayloadObject>,
    #[serde(default)]
    ssrcs: Vec<SsrcObject>,
    rtp: Option<bool>,
    rtcp: Option<RtcpWord>,
    #[serde(default)]
    rtp_only: bool,
    #[serde(default)]
    pt_filter: bool,
    #[serde(default)]
    ssrc_req: bool,
    #[serde(default)]
    stun: bool,
    #[serde(default)]
    dtls: bool,
    #[serde(default)]
    non_forwarding: bool,
    #[serde(default)]
    blackhole: bool,
    rtp_stats: Option<bool>,
    mid_extension: Option<Word>,
    #[serde(default)]
    mids: Vec<MidObject>,
    #[serde(default)]
    outputs: Vec<OutputObject>,
    /// What a list says of the key: without it the stream is another one.
    decryption: Option<IgnoredAny>,
    /// A stream that is not whole has lost what it was to be.
    #[serde(default)]
    missing_outputs: u32,
    #[serde(rename = "received")]
    _received: Option<IgnoredAny>,
    #[serde(rename = "last_packet")]
    _last_packet: Option<IgnoredAny>,
    #[serde(rename = "options")]
    _options: Option<IgnoredAny>,
    #[serde(rename = "output_groups")]
    _output_groups: Option<IgnoredAny>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum MismatchWord {
    Drop,
    Pass,
    Ignore,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RtcpWord {
    All,
    Feedback,
    Copy,
}

/// A payload type, its clock and its media.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PayloadObject {
    payload_type: Word,
    clock_rate: Option<u32>,
    media: Option<Word>,
    #[serde(rename = "packets")]
    _packets: Option<IgnoredAny>,
    #[serde(rename = "bytes")]
    _bytes: Option<IgnoredAny>,
}

/// An SSRC and its media.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SsrcObject {
    ssrc: Word,
    media: Option<Word>,
    #[serde(rename = "sequence")]
    _sequence: Option<IgnoredAny>,
    #[serde(rename = "rtcp_index")]
    _rtcp_index: Option<IgnoredAny>,
}

/// The MID of a media.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MidObject {
    mid: String,
    media: Option<Word>,
}

/// An output.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutputObject {
    to: Place,
    from: Option<Place>,
    /// Whether it takes RTCP alone, or RTP alone; both where it is left out.
    rtcp: Option<bool>,
    media: Option<Word>,
    tos: Option<Word>,
    encrypt: Option<Key>,
    /// In the order of the stream's SSRCs.
    #[serde(default)]
    ssrcs: Vec<RewriteObject>,
    #[serde(default)]
    payload_types: Vec<PayloadRuleObject>,
    extensions: Option<Vec<Word>>,
    mid: Option<String>,
    mid_extension: Option<Word>,
    /// What a list says of the key.
    encryption: Option<IgnoredAny>,
    #[serde(rename = "index")]
    _index: Option<IgnoredAny>,
    #[serde(rename = "sent")]
    _sent: Option<IgnoredAny>,
    #[serde(rename = "rewriting")]
    _rewriting: Option<IgnoredAny>,
}

/// How packets of an SSRC are sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RewriteObject {
    ssrc: Option<Word>,
    #[serde(default)]
    sequence_offset: i32,
    #[serde(rename = "sequence")]
    _sequence: Option<IgnoredAny>,
    #[serde(rename = "rtcp_index")]
    _rtcp_index: Option<IgnoredAny>,
}

/// How packets of a payload type are sent.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PayloadRuleObject {
    payload_type: Word,
    #[serde(default)]
    blackhole: bool,
    min_length: Option<u32>,
    replace: Option<String>,
    /// What a list says of a pattern.
    pattern_length: Option<u32>,
}

impl StreamConfig {
    /// Reads the streams of a line of JSON: one, or those of a range of ports. `table` is that of a line that names none.
    pub(crate) fn from_json(line: &[u8], table: Option<u8>) -> Result<Vec<Self>, Failure> {
        // An array would be taken for an object whose names are left out.
        if !line.trim_ascii_start().starts_with(b"{") {
            return Err(no_object("it is not a JSON object"));
        }
        let object: Object = serde_json::from_slice(line).map_err(|error| not_json(&error))?;
        object.streams(table)
    }
}

/// Says that a line is no object, and what one is.
fn no_object(what: &str) -> Failure {
    usage(what).hint(
        r#"a line is an object: {"local": "192.0.2.1:30000", "outputs": [{"to": "198.51.100.7:4000"}]}"#,
    )
}

/// Says what is wrong with an object, without what may be a key.
fn not_json(error: &serde_json::Error) -> Failure {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let (what, others) = text.split_once(", expected ").unwrap_or((text, ""));
    let at = format!("(column {})", error.column());
    if is_suspect(text) {
        return usage(format!("a value is not of its kind {at}"));
    }
    match error.classify() {
        serde_json::error::Category::Data if what.starts_with("unknown field") => usage(format!(
            "{what} {at}"
        ))
        .hint("the fields are those of `rtpctl stream save`, and the options of `stream add`"),
        serde_json::error::Category::Data if others.is_empty() => usage(format!("{what} {at}")),
        serde_json::error::Category::Data => usage(format!("{what} {at}: {others} is wanted")),
        _ => no_object(&format!("it is not JSON: {what} {at}")),
    }
}

/// Says that a list has not what a stream needs.
fn not_listed(what: &str, field: &str) -> Failure {
    usage(format!("{what} is not in a list")).hint(format!("add it to the line: {field}"))
}

impl Object {
    /// The streams, one or those of a range of ports. `table` is theirs where the object names none.
    fn streams(self, table: Option<u8>) -> Result<Vec<StreamConfig>, Failure> {
        self.asked(table)?.streams()
    }

    fn asked(self, table: Option<u8>) -> Result<Asked, Failure> {
        self.check()?;
        let table = self.table.or(table).ok_or_else(|| {
            usage("it names no table")
                .hint("add \"table\": N to the line, or --table to the command")
        })?;
        if table > 63 {
            return Err(usage(format!(
                "table {table}: a table is a number from 0 to 63"
            )));
        }
        let relays_rtcp = self.rtcp.is_some();
        let outputs = self.outputs.into_iter();
        let to = outputs.map(|output| output.to(&self.ssrcs, relays_rtcp));
        let to = to.collect::<Result<_, _>>()?;
        Ok(Asked {
            table,
            local: self.local.0,
            to,
            from: self.from.iter().map(|place| place.0).collect(),
            tos: self.tos.map_or(Ok(0), |word| word.read("tos", tos))?,
            expect: self.expect.map(|place| place.0),
            // Without a source that is expected a list has none.
            mismatch: self.mismatch.map(|word| match word {
                MismatchWord::Drop => Mismatch::Drop,
                MismatchWord::Pass => Mismatch::Pass,
                MismatchWord::Ignore => Mismatch::Ignore,
            }),
            payload_types: self
                .payload_types
                .iter()
                .map(PayloadObject::payload_type)
                .collect::<Result<_, _>>()?,
            pt_filter: self.pt_filter,
            ssrcs: self
                .ssrcs
                .iter()
                .map(SsrcObject::ssrc)
                .collect::<Result<_, _>>()?,
            ssrc_req: self.ssrc_req,
            rtp_stats: self.rtp_stats.map(|on| match on {
                true => RtpStats::On,
                false => RtpStats::Off,
            }),
            decrypt: protection("decrypt", self.decrypt.as_ref().map(|key| key.0.as_str()))?,
            encrypt: protection("encrypt", self.encrypt.as_ref().map(|key| key.0.as_str()))?,
            opaque: self.rtp == Some(false),
            rtcp: self.rtcp.map(|word| match word {
                RtcpWord::All => Rtcp::All,
                RtcpWord::Feedback => Rtcp::Feedback,
                RtcpWord::Copy => Rtcp::Copy,
            }),
            rtp_only: self.rtp_only,
            stun: self.stun,
            dtls: self.dtls,
            non_forwarding: self.non_forwarding,
            blackhole: self.blackhole,
            mid_extension: self
                .mid_extension
                .map(|word| word.read("mid_extension", extension_id))
                .transpose()?,
            mids: self
                .mids
                .iter()
                .map(MidObject::mid)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Refuses what does not go together, as the command line does.
    fn check(&self) -> Result<(), Failure> {
        if self.missing_outputs != 0 {
            return Err(usage("the stream was listed before its outputs were there")
                .hint("leave it out, or write its outputs and drop missing_outputs"));
        }
        if self.decryption.is_some() && self.decrypt.is_none() {
            return Err(not_listed("the key", "\"decrypt\": \"file:PATH\""));
        }
        if self.outputs.is_empty() && !self.non_forwarding {
            return Err(usage("it has no outputs")
                .hint("say where packets go: \"outputs\": [{\"to\": \"198.51.100.7:4000\"}]"));
        }
        let (opaque, none) = (self.rtp == Some(false), self.non_forwarding);
        let pairs = [
            (
                opaque && !self.payload_types.is_empty(),
                "rtp: false",
                "payload_types",
            ),
            (opaque && !self.ssrcs.is_empty(), "rtp: false", "ssrcs"),
            (opaque && self.ssrc_req, "rtp: false", "ssrc_req"),
            (
                opaque && self.rtp_stats == Some(true),
                "rtp: false",
                "rtp_stats",
            ),
            (opaque && self.rtcp.is_some(), "rtp: false", "rtcp"),
            (opaque && self.rtp_only, "rtp: false", "rtp_only"),
            (
                opaque && self.mid_extension.is_some(),
                "rtp: false",
                "mid_extension",
            ),
            (
                none && !self.outputs.is_empty(),
                "non_forwarding",
                "outputs",
            ),
            (none && !self.from.is_empty(), "non_forwarding", "from"),
            (none && self.rtcp.is_some(), "non_forwarding", "rtcp"),
            (none && self.decrypt.is_some(), "non_forwarding", "decrypt"),
            (none && self.encrypt.is_some(), "non_forwarding", "encrypt"),
        ];
        if let Some((_, one, other)) = pairs.into_iter().find(|(both, _, _)| *both) {
            return Err(usage(format!("{one} and {other} do not go together"))
                .hint("leave one of them out"));
        }
        let needs = [
            (
                self.pt_filter && self.payload_types.is_empty(),
                "pt_filter",
                "payload_types",
            ),
            (
                self.mismatch.is_some() && self.expect.is_none(),
                "mismatch",
                "expect",
            ),
            (
                self.mid_extension.is_some() && self.mids.is_empty(),
                "mid_extension",
                "mids",
            ),
            (
                !self.mids.is_empty() && self.mid_extension.is_none(),
                "mids",
                "mid_extension",
            ),
        ];
        match needs.into_iter().find(|(lacks, _, _)| *lacks) {
            Some((_, one, other)) => Err(usage(format!("{one} is of no use without {other}"))
                .hint(format!("add {other}, or leave {one} out"))),
            None => Ok(()),
        }
    }
}

/// The media of something; 0 where none is named.
fn media_of(word: Option<&Word>) -> Result<u8, Failure> {
    word.map_or(Ok(0), |word| word.read("media", media))
}

impl PayloadObject {
    fn payload_type(&self) -> Result<PayloadType, Failure> {
        let number = self.payload_type.read("payload_type", payload_number)?;
        if self.clock_rate == Some(0) {
            return Err(usage("clock_rate: a clock rate is a number of Hz above 0"));
        }
        Ok(PayloadType {
            number,
            clock_rate: self.clock_rate.unwrap_or_else(|| static_clock_rate(number)),
            media: media_of(self.media.as_ref())?,
        })
    }
}

impl SsrcObject {
    fn ssrc(&self) -> Result<Ssrc, Failure> {
        Ok(Ssrc {
            number: self.ssrc.read("ssrc", ssrc_number)?,
            media: self
                .media
                .as_ref()
                .map(|word| word.read("media", media))
                .transpose()?,
        })
    }
}

impl MidObject {
    fn mid(&self) -> Result<Mid, Failure> {
        Ok(Mid {
            text: mid_text(&self.mid).map_err(|what| usage(format!("mid: {what}")))?,
            media: media_of(self.media.as_ref())?,
        })
    }
}

impl OutputObject {
    fn to(self, received: &[SsrcObject], relays_rtcp: bool) -> Result<To<Span>, Failure> {
        let address = self.to.0;
        let about = |failure: Failure| failure.about(&format!("output {address}"));
        self.settings(received, relays_rtcp).map_err(about)
    }

    fn settings(self, received: &[SsrcObject], relays_rtcp: bool) -> Result<To<Span>, Failure> {
        if self.encryption.is_some() && self.encrypt.is_none() {
            return Err(not_listed("the key", "\"encrypt\": \"file:PATH\""));
        }
        let mut to = To::new(self.to.0);
        match self.rtcp {
            Some(true) => to.takes = Takes::Rtcp,
            Some(false) if relays_rtcp => to.rtcp = Some(RtcpTo::None),
            Some(false) | None => {}
        }
        to.from = self.from.map(|place| place.0);
        to.tos = self.tos.map(|word| word.read("tos", tos)).transpose()?;
        let key = |key: Key| -> Result<Option<Rc<Srtp>>, Failure> {
            encryption(key.0.as_str()).map_err(|failure| failure.about("encrypt"))
        };
        to.encrypt = self.encrypt.map(key).transpose()?;
        to.media = self
            .media
            .map(|word| word.read("media", media))
            .transpose()?;
        if to.takes == Takes::Rtcp {
            // Nothing of RTCP is rewritten, and what a list says of its SSRCs is what was sent.
            return Ok(to);
        }
        for (rewrite, of) in self.ssrcs.iter().zip(received) {
            let of = of.ssrc.read("ssrc", ssrc_number)?;
            // A list has a zero for an SSRC that stays.
            if let Some(ssrc) = rewrite.ssrc.as_ref().filter(|word| word.0 != "0") {
                to.ssrcs.push((Some(of), ssrc.read("ssrc", ssrc_number)?));
            }
            let offset = Some(rewrite.sequence_offset)
                .filter(|offset| (-65_535..=65_535).contains(offset))
                .ok_or_else(|| usage("sequence_offset is a number from -65535 to 65535"))?;
            let [low, high, ..] = offset.to_le_bytes();
            if offset != 0 {
                to.offsets.push((Some(of), u16::from_le_bytes([low, high])));
            }
        }
        for rule in &self.payload_types {
            rule.settings(&mut to.payloads)?;
        }
        to.extensions = self.extensions.as_deref().map(extensions).transpose()?;
        to.mid = match (self.mid, self.mid_extension) {
            (None, None) => None,
            (Some(text), Some(id)) => {
                let text = mid_text(&text).map_err(|what| usage(format!("mid: {what}")))?;
                Some((id.read("mid_extension", extension_id)?, text))
            }
            _ => return Err(usage("mid and mid_extension go together").hint("write both, or none")),
        };
        to.check()?;
        Ok(to)
    }
}

impl PayloadRuleObject {
    fn settings(&self, to: &mut Vec<(u8, PayloadSetting)>) -> Result<(), Failure> {
        let number = self.payload_type.read("payload_type", payload_number)?;
        if self.blackhole {
            to.push((number, PayloadSetting::Blackhole));
        }
        if let Some(length) = self.min_length.filter(|length| *length != 0) {
            to.push((number, PayloadSetting::MinLen(length)));
        }
        match (&self.replace, self.pattern_length.unwrap_or(0)) {
            (Some(pattern), _) => {
                let pattern = hex(pattern).ok_or_else(|| {
                    usage("replace is 1 to 16 bytes in hexadecimal, two digits each")
                })?;
                to.push((number, PayloadSetting::Replace(pattern)));
                Ok(())
            }
            (None, 0) => Ok(()),
            (None, _) => Err(not_listed(
                "the pattern of a payload type",
                "\"replace\": \"d5\"",
            )),
        }
    }
}

fn extensions(ids: &[Word]) -> Result<ExtensionSet, Failure> {
    let mut set = ExtensionSet::EMPTY;
    for id in ids {
        set.insert(id.read("extensions", extension_id)?);
    }
    if set.iter().count() > MAX_EXTENSIONS {
        return Err(usage(format!(
            "at most {MAX_EXTENSIONS} header extensions can be named"
        )));
    }
    Ok(set)
}

#[cfg(test)]
mod tests;
