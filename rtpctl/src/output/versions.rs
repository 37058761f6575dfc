// SPDX-License-Identifier: GPL-2.0-only

//! Versions, printed.

use std::io::{self, Write};

use rtp_wire::Generation;
use serde::Serialize;

use super::super::client::{Interface, Module};
use super::super::foreign::Foreign;
use super::{Report, Table};

/// The version of rtpctl, of the module, and of the interface that each table speaks.
#[derive(Debug, Serialize)]
pub(crate) struct Versions {
    /// Of this program.
    rtpctl: &'static str,
    /// The version of the forms of JSON.
    json: u32,
    /// The module that is loaded; none where there is none that we know.
    module: Option<Module>,
    /// The generations that the module serves; none where they are not known.
    interfaces: Option<Vec<Interface>>,
    /// What each table speaks; none where they may not be read.
    tables: Option<Vec<Speaks>>,
}

/// What a table speaks.
#[derive(Debug, Serialize)]
struct Speaks {
    id: u8,
    interface: Option<Interface>,
}

impl Versions {
    /// Of this program, of a module, and of its tables, where they could be read.
    pub(crate) fn new(module: Option<Module>, tables: Option<&[Table]>) -> Self {
        let interfaces = module.as_ref().and_then(|module| {
            if module.is_of_our_version() {
                let all = Generation::ALL.into_iter();
                return Some(all.map(Interface::by_version).collect());
            }
            // Its tables tell more than its name.
            let mut known = tables.into_iter().flatten();
            let told = known.find_map(|table| table.interface.clone());
            let by_name = module.interface()?;
            Some(vec![told.unwrap_or(by_name)])
        });
        let speaks = |table: &Table| Speaks {
            id: table.id,
            interface: table.interface.clone(),
        };
        let tables = tables.map(|tables| tables.iter().map(speaks).collect());
        Self {
            rtpctl: env!("CARGO_PKG_VERSION"),
            json: 1,
            module,
            interfaces,
            tables,
        }
    }
}

impl Report for Versions {
    fn text(&self, to: &mut dyn Write) -> io::Result<()> {
        let mut line = |name: &str, text: &str| writeln!(to, "{name:10}  {}", Foreign(text));
        line("rtpctl", self.rtpctl)?;
        match &self.module {
            None => line("module", "none is loaded that rtpctl knows")?,
            Some(module) => {
                let version = module.version.as_deref().unwrap_or("of unknown version");
                line("module", &format!("{} {version}", module.name))?;
                let served = match self.interfaces.as_deref() {
                    None => "not known".to_owned(),
                    Some([one]) => one.to_string(),
                    Some(several) => {
                        let names = several.iter().map(|it| it.name.as_str());
                        names.collect::<Vec<_>>().join(", ")
                    }
                };
                line("interfaces", &served)?;
            }
        }
        let Some(tables) = &self.tables else {
            return line("tables", "not to be read");
        };
        for table in tables {
            let speaks = table.interface.as_ref();
            let speaks = speaks.map_or("?".to_owned(), Interface::to_string);
            line(&format!("table {}", table.id), &speaks)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
