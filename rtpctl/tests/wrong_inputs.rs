// SPDX-License-Identifier: GPL-2.0-only

//! Fifty ways to be wrong: one sentence says what is, and what to do stands below it.

#![expect(
    clippy::indexing_slicing,
    reason = "a test may panic: that is how it fails"
)]

use std::process::Command;

/// What is typed, the exit code, and what is said.
const WRONG: &[(&str, u8, &str)] = &[
    ("", 2, "Usage: rtpctl"),
    ("table", 2, "Usage: rtpctl table"),
    ("tabel list", 2, "unrecognized subcommand 'tabel'"),
    ("table fly 3", 2, "unrecognized subcommand 'fly'"),
    ("table add", 2, "<ID>"),
    ("table add 64", 2, "a table is a number from 0 to 63"),
    ("table add abc", 2, "a table is a number from 0 to 63"),
    ("table add -1", 2, "a table is a number from 0 to 63"),
    ("table add 0x1", 2, "a table is a number from 0 to 63"),
    ("table add 1.5", 2, "a table is a number from 0 to 63"),
    ("table add 0 1", 2, "unexpected argument '1'"),
    ("table status 64", 2, "a table is a number from 0 to 63"),
    (
        "table list --colour never",
        2,
        "unexpected argument '--colour'",
    ),
    (
        "table list --color sometimes",
        2,
        "invalid value 'sometimes'",
    ),
    ("rule add", 2, "<ID>"),
    ("rule add 64", 2, "a table is a number from 0 to 63"),
    ("rule add 0 --family arp", 2, "invalid value 'arp'"),
    ("rule add 0 --via socket", 2, "invalid value 'socket'"),
    (
        "rule add 0 --via target --family inet",
        2,
        "the target cannot be used in the family inet",
    ),
    (
        "rule add 0 --via target --hook prerouting",
        2,
        "the target is added at the input hook alone",
    ),
    ("rule add 0 --hook output", 2, "invalid value 'output'"),
    (
        "rule add 0 --hook ingress",
        2,
        "the hook ingress is one of devices",
    ),
    (
        "rule add 0 --device eth0",
        2,
        "--device goes with the hook ingress",
    ),
    (
        "rule add 0 --hook ingress --device eth0 --family ip",
        2,
        "the hook ingress is in the family inet alone",
    ),
    (
        "rule add 0 --past-output",
        2,
        "--past-output goes with the hook ingress",
    ),
    (
        "rule add 0 --priority high",
        2,
        "a priority is a number, or raw, mangle",
    ),
    (
        "rule add 0 --priority filter+x",
        2,
        "a priority is a number, or raw, mangle",
    ),
    ("rule del", 2, "<ID>"),
    ("rule del 0 --all", 2, "cannot be used with"),
    ("rule show inet6", 2, "a family is one of inet, ip, ip6"),
    ("rule table add inet", 2, "<TABLE>"),
    (
        "rule chain add inet t c --hook inptu --priority 0",
        2,
        "a hook is one of ingress, prerouting",
    ),
    (
        "rule chain add inet t c --hook input",
        2,
        "a chain at the hook input lacks its priority",
    ),
    ("rule chain add inet t c --priority 0", 2, "--hook"),
    ("rule append inet t c", 2, "<WORD>"),
    (
        "rule append inet t c udp dport 70000 accept",
        2,
        "`70000` is no port",
    ),
    (
        "rule append inet t c udp dport sip accept",
        2,
        "`sip` is no port",
    ),
    (
        "rule append inet t c ip saddr bob accept",
        2,
        "`bob` is no address or prefix",
    ),
    (
        "rule append inet t c ip saddr 192.0.2.1/24 accept",
        2,
        "has bits beyond the prefix: write 192.0.2.0/24",
    ),
    (
        "rule append inet t c ip saddr 2001:db8::1 accept",
        2,
        "is an address of `ip6`",
    ),
    ("rule append inet t c iif eth0 accept", 2, "write iifname"),
    (
        "rule append inet t c udp dport 5 dorp",
        2,
        "`dorp` is no word of a rule",
    ),
    (
        "rule append inet t c rtpengine",
        2,
        "`rtpengine` lacks the number of a table",
    ),
    (
        "rule append inet t c rtpengine 64",
        2,
        "a table of the relay is a number from 0 to 63",
    ),
    ("rule append inet t c reject", 2, "rtpctl makes no `reject`"),
    (
        "rule insert inet t c --before 1 --after 2 accept",
        2,
        "cannot be used with",
    ),
    (
        "rule replace inet t c four accept",
        2,
        "a handle is a number",
    ),
    ("rule remove inet t c", 2, "<HANDLE>"),
    ("stream", 2, "Usage: rtpctl stream"),
    (
        "stream list --table 64",
        2,
        "a table is a number from 0 to 63",
    ),
    ("stream del --table 0", 2, "--local"),
    ("stream add --table 0 --to 192.0.2.1:4000", 2, "--local"),
    ("stream add --table 0 --local 192.0.2.1:4000", 2, "--to"),
    (
        "stream add --table 0 --local 192.0.2.1:4000 --to 192.0.2.9",
        2,
        "192.0.2.9",
    ),
    (
        "stream add --table 0 --local 192.0.2.1:4000 --to 192.0.2.9:4000 --ssrc many",
        2,
        "an SSRC is a 32-bit number",
    ),
    (
        "stream add --table 0 --local 192.0.2.1:4000 --to 192.0.2.9:4000 --payload-type 128",
        2,
        "a payload type is a number from 0 to 127",
    ),
    (
        "stream add --table 0 --local 192.0.2.1:4000 --to 192.0.2.9:4000 --tos 256",
        2,
        "a TOS byte is a number from 0 to 255",
    ),
    ("apply", 2, "<FILE>"),
    (
        "apply /nonexistent/file",
        4,
        "there is no file /nonexistent/file",
    ),
    ("apply --watch --dry-run x", 2, "cannot be used with"),
    ("apply --watch -", 2, "--watch reads the file anew"),
    ("rule restore /", 1, "cannot read /"),
    ("completions csh", 2, "invalid value 'csh'"),
    (
        "metrics --listen 192.0.2.1:9 --output x",
        2,
        "cannot be used with",
    ),
    (
        "table list --netns nowhere",
        4,
        "there is no network namespace nowhere",
    ),
];

