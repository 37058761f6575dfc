// SPDX-License-Identifier: GPL-2.0-only

//! The program as it is run: exit codes, what goes to which output, and what the kernel's files see.

#![expect(
    clippy::indexing_slicing,
    reason = "a test may panic: that is how it fails"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that stands for /proc, removed in the end.
struct Proc(PathBuf);

impl Proc {
    fn new(files: &[(&str, &str)]) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("rtpctl-program-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a new folder");
        let proc = Self(path);
        for (name, text) in files {
            let path = proc.0.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            fs::write(path, text).expect("a file");
        }
        proc
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rtpctl"));
        command
            .args(line.split_whitespace())
            .arg("--proc")
            .arg(&self.0);
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().expect("the program")
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).expect("a file")
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const LIST: &str = "\
local inet4 192.0.2.1:30000
    stats:                  172 bytes,                    1 packets,                    0 errors
    last packet: 0
    SSRC in:
    options: RTP
    output #0 (media #0)
       src inet4 192.0.2.1:30000
       dst inet4 198.51.100.7:4000
       stats:                  172 bytes,                    1 packets,                    0 errors
       SSRC out:

";

fn module() -> Proc {
    Proc::new(&[
        ("rtpengine/control", ""),
        ("rtpengine/list", "3\n"),
        (
            "rtpengine/3/status",
            "Control PID: 0\nTargets: 1\nMemory pins: 2\n",
        ),
        ("rtpengine/3/control", ""),
        ("rtpengine/3/list", LIST),
    ])
}

#[test]
fn data_goes_to_standard_output_and_nothing_else() {
    let output = module().run("table list");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(out(&output), "TABLE  STREAMS  HELD BY\n3      1        -\n");
    assert_eq!(err(&output), "");
}

#[test]
fn failures_go_to_standard_error_with_their_code() {
    let output = Proc::new(&[]).run("table list");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(out(&output), "");
    assert_eq!(
        err(&output),
        "rtpctl: no RTP relay module is loaded: /proc/rtpengine does not exist\n  load it: `modprobe xt_rtpengine_rs`\n"
    );
    assert_eq!(module().run("table status 4").status.code(), Some(4));
    assert_eq!(module().run("stream list --table 4").status.code(), Some(4));
}

