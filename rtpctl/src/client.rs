// SPDX-License-Identifier: GPL-2.0-only

//! The module's files under /proc/rtpengine, as a client sees them. Every refusal becomes a [`Failure`] that says
//! what was refused and what to do.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use procfs::process::Process;
use procfs::{FromRead, KernelModules};

use super::exit::{Code, Failure};
use super::foreign::Foreign;
use super::listing::{self, Listing};
use super::reasons::Reasons;
use super::status::Status;
use super::sys::SharedPages;

mod adder;
mod control;
mod lacks;
mod loops;
mod memory;
mod message;
mod module;
mod route;

pub(crate) use adder::{Added, Adder};
pub(crate) use control::Control;
use control::Mapped;
#[cfg(test)]
pub(crate) use module::By;
pub(crate) use module::{Interface, Module};

/// How much is read at once.
const PIECE: usize = 1 << 16;

/// The tree of the module's files.
#[derive(Debug)]
pub(crate) struct Client {
    proc: PathBuf,
    sys: PathBuf,
    numeric: bool,
}

/// The text commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableCommand {
    /// Make a table.
    Add,
    /// Delete it unless it is in use.
    Del,
    /// Delete it in any case.
    Kill,
}

impl TableCommand {
    /// The word of the interface.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Del => "del",
            Self::Kill => "kill",
        }
    }
}

/// A control file that no other rtpctl uses at the same time.
#[derive(Debug)]
pub(crate) struct Locked(Flock<File>);

impl Write for Locked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Mapped for Locked {
    fn map(&self, at: Option<usize>, bytes: usize) -> Result<SharedPages, Errno> {
        SharedPages::of_file(&*self.0, at, bytes)
    }
}

impl Client {
    /// A client for the tree under a mount of the proc file system. Of the module itself sysfs tells.
    pub(crate) fn new(proc: &Path, sys: &Path) -> Self {
        Self {
            proc: proc.to_owned(),
            sys: sys.to_owned(),
            numeric: false,
        }
    }

    /// Shows no names where there are numbers.
    pub(crate) fn numeric(mut self, numeric: bool) -> Self {
        self.numeric = numeric;
        self
    }

    fn root(&self) -> PathBuf {
        self.proc.join("rtpengine")
    }

    fn table_file(&self, table: u8, name: &str) -> PathBuf {
        self.root().join(table.to_string()).join(name)
    }

    /// Whether a module that serves the interface is loaded.
    pub(crate) fn module_is_loaded(&self) -> bool {
        self.root().is_dir()
    }

    /// Whether a table exists, as far as we may see.
    pub(crate) fn table_exists(&self, table: u8) -> bool {
        self.root().join(table.to_string()).is_dir()
    }

    /// The module that serves the interface, where one is loaded that we know.
    pub(crate) fn module(&self) -> Option<Module> {
        let loaded = KernelModules::from_file(self.proc.join("modules"));
        let is_loaded = |name: &str| {
            let known = loaded.as_ref();
            known.is_ok_and(|modules| modules.0.contains_key(name))
        };
        let name = module::NAMES.into_iter().find(|name| is_loaded(name))?;
        let read = |file| {
            let text = fs::read_to_string(self.sys.join("module").join(name).join(file));
            text.ok().map(|text| text.trim().to_owned())
        };
        Some(Module {
            name,
            version: read("version"),
            source_version: read("srcversion"),
        })
    }

    /// The modules that are loaded of those that serve the interface, and the parameters of the first one.
    pub(crate) fn loaded(&self) -> (Vec<&'static str>, BTreeMap<String, String>) {
        let folder = self.sys.join("module");
        let names = module::NAMES.into_iter();
        let loaded: Vec<_> = names.filter(|it| folder.join(it).is_dir()).collect();
        let first = loaded.first().map(|it| folder.join(it).join("parameters"));
        let files = first.and_then(|it| fs::read_dir(it).ok());
        let parameter = |file: fs::DirEntry| {
            let value = fs::read_to_string(file.path()).ok()?;
            Some((
                file.file_name().into_string().ok()?,
                value.trim().to_owned(),
            ))
        };
        let files = files.into_iter().flatten().filter_map(Result::ok);
        let parameters = files.filter_map(parameter).collect();
        (loaded, parameters)
    }

    /// Where proc and the kernel's objects are.
    pub(crate) fn trees(&self) -> (&Path, &Path) {
        (&self.proc, &self.sys)
    }

    /// Whether the module is one that has the xtables target alone.
    pub(crate) fn module_is_old(&self) -> bool {
        self.module().is_some_and(|module| !module.has_expression())
    }

