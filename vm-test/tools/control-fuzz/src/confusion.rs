// SPDX-License-Identifier: GPL-2.0-only

//! Payload types that are wrong in shared memory, at the moment when the module reads them.

use nix::errno::Errno;
use rtp_wire::v26_0::encode;
use rtp_wire::{CommandNumber, Direction};
use zerocopy::IntoBytes;

use super::generation::translated;
use super::memory::{payload_type_at, Arena, PAYLOAD_TYPES, REGION};
use super::message::Message;
use super::random::Random;
use super::report::{command_name, Report};
use super::sys;
use super::table::{call, Failure, Table};
use super::values;

/// Pins memory, writes wrong payload types there, and has a target refused for them.
pub(crate) fn confuse(
    random: &mut Random,
    table: &mut Table,
    arena: &mut Arena,
    report: &mut Report,
) -> Result<(), Failure> {
    let base = random.pick(&arena.bases());
    let local = values::local(random);
    let is_taken = table.model.targets.contains_key(&local);
    let can = arena.can_pin(base, REGION) == Some(true);
    let Some(generation) = table.model.generation else {
        return Ok(());
    };
    if !can || is_taken || table.model.is_killed {
        return Ok(());
    }
    let target = values::target(random, &[base], local);
    let pointers: Vec<u64> = target
        .payload_types()
        .iter()
        .map(|each| each.stats.0)
        .collect();
    let &[.., before, last] = pointers.as_slice() else {
        return Ok(());
    };
    let (Some(previous), Some(number)) = (payload_type_at(before), payload_type_at(last)) else {
        return Ok(());
    };
    let (class, wrong) = match random.below(4) {
        0 => ("PayloadTypeOrder", previous),
        1 => (
            "PayloadTypeOrder",
            random.below(previous as usize + 1) as u32,
        ),
        2 => (
            "PayloadTypeNumber",
            random.pick(&[PAYLOAD_TYPES, 255, 256, u32::MAX]),
        ),
        _ => ("PayloadTypeNumber", random.word() | PAYLOAD_TYPES),
    };

    // What the holder pinned or mapped last is where its pointers lead. So all goes by the same handle.
    let pin = Message {
        bytes: encode::pin_memory(base, REGION).as_bytes().to_vec(),
        sent: Direction::Write,
        made_for: None,
    };
    let add = encode::add_target(&target).as_bytes().to_vec();
    let add = translated(random, generation, add);
    let can_pin = generation.command_size(CommandNumber::PinMemory).is_some();
    let handle = table.handle(random)?;
    let mapped = (!can_pin).then(|| arena.map_file(handle, base, REGION));
    let pinned = call(handle, &pin);
    sys::store(last, wrong);
    let result = nix::unistd::write(handle, &add);
    sys::store(last, number);
    report.command(
        command_name(&add),
        result.err().map_or(0, |errno| errno as i32),
    );
    report.refusal(class);
    if let Some(mapped) = mapped {
        table.mapped(report, (base, REGION), mapped)?;
    }
    if result != Err(Errno::EINVAL) {
        return Err(format!(
            "table {}: payload types {previous} and {wrong}: {result:?}",
            table.id
        ));
    }
    table.judge(arena, report, &pin, pinned).map(drop)
}