#[test]
fn a_wrong_command_line_is_2() {
    let proc = module();
    for line in [
        "",
        "table",
        "table add",
        "table add 64",
        "table add -1",
        "table add x",
        "table fly 3",
        "rule add 3 --family arp",
        "rule add 3 --family inet --via target",
        "stream add --table 3",
        "stream add --table 3 --local 192.0.2.1:30000",
        "stream add --table 3 --local 192.0.2.1 --to 198.51.100.7:4000",
        "stream add --table 3 --local 192.0.2.1:30000 --to [2001:db8::7]:4000",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --mismatch drop",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --opaque --payload-type 8",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --opaque --rtp",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --pt-filter",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --ssrc 0",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --tos 256",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000,tos=256",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --non-forwarding",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --blackhole",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --mid audio",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --rtcp=some",
        "stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --opaque --decrypt env:X",
    ] {
        let output = proc.run(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert_eq!(out(&output), "", "{line}");
        assert_ne!(err(&output), "", "{line}");
    }
    assert_eq!(proc.read("rtpengine/control"), b"");
    assert_eq!(proc.read("rtpengine/3/control"), b"");
}

#[test]
fn help_and_version_are_no_failures() {
    let proc = module();
    for line in [
        "--help",
        "-h",
        "--version",
        "stream add --help",
        "rule add -h",
    ] {
        let output = proc.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert_ne!(out(&output), "", "{line}");
        assert_eq!(err(&output), "", "{line}");
    }
    let help = out(&proc.run("--help"));
    for code in 0..=8 {
        assert!(help.contains(&format!("\n  {code}  ")), "exit code {code}");
    }
}

#[test]
fn versions_are_told_with_and_without_a_module() {
    let version = env!("CARGO_PKG_VERSION");
    let output = Proc::new(&[("modules", "")]).run("version");
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    assert_eq!(
        out(&output),
        format!("rtpctl      {version}\nmodule      none is loaded that rtpctl knows\n")
    );
    let proc = Proc::new(&[
        (
            "modules",
            "xt_RTPENGINE 262144 1 - Live 0x0000000000000000 (OE)\n",
        ),
        ("rtpengine/list", "3\n"),
        ("rtpengine/3/status", "Control PID: 0\nTargets: 1\n"),
    ]);
    let output = proc.run("version --json --sys /nonexistent");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let guess = serde_json::json!({"name": "12.5", "by": "guess"});
    assert_eq!(
        (&json["rtpctl"], &json["module"]["name"]),
        (&version.into(), &"xt_RTPENGINE".into())
    );
    assert_eq!(
        json["tables"],
        serde_json::json!([{"id": 3, "interface": guess}])
    );
    // A list that cannot be read.
    let proc = Proc::new(&[("rtpengine/3/status", "")]);
    let output = proc.run("version");
    assert_eq!(output.status.code(), Some(0));
    assert!(
        out(&output).ends_with("tables      not to be read\n"),
        "{}",
        out(&output)
    );
}

#[test]
fn tables_are_made_and_removed_by_text() {
    for (line, text, said) in [
        ("table add 3", "add 3\n", "table 3 added\n"),
        ("table del 63", "del 63\n", "table 63 deleted\n"),
        ("table kill 0", "kill 0\n", "table 0 killed\n"),
    ] {
        let proc = module();
        let output = proc.run(line);
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert_eq!(out(&output), said);
        assert_eq!(proc.read("rtpengine/control"), text.as_bytes());
    }
}

#[test]
fn a_stream_is_added_by_its_commands() {
    let proc = module();
    let output =
        proc.run("stream add --table 3 --local 192.0.2.1:30000 --to 198.51.100.7:4000 --to 198.51.100.8:4000 --json");
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let expected = serde_json::json!({
        "table": 3, "local": "192.0.2.1:30000", "action": "add", "changed": true
    });
    assert_eq!(json, expected);
    // PIN_MEMORY, INIT, ADD_TARGET, twice ADD_DESTINATION.
    let lengths = [(16, 24), (1, 160), (2, 3240), (3, 1584), (3, 1584)];
    let mut rest = &proc.read("rtpengine/3/control")[..];
    for (number, length) in lengths {
        let (command, after) = rest.split_at(length);
        assert_eq!(command.first(), Some(&number));
        rest = after;
    }
    assert_eq!(rest, b"");
}

const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e";

#[test]
fn a_key_comes_from_a_file_the_environment_or_the_command_line() {
    let text = format!("AES_CM_128_HMAC_SHA1_80:inline:{KEY}");
    let proc = Proc::new(&[("key", &format!("# of Alice\n{text}\n"))]);
    let file = format!("file:{}", proc.0.join("key").display());
    let mut seen = Vec::new();
    for source in ["env:RTPCTL_TEST_KEY", &file, &text] {
        let proc = module();
        let line = "stream add --table 3 --local 192.0.2.1:30000 --ssrc 5 --json";
        let output = proc
            .command(line)
            .args(["--to", &format!("198.51.100.7:4000,encrypt={source}")])
            .args(["--decrypt", source])
            .env("RTPCTL_TEST_KEY", &text)
            .output()
            .expect("the program");
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
        assert!(!out(&output).contains(KEY));
        let commands = proc.read("rtpengine/3/control");
        // Of ADD_TARGET and ADD_DESTINATION: cipher, HMAC and master key.
        let srtp =
            [184 + 8 + 188, 184 + 3240 + 8 + 32 + 52].map(|at| commands[at..at + 24].to_vec());
        let key: Vec<u8> = (1..=16).collect();
        for srtp in &srtp {
            assert_eq!((srtp[0], srtp[4], &srtp[8..]), (2, 2, &key[..]));
        }
        seen.push(srtp);
    }
    assert!(seen.iter().all(|srtp| *srtp == seen[0]));
}

#[test]
fn a_key_is_never_repeated() {
    let text = format!("AES_CM_128_HMAC_SHA1_80:inline:{KEY}");
    let to = format!("198.51.100.7:4000,encrypt={text}");
    let proc = module();
    for words in [
        &["--decrypt", &text, "--to", "198.51.100.7:4000"][..],
        &[
            "--decrypt",
            &format!("{text}x"),
            "--ssrc",
            "5",
            "--to",
            "198.51.100.7:4000",
        ],
        &["--to", &format!("{to},colour=blue")],
        &["--to", &format!("{to}|{KEY}")],
        &["--to", &to, &text],
        &["--to", &text],
        &["--local", &to],
        &["--ssrc", &text, "--to", "198.51.100.7:4000"],
        &[&format!("--{text}")],
        &[
            "--decrypt",
            &format!("env:{KEY}"),
            "--to",
            "198.51.100.7:4000",
        ],
        &[
            "--decrypt",
            &format!("file:{text}"),
            "--to",
            "198.51.100.7:4000",
        ],
    ] {
        let output = proc
            .command("stream add --table 3 --local 192.0.2.1:30000")
            .args(words)
            .output()
            .expect("the program");
        assert!(matches!(output.status.code(), Some(1 | 2)), "{words:?}");
        assert_ne!(err(&output), "", "{words:?}");
        assert_eq!(out(&output), "", "{words:?}");
        assert!(!err(&output).contains(&KEY[..8]), "{}", err(&output));
    }
    assert_eq!(proc.read("rtpengine/3/control"), b"");
}

#[test]
fn a_stream_is_removed_by_its_address() {
    let proc = module();
    let output = proc.run("stream del --table 3 --local [2001:db8::1]:30000");
    assert_eq!(
        out(&output),
        "stream [2001:db8::1]:30000 deleted from table 3\n"
    );
    let command = proc.read("rtpengine/3/control");
    assert_eq!((command.first(), command.len()), (Some(&9), 28));
}

#[test]
fn a_table_is_flushed_of_each_stream_that_it_lists() {
    let proc = module();
    let output = proc.run("stream flush --table 3");
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    assert_eq!(out(&output), "1 stream deleted from table 3\n");
    let seen = proc.read("rtpengine/3/control");
    assert_eq!((seen.first(), seen.len()), (Some(&9), 28));
    // Port and address, as `stream del` sends them.
    let other = module();
    other.run("stream del --table 3 --local 192.0.2.1:30000");
    assert_eq!(seen, other.read("rtpengine/3/control"));

    fs::write(proc.0.join("rtpengine/3/list"), "").expect("a file");
    let output = proc.run("stream flush --table 3 --json");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let nothing =
        serde_json::json!({"table": 3, "action": "flush", "changed": false, "streams": 0});
    assert_eq!(json, nothing);
    assert_eq!(
        proc.run("stream flush --table 4").status.code(),
        Some(4),
        "no such table"
    );
}

#[test]
fn streams_are_listed_in_both_forms() {
    let proc = module();
    let line = out(&proc.run("stream list --table 3"));
    assert_eq!(
        line,
        "\
LOCAL            TO                 PACKETS  BYTES  ERRORS  LAST
192.0.2.1:30000  198.51.100.7:4000  1        172    0       -
"
    );
    let text = out(&proc.run("stream list --table 3 --details"));
    assert_eq!(
        text,
        "\
192.0.2.1:30000  RTP
  received      1 packet, 172 bytes, 0 errors
  payload type  none given: each RTP packet counts as an error
  to            198.51.100.7:4000 from 192.0.2.1:30000
    sent        1 packet, 172 bytes, 0 errors
"
    );
    let json: serde_json::Value =
        serde_json::from_slice(&proc.run("stream list --table 3 --json").stdout).expect("JSON");
    assert_eq!(json["streams"][0]["outputs"][0]["to"], "198.51.100.7:4000");
}

#[test]
fn streams_are_listed_again_and_again_until_nobody_reads() {
    let proc = module();
    let mut command = proc.command("stream list --table 3 --watch");
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the program");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    for _ in 0..2 {
        let mut next = || lines.next().expect("a line").expect("text");
        assert!(next().starts_with("LOCAL "));
        assert!(next().starts_with("192.0.2.1:30000 "));
        assert_eq!(next(), "");
    }
    drop(lines);
    assert_eq!(child.wait().expect("its end").code(), Some(0));
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let list = LIST.repeat(1000);
    let proc = Proc::new(&[("rtpengine/3/status", ""), ("rtpengine/3/list", &list)]);
    let mut child = proc
        .command("stream list --table 3")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the end");
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
}

