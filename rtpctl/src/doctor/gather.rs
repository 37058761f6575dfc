// SPDX-License-Identifier: GPL-2.0-only

//! Reads the facts. Nothing is changed, and what may not be read is left out.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use procfs::process::Process;

use super::super::cli;
use super::super::client::{Client, Interface};
use super::super::rules::Rules;
use super::facts::{Elsewhere, Facts, Kernel, Moved, Queues, Socket, Table};
use super::network::Network;
use super::processes;

/// CAP_NET_ADMIN.
pub(super) const NET_ADMIN: u64 = 1 << 12;
/// As many ways are asked for at most.
const MOST_WAYS: usize = 4096;

/// Reads them all. Takes as long as it watches the counters.
pub(super) fn facts(asked: &cli::Doctor, client: &Client) -> Facts {
    let (proc, sys) = client.trees();
    let (loaded, parameters) = client.loaded();
    let (ids, unreadable) = match client.tables() {
        Ok(ids) => (ids, None),
        Err(_) if !client.module_is_loaded() => (Vec::new(), None),
        Err(failure) => (Vec::new(), Some(failure.what)),
    };
    let looked_at: Vec<u8> = ids
        .iter()
        .copied()
        .filter(|id| asked.table.is_none_or(|it| it == *id))
        .collect();
    let first = looked_at.iter().map(|id| table(client, *id)).collect();
    let (tables, moved) = watch(client, first, asked.seconds);
    let status = Process::new_with_root(proc.join("self")).and_then(|it| it.status());
    let (daemons, others) = processes::read(proc);
    let elsewhere = others
        .into_iter()
        .filter_map(|(pid, name)| {
            let list = proc.join(pid.to_string()).join("net/rtpengine/list");
            let ids = fs::read_to_string(list).ok()?;
            let ids: Vec<u8> = ids
                .lines()
                .filter_map(|it| it.trim().parse().ok())
                .collect();
            (!ids.is_empty()).then_some(Elsewhere { pid, name, ids })
        })
        .collect();
    let kernel = kernel(proc, sys);
    let installed = ["updates", "updates/dkms", "extra"]
        .iter()
        .map(|it| Path::new("/lib/modules").join(&kernel.release).join(it))
        .flat_map(|it| {
            ["ko", "ko.xz", "ko.zst"].map(|end| it.join(format!("xt_rtpengine_rs.{end}")))
        })
        .find(|it| it.exists());
    let mut network = Network::read(&ways(&tables)).unwrap_or_default();
    network.rp_filter = reverse_path(proc);
    let number = |name: &str| {
        read(&proc.join("sys/net/netfilter").join(name))?
            .parse()
            .ok()
    };
    Facts {
        table: asked.table,
        stream: asked.stream,
        now: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |it| it.as_secs()),
        is_admin: status.is_ok_and(|it| it.capeff & NET_ADMIN != 0),
        module: client.module(),
        parameters,
        loaded,
        installed,
        ids,
        unreadable,
        tables,
        elsewhere,
        daemons,
        ruleset: Rules::open().and_then(|mut it| it.ruleset()).ok(),
        legacy: [("ip", "ip_tables_names"), ("ip6", "ip6_tables_names")]
            .into_iter()
            .filter(|(_, file)| read(&proc.join("net").join(file)).is_some_and(|it| !it.is_empty()))
            .map(|(family, _)| family)
            .collect(),
        network,
        conntrack: number("nf_conntrack_count").zip(number("nf_conntrack_max")),
        sockets: sockets(proc),
        memory: memory(proc),
        queues: queues(sys),
        moved,
        kernel,
    }
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

fn table(client: &Client, id: u8) -> Table {
    let status = client.status(id).unwrap_or_default();
    Table {
        id,
        interface: Some(Interface::of_table(client.module().as_ref(), Some(&status))),
        status,
        streams: client.list(id).map(|it| it.streams).unwrap_or_default(),
        reasons: client.reasons(id).ok(),
        before: None,
    }
}

/// Looks again after some seconds, if there is anything to be watched.
fn watch(client: &Client, first: Vec<Table>, seconds: u64) -> (Vec<Table>, Moved) {
    let (proc, _) = client.trees();
    if seconds == 0 || first.iter().all(|it| it.streams.is_empty()) {
        return (first, Moved::default());
    }
    let before = counters(proc);
    sleep(Duration::from_secs(seconds));
    let again = first.into_iter().map(|it| Table {
        before: Some((it.streams, it.reasons)),
        ..table(client, it.id)
    });
    let tables = again.collect();
    let moved = |(name, now): (String, u64)| {
        let then = before.get(&name).copied().unwrap_or(0);
        (name, now.saturating_sub(then))
    };
    let counters = counters(proc).into_iter().map(moved).collect();
    (tables, Moved { seconds, counters })
}

/// Counters of IP and UDP, by their names in the kernel's files: `Udp.NoPorts`, `TcpExt.IPReversePathFilter`.
fn counters(proc: &Path) -> BTreeMap<String, u64> {
    let mut counters = BTreeMap::new();
    for file in ["snmp", "netstat"] {
        let text = read(&proc.join("net").join(file)).unwrap_or_default();
        let mut lines = text.lines();
        while let (Some(names), Some(values)) = (lines.next(), lines.next()) {
            let of = names.split(':').next().unwrap_or_default();
            let names = names.split_whitespace().skip(1);
            let values = values.split_whitespace().skip(1);
            for (name, value) in names.zip(values) {
                counters.extend(value.parse().ok().map(|it| (format!("{of}.{name}"), it)));
            }
        }
    }
    let text = read(&proc.join("net/snmp6")).unwrap_or_default();
    for line in text.lines() {
        if let Some((name, value)) = line.split_once(char::is_whitespace) {
            counters.extend(value.trim().parse().ok().map(|it| (name.to_owned(), it)));
        }
    }
    counters
}

