// SPDX-License-Identifier: GPL-2.0-only

//! What a socket has to read, and whether that is what it reads.

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

use crate::plan::hex;
use crate::sockets::receive;
use crate::Failure;

/// How long a packet may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a socket is to read next.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// From where; anywhere when it was passed.
    pub(crate) from: Option<(IpAddr, u16)>,
    pub(crate) payload: Vec<u8>,
    /// Whether it has to come.
    pub(crate) certain: bool,
    /// The packet that it is made of, for the report of a failure.
    pub(crate) origin: usize,
}

/// What is wrong with what a socket reads, and with which packet.
pub(crate) struct Wrong {
    pub(crate) origin: Option<usize>,
    pub(crate) what: String,
}

/// What is expected, in its order, and how far what came can have gone through it.
///
/// A datagram that need not come may be just like a later one that has to, so that there is more than one
/// way to read what came.
struct Matching<'a> {
    expected: &'a [Expected],
    /// How many are behind, came or did not come, by each of these ways.
    behind: BTreeSet<usize>,
}

impl<'a> Matching<'a> {
    fn new(expected: &'a [Expected]) -> Self {
        let behind = BTreeSet::from([0]);
        Self { expected, behind }
    }

    /// Those that may come next, by one of the ways: their numbers, up to the first that has to come.
    fn next(&self, behind: usize) -> impl Iterator<Item = (usize, &'a Expected)> {
        let mut ended = false;
        let rest = self.expected.iter().enumerate().skip(behind);
        rest.take_while(move |(_, one)| !std::mem::replace(&mut ended, one.certain))
    }

    /// What has to come next, if anything.
    fn missing(&self) -> Option<&'a Expected> {
        let mut missing = None;
        for &behind in self.behind.iter().rev() {
            let certain = self
                .next(behind)
                .map(|(_, one)| one)
                .find(|one| one.certain);
            missing = missing.or(Some(certain?));
        }
        missing
    }

    /// Takes a datagram; none of the ways leads on when it is false, and all stays as it is.
    fn take(&mut self, payload: &[u8], from: (IpAddr, u16)) -> bool {
        let ways = self.behind.iter().flat_map(|&behind| self.next(behind));
        let on: BTreeSet<usize> = ways
            .filter(|(_, one)| one.payload == payload)
            .filter(|(_, one)| one.from.is_none_or(|wanted| wanted == from))
            .map(|(number, _)| number + 1)
            .collect();
        let leads_on = !on.is_empty();
        if leads_on {
            self.behind = on;
        }
        leads_on
    }
}

/// Reads what is expected, all of it and nothing else; returns how much came.
pub(crate) fn expect(
    socket: RawFd,
    queue: &mut VecDeque<Expected>,
    buffer: &mut [u8],
) -> Result<Result<u64, Wrong>, Failure> {
    let mut matching = Matching::new(queue.make_contiguous());
    let mut count = 0;
    let mut until = None;
    loop {
        let Some((length, from)) = receive(socket, buffer)? else {
            let Some(missing) = matching.missing() else {
                return Ok(Ok(count));
            };
            let end = *until.get_or_insert_with(|| Instant::now() + PATIENCE);
            if Instant::now() > end {
                return Ok(Err(Wrong {
                    origin: Some(missing.origin),
                    what: format!("lost: {}", hex(&missing.payload)),
                }));
            }
            std::thread::sleep(Duration::from_millis(1));
            continue;
        };
        until = None;
        let payload = buffer.get(..length).unwrap_or(&[]);
        if !matching.take(payload, from) {
            let missing = matching.missing();
            let wanted = missing.map_or("nothing more".into(), |one| {
                format!("{} from {:?}", hex(&one.payload), one.from)
            });
            let got = hex(payload);
            return Ok(Err(Wrong {
                origin: missing.map(|one| one.origin),
                what: format!("expected {wanted}, got {got} from {from:?}"),
            }));
        }
        count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: (IpAddr, u16) = (IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

    fn expected(all: &[(&[u8], bool)]) -> Vec<Expected> {
        let each = |(origin, &(payload, certain)): (usize, &(&[u8], bool))| Expected {
            from: None,
            payload: payload.to_vec(),
            certain,
            origin,
        };
        all.iter().enumerate().map(each).collect()
    }

    #[test]
    fn what_need_not_come_may_be_like_what_has_to() {
        let all = expected(&[(b"", false), (b"", true), (b"a", true)]);
        let mut matching = Matching::new(&all);
        assert!(matching.take(b"", FROM));
        assert_eq!(matching.missing().map(|one| one.origin), Some(2));
        assert!(matching.take(b"a", FROM));
        assert!(matching.missing().is_none());
        let mut both = Matching::new(&all);
        assert!(both.take(b"", FROM) && both.take(b"", FROM) && both.take(b"a", FROM));
        assert!(!both.take(b"a", FROM));
    }

    #[test]
    fn what_has_to_come_comes_in_its_order() {
        let all = expected(&[(b"a", true), (b"b", false), (b"c", true)]);
        let mut matching = Matching::new(&all);
        assert!(!matching.take(b"b", FROM) && !matching.take(b"c", FROM));
        assert!(matching.take(b"a", FROM) && matching.take(b"c", FROM));
        assert!(!matching.take(b"b", FROM));
        assert!(matching.missing().is_none());
        let mut elsewhere = expected(&[(b"a", true)]);
        for one in &mut elsewhere {
            one.from = Some((FROM.0, 10));
        }
        assert!(!Matching::new(&elsewhere).take(b"a", FROM));
    }
}
