// SPDX-License-Identifier: GPL-2.0-only

//! Streams, printed.

use std::io::{self, Write};
use std::time::SystemTime;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::super::foreign::Foreign;
use super::super::listing::{Counters, Listing, Output, Srtp, Target};
use super::super::select::errors;
use super::object::Words;
use super::{ago, columns, Bytes, Count, Report};

/// The streams of a table.
#[derive(Debug)]
pub(crate) struct StreamList {
    /// The table.
    pub(crate) table: u8,
    /// Its streams.
    pub(crate) listing: Listing,
    /// Whether people are told everything.
    pub(crate) details: bool,
    /// The time of the look.
    pub(crate) now: SystemTime,
}

/// A stream, with the words of its configuration.
#[derive(Serialize)]
pub(super) struct Object<'a> {
    #[serde(flatten)]
    target: &'a Target,
    #[serde(flatten)]
    words: Words<'a>,
}

impl<'a> Object<'a> {
    pub(super) fn new(target: &'a Target) -> Self {
        let words = Words::of(target);
        Self { target, words }
    }
}

/// The sums of streams.
#[derive(Debug, Serialize)]
struct Total {
    streams: usize,
    packets: u64,
    bytes: u64,
    errors: u64,
}

impl Serialize for StreamList {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        struct Objects<'a>(&'a [Target]);
        impl Serialize for Objects<'_> {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_seq(self.0.iter().map(Object::new))
            }
        }
        let mut list = to.serialize_struct("StreamList", 4)?;
        list.serialize_field("table", &self.table)?;
        list.serialize_field("streams", &Objects(&self.listing.streams))?;
        list.serialize_field("total", &self.total())?;
        if !self.listing.unparsed.is_empty() {
            list.serialize_field("unparsed", &self.listing.unparsed)?;
        }
        list.end()
    }
}

impl Report for StreamList {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.listing.streams.is_empty() {
            writeln!(to, "no streams")?;
        }
        if !self.details {
            self.lines(to)?;
        }
        let in_detail = self.listing.streams.iter().filter(|_| self.details);
        for (number, target) in in_detail.enumerate() {
            if number != 0 {
                writeln!(to)?;
            }
            print_target(to, target, self.now)?;
        }
        for line in &self.listing.unparsed {
            writeln!(to, "not understood: {}", Foreign(line))?;
        }
        Ok(())
    }
}

impl StreamList {
    fn total(&self) -> Total {
        let streams = &self.listing.streams;
        let sum = |of: fn(&Target) -> u64| streams.iter().map(of).fold(0, u64::saturating_add);
        Total {
            streams: streams.len(),
            packets: sum(|stream| stream.received.packets),
            bytes: sum(|stream| stream.received.bytes),
            errors: sum(errors),
        }
    }

    /// A line for each stream, and one for all if there are several.
    fn lines(&self, to: &mut dyn Write) -> io::Result<()> {
        let streams = &self.listing.streams;
        let mut lines: Vec<_> = streams.iter().map(|stream| self.line(stream)).collect();
        if lines.is_empty() {
            return Ok(());
        }
        if streams.len() > 1 {
            let total = self.total();
            lines.push([
                Count(total.streams as u64, "stream").to_string(),
                String::new(),
                total.packets.to_string(),
                total.bytes.to_string(),
                total.errors.to_string(),
                String::new(),
            ]);
        }
        let head = ["LOCAL", "TO", "PACKETS", "BYTES", "ERRORS", "LAST"];
        columns(to, head, &lines)
    }

    fn line(&self, stream: &Target) -> [String; 6] {
        let rtp = stream.outputs.iter().filter(|output| !output.rtcp);
        let mut outputs = rtp.map(|output| match output.to {
            Some(address) => address.to_string(),
            None => "?".to_owned(),
        });
        let first = outputs.next();
        let to = match (first, outputs.count()) {
            _ if stream.missing_outputs != 0 => "incomplete".to_owned(),
            (None, _) => "-".to_owned(),
            (Some(first), 0) => first,
            (Some(first), more) => format!("{first} +{more}"),
        };
        [
            stream.local.to_string(),
            to,
            stream.received.packets.to_string(),
            stream.received.bytes.to_string(),
            errors(stream).to_string(),
            stream
                .last_packet
                .map_or("-".to_owned(), |then| ago(then, self.now)),
        ]
    }
}

