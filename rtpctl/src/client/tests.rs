// SPDX-License-Identifier: GPL-2.0-only

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// A tree of files that looks like the module's, removed in the end.
struct Tree(PathBuf);

impl Tree {
    fn empty() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("rtpctl-test-{}-{number}", std::process::id()));
        fs::create_dir(&path).expect("a new folder");
        Self(path)
    }

    fn with(files: &[(&str, &str)]) -> Self {
        let tree = Self::empty();
        for (name, text) in files {
            let path = tree.0.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
            fs::write(path, text).expect("a file");
        }
        tree
    }

    fn client(&self) -> Client {
        Client::new(&self.0, &self.0.join("sys"))
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn error(errno: Errno) -> io::Error {
    io::Error::from_raw_os_error(errno as i32)
}

#[test]
fn a_command_is_one_line_of_text() {
    let tree = Tree::with(&[("rtpengine/control", "")]);
    tree.client()
        .table_command(TableCommand::Add, 3)
        .expect("a file that takes it");
    let text = fs::read_to_string(tree.0.join("rtpengine/control")).expect("the file");
    assert_eq!(text, "add 3\n");
}

#[test]
fn tables_are_listed_in_order() {
    let tree = Tree::with(&[("rtpengine/list", "12\n3\nnonsense\n0\n")]);
    assert_eq!(tree.client().tables().expect("a list"), [0, 3, 12]);
}

#[test]
fn without_a_module_everything_says_so() {
    let tree = Tree::empty();
    let client = tree.client();
    let failures = [
        client.tables().err(),
        client.table_command(TableCommand::Del, 1).err(),
        client.status(1).err(),
        client.list(1).err(),
        client.control(1).err(),
    ];
    for failure in failures {
        let failure = failure.expect("a refusal");
        assert_eq!(failure.code, Code::NoModule, "{}", failure.what);
    }
}

#[test]
fn a_missing_table_is_told_from_a_missing_module() {
    let tree = Tree::with(&[("rtpengine/list", "")]);
    let client = tree.client();
    for failure in [
        client.status(7).err(),
        client.list(7).err(),
        client.control(7).err(),
    ] {
        let failure = failure.expect("a refusal");
        assert_eq!(failure.code, Code::NotFound);
        assert_eq!(failure.what, "table 7 does not exist");
    }
}

#[test]
fn refusals_of_text_commands_have_their_codes() {
    let tree = Tree::with(&[("rtpengine/3/status", "Control PID: 0\n")]);
    let client = tree.client();
    for (command, errno, code) in [
        (TableCommand::Add, Errno::EEXIST, Code::Exists),
        (TableCommand::Del, Errno::ENOENT, Code::NotFound),
        (TableCommand::Kill, Errno::ENOENT, Code::NotFound),
        (TableCommand::Del, Errno::EBUSY, Code::Busy),
        (TableCommand::Add, Errno::EPERM, Code::Permission),
        (TableCommand::Add, Errno::EACCES, Code::Permission),
        (TableCommand::Kill, Errno::EINVAL, Code::Refused),
        (TableCommand::Add, Errno::EINVAL, Code::Refused),
        (TableCommand::Add, Errno::ENOMEM, Code::Refused),
    ] {
        let failure = client.refused(command, 3, &error(errno));
        assert_eq!(failure.code, code, "{command:?} {errno}: {}", failure.what);
        assert!(failure.what.contains('3'), "{}", failure.what);
    }
    let failure = client.refused(TableCommand::Kill, 4, &error(Errno::EINVAL));
    assert_eq!(failure.code, Code::NotFound);
}

#[test]
fn a_table_in_use_names_its_holder() {
    let pid = std::process::id();
    let status = format!("Control PID: {pid}\n");
    let tree = Tree::with(&[("rtpengine/3/status", &status)]);
    // The process has no entry in this tree, so it has no name.
    let client = tree.client();
    let failure = client.refused(TableCommand::Del, 3, &error(Errno::EBUSY));
    assert_eq!(
        failure.what,
        format!("table 3 is still in use: process {pid} holds it open")
    );
    assert_eq!(
        failure.hint.as_deref(),
        Some("stop that process; `rtpctl table kill 3` removes it by force")
    );
    assert_eq!(
        client.held(3).what,
        format!("table 3 is in use: process {pid} holds it open")
    );
}

#[test]
fn a_table_may_be_in_use_without_a_known_holder() {
    let tree = Tree::with(&[("rtpengine/3/status", "Control PID: 0\n")]);
    let failure = tree
        .client()
        .refused(TableCommand::Del, 3, &error(Errno::EBUSY));
    assert_eq!(
        failure.what,
        "table 3 is still in use: a process holds it open"
    );
    assert_eq!(
        failure.hint.as_deref(),
        Some(
            "a rule keeps a table of the C module, too; `rtpctl table kill 3` removes it by force"
        )
    );
}

#[test]
fn a_process_has_a_name() {
    let client = Client::new(Path::new("/proc"), Path::new("/sys"));
    let pid = std::process::id().try_into().expect("a pid");
    assert!(client
        .process_name(pid)
        .is_some_and(|name| name.starts_with("rtpctl")));
    assert_eq!(client.process_name(i32::MAX), None);
}

#[test]
fn the_number_of_ranges_comes_from_the_status() {
    let tree = Tree::with(&[
        ("rtpengine/3/status", "Memory pins: 5\n"),
        ("rtpengine/3/control", ""),
    ]);
    let control = tree.client().control(3).expect("a file");
    assert!(format!("{control:?}").contains("pins: Some(5)"));
}

#[test]
fn a_table_is_open_for_one_of_us_at_a_time() {
    let tree = Tree::with(&[("rtpengine/3/status", ""), ("rtpengine/3/control", "")]);
    let held = tree.client().control(3).expect("a file");
    let again = fs::File::open(tree.0.join("rtpengine/3/control")).expect("a file");
    let again = Flock::lock(again, FlockArg::LockSharedNonblock)
        .expect_err("locked")
        .0;
    drop(held);
    assert!(Flock::lock(again, FlockArg::LockSharedNonblock).is_ok());
}

#[test]
fn the_old_module_is_known_by_its_name() {
    let old = "xt_RTPENGINE 262144 1 - Live 0x0000000000000000 (OE)\n";
    let new = "nft_rtpengine 262144 1 - Live 0x0000000000000000 (OE)\n";
    assert!(Tree::with(&[("modules", old)]).client().module_is_old());
    assert!(!Tree::with(&[("modules", new)]).client().module_is_old());
    assert!(!Tree::empty().client().module_is_old());
}

#[test]
fn a_module_is_known_with_its_versions() {
    let modules = "veth 1 0 - Live 0x0\nxt_rtpengine_rs 262144 1 - Live 0x0000000000000000 (OE)\n";
    let tree = Tree::with(&[
        ("modules", modules),
        ("sys/module/xt_rtpengine_rs/version", "0.1.0\n"),
    ]);
    let module = tree.client().module().expect("a module");
    assert_eq!(module.name, "xt_rtpengine_rs");
    assert_eq!(module.version.as_deref(), Some("0.1.0"));
    assert_eq!(module.source_version, None);
    assert_eq!(
        Tree::with(&[("modules", "veth 1 0 - Live 0x0\n")])
            .client()
            .module(),
        None
    );
}

#[test]
fn what_may_be_open_once_is_not_opened_while_somebody_holds_it() {
    for (status, opens) in [
        ("Control PID: 1\n", false),
        ("Control PID: 0\n", true),
        ("Control PID: 1\nOpencount: 1\n", true),
        ("Control PID: 1\nInterface: 26.0\n", true),
    ] {
        let tree = Tree::with(&[("rtpengine/3/status", status), ("rtpengine/3/control", "")]);
        let opened = tree.client().control(3).map_err(|failure| failure.code);
        assert_eq!(opened.err(), (!opens).then_some(Code::Busy), "{status}");
    }
}

#[test]
fn what_a_table_speaks_comes_from_the_status() {
    let tree = Tree::with(&[
        ("rtpengine/3/status", "Memory pins: 5\nInterface: 13.5\n"),
        ("rtpengine/3/control", ""),
    ]);
    let control = tree.client().control(3).expect("a file");
    assert!(format!("{control:?}").contains("13.5"));
}

/// A file that refuses small reads and gives little at a time.
struct Proud(u8);

impl Read for Proud {
    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        if piece.len() < 4096 {
            return Err(error(Errno::EINVAL));
        }
        self.0 += 1;
        match (self.0, piece.first_mut()) {
            (1, _) => Err(error(Errno::EINTR)),
            (2..=4, Some(byte)) => {
                *byte = self.0;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

#[test]
fn files_are_read_in_large_pieces_to_the_end() {
    assert_eq!(read_all(&mut Proud(0)).expect("all of it"), [2, 3, 4]);
}
