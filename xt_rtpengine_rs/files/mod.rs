// SPDX-License-Identifier: GPL-2.0-only

//! The files under `/proc/rtpengine`, a link to those of the reader's network namespace.

mod keys;
mod list;
mod reasons;
mod target;
mod walk;

use crate::{
    command::Holder,
    rtp_wire::text::{self, TextCommand},
    sys::{
        memory::Mapping,
        net::Namespace,
        opener::Opener,
        proc::{self, Directory, Entry, Handle, Link},
        view,
    },
    table::{self, Tables},
};
use kernel::{
    prelude::*,
    str::CString,
    sync::{Arc, ArcBorrow},
    uaccess::UserSlice,
};
use list::{Ids, Status, Targets};
use reasons::Reasons;

/// `/proc/rtpengine`. The link is that of a thread: it may be in another namespace than its process, and
/// outlive the first one.
pub(crate) fn link() -> Result<Link> {
    Link::new(c"rtpengine", c"thread-self/net/rtpengine")
}

/// Looks whether another module has `/proc/rtpengine`.
///
/// # Errors
///
/// `EEXIST` when one has.
pub(crate) fn check_free() -> Result {
    if proc::exists(c"/proc/rtpengine") {
        pr_err!("/proc/rtpengine is there already; unload nft_rtpengine or xt_RTPENGINE first\n");
        return Err(EEXIST);
    }
    Ok(())
}

/// The directory of a namespace, and the files that are not those of a table. They go before it.
pub(crate) struct Root {
    _control: Entry<Tables>,
    _list: Entry<Tables>,
    directory: Directory,
}

impl Root {
    /// Makes the directory and its files.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(net: Namespace<'_>, tables: &Arc<Tables>) -> Result<Self> {
        let directory = Directory::of_namespace(net, c"rtpengine")?;
        Ok(Self {
            _control: proc::control::<TextControl>(c"control", 0o222, &directory, tables.clone())?,
            _list: view::readable::<Ids>(c"list", 0o444, &directory, tables.clone())?,
            directory,
        })
    }
}

/// The files of one table. They go before their directory.
pub(crate) struct Table {
    _control: Entry<table::Table>,
    _status: Entry<table::Table>,
    _list: Entry<table::Table>,
    _reasons: Entry<table::Table>,
    _directory: Directory,
}

impl Table {
    /// Makes the files.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(crate) fn new(root: &Root, table: &Arc<table::Table>) -> Result<Self> {
        let name = CString::try_from_fmt(fmt!("{}", table.id()))?;
        let directory = Directory::new(&name, &root.directory)?;
        Ok(Self {
            _control: proc::control::<Holder>(c"control", 0o666, &directory, table.clone())?,
            _status: view::readable::<Status>(c"status", 0o444, &directory, table.clone())?,
            _list: view::readable::<Targets>(c"list", 0o444, &directory, table.clone())?,
            _reasons: view::readable::<Reasons>(c"reasons", 0o444, &directory, table.clone())?,
            _directory: directory,
        })
    }
}

/// An open `/proc/rtpengine/control`, which takes text commands. They are those of the namespace whose file
/// was opened, whoever writes.
struct TextControl(Arc<Tables>);

impl Handle for TextControl {
    type Node = Tables;

    fn open(tables: ArcBorrow<'_, Tables>, opener: &Opener<'_>) -> Result<Self> {
        if opener.may_control() {
            Ok(Self(tables.into()))
        } else {
            Err(EPERM)
        }
    }

    fn write(&self, command: UserSlice) -> Result<usize> {
        let mut reader = command.reader();
        let length = reader.len();
        let mut buffer = [0; 16];
        let text = buffer.get_mut(..length).ok_or(EINVAL)?;
        reader.read_slice(text)?;
        match text::parse(text).ok_or(EINVAL)? {
            TextCommand::Add(id) => self.0.add(id),
            TextCommand::Delete(id) => self.0.remove(id, false),
            TextCommand::Kill(id) => self.0.remove(id, true),
        }?;
        Ok(length)
    }

    fn read(&self, _command: UserSlice) -> Result<usize> {
        Err(EINVAL)
    }

    fn map(&self, _mapping: &Mapping<'_>) -> Result {
        Err(ENODEV)
    }
}
