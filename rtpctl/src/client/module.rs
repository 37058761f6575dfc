// SPDX-License-Identifier: GPL-2.0-only

//! Which module is loaded, and which generation of the interface a table speaks. Our module says so in each table's `status`; of a C
//! module it is known by its version, where it has one, or guessed by its name and by what `status` has.

use std::fmt;

use rtp_wire::Generation;
use serde::Serialize;

use super::super::status::Status;

/// Our module.
const OURS: &str = "xt_rtpengine_rs";
/// The C module since generation 26.0, and before.
const NEW: &str = "nft_rtpengine";
const OLD: &str = "xt_RTPENGINE";

/// The modules that serve the interface.
pub(super) const NAMES: [&str; 3] = [OURS, NEW, OLD];

/// A module that is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Module {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its version, where it has one.
    pub(crate) version: Option<String>,
    /// The hash of its source, where it has one.
    pub(crate) source_version: Option<String>,
}

/// Which generation of the interface a table speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Interface {
    /// Its name; `none` before INIT.
    pub(crate) name: String,
    /// How that is known.
    pub(crate) by: By,
}

/// How it is known which generation a table speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum By {
    /// The table says so.
    Status,
    /// The module's version tells.
    Version,
    /// It is a guess.
    Guess,
}

impl Module {
    /// Whether it is ours, of the version of this program: then it serves the generations that we know.
    pub(crate) fn is_of_our_version(&self) -> bool {
        self.name == OURS && self.version.as_deref() == Some(env!("CARGO_PKG_VERSION"))
    }

    /// Whether it has the nftables expression; else the xtables target alone.
    pub(crate) fn has_expression(&self) -> bool {
        self.name != OLD
    }

    /// The generation that it serves to all tables; none of ours, which serves each its own.
    pub(crate) fn interface(&self) -> Option<Interface> {
        (self.name != OURS).then(|| Interface::of_c(Some(self), None))
    }
}

impl Interface {
    /// What a table speaks, by the module that is loaded and the table's `status`, as far as they are known.
    pub(crate) fn of_table(module: Option<&Module>, status: Option<&Status>) -> Self {
        match status.and_then(|status| status.text(Status::INTERFACE)) {
            Some(name) => Self {
                name: name.to_owned(),
                by: By::Status,
            },
            None => Self::of_c(module, status),
        }
    }

    fn of_c(module: Option<&Module>, status: Option<&Status>) -> Self {
        let version = module.and_then(|module| module.version.as_deref());
        if let Some(name) = version.and_then(of_version) {
            return Self {
                name: name.to_owned(),
                by: By::Version,
            };
        }
        let has = |key| status.is_some_and(|status| status.text(key).is_some());
        let is_old = match status {
            // Memory was mapped, and not pinned, up to 13.5.
            Some(_) => !has("memory_pins"),
            None => module.is_some_and(|module| module.name == OLD),
        };
        let guess = if is_old {
            Generation::V12_5
        } else if has("opencount") {
            Generation::V26_3
        } else {
            Generation::V26_0
        };
        Self {
            name: guess.name().to_owned(),
            by: By::Guess,
        }
    }

    /// A generation that a module of a known version serves.
    pub(crate) fn by_version(generation: Generation) -> Self {
        Self {
            name: generation.name().to_owned(),
            by: By::Version,
        }
    }

    /// Whether the table has had no INIT yet.
    pub(crate) fn is_none(&self) -> bool {
        self.by == By::Status && self.name == "none"
    }

    /// The generation, where it is one that we speak.
    pub(crate) fn generation(&self) -> Option<Generation> {
        let mut known = Generation::ALL.into_iter();
        known.find(|generation| generation.name() == self.name)
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        f.write_str(match self.by {
            By::Status => "",
            By::Version => " (by the module's version)",
            By::Guess => " (a guess)",
        })
    }
}

