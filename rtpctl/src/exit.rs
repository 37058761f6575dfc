// SPDX-License-Identifier: GPL-2.0-only

//! What a command ends with: the exit codes, and the one error type that carries them.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// The exit codes of rtpctl. Scripts depend on the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// Done.
    Ok = 0,
    /// The kernel refused, or something failed that no other code names.
    Refused = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The caller may not do this.
    Permission = 3,
    /// The table, stream or device named does not exist.
    NotFound = 4,
    /// What was to be made exists already.
    Exists = 5,
    /// In use by somebody else.
    Busy = 6,
    /// No kernel module that serves the interface is loaded.
    NoModule = 7,
    /// The table speaks another generation of the interface, or one that lacks what was asked for.
    Generation = 8,
    /// `doctor` cannot tell of something.
    CannotTell = 10,
    /// `doctor` warns.
    Warning = 11,
    /// `doctor` found a fault.
    Fault = 12,
}

impl Code {
    /// Its name in JSON.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Usage => "usage",
            Self::Permission => "permission",
            Self::NotFound => "not-found",
            Self::Exists => "exists",
            Self::Busy => "busy",
            Self::NoModule => "no-module",
            Self::Generation => "generation",
            Self::CannotTell => "cannot-tell",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) enum Error {
    /// The reader of our output went away; nothing is left to be said.
    ReaderGone,
    /// Something was refused or failed.
    Failed(Failure),
    /// What was found is printed, and ends with this code.
    Found(Code),
}

/// What was refused, why, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) code: Code,
    /// What was refused and why, in one line.
    pub(crate) what: String,
    /// What to do, where we know.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure without advice.
    pub(crate) fn new(code: Code, what: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            hint: None,
        }
    }

    /// Adds what to do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says what it is about, in front.
    pub(crate) fn about(mut self, what: &str) -> Self {
        self.what = format!("{what}: {}", self.what);
        self
    }
}

/// Says what is wrong with a command line.
pub(crate) fn usage(what: impl Into<String>) -> Failure {
    Failure::new(Code::Usage, what)
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Error {
    /// An error of writing to standard output.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ReaderGone;
        }
        Failure::new(Code::Refused, format!("cannot write the output: {error}")).into()
    }

    /// The exit code it stands for.
    pub(crate) fn code(&self) -> Code {
        match self {
            // As if `head` had read to the end: the command itself was done.
            Self::ReaderGone => Code::Ok,
            Self::Failed(failure) => failure.code,
            Self::Found(code) => *code,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rtpctl: {}", self.what)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_pipe_is_no_failure() {
        let error = Error::output(&io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(error, Error::ReaderGone));
        assert_eq!(error.code(), Code::Ok);
    }

    #[test]
    fn another_output_error_is_one() {
        let error = Error::output(&io::Error::from_raw_os_error(28));
        assert_eq!(error.code(), Code::Refused);
    }

    #[test]
    fn the_hint_stands_on_a_line_of_its_own() {
        let failure = Failure::new(Code::Busy, "table 3 is in use").hint("wait");
        assert_eq!(failure.to_string(), "rtpctl: table 3 is in use\n  wait");
    }
}
