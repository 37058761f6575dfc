// SPDX-License-Identifier: GPL-2.0-only

//! What is made of the command line's own description: completions of shells, and man pages.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::cli::Cli;
use super::exit::{Code, Error, Failure};

/// Prints what has a shell complete our words.
pub(crate) fn completions(shell: Shell, out: &mut dyn Write) -> Result<(), Error> {
    // The generator does not return what a writer refuses.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rtpctl", &mut text);
    out.write_all(&text)
        .and_then(|()| out.flush())
        .map_err(|error| Error::output(&error))
}

/// Writes the man pages, a page for each command.
pub(crate) fn man_pages(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
        .map_err(|error| Error::from(cannot(folder, &error)))
}

fn cannot(folder: &Path, error: &io::Error) -> Failure {
    let code = match error.kind() {
        io::ErrorKind::PermissionDenied => Code::Permission,
        _ => Code::Refused,
    };
    let folder = folder.display();
    Failure::new(code, format!("cannot write man pages to {folder}: {error}"))
}
