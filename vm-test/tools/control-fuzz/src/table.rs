// SPDX-License-Identifier: GPL-2.0-only

//! A table: who has it open, and what becomes of messages to it.

use std::fmt::Write;
use std::fs::OpenOptions;
use std::io::IoSlice;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;
use nix::libc;
use nix::sys::uio::writev;
use rtp_wire::{parse, CommandNumber, Direction, Generation, Refusal, Request};

use super::inspect::read_by;
use super::memory::Arena;
use super::message::Message;
use super::model::{number_of, states, Effect, Model, Pin, Prediction};
use super::random::Random;
use super::report::{command_name, outcome, Report};
use super::sys;

/// A table as one process sees it.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its id.
    pub(crate) id: u32,
    /// Whether nobody else changes it, so that the model is right.
    pub(crate) is_own: bool,
    /// Its control file, as often as it is open.
    pub(crate) handles: Vec<OwnedFd>,
    /// What it should be like.
    pub(crate) model: Model,
}

/// What does not agree with the model.
pub(crate) type Failure = String;

impl Table {
    /// A table that is not open.
    pub(crate) fn new(id: u32, is_own: bool) -> Self {
        Self {
            id,
            is_own,
            handles: Vec::new(),
            model: Model::default(),
        }
    }

    /// Its file of that name.
    pub(crate) fn path(&self, name: &str) -> String {
        format!("/proc/rtpengine/{}/{name}", self.id)
    }

    /// Opens its control file.
    pub(crate) fn open(&self, flags: i32) -> Result<OwnedFd, Errno> {
        let access = flags & libc::O_ACCMODE;
        OpenOptions::new()
            .read(access != libc::O_WRONLY)
            .write(access != libc::O_RDONLY)
            .custom_flags(flags & !libc::O_ACCMODE)
            .open(self.path("control"))
            .map(OwnedFd::from)
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))
    }

    /// One of its handles.
    pub(crate) fn handle(&self, random: &mut Random) -> Result<BorrowedFd<'_>, Failure> {
        let handle = random.choose(&self.handles).map(AsFd::as_fd);
        handle.ok_or_else(|| format!("table {} is not open", self.id))
    }

    /// Sends a message, and checks what becomes of it.
    pub(crate) fn send(
        &mut self,
        random: &mut Random,
        arena: &Arena,
        report: &mut Report,
        message: &Message,
    ) -> Result<i32, Failure> {
        let result = call(self.handle(random)?, message);
        self.judge(arena, report, message, result)
    }

    /// Checks what became of a message. Returns the error number.
    pub(crate) fn judge(
        &mut self,
        arena: &Arena,
        report: &mut Report,
        message: &Message,
        result: Result<usize, Errno>,
    ) -> Result<i32, Failure> {
        let errno = match result {
            Ok(length) if length == message.bytes.len() => 0,
            Ok(length) => return Err(self.describe(message, &format!("{length} bytes are taken"))),
            Err(errno) => errno as i32,
        };
        report.command(command_name(&message.bytes), errno);
        let (sent, bytes) = (message.sent, message.bytes.as_slice());
        let mut prediction = if self.is_own {
            self.model.predict(arena, sent, bytes)
        } else {
            self.model.predict_in_any(arena, sent, bytes)
        };
        if !self.is_own {
            loosen(&mut prediction, &self.model, message);
        } else if !self.model.is_killed
            && message.made_for.is_some_and(|made_for| made_for != errno)
        {
            let made_for = outcome(message.made_for.unwrap_or(0));
            let what = format!("made for {made_for}, it is {}", outcome(errno));
            return Err(self.describe(message, &what));
        }
        if !prediction.allowed.contains(&errno) {
            let allowed: Vec<String> = prediction.allowed.iter().copied().map(outcome).collect();
            let what = format!(
                "expected {allowed:?} {}, it is {}",
                prediction.class,
                outcome(errno)
            );
            return Err(self.describe(message, &what));
        }
        let is_settled = errno == Errno::EBUSY as i32;
        if errno == 0 {
            if let Effect::Init(generation) = prediction.effect {
                report.operation(&format!("INIT of {generation}"));
            }
            self.model.apply(prediction.effect);
        } else if is_settled && !self.is_own && number_of(bytes) == Some(CommandNumber::Init) {
            // Somebody else was first.
            self.model.generation = self.settled();
        } else if self.is_own {
            report.refusal(&prediction.class);
        } else if errno == Errno::ENOENT as i32 && says_killed(message) {
            self.model.is_killed = true;
        }
        Ok(errno)
    }

    /// What `status` says of its generation.
    fn settled(&self) -> Option<Generation> {
        let status = read_by(&self.path("status"), 4096).ok()?;
        let mut lines = status.lines();
        let name = lines
            .find_map(|line| line.strip_prefix("Interface:"))?
            .trim();
        let mut all = Generation::ALL.into_iter();
        all.find(|generation| generation.name() == name)
    }

    /// Maps memory of the module there, with the control file, in place of what is there.
    pub(crate) fn map(
        &mut self,
        random: &mut Random,
        arena: &mut Arena,
        report: &mut Report,
        place: (u64, u64),
    ) -> Result<(), Failure> {
        let result = arena.map_file(self.handle(random)?, place.0, place.1);
        self.mapped(report, place, result)
    }

    /// Checks what became of a mapping.
    pub(crate) fn mapped(
        &mut self,
        report: &mut Report,
        (start, size): (u64, u64),
        result: Result<(), Errno>,
    ) -> Result<(), Failure> {
        report.operation("mmap of the control file");
        match result {
            Ok(()) if !self.model.is_killed => self.model.pins.push(Pin { start, size }),
            Err(Errno::ENOENT) if self.model.is_killed || !self.is_own => {
                self.model.is_killed = true;
            }
            other => {
                return Err(format!(
                    "table {}: mmap of {size} bytes at {start:#x}: {other:?}",
                    self.id
                ))
            }
        }
        Ok(())
    }

    /// Sends several messages with one `writev`, where it is known what becomes of each.
    pub(crate) fn send_together(
        &mut self,
        random: &mut Random,
        arena: &Arena,
        report: &mut Report,
        parts: &[&[u8]],
    ) -> Result<(), Failure> {
        let mut model = self.model.clone();
        let (mut taken, mut refused) = (0, None);
        let mut counted = Vec::new();
        for part in parts {
            let prediction = model.predict(arena, Direction::Write, part);
            let &[errno] = prediction.allowed.as_slice() else {
                return Ok(());
            };
            counted.push((command_name(part), errno));
            if errno != 0 {
                refused = Some(errno);
                break;
            }
            model.apply(prediction.effect);
            taken += part.len();
        }
        let expected = match refused {
            Some(errno) if taken == 0 => Err(Errno::from_raw(errno)),
            _ => Ok(taken),
        };
        let slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        let result = writev(self.handle(random)?, &slices);
        if result != expected {
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            return Err(format!(
                "table {}: writev of {lengths:?} bytes: expected {expected:?}, it is {result:?}",
                self.id
            ));
        }
        self.model = model;
        for (name, errno) in counted {
            report.command(name, errno);
        }
        report.operation("writev");
        Ok(())
    }

    /// Sends a message from where it cannot be read.
    pub(crate) fn send_unreadable(
        &mut self,
        random: &mut Random,
        arena: &Arena,
        report: &mut Report,
    ) -> Result<(), Failure> {
        const NOWHERE: [u64; 6] = [
            0,
            8,
            sys::FIRST,
            0x8000_0000_0000,
            0xffff_8880_0000_0000,
            u64::MAX - 100,
        ];
        let mut address = random.pick(&NOWHERE);
        let mut length = random.pick(&[1, 3, 4, 24, 28, 160, 1584, 3240, 70_000]);
        if let (Some(edge), true) = (arena.edge(random), random.flip()) {
            // It begins in memory, and goes on behind it.
            let there = random.between(1, 4096);
            address = edge - there as u64;
            length = there + random.between(1, 4096);
        }
        if random.one_in(8) {
            length = random.pick(&[1 << 31, 1 << 40, 1 << 62, usize::MAX >> 1, usize::MAX]);
        }
        let handle = self.handle(random)?;
        let result = match random.below(4) {
            0 if address >= 1 << 47 => sys::read_from(handle, address, length),
            _ => sys::write_from(handle, address, length),
        };
        let errno = result.err().unwrap_or(Errno::UnknownErrno);
        report.command("unreadable", errno as i32);
        // What is longer than can be written at all is refused by the kernel.
        let is_long = length > isize::MAX as usize && errno == Errno::EINVAL;
        let is_killed = (self.model.is_killed || !self.is_own) && errno == Errno::ENOENT;
        if errno == Errno::EFAULT || is_long || is_killed {
            return Ok(());
        }
        Err(format!(
            "table {}: {length} bytes at {address:#x}: {result:?}",
            self.id
        ))
    }

    fn describe(&self, message: &Message, what: &str) -> Failure {
        let name = command_name(&message.bytes);
        let (sent, length) = (message.sent, message.bytes.len());
        let mut hex = String::new();
        for byte in message.bytes.iter().take(4000) {
            // Text takes all that is written.
            let _ = write!(hex, "{byte:02x}");
        }
        format!(
            "table {}: {name} of {length} bytes, sent with {sent}: {what}\n{hex}",
            self.id
        )
    }
}

