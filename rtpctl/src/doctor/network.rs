// SPDX-License-Identifier: GPL-2.0-only

//! Devices, addresses, routes and neighbours, as the kernel tells them by rtnetlink.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};

use netlink_packet_core::{
    NetlinkBuffer, NetlinkMessage, NetlinkPayload, NLM_F_DUMP, NLM_F_REQUEST,
};
use netlink_packet_route::address::AddressAttribute;
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkFlags, LinkInfo};
use netlink_packet_route::neighbour::{NeighbourAddress, NeighbourAttribute, NeighbourState};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteType, RouteVia,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage as Message};
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::Socket;
use nix::errno::Errno;

/// What there is.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// Devices.
    pub(super) links: Vec<Link>,
    /// Addresses, and the device of each.
    pub(super) addresses: Vec<(IpAddr, u32)>,
    /// The ways from an address to another that were asked for.
    pub(super) routes: BTreeMap<(IpAddr, IpAddr), Result<Route, i32>>,
    /// The neighbours that do not answer.
    pub(super) silent: Vec<(IpAddr, String)>,
    /// `rp_filter` by device; `all` is one of them.
    pub(super) rp_filter: BTreeMap<String, u8>,
}

/// A device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Link {
    /// Its number.
    pub(super) index: u32,
    /// Its name.
    pub(super) name: String,
    /// Whether it is up.
    pub(super) is_up: bool,
    /// Whether there is something at its other end.
    pub(super) has_carrier: bool,
    /// Whether it is the loopback.
    pub(super) is_loopback: bool,
    /// Whether it is a VRF.
    pub(super) is_vrf: bool,
    /// The number of the device above it.
    pub(super) master: Option<u32>,
}

/// A way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    /// By this device.
    pub(super) device: String,
    /// Over this gateway.
    pub(super) gateway: Option<IpAddr>,
    /// To an address of this host.
    pub(super) is_local: bool,
    /// To all hosts of a link.
    pub(super) is_broadcast: bool,
}

impl Network {
    /// Reads it, with the ways from addresses to others.
    pub(super) fn read(ways: &[(SocketAddr, SocketAddr)]) -> io::Result<Self> {
        let mut network = Self::default();
        let mut netlink = Netlink::open()?;
        netlink.dump(Message::GetLink(Default::default()), |it| {
            network.take_link(it);
        })?;
        netlink.dump(Message::GetAddress(Default::default()), |it| {
            network.take_address(it);
        })?;
        netlink.dump(Message::GetNeighbour(Default::default()), |it| {
            network.take_neighbour(it);
        })?;
        for (from, to) in ways {
            let (from, to) = (from.ip(), to.ip());
            if network.routes.contains_key(&(from, to)) {
                continue;
            }
            let asked = network.question(from, to);
            let told = netlink.ask(Message::GetRoute(asked))?;
            let route = told.map(|it| network.route_of(&it));
            network.routes.insert((from, to), route);
        }
        Ok(network)
    }

    /// The way from one address to another: none where it was not asked for, else the number of an error where there is none.
    pub(super) fn route(&self, from: IpAddr, to: IpAddr) -> Option<Result<&Route, i32>> {
        let route = self.routes.get(&(from, to))?;
        Some(route.as_ref().map_err(|errno| *errno))
    }