/// From where to where there should be ways: those of outputs, those back to sources, and those to local addresses.
fn ways(tables: &[Table]) -> Vec<(SocketAddr, SocketAddr)> {
    let mut ways = Vec::new();
    for target in tables.iter().flat_map(|it| &it.streams) {
        ways.push((target.local, target.local));
        ways.extend(target.expect.map(|it| (target.local, it)));
        for output in &target.outputs {
            let Some((from, to)) = output.from.zip(output.to) else {
                continue;
            };
            ways.push((from, to));
            ways.push((from, from));
        }
        if ways.len() > MOST_WAYS {
            break;
        }
    }
    ways
}

fn kernel(proc: &Path, sys: &Path) -> Kernel {
    let release = read(&proc.join("sys/kernel/osrelease")).unwrap_or_default();
    let config = read(&Path::new("/boot").join(format!("config-{release}")));
    let online = read(&sys.join("devices/system/cpu/online")).unwrap_or_default();
    Kernel {
        has_rust: config.map(|it| it.lines().any(|line| line == "CONFIG_RUST=y")),
        processors: processors(&online),
        clock: read(&sys.join("devices/system/clocksource/clocksource0/current_clocksource")),
        release,
    }
}

/// How many there are in a list such as `0-3,8`.
fn processors(list: &str) -> usize {
    let range = |it: &str| {
        let (first, last) = it.split_once('-').unwrap_or((it, it));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        last.checked_sub(first)?.checked_add(1)
    };
    list.split(',').filter_map(range).sum()
}

fn reverse_path(proc: &Path) -> BTreeMap<String, u8> {
    let files = fs::read_dir(proc.join("sys/net/ipv4/conf"));
    let files = files.into_iter().flatten().filter_map(Result::ok);
    let value = |file: fs::DirEntry| {
        let value = read(&file.path().join("rp_filter"))?.parse().ok()?;
        Some((file.file_name().into_string().ok()?, value))
    };
    files.filter_map(value).collect()
}

/// The sockets of UDP: /proc/net/udp and udp6.
fn sockets(proc: &Path) -> Vec<Socket> {
    let text = |file| read(&proc.join("net").join(file)).unwrap_or_default();
    let (four, six) = (text("udp"), text("udp6"));
    let lines = four.lines().chain(six.lines());
    lines.filter_map(socket).collect()
}

fn socket(line: &str) -> Option<Socket> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let (address, port) = fields.get(1)?.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Words of 32 bits in host order.
    let words: Vec<u8> = (0..address.len())
        .step_by(8)
        .filter_map(|at| u32::from_str_radix(address.get(at..at.checked_add(8)?)?, 16).ok())
        .flat_map(u32::to_ne_bytes)
        .collect();
    let local = match words.len() {
        4 => SocketAddr::from((<[u8; 4]>::try_from(words).ok()?, port)),
        _ => SocketAddr::from((<[u8; 16]>::try_from(words).ok()?, port)),
    };
    let (_, waiting) = fields.get(4)?.split_once(':')?;
    Some(Socket {
        local,
        waiting: u64::from_str_radix(waiting, 16).ok()?,
        drops: fields.last()?.parse().ok()?,
    })
}

/// Those of devices that have one of hardware below them.
fn queues(sys: &Path) -> Vec<Queues> {
    let entries = |path: &Path| {
        let entries = fs::read_dir(path).into_iter().flatten();
        entries.filter_map(|it| it.ok().map(|it| it.path()))
    };
    let devices = entries(&sys.join("class/net")).filter(|it| it.join("device").exists());
    let queues = devices.filter_map(|device| {
        let is_receiving = |it: &PathBuf| {
            let name = it.file_name().and_then(|it| it.to_str());
            name.is_some_and(|it| it.starts_with("rx-"))
        };
        let all: Vec<_> = entries(&device.join("queues"))
            .filter(is_receiving)
            .collect();
        let is_spread = all.iter().any(|it| {
            let mask = read(&it.join("rps_cpus")).unwrap_or_default();
            mask.chars().any(|it| it != '0' && it != ',')
        });
        Some(Queues {
            device: device.file_name()?.to_str()?.to_owned(),
            count: all.len(),
            is_spread,
        })
    });
    queues.collect()
}

fn memory(proc: &Path) -> Option<(u64, u64)> {
    let text = read(&proc.join("meminfo"))?;
    let of = |name: &str| {
        let line = text.lines().find(|it| it.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    of("MemAvailable:").zip(of("MemTotal:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_processors_is_counted() {
        for (list, count) in [("0", 1), ("0-3", 4), ("0-1,4-5,7", 5), ("", 0), ("3-1", 0)] {
            assert_eq!(processors(list), count, "{list}");
        }
    }

    #[test]
    fn a_socket_is_read() {
        let line = "  7: 010200C0:7530 00000000:0000 07 00000000:00000900 00:00000000 00000000  0 0 123 2 0000 5";
        let socket = socket(line).expect("a socket");
        if cfg!(target_endian = "little") {
            assert_eq!(socket.local, ([192, 0, 2, 1], 30000).into());
        }
        assert_eq!((socket.waiting, socket.drops), (0x900, 5));
    }
}
