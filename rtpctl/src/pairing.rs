// SPDX-License-Identifier: GPL-2.0-only

//! The two ways of a call: which streams lead back to where the packets of a stream come from.

use std::cmp::Reverse;
use std::net::SocketAddr;

use super::listing::Target;

/// The stream that an address is meant for, by its place: that which takes packets there, else one that expects them from there, else
/// one that sends there.
pub(crate) fn find(streams: &[Target], address: SocketAddr) -> Option<usize> {
    let position =
        |is: fn(&Target, SocketAddr) -> bool| streams.iter().position(|stream| is(stream, address));
    position(|stream, address| stream.local == address)
        .or_else(|| position(|stream, address| stream.expect == Some(address)))
        .or_else(|| position(sends_to))
}

/// The streams that lead back, by their places: those that agree with the stream in most of their addresses first.
pub(crate) fn back(streams: &[Target], of: &Target) -> Vec<usize> {
    let mut found: Vec<_> = streams
        .iter()
        .enumerate()
        .map(|(place, other)| (likeness(of, other), place))
        .filter(|(likeness, _)| *likeness > 0)
        .collect();
    found.sort_by_key(|(likeness, place)| (Reverse(*likeness), *place));
    found.into_iter().map(|(_, place)| place).collect()
}

/// In how many ways one stream is the way back of the other.
fn likeness(there: &Target, back: &Target) -> usize {
    if there.local == back.local {
        return 0;
    }
    let signs = [
        // What goes out leaves from where answers come to.
        sends_from(there, back.local),
        sends_from(back, there.local),
        // What goes out goes to where answers come from.
        back.expect.is_some_and(|from| sends_to(there, from)),
        there.expect.is_some_and(|from| sends_to(back, from)),
    ];
    signs.into_iter().filter(|sign| *sign).count()
}

fn sends_to(stream: &Target, address: SocketAddr) -> bool {
    let mut outputs = stream.outputs.iter();
    outputs.any(|output| output.to == Some(address))
}

fn sends_from(stream: &Target, address: SocketAddr) -> bool {
    let mut outputs = stream.outputs.iter();
    outputs.any(|output| output.from == Some(address))
}

#[cfg(test)]
mod tests {
    use super::super::listing::Listing;
    use super::*;

    /// Streams, each as the ports of its local address, expected source, and output's source and destination; 0 for none.
    fn streams(ports: &[[u16; 4]]) -> Vec<Target> {
        let mut text = String::new();
        for [local, expect, from, to] in ports {
            text.push_str(&format!("local inet4 192.0.2.1:{local}\n"));
            if *expect != 0 {
                text.push_str(&format!("    expect inet4 203.0.113.9:{expect}\n"));
            }
            text.push_str("    output #0 (media #0)\n");
            if *from != 0 {
                text.push_str(&format!("       src inet4 192.0.2.1:{from}\n"));
            }
            text.push_str(&format!("       dst inet4 203.0.113.9:{to}\n\n"));
        }
        let listing = Listing::read(text.as_bytes()).expect("read");
        assert_eq!(listing.unparsed, [""; 0]);
        listing.streams
    }

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_way_back_is_found_by_any_pair_of_addresses_and_the_best_is_first() {
        let all = streams(&[
            [30000, 5000, 30002, 6000],
            // Another call.
            [30004, 7000, 30006, 7002],
            // Expects answers from where the first sends to, and nothing else is alike.
            [30008, 6000, 30008, 9],
            [30002, 6000, 30000, 5000],
        ]);
        assert_eq!(back(&all, &all[0]), [3, 2]);
        assert_eq!(back(&all, &all[3]), [0]);
        assert_eq!(back(&all, &all[1]), [0; 0]);
    }

    #[test]
    fn sources_alone_are_enough_and_a_stream_is_not_its_own_way_back() {
        let all = streams(&[[30000, 0, 30002, 6000], [30002, 0, 30000, 5000]]);
        assert_eq!(
            (back(&all, &all[0]), back(&all, &all[1])),
            (vec![1], vec![0])
        );
        let echo = streams(&[[30000, 5000, 30000, 5000]]);
        assert_eq!(back(&echo, &echo[0]), [0; 0]);
    }

    #[test]
    fn a_stream_is_found_by_each_of_its_ends_but_by_its_own_first() {
        let all = streams(&[[30000, 5000, 30002, 6000], [30002, 6000, 30000, 5000]]);
        for (text, place) in [
            ("192.0.2.1:30002", Some(1)),
            ("203.0.113.9:5000", Some(0)),
            ("203.0.113.9:6000", Some(1)),
            ("203.0.113.9:6001", None),
        ] {
            assert_eq!(find(&all, address(text)), place, "{text}");
        }
        let all = streams(&[[30000, 0, 30002, 6000]]);
        assert_eq!(find(&all, address("203.0.113.9:6000")), Some(0));
    }
}
