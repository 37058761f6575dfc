// SPDX-License-Identifier: GPL-2.0-only

//! Daemons, and processes of other network namespaces.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use procfs::process::Process;

use super::facts::Daemon;
use super::gather::NET_ADMIN;

/// The name of the daemon's processes.
const NAME: &str = "rtpengine";

/// The daemons, and a process of each other network namespace with its name.
pub(super) fn read(proc: &Path) -> (Vec<Daemon>, Vec<(i32, String)>) {
    let namespace = |of: &str| fs::read_link(proc.join(of).join("ns/net")).ok();
    let own = namespace("self");
    let mut seen = BTreeSet::new();
    let (mut daemons, mut others) = (Vec::new(), Vec::new());
    let files = fs::read_dir(proc).into_iter().flatten();
    let names = files.filter_map(|it| it.ok()?.file_name().into_string().ok());
    for pid in names.filter_map(|it| it.parse::<i32>().ok()) {
        let text = pid.to_string();
        let name = fs::read_to_string(proc.join(&text).join("comm")).unwrap_or_default();
        let name = name.trim();
        let namespace = namespace(&text);
        if name == NAME {
            daemons.extend(daemon(proc, pid, namespace == own));
        }
        if namespace.is_some() && namespace != own && seen.insert(namespace) {
            others.push((pid, name.to_owned()));
        }
    }
    (daemons, others)
}

fn daemon(proc: &Path, pid: i32, is_here: bool) -> Option<Daemon> {
    let process = Process::new_with_root(proc.join(pid.to_string())).ok()?;
    let status = process.status().ok()?;
    let files = process.fd();
    let is_seen = files.is_ok();
    let files = files.into_iter().flatten().filter_map(Result::ok);
    let mut holds: Vec<u8> = files
        .filter_map(|it| match it.target {
            procfs::process::FDTarget::Path(path) => table_of(&path),
            _ => None,
        })
        .collect();
    holds.dedup();
    let root = proc.join(pid.to_string()).join("root");
    Some(Daemon {
        pid,
        uid: status.euid,
        is_admin: status.capeff & NET_ADMIN != 0,
        is_here,
        table: table_asked(&process.cmdline().ok()?, &root),
        holds,
        is_seen,
    })
}

/// The table of a control file.
fn table_of(path: &Path) -> Option<u8> {
    let text = path.to_str()?.trim_end_matches(" (deleted)");
    let (_, rest) = text.rsplit_once("/rtpengine/")?;
    rest.strip_suffix("/control")?.parse().ok()
}

/// The table that the arguments of a daemon name, or its configuration does.
fn table_asked(arguments: &[String], root: &Path) -> Option<i64> {
    let value = |long: &str, short: &str| {
        let mut arguments = arguments.iter();
        while let Some(it) = arguments.next() {
            if let Some(value) = it.strip_prefix(long).and_then(|it| it.strip_prefix('=')) {
                return Some(value.to_owned());
            }
            if it == long || it == short {
                return arguments.next().cloned();
            }
        }
        None
    };
    if let Some(table) = value("--table", "-t") {
        return table.parse().ok();
    }
    let file =
        value("--config-file", "-c").unwrap_or_else(|| "/etc/rtpengine/rtpengine.conf".to_owned());
    let path: PathBuf = root.join(file.trim_start_matches('/'));
    configured(&fs::read_to_string(path).ok()?)
}

/// The table that a configuration names.
fn configured(text: &str) -> Option<i64> {
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if let ("[rtpengine]", Some((key, value))) = (section, line.split_once('=')) {
            if key.trim() == "table" {
                return value.trim().parse().ok();
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_arguments_or_of_the_configuration() {
        let nowhere = Path::new("/nowhere");
        let of = |line: &str| {
            let arguments: Vec<_> = line.split(' ').map(str::to_owned).collect();
            table_asked(&arguments, nowhere)
        };
        assert_eq!(of("rtpengine --table=3"), Some(3));
        assert_eq!(of("rtpengine -f --table -1"), Some(-1));
        assert_eq!(of("rtpengine -t 4"), Some(4));
        assert_eq!(of("rtpengine -f"), None);
        let text = "[other]\ntable = 1\n[rtpengine]\n# table = 2\ntable = 5\n";
        assert_eq!(configured(text), Some(5));
        assert_eq!(configured("[rtpengine]\n"), None);
    }

    #[test]
    fn a_control_file_names_its_table() {
        let of = |path: &str| table_of(Path::new(path));
        assert_eq!(of("/proc/12/task/12/net/rtpengine/7/control"), Some(7));
        assert_eq!(of("/proc/rtpengine/7/control (deleted)"), Some(7));
        assert_eq!(of("/proc/rtpengine/control"), None);
        assert_eq!(of("/proc/rtpengine/7/list"), None);
    }
}
