// SPDX-License-Identifier: GPL-2.0-only

//! All that checks go by. What could not be read is told as such, or is empty.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use super::super::client::{Interface, Module};
use super::super::listing::Target;
use super::super::reasons::{Block, Reasons};
use super::super::rules::{Packet, Ruleset, Way};
use super::super::status::Status;
use super::network::Network;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The table that was asked for.
    pub(super) table: Option<u8>,
    /// The stream that was asked for.
    pub(super) stream: Option<SocketAddr>,
    /// The time, in seconds of Unix time.
    pub(super) now: u64,
    /// Whether the caller has CAP_NET_ADMIN.
    pub(super) is_admin: bool,
    /// Of the kernel.
    pub(super) kernel: Kernel,
    /// The module that is loaded; none where none is that we know.
    pub(super) module: Option<Module>,
    /// Its parameters.
    pub(super) parameters: BTreeMap<String, String>,
    /// The modules that are loaded and serve the interface.
    pub(super) loaded: Vec<&'static str>,
    /// Where our module is installed for this kernel.
    pub(super) installed: Option<PathBuf>,
    /// The ids of all tables of this network namespace.
    pub(super) ids: Vec<u8>,
    /// Why they cannot be read.
    pub(super) unreadable: Option<String>,
    /// Those that are looked at.
    pub(super) tables: Vec<Table>,
    /// Tables of other network namespaces, by a process that is in there.
    pub(super) elsewhere: Vec<Elsewhere>,
    /// The daemons that run, of any network namespace.
    pub(super) daemons: Vec<Daemon>,
    /// The ruleset of nftables, or why it cannot be read.
    pub(super) ruleset: Option<Ruleset>,
    /// Families in which there are rules of iptables-legacy.
    pub(super) legacy: Vec<&'static str>,
    /// Devices, addresses, routes.
    pub(super) network: Network,
    /// Connections that are tracked, and how many may be.
    pub(super) conntrack: Option<(u64, u64)>,
    /// Sockets of UDP.
    pub(super) sockets: Vec<Socket>,
    /// Memory that is available, and all there is, in KiB.
    pub(super) memory: Option<(u64, u64)>,
    /// Receive queues of devices that are hardware, or look so.
    pub(super) queues: Vec<Queues>,
    /// What moved while we looked.
    pub(super) moved: Moved,
}

/// The receive queues of a device.
#[derive(Debug)]
pub(super) struct Queues {
    /// Its name.
    pub(super) device: String,
    /// How many it has.
    pub(super) count: usize,
    /// Whether the kernel spreads packets over processors (RPS).
    pub(super) is_spread: bool,
}

/// Of the kernel.
#[derive(Debug, Default)]
pub(super) struct Kernel {
    /// Its release.
    pub(super) release: String,
    /// Whether it has support for Rust, where its configuration can be read.
    pub(super) has_rust: Option<bool>,
    /// Processors that are online.
    pub(super) processors: usize,
    /// The clock source.
    pub(super) clock: Option<String>,
}

/// A table.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Its number.
    pub(super) id: u8,
    /// Its counters.
    pub(super) status: Status,
    /// What it speaks.
    pub(super) interface: Option<Interface>,
    /// Its streams.
    pub(super) streams: Vec<Target>,
    /// What became of its packets; none of a C module, which does not tell.
    pub(super) reasons: Option<Reasons>,
    /// The same when we began to look.
    pub(super) before: Option<(Vec<Target>, Option<Reasons>)>,
}

/// A table of another network namespace.
#[derive(Debug)]
pub(super) struct Elsewhere {
    /// A process that is in there.
    pub(super) pid: i32,
    /// Its name.
    pub(super) name: String,
    /// The tables.
    pub(super) ids: Vec<u8>,
}

/// A daemon.
#[derive(Debug, Default)]
pub(super) struct Daemon {
    /// Its process.
    pub(super) pid: i32,
    /// Its effective user.
    pub(super) uid: u32,
    /// Whether it has CAP_NET_ADMIN.
    pub(super) is_admin: bool,
    /// Whether it is in our network namespace.
    pub(super) is_here: bool,
    /// The table that it was started with, where that is known; negative where it is to do without the kernel.
    pub(super) table: Option<i64>,
    /// The tables whose control files it has open, or had when they were removed.
    pub(super) holds: Vec<u8>,
    /// Whether the files that it has open could be seen.
    pub(super) is_seen: bool,
}

