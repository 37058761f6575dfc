// SPDX-License-Identifier: GPL-2.0-only

//! Addresses that streams take packets at and send from, and where their packets come from.

use std::net::SocketAddr;

use super::facts::{Facts, Stream};
use super::finding::{About, Found};

/// Whether this host has the addresses of streams.
pub(super) fn local(facts: &Facts, found: &mut Found) {
    for stream in facts.streams() {
        let address = stream.target.local.ip();
        if address.is_unspecified() || address.is_multicast() || facts.is_local(address) {
            continue;
        }
        found.fault(
            About::Stream(stream.name()),
            format!("{address} is no address of this host: no packet for it comes here"),
            "`ip address` has those that are; set the stream up with one of them, or add this one",
        );
    }
}

/// Whether it has those that packets are sent from.
pub(super) fn source(facts: &Facts, found: &mut Found) {
    for stream in facts.streams() {
        for from in stream.target.outputs.iter().filter_map(|it| it.from) {
            let address = from.ip();
            if address == stream.target.local.ip()
                || address.is_unspecified()
                || facts.is_local(address)
            {
                continue;
            }
            found.warning(
                About::Stream(stream.name()),
                format!("it sends from {address}, which is no address of this host: others may drop that, and answers go elsewhere"),
                "send from one that `ip address` shows: --from, or the daemon's `interface`",
            );
        }
    }
}

/// Whether reverse path filtering drops what comes.
pub(super) fn reverse_path(facts: &Facts, found: &mut Found) {
    const COUNTER: &str = "TcpExt.IPReversePathFilter";
    for stream in facts.streams() {
        let silent = stream.block.is_none_or(|it| it.relayed_packets == 0);
        let Some(source) = facts.source(stream.target) else {
            continue;
        };
        if let (true, Some((what, remedy))) = (silent, dropped(facts, stream, source)) {
            found.fault(About::Stream(stream.name()), what, &remedy);
        }
    }
    let moved = facts.moved.by(COUNTER);
    if moved != 0 {
        found.warning(
            About::Host,
            format!("rp_filter dropped {moved} packets in {} s", facts.moved.seconds),
            "`sysctl -w net.ipv4.conf.DEVICE.rp_filter=2`, of `all` too if it is 1; or a route back by the device",
        );
    }
}

/// Why what comes from a source by the device of the local address is dropped, if it is, and what to do.
fn dropped(facts: &Facts, stream: Stream<'_>, source: SocketAddr) -> Option<(String, String)> {
    let local = stream.target.local.ip();
    if !local.is_ipv4() || !source.is_ipv4() {
        return None;
    }
    let link = facts
        .network
        .device_of(local)
        .filter(|it| !it.is_loopback)?;
    let filter = facts.network.reverse_path(&link.name);
    let route = facts.network.route(local, source.ip())?;
    let source = source.ip();
    match (filter, route) {
        (1.., Err(_)) => Some((
            format!("rp_filter of {} is {filter}, and there is no route back to {source}: what comes from there is dropped", link.name),
            format!("add a route to {source}"),
        )),
        (1, Ok(route)) if route.device != link.name && !route.is_local => Some((
            format!(
                "rp_filter of {} is 1, and the route back to {source} leads by {}: what comes from there by {} is dropped",
                link.name, route.device, link.name
            ),
            format!("`sysctl -w net.ipv4.conf.{}.rp_filter=2`, or a route to {source} by {}", link.name, link.name),
        )),
        _ => None,
    }
}
