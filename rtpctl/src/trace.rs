// SPDX-License-Identifier: GPL-2.0-only

//! `rtpctl trace`: what becomes of each packet, as the module's tracepoints tell.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rtp_media::reason::RELAYED;

use super::cli;
use super::client::Client;
use super::exit::{usage, Code, Error, Failure};
use super::reasons::known;

mod event;
mod instance;

use event::{parse, Line, Packet, Tracepoint};
use instance::{Instance, Next};

/// Prints packets until there were as many as are asked for, or it is interrupted.
pub(crate) fn run(
    asked: &cli::Trace,
    client: &Client,
    sys: &Path,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    for name in &asked.reason {
        check(name)?;
    }
    let wanted = Wanted {
        asked,
        netns: namespace()?,
        outputs: asked.local.map(|local| outputs(client, local)),
    };
    let mut instance = Instance::new(sys)?;
    let end = asked
        .seconds
        .map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let (mut shown, mut first) = (0, None);
    while asked.count.is_none_or(|count| shown < count) {
        let line = match instance.next(end, out)? {
            Next::Line(line) => line,
            Next::End => break,
        };
        let done = match parse(&line) {
            Some(Line::Packet(packet)) if wanted.is_met_by(&packet) => {
                shown += 1;
                let start = *first.get_or_insert(packet.time);
                match json {
                    true => serde_json::to_writer(&mut *out, &packet)
                        .map_err(Into::into)
                        .and_then(|()| writeln!(out)),
                    false => packet.text(start, out),
                }
            }
            Some(Line::Lost(count)) => {
                super::tell::warn(&format_args!(
                    "{count} packets were not shown: there were too many at once"
                ));
                Ok(())
            }
            _ => Ok(()),
        };
        done.map_err(|error| Error::output(&error))?;
    }
    out.flush().map_err(|error| Error::output(&error))
}

/// Which packets are shown.
struct Wanted<'a> {
    asked: &'a cli::Trace,
    netns: u64,
    /// Where the stream sends, from where.
    outputs: Option<Vec<(SocketAddr, SocketAddr)>>,
}

impl Wanted<'_> {
    fn is_met_by(&self, packet: &Packet) -> bool {
        let of_stream = match (packet.tracepoint, self.asked.local, &self.outputs) {
            (Tracepoint::Decision, Some(local), _) => packet.destination == local,
            (Tracepoint::Unsent, _, Some(outputs)) => {
                outputs.contains(&(packet.source, packet.destination))
            }
            _ => true,
        };
        let reasons = &self.asked.reason;
        packet.netns == self.netns
            && of_stream
            && (reasons.is_empty() || reasons.contains(&packet.reason))
            && !(self.asked.unrelayed && packet.reason == RELAYED)
    }
}

/// Whether it is the name of something that becomes of packets.
fn check(name: &str) -> Result<(), Failure> {
    let names = known().map(|(name, _)| name);
    let mut names: Vec<&str> = names.chain([RELAYED]).collect();
    if names.contains(&name) {
        return Ok(());
    }
    names.sort_unstable();
    Err(usage(format!("no packet becomes `{name}`"))
        .hint(format!("there are: {}", names.join(", "))))
}

/// The number of the caller's network namespace.
fn namespace() -> Result<u64, Failure> {
    let place = "/proc/thread-self/ns/net";
    fs::metadata(place)
        .map(|it| it.ino())
        .map_err(|error| Failure::new(Code::Refused, format!("cannot read {place}: {error}")))
}

/// The ends of what the stream of that address sends, in whatever table it is.
fn outputs(client: &Client, local: SocketAddr) -> Vec<(SocketAddr, SocketAddr)> {
    let tables = client.tables().unwrap_or_default();
    let streams = tables
        .into_iter()
        .filter_map(|table| client.list(table).ok())
        .flat_map(|listing| listing.streams)
        .filter(|stream| stream.local == local);
    streams
        .flat_map(|stream| stream.outputs)
        .filter_map(|output| Some((output.from?, output.to?)))
        .collect()
}