#[test]
fn a_full_disk_is_a_failure() {
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let output = module()
        .command("table list")
        .stdout(full)
        .output()
        .expect("the program");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err(&output).starts_with("rtpctl: cannot write the output: "),
        "{}",
        err(&output)
    );
}

const REASONS: &str = "\
table 3
    relayed: 5 packets, 860 bytes
    no-target: 2, last 1700000000
local inet4 192.0.2.1:30000
    relayed: 5 packets, 860 bytes
    stun: 1, last 1700000000
";

#[test]
fn metrics_are_those_of_tables_and_of_streams_if_asked() {
    let proc = Proc::new(&[
        ("rtpengine/list", "3\n"),
        ("rtpengine/3/status", "Memory: 4096\n"),
        ("rtpengine/3/list", LIST),
        ("rtpengine/3/reasons", REASONS),
    ]);
    let text = out(&proc.run("metrics"));
    for line in [
        "# TYPE rtpengine_table_relayed_packets counter",
        "rtpengine_table_streams{table=\"3\"} 1",
        "rtpengine_table_memory_bytes{table=\"3\"} 4096",
        "rtpengine_table_relayed_packets_total{table=\"3\"} 5",
        "rtpengine_table_relayed_bytes_total{table=\"3\"} 860",
        "rtpengine_table_packets_total{table=\"3\"} 1",
        "rtpengine_table_unrelayed_packets_total{table=\"3\",reason=\"no-target\"} 2",
        "# EOF",
    ] {
        assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
    }
    assert!(!text.contains("rtpengine_stream_"), "{text}");
    let path = proc.0.join("rtpengine.prom");
    let output = proc.run(&format!("metrics --streams --output {}", path.display()));
    assert_eq!(
        (output.status.code(), out(&output)),
        (Some(0), String::new())
    );
    let text = fs::read_to_string(path).expect("a file");
    let series = "rtpengine_stream_unrelayed_packets_total{table=\"3\",local=\"192.0.2.1:30000\",reason=\"stun\"} 1";
    assert!(text.lines().any(|it| it == series), "{text}");
}