    /// Whether an address is one of this host.
    pub(super) fn is_local(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|(it, _)| *it == address)
            || self
                .route(address, address)
                .is_some_and(|route| route.is_ok_and(|route| route.is_local))
    }

    /// The device that has an address.
    pub(super) fn device_of(&self, address: IpAddr) -> Option<&Link> {
        let (_, index) = self.addresses.iter().find(|(it, _)| *it == address)?;
        self.links.iter().find(|it| it.index == *index)
    }

    /// A device by its name.
    pub(super) fn device(&self, name: &str) -> Option<&Link> {
        self.links.iter().find(|it| it.name == name)
    }

    /// The names of the devices that packets may come by from elsewhere.
    pub(super) fn receivers(&self) -> Vec<String> {
        let links = self
            .links
            .iter()
            .filter(|it| it.is_up && !it.is_loopback && !it.is_vrf);
        links.map(|it| it.name.clone()).collect()
    }

    /// The name of the VRF that a device is in.
    pub(super) fn master(&self, device: &str) -> Option<String> {
        let link = self.device(device)?;
        self.vrf_of(link).map(|it| it.name.clone())
    }

    fn vrf_of(&self, link: &Link) -> Option<&Link> {
        let master = link.master?;
        self.links.iter().find(|it| it.index == master && it.is_vrf)
    }

    /// `rp_filter` as it is for a device: the stricter of its own and that of all.
    pub(super) fn reverse_path(&self, device: &str) -> u8 {
        let of = |name: &str| self.rp_filter.get(name).copied().unwrap_or(0);
        of(device).max(of("all"))
    }

    fn take_link(&mut self, message: Message) {
        let Message::NewLink(message) = message else {
            return;
        };
        let flags = message.header.flags;
        let mut link = Link {
            index: message.header.index,
            is_up: flags.contains(LinkFlags::Up),
            has_carrier: flags.contains(LinkFlags::LowerUp),
            is_loopback: flags.contains(LinkFlags::Loopback),
            ..Link::default()
        };
        for attribute in message.attributes {
            match attribute {
                LinkAttribute::IfName(name) => link.name = name,
                LinkAttribute::Controller(index) => link.master = Some(index),
                LinkAttribute::LinkInfo(infos) => {
                    link.is_vrf = infos.contains(&LinkInfo::Kind(InfoKind::Vrf));
                }
                _ => {}
            }
        }
        self.links.push(link);
    }

    fn take_address(&mut self, message: Message) {
        let Message::NewAddress(message) = message else {
            return;
        };
        let (mut address, mut local) = (None, None);
        for attribute in &message.attributes {
            match attribute {
                AddressAttribute::Address(it) => address = Some(*it),
                AddressAttribute::Local(it) => local = Some(*it),
                _ => {}
            }
        }
        // On a link of two ends `address` is that of the other one.
        let own = local.or(address).map(|it| (it, message.header.index));
        self.addresses.extend(own);
    }

    fn take_neighbour(&mut self, message: Message) {
        let Message::NewNeighbour(message) = message else {
            return;
        };
        if message.header.state != NeighbourState::Failed {
            return;
        }
        let address = message.attributes.iter().find_map(|it| match it {
            NeighbourAttribute::Destination(NeighbourAddress::Inet(it)) => Some(IpAddr::from(*it)),
            NeighbourAttribute::Destination(NeighbourAddress::Inet6(it)) => Some(IpAddr::from(*it)),
            _ => None,
        });
        let name = self.name(message.header.ifindex);
        self.silent.extend(address.map(|it| (it, name)));
    }

    fn name(&self, index: u32) -> String {
        let link = self.links.iter().find(|it| it.index == index);
        link.map_or_else(|| format!("device {index}"), |it| it.name.clone())
    }

    /// Asks for the way that the module asks for: in the VRF of the source's device.
    fn question(&self, from: IpAddr, to: IpAddr) -> RouteMessage {
        let mut asked = RouteMessage::default();
        let bits = if to.is_ipv4() { 32 } else { 128 };
        asked.header.address_family = match to {
            IpAddr::V4(_) => AddressFamily::Inet,
            IpAddr::V6(_) => AddressFamily::Inet6,
        };
        asked.header.destination_prefix_length = bits;
        asked.attributes = vec![RouteAttribute::Destination(to.into())];
        let device = self.device_of(from);
        if from.is_ipv4() == to.is_ipv4() && device.is_some() && from != to {
            asked.header.source_prefix_length = bits;
            asked.attributes.push(RouteAttribute::Source(from.into()));
        }
        if let Some(vrf) = device.and_then(|it| self.vrf_of(it)) {
            asked.attributes.push(RouteAttribute::Oif(vrf.index));
        }
        asked
    }

    fn route_of(&self, told: &RouteMessage) -> Route {
        let mut route = Route {
            device: String::new(),
            gateway: None,
            is_local: told.header.kind == RouteType::Local,
            is_broadcast: told.header.kind == RouteType::Broadcast,
        };
        for attribute in &told.attributes {
            match attribute {
                RouteAttribute::Oif(index) => route.device = self.name(*index),
                RouteAttribute::Gateway(RouteAddress::Inet(it))
                | RouteAttribute::Via(RouteVia::Inet(it)) => {
                    route.gateway = Some((*it).into());
                }
                RouteAttribute::Gateway(RouteAddress::Inet6(it))
                | RouteAttribute::Via(RouteVia::Inet6(it)) => {
                    route.gateway = Some((*it).into());
                }
                _ => {}
            }
        }
        route
    }
}

