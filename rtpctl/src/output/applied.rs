// SPDX-License-Identifier: GPL-2.0-only

//! What was changed so that all is as a file says.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::super::foreign::Foreign;
use super::{Count, Report};

/// What was changed, or would be.
#[derive(Debug, Serialize)]
pub(crate) struct Applied {
    file: String,
    action: &'static str,
    /// Whether anything had to be changed.
    changed: bool,
    dry_run: bool,
    /// Each in words, with `+` or `-` in front.
    changes: Vec<String>,
}

impl Applied {
    /// Of the changes that a file made.
    pub(crate) fn new(file: &Path, dry_run: bool, changes: Vec<String>) -> Self {
        Self {
            file: file.display().to_string(),
            action: "apply",
            changed: !dry_run && !changes.is_empty(),
            dry_run,
            changes,
        }
    }
}

impl Report for Applied {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        for change in &self.changes {
            writeln!(to, "{change}")?;
        }
        let file = Foreign(&self.file);
        let count = u64::try_from(self.changes.len()).unwrap_or(u64::MAX);
        match (count, self.dry_run) {
            (0, _) => writeln!(to, "{file}: all is in place"),
            (_, true) => writeln!(to, "{file}: {} would be made", Count(count, "change")),
            (_, false) => writeln!(to, "{file}: {} made", Count(count, "change")),
        }
    }
}
