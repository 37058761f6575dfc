// SPDX-License-Identifier: GPL-2.0-only

use super::super::exit::Code;
use super::*;

/// What a report prints.
pub(super) fn printed(report: &impl Report, json: bool) -> String {
    let mut bytes = Vec::new();
    print(report, json, &mut bytes).expect("memory takes it");
    String::from_utf8(bytes).expect("text")
}

fn change() -> Change {
    Change {
        table: Some(3),
        local: Some("192.0.2.1:30000".parse().expect("an address")),
        action: "add",
        changed: true,
        sentence: "stream 192.0.2.1:30000 added to table 3".to_owned(),
    }
}

#[test]
fn a_change_is_a_sentence_or_an_object() {
    assert_eq!(
        printed(&change(), false),
        "stream 192.0.2.1:30000 added to table 3\n"
    );
    let json: serde_json::Value = serde_json::from_str(&printed(&change(), true)).expect("JSON");
    let expected = serde_json::json!({
        "table": 3, "local": "192.0.2.1:30000", "action": "add", "changed": true
    });
    assert_eq!(json, expected);
}

/// A reader that is gone, or a full disk.
struct Broken(io::ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::from(self.0))
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(io::Error::from(self.0))
    }
}

#[test]
fn a_reader_that_is_gone_is_told_from_a_full_disk() {
    for json in [false, true] {
        let gone = print(&change(), json, &mut Broken(io::ErrorKind::BrokenPipe));
        assert!(matches!(gone, Err(Error::ReaderGone)), "{gone:?}");
        let full = print(&change(), json, &mut Broken(io::ErrorKind::StorageFull));
        assert_eq!(full.map_err(|error| error.code()), Err(Code::Refused));
    }
}

#[test]
fn what_stands_in_the_buffer_must_arrive_too() {
    let mut buffered = io::BufWriter::new(Broken(io::ErrorKind::StorageFull));
    assert!(print(&change(), false, &mut buffered).is_err());
}

#[test]
fn bytes_are_exact_and_rounded() {
    let bytes = |n| Bytes(n).to_string();
    assert_eq!(bytes(0), "0 bytes");
    assert_eq!(bytes(1), "1 byte");
    assert_eq!(bytes(1023), "1023 bytes");
    assert_eq!(bytes(1024), "1024 bytes (1.0 KiB)");
    assert_eq!(bytes(8600), "8600 bytes (8.3 KiB)");
    assert_eq!(bytes(3 << 29), "1610612736 bytes (1.5 GiB)");
    assert_eq!(bytes(u64::MAX), "18446744073709551615 bytes (15.9 EiB)");
}

#[test]
fn counts_know_singular_and_plural() {
    assert_eq!(Count(1, "packet").to_string(), "1 packet");
    assert_eq!(Count(0, "packet").to_string(), "0 packets");
}

#[test]
fn time_is_told_as_a_distance() {
    let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
    let ago = |seconds: u64| ago(1_000_000 - seconds, now);
    assert_eq!(ago(0), "now");
    assert_eq!(ago(119), "119 s ago");
    assert_eq!(ago(120), "2 min ago");
    assert_eq!(ago(7200), "2 h ago");
    assert_eq!(ago(172_800), "2 days ago");
    assert_eq!(super::ago(1_000_001, now), "now");
}

#[test]
fn columns_are_as_wide_as_they_must_be() {
    let mut bytes = Vec::new();
    let lines = [
        ["1".to_owned(), "äöü".to_owned()],
        ["22".to_owned(), String::new()],
    ];
    columns(&mut bytes, ["A", "B"], &lines).expect("memory takes it");
    assert_eq!(
        String::from_utf8(bytes).as_deref(),
        Ok("A   B\n1   äöü\n22\n")
    );
}