#[test]
fn subcommands_may_be_cut_short_where_one_alone_is_meant() {
    let proc = module();
    assert_eq!(
        out(&proc.run("st l -t 3")),
        out(&proc.run("stream list -t 3"))
    );
    assert_eq!(proc.run("stream x -t 3").status.code(), Some(2));
    assert_eq!(
        out(&proc.run("stream list -t 3 -j")),
        out(&proc.run("stream list -t 3 --json"))
    );
}

#[test]
fn a_network_namespace_that_is_not_there_is_told() {
    let output = module().run("table list --netns nowhere");
    assert_eq!(output.status.code(), Some(4));
    assert!(
        err(&output).contains("there is no network namespace nowhere"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_change_is_made_quietly() {
    let proc = module();
    let output = proc.run("-q table add 4");
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), ""));
    assert_eq!(proc.read("rtpengine/control"), b"add 4\n");
    // What was asked for is said.
    assert!(out(&proc.run("table list --quiet")).starts_with("TABLE"));
    assert_eq!(proc.run("-q table status 9").status.code(), Some(4));
}

#[test]
fn names_of_processes_may_be_left_out() {
    let stat = fs::read_to_string("/proc/self/stat").expect("a process");
    let rest = stat.split_once(") ").expect("its name").1;
    let proc = Proc::new(&[
        ("rtpengine/list", "3\n"),
        ("rtpengine/3/status", "Control PID: 77\nTargets: 0\n"),
        ("77/stat", &format!("77 (mediad) {rest}")),
    ]);
    assert!(out(&proc.run("table list")).contains("mediad"));
    let numbers = out(&proc.run("table list -n"));
    assert!(
        numbers.contains("77") && !numbers.contains("mediad"),
        "{numbers}"
    );
}

#[test]
fn colour_is_as_the_command_line_says() {
    let proc = module();
    for (line, colour) in [
        ("table fly", false),
        ("table fly --color always", true),
        ("table fly --color=always", true),
        ("table fly --color never", false),
    ] {
        assert_eq!(err(&proc.run(line)).contains('\u{1b}'), colour, "{line}");
    }
}

#[test]
fn other_names_of_commands_do_the_same() {
    let proc = module();
    for (other, line) in [
        ("table ls", "table list"),
        ("table show 3", "table status 3"),
        ("stream ls -t 3", "stream list -t 3"),
        ("ta l", "table list"),
    ] {
        let both = [other, line].map(|line| proc.run(line));
        assert_eq!(both[0].status.code(), Some(0), "{other}: {}", err(&both[0]));
        assert_eq!(out(&both[0]), out(&both[1]), "{other}");
    }
    proc.run("table rm 3");
    assert_eq!(proc.read("rtpengine/control"), b"del 3\n");
}

#[test]
fn completions_and_man_pages_know_all_commands() {
    let proc = module();
    for shell in ["bash", "zsh", "fish"] {
        let text = out(&proc.run(&format!("completions {shell}")));
        assert!(text.contains("past-output"), "{shell}");
    }
    let folder = proc.0.join("man");
    let output = proc.run(&format!("man-pages {}", folder.display()));
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    for page in ["rtpctl.1", "rtpctl-rule-add.1", "rtpctl-apply.1"] {
        let text = fs::read_to_string(folder.join(page)).expect(page);
        assert!(text.contains(".SH SYNOPSIS"), "{page}");
    }
}

