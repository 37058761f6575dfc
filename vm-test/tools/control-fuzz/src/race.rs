// SPDX-License-Identifier: GPL-2.0-only

//! Messages that somebody changes while they are read.

use nix::errno::Errno;
use nix::sys::wait::waitpid;

use super::message::Maker;
use super::random::Random;
use super::report::command_name;
use super::sys::{self, Kind};
use super::table::{Failure, Table};
use super::worker::Tools;

/// Where such a message is, and the most that it has.
const PLACE: u64 = sys::LAST - ROOM;
const ROOM: u64 = 0x2_0000;

/// All errors that a message may be refused with.
const ERRORS: [Errno; 12] = [
    Errno::EACCES,
    Errno::EBUSY,
    Errno::EEXIST,
    Errno::EFAULT,
    Errno::EINVAL,
    Errno::EIO,
    Errno::EMSGSIZE,
    Errno::ENOENT,
    Errno::ENOMEM,
    Errno::ENXIO,
    Errno::EOPNOTSUPP,
    Errno::ERANGE,
];

/// Sends messages from memory that a child writes to all the while.
pub(crate) fn race(
    random: &mut Random,
    table: &mut Table,
    tools: &mut Tools,
) -> Result<(), Failure> {
    sys::map(PLACE, ROOM, Kind::Shared).map_err(|error| format!("mmap: {error}"))?;
    let mut childs = Random::new(random.draw());
    let child = sys::fork(|| {
        for _ in 0..20_000 {
            sys::store(PLACE + 4 * childs.below(900) as u64, childs.odd_word());
        }
        0
    });
    let child = child.map_err(|error| format!("fork: {error}"))?;
    let mut wrong = Ok(());
    for _ in 0..20 {
        let maker = &mut Maker {
            random,
            model: &table.model,
            arena: &tools.arena,
        };
        let message = maker.next().bytes;
        for (offset, word) in (0u64..).step_by(4).zip(message.chunks(4)) {
            let mut number = [0; 4];
            number
                .iter_mut()
                .zip(word)
                .for_each(|(to, from)| *to = *from);
            sys::store(PLACE + offset, u32::from_ne_bytes(number));
        }
        let result = sys::write_from(table.handle(random)?, PLACE, message.len());
        let errno = result.err();
        tools.report.command(
            command_name(&message),
            errno.map_or(0, |errno| errno as i32),
        );
        if errno.is_some_and(|errno| !ERRORS.contains(&errno)) {
            wrong = Err(format!(
                "table {}: a message that changes: {errno:?}",
                table.id
            ));
        }
    }
    tools.report.operation("message changed while it is read");
    waitpid(child, None).map_err(|error| format!("wait: {error}"))?;
    wrong
}
