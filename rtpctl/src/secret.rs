// SPDX-License-Identifier: GPL-2.0-only

//! Text of the command line that may hold a key: it is not shown, and wiped when it is dropped. The arguments of the
//! process are not ours to wipe: a key belongs in a file or in the environment.

use std::convert::Infallible;
use std::fmt;

use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{setrlimit, Resource};
use zeroize::Zeroizing;

/// What stands before a key, in SDP and on our command line.
const MARK: &str = "inline:";
/// What stands for a key.
const REDACTED: &str = "<redacted>";

/// Text that may hold a key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretText(Zeroizing<String>);

impl SecretText {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Takes text over, whatever it is: an error of the parser of the command line would repeat it.
pub(crate) fn secret_text(text: &str) -> Result<SecretText, Infallible> {
    Ok(SecretText(Zeroizing::new(text.to_owned())))
}

/// Leaves out what may be a key: all that follows `inline:` up to the next space.
pub(crate) fn redact(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        shown.push_str(before);
        shown.push_str(MARK);
        shown.push_str(REDACTED);
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        rest = after.get(end..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

/// Keeps the memory of the process to itself: it leaves no core file, and other processes of its user can neither trace
/// it nor read its environment.
pub(crate) fn close_process() {
    // The first is enough for a core file on its own; where one of them is forbidden, the other is still as good as it gets.
    let _ = set_dumpable(false);
    let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
}

/// Whether text may hold a key.
pub(crate) fn is_suspect(text: &str) -> bool {
    text.contains(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_mark_is_left_out() {
        assert_eq!(redact("nothing here"), "nothing here");
        assert_eq!(
            redact("error: 'AES:inline:S3cr+t/|2^20|1:4' found, inline:x\nmore"),
            "error: 'AES:inline:<redacted> found, inline:<redacted>\nmore"
        );
        assert_eq!(redact("inline:"), "inline:<redacted>");
    }

    #[test]
    fn a_closed_process_leaves_no_core_file() {
        close_process();
        assert_eq!(nix::sys::prctl::get_dumpable(), Ok(false));
        assert_eq!(
            nix::sys::resource::getrlimit(Resource::RLIMIT_CORE),
            Ok((0, 0))
        );
    }

    #[test]
    fn it_is_not_shown() {
        let Ok(text) = secret_text("AES:inline:S3cret");
        assert_eq!(format!("{text:?}"), "<redacted>");
        assert_eq!(text.as_str(), "AES:inline:S3cret");
    }
}