/// The name of the generation that the C module of a version speaks, where it is known.
fn of_version(version: &str) -> Option<&'static str> {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let generation = match (major, minor) {
        (..=10, _) => return Some("10.5"),
        (11, _) | (12, ..=3) => return Some("11.5"),
        // The commands of 13.3 are those of 12.5.
        (12, _) | (13, ..=3) => Generation::V12_5,
        (13, _) => Generation::V13_5,
        (14, 0) => Generation::V14_0,
        (14, _) | (26, 0) => Generation::V26_0,
        (26, 1) => Generation::V26_1,
        (26, 2 | 3) => Generation::V26_3,
        _ => return None,
    };
    Some(generation.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OF_12_5: &str = "Refcount: 1\nControl PID: 0\nTargets: 0\nPlayers: 0\nPStreams: 0\n";
    const OF_26_0: &str = "Control PID: 0\nTargets: 0\nMemory pins: 0\nMemory: 0\n";
    const OF_26_3: &str = "Control PID: 0\nOpencount: 0\nMemory pins: 0\nMemory: 0\n";

    fn module(name: &'static str, version: Option<&str>) -> Module {
        Module {
            name,
            version: version.map(str::to_owned),
            source_version: None,
        }
    }

    fn speaks(module: Option<&Module>, status: &str) -> (String, By) {
        let status = Status::parse(status);
        let interface = Interface::of_table(module, Some(&status));
        (interface.name, interface.by)
    }

    #[test]
    fn our_tables_say_it_themselves() {
        let ours = module(OURS, Some("0.1.0"));
        for name in [
            "12.5", "13.5", "14.0", "26.0", "26.1", "26.3", "none", "27.9",
        ] {
            let status = format!("{OF_26_0}Interface:   {name}\n");
            assert_eq!(speaks(Some(&ours), &status), (name.to_owned(), By::Status));
            let interface = Interface::of_table(Some(&ours), Some(&Status::parse(&status)));
            assert_eq!(interface.is_none(), name == "none");
            let known = interface.generation().map(Generation::name);
            assert_eq!(
                known.unwrap_or("unknown"),
                match name {
                    "none" | "27.9" => "unknown",
                    name => name,
                }
            );
        }
    }

    #[test]
    fn a_c_module_is_known_by_its_version() {
        for (version, name) in [
            ("10.5.3.5", "10.5"),
            ("11.5.1.18", "11.5"),
            ("12.3.1.1", "11.5"),
            ("12.4.0.0", "12.5"),
            ("12.5.1.31", "12.5"),
            ("13.2.1.1-1", "12.5"),
            ("13.3.1.1", "12.5"),
            ("13.4.1.1", "13.5"),
            ("13.5.1.4", "13.5"),
            ("14.0.1.1", "14.0"),
            ("14.1.1.1", "26.0"),
            ("26.0.1.26", "26.0"),
            ("26.1.1.10", "26.1"),
            ("26.2.1.1", "26.3"),
            ("26.3.0.0", "26.3"),
        ] {
            // The version counts, whatever the files look like.
            let module = module(NEW, Some(version));
            assert_eq!(
                speaks(Some(&module), OF_12_5),
                (name.to_owned(), By::Version)
            );
        }
    }

    #[test]
    fn otherwise_it_is_a_guess() {
        let guess = |name: &str| (name.to_owned(), By::Guess);
        for version in [None, Some("unknown"), Some("27.0.0"), Some("26")] {
            let new = module(NEW, version);
            assert_eq!(speaks(Some(&new), OF_26_0), guess("26.0"), "{version:?}");
            assert_eq!(speaks(Some(&new), OF_26_3), guess("26.3"), "{version:?}");
        }
        assert_eq!(speaks(Some(&module(OLD, None)), OF_12_5), guess("12.5"));
        // 14.0 pins memory, too.
        assert_eq!(speaks(Some(&module(OLD, None)), OF_26_0), guess("26.0"));
        assert_eq!(speaks(None, OF_12_5), guess("12.5"));
        let by_name = |name| module(name, None).interface().map(|it| it.name);
        assert_eq!(by_name(OLD).as_deref(), Some("12.5"));
        assert_eq!(by_name(NEW).as_deref(), Some("26.0"));
        assert_eq!(by_name(OURS), None);
    }

    #[test]
    fn ours_serves_what_we_know_where_it_is_of_our_version() {
        let ours = env!("CARGO_PKG_VERSION");
        assert!(module(OURS, Some(ours)).is_of_our_version());
        assert!(!module(OURS, Some("0.0.1")).is_of_our_version());
        assert!(!module(OURS, None).is_of_our_version());
        assert!(!module(NEW, Some(ours)).is_of_our_version());
    }
}
