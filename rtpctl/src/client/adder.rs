// SPDX-License-Identifier: GPL-2.0-only

//! Adds streams, few or many: what is asked of the host is asked once.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};

use super::super::config::StreamConfig;
use super::super::exit::{Code, Failure};
use super::{loops, route, Client, Control, Locked};

/// What became of streams that were added together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Added {
    /// Streams that are there now.
    pub(crate) streams: u64,
    /// Those among them that came in the place of another.
    pub(crate) replaced: u64,
}

/// Adds streams of one table or of several.
#[derive(Debug)]
pub(crate) struct Adder<'a> {
    client: &'a Client,
    /// Whether a stream with the same local address is replaced.
    replaces: bool,
    /// The table that is open.
    control: Option<Control<Locked>>,
    /// All streams there are, with their tables.
    streams: HashMap<SocketAddr, u8>,
    /// Sources and destinations that have a route.
    routed: HashSet<(IpAddr, IpAddr)>,
}

impl<'a> Adder<'a> {
    /// One that knows the streams there are. `replaces` says whether one with the same local address is replaced.
    pub(crate) fn new(client: &'a Client, replaces: bool) -> Self {
        let streams = client.streams().into_iter();
        Self {
            client,
            replaces,
            control: None,
            streams: streams.map(|(table, local)| (local, table)).collect(),
            routed: HashSet::new(),
        }
    }

    /// Adds streams of one table, all or none of them. What is doubtful about them is returned, a sentence each.
    ///
    /// # Errors
    ///
    /// Those of the table, of routes, and of the module. A stream that was replaced before another failed stays replaced, which the
    /// failure says.
    pub(crate) fn add(
        &mut self,
        configs: &[StreamConfig],
    ) -> Result<(Added, Vec<String>), Failure> {
        if let Some(config) = configs.first() {
            self.open(config.table)?;
        }
        let mut sentences = Vec::new();
        for config in configs {
            sentences.extend(route::check(config, &mut self.routed)?);
        }
        let mut added = Added::default();
        let mut new = Vec::new();
        for config in configs {
            let done = self
                .open(config.table)
                .and_then(|(control, replaces)| match replaces {
                    true => control.replace_stream(config),
                    false => control.add_stream(config).map(|()| false),
                });
            match done {
                Err(failure) => return Err(self.take_back(&new, added, failure)),
                Ok(true) => added.replaced = added.replaced.saturating_add(1),
                Ok(false) => new.push(config),
            }
            added.streams = added.streams.saturating_add(1);
        }
        for config in configs {
            sentences.extend(loops::find(config, &self.streams));
        }
        let locals = configs.iter().map(|config| (config.local, config.table));
        self.streams.extend(locals);
        Ok((added, sentences))
    }

    /// Lets others have the table, until there is more to be added.
    pub(crate) fn pause(&mut self) {
        self.control = None;
    }

    fn open(&mut self, table: u8) -> Result<(&mut Control<Locked>, bool), Failure> {
        if self.control.as_ref().is_some_and(|it| it.table() != table) {
            self.control = None;
        }
        let control = match self.control.take() {
            Some(control) => control,
            None => self.client.control(table)?,
        };
        Ok((self.control.insert(control), self.replaces))
    }

    /// Removes those that were added before one failed.
    fn take_back(&mut self, new: &[&StreamConfig], added: Added, failure: Failure) -> Failure {
        let Failure {
            code,
            mut what,
            hint,
        } = failure;
        let mut left = 0u64;
        for config in new {
            let gone = self
                .open(config.table)
                .and_then(|(control, _)| control.del_stream(config.local));
            left = left.saturating_add(u64::from(gone.is_err_and(|it| it.code != Code::NotFound)));
        }
        if left != 0 {
            what.push_str(&format!(
                "; {left} streams that were added before could not be removed"
            ));
        }
        if added.replaced != 0 {
            what.push_str(&format!(
                "; {} were replaced before, and stay so",
                added.replaced
            ));
        }
        Failure { code, what, hint }
    }
}