/// Two streams, one a line, with an output each.
const LINES: &str = r#"# streams of a file
{"local": "192.0.2.1:30002", "outputs": [{"to": "198.51.100.7:4000"}]}

{"local": "192.0.2.1:30004", "outputs": [{"to": "198.51.100.7:4002"}]}
"#;

/// The numbers of the commands that a table was sent, and their lengths.
fn commands(proc: &Proc) -> Vec<(u8, usize)> {
    let sent = proc.read("rtpengine/3/control");
    let mut rest = &sent[..];
    let mut seen = Vec::new();
    while let Some(number) = rest.first() {
        let length = match number {
            1 => 160,
            2 => 3240,
            3 => 1584,
            9 => 28,
            _ => 24,
        };
        seen.push((*number, length));
        rest = rest.get(length..).expect("a whole command");
    }
    seen
}

#[test]
fn streams_are_restored_from_lines() {
    let proc = module();
    let path = proc.0.join("streams");
    fs::write(&path, LINES).expect("a file");
    let output = proc.run(&format!("stream restore --table 3 {}", path.display()));
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    assert_eq!(out(&output), "2 streams added, 0 replaced\n");
    let numbers: Vec<_> = commands(&proc).iter().map(|(it, _)| *it).collect();
    // The counters of both have room on one page. Whoever does not say whether INIT was sent is sent it once.
    assert_eq!(numbers, [16, 1, 2, 3, 2, 3]);
}

#[test]
fn a_line_that_fails_is_named_and_ends_it_unless_it_is_to_go_on() {
    let proc = module();
    let path = proc.0.join("streams");
    fs::write(&path, LINES.replace("30002", "0")).expect("a file");
    let output = proc.run(&format!("stream restore --table 3 {}", path.display()));
    assert_eq!(output.status.code(), Some(2));
    let line = format!("rtpctl: {} line 2: --local 192.0.2.1:0: ", path.display());
    assert!(err(&output).starts_with(&line), "{}", err(&output));
    assert_eq!(commands(&proc), []);
    let output = proc.run(&format!(
        "stream restore --keep-going --json --table 3 {}",
        path.display()
    ));
    assert_eq!(output.status.code(), Some(2));
    let said = err(&output);
    let said: Vec<serde_json::Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let line = line.trim_start_matches("rtpctl: ");
    let first = said[0]["error"]["what"].as_str().expect("a sentence");
    assert!(first.starts_with(line), "{first}");
    assert_eq!(said[1]["error"]["what"], "1 of 2 lines failed");
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let expected = serde_json::json!({
        "action": "restore", "changed": true, "lines": 2, "failed": 1, "streams": 1, "replaced": 0
    });
    assert_eq!(json, expected);
}

#[test]
fn what_cannot_be_read_is_told() {
    let proc = module();
    for (words, code, said) in [
        (
            "/nonexistent/streams",
            4,
            "cannot read /nonexistent/streams",
        ),
        ("/proc", 1, "cannot read /proc"),
    ] {
        let output = proc.run(&format!("stream restore --table 3 {words}"));
        assert_eq!(output.status.code(), Some(code), "{words}");
        assert!(err(&output).contains(said), "{}", err(&output));
    }
}

#[test]
fn streams_are_saved_a_line_each() {
    let text = out(&module().run("stream save"));
    assert_eq!(
        text,
        "{\"table\":3,\"local\":\"192.0.2.1:30000\",\"rtp\":true,\"rtp_stats\":false,\
         \"outputs\":[{\"to\":\"198.51.100.7:4000\",\"from\":\"192.0.2.1:30000\",\"rtcp\":false}]}\n"
    );
}

#[test]
fn a_range_of_ports_is_a_stream_for_each() {
    let proc = module();
    let line = "stream add --table 3 --local 192.0.2.1:30010-30012 --to 198.51.100.7:4000-4002";
    let output = proc.run(line);
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    let said = "3 streams 192.0.2.1:30010-30012 added to table 3\n";
    assert_eq!(out(&output), said);
    let targets = commands(&proc).iter().filter(|(it, _)| *it == 2).count();
    assert_eq!(targets, 3);
    let output = proc.run(&format!("{line}-4003").replace("-4002-4003", "-4003"));
    assert_eq!(output.status.code(), Some(2));
    assert!(err(&output).contains("has 4 ports"), "{}", err(&output));
}
