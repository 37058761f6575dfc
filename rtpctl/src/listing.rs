// SPDX-License-Identifier: GPL-2.0-only

//! The text of a table's `list`, as targets. Lines may come in any order within their block; those of another form
//! are kept as they are. Keys that the module may print are left out: the text itself is only ever in a buffer that is
//! wiped.

use std::io::{self, Read};
use std::net::SocketAddr;

use serde::Serialize;
use zeroize::Zeroizing;

mod fields;

pub(crate) use fields::address;
use fields::{counters, entries, output, payload_rule, payload_type, ssrc_in, ssrc_out, words};

/// How much is read at once.
const PIECE: usize = 1 << 16;

/// What the first line of a block starts with.
const LOCAL: &str = "local ";

/// All targets of a table.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Listing {
    /// In the module's order.
    pub(crate) streams: Vec<Target>,
    /// Lines that were not understood.
    pub(crate) unparsed: Vec<String>,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counters {
    /// Packets relayed.
    pub(crate) packets: u64,
    /// Bytes of UDP payload.
    pub(crate) bytes: u64,
    /// Packets that could not be relayed.
    pub(crate) errors: u64,
}

/// A local address and port, and what becomes of its packets.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Target {
    /// Where it takes packets.
    pub(crate) local: SocketAddr,
    /// Outputs that were announced but not given yet; it takes no packets until they are.
    pub(crate) missing_outputs: u32,
    /// The source that packets must have.
    pub(crate) expect: Option<SocketAddr>,
    /// What becomes of others, in the module's word.
    #[serde(skip)]
    pub(crate) mismatch: Option<String>,
    /// What was received.
    pub(crate) received: Counters,
    /// By payload type.
    pub(crate) payload_types: Vec<PayloadType>,
    /// When the last packet came, in seconds of Unix time.
    pub(crate) last_packet: Option<u64>,
    /// The SSRCs it knows.
    pub(crate) ssrcs: Vec<SsrcIn>,
    /// How packets are decrypted.
    pub(crate) decryption: Option<Srtp>,
    /// The module's words for the flags that are set.
    pub(crate) options: Vec<String>,
    /// Which outputs take what.
    pub(crate) output_groups: Vec<String>,
    /// Where packets go.
    pub(crate) outputs: Vec<Output>,
}

/// Counters of a payload type.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PayloadType {
    /// Its number.
    pub(crate) payload_type: u32,
    /// Its media.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) media: Option<u32>,
    /// Packets received.
    pub(crate) packets: u64,
    /// Bytes received.
    pub(crate) bytes: u64,
}

/// An SSRC that is received.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SsrcIn {
    /// The SSRC.
    pub(crate) ssrc: u32,
    /// Its media.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) media: Option<u32>,
    /// The highest extended sequence number.
    pub(crate) sequence: u32,
    /// The index of SRTCP.
    pub(crate) rtcp_index: u32,
}

/// An SSRC that is sent.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SsrcOut {
    /// The SSRC; zero when it is left as it is.
    pub(crate) ssrc: u32,
    /// The highest extended sequence number.
    pub(crate) sequence: u32,
    /// What is added to sequence numbers, modulo 65,536.
    #[serde(serialize_with = "serialize_offset")]
    pub(crate) sequence_offset: u32,
    /// The index of SRTCP.
    pub(crate) rtcp_index: u32,
}

impl SsrcOut {
    /// What is added to sequence numbers: from -32,768 to 32,767.
    pub(crate) fn signed_offset(&self) -> i32 {
        signed(self.sequence_offset)
    }
}

/// A number of 16 bits, by its sign.
fn signed(offset: u32) -> i32 {
    let [low, high, ..] = offset.to_le_bytes();
    i16::from_le_bytes([low, high]).into()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn serialize_offset<S: serde::Serializer>(offset: &u32, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i32(signed(*offset))
}

/// What is done to packets of a payload type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct PayloadRule {
    /// Its number.
    pub(crate) payload_type: u32,
    /// They are not sent.
    #[serde(skip_serializing_if = "is_nothing")]
    pub(crate) blackhole: bool,
    /// Those with a shorter payload are not sent.
    #[serde(skip_serializing_if = "is_nothing")]
    pub(crate) min_length: u32,
    /// How long the pattern is that their payload is replaced by.
    #[serde(skip_serializing_if = "is_nothing")]
    pub(crate) pattern_length: u32,
}

fn is_nothing<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Parameters of SRTP, without the keys.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Srtp {
    /// The cipher, when there is one.
    pub(crate) cipher: Option<String>,
    /// The authentication, when there is one.
    pub(crate) hmac: Option<String>,
    /// Length of the authentication tag.
    pub(crate) auth_tag_length: Option<u32>,
    /// Length of the master key identifier.
    pub(crate) mki_length: Option<u32>,
}

