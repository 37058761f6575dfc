// SPDX-License-Identifier: GPL-2.0-only

use std::fs;
use std::path::PathBuf;

use super::super::tests::base64;
use super::*;

/// A file that is removed in the end.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, bytes: &[u8]) -> Self {
        let path = env::temp_dir().join(format!("rtpctl-key-{}-{name}", std::process::id()));
        fs::write(&path, bytes).expect("a file");
        Self(path)
    }

    fn read(&self) -> Result<Srtp, Failure> {
        read(&format!("file:{}", self.0.display()))
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn line() -> String {
    format!("NULL_HMAC_SHA1_80:inline:{}", base64(30))
}

#[test]
fn a_file_has_one_line_and_comments() {
    let expected = read(&line()).expect("valid");
    for (name, text) in [
        ("bare", line()),
        ("end", format!("{}\n", line())),
        (
            "comment",
            format!("# of Alice\r\n\r\n  {}  \r\n# end", line()),
        ),
    ] {
        let srtp = TempFile::new(name, text.as_bytes()).read();
        assert!(srtp.expect(name) == expected, "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let two = format!("{0}\n{0}\n", line());
    let long = format!("#{}\n{}", "x".repeat(MAX_FILE), line());
    for (name, bytes, code, word) in [
        ("empty", &b"\n# nothing\n"[..], Code::Usage, "empty"),
        ("two", two.as_bytes(), Code::Usage, "more than one line"),
        ("long", long.as_bytes(), Code::Refused, "longer than 4096"),
        ("binary", &[0xff; 30], Code::Usage, "not text"),
    ] {
        let failure = TempFile::new(name, bytes).read().expect_err(name);
        assert_eq!(failure.code, code, "{name}");
        assert!(failure.what.contains(word), "{name}: {}", failure.what);
    }
}

#[test]
fn what_cannot_be_read_is_said_without_its_name() {
    // Names that somebody meant to be keys.
    for value in [
        "file:/S3cret/S3cret",
        "env:S3cret",
        "env:",
        "env:S3cret=S3cret",
    ] {
        let failure = read(value).expect_err(value);
        assert_eq!(failure.code, Code::Refused, "{value}");
        assert!(!failure.to_string().contains("S3cret"), "{failure}");
    }
}
