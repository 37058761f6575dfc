// SPDX-License-Identifier: GPL-2.0-only

//! The next message to a table: in order, wrong in one place, or changed at random.

use nix::errno::Errno;
use rtp_wire::v26_0::encode;
use rtp_wire::{CommandNumber, Direction, Endpoint, Generation, PointerKind, UserPointer};
use zerocopy::IntoBytes;

use super::faults;
use super::generation::{break_own_field, init, translated};
use super::memory::{Arena, LARGE, PAGE, REGION};
use super::model::{number_of, Model};
use super::mutate::{garbage, mutate};
use super::random::Random;
use super::values;

/// A message, and how it is sent.
#[derive(Debug)]
pub(crate) struct Message {
    /// What is sent.
    pub(crate) bytes: Vec<u8>,
    /// With which call.
    pub(crate) sent: Direction,
    /// The error number that it was made for, 0 for none.
    pub(crate) made_for: Option<i32>,
}

/// Most targets of a table, so that making them does not take all the time.
const MANY_TARGETS: usize = 24;
/// Most ranges that are pinned for a table.
const MANY_PINS: usize = 40;

const UNSUPPORTED: [CommandNumber; 12] = [
    CommandNumber::AddCall,
    CommandNumber::DelCall,
    CommandNumber::AddStream,
    CommandNumber::DelStream,
    CommandNumber::Packet,
    CommandNumber::InitPlayStreams,
    CommandNumber::GetPacketStream,
    CommandNumber::PlayStreamPacket,
    CommandNumber::PlayStream,
    CommandNumber::StopStream,
    CommandNumber::FreePacketStream,
    CommandNumber::RingBuffer,
];

/// Makes a message of 26.0, or INIT of any generation, wrong in one place. What a generation has not is left alone.
type Breaker = fn(&mut Random, Generation, &mut [u8]) -> Option<Errno>;

/// What messages are made of.
pub(crate) struct Maker<'a> {
    /// Where the choices come from.
    pub(crate) random: &'a mut Random,
    /// The table.
    pub(crate) model: &'a Model,
    /// The memory.
    pub(crate) arena: &'a Arena,
}

