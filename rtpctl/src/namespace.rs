// SPDX-License-Identifier: GPL-2.0-only

//! Another network namespace than the one that rtpctl was started in.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sched::{setns, CloneFlags};

use super::exit::{Code, Failure};
use super::foreign::Foreign;

/// Where `ip netns` keeps those that have a name.
const NAMED: &str = "/run/netns";

/// Goes to the network namespace of a name, or of a process. There is one thread yet, which all others come from.
pub(crate) fn enter(name: &str, proc: &Path) -> Result<(), Failure> {
    let refused = |error: io::Error| cannot(name, &error);
    let file = File::open(place(name, proc)).map_err(refused)?;
    setns(file, CloneFlags::CLONE_NEWNET).map_err(|errno| refused(errno.into()))
}

/// Where the namespace is found: a number is that of a process.
fn place(name: &str, proc: &Path) -> PathBuf {
    if name.parse::<u32>().is_ok() {
        proc.join(name).join("ns/net")
    } else {
        Path::new(NAMED).join(name)
    }
}

fn cannot(name: &str, error: &io::Error) -> Failure {
    let name = Foreign(name);
    match Errno::from_raw(error.raw_os_error().unwrap_or(0)) {
        Errno::ENOENT => Failure::new(
            Code::NotFound,
            format!("there is no network namespace {name}"),
        )
        .hint("`ip netns list` shows those with a name; a number is that of a process"),
        Errno::EACCES | Errno::EPERM => Failure::new(
            Code::Permission,
            format!("permission denied: the network namespace {name} may not be entered"),
        )
        .hint("run it as root"),
        _ => Failure::new(
            Code::Refused,
            format!("cannot enter the network namespace {name}: {error}"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_process_and_a_word_a_name() {
        let proc = Path::new("/proc");
        assert_eq!(place("7", proc), Path::new("/proc/7/ns/net"));
        assert_eq!(place("red", proc), Path::new("/run/netns/red"));
    }

    #[test]
    fn what_is_not_there_is_told_from_what_may_not_be_entered() {
        for (errno, code) in [
            (Errno::ENOENT, Code::NotFound),
            (Errno::EPERM, Code::Permission),
            (Errno::EINVAL, Code::Refused),
        ] {
            assert_eq!(cannot("red", &io::Error::from(errno)).code, code, "{errno}");
        }
        let failure = enter("no such one", Path::new("/proc")).expect_err("none");
        assert_eq!(failure.what, "there is no network namespace no such one");
    }
}