/// Sends a message.
pub(crate) fn call(handle: BorrowedFd<'_>, message: &Message) -> Result<usize, Errno> {
    match message.sent {
        Direction::Write => nix::unistd::write(handle, &message.bytes),
        Direction::Read => nix::unistd::read(handle, &mut message.bytes.clone()),
    }
}

/// Allows what somebody else may have made of the table.
fn loosen(prediction: &mut Prediction, model: &Model, message: &Message) {
    if model.is_killed {
        return;
    }
    let mut also: Vec<Errno> = vec![Errno::ENOENT];
    let mut can_be_accepted = !matches!(prediction.effect, Effect::None);
    for state in states() {
        match parse(state, message.sent, &message.bytes) {
            Ok(Request::Init(_)) => also.push(Errno::EFAULT),
            // Payload types may be in the memory of another process that is at the same address.
            Ok(Request::AddTarget(_)) => {
                also.extend([Errno::EEXIST, Errno::EFAULT, Errno::EINVAL]);
            }
            Ok(Request::AddDestination { .. }) => {
                also.extend([Errno::EBUSY, Errno::ERANGE, Errno::EEXIST, Errno::EFAULT]);
            }
            Ok(Request::DelTarget(_)) => can_be_accepted = true,
            _ => {}
        }
    }
    if can_be_accepted {
        prediction.allowed.push(0);
    }
    prediction
        .allowed
        .extend(also.into_iter().map(|errno| errno as i32));
}

/// Whether `ENOENT` for this message tells that the table is gone, not a target.
fn says_killed(message: &Message) -> bool {
    // Whoever else has the table may have sent INIT, or not.
    !states().any(|state| {
        matches!(
            parse(state, message.sent, &message.bytes),
            Ok(Request::AddDestination { .. } | Request::DelTarget(_))
                | Err(Refusal::NoSuchTarget(_)
                    | Refusal::NotInitialised(CommandNumber::AddDestination))
        )
    })
}
