// SPDX-License-Identifier: GPL-2.0-only

//! Text commands to `/proc/rtpengine/control`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use nix::errno::Errno;
use rtp_wire::text;

use super::random::Random;
use super::report::Report;
use super::table::Failure;

/// The open file.
#[derive(Debug)]
pub(crate) struct Words(File);

impl Words {
    /// Opens it.
    pub(crate) fn open() -> io::Result<Self> {
        let path = "/proc/rtpengine/control";
        OpenOptions::new().write(true).open(path).map(Self)
    }

    /// Writes a command, which may end in any of the ways that are allowed; 0 is to be accepted.
    pub(crate) fn say(
        &mut self,
        report: &mut Report,
        name: &str,
        text: &[u8],
        allowed: &[i32],
    ) -> Result<i32, Failure> {
        let errno = match self.0.write(text) {
            Ok(length) if length == text.len() => 0,
            Ok(length) => return Err(format!("{}: {length} taken", text.escape_ascii())),
            Err(error) => error.raw_os_error().unwrap_or(0),
        };
        report.command(name, errno);
        if allowed.contains(&errno) {
            return Ok(errno);
        }
        let shown = text.escape_ascii();
        Err(format!(
            "{shown}: expected one of {allowed:?}, it is {errno}"
        ))
    }

    /// Says a word about a table.
    pub(crate) fn about(
        &mut self,
        report: &mut Report,
        word: &str,
        table: u32,
        allowed: &[i32],
    ) -> Result<i32, Failure> {
        self.say(
            report,
            word,
            format!("{word} {table}\n").as_bytes(),
            allowed,
        )
    }

    /// Writes what is no command.
    pub(crate) fn garbage(
        &mut self,
        random: &mut Random,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let mut text = match random.below(4) {
            0 => {
                let length = random.pick(&[0, 1, 5, 16, 17, 4096, 100_000]);
                random.bytes(length)
            }
            _ => {
                let word = random.pick(&["add", "del", "kill", "ADD", "list", ""]);
                let separator = random.pick(&[" ", "", "  ", "\t", "\n"]);
                let number =
                    random.pick(&["", "64", "-1", "1x", "0x1", "99999999999999999999", "64\n"]);
                format!("{word}{separator}{number}").into_bytes()
            }
        };
        // What is a command is not meant.
        if text::parse(&text).is_some() {
            text.push(b'!');
        }
        self.say(report, "text", &text, &[Errno::EINVAL as i32])
            .map(drop)
    }
}
