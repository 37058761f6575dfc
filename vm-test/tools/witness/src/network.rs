// SPDX-License-Identifier: GPL-2.0-only

//! Sockets in the namespaces of sender, targets and receiver.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::path::Path;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sched::{sched_setaffinity, setns, CloneFlags, CpuSet};
use nix::sys::socket::{
    recv, recvmsg, setsockopt, socket, sockopt, AddressFamily, ControlMessageOwned, MsgFlags,
    SockFlag, SockProtocol, SockType, SockaddrStorage,
};
use nix::sys::time::{TimeSpec, TimeVal};
use nix::unistd::Pid;

/// How much sockets hold before they lose anything.
const ROOM: usize = 64 << 20;
/// How long a packet may take.
const PATIENCE_S: i64 = 20;

/// Runs this process on one processor: packets then arrive in the order in which they were sent.
pub(crate) fn stay_on_one_processor() -> io::Result<()> {
    let mut processors = CpuSet::new();
    processors.set(0)?;
    Ok(sched_setaffinity(Pid::from_raw(0), &processors)?)
}

/// Does something in the namespace of that path.
pub(crate) fn within<T>(namespace: &Path, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let own = File::open("/proc/thread-self/ns/net")?;
    setns(File::open(namespace)?, CloneFlags::CLONE_NEWNET)?;
    let result = act();
    setns(own, CloneFlags::CLONE_NEWNET)?;
    result
}

/// A socket that sends.
pub(crate) fn sender(address: IpAddr, port: u16) -> io::Result<UdpSocket> {
    UdpSocket::bind(SocketAddr::new(address, port))
}

/// Sets the TOS, or traffic class, of what is sent.
pub(crate) fn set_tos(socket: &UdpSocket, tos: u8) -> io::Result<()> {
    if socket.local_addr()?.is_ipv6() {
        setsockopt(socket, sockopt::Ipv6TClass, &i32::from(tos))?;
    } else {
        setsockopt(socket, sockopt::Ipv4Tos, &i32::from(tos))?;
    }
    Ok(())
}

/// The socket of a target's address: what the module passes on ends there.
pub(crate) struct Userspace(UdpSocket);

/// What userspace saw.
pub(crate) struct Seen {
    /// The port that it came from.
    pub(crate) port: u16,
    /// Whether its time stamp says that it was relayed already.
    pub(crate) is_marked: bool,
    /// How long it is.
    pub(crate) length: usize,
}

impl Userspace {
    /// Binds it.
    pub(crate) fn bind(address: IpAddr, port: u16) -> io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddr::new(address, port))?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        setsockopt(&socket, sockopt::RcvBufForce, &ROOM)?;
        Ok(Self(socket))
    }

    /// The next packet, if there is one.
    pub(crate) fn next(&self, buffer: &mut [u8]) -> io::Result<Option<Seen>> {
        let mut parts = [IoSliceMut::new(buffer)];
        let mut control = cmsg_space!(TimeSpec);
        let received = recvmsg::<SockaddrStorage>(
            self.0.as_raw_fd(),
            &mut parts,
            Some(&mut control),
            MsgFlags::MSG_DONTWAIT,
        );
        let message = match received {
            Err(Errno::EAGAIN) => return Ok(None),
            other => other?,
        };
        let is_marked = message
            .cmsgs()?
            .any(|it| matches!(it, ControlMessageOwned::ScmTimestampns(time) if time.tv_sec() < 0));
        let port = message.address.as_ref().and_then(|from| {
            let v4 = from.as_sockaddr_in().map(|from| from.port());
            v4.or_else(|| from.as_sockaddr_in6().map(|from| from.port()))
        });
        Ok(Some(Seen {
            port: port.unwrap_or(0),
            is_marked,
            length: message.bytes,
        }))
    }
}

/// All that comes to the receiver, with the headers.
pub(crate) struct Receiver(OwnedFd);

/// A datagram that an output sent.
pub(crate) struct Datagram<'a> {
    pub(crate) source_port: u16,
    pub(crate) port: u16,
    pub(crate) tos: u8,
    pub(crate) ttl: u8,
    /// Whether DF is set; none over IPv6.
    pub(crate) dont_fragment: Option<bool>,
    pub(crate) payload: &'a [u8],
}

impl Receiver {
    /// Opens it, in the namespace of the caller.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let protocol = SockProtocol::EthAll;
        let socket = socket(AddressFamily::Packet, SockType::Datagram, flags, protocol)?;
        setsockopt(&socket, sockopt::RcvBufForce, &ROOM)?;
        setsockopt(
            &socket,
            sockopt::ReceiveTimeout,
            &TimeVal::new(PATIENCE_S, 0),
        )?;
        Ok(Self(socket))
    }

    /// Waits for the next UDP datagram.
    pub(crate) fn next<'a>(&self, buffer: &'a mut [u8]) -> io::Result<Datagram<'a>> {
        loop {
            let length = recv(self.0.as_raw_fd(), buffer, MsgFlags::empty())?;
            if parse(buffer.get(..length).unwrap_or(&[])).is_some() {
                let packet = buffer.get(..length).unwrap_or(&[]);
                return parse(packet).ok_or_else(|| io::Error::other("a datagram"));
            }
        }
    }
}

fn parse(packet: &[u8]) -> Option<Datagram<'_>> {
    let (&[first, second, ..], udp, tos, ttl, dont_fragment) = match packet.first()? >> 4 {
        4 => {
            let (header, udp) = packet.split_first_chunk::<20>()?;
            let [_, tos, _, _, _, _, fragment, _, ttl, 17, ..] = *header else {
                return None;
            };
            (
                header.first_chunk::<2>()?,
                udp,
                tos,
                ttl,
                Some(fragment & 0x40 != 0),
            )
        }
        6 => {
            let (header, udp) = packet.split_first_chunk::<40>()?;
            let [_, _, _, _, _, _, 17, ttl, ..] = *header else {
                return None;
            };
            (header.first_chunk::<2>()?, udp, 0, ttl, None)
        }
        _ => return None,
    };
    let tos = match dont_fragment {
        Some(_) => tos,
        None => (first << 4) | (second >> 4),
    };
    let (&[a, b, c, d, high, low, _, _], payload) = udp.split_first_chunk::<8>()?;
    let length = usize::from(u16::from_be_bytes([high, low])).checked_sub(8)?;
    Some(Datagram {
        source_port: u16::from_be_bytes([a, b]),
        port: u16::from_be_bytes([c, d]),
        tos,
        ttl,
        dont_fragment,
        payload: payload.get(..length)?,
    })
}
