// SPDX-License-Identifier: GPL-2.0-only

//! Other ways of sending messages: several at once, and by a child. And packets.

use std::net::SocketAddr;

use nix::sys::wait::{waitpid, WaitStatus};

use super::super::message::{Maker, Message};
use super::super::report::command_name;
use super::super::sys;
use super::super::table::{call, Failure};
use super::super::values;
use super::super::worker::Tools;
use super::{Own, OK};

impl Own {
    /// Several messages, or pieces of one, with one call.
    pub(super) fn together(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        let messages: Vec<Message> = (0..self.random.between(1, 3))
            .map(|_| self.message(tools))
            .collect();
        let mut parts: Vec<&[u8]> = Vec::new();
        for message in &messages {
            let bytes = message.bytes.as_slice();
            let (first, second) = match self.random.below(3) {
                0 => bytes.split_at(self.random.below(bytes.len())),
                _ => (bytes, &[][..]),
            };
            // What is empty is not handed to the module.
            parts.extend([first, second].into_iter().filter(|part| !part.is_empty()));
        }
        if parts.is_empty() {
            return Ok(());
        }
        let (random, table) = (&mut self.random, &mut self.table);
        table.send_together(random, &tools.arena, &mut tools.report, &parts)
    }

    /// A child that has our handles and a copy of our memory sends some messages, and ends.
    pub(super) fn fork(&mut self, tools: &mut Tools) -> Result<(), Failure> {
        let mut model = self.table.model.clone();
        let mut messages = Vec::new();
        for _ in 0..self.random.between(1, 20) {
            let random = &mut self.random;
            let maker = &mut Maker {
                random,
                model: &model,
                arena: &tools.arena,
            };
            let message = maker.next();
            let prediction = model.predict(&tools.arena, message.sent, &message.bytes);
            let &[errno] = prediction.allowed.as_slice() else {
                continue;
            };
            if errno == 0 {
                model.apply(prediction.effect);
            }
            messages.push((message, errno));
        }
        let handle = self.table.handle(&mut self.random)?;
        let child = sys::fork(|| {
            let wrong = messages.iter().position(|(message, errno)| {
                let got = call(handle, message).map_or_else(|error| error as i32, |_| OK);
                got != *errno
            });
            wrong.map_or(0, |position| position as i32 + 1)
        });
        let child = child.map_err(|error| format!("fork: {error}"))?;
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, 0)) => {}
            other => {
                return Err(format!(
                    "table {}: a child: {other:?}: {messages:02x?}",
                    self.table.id
                ))
            }
        }
        for (message, errno) in &messages {
            tools.report.command(command_name(&message.bytes), *errno);
        }
        self.table.model = model;
        tools.report.operation("fork");
        Ok(())
    }

    /// A packet for one of the targets, if it has one.
    pub(super) fn packet(&mut self, tools: &mut Tools) {
        let to = SocketAddr::from(values::local(&mut self.random));
        let length = self.random.pick(&[0, 1, 12, 40, 172, 172, 1200]);
        let mut packet = self.random.bytes(length);
        if let (Some(first), true) = (packet.first_mut(), self.random.flip()) {
            *first = 0x80;
        }
        if let Some(socket) = &self.socket {
            // Where there is no target an earlier one may have come back.
            let _ = socket.send_to(&packet, to);
            tools.report.operation("packet");
        }
    }
}