    /// Gives a text command.
    pub(crate) fn table_command(&self, command: TableCommand, table: u8) -> Result<(), Failure> {
        let path = self.root().join("control");
        let mut file = OpenOptions::new()
            .write(true)
            .open(&path)
            .map_err(|error| self.cannot_open(&path, &error))?;
        // The line end makes up for the length below which the C module refuses a command.
        file.write_all(format!("{} {table}\n", command.word()).as_bytes())
            .map_err(|error| self.refused(command, table, &error))
    }

    /// The ids of the tables, ascending.
    pub(crate) fn tables(&self) -> Result<Vec<u8>, Failure> {
        let path = self.root().join("list");
        let text = self.read(&path, text)?;
        let mut ids: Vec<u8> = text.lines().filter_map(|l| l.trim().parse().ok()).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// A table's counters.
    pub(crate) fn status(&self, table: u8) -> Result<Status, Failure> {
        Ok(Status::parse(&self.read_of_table(table, "status", text)?))
    }

    /// What became of a table's packets.
    pub(crate) fn reasons(&self, table: u8) -> Result<Reasons, Failure> {
        let path = self.table_file(table, "reasons");
        if self.table_exists(table) && !path.exists() {
            let what = "the loaded module does not tell what becomes of packets";
            return Err(Failure::new(Code::Generation, what)
                .hint("xt_rtpengine_rs does; `rtpctl version` says which one is loaded"));
        }
        Ok(Reasons::parse(&self.read_of_table(table, "reasons", text)?))
    }

    /// A table's targets.
    pub(crate) fn list(&self, table: u8) -> Result<Listing, Failure> {
        self.read_of_table(table, "list", Listing::read)
    }

    /// The local addresses of a table's streams.
    pub(crate) fn locals(&self, table: u8) -> Result<Vec<SocketAddr>, Failure> {
        self.read_of_table(table, "list", listing::local_addresses)
    }

    /// The streams of all tables: table and local address. What may not be read is left out.
    pub(crate) fn streams(&self) -> Vec<(u8, SocketAddr)> {
        let mut streams = Vec::new();
        for table in self.tables().unwrap_or_default() {
            let file = File::open(self.table_file(table, "list"));
            let locals = file.and_then(listing::local_addresses).unwrap_or_default();
            streams.extend(locals.into_iter().map(|local| (table, local)));
        }
        streams
    }

    /// Opens a table for binary commands. Waits for another rtpctl that has it.
    pub(crate) fn control(&self, table: u8) -> Result<Control<Locked>, Failure> {
        if self.opens_once(table) {
            return Err(self.held(table));
        }
        let path = self.table_file(table, "control");
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.map_err(|error| match errno(&error) {
            Errno::ENOENT => self.no_table(table),
            Errno::EBUSY => self.held(table),
            _ => self.cannot_open(&path, &error),
        })?;
        let lock = Flock::lock(file, FlockArg::LockExclusive)
            .map_err(|(_, errno)| self.cannot_open(&path, &errno.into()))?;
        // To be asked when no other rtpctl can change it.
        let status = self.status(table).ok();
        let interface = Interface::of_table(self.module().as_ref(), status.as_ref());
        let pins = status.and_then(|status| status.number("memory_pins"));
        Ok(Control::new(Locked(lock), table, interface, pins))
    }

    /// Whether somebody holds a table that is open once at a time: that of a C module before 26.2, which can never be unloaded again
    /// after it has refused somebody.
    fn opens_once(&self, table: u8) -> bool {
        self.status(table).is_ok_and(|status| {
            let has = |key| status.text(key).is_some();
            status.holder().is_some() && !has(Status::INTERFACE) && !has("opencount")
        })
    }

    /// The name of a process, unless numbers alone are asked for.
    pub(crate) fn process_name(&self, pid: i32) -> Option<String> {
        if self.numeric {
            return None;
        }
        let process = Process::new_with_root(self.proc.join(pid.to_string())).ok()?;
        process.stat().ok().map(|stat| stat.comm)
    }

    fn read_of_table<T>(
        &self,
        table: u8,
        name: &str,
        read: impl FnOnce(File) -> io::Result<T>,
    ) -> Result<T, Failure> {
        if !self.table_exists(table) {
            return Err(self.no_table(table));
        }
        self.read(&self.table_file(table, name), read)
    }

    fn read<T>(&self, path: &Path, read: impl FnOnce(File) -> io::Result<T>) -> Result<T, Failure> {
        let read = File::open(path).and_then(read);
        read.map_err(|error| self.cannot_open(path, &error))
    }

    /// The error by which it cannot be told whether there is a table.
    fn hidden(&self, table: u8) -> Option<io::Error> {
        let looked = fs::metadata(self.root().join(table.to_string()));
        looked
            .err()
            .filter(|error| error.kind() == io::ErrorKind::PermissionDenied)
    }

    /// Says that a table is missing, or may not be seen.
    pub(crate) fn no_table(&self, table: u8) -> Failure {
        if let Some(error) = self.hidden(table) {
            return self.cannot_open(&self.root(), &error);
        }
        if !self.module_is_loaded() {
            return no_module();
        }
        Failure::new(Code::NotFound, format!("table {table} does not exist")).hint(format!(
            "`rtpctl table list` shows those that do, `rtpctl table add {table}` makes it"
        ))
    }

    /// Says that a stream is missing.
    pub(crate) fn no_stream(&self, table: u8, local: SocketAddr) -> Failure {
        let what = format!("table {table} has no stream {local}");
        Failure::new(Code::NotFound, what).hint(format!(
            "`rtpctl stream list -t {table}` shows those that it has"
        ))
    }

    /// Who holds a table open.
    fn holder(&self, table: u8) -> Option<String> {
        let pid = self.status(table).ok()?.holder()?;
        Some(match self.process_name(pid) {
            Some(name) => format!("process {pid} ({}) holds it open", Foreign(&name)),
            None => format!("process {pid} holds it open"),
        })
    }

    /// Says that a table cannot be opened because another process has.
    fn held(&self, table: u8) -> Failure {
        let holder = self
            .holder(table)
            .unwrap_or_else(|| "another process holds it open".to_owned());
        Failure::new(Code::Busy, format!("table {table} is in use: {holder}"))
            .hint("only one process at a time can fill a table: stop it, or use another table")
    }

    /// Says that a table cannot be deleted because somebody uses it.
    fn in_use(&self, table: u8) -> Failure {
        let force = format!("`rtpctl table kill {table}` removes it by force");
        match self.holder(table) {
            Some(holder) => Failure::new(
                Code::Busy,
                format!("table {table} is still in use: {holder}"),
            )
            .hint(format!("stop that process; {force}")),
            None => Failure::new(
                Code::Busy,
                format!("table {table} is still in use: a process holds it open"),
            )
            .hint(format!(
                "a rule keeps a table of the C module, too; {force}"
            )),
        }
    }

    /// Says why a file cannot be opened or read.
    fn cannot_open(&self, path: &Path, error: &io::Error) -> Failure {
        match errno(error) {
            Errno::ENOENT if !self.module_is_loaded() => no_module(),
            Errno::EACCES | Errno::EPERM => {
                permission(&format!("{} may not be opened", path.display()))
            }
            _ => Failure::new(
                Code::Refused,
                format!("cannot read or write {}: {error}", path.display()),
            ),
        }
    }

    /// Says why a text command was refused.
    fn refused(&self, command: TableCommand, table: u8, error: &io::Error) -> Failure {
        let word = command.word();
        match (errno(error), command) {
            (Errno::EEXIST, _) => {
                Failure::new(Code::Exists, format!("table {table} exists already")).hint(format!(
                    "use it as it is, or start anew after `rtpctl table del {table}`"
                ))
            }
            (Errno::ENOENT, _) => self.no_table(table),
            (Errno::EBUSY, _) => self.in_use(table),
            (Errno::EACCES | Errno::EPERM, _) => {
                permission(&format!("`{word} {table}` was refused"))
            }
            // The C module does not know the word at all.
            (Errno::EINVAL, TableCommand::Kill) if !self.table_exists(table) => {
                self.no_table(table)
            }
            (Errno::EINVAL, TableCommand::Kill) => Failure::new(
                Code::Refused,
                format!("the loaded module cannot kill a table, table {table} stays"),
            )
            .hint(format!(
                "end the process that holds it, then `rtpctl table del {table}`"
            )),
            _ => Failure::new(
                Code::Refused,
                format!("`{word} {table}` was refused: {error}"),
            ),
        }
    }
}

/// Reads to the end, in large pieces: the module of the generation 12.5 refuses small ones.
fn read_all(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = vec![0; PIECE];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(length) => bytes.extend_from_slice(piece.get(..length).unwrap_or(&piece)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn text(mut file: File) -> io::Result<String> {
    let bytes = read_all(&mut file)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The errno of an I/O error; 0 where it has none.
fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

/// Says that no module is loaded.
pub(crate) fn no_module() -> Failure {
    Failure::new(
        Code::NoModule,
        "no RTP relay module is loaded: /proc/rtpengine does not exist",
    )
    .hint("load it: `modprobe xt_rtpengine_rs`")
}

/// Says that the caller may not do what he asked for.
fn permission(what: &str) -> Failure {
    Failure::new(Code::Permission, format!("permission denied: {what}"))
        .hint("run it as root, or as the user that the module's parameter proc_uid names")
}

#[cfg(test)]
mod tests;
