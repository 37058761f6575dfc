// SPDX-License-Identifier: GPL-2.0-only

//! Facts for tests: a host with one stream where nothing is wrong.

use std::net::SocketAddr;

use super::super::client::Module;
use super::super::listing::Listing;
use super::super::reasons::Reasons;
use super::super::rules::fixture::{base, table, By};
use super::super::rules::{Family, Place, Policy, Ruleset};
use super::super::status::Status;
use super::facts::{Facts, Kernel, Table};
use super::network::{Link, Network, Route};

const LIST: &str = "\
local inet4 192.0.2.1:30000
    expect inet4 203.0.113.9:5000
    stats:                  860 bytes,                    5 packets,                    0 errors
    options: RTP
    output #0 (media #0)
       src inet4 192.0.2.2:30000
       dst inet4 198.51.100.7:4000
       stats:                  860 bytes,                    5 packets,                    0 errors
";
const REASONS: &str = "\
table 0
    relayed: 5 packets, 860 bytes
local inet4 192.0.2.1:30000
    relayed: 5 packets, 860 bytes
";

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// With a rule of rtpctl.
pub(super) fn ruleset() -> Ruleset {
    let own = table(Family::Inet, "rtpengine_0");
    let chain = own.chain("input");
    Ruleset::default()
        .with_table(&own, By::Us)
        .with_chain(&chain, Some(base(Place::Input, -5, Policy::Accept)), By::Us)
        .with_rule(&chain, "meta l4proto udp rtpengine 0", By::Us)
}

fn link(index: u32, name: &str) -> Link {
    Link {
        index,
        name: name.to_owned(),
        is_up: true,
        has_carrier: true,
        ..Link::default()
    }
}

pub(super) fn route(device: &str) -> Route {
    Route {
        device: device.to_owned(),
        gateway: None,
        is_local: false,
        is_broadcast: false,
    }
}

fn network() -> Network {
    let mut network = Network {
        links: vec![link(2, "eth0"), link(3, "eth1")],
        addresses: vec![([192, 0, 2, 1].into(), 2), ([192, 0, 2, 2].into(), 3)],
        ..Network::default()
    };
    for (from, to, device) in [
        ([192, 0, 2, 1], [203, 0, 113, 9], "eth0"),
        ([192, 0, 2, 2], [198, 51, 100, 7], "eth1"),
    ] {
        let way = (from.into(), to.into());
        network.routes.insert(way, Ok(route(device)));
    }
    network
}

/// All of them.
pub(super) fn facts() -> Facts {
    let listing = Listing::read(LIST.as_bytes()).expect("memory");
    assert!(listing.unparsed.is_empty(), "{:?}", listing.unparsed);
    Facts {
        now: 1_700_000_000,
        is_admin: true,
        kernel: Kernel {
            release: "6.12.1".to_owned(),
            has_rust: Some(true),
            processors: 2,
            clock: None,
        },
        module: Some(Module {
            name: "xt_rtpengine_rs",
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            source_version: None,
        }),
        loaded: vec!["xt_rtpengine_rs"],
        ids: vec![0],
        tables: vec![Table {
            id: 0,
            status: Status::parse("Control PID: 0\nMemory: 4096\n"),
            interface: None,
            streams: listing.streams,
            reasons: Some(Reasons::parse(REASONS)),
            before: None,
        }],
        ruleset: Some(ruleset()),
        network: network(),
        ..Facts::default()
    }
}
