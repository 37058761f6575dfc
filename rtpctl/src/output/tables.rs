// SPDX-License-Identifier: GPL-2.0-only

//! Tables, printed.

use std::io::{self, Write};

use serde::Serialize;

use super::super::client::Interface;
use super::super::foreign::Foreign;
use super::super::status::Status;
use super::{columns, Bytes, Report};

/// A table, its counters, and who holds it.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    /// Its number.
    pub(crate) id: u8,
    /// The name of the process that holds it open.
    pub(crate) holder: Option<String>,
    /// Its counters; none when it went away while we looked.
    pub(crate) status: Option<Status>,
    /// The generation of the interface that it speaks.
    pub(crate) interface: Option<Interface>,
}

impl Table {
    fn cell(&self, key: &str) -> String {
        let value = self.status.as_ref().and_then(|status| status.number(key));
        value.map_or_else(|| "?".to_owned(), |value| value.to_string())
    }

    fn holder(&self) -> String {
        let pid = self.status.as_ref().and_then(Status::holder);
        match (pid, &self.holder) {
            (Some(pid), Some(name)) => format!("{pid} ({})", Foreign(name)),
            (Some(pid), None) => pid.to_string(),
            (None, _) => "-".to_owned(),
        }
    }
}

/// All tables in short.
#[derive(Debug, Serialize)]
pub(crate) struct TableList {
    /// By number.
    pub(crate) tables: Vec<Table>,
}

impl Report for TableList {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.tables.is_empty() {
            return writeln!(to, "no tables");
        }
        let lines: Vec<_> = self
            .tables
            .iter()
            .map(|table| [table.id.to_string(), table.cell("targets"), table.holder()])
            .collect();
        columns(to, ["TABLE", "STREAMS", "HELD BY"], &lines)
    }
}

/// Tables with all their counters.
#[derive(Debug, Serialize)]
pub(crate) struct TableStatus {
    /// By number.
    pub(crate) tables: Vec<Table>,
}

impl Report for TableStatus {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        if self.tables.is_empty() {
            return writeln!(to, "no tables");
        }
        for table in &self.tables {
            writeln!(to, "table {}", table.id)?;
            let fields = table.status.iter().flat_map(Status::fields);
            for (key, value) in fields {
                let name = Foreign(key).to_string().replace('_', " ");
                match (key, value.parse()) {
                    ("memory", Ok(bytes)) => writeln!(to, "  {name:12}  {}", Bytes(bytes))?,
                    ("control_pid", _) => writeln!(to, "  {:12}  {}", "held by", table.holder())?,
                    (Status::INTERFACE, _) => {}
                    _ => writeln!(to, "  {name:12}  {}", Foreign(value))?,
                }
            }
            if let Some(interface) = &table.interface {
                let text = interface.to_string();
                writeln!(to, "  {:12}  {}", "interface", Foreign(&text))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
