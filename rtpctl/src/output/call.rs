// SPDX-License-Identifier: GPL-2.0-only

//! Both ways of a call, beside each other.

use std::io::{self, Write};
use std::time::SystemTime;

use serde::{Serialize, Serializer};

use super::super::listing::{Counters, Output, Target};
use super::super::select::errors;
use super::streams::{srtp_words, Object};
use super::{ago, columns, Count, Report};

/// A stream, and those that lead back.
#[derive(Debug, Serialize)]
pub(crate) struct Call<'a> {
    /// The table.
    pub(crate) table: u8,
    /// The stream that was asked for.
    #[serde(rename = "stream", serialize_with = "object")]
    pub(crate) there: &'a Target,
    /// The streams that lead back, the likeliest first.
    #[serde(serialize_with = "objects")]
    pub(crate) back: Vec<&'a Target>,
    /// The time of the look.
    #[serde(skip)]
    pub(crate) now: SystemTime,
}

fn object<S: Serializer>(target: &Target, to: S) -> Result<S::Ok, S::Error> {
    Object::new(target).serialize(to)
}

fn objects<S: Serializer>(targets: &[&Target], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(targets.iter().map(|target| Object::new(target)))
}

/// What a line tells of a stream; nothing where there is nothing to tell.
type Tell = fn(&Target, SystemTime) -> String;

/// What is told of a stream, in the order of a packet's way.
const LINES: [(&str, Tell); 8] = [
    ("from", |it, _| match it.expect {
        Some(from) => from.to_string(),
        None => "anywhere".to_owned(),
    }),
    ("to", |it, _| it.local.to_string()),
    ("received", |it, _| counted(&it.received)),
    ("errors", |it, _| errors(it).to_string()),
    ("last packet", |it, now| match it.last_packet {
        Some(then) => ago(then, now),
        None => "-".to_owned(),
    }),
    ("payload types", |it, _| {
        let sent = it.payload_types.iter().filter(|it| it.packets > 0);
        let sent: Vec<_> = sent.map(|it| it.payload_type.to_string()).collect();
        sent.join(", ")
    }),
    ("SSRC", |it, _| {
        let ssrcs = it.ssrcs.iter().filter(|it| it.ssrc != 0);
        let ssrcs: Vec<_> = ssrcs.map(|it| format!("{:#010x}", it.ssrc)).collect();
        ssrcs.join(", ")
    }),
    ("decryption", |it, _| {
        it.decryption.as_ref().map(srtp_words).unwrap_or_default()
    }),
];

/// What a line tells of an output.
type TellOutput = fn(&Output) -> String;

/// What is told of an output.
const OUTPUT_LINES: [(&str, TellOutput); 4] = [
    ("leaves from", |it| {
        it.from.map(|from| from.to_string()).unwrap_or_default()
    }),
    ("for", |it| match (it.to, it.rtcp) {
        (Some(to), false) => to.to_string(),
        (Some(to), true) => format!("{to} (RTCP)"),
        (None, _) => "?".to_owned(),
    }),
    ("encryption", |it| {
        it.encryption.as_ref().map(srtp_words).unwrap_or_default()
    }),
    ("sent", |it| counted(&it.sent)),
];

fn counted(counters: &Counters) -> String {
    format!(
        "{}, {}",
        Count(counters.packets, "packet"),
        Count(counters.bytes, "byte")
    )
}