/// All that is known of a stream, as it is printed.
pub(crate) fn stream_text(target: &Target, now: SystemTime) -> String {
    let mut text = Vec::new();
    // Memory takes all.
    let _ = print_target(&mut text, target, now);
    String::from_utf8_lossy(&text).into_owned()
}

fn print_target(to: &mut dyn Write, target: &Target, now: SystemTime) -> io::Result<()> {
    let options = target.options.join(", ");
    match options.as_str() {
        "" => writeln!(to, "{}", target.local)?,
        options => writeln!(to, "{}  {}", target.local, Foreign(options))?,
    }
    if target.missing_outputs != 0 {
        let missing = Count(target.missing_outputs.into(), "output");
        return writeln!(
            to,
            "  incomplete    {missing} missing, it takes no packets yet"
        );
    }
    if let Some(expect) = target.expect {
        let others = match target.mismatch.as_deref() {
            None => "relayed, too",
            Some("drop") => "dropped",
            Some("propagate") => "passed on",
            Some(word) => word,
        };
        writeln!(
            to,
            "  expects       {expect}, others are {}",
            Foreign(others)
        )?;
    }
    write!(to, "  received      {}", counted(&target.received))?;
    match target.last_packet {
        Some(then) => writeln!(to, ", the last {}", ago(then, now))?,
        None => writeln!(to)?,
    }
    // Whoever looks for a fault would take these errors for one.
    if target.payload_types.is_empty() && target.options.iter().any(|option| option == "RTP") {
        writeln!(
            to,
            "  payload type  none given: each RTP packet counts as an error"
        )?;
    }
    for pt in &target.payload_types {
        writeln!(
            to,
            "  payload type  {}: {}, {}",
            pt.payload_type,
            Count(pt.packets, "packet"),
            Bytes(pt.bytes)
        )?;
    }
    for ssrc in &target.ssrcs {
        writeln!(
            to,
            "  SSRC          {:#010x}: sequence number {}",
            ssrc.ssrc, ssrc.sequence
        )?;
    }
    if let Some(srtp) = &target.decryption {
        writeln!(to, "  decryption    {}", srtp_words(srtp))?;
    }
    for output in &target.outputs {
        print_output(to, output)?;
    }
    Ok(())
}

fn print_output(to: &mut dyn Write, output: &Output) -> io::Result<()> {
    let what = if output.rtcp { "RTCP to" } else { "to" };
    write!(to, "  {what:12}  ")?;
    match output.to {
        Some(address) => write!(to, "{address}")?,
        None => write!(to, "?")?,
    }
    if let Some(from) = output.from {
        write!(to, " from {from}")?;
    }
    // Where there is but one media it is 0.
    match output.media {
        None | Some(0) => writeln!(to)?,
        Some(media) => writeln!(to, ", media {media}")?,
    }
    writeln!(to, "    sent        {}", counted(&output.sent))?;
    for ssrc in output.ssrcs.iter().filter(|ssrc| ssrc.ssrc != 0) {
        writeln!(
            to,
            "    SSRC        {:#010x}: sequence numbers plus {}",
            ssrc.ssrc, ssrc.sequence_offset
        )?;
    }
    for line in &output.rewriting {
        writeln!(to, "    rewriting   {}", Foreign(line))?;
    }
    if let Some(srtp) = &output.encryption {
        writeln!(to, "    encryption  {}", srtp_words(srtp))?;
    }
    Ok(())
}

fn counted(counters: &Counters) -> String {
    format!(
        "{}, {}, {}",
        Count(counters.packets, "packet"),
        Bytes(counters.bytes),
        Count(counters.errors, "error")
    )
}

pub(super) fn srtp_words(srtp: &Srtp) -> String {
    let cipher = srtp.cipher.as_deref().unwrap_or("no cipher");
    let mut words = Foreign(cipher).to_string();
    if let Some(hmac) = &srtp.hmac {
        words.push_str(&format!(", {}", Foreign(hmac)));
    }
    if let Some(length) = srtp.auth_tag_length {
        words.push_str(&format!(", tag of {length} bytes"));
    }
    if let Some(length) = srtp.mki_length {
        words.push_str(&format!(", MKI of {length} bytes"));
    }
    words
}

#[cfg(test)]
mod tests;
