// SPDX-License-Identifier: GPL-2.0-only

//! What a table should be like, and what should become of a message.

use std::collections::HashMap;

use nix::errno::Errno;
use rtp_wire::{
    check_payload_types, parse, CommandNumber, Direction, Encoded, Endpoint, Generation, Init,
    Output, PointerName, Request, Target, UserPointer,
};
use zerocopy::FromZeros;

use super::classes::class_of;
use super::memory::{payload_type_at, Arena};
use super::values::refusal_of_path;

/// A target as the control side knows it.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    /// Outputs that were announced.
    pub(crate) announced: u32,
    /// Those that were given.
    pub(crate) given: u32,
}

impl Known {
    /// How many are to come.
    pub(crate) fn missing(&self) -> u32 {
        self.announced.saturating_sub(self.given.count_ones())
    }
}

/// Memory that was pinned or mapped.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pin {
    /// Its first address.
    pub(crate) start: u64,
    /// Its size.
    pub(crate) size: u64,
}

impl Pin {
    fn has(&self, pointer: u64, size: u64) -> bool {
        let end = pointer.checked_add(size);
        pointer >= self.start && end.is_some_and(|end| end <= self.start + self.size)
    }
}

/// A table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// Whether it was killed.
    pub(crate) is_killed: bool,
    /// What INIT settled, if it was sent.
    pub(crate) generation: Option<Generation>,
    /// Its targets.
    pub(crate) targets: HashMap<Endpoint, Known>,
    /// What was pinned or mapped.
    pub(crate) pins: Vec<Pin>,
}

/// What an accepted message does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effect {
    /// Nothing.
    None,
    /// The table takes targets of that generation.
    Init(Generation),
    /// Memory is pinned.
    Pin(Pin),
    /// A target is there.
    Add(Endpoint, u32),
    /// An output of a target is there.
    Output(Endpoint, u32),
    /// A target is gone.
    Delete(Endpoint),
}

/// What should become of a message.
#[derive(Debug)]
pub(crate) struct Prediction {
    /// The error numbers that it may be refused with; 0 when it may be accepted.
    pub(crate) allowed: Vec<i32>,
    /// What it does if it is accepted.
    pub(crate) effect: Effect,
    /// Why it is refused.
    pub(crate) class: String,
}

impl Prediction {
    fn refused(class: &str, errno: Errno) -> Self {
        Self {
            allowed: vec![errno as i32],
            effect: Effect::None,
            class: class.to_owned(),
        }
    }

    fn accepted(effect: Effect) -> Self {
        Self {
            allowed: vec![0],
            effect,
            class: String::new(),
        }
    }

    /// There is one more reason to refuse it. Which of several is told is not laid down.
    fn or(mut self, applies: bool, class: &str, errno: Errno) -> Self {
        if applies {
            self.allowed.retain(|&allowed| allowed != 0);
            self.allowed.push(errno as i32);
            class.clone_into(&mut self.class);
        }
        self
    }

    /// It may be refused, for what only the kernel knows.
    fn perhaps(mut self, errno: Errno) -> Self {
        if self.allowed.contains(&0) {
            self.allowed.push(errno as i32);
        }
        self
    }
}

impl From<rtp_wire::Refusal> for Prediction {
    fn from(refusal: rtp_wire::Refusal) -> Self {
        Self {
            allowed: vec![refusal.errno()],
            effect: Effect::None,
            class: class_of(&refusal),
        }
    }
}

/// The command that a message begins with.
pub(crate) fn number_of(message: &[u8]) -> Option<CommandNumber> {
    let (number, _) = message.split_first_chunk()?;
    CommandNumber::from_wire(u32::from_ne_bytes(*number))
}

/// All that a table may be: before INIT, and after it.
pub(crate) fn states() -> impl Iterator<Item = Option<Generation>> {
    std::iter::once(None).chain(Generation::ALL.map(Some))
}

impl Model {
    /// Whether a structure lies in one of the ranges that were pinned.
    pub(crate) fn resolves(&self, name: PointerName, pointer: UserPointer) -> bool {
        let size = name.kind().size() as u64;
        self.pins.iter().any(|pin| pin.has(pointer.0, size))
    }

    /// What should become of a message.
    pub(crate) fn predict(&self, arena: &Arena, sent: Direction, message: &[u8]) -> Prediction {
        self.predict_in(self.generation, arena, sent, message)
    }

    /// What may become of a message where somebody else may have sent INIT.
    pub(crate) fn predict_in_any(
        &self,
        arena: &Arena,
        sent: Direction,
        message: &[u8],
    ) -> Prediction {
        let mut all = self.predict(arena, sent, message);
        for state in states().filter(|state| *state != self.generation && !self.is_killed) {
            let other = self.predict_in(state, arena, sent, message);
            all.allowed.extend(other.allowed);
            if matches!(all.effect, Effect::None) {
                all.effect = other.effect;
            }
        }
        all
    }

