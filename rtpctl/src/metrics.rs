// SPDX-License-Identifier: GPL-2.0-only

//! What was counted, in the text form of Prometheus (OpenMetrics 1.0): once, into a file, or served.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use tiny_http::{Header, Response, Server};

use super::cli;
use super::client::Client;
use super::exit::{Code, Error, Failure};
use super::listing::Target;
use super::reasons::Block;

/// Labels: the table, one of its streams, a reason.
type Labels = Vec<(&'static str, String)>;

/// The metrics of what has no labels in common but these.
#[derive(Default)]
struct Counted {
    relayed_packets: Family<Labels, Counter>,
    relayed_bytes: Family<Labels, Counter>,
    reasons: Family<Labels, Counter>,
    packets: Family<Labels, Counter>,
    bytes: Family<Labels, Counter>,
    errors: Family<Labels, Counter>,
}

impl Counted {
    fn register(&self, registry: &mut Registry, of: &str) {
        let mut counter = |name: &str, help: &str, family: &Family<Labels, Counter>| {
            registry.register(format!("{of}_{name}"), help, family.clone());
        };
        counter(
            "relayed_packets",
            "Packets that the module relayed",
            &self.relayed_packets,
        );
        counter(
            "relayed_bytes",
            "Bytes of UDP payload that the module relayed",
            &self.relayed_bytes,
        );
        counter(
            "packets",
            "Packets that the module or the daemon relayed",
            &self.packets,
        );
        counter(
            "bytes",
            "Bytes of UDP payload that the module or the daemon relayed",
            &self.bytes,
        );
        counter("errors", "Packets that counted as errors", &self.errors);
        let help = "Packets that the module did not relay, by reason";
        registry.register(
            format!("{of}_unrelayed_packets"),
            help,
            self.reasons.clone(),
        );
    }

    fn relayed(&self, of: &Labels, block: &Block) {
        self.relayed_packets
            .get_or_create(of)
            .inc_by(block.relayed_packets);
        self.relayed_bytes
            .get_or_create(of)
            .inc_by(block.relayed_bytes);
        for (reason, event) in &block.reasons {
            let mut why = of.clone();
            why.push(("reason", reason.clone()));
            self.reasons.get_or_create(&why).inc_by(event.count);
        }
    }

    fn received(&self, of: &Labels, stream: &Target) {
        self.packets
            .get_or_create(of)
            .inc_by(stream.received.packets);
        self.bytes.get_or_create(of).inc_by(stream.received.bytes);
        self.errors.get_or_create(of).inc_by(stream.received.errors);
    }
}

/// All that was counted, as text.
fn collect(client: &Client, with_streams: bool) -> Result<String, Failure> {
    let (tables, streams) = (Counted::default(), Counted::default());
    let (number, memory) = (
        Family::<Labels, Gauge>::default(),
        Family::<Labels, Gauge>::default(),
    );
    for table in client.tables()? {
        let of = vec![("table", table.to_string())];
        let stream = |local: SocketAddr| {
            let mut labels = of.clone();
            labels.push(("local", local.to_string()));
            labels
        };
        // A table may go away while we look; a C module has no reasons.
        let (Ok(status), Ok(listing)) = (client.status(table), client.list(table)) else {
            continue;
        };
        let gauge = |value: Option<u64>| value.and_then(|it| i64::try_from(it).ok()).unwrap_or(0);
        number
            .get_or_create(&of)
            .set(gauge(Some(listing.streams.len() as u64)));
        memory
            .get_or_create(&of)
            .set(gauge(status.number("memory")));
        let reasons = client.reasons(table).ok();
        if let Some(reasons) = &reasons {
            tables.relayed(&of, &reasons.table);
        }
        for target in &listing.streams {
            tables.received(&of, target);
            if with_streams {
                streams.received(&stream(target.local), target);
            }
        }
        for (local, block) in reasons
            .iter()
            .flat_map(|it| &it.streams)
            .filter(|_| with_streams)
        {
            streams.relayed(&stream(*local), block);
        }
    }
    let mut registry = Registry::with_prefix("rtpengine");
    if let Some(module) = client.module() {
        let version = module.version.unwrap_or_default();
        let labels = vec![("name", module.name.to_owned()), ("version", version)];
        registry.register("module", "The module that is loaded", Info::new(labels));
    }
    registry.register("table_streams", "Streams of the table", number);
    registry.register(
        "table_memory_bytes",
        "Memory that the table shares with its daemon",
        memory,
    );
    tables.register(&mut registry, "table");
    if with_streams {
        streams.register(&mut registry, "stream");
    }
    let mut text = String::new();
    // A string takes all.
    let _ = encode(&mut text, &registry);
    Ok(text)
}

/// Does what is asked for.
pub(crate) fn run(asked: &cli::Metrics, client: &Client, out: &mut dyn Write) -> Result<(), Error> {
    if let Some(address) = asked.listen {
        return serve(address, client, asked.streams);
    }
    let text = collect(client, asked.streams)?;
    match &asked.output {
        Some(path) => Ok(replace(path, &text).map_err(|error| {
            let what = format!("cannot write {}: {error}", path.display());
            Failure::new(Code::Refused, what)
        })?),
        None => out
            .write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|error| Error::output(&error)),
    }
}

/// Puts a file in the place of another: what collects it may be another user.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    let permissions = PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(permissions)?;
    file.persist(path)?;
    Ok(())
}

fn serve(address: SocketAddr, client: &Client, with_streams: bool) -> Result<(), Error> {
    let server = Server::http(address).map_err(|error| {
        Failure::new(
            Code::Refused,
            format!("cannot listen on {address}: {error}"),
        )
    })?;
    for request in server.incoming_requests() {
        let (status, text) = match (request.method(), request.url()) {
            (tiny_http::Method::Get, "/metrics") => match collect(client, with_streams) {
                Ok(text) => (200, text),
                Err(failure) => (503, format!("{failure}\n")),
            },
            _ => (404, "it is at /metrics\n".to_owned()),
        };
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        let mut response = Response::from_string(text).with_status_code(status);
        if let Ok(header) = Header::from_bytes("Content-Type", kind) {
            response.add_header(header);
        }
        // Whoever asked may be gone.
        let _ = request.respond(response);
    }
    Ok(())
}
