// SPDX-License-Identifier: GPL-2.0-only

//! The places in the stack where rules hand packets over.

mod packet;

use super::{bindings, input::InputRoute, net::Namespace, received::Received};
use crate::udp_ip::{Datagram, Family};
use kernel::prelude::*;

pub(crate) mod nft;
pub(crate) mod xt;

pub(super) use packet::Hook;
pub(crate) use packet::Packet;

/// The hooks of IP that rules may stand at, as bits of a mask.
const PREROUTING: u32 = 1 << bindings::nf_inet_hooks_NF_INET_PRE_ROUTING;
const INPUT: u32 = 1 << bindings::nf_inet_hooks_NF_INET_LOCAL_IN;

/// What a handler, or whom it asks, did with a packet that it was given.
pub(crate) enum Outcome<P> {
    /// It goes on to the next rule.
    Pass(P),
    /// It is no longer there.
    Taken,
}

/// Who decides what becomes of the datagrams in a packet.
pub(crate) trait Judge {
    /// Decides what becomes of a datagram.
    fn judge<'a>(&self, packet: Received<'a>, datagram: &Datagram) -> Outcome<Received<'a>>;

    /// Where the route of its packets is kept, for hooks that come before routing.
    fn input_route(&self) -> &InputRoute;

    /// A datagram goes on unjudged, since the stack drops it: its checksum is wrong, or a policy of IPsec
    /// does not let it in.
    fn refused_by_stack(&self);
}

/// What rules hand packets over to.
pub(crate) trait Handler: 'static {
    /// How many tables a rule can name: their ids are below.
    const TABLES: u32;

    /// A rule that names a table is added in a namespace: it may `create` the table, and be refused when there is one
    /// (`exclusive`). May sleep.
    fn rule_added(net: Namespace<'_>, table: u32, create: bool, exclusive: bool) -> Result;

    /// Handles a packet of that family that a rule with the id of a table saw. It does not sleep; the caller is an RCU
    /// reader.
    fn handle(table: u32, packet: Packet<'_>, family: Family) -> Outcome<Packet<'_>>;
}