/// One output.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Output {
    /// Its index.
    pub(crate) index: u32,
    /// The media it belongs to.
    pub(crate) media: Option<u32>,
    /// Whether it takes RTCP.
    pub(crate) rtcp: bool,
    /// The source of what is sent.
    pub(crate) from: Option<SocketAddr>,
    /// Where it is sent.
    pub(crate) to: Option<SocketAddr>,
    /// What was sent.
    pub(crate) sent: Counters,
    /// The SSRCs it sends.
    pub(crate) ssrcs: Vec<SsrcOut>,
    /// What is rewritten, in the module's words: payload types, header extensions.
    pub(crate) rewriting: Vec<String>,
    /// What is done to payload types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) payload_types: Vec<PayloadRule>,
    /// The header extensions that stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extensions: Option<Vec<u32>>,
    /// The MID that is appended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mid: Option<String>,
    /// The id of its header extension.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mid_extension: Option<u32>,
    /// How packets are encrypted.
    pub(crate) encryption: Option<Srtp>,
}

impl Target {
    fn new(local: SocketAddr) -> Self {
        Self {
            local,
            missing_outputs: 0,
            expect: None,
            mismatch: None,
            received: Counters::default(),
            payload_types: Vec::new(),
            last_packet: None,
            ssrcs: Vec::new(),
            decryption: None,
            options: Vec::new(),
            output_groups: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// The SRTP parameters that lines are being read for.
    fn srtp(&mut self) -> &mut Srtp {
        let slot = match self.outputs.last_mut() {
            Some(output) => &mut output.encryption,
            None => &mut self.decryption,
        };
        slot.get_or_insert_default()
    }

    /// Takes a line of the block, or says that it is unknown.
    fn take(&mut self, line: &str) -> Option<()> {
        if let Some(rest) = line.strip_prefix("output #") {
            self.outputs.push(output(rest)?);
            return Some(());
        }
        if let Some(rest) = line.strip_prefix("last packet:") {
            // One generation of the module goes on with the next line's text.
            let rest = rest.trim_start();
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (number, rest) = rest.split_at_checked(end)?;
            self.last_packet = Some(number.parse().ok()?).filter(|at| *at != 0);
            let rest = rest.trim();
            return if rest.is_empty() {
                Some(())
            } else {
                self.take(rest)
            };
        }
        self.take_shared(line)
            .or_else(|| self.take_srtp(line))
            .or_else(|| match self.outputs.last_mut() {
                Some(output) => output.take(line),
                None => self.take_own(line),
            })
    }

    /// Lines that the target and its outputs have alike.
    fn take_shared(&mut self, line: &str) -> Option<()> {
        let counters = counters(line.strip_prefix("stats:")?)?;
        match self.outputs.last_mut() {
            Some(output) => output.sent = counters,
            None => self.received = counters,
        }
        Some(())
    }

    fn take_srtp(&mut self, line: &str) -> Option<()> {
        if line.starts_with("SRTP ") && line.ends_with(" parameters:") {
            self.srtp();
            return Some(());
        }
        let (name, value) = line.split_once(':')?;
        let value = value.trim();
        match name {
            "cipher" => self.srtp().cipher = Some(value.to_owned()),
            "HMAC" => self.srtp().hmac = Some(value.to_owned()),
            "auth tag length" => self.srtp().auth_tag_length = Some(value.parse().ok()?),
            "MKI" => {
                let length = value.strip_prefix("length ")?;
                let length = length.split(',').next()?;
                self.srtp().mki_length = Some(length.parse().ok()?);
            }
            // Secrets, or the word that stands for them.
            _ if is_secret(name) => {}
            _ => return None,
        }
        Some(())
    }

    fn take_own(&mut self, line: &str) -> Option<()> {
        if let Some(rest) = line.strip_prefix("outputs not fully filled (") {
            self.missing_outputs = rest.split(' ').next()?.parse().ok()?;
        } else if let Some(rest) = line.strip_prefix("expect ") {
            self.expect = Some(address(rest)?);
        } else if let Some(rest) = line.strip_prefix("src mismatch action:") {
            self.mismatch = Some(rest.trim().to_owned());
        } else if let Some(rest) = line.strip_prefix("RTP payload type ") {
            self.payload_types.push(payload_type(rest)?);
        } else if let Some(rest) = line.strip_prefix("SSRC in:") {
            self.ssrcs = entries(rest, ssrc_in)?;
        } else if let Some(rest) = line.strip_prefix("options:") {
            self.options = words(rest);
        } else if let Some(rest) = line.strip_prefix("output groups:") {
            self.output_groups = words(rest);
        } else {
            return None;
        }
        Some(())
    }
}

impl Output {
    fn take(&mut self, line: &str) -> Option<()> {
        if let Some(rest) = line.strip_prefix("src ") {
            self.from = Some(address(rest)?);
        } else if let Some(rest) = line.strip_prefix("dst ") {
            self.to = Some(address(rest)?);
        } else if let Some(rest) = line.strip_prefix("SSRC out:") {
            self.ssrcs = entries(rest, ssrc_out)?;
        } else if let Some(rest) = line.strip_prefix("RTP payload type ") {
            self.rewriting.push(line.to_owned());
            self.take_payload_rule(payload_rule(rest)?);
        } else if let Some(rest) = line.strip_prefix("Allowed RTP extensions:") {
            self.rewriting.push(line.to_owned());
            self.extensions = Some(
                rest.split_whitespace()
                    .map_while(|id| id.parse().ok())
                    .collect(),
            );
        } else if let Some(rest) = line.strip_prefix("Media ID (ext ") {
            self.rewriting.push(line.to_owned());
            let (id, mid) = rest.split_once("): '")?;
            self.mid_extension = Some(id.parse().ok()?);
            self.mid = Some(mid.strip_suffix('\'')?.to_owned());
        } else {
            return None;
        }
        Some(())
    }

    /// A payload type may have two lines.
    fn take_payload_rule(&mut self, rule: PayloadRule) {
        let known = self.payload_types.last_mut();
        match known.filter(|known| known.payload_type == rule.payload_type) {
            Some(known) => {
                known.blackhole |= rule.blackhole;
                known.min_length = known.min_length.max(rule.min_length);
                known.pattern_length = known.pattern_length.max(rule.pattern_length);
            }
            None => self.payload_types.push(rule),
        }
    }
}

/// Whether a line is one of a key, whatever the module calls it.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["key", "salt", "session auth", "secret"]
        .iter()
        .any(|word| name.contains(word))
}

impl Listing {
    /// Reads all of a list.
    ///
    /// # Errors
    ///
    /// Those of reading it.
    pub(crate) fn read(list: impl Read) -> io::Result<Self> {
        let mut listing = Self::default();
        // Whether lines belong to the last target, or to one whose head was not understood.
        let mut open = false;
        each_line(list, |line| listing.take(line, &mut open))?;
        Ok(listing)
    }

