// SPDX-License-Identifier: GPL-2.0-only

//! Looks for what keeps packets from being relayed in the kernel. [`gather`] reads the [`facts`]; each check goes by them alone, and adds to
//! what is [`Found`](finding::Found).

use std::io::Write;

use super::cli;
use super::client::Client;
use super::exit::{Code, Error};
use super::output::print;

mod before;
mod cost;
mod daemon;
mod facts;
mod finding;
mod gather;
mod module;
mod network;
mod outputs;
mod processes;
mod reasons;
mod rule;
mod sources;
mod tables;
mod traffic;

use facts::Facts;
use finding::{Diagnosis, Finding, Found};

/// What there has to be for a check to make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    Module,
    Tables,
    Streams,
}

/// A check.
struct Check {
    name: &'static str,
    needs: Needs,
    check: fn(&Facts, &mut Found),
    /// What is so where it finds nothing.
    well: &'static str,
}

const fn check(
    name: &'static str,
    needs: Needs,
    check: fn(&Facts, &mut Found),
    well: &'static str,
) -> Check {
    Check {
        name,
        needs,
        check,
        well,
    }
}

/// All of them, in the order in which they are told. The names are stable.
const CHECKS: [Check; 27] = [
    check("kernel", Needs::Nothing, module::kernel, ""),
    check("module", Needs::Nothing, module::module, ""),
    check(
        "rights",
        Needs::Nothing,
        module::rights,
        "rtpctl has CAP_NET_ADMIN",
    ),
    check(
        "daemon",
        Needs::Module,
        daemon::daemon,
        "no daemon runs here",
    ),
    check("tables", Needs::Module, tables::tables, ""),
    check("interface", Needs::Tables, tables::interface, ""),
    check("stream", Needs::Tables, tables::stream, ""),
    check(
        "outputs",
        Needs::Streams,
        outputs::missing,
        "all outputs are given",
    ),
    check("rule", Needs::Tables, rule::rule, ""),
    check(
        "before",
        Needs::Streams,
        before::before,
        "no rule drops or accepts packets before they are relayed",
    ),
    check(
        "nat",
        Needs::Streams,
        before::nat,
        "no rule sends packets elsewhere before they are relayed",
    ),
    check(
        "local-address",
        Needs::Streams,
        sources::local,
        "this host has the addresses of all streams",
    ),
    check(
        "source-address",
        Needs::Streams,
        sources::source,
        "this host has all addresses that packets are sent from",
    ),
    check(
        "rp-filter",
        Needs::Streams,
        sources::reverse_path,
        "no packet is dropped for the device that it comes by",
    ),
    check(
        "traffic",
        Needs::Streams,
        traffic::traffic,
        "packets have come",
    ),
    check(
        "reasons",
        Needs::Streams,
        reasons::reasons,
        "what comes is relayed",
    ),
    check(
        "userspace",
        Needs::Streams,
        traffic::userspace,
        "the module relays what is relayed",
    ),
    check(
        "sockets",
        Needs::Streams,
        traffic::sockets,
        "no socket of a stream loses packets",
    ),
    check(
        "loop",
        Needs::Streams,
        outputs::circles,
        "no stream leads back to itself",
    ),
    check(
        "route",
        Needs::Streams,
        outputs::route,
        "all destinations have a route",
    ),
    check(
        "gateway",
        Needs::Streams,
        outputs::gateway,
        "all gateways and neighbours answer, as far as they were asked",
    ),
    check(
        "output",
        Needs::Streams,
        outputs::filtered,
        "no rule drops what is sent",
    ),
    check(
        "far-end",
        Needs::Streams,
        traffic::far_end,
        "no host said that what was sent is not wanted",
    ),
    check(
        "conntrack",
        Needs::Module,
        cost::conntrack,
        "connection tracking has room",
    ),
    check(
        "queues",
        Needs::Module,
        cost::queues,
        "no device has all packets received by one processor",
    ),
    check("clock", Needs::Nothing, cost::clock, ""),
    check("memory", Needs::Nothing, cost::memory, "there is memory"),
];

/// Has all checks go by the facts.
fn findings(facts: &Facts) -> Vec<Finding> {
    let there_is = |needs| match needs {
        Needs::Nothing => true,
        Needs::Module => !facts.loaded.is_empty(),
        Needs::Tables => !facts.tables.is_empty(),
        Needs::Streams => facts.streams().next().is_some(),
    };
    let mut findings = Vec::new();
    for check in CHECKS.iter().filter(|it| there_is(it.needs)) {
        let mut found = Found::new(check.name);
        (check.check)(facts, &mut found);
        findings.extend(found.into_findings(check.well));
    }
    findings
}

/// Does what is asked for.
pub(crate) fn run(
    asked: &cli::Doctor,
    client: &Client,
    json: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let diagnosis = Diagnosis::new(findings(&gather::facts(asked, client)));
    print(&diagnosis, json, out)?;
    match diagnosis.worst.code() {
        Code::Ok => Ok(()),
        code => Err(Error::Found(code)),
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
