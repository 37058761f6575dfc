// SPDX-License-Identifier: GPL-2.0-only

//! The files under `/proc/rtpengine`.

mod keys;
mod list;
mod target;

use crate::{
    command::Holder,
    rtp_wire::text::{self, TextCommand},
    sys::{
        opener::Opener,
        proc::{self, Directory, Entry, Handle},
        view,
    },
    table::{registry, Table},
};
use kernel::{
    prelude::*,
    str::CString,
    sync::{Arc, ArcBorrow},
    uaccess::UserSlice,
};
use list::{Status, Tables, Targets};

/// `/proc/rtpengine` itself. The files go before their directory.
pub(crate) struct Root {
    _control: Entry<Main>,
    _list: Entry<Main>,
    directory: Arc<Directory>,
}

/// What the files of the root belong to.
pub(crate) struct Main;

impl Root {
    /// Makes the directory and its files.
    ///
    /// # Errors
    ///
    /// `EEXIST` when the directory cannot be made, as when another module has it.
    pub(crate) fn new() -> Result<Self> {
        let directory = Directory::new(c"rtpengine", None).map_err(|_| {
            pr_err!("cannot make /proc/rtpengine; unload nft_rtpengine or xt_RTPENGINE first\n");
            EEXIST
        })?;
        let directory = Arc::new(directory, GFP_KERNEL)?;
        let main = Arc::new(Main, GFP_KERNEL)?;
        Ok(Self {
            _control: proc::control::<Words>(c"control", 0o220, &directory, main.clone())?,
            _list: view::readable::<Tables>(c"list", 0o444, &directory, main)?,
            directory,
        })
    }

    /// The directory, for those of the tables.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        self.directory.clone()
    }
}

/// The files of one table. They go before their directory.
pub(crate) struct Files {
    _control: Entry<Table>,
    _status: Entry<Table>,
    _list: Entry<Table>,
    _directory: Directory,
}

impl Files {
    /// Makes the files.
    ///
    /// # Errors
    ///
    /// `ENOMEM` when there is no memory.
    pub(crate) fn new(root: &Directory, table: &Arc<Table>) -> Result<Self> {
        let name = CString::try_from_fmt(fmt!("{}", table.id()))?;
        let directory = Directory::new(&name, Some(root))?;
        Ok(Self {
            _control: proc::control::<Holder>(c"control", 0o660, &directory, table.clone())?,
            _status: view::readable::<Status>(c"status", 0o444, &directory, table.clone())?,
            _list: view::readable::<Targets>(c"list", 0o444, &directory, table.clone())?,
            _directory: directory,
        })
    }
}

/// A holder of `/proc/rtpengine/control`, which takes text commands.
struct Words;

impl Handle for Words {
    type Node = Main;

    fn open(_main: ArcBorrow<'_, Main>, opener: &Opener<'_>) -> Result<Self> {
        if opener.may_control() {
            Ok(Self)
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
            TextCommand::Add(id) => registry::add(id),
            TextCommand::Delete(id) => registry::delete(id),
            TextCommand::Kill(id) => registry::kill(id),
        }?;
        Ok(length)
    }

    fn read(&self, _command: UserSlice) -> Result<usize> {
        Err(EINVAL)
    }
}
