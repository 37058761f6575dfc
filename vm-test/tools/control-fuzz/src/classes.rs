// SPDX-License-Identifier: GPL-2.0-only

//! Kinds of refusals, by name.

use std::fmt::{self, Write};

use rtp_wire::Refusal;

/// The name of a refusal, and what in it has a name: `PinNothing`, `Decrypt(Cipher`, `PointerMissing(TargetSsrc`.
pub(crate) fn class_of(refusal: &Refusal) -> String {
    let mut name = Name(String::new());
    // It fails where the name ends.
    let _ = write!(name, "{refusal:?}");
    name.0.trim_end_matches('(').to_owned()
}

/// Takes text for as long as it is a name.
struct Name(String);

impl Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if character != '(' && !character.is_ascii_alphabetic() {
                return Err(fmt::Error);
            }
            self.0.push(character);
        }
        Ok(())
    }
}
