// SPDX-License-Identifier: GPL-2.0-only

//! A table that nobody else changes: of every command it is known what becomes of it.

use std::net::UdpSocket;

use nix::errno::Errno;
use nix::libc;

use super::confusion::confuse;
use super::inspect::{check, read_by, read_oddly, settled};
use super::memory::{Arena, LARGE, REGION};
use super::message::{Maker, Message};
use super::model::Model;
use super::random::Random;
use super::table::{Failure, Table};
use super::worker::Tools;

mod handles;
mod ways;

const OK: i32 = 0;
const EBUSY: i32 = Errno::EBUSY as i32;
const EEXIST: i32 = Errno::EEXIST as i32;
const ENOENT: i32 = Errno::ENOENT as i32;

/// How often, in steps, a table is made anew.
const LIFETIME: usize = 1500;
/// How many messages a killed table still gets.
const AFTER_DEATH: usize = 20;

/// The table.
#[derive(Debug)]
pub(crate) struct Own {
    random: Random,
    table: Table,
    socket: Option<UdpSocket>,
}

impl Own {
    /// Makes the table.
    pub(crate) fn new(random: Random, id: u32, tools: &mut Tools) -> Result<Self, Failure> {
        let mut own = Self {
            random,
            table: Table::new(id, true),
            socket: UdpSocket::bind("127.0.0.1:0").ok(),
        };
        // One that a rule kept, when there was a run before this one.
        own.say(tools, "kill", &[OK, ENOENT])?;
        own.add(tools)?;
        Ok(own)
    }

    fn say(&self, tools: &mut Tools, word: &str, allowed: &[i32]) -> Result<i32, Failure> {
        tools
            .words
            .about(&mut tools.report, word, self.table.id, allowed)
    }

    fn add(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        self.say(tools, "add", &[OK])?;
        self.table.model = Model::default();
        self.open(libc::O_RDWR)?;
        Arena::unmap_large();
        if self.random.one_in(4) {
            // As a daemon of 13.5.
            let (random, table) = (&mut self.random, &mut self.table);
            table.map(random, &mut tools.arena, &mut tools.report, LARGE)?;
        }
        Ok(())
    }

    fn open(&mut self, flags: i32) -> Result<(), Failure> {
        let opened = self.table.open(flags);
        let handle = opened.map_err(|error| format!("{}: {error}", self.table.path("control")))?;
        self.table.handles.push(handle);
        Ok(())
    }

    /// Removes the table.
    pub(crate) fn end(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        check(&mut self.random, &self.table)?;
        self.table.handles.clear();
        // A rule that somebody added keeps it.
        self.say(tools, "del", &[OK, EBUSY]).map(drop)
    }

    /// Does the next thing.
    pub(crate) fn step(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        match self.random.below(LIFETIME) {
            // Often enough for each generation to have its turn.
            0 | 142 | 143 => self.renew(tools),
            144..=146 => self.map(tools),
            1 => {
                tools.report.operation("list and status compared");
                check(&mut self.random, &self.table)
            }
            2 => self.refused_changes_nothing(tools),
            3 => self.fork(tools),
            4..=30 => self.rearrange_handles(tools),
            31..=50 => self.text(tools),
            51..=70 => self.odd_call(tools),
            71..=80 => {
                tools.report.operation("payload types confused");
                confuse(
                    &mut self.random,
                    &mut self.table,
                    &mut tools.arena,
                    &mut tools.report,
                )
            }
            81..=110 => {
                let (random, table) = (&mut self.random, &mut self.table);
                table.send_unreadable(random, &tools.arena, &mut tools.report)
            }
            111..=140 => self.together(tools),
            141 => {
                let name = self.random.pick(&["list", "status"]);
                tools.report.operation("list and status read oddly");
                read_oddly(&mut self.random, &self.table.path(name));
                Ok(())
            }
            147..=230 => {
                let done = tools.arena.disturb(&mut self.random);
                tools.report.operation(done);
                Ok(())
            }
            231..=270 => {
                self.packet(tools);
                Ok(())
            }
            // Without any memory little else comes about, and a daemon of 12.5 or 13.5 pins none.
            271..=290 if self.has_no_memory(tools) => self.map(tools),
            _ => self.command(tools).map(drop),
        }
    }

