// SPDX-License-Identifier: GPL-2.0-only

//! Text of strangers, on its way to a terminal.

use std::fmt::{self, Display};

/// Text of strangers: control characters and the like are escaped.
pub(crate) struct Foreign<'a>(pub(crate) &'a str);

impl Display for Foreign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let safe = |c: char| !c.is_control() && (c.is_ascii() || c.is_alphanumeric());
        if self.0.chars().all(safe) {
            return f.pad(self.0);
        }
        let escaped: String = self
            .0
            .chars()
            .flat_map(|c| {
                let (plain, escaped) = if safe(c) {
                    (Some(c), None)
                } else {
                    (None, Some(c.escape_default()))
                };
                plain.into_iter().chain(escaped.into_iter().flatten())
            })
            .collect();
        f.pad(&escaped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_escaped_where_it_must_be() {
        let escaped = |text| Foreign(text).to_string();
        assert_eq!(escaped("INPUT-4_x.y z"), "INPUT-4_x.y z");
        assert_eq!(escaped("größe"), "größe");
        assert_eq!(escaped("a\u{1b}[31mb\nc"), "a\\u{1b}[31mb\\nc");
        assert_eq!(escaped("a\u{202e}b"), "a\\u{202e}b");
    }
}
