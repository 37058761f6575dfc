// SPDX-License-Identifier: GPL-2.0-only

//! What is told beside the answer, on standard error: failures and warnings, in a sentence, or as JSON where that was asked for.
//! Where standard error is closed, nobody listens.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use super::exit::{Code, Failure};

static JSON: AtomicBool = AtomicBool::new(false);

/// One line of JSON.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Line<'a> {
    Error {
        /// The exit code.
        code: u8,
        name: &'static str,
        what: &'a str,
        hint: Option<&'a str>,
    },
    Warning {
        what: &'a str,
    },
}

impl<'a> Line<'a> {
    const fn error(code: Code, what: &'a str, hint: Option<&'a str>) -> Self {
        Self::Error {
            code: code as u8,
            name: code.word(),
            what,
            hint,
        }
    }

    fn put(&self) {
        let text = serde_json::to_string(self).unwrap_or_default();
        say(&text);
    }
}

/// From now on it is told in JSON.
pub(crate) fn in_json() {
    JSON.store(true, Ordering::Relaxed);
}

/// Whether it is.
pub(crate) fn is_in_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// Says why a command failed.
pub(crate) fn failure(failure: &Failure) {
    match is_in_json() {
        true => Line::error(failure.code, &failure.what, failure.hint.as_deref()).put(),
        false => say(failure),
    }
}

/// Says what was not asked for, and is worth knowing.
pub(crate) fn warn(what: &dyn Display) {
    match is_in_json() {
        true => Line::Warning {
            what: &what.to_string(),
        }
        .put(),
        false => say(&format_args!("rtpctl: {what}")),
    }
}

/// Says in JSON what is wrong with a command line, of which the parser wrote this.
pub(crate) fn wrong_line(text: &str) {
    let (what, rest) = wrong_parts(text);
    Line::error(Code::Usage, &what, rest.as_deref()).put();
}

/// The first paragraph, and the others in one line.
fn wrong_parts(text: &str) -> (String, Option<String>) {
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (first, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let first = one_line(first);
    let rest = one_line(rest);
    let first = first.strip_prefix("error: ").unwrap_or(&first).to_owned();
    (first, (!rest.is_empty()).then_some(rest))
}

fn say(what: &dyn Display) {
    let _ = writeln!(io::stderr(), "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_object() {
        let failure = Line::error(Code::Busy, "in use", None);
        assert_eq!(
            serde_json::to_string(&failure).expect("JSON"),
            r#"{"error":{"code":6,"name":"busy","what":"in use","hint":null}}"#
        );
        assert_eq!(
            serde_json::to_string(&Line::Warning { what: "so" }).expect("JSON"),
            r#"{"warning":{"what":"so"}}"#
        );
    }

    #[test]
    fn what_the_parser_wrote_is_taken_apart() {
        let text = "error: invalid value 'x' for '<ID>': a table\n\n  tip: y\n\nFor more\n";
        assert_eq!(
            wrong_parts(text),
            (
                "invalid value 'x' for '<ID>': a table".to_owned(),
                Some("tip: y For more".to_owned())
            )
        );
    }
}
