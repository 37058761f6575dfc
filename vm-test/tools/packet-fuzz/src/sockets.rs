// SPDX-License-Identifier: GPL-2.0-only

//! The scenario's sockets.

use std::io::IoSlice;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::socket::{
    recvfrom, sendmmsg, sendmsg, sendto, ControlMessage, MsgFlags, MultiHeaders, SockaddrStorage,
};

use crate::packet::Frame;
use crate::plan::hex;
use crate::Failure;

const ETHERNET: usize = 14;
/// `VIRTIO_NET_HDR_F_NEEDS_CSUM`.
const NEEDS_CHECKSUM: u8 = 1;

/// The link that hostile packets are put on.
pub(crate) struct Link {
    socket: RawFd,
    addresses: Vec<u8>,
    headers: MultiHeaders<()>,
}

/// How many frames are sent by one system call.
const BATCH: usize = 64;

impl Link {
    pub(crate) fn new(socket: RawFd, addresses: Vec<u8>) -> Self {
        Self {
            socket,
            addresses,
            headers: MultiHeaders::preallocate(BATCH, None),
        }
    }

    /// Puts packets on the link.
    pub(crate) fn send(&mut self, frames: &[(bool, Frame)]) -> Result<(), Failure> {
        let ready: Vec<Vec<u8>> = frames
            .iter()
            .map(|(six, frame)| self.whole(*six, frame))
            .collect();
        for part in ready.chunks(BATCH) {
            let mut done = 0;
            while let Some(rest) = part.get(done..).filter(|rest| !rest.is_empty()) {
                let slices: Vec<[IoSlice<'_>; 1]> =
                    rest.iter().map(|whole| [IoSlice::new(whole)]).collect();
                let none: Vec<Option<()>> = vec![None; rest.len()];
                let sent = sendmmsg(
                    self.socket,
                    &mut self.headers,
                    &slices,
                    none,
                    [],
                    MsgFlags::empty(),
                )
                .map(Iterator::count);
                match sent {
                    Ok(sent) => done += sent,
                    Err(Errno::EAGAIN | Errno::ENOBUFS | Errno::EINTR) => {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    Err(error) => {
                        let frame = rest.first().map_or(String::new(), |whole| hex(whole));
                        return Err(Failure(format!("the link does not take {frame}: {error}")));
                    }
                }
            }
        }
        Ok(())
    }

    /// A frame behind a `virtio_net_hdr`.
    fn whole(&self, six: bool, frame: &Frame) -> Vec<u8> {
        let mut whole = vec![0; 10];
        if let (Some((start, offset)), Some(header)) =
            (frame.checksum, whole.first_chunk_mut::<10>())
        {
            let [s0, s1] = (start + ETHERNET as u16).to_ne_bytes();
            let [o0, o1] = offset.to_ne_bytes();
            *header = [NEEDS_CHECKSUM, 0, 0, 0, 0, 0, s0, s1, o0, o1];
        }
        whole.extend_from_slice(&self.addresses);
        whole.extend_from_slice(if six { &[0x86, 0xdd] } else { &[8, 0] });
        whole.extend_from_slice(&frame.packet);
        whole
    }
}

/// Sends packets of one size, but that the last may be shorter, as one that is cut on its way.
pub(crate) fn burst(socket: RawFd, to: SocketAddr, packets: &[Vec<u8>]) -> Result<(), Failure> {
    let size = packets.first().map_or(0, Vec::len) as u16;
    let slices: Vec<IoSlice<'_>> = packets.iter().map(|packet| IoSlice::new(packet)).collect();
    let segments = [ControlMessage::UdpGsoSegments(&size)];
    let to = SockaddrStorage::from(to);
    sendmsg(socket, &slices, &segments, MsgFlags::empty(), Some(&to))
        .map(drop)
        .map_err(|error| {
            Failure(format!(
                "a burst of {} times {size}: {error}",
                packets.len()
            ))
        })
}

/// Sends a datagram.
pub(crate) fn send(socket: RawFd, to: SocketAddr, payload: &[u8]) -> Result<(), Failure> {
    let to = SockaddrStorage::from(to);
    match sendto(socket, payload, &to, MsgFlags::empty()) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure(format!("a datagram is not sent: {error}"))),
    }
}

/// How long a datagram was, and from where.
pub(crate) type Datagram = (usize, (IpAddr, u16));

/// Reads the next datagram, if there is one.
pub(crate) fn receive(socket: RawFd, buffer: &mut [u8]) -> Result<Option<Datagram>, Failure> {
    let (length, from) = match recvfrom::<SockaddrStorage>(socket, buffer) {
        Ok(received) => received,
        Err(Errno::EAGAIN) => return Ok(None),
        Err(error) => return Err(Failure(format!("a socket cannot be read: {error}"))),
    };
    let from = from.and_then(|from| {
        let four = from.as_sockaddr_in().map(|it| (it.ip().into(), it.port()));
        four.or_else(|| from.as_sockaddr_in6().map(|it| (it.ip().into(), it.port())))
    });
    let from = from.ok_or_else(|| Failure("a datagram from nowhere".into()))?;
    Ok(Some((length, from)))
}
