// SPDX-License-Identifier: GPL-2.0-only

//! Tables that several processes change at once: what becomes of a command depends on the others, too.

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{kill, Signal};
use nix::sys::wait::waitpid;

use super::inspect::read_oddly;
use super::memory::REGION;
use super::message::Maker;
use super::model::Model;
use super::race::race;
use super::random::Random;
use super::sys;
use super::table::{call, Failure, Table};
use super::worker::Tools;

const OK: i32 = 0;
const EBUSY: i32 = Errno::EBUSY as i32;
const EEXIST: i32 = Errno::EEXIST as i32;
const ENOENT: i32 = Errno::ENOENT as i32;

/// The tables.
#[derive(Debug)]
pub(crate) struct Others {
    random: Random,
    tables: Vec<Table>,
}

impl Others {
    /// Tables of these ids, which need not exist.
    pub(crate) fn new(random: Random, ids: &[u32]) -> Self {
        Self {
            random,
            tables: ids.iter().map(|&id| Table::new(id, false)).collect(),
        }
    }

    /// Closes them.
    pub(crate) fn end(&mut self) {
        self.tables.clear();
    }

    /// Does the next thing.
    pub(crate) fn step(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        let random = &mut self.random;
        let at = random.below(self.tables.len());
        let Some(table) = self.tables.get_mut(at) else {
            return Ok(());
        };
        match random.below(800) {
            0 | 1 => {
                let word = random.pick(&["add", "del", "kill"]);
                let allowed = match word {
                    "add" => &[OK, EEXIST][..],
                    "del" => &[OK, ENOENT, EBUSY],
                    _ => &[OK, ENOENT],
                };
                tools
                    .words
                    .about(&mut tools.report, word, table.id, allowed)
                    .map(drop)
            }
            2..=6 => {
                table.handles.clear();
                Ok(())
            }
            9 => {
                let name = random.pick(&["list", "status"]);
                read_oddly(random, &table.path(name));
                read_oddly(random, "/proc/rtpengine/list");
                Ok(())
            }
            _ if table.handles.is_empty() => open(table, tools),
            7 => killed_child(random, table, tools),
            8 => race(random, table, tools),
            19 => {
                let place = (random.pick(&tools.arena.bases()), REGION);
                table.map(random, &mut tools.arena, &mut tools.report, place)
            }
            10..=18 => table.send_unreadable(random, &tools.arena, &mut tools.report),
            _ => command(random, table, tools).map(drop),
        }
    }
}

/// Opens a table, or makes it first.
fn open(table: &mut Table, tools: &mut Tools) -> Result<(), Failure> {
    match table.open(libc::O_RDWR) {
        Ok(handle) => {
            table.handles.push(handle);
            table.model = Model::default();
            Ok(())
        }
        Err(Errno::ENOENT) => {
            let allowed = [OK, EEXIST];
            tools
                .words
                .about(&mut tools.report, "add", table.id, &allowed)
                .map(drop)
        }
        Err(error) => Err(format!("{}: {error}", table.path("control"))),
    }
}

fn command(random: &mut Random, table: &mut Table, tools: &mut Tools) -> Result<i32, Failure> {
    let maker = &mut Maker {
        random,
        model: &table.model,
        arena: &tools.arena,
    };
    let message = maker.next();
    let errno = table.send(random, &tools.arena, &mut tools.report, &message)?;
    // A handle of a killed table is of no use any more, but for a while.
    if table.model.is_killed && random.one_in(8) {
        table.handles.clear();
    }
    Ok(errno)
}

/// A child fills the table, and is killed while it does.
fn killed_child(random: &mut Random, table: &mut Table, tools: &mut Tools) -> Result<(), Failure> {
    let mut childs = Random::new(random.draw());
    let child = sys::fork(|| {
        let Ok(handle) = table.open(libc::O_RDWR) else {
            return 0;
        };
        let mut model = Model::default();
        for _ in 0..1000 {
            let maker = &mut Maker {
                random: &mut childs,
                model: &model,
                arena: &tools.arena,
            };
            let message = maker.next();
            let prediction = model.predict(&tools.arena, message.sent, &message.bytes);
            if call(std::os::fd::AsFd::as_fd(&handle), &message).is_ok() {
                model.apply(prediction.effect);
            }
        }
        0
    });
    let child = child.map_err(|error| format!("fork: {error}"))?;
    for _ in 0..random.between(0, 40) {
        command(random, table, tools)?;
        if table.handles.is_empty() {
            break;
        }
    }
    let ended = kill(child, Signal::SIGKILL).and_then(|()| waitpid(child, None));
    tools.report.operation("child killed");
    ended.map(drop).map_err(|error| format!("kill: {error}"))
}
