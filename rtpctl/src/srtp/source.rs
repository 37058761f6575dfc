// SPDX-License-Identifier: GPL-2.0-only

//! Where SRTP parameters come from: `file:PATH`, `env:NAME`, or the text itself, which others can see among the
//! arguments of our process.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;

use zeroize::Zeroizing;

use super::super::exit::{Code, Failure};
use super::{sdes, Srtp};

/// More than SRTP parameters and comments need.
const MAX_FILE: usize = 4096;

/// Reads the SRTP parameters that an option gives or leads to.
///
/// Errors do not repeat the name of the file or variable: by mistake it may be the key.
pub(crate) fn read(value: &str) -> Result<Srtp, Failure> {
    let text = if let Some(path) = value.strip_prefix("file:") {
        let bytes = read_file(path).map_err(|error| {
            Failure::new(
                Code::Refused,
                format!("the file that file: names cannot be read: {error}"),
            )
        })?;
        only_line(&bytes)?
    } else if let Some(name) = value.strip_prefix("env:") {
        // Names that could not be those of a variable.
        let value = Some(name)
            .filter(|name| !name.is_empty() && !name.contains(['=', '\0']))
            .and_then(env::var_os)
            .map(OsString::into_vec)
            .map(Zeroizing::new);
        match value {
            Some(value) => only_line(&value)?,
            None => return Err(Failure::new(
                Code::Refused,
                "the environment variable that env: names is not set",
            )
            .hint(
                "export it, and hand it on: sudo removes variables unless it is told to keep them",
            )),
        }
    } else {
        return sdes::parse(value);
    };
    sdes::parse(&text)
}

fn read_file(path: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    // Never grown: the memory that is left behind would keep the key.
    let mut bytes = Zeroizing::new(vec![0; MAX_FILE]);
    let mut file = File::open(path)?;
    let mut length = 0usize;
    loop {
        let rest = bytes.get_mut(length..).unwrap_or_default();
        if rest.is_empty() {
            return Err(io::Error::other(format!(
                "it is longer than {MAX_FILE} bytes"
            )));
        }
        match file.read(rest) {
            Ok(0) => break,
            Ok(more) => length = length.saturating_add(more),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// The only line that is neither blank nor a comment.
fn only_line(bytes: &[u8]) -> Result<Zeroizing<String>, Failure> {
    let wrong = |what| Err(Failure::new(Code::Usage, what));
    let Ok(text) = std::str::from_utf8(bytes) else {
        return wrong("what it names is not text");
    };
    let mut lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    match (lines.next(), lines.next()) {
        (Some(line), None) => Ok(Zeroizing::new(line.to_owned())),
        (None, _) => wrong("what it names is empty"),
        (Some(_), Some(_)) => {
            wrong("what it names has more than one line; one with SRTP parameters is wanted")
        }
    }
}

#[cfg(test)]
mod tests;
