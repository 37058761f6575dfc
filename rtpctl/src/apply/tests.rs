// SPDX-License-Identifier: GPL-2.0-only

use super::*;

#[test]
fn a_file_may_lack_what_it_does_not_ask_for() {
    let none = Asked {
        tables: Vec::new(),
        rules: Vec::new(),
    };
    assert_eq!(Asked::parse(r#"{"version": 1}"#), Ok(none));
    let asked = Asked::parse(
        r#"{"version": 1, "tables": [0, 63], "rules": [{"family": "ip", "table": "t"}]}"#,
    );
    let asked = asked.expect("a file");
    assert_eq!((asked.tables, asked.rules.len()), (vec![0, 63], 1));
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    for (text, says) in [
        ("", "EOF while parsing"),
        ("[]", "invalid length"),
        ("{}", "missing field `version`"),
        (
            r#"{"version": 2, "news": 1}"#,
            "it is of version 2, and this rtpctl reads version 1",
        ),
        (r#"{"version": 1, "table": []}"#, "unknown field `table`"),
        (
            r#"{"version": 1, "tables": [64]}"#,
            "a table is a number from 0 to 63, not 64",
        ),
        (r#"{"version": 1, "tables": [-1]}"#, "invalid value"),
        (
            r#"{"version": 1, "rules": [{"family": "ip"}]}"#,
            "missing field `table`",
        ),
        ("{\"version\": 1, \"\u{1b}\": 1}", "control character"),
    ] {
        let failure = Asked::parse(text).expect_err(text);
        assert_eq!(failure.code, Code::Usage, "{text}");
        assert!(failure.what.starts_with(says), "{}", failure.what);
    }
}

#[test]
fn a_file_that_is_not_there_or_may_not_be_read_is_told_apart() {
    let failure = Asked::read(Path::new("/nonexistent/file")).expect_err("none");
    assert_eq!(
        (failure.code, failure.what.as_str()),
        (Code::NotFound, "there is no file /nonexistent/file")
    );
    let failure = Asked::read(Path::new("/")).expect_err("a folder");
    assert_eq!(failure.code, Code::Refused);
}