    fn take(&mut self, raw: &str, open: &mut bool) {
        let line = raw.trim();
        if line.is_empty() {
            return;
        }
        if let Some(rest) = raw.strip_prefix(LOCAL) {
            let local = address(rest);
            *open = local.is_some();
            match local {
                Some(local) => self.streams.push(Target::new(local)),
                None => self.unparsed.push(line.to_owned()),
            }
            return;
        }
        let target = self.streams.last_mut().filter(|_| *open);
        let taken = target.and_then(|target| target.take(line)).is_some();
        if !taken && !is_secret(line) {
            self.unparsed.push(line.to_owned());
        }
    }
}

/// The local addresses of a list, and nothing else of it.
///
/// # Errors
///
/// Those of reading it.
pub(crate) fn local_addresses(list: impl Read) -> io::Result<Vec<SocketAddr>> {
    let mut locals = Vec::new();
    each_line(list, |line| {
        locals.extend(line.strip_prefix(LOCAL).and_then(address));
    })?;
    Ok(locals)
}

/// Has `take` see each line of a text, of which nothing else is left in memory.
fn each_line(mut text: impl Read, mut take: impl FnMut(&str)) -> io::Result<()> {
    let mut buffer = Zeroizing::new(vec![0; PIECE]);
    // How much of the buffer is the start of a line.
    let mut held: usize = 0;
    loop {
        let room = buffer.get_mut(held..).unwrap_or_default();
        let length = match text.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            length => length?,
        };
        let end = held.saturating_add(length);
        let read = buffer.get(..end).unwrap_or_default();
        // At the end, and where a line fills the buffer, what there is of it is a line.
        let whole = match read.iter().rposition(|byte| *byte == b'\n') {
            Some(last) if length > 0 => last.saturating_add(1),
            _ if length == 0 || end == buffer.len() => end,
            _ => 0,
        };
        let lines = read.get(..whole).unwrap_or_default();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            // No copy, unless it is not UTF-8: then it is no line of a key.
            take(String::from_utf8_lossy(line).trim_end_matches('\n'));
        }
        if length == 0 {
            return Ok(());
        }
        buffer.copy_within(whole..end, 0);
        held = end.saturating_sub(whole);
    }
}

#[cfg(test)]
mod tests;
