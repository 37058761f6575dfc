// SPDX-License-Identifier: GPL-2.0-only

use super::*;

/// As the C module 26.0.1.26 printed it after 50 packets.
const CAPTURED: &str = "\
local inet4 10.1.0.1:30000
    expect inet4 10.1.0.2:34499
    src mismatch action: drop
    stats:                 8600 bytes,                   50 packets,                    2 errors
        RTP payload type   8:                 8600 bytes,                   50 packets   [group #0]
        RTP payload type  96:                    0 bytes,                    0 packets   [group #0]
    last packet: 1763841600
    SSRC in: 1234abcd [seq 49/0 #0]
    options: RTP STUN RTP-stats forward-RTCP forward-RTCP-FB
    output groups: [0]=(0->1/1->2)
    output #0 (media #0)
       src inet4 10.2.0.1:30002
       dst inet4 10.2.0.2:52325
       stats:                 8600 bytes,                   50 packets,                    0 errors
       SSRC out: 0 [seq 49+0/0]
    output #1 (media #0, RTCP)
       src inet4 10.2.0.1:30002
       dst inet4 10.2.0.2:52325
       stats:                    0 bytes,                    0 packets,                    1 errors
       SSRC out: 0 [seq 0+0/0]

local inet4 10.1.0.1:30010
    stats:                    0 bytes,                    0 packets,                    0 errors
    last packet: 0
    SSRC in:
    options: RTP
    output groups: [0]=(0->1/0->0)
    output #0 (media #0)
       src inet4 10.1.0.1:30010
       dst inet4 203.0.113.1:5000
       stats:                    0 bytes,                    0 packets,                    0 errors
       SSRC out:

";

fn address(text: &str) -> Option<SocketAddr> {
    Some(text.parse().expect("an address"))
}

fn parse(text: &str) -> Listing {
    Listing::read(text.as_bytes()).expect("read")
}

/// The only target of a listing in which every line is understood.
fn only(text: &str) -> Target {
    let listing = parse(text);
    assert_eq!(listing.unparsed, Vec::<String>::new());
    let mut streams = listing.streams;
    assert_eq!(streams.len(), 1);
    streams.remove(0)
}

fn output(target: &Target, index: usize) -> &Output {
    target.outputs.get(index).expect("an output")
}

#[test]
fn a_captured_listing_is_understood() {
    let listing = parse(CAPTURED);
    assert_eq!(listing.unparsed, Vec::<String>::new());
    assert_eq!(listing.streams.len(), 2);
    let target = listing.streams.first().expect("a target");
    assert_eq!(Some(target.local), address("10.1.0.1:30000"));
    assert_eq!(target.missing_outputs, 0);
    assert_eq!(target.expect, address("10.1.0.2:34499"));
    assert_eq!(target.mismatch.as_deref(), Some("drop"));
    let received = Counters {
        packets: 50,
        bytes: 8600,
        errors: 2,
    };
    assert_eq!(target.received, received);
    assert_eq!(
        target.payload_types,
        [
            PayloadType {
                payload_type: 8,
                media: Some(0),
                packets: 50,
                bytes: 8600
            },
            PayloadType {
                payload_type: 96,
                media: Some(0),
                packets: 0,
                bytes: 0
            }
        ]
    );
    assert_eq!(target.last_packet, Some(1_763_841_600));
    assert_eq!(
        target.ssrcs,
        [SsrcIn {
            ssrc: 0x1234_abcd,
            media: Some(0),
            sequence: 49,
            rtcp_index: 0
        }]
    );
    assert_eq!(
        target.options,
        [
            "RTP",
            "STUN",
            "RTP-stats",
            "forward-RTCP",
            "forward-RTCP-FB"
        ]
    );
    assert_eq!(target.output_groups, ["[0]=(0->1/1->2)"]);
    assert_eq!(target.outputs.len(), 2);
    let first = output(target, 0);
    assert_eq!((first.index, first.media, first.rtcp), (0, Some(0), false));
    assert_eq!(first.from, address("10.2.0.1:30002"));
    assert_eq!(first.to, address("10.2.0.2:52325"));
    assert_eq!(
        (first.sent.packets, first.sent.bytes, first.sent.errors),
        (50, 8600, 0)
    );
    assert_eq!(
        first.ssrcs,
        [SsrcOut {
            ssrc: 0,
            sequence: 49,
            sequence_offset: 0,
            rtcp_index: 0
        }]
    );
    let second = output(target, 1);
    assert_eq!(
        (second.index, second.rtcp, second.sent.errors),
        (1, true, 1)
    );
    let other = listing.streams.get(1).expect("a target");
    assert_eq!(other.last_packet, None);
    assert_eq!(
        (other.expect, other.ssrcs.len(), other.outputs.len()),
        (None, 0, 1)
    );
}

#[test]
fn an_unfinished_target_says_how_much_is_missing() {
    // The C module leaves the blank line out after such a target.
    let text = "local inet4 10.1.0.1:1\n    outputs not fully filled (3 missing)\nlocal inet4 10.1.0.1:2\n";
    let listing = parse(text);
    assert_eq!(listing.unparsed, Vec::<String>::new());
    let missing: Vec<_> = listing.streams.iter().map(|t| t.missing_outputs).collect();
    assert_eq!(missing, [3, 0]);
}

#[test]
fn ipv6_addresses_come_in_full() {
    let target = only(
        "local inet6 [2001:db8:0:0:0:0:0:1]:30000\n    output #0 (media #3)\n       dst inet6 [2001:db8:0:0:0:0:0:ff]:9\n",
    );
    assert_eq!(Some(target.local), address("[2001:db8::1]:30000"));
    assert_eq!(output(&target, 0).to, address("[2001:db8::ff]:9"));
    assert_eq!(output(&target, 0).media, Some(3));
}

#[test]
fn srtp_is_told_without_keys() {
    let target = only(
        "\
local inet4 10.1.0.1:30000
    SRTP decryption parameters:
        cipher: AES-CM-128
    master key: 000102030405060708090a0b0c0d0e0f
   master salt: <redacted>
   session key: 00
  session salt: 00
  session auth: 00
            MKI: length 4, 01:02:03:04:00:00:00:00...
          HMAC: HMAC-SHA1
            auth tag length: 10
    options: RTP
    output #0 (media #0)
      SRTP encryption parameters:
          HMAC: HMAC-SHA1
            auth tag length: 4
",
    );
    let decryption = Srtp {
        cipher: Some("AES-CM-128".to_owned()),
        hmac: Some("HMAC-SHA1".to_owned()),
        auth_tag_length: Some(10),
        mki_length: Some(4),
    };
    assert_eq!(target.decryption, Some(decryption));
    let encryption = Srtp {
        hmac: Some("HMAC-SHA1".to_owned()),
        auth_tag_length: Some(4),
        ..Srtp::default()
    };
    assert_eq!(output(&target, 0).encryption, Some(encryption));
    let json = serde_json::to_string(&target).expect("JSON");
    assert!(!json.contains("0102030405"), "{json}");
}

#[test]
fn keys_in_another_form_are_left_out_too() {
    let target = only(
        "\
local inet4 10.1.0.1:30000
    SRTP decryption parameters:
        cipher: AEAD-AES-GCM-128
    Master Key (hex): 000102030405060708090a0b0c0d0e0f
    salt 0001020304
    session key 0x00010203
    options: RTP
",
    );
    let json = serde_json::to_string(&target).expect("JSON");
    assert!(!json.contains("000102"), "{json}");
    let decryption = target.decryption.expect("SRTP");
    assert_eq!(decryption.cipher.as_deref(), Some("AEAD-AES-GCM-128"));
    assert_eq!((decryption.hmac, decryption.auth_tag_length), (None, None));
}

#[test]
fn rewriting_is_kept_in_words() {
    let target = only(
        "\
local inet4 10.1.0.1:30000
    SSRC in: 1 [seq 2/3 #4], ffffffff [seq 4294967295/6]
    output #0 (media #0)
       SSRC out: a [seq 1+65535/3], b [seq 4+5/6]
        RTP payload type   8: 4 bytes replacement payload, min payload len 1
        RTP payload type   9: blackhole
       Allowed RTP extensions: 1 2 3
       Media ID (ext 4): 'a b'
",
    );
    assert_eq!(target.ssrcs.len(), 2);
    assert_eq!(
        target.ssrcs.get(1).map(|s| (s.ssrc, s.sequence)),
        Some((u32::MAX, u32::MAX))
    );
    let output = output(&target, 0);
    assert_eq!(
        output.ssrcs.first().map(|s| s.sequence_offset),
        Some(65_535)
    );
    assert_eq!(
        output.rewriting,
        [
            "RTP payload type   8: 4 bytes replacement payload, min payload len 1",
            "RTP payload type   9: blackhole",
            "Allowed RTP extensions: 1 2 3",
            "Media ID (ext 4): 'a b'"
        ]
    );
}

#[test]
fn the_form_of_the_generation_12_5_is_understood() {
    let target = only(
        "\
local inet4 10.1.0.1:30000
    stats:                 8600 bytes,                   50 packets,                    0 errors
        RTP payload type   8:                 8600 bytes,                   50 packets
    last packet: 12345    SSRC in: 1234abcd [seq 49/0]
    options: RTP RTCP-mux
    output #0
       src inet4 10.2.0.1:30002
       dst inet4 10.2.0.2:52325
      stats:                   1 bytes,                    2 packets,                    3 errors
 SSRC out: 0 [seq 49+0/0]
    output #1 (RTCP)
",
    );
    assert_eq!(target.last_packet, Some(12_345));
    assert_eq!(target.ssrcs.len(), 1);
    assert_eq!(output(&target, 0).sent.packets, 2);
    assert_eq!(
        (output(&target, 0).media, output(&target, 0).rtcp),
        (None, false)
    );
    assert!(output(&target, 1).rtcp);
}

#[test]
fn lines_may_come_in_any_order() {
    let mut lines: Vec<&str> = CAPTURED.lines().skip(1).take(9).collect();
    lines.reverse();
    let shuffled = only(&format!(
        "local inet4 10.1.0.1:30000\n{}\n",
        lines.join("\n")
    ));
    let straight = parse(CAPTURED).streams.remove(0);
    assert_eq!(shuffled.received, straight.received);
    assert_eq!(shuffled.expect, straight.expect);
    assert_eq!(shuffled.ssrcs, straight.ssrcs);
    assert_eq!(shuffled.options, straight.options);
}

#[test]
fn what_is_not_understood_is_kept_and_hides_nothing() {
    let text = "\
stray
local nonsense
    stats: 1 bytes, 2 packets, 3 errors
local inet4 10.1.0.1:30000
    colour: blue
    stats: lots
    last packet: soon
    SSRC in: xyz [seq 1/2]
    RTP payload type 8: none
    output #x
    options: RTP
local <unknown>
    options: STUN
";
    let listing = parse(text);
    assert_eq!(listing.streams.len(), 1);
    assert_eq!(
        listing.streams.first().map(|t| t.options.clone()),
        Some(vec!["RTP".to_owned()])
    );
    assert_eq!(
        listing.unparsed,
        [
            "stray",
            "local nonsense",
            "stats: 1 bytes, 2 packets, 3 errors",
            "colour: blue",
            "stats: lots",
            "last packet: soon",
            "SSRC in: xyz [seq 1/2]",
            "RTP payload type 8: none",
            "output #x",
            "local <unknown>",
            "options: STUN",
        ]
    );
}

#[test]
fn nothing_is_no_target() {
    assert_eq!(parse(""), Listing::default());
}

/// A text that is read a few bytes at a time.
struct Slowly<'a>(&'a [u8]);

impl Read for Slowly<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let length = self.0.len().min(to.len()).min(7);
        to[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

#[test]
fn a_list_is_read_alike_in_pieces_of_any_size() {
    let read = Listing::read(Slowly(CAPTURED.as_bytes())).expect("read");
    assert_eq!(read, parse(CAPTURED));
    assert_eq!(read.streams.len(), 2);
    let locals = [CAPTURED.as_bytes(), b"last line"].concat();
    let expected: Vec<SocketAddr> = read.streams.iter().map(|each| each.local).collect();
    assert_eq!(local_addresses(&locals[..]).expect("read"), expected);
    assert_eq!(local_addresses(Slowly(&locals)).expect("read"), expected);
}

#[test]
fn a_last_line_needs_no_end_and_a_long_one_ends_nothing() {
    let long = format!("{}\nlocal inet4 192.0.2.1:4", "x".repeat(3 * PIECE));
    let listing = parse(&long);
    assert_eq!(listing.unparsed.concat(), "x".repeat(3 * PIECE));
    let locals: Vec<SocketAddr> = listing.streams.iter().map(|each| each.local).collect();
    assert_eq!(locals, [address("192.0.2.1:4").expect("an address")]);
    assert_eq!(local_addresses(long.as_bytes()).expect("read"), locals);
}