    fn has_no_memory(&mut self, tools: &Tools) -> bool {
        let maker = Maker {
            random: &mut self.random,
            model: &self.table.model,
            arena: &tools.arena,
        };
        maker.regions().is_empty()
    }

    /// Has memory of the module in place of a region, as a daemon of 12.5 has.
    fn map(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        let base = self.random.pick(&tools.arena.bases());
        let (random, table) = (&mut self.random, &mut self.table);
        table.map(random, &mut tools.arena, &mut tools.report, (base, REGION))
    }

    fn message(&mut self, tools: &Tools) -> Message {
        Maker {
            random: &mut self.random,
            model: &self.table.model,
            arena: &tools.arena,
        }
        .next()
    }

    fn command(&mut self, tools: &mut Tools) -> Result<i32, Failure> {
        let message = self.message(tools);
        let (random, table) = (&mut self.random, &mut self.table);
        table.send(random, &tools.arena, &mut tools.report, &message)
    }

    /// Removes the table and makes it anew.
    fn renew(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        if self.random.flip() {
            self.table.handles.clear();
            if self.say(tools, "del", &[OK, EBUSY])? == EBUSY {
                self.say(tools, "kill", &[OK])?;
            }
        } else {
            self.say(tools, "kill", &[OK])?;
            self.table.model.is_killed = true;
            let is_new_already = self.random.flip();
            let dead = std::mem::take(&mut self.table.handles);
            if is_new_already {
                self.say(tools, "add", &[OK])?;
            }
            self.table.handles = dead;
            for _ in 0..AFTER_DEATH {
                self.command(tools)?;
            }
            self.table.handles.clear();
            if is_new_already {
                self.say(tools, "del", &[OK, EBUSY])?;
                self.say(tools, "kill", &[OK, ENOENT])?;
            }
        }
        let word = self.random.pick(&["del", "kill"]);
        self.say(tools, word, &[ENOENT])?;
        match self.table.open(libc::O_RDWR) {
            Err(Errno::ENOENT) => self.add(tools),
            other => Err(format!("table {} can be opened: {other:?}", self.table.id)),
        }
    }

    /// A refused command leaves the table as it was.
    fn refused_changes_nothing(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        let read = |name: &str| {
            let text = read_by(&self.table.path(name), 65_536);
            text.map_err(|error| format!("{}: {error}", self.table.path(name)))
        };
        let before = (read("list")?, read("status")?);
        let mut refused = 0;
        for _ in 0..40 {
            let message = self.message(tools);
            let model = &self.table.model;
            let prediction = model.predict(&tools.arena, message.sent, &message.bytes);
            if prediction.allowed.contains(&OK) {
                continue;
            }
            let (random, table) = (&mut self.random, &mut self.table);
            table.send(random, &tools.arena, &mut tools.report, &message)?;
            refused += 1;
        }
        let read = |name: &str| read_by(&self.table.path(name), 65_536).unwrap_or_default();
        let after = (read("list"), read("status"));
        tools
            .report
            .operation("list compared around refused commands");
        // Rules come and go, and count.
        let status = |text: &str| text.lines().skip(1).collect::<Vec<_>>().join("\n");
        if settled(&before.0) != settled(&after.0) || status(&before.1) != status(&after.1) {
            return Err(format!(
                "table {}: {refused} refused commands changed it from\n{}{}to\n{}{}",
                self.table.id, before.1, before.0, after.1, after.0
            ));
        }
        Ok(())
    }

    fn text(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        match self.random.below(4) {
            0 => self.say(tools, "add", &[EEXIST]).map(drop),
            1 => self.say(tools, "del", &[EBUSY]).map(drop),
            _ => tools.words.garbage(&mut self.random, &mut tools.report),
        }
    }
}