/// A socket of UDP.
#[derive(Debug)]
pub(super) struct Socket {
    /// Where it is bound.
    pub(super) local: SocketAddr,
    /// Bytes that its program has not read yet.
    pub(super) waiting: u64,
    /// Packets that it had no room for.
    pub(super) drops: u64,
}

/// What moved while we looked.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// For how long, in seconds; 0 where we looked once.
    pub(super) seconds: u64,
    /// By the name of the counter.
    pub(super) counters: BTreeMap<String, u64>,
}

impl Moved {
    /// How far a counter of the kernel moved.
    pub(super) fn by(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or(0)
    }
}

/// A stream, with what there is to be told of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream<'a> {
    /// Its table.
    pub(super) table: &'a Table,
    /// As it is listed.
    pub(super) target: &'a Target,
    /// What became of its packets.
    pub(super) block: Option<&'a Block>,
}

impl Stream<'_> {
    /// Its table and local address.
    pub(super) fn name(&self) -> (u8, SocketAddr) {
        (self.table.id, self.target.local)
    }

    /// What it received and what the module relayed of that, while we looked. None where that is not known.
    pub(super) fn moved(&self) -> Option<(u64, u64)> {
        let (streams, reasons) = self.table.before.as_ref()?;
        let local = self.target.local;
        let before = streams.iter().find(|it| it.local == local)?;
        let block = block_of(reasons.as_ref()?, local)?;
        Some((
            difference(self.target.received.packets, before.received.packets),
            difference(self.block?.relayed_packets, block.relayed_packets),
        ))
    }

    /// How often there was a reason while we looked.
    pub(super) fn moved_by(&self, reason: &str) -> Option<u64> {
        let (_, reasons) = self.table.before.as_ref()?;
        let block = block_of(reasons.as_ref()?, self.target.local)?;
        let count = |block: &Block| block.reasons.get(reason).map_or(0, |it| it.count);
        Some(difference(count(self.block?), count(block)))
    }
}

fn difference(now: u64, then: u64) -> u64 {
    now.saturating_sub(then)
}

fn block_of(reasons: &Reasons, local: SocketAddr) -> Option<&Block> {
    let mut streams = reasons.streams.iter();
    streams.find(|(it, _)| *it == local).map(|(_, block)| block)
}

impl Facts {
    /// The streams that are looked at.
    pub(super) fn streams(&self) -> impl Iterator<Item = Stream<'_>> {
        self.tables.iter().flat_map(move |table| {
            let blocks: BTreeMap<_, _> = table
                .reasons
                .iter()
                .flat_map(|it| &it.streams)
                .map(|(local, block)| (*local, block))
                .collect();
            let asked = move |target: &&Target| self.stream.is_none_or(|it| it == target.local);
            table
                .streams
                .iter()
                .filter(asked)
                .map(move |target| Stream {
                    table,
                    target,
                    block: blocks.get(&target.local).copied(),
                })
        })
    }

    /// Where the packets of a stream come from: the source that it expects, else where packets are sent from its address, as telephones
    /// send and receive at one port.
    pub(super) fn source(&self, target: &Target) -> Option<SocketAddr> {
        target.expect.or_else(|| {
            let outputs = self
                .tables
                .iter()
                .flat_map(|it| &it.streams)
                .flat_map(|it| &it.outputs);
            let mut back = outputs.filter(|it| !it.rtcp && it.from == Some(target.local));
            back.find_map(|it| it.to)
        })
    }

    /// What is known of the packets of a stream.
    pub(super) fn received(&self, target: &Target) -> Packet {
        let from = self.source(target);
        let by_route = from.and_then(|from| {
            let route = self.network.route(target.local.ip(), from.ip())?.ok()?;
            Some(vec![route.device.clone()])
        });
        let mut devices = by_route.unwrap_or_else(|| self.network.receivers());
        let masters: Vec<_> = devices
            .iter()
            .filter_map(|it| self.network.master(it))
            .collect();
        devices.extend(masters);
        Packet {
            from: target.expect,
            to: target.local,
            devices,
            way: Way::In,
        }
    }

    /// What is known of what an output sends.
    pub(super) fn sent(&self, from: SocketAddr, to: SocketAddr) -> Packet {
        let route = self.network.route(from.ip(), to.ip());
        Packet {
            from: Some(from),
            to,
            devices: route
                .and_then(Result::ok)
                .map(|route| route.device.clone())
                .into_iter()
                .collect(),
            way: Way::Out,
        }
    }

    /// Whether an address is one of this host.
    pub(super) fn is_local(&self, address: IpAddr) -> bool {
        self.network.is_local(address)
    }
}