    fn predict_in(
        &self,
        generation: Option<Generation>,
        arena: &Arena,
        sent: Direction,
        message: &[u8],
    ) -> Prediction {
        if self.is_killed {
            return Prediction::refused("Killed", Errno::ENOENT);
        }
        match parse(generation, sent, message) {
            Err(refusal) => refusal.into(),
            Ok(Request::Init(init)) => self.init(&init),
            Ok(Request::PinMemory { address, size }) => self.pin(arena, address, size),
            Ok(Request::AddTarget(target)) => self.add_target(&target),
            Ok(Request::AddDestination {
                target,
                index,
                output,
            }) => self.add_destination(&target, index, &output),
            Ok(Request::DelTarget(local)) if self.targets.contains_key(&local) => {
                Prediction::accepted(Effect::Delete(local))
            }
            Ok(Request::DelTarget(_)) => Prediction::refused("NoTarget", Errno::ENOENT),
            Ok(Request::InitPlayStreams) => Prediction::accepted(Effect::None),
            Ok(Request::Unsupported(CommandNumber::GetPacketStream)) => {
                Prediction::refused("Command", Errno::EBUSY)
            }
            Ok(Request::Unsupported(_)) => Prediction::refused("Command", Errno::EOPNOTSUPP),
        }
    }

    fn init(&self, init: &Init) -> Prediction {
        let size = PointerName::Global.kind().size() as u64;
        let has = |pin: &&Pin| pin.has(init.global.0, size);
        // The newest is where a pointer leads.
        let range = self.pins.iter().rfind(has);
        let generation = init.generation(range.map_or(0, |range| range.size));
        Prediction::accepted(Effect::Init(generation)).or(
            range.is_none(),
            "Pointer(Global",
            Errno::EFAULT,
        )
    }

    fn add_target(&self, encoded: &Encoded<'_, Target>) -> Prediction {
        let mut target = Target::new_zeroed();
        match encoded.decode(&mut target) {
            Err(refusal) => refusal.into(),
            Ok(()) => self.judge_target(&target),
        }
    }

    fn judge_target(&self, target: &Target) -> Prediction {
        let effect = Effect::Add(target.local, target.num_outputs.into());
        let numbers: Option<Vec<u32>> = target
            .payload_types()
            .iter()
            .map(|payload_type| payload_type_at(payload_type.stats.0))
            .collect();
        let prediction = match numbers.as_deref().map(check_payload_types) {
            // What is elsewhere in the memory may be a number, or not.
            None => Prediction::accepted(effect).perhaps(Errno::EINVAL),
            Some(Ok(())) => Prediction::accepted(effect),
            Some(Err(refusal)) => refusal.into(),
        };
        self.judge_pointers(prediction, target.pointers()).or(
            self.targets.contains_key(&target.local),
            "TargetExists",
            Errno::EEXIST,
        )
    }

    fn judge_pointers(
        &self,
        prediction: Prediction,
        mut pointers: impl Iterator<Item = (PointerName, UserPointer)>,
    ) -> Prediction {
        match pointers.find(|&(name, pointer)| !self.resolves(name, pointer)) {
            None => prediction,
            Some((name, _)) => {
                let name = format!("{name:?}");
                let name = name.split('(').next().unwrap_or_default();
                prediction.or(true, &format!("Pointer({name}"), Errno::EFAULT)
            }
        }
    }

    fn add_destination(
        &self,
        local: &Endpoint,
        index: u32,
        encoded: &Encoded<'_, Output>,
    ) -> Prediction {
        let mut output = Output::new_zeroed();
        let prediction = match encoded.decode(&mut output) {
            Err(refusal) => refusal.into(),
            Ok(()) => {
                let accepted = Prediction::accepted(Effect::Output(*local, index));
                let judged = match refusal_of_path(&output) {
                    Some(None) => accepted,
                    Some(Some(error)) => accepted.or(true, &format!("Path({error:?}"), error),
                    None => accepted.perhaps(Errno::EACCES).perhaps(Errno::EINVAL),
                };
                self.judge_pointers(judged, output.pointers())
            }
        };
        let Some(known) = self.targets.get(local) else {
            return prediction.or(true, "NoTarget", Errno::ENOENT);
        };
        let is_given = known
            .given
            .checked_shr(index)
            .is_some_and(|bits| bits & 1 != 0);
        let is_complete = known.missing() == 0;
        prediction
            .or(
                is_given && index < known.announced,
                "OutputExists",
                Errno::EEXIST,
            )
            .or(index >= known.announced, "OutputIndex", Errno::ERANGE)
            .or(is_complete, "TargetComplete", Errno::EBUSY)
    }

    fn pin(&self, arena: &Arena, start: u64, size: u64) -> Prediction {
        let pin = Prediction::accepted(Effect::Pin(Pin { start, size }));
        let shared: u64 = self.pins.iter().map(|pin| pin.size).sum();
        if shared.saturating_add(size) > MEMORY_LIMIT {
            return pin.or(true, "MemoryLimit", Errno::ENOMEM);
        }
        match arena.can_pin(start, size) {
            Some(true) => pin,
            Some(false) => pin.or(true, "CannotPin", Errno::EFAULT),
            None => pin.perhaps(Errno::EFAULT),
        }
    }

    /// Takes over what an accepted message did.
    pub(crate) fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::None => {}
            Effect::Init(generation) => self.generation = Some(generation),
            Effect::Pin(pin) => self.pins.push(pin),
            Effect::Add(local, announced) => {
                let known = Known {
                    announced,
                    given: 0,
                };
                self.targets.insert(local, known);
            }
            Effect::Output(local, index) => {
                if let Some(known) = self.targets.get_mut(&local) {
                    known.given |= 1u32.checked_shl(index).unwrap_or(0);
                }
            }
            Effect::Delete(local) => {
                self.targets.remove(&local);
            }
        }
    }
}

/// The bytes that a table may share, as long as the module's parameter is not changed.
const MEMORY_LIMIT: u64 = 4 << 30;