/// A socket of rtnetlink.
struct Netlink {
    socket: Socket,
    sequence: u32,
}

impl Netlink {
    fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&netlink_sys::SocketAddr::new(0, 0))?;
        Ok(Self {
            socket,
            sequence: 0,
        })
    }

    fn send(&mut self, message: Message, flags: u16) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut packet = NetlinkMessage::from(message);
        packet.header.flags = flags;
        packet.header.sequence_number = self.sequence;
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        self.socket.send(&bytes, 0).map(|_| ())
    }

    /// Has `take` see each answer, until the last one.
    fn dump(&mut self, message: Message, mut take: impl FnMut(Message)) -> io::Result<()> {
        self.send(message, NLM_F_REQUEST | NLM_F_DUMP)?;
        loop {
            for payload in self.receive()? {
                match payload {
                    NetlinkPayload::InnerMessage(message) => take(message),
                    NetlinkPayload::Done(_) => return Ok(()),
                    NetlinkPayload::Error(error) => {
                        let errno = error.raw_code().saturating_neg();
                        return Err(io::Error::from_raw_os_error(errno));
                    }
                    _ => {}
                }
            }
        }
    }

    /// The route that is the answer, or the number of the error that is.
    fn ask(&mut self, message: Message) -> io::Result<Result<RouteMessage, i32>> {
        self.send(message, NLM_F_REQUEST)?;
        for payload in self.receive()? {
            match payload {
                NetlinkPayload::InnerMessage(Message::NewRoute(route)) => return Ok(Ok(route)),
                NetlinkPayload::Error(error) => return Ok(Err(error.raw_code().saturating_neg())),
                _ => {}
            }
        }
        Ok(Err(Errno::ENODATA as i32))
    }

    /// The messages of a datagram. What the library cannot read is left out.
    fn receive(&self) -> io::Result<Vec<NetlinkPayload<Message>>> {
        let (datagram, _) = self.socket.recv_from_full()?;
        let mut rest = datagram.as_slice();
        let mut payloads = Vec::new();
        while let Ok(header) = NetlinkBuffer::new_checked(rest) {
            let length = usize::try_from(header.length()).unwrap_or(usize::MAX);
            let Some(message) = rest.get(..length) else {
                break;
            };
            if header.sequence_number() == self.sequence {
                let message = NetlinkMessage::<Message>::deserialize(message);
                payloads.extend(message.ok().map(|it| it.payload));
            }
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        }
        Ok(payloads)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_is_told() {
        let here: SocketAddr = ([127, 0, 0, 1], 9).into();
        let network = Network::read(&[(here, here)]).expect("rtnetlink");
        let lo = network.device("lo").expect("the loopback");
        assert!(lo.is_loopback);
        assert!(!network.receivers().contains(&"lo".to_owned()));
        assert!(network.route(here.ip(), here.ip()).is_some());
        assert!(network.route(here.ip(), [192, 0, 2, 1].into()).is_none());
    }

    #[test]
    fn the_stricter_filter_counts() {
        let mut network = Network::default();
        for (name, value) in [("all", 1), ("eth0", 2), ("eth1", 0)] {
            network.rp_filter.insert(name.to_owned(), value);
        }
        assert_eq!(network.reverse_path("eth0"), 2);
        assert_eq!(network.reverse_path("eth1"), 1);
        assert_eq!(network.reverse_path("eth2"), 1);
    }
}
