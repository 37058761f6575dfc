// SPDX-License-Identifier: GPL-2.0-only

//! The text of a table's `status`: lines of `Name: value`, whatever names the module has.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A table's counters, in the module's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    fields: Vec<(String, String)>,
}

impl Status {
    /// Reads the text. Lines of another form are left out.
    pub(crate) fn parse(text: &str) -> Self {
        let fields = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (key(name), value.trim().to_owned()))
            .filter(|(name, _)| !name.is_empty())
            .collect();
        Self { fields }
    }

    /// The counters as key and value. A key is the module's name in lower case with underscores.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// The key of the generation of the interface that a table of our module speaks.
    pub(crate) const INTERFACE: &str = "interface";

    /// The text under a key.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        let (_, value) = self.fields().find(|(k, _)| *k == key)?;
        Some(value)
    }

    /// The number under a key.
    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.text(key)?.parse().ok()
    }

    /// The process that holds the table open.
    pub(crate) fn holder(&self) -> Option<i32> {
        let pid = self.number("control_pid").filter(|pid| *pid != 0)?;
        pid.try_into().ok()
    }
}

fn key(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "_")
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.fields.len()))?;
        for (key, value) in self.fields() {
            match value.parse::<u64>() {
                Ok(number) => map.serialize_entry(key, &number)?,
                Err(_) => map.serialize_entry(key, value)?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Refcount:    3
Control PID: 812
Targets:     12
Players:     0
PStreams:    0
Memory pins: 2
Memory:      1052672
";

    #[test]
    fn numbers_are_found_by_key() {
        let status = Status::parse(TEXT);
        assert_eq!(status.number("refcount"), Some(3));
        assert_eq!(status.number("memory_pins"), Some(2));
        assert_eq!(status.number("memory"), Some(1_052_672));
        assert_eq!(status.number("opencount"), None);
    }

    #[test]
    fn the_holder_is_a_pid_that_is_not_zero() {
        assert_eq!(Status::parse(TEXT).holder(), Some(812));
        assert_eq!(Status::parse("Control PID: 0\n").holder(), None);
        assert_eq!(Status::parse("Targets: 1\n").holder(), None);
        assert_eq!(Status::parse("Control PID: 99999999999\n").holder(), None);
    }

    #[test]
    fn unknown_names_and_broken_lines_are_borne() {
        let status = Status::parse("Opencount:  1\nno colon here\n: 5\nSkb refs: many\n");
        let fields: Vec<_> = status.fields().collect();
        assert_eq!(fields, [("opencount", "1"), ("skb_refs", "many")]);
    }

    #[test]
    fn json_has_numbers_where_the_text_has() {
        let json = serde_json::to_string(&Status::parse("Targets: 12\nState: ok\n")).ok();
        assert_eq!(json.as_deref(), Some(r#"{"targets":12,"state":"ok"}"#));
    }
}
