// SPDX-License-Identifier: GPL-2.0-only

//! Text commands of `/proc/rtpengine/control`: `add N`, `del N`, `kill N`.

/// Most tables: their ids are below.
pub const MAX_TABLES: u32 = 64;

/// What is asked for, of the table of an id below [`MAX_TABLES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextCommand {
    /// To make it.
    Add(u32),
    /// To remove it, if nothing uses it.
    Delete(u32),
    /// To remove it, whatever uses it.
    Kill(u32),
}

/// Parses a text command: a word, a space, and a decimal id. A newline may follow.
///
/// `None` when it is malformed.
pub fn parse(text: &[u8]) -> Option<TextCommand> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    let (command, id): (fn(u32) -> TextCommand, _) = if let Some(id) = text.strip_prefix(b"add ") {
        (TextCommand::Add, id)
    } else if let Some(id) = text.strip_prefix(b"del ") {
        (TextCommand::Delete, id)
    } else {
        (TextCommand::Kill, text.strip_prefix(b"kill ")?)
    };
    Some(command(parse_id(id)?))
}

fn parse_id(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    let mut id = 0u32;
    for digit in digits {
        let digit = char::from(*digit).to_digit(10)?;
        id = id.checked_mul(10)?.checked_add(digit)?;
    }
    (id < MAX_TABLES).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_commands_are_understood_with_and_without_a_newline() {
        assert_eq!(parse(b"add 0"), Some(TextCommand::Add(0)));
        assert_eq!(parse(b"del 7\n"), Some(TextCommand::Delete(7)));
        assert_eq!(parse(b"kill 63\n"), Some(TextCommand::Kill(63)));
        assert_eq!(parse(b"add 007"), Some(TextCommand::Add(7)));
    }

    #[test]
    fn everything_else_is_malformed() {
        let malformed: [&[u8]; 16] = [
            b"",
            b"\n",
            b"add",
            b"add ",
            b"add \n",
            b"add  1",
            b"add 1 ",
            b"add 1\n\n",
            b"add -1",
            b"add +1",
            b"add 64",
            b"add 4294967296",
            b"add 0x1",
            b"ADD 1",
            b"adds 1",
            b"kill1",
        ];
        for text in malformed {
            assert_eq!(parse(text), None, "{}", text.escape_ascii());
        }
    }
}
