// SPDX-License-Identifier: GPL-2.0-only

//! The netlink socket to nftables.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use netlink_packet_core::{NetlinkBuffer, NetlinkMessage, NetlinkPayload, NlasIterator};
use netlink_packet_netfilter::nftables::{NfTablesMessage, RuleAttribute};
use netlink_packet_netfilter::{NetfilterMessage, NetfilterMessageInner};
use netlink_sys::protocols::NETLINK_NETFILTER;
use netlink_sys::{Socket as Netlink, SocketAddr};
use nix::errno::Errno;

use super::dump::Step;
use super::message::{batch, query, Op, Query};
use super::model::Ruleset;

/// How often the ruleset is read anew because it changed meanwhile.
const ATTEMPTS: usize = 8;
/// Queries are numbered from here, so that no late answer to a change is taken for one of theirs.
const FIRST_QUERY: u32 = 1 << 16;
/// NLMSGERR_ATTR_MSG: the kernel's own words on an error.
const ATTR_MSG: u16 = 1;
/// The length of a message's header, which an error repeats.
const HEADER: usize = 16;

/// A connection to nftables.
pub(super) struct Socket {
    netlink: Netlink,
    sequence: u32,
}

/// NFNLGRP_NFTABLES: what is told of each change of the ruleset.
const CHANGES: u32 = 7;

/// Tells when somebody changes the ruleset.
pub(crate) struct Watch(Netlink);

impl Watch {
    /// Begins to listen.
    pub(crate) fn open() -> io::Result<Self> {
        let mut netlink = Netlink::new(NETLINK_NETFILTER)?;
        netlink.bind_auto()?;
        netlink.add_membership(CHANGES)?;
        netlink.set_non_blocking(true)?;
        Ok(Self(netlink))
    }

    /// Takes what has been told. More than there was room for is as good.
    pub(crate) fn take(&self) -> io::Result<()> {
        let mut room = Vec::with_capacity(1 << 16);
        loop {
            room.clear();
            match self.0.recv(&mut room, 0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.raw_os_error() == Some(Errno::ENOBUFS as i32) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(_) => {}
            }
        }
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Why a transaction was refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The change that was refused, by its index; none when it was the transaction as such.
    pub(super) op: Option<usize>,
    /// The error.
    pub(super) errno: Errno,
    /// The kernel's own words.
    pub(super) message: Option<String>,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self {
            op: None,
            errno: Errno::from_raw(error.raw_os_error().unwrap_or(0)),
            message: None,
        }
    }
}

impl Socket {
    /// Connects to the kernel.
    pub(super) fn open() -> io::Result<Self> {
        let mut netlink = Netlink::new(NETLINK_NETFILTER)?;
        netlink.bind_auto()?;
        netlink.connect(&SocketAddr::new(0, 0))?;
        // Errors with words and without a copy of the message; an old kernel does without.
        let _ = netlink.set_ext_ack(true);
        let _ = netlink.set_cap_ack(true);
        Ok(Self {
            netlink,
            sequence: FIRST_QUERY,
        })
    }

    /// Reads the ruleset, as it stands at one moment.
    pub(super) fn ruleset(&mut self) -> io::Result<Ruleset> {
        for _ in 0..ATTEMPTS {
            let mut ruleset = Ruleset::default();
            let mut whole = true;
            for part in [
                Query::Generation,
                Query::Tables,
                Query::Chains,
                Query::Rules,
            ] {
                whole &= self.ask(part, &mut ruleset)?;
            }
            let mut after = Ruleset::default();
            self.ask(Query::Generation, &mut after)?;
            if whole && after.generation == ruleset.generation {
                return Ok(ruleset);
            }
        }
        Err(Errno::EBUSY.into())
    }

    /// Asks for a part. Tells whether it was the same all the time.
    fn ask(&mut self, part: Query, ruleset: &mut Ruleset) -> io::Result<bool> {
        self.sequence = self.sequence.wrapping_add(1);
        let sequence = self.sequence;
        self.netlink.send(&query(part, sequence), 0)?;
        let mut whole = true;
        loop {
            let (datagram, _) = self.netlink.recv_from_full()?;
            for message in messages(&datagram) {
                if NetlinkBuffer::new(message).sequence_number() != sequence {
                    continue;
                }
                match ruleset.take(message) {
                    Step::More => {}
                    Step::Interrupted => whole = false,
                    Step::Done => return Ok(whole),
                    Step::Failed(errno) => return Err(io::Error::from_raw_os_error(errno)),
                }
            }
        }
    }

    /// Makes all changes, or none. Gives the handles of the rules made.
    pub(super) fn commit(&mut self, generation: u32, ops: &[Op]) -> Result<Vec<u64>, Refusal> {
        self.netlink.send(&batch(generation, ops), 0)?;
        let mut answered = 0;
        let mut handles = Vec::new();
        while answered < ops.len() {
            let (datagram, _) = self.netlink.recv_from_full()?;
            for message in messages(&datagram) {
                match answer(message, ops.len()) {
                    Some(Answer::Made(handle)) => handles.push(handle),
                    Some(Answer::Done) => answered = answered.saturating_add(1),
                    Some(Answer::Refused(refusal)) => return Err(refusal),
                    None => {}
                }
            }
        }
        Ok(handles)
    }
}

/// The messages of a datagram.
fn messages(mut datagram: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = NetlinkBuffer::new_checked(datagram).ok()?.length();
        let length = usize::try_from(length).ok()?;
        let message = datagram.get(..length)?;
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or(&[]);
        Some(message)
    })
}

/// What a message says of a transaction.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// A rule was made and has this handle.
    Made(u64),
    /// A change was made.
    Done,
    /// A change was refused, and all are undone.
    Refused(Refusal),
}

/// What a message says of a transaction of so many changes.
fn answer(message: &[u8], ops: usize) -> Option<Answer> {
    let message = NetlinkMessage::<NetfilterMessage>::deserialize(message).ok()?;
    let op = usize::try_from(message.header.sequence_number)
        .ok()?
        .checked_sub(1)
        .filter(|index| *index < ops);
    let error = match message.payload {
        NetlinkPayload::Error(error) => error,
        // The echo of what was asked for.
        NetlinkPayload::InnerMessage(message) => {
            op?;
            return handle_of(message).map(Answer::Made);
        }
        _ => return None,
    };
    if error.code.is_none() {
        return op.map(|_| Answer::Done);
    }
    let words = error.header.get(HEADER..).unwrap_or(&[]);
    let words = NlasIterator::new(words)
        .map_while(Result::ok)
        .find(|attribute| attribute.kind() == ATTR_MSG)
        .map(|attribute| {
            let text = String::from_utf8_lossy(attribute.value());
            text.trim_end_matches('\0').to_owned()
        });
    Some(Answer::Refused(Refusal {
        op,
        errno: Errno::from_raw(error.raw_code().saturating_neg()),
        message: words,
    }))
}

fn handle_of(message: NetfilterMessage) -> Option<u64> {
    let NetfilterMessageInner::NfTables(NfTablesMessage::NewRule(rule)) = message.inner else {
        return None;
    };
    rule.attributes
        .iter()
        .find_map(|attribute| match attribute {
            RuleAttribute::Handle(handle) => Some(*handle),
            _ => None,
        })
}

#[cfg(test)]
mod tests;