impl Maker<'_> {
    /// The next message.
    pub(crate) fn next(&mut self) -> Message {
        let regions = self.regions();
        let few_pins = self.model.pins.len() < MANY_PINS;
        // Before INIT it may be any.
        let generation = match self.model.generation {
            Some(generation) => generation,
            None => {
                let any = self.random.choose(&Generation::ALL).copied();
                any.unwrap_or(Generation::V26_0)
            }
        };
        let is_settled = self.model.generation.is_some();
        let can_pin = !is_settled || self.knows(CommandNumber::PinMemory);
        let (valid, breaker): (Message, Option<Breaker>) = match self.random.below(100) {
            _ if regions.is_empty() && can_pin && self.random.one_in(2) => self.pin(true),
            _ if !is_settled && self.random.one_in(6) => {
                let (valid, breaker) = self.init(generation, &regions);
                if self.random.flip() {
                    return self.broken(generation, valid, breaker);
                }
                (valid, breaker)
            }
            0..=2 if few_pins => self.pin(false),
            3..=6 => self.init(generation, &regions),
            7..=16 => (self.unsupported(), None),
            17..=31 => return self.garbage(),
            32..=45 => self.delete(),
            _ if self.model.targets.len() > MANY_TARGETS && self.random.flip() => self.delete(),
            46..=67 => self.target(&regions),
            _ => self.output(&regions),
        };
        match self.random.below(20) {
            0..=9 => self.translated(generation, valid),
            10..=16 => self.broken(generation, valid, breaker),
            _ => self.mutated(generation, valid),
        }
    }

    /// Whether a command is one of the table.
    fn knows(&self, command: CommandNumber) -> bool {
        let all = Generation::ALL.iter();
        let mut possible = all.filter(|each| self.model.generation.is_none_or(|it| it == **each));
        possible.any(|each| each.command_size(command).is_some())
    }

    fn translated(&mut self, generation: Generation, mut message: Message) -> Message {
        message.bytes = translated(self.random, generation, message.bytes);
        message
    }

    /// The regions of which all is pinned.
    pub(crate) fn regions(&self) -> Vec<u64> {
        let mut bases = self.arena.bases();
        bases.retain(|&base| {
            let has_all = |start, size| start <= base && start + size >= base + REGION;
            self.model
                .pins
                .iter()
                .any(|pin| has_all(pin.start, pin.size))
        });
        bases
    }

    fn message(bytes: &[u8], is_valid: bool) -> Message {
        Message {
            bytes: bytes.to_vec(),
            sent: Direction::Write,
            made_for: is_valid.then_some(0),
        }
    }

    fn pin(&mut self, whole: bool) -> (Message, Option<Breaker>) {
        let base = self.random.pick(&self.arena.bases());
        let (mut start, mut size) = (base, REGION);
        if !whole && self.random.flip() {
            start += PAGE * self.random.below(8) as u64;
            size = PAGE * self.random.between(1, 8) as u64;
        }
        let is_known = self.knows(CommandNumber::PinMemory);
        let can = self.arena.can_pin(start, size) == Some(true) && is_known;
        let is_whole = (start, size) == (base, REGION);
        let command = encode::pin_memory(start, size);
        let breaker: Breaker = faults::pin_memory;
        let mut message = Self::message(command.as_bytes(), can);
        if !is_known {
            message.made_for = Some(Errno::EINVAL as i32);
        }
        (message, (can && is_whole).then_some(breaker))
    }

    fn init(&mut self, generation: Generation, regions: &[u64]) -> (Message, Option<Breaker>) {
        let mut pointer = values::counters(self.random, regions, PointerKind::Global);
        let mut is_valid = !regions.is_empty() && self.model.generation.is_none();
        if generation == Generation::V13_5 {
            // It is told from 12.5 by where the counters are.
            let has_large = self.model.pins.iter().any(|pin| pin.start == LARGE.0);
            pointer = UserPointer(LARGE.0 + 8 * self.random.below(1000) as u64);
            is_valid = has_large && self.model.generation.is_none();
        }
        let command = init(generation, pointer);
        let breaker: Breaker = faults::init;
        let message = Self::message(&command, is_valid);
        (message, is_valid.then_some(breaker))
    }

    fn target(&mut self, regions: &[u64]) -> (Message, Option<Breaker>) {
        let local = match self.any_target() {
            Some(local) if self.random.one_in(12) => local,
            _ => self.free_local(),
        };
        let target = values::target(self.random, regions, local);
        let is_free = !self.model.targets.contains_key(&local);
        let is_valid = is_free && self.model.generation.is_some() && !regions.is_empty();
        let command = encode::add_target(&target);
        let breaker: Breaker = faults::add_target;
        let message = Self::message(command.as_bytes(), is_valid);
        (message, is_valid.then_some(breaker))
    }

    fn output(&mut self, regions: &[u64]) -> (Message, Option<Breaker>) {
        let (local, index) = self.place();
        let output = values::output(self.random, regions);
        let is_wanted = self
            .model
            .targets
            .get(&local)
            .is_some_and(|known| index < known.announced && known.given & (1 << index) == 0);
        let is_valid = is_wanted && !regions.is_empty();
        let command = encode::add_destination(&local, index, &output);
        let breaker: Breaker = faults::add_destination;
        let message = Self::message(command.as_bytes(), is_valid);
        (message, is_valid.then_some(breaker))
    }

    fn delete(&mut self) -> (Message, Option<Breaker>) {
        let local = match self.any_target() {
            Some(local) if !self.random.one_in(4) => local,
            _ => values::local(self.random),
        };
        let is_valid = self.model.targets.contains_key(&local);
        let command = encode::del_target(&local);
        let breaker: Breaker = faults::del_target;
        (Self::message(command.as_bytes(), is_valid), Some(breaker))
    }

    fn unsupported(&mut self) -> Message {
        let Some(&command) = self.random.choose(&UNSUPPORTED) else {
            return self.garbage();
        };
        let is_known = self.knows(command);
        // Before INIT it has the length of any generation that has it.
        let mut sizes: Vec<usize> = Generation::ALL
            .iter()
            .filter_map(|it| it.command_size(command))
            .collect();
        sizes.retain(|&size| {
            let own = self
                .model
                .generation
                .and_then(|it| it.command_size(command));
            own.is_none_or(|own| own == size)
        });
        let mut length = self.random.pick(&sizes);
        if command.has_trailing_data() {
            length += self.random.pick(&[0, 0, 12, 172, 1500, 65_535]);
        }
        let mut bytes = self.random.bytes(length);
        for (to, from) in bytes.iter_mut().zip((command as u32).to_ne_bytes()) {
            *to = from;
        }
        Message {
            bytes,
            sent: command.direction(),
            made_for: Some(match command {
                _ if !is_known => Errno::EINVAL as i32,
                CommandNumber::InitPlayStreams => 0,
                CommandNumber::GetPacketStream => Errno::EBUSY as i32,
                _ => Errno::EOPNOTSUPP as i32,
            }),
        }
    }

    fn garbage(&mut self) -> Message {
        Message {
            bytes: garbage(self.random),
            sent: if self.random.flip() {
                Direction::Read
            } else {
                Direction::Write
            },
            made_for: None,
        }
    }

    /// Makes a message wrong in one place.
    fn broken(
        &mut self,
        generation: Generation,
        message: Message,
        breaker: Option<Breaker>,
    ) -> Message {
        let command = number_of(&message.bytes).filter(|&command| self.knows(command));
        let has_data = command.is_none_or(CommandNumber::has_trailing_data);
        let is_target = command == Some(CommandNumber::AddTarget);
        let style = self.random.below(8);
        let mut message = match (style, breaker) {
            (3.., Some(breaker)) => {
                let mut message = message;
                let errno = breaker(self.random, generation, &mut message.bytes);
                message.made_for = errno.map(|errno| errno as i32);
                return self.translated(generation, message);
            }
            _ => self.translated(generation, message),
        };
        let made_for = match (style, breaker) {
            // Before INIT a command may be as long as in any generation.
            (0, _) if !has_data => faults::envelope(self.random, &mut message.bytes)
                .filter(|_| self.model.generation.is_some()),
            (1, _) => {
                message.sent = match message.sent {
                    Direction::Read => Direction::Write,
                    Direction::Write => Direction::Read,
                };
                Some(Errno::EINVAL)
            }
            (2, Some(_)) if is_target => {
                match break_own_field(self.random, generation, &mut message.bytes) {
                    None => return message,
                    errno => errno,
                }
            }
            _ => return message,
        };
        message.made_for = made_for.map(|errno| errno as i32);
        message
    }

    /// Changes a message at random.
    fn mutated(&mut self, generation: Generation, message: Message) -> Message {
        let mut message = self.translated(generation, message);
        mutate(self.random, &mut message.bytes);
        message.made_for = None;
        message
    }

    /// A local address that no target has, if that is soon found.
    fn free_local(&mut self) -> Endpoint {
        let mut local = values::local(self.random);
        for _ in 0..8 {
            if !self.model.targets.contains_key(&local) {
                break;
            }
            local = values::local(self.random);
        }
        local
    }

    /// The targets in an order that is the same in every run.
    fn locals(&self) -> Vec<Endpoint> {
        let mut locals: Vec<Endpoint> = self.model.targets.keys().copied().collect();
        locals.sort_by_key(|local| (*local.addr(), local.port()));
        locals
    }

    fn any_target(&mut self) -> Option<Endpoint> {
        let locals = self.locals();
        self.random.choose(&locals).copied()
    }

    /// An output that is to come, mostly.
    fn place(&mut self) -> (Endpoint, u32) {
        let mut locals = self.locals();
        let style = self.random.below(20);
        if style > 1 {
            locals.retain(|local| {
                let known = self.model.targets.get(local);
                known.is_some_and(|known| known.missing() > 0)
            });
        }
        let local = self.random.choose(&locals).copied();
        let (Some(local), 1..) = (local, style) else {
            return (values::local(self.random), self.random.below(4) as u32);
        };
        let known = self.model.targets.get(&local);
        let (given, announced) = known.map_or((0, 1), |known| (known.given, known.announced));
        if style < 4 {
            return (local, self.random.below(announced as usize + 1) as u32);
        }
        (local, given.trailing_ones())
    }
}
