// SPDX-License-Identifier: GPL-2.0-only

use proptest::prelude::*;

use super::super::compile;
use super::*;

fn line(statements: &[Statement]) -> String {
    let words: Vec<_> = statements.iter().map(Statement::to_string).collect();
    words.join(" ")
}

fn read(text: &str) -> Result<Vec<Statement>, Failure> {
    let words: Vec<_> = text.split(' ').map(str::to_owned).collect();
    let read = parse(&words);
    assert_eq!(read, parse(&[text.to_owned()]), "{text}: as one argument");
    read
}

proptest! {
    #[test]
    fn what_is_printed_can_be_typed((_, statements) in compile::tests::rule()) {
        let text = line(&statements);
        prop_assert_eq!(read(&text), Ok(statements), "{}", text);
    }
}

#[test]
fn words_may_be_short() {
    for (short, long) in [
        ("saddr 192.0.2.1", "ip saddr 192.0.2.1"),
        ("daddr != 2001:db8::/32", "ip6 daddr != 2001:db8::/32"),
        ("dport 5", "udp dport 5"),
        ("dport 5:7", "udp dport 5-7"),
        ("udp", "meta l4proto udp"),
        ("ip protocol udp", "meta l4proto udp"),
        ("counter accept", "counter packets 0 bytes 0 accept"),
        ("iifname eth0", "iifname \"eth0\""),
        (
            "udp dport 1 dnat to 192.0.2.1:5",
            "udp dport 1 dnat ip to 192.0.2.1:5",
        ),
        ("dnat 2001:db8::1", "dnat ip6 to 2001:db8::1"),
        ("dnat to [2001:db8::1]", "dnat ip6 to 2001:db8::1"),
        ("rtpengine 3 via expression", "rtpengine 3"),
        ("drop comment noise", "drop comment \"noise\""),
        (
            "drop comment \"to the sink\"",
            "drop comment \"to the sink\"",
        ),
        (
            "rtpengine 3 via expression past-output",
            "rtpengine 3 past-output",
        ),
    ] {
        assert_eq!(read(short).map(|read| line(&read)), Ok(long.to_owned()));
    }
}

#[test]
fn what_is_wrong_is_said() {
    for (text, says) in [
        ("dropp", "`dropp` is no word of a rule"),
        ("ip", "`ip` lacks saddr or daddr"),
        ("ip sadr 192.0.2.1", "`ip` takes saddr or daddr, not `sadr`"),
        ("ip saddr", "`saddr` lacks an address or a prefix"),
        (
            "ip saddr bob",
            "`bob` is no address or prefix, as 192.0.2.1 or 192.0.2.0/24",
        ),
        (
            "ip saddr 192.0.2.1/33",
            "a prefix of 192.0.2.1 has at most 32 bits",
        ),
        (
            "ip saddr 192.0.2.1/24",
            "`192.0.2.1/24` has bits beyond the prefix: write 192.0.2.0/24",
        ),
        ("ip saddr ::1", "::1 is an address of `ip6`"),
        ("udp dport", "`dport` lacks a port or a range of ports"),
        (
            "udp dport 70000",
            "`70000` is no port: a port is a number from 0 to 65535",
        ),
        (
            "udp dport 1-sip",
            "`sip` is no port: a port is a number from 0 to 65535",
        ),
        ("th", "`th` takes sport or dport"),
        (
            "iif eth0",
            "`iif` compares a number that a device loses when it comes back; write iifname",
        ),
        (
            "meta mark 1",
            "`meta` takes l4proto, nfproto, iifname or oifname, not `mark`",
        ),
        (
            "meta l4proto voice",
            "`voice` is no transport protocol, as udp or tcp",
        ),
        ("counter packets many", "`many` is no number of packets"),
        ("jump", "`jump` lacks the name of a chain"),
        (
            "dnat to bob:5060",
            "`bob:5060` is no address and port, as 192.0.2.1:5060 or [2001:db8::1]:5060",
        ),
        (
            "dnat to 0.0.0.0:5060",
            "nothing can be sent to `0.0.0.0:5060`",
        ),
        (
            "rtpengine",
            "`rtpengine` lacks the number of a table of the relay",
        ),
        (
            "rtpengine 64",
            "a table of the relay is a number from 0 to 63, not `64`",
        ),
        (
            "rtpengine 0 via socket",
            "`via` takes expression or target, not `socket`",
        ),
        (
            "drop comment",
            "a comment has 1 to 119 bytes, none of them a quote, and ends the rule",
        ),
        (
            "comment \"a\" drop",
            "a comment has 1 to 119 bytes, none of them a quote, and ends the rule",
        ),
        (
            "reject",
            "rtpctl makes no `reject`; write drop, or use `nft`",
        ),
    ] {
        let failure = read(text).expect_err(text);
        assert_eq!(failure.what, says, "{text}");
        assert_eq!(
            (failure.code, failure.hint.as_deref()),
            (Code::Usage, Some(GRAMMAR))
        );
    }
}

#[test]
fn names_of_others_are_escaped() {
    let jump = Statement::Verdict {
        verdict: Verdict::Jump("a\u{1b}".to_owned()),
    };
    assert_eq!(jump.to_string(), "jump a\\u{1b}");
}