/// What says what to do: a usage, a tip, or a sentence of our own below the first one.
fn says_what_to_do(text: &str) -> bool {
    text.lines().filter(|line| !line.is_empty()).count() > 1
}

#[test]
fn wrong_input_gets_a_sentence_and_what_to_do() {
    assert!(WRONG.len() >= 50);
    for (line, code, says) in WRONG {
        let run = |more: &[&str]| {
            Command::new(env!("CARGO_BIN_EXE_rtpctl"))
                .args(line.split_whitespace())
                .args(more)
                .args(["--proc", "/nonexistent"])
                .output()
                .expect("the program")
        };
        let output = run(&[]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            output.status.code(),
            Some(i32::from(*code)),
            "{line}: {text}"
        );
        assert!(text.contains(says), "{line}: {text}");
        assert_eq!(output.stdout, b"", "{line}");
        for poor in ["panicked", "invalid digit", "(os error 2)"] {
            assert!(!text.contains(poor), "{line}: {text}");
        }
        assert!(*code != 2 || says_what_to_do(&text), "{line}: {text}");
        // A program is told the same in an object.
        if line.is_empty() || *line == "table" || *line == "stream" {
            continue;
        }
        let output = run(&["--json"]);
        let told: serde_json::Value = serde_json::from_slice(&output.stderr)
            .unwrap_or_else(|error| panic!("{line}: {error}: {:?}", output.stderr));
        assert_eq!(told["error"]["code"], *code, "{line}");
        let what = told["error"]["what"].as_str().expect("a sentence");
        assert!(
            what.contains(says) && !what.contains('\n'),
            "{line}: {what}"
        );
        assert!(*code != 2 || told["error"]["hint"].is_string(), "{line}");
    }
}