impl Report for Call<'_> {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        let back = self.back.first().copied();
        let mut lines = Vec::new();
        let mut line = |name: &str, there: String, back: Option<String>| {
            let back = back.unwrap_or_default();
            if !(there.is_empty() && back.is_empty()) {
                lines.push([name.to_owned(), there, back]);
            }
        };
        for (name, tell) in LINES {
            line(
                name,
                tell(self.there, self.now),
                back.map(|it| tell(it, self.now)),
            );
        }
        let outputs_back = back.map_or(&[][..], |it| it.outputs.as_slice());
        for number in 0..self.there.outputs.len().max(outputs_back.len()) {
            let (there, back) = (self.there.outputs.get(number), outputs_back.get(number));
            for (name, tell) in OUTPUT_LINES {
                line(name, there.map(tell).unwrap_or_default(), back.map(tell));
            }
        }
        let title = format!("table {}", self.table);
        let head = [
            title.as_str(),
            "THERE",
            if back.is_some() { "BACK" } else { "" },
        ];
        columns(to, head, &lines)?;
        if self.there.missing_outputs != 0 {
            let missing = Count(self.there.missing_outputs.into(), "output");
            writeln!(to, "incomplete: {missing} missing, it takes no packets yet")?;
        }
        if back.is_none() {
            writeln!(to, "no stream of the table leads back")?;
        }
        for other in self.back.iter().skip(1) {
            writeln!(to, "{} leads back, too", other.local)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::super::listing::Listing;
    use super::super::super::pairing;
    use super::super::tests::printed;
    use super::*;

    const CALL: &str = "\
local inet4 192.0.2.1:30000
    expect inet4 203.0.113.9:5000
    src mismatch action: drop
    stats:                 8600 bytes,                   50 packets,                    2 errors
        RTP payload type   8:                 8600 bytes,                   50 packets
        RTP payload type  96:                    0 bytes,                    0 packets
    last packet: 1000
    SSRC in: 234abcd [seq 49/0]
    options: RTP
    output #0
       src inet4 192.0.2.1:30002
       dst inet4 198.51.100.7:4000
       stats:                 8600 bytes,                   50 packets,                    0 errors

local inet4 192.0.2.1:30002
    stats:                    0 bytes,                    0 packets,                    0 errors
    options: RTP
    output #0
       src inet4 192.0.2.1:30000
       dst inet4 203.0.113.9:5000
       stats:                    0 bytes,                    0 packets,                    0 errors
    output #1 (media #0, RTCP)
       src inet4 192.0.2.1:30001
       dst inet4 203.0.113.9:5001
       stats:                    0 bytes,                    0 packets,                    0 errors

local inet4 192.0.2.1:30004
    options: RTP
    output #0
       src inet4 192.0.2.1:30004
       dst inet4 198.51.100.8:4000
";

    fn shown(place: usize, json: bool) -> String {
        let streams = Listing::read(CALL.as_bytes()).expect("read").streams;
        let there = &streams[place];
        let back = pairing::back(&streams, there);
        let call = Call {
            table: 3,
            there,
            back: back.iter().map(|it| &streams[*it]).collect(),
            now: UNIX_EPOCH + Duration::from_secs(1003),
        };
        printed(&call, json)
    }

    #[test]
    fn both_ways_are_beside_each_other() {
        assert_eq!(
            shown(0, false),
            "\
table 3        THERE                   BACK
from           203.0.113.9:5000        anywhere
to             192.0.2.1:30000         192.0.2.1:30002
received       50 packets, 8600 bytes  0 packets, 0 bytes
errors         2                       0
last packet    3 s ago                 -
payload types  8
SSRC           0x0234abcd
leaves from    192.0.2.1:30002         192.0.2.1:30000
for            198.51.100.7:4000       203.0.113.9:5000
sent           50 packets, 8600 bytes  0 packets, 0 bytes
leaves from                            192.0.2.1:30001
for                                    203.0.113.9:5001 (RTCP)
sent                                   0 packets, 0 bytes
"
        );
    }

    #[test]
    fn a_stream_without_a_way_back_is_said_to_be_one() {
        let text = shown(2, false);
        assert!(text.starts_with("table 3      THERE\n"), "{text}");
        assert!(
            text.ends_with("\nno stream of the table leads back\n"),
            "{text}"
        );
    }

    #[test]
    fn programs_are_told_as_in_a_list() {
        let json: serde_json::Value = serde_json::from_str(&shown(0, true)).expect("JSON");
        assert_eq!(json["table"], 3);
        assert_eq!(json["stream"]["mismatch"], "drop");
        assert_eq!(json["back"][0]["local"], "192.0.2.1:30002");
        assert_eq!(json["back"].as_array().map(Vec::len), Some(1));
    }
}
