// SPDX-License-Identifier: GPL-2.0-only

//! The control file of a table, and what a case has in shared memory.

use std::fs::File;
use std::io::{self, Write as _};

use rtp_wire::generations::{del_target, pin_memory};
use rtp_wire::shared::{GlobalStats, InterfaceStats, RtpStats, SsrcStats, StreamStats};
use rtp_wire::{CommandNumber, Endpoint, Generation, Output, PointerKind, Target};
use zerocopy::IntoBytes as _;

use crate::{
    case::{Case, Preset},
    memory::{Memory, Place},
};
use std::mem::offset_of;

/// An open control file.
pub(crate) struct Control {
    file: File,
    generation: Generation,
    pub(crate) memory: Memory,
    pub(crate) global: Place,
}

/// Where the counters of a case lie.
pub(crate) struct Places {
    pub(crate) target: Place,
    pub(crate) ingress: Place,
    pub(crate) ssrcs: Vec<Place>,
    pub(crate) payload_types: Vec<Place>,
    pub(crate) outputs: Vec<OutputPlaces>,
}

/// Where the counters of an output lie.
pub(crate) struct OutputPlaces {
    pub(crate) output: Place,
    pub(crate) egress: Place,
    pub(crate) ssrcs: Vec<Place>,
}

impl Control {
    /// Opens the control file of a table, and sends INIT; `pages` are enough for all counters, where memory is pinned.
    pub(crate) fn open(table: u32, generation: Generation, pages: usize) -> io::Result<Self> {
        let path = format!("/proc/rtpengine/{table}/control");
        let file = File::options().read(true).write(true).open(path)?;
        let mut memory = match generation.maps_memory() {
            true => Memory::mapped(file.try_clone()?)?,
            false => Memory::pinned(pages)?,
        };
        let global = memory.take(PointerKind::Global);
        let control = Self {
            file,
            generation,
            memory,
            global,
        };
        let pinned = control.memory.to_pin().map_or(0, |(address, size)| {
            control.send(pin_memory(address, size).as_bytes())
        });
        let global = control.memory.pointer(global);
        let init = control.message(CommandNumber::Init, |message| {
            generation.write_init(global, message)
        });
        match [pinned, control.send(&init)] {
            [0, 0] => Ok(control),
            refused => Err(io::Error::other(format!("PIN_MEMORY, INIT: {refused:?}"))),
        }
    }

    fn message(
        &self,
        command: CommandNumber,
        write: impl FnOnce(&mut [u8]) -> Option<()>,
    ) -> Vec<u8> {
        let size = self.generation.command_size(command);
        let mut message = vec![0; size.expect("a command of the generation")];
        write(&mut message).expect("the length of the command");
        message
    }

    /// ADD_TARGET.
    pub(crate) fn add_target(&self, target: &Target) -> Vec<u8> {
        self.message(CommandNumber::AddTarget, |message| {
            self.generation.write_target(target, message)
        })
    }

    /// ADD_DESTINATION.
    pub(crate) fn add_destination(&self, local: &Endpoint, index: u32, output: &Output) -> Vec<u8> {
        self.message(CommandNumber::AddDestination, |message| {
            self.generation
                .write_destination(local, index, output, message)
        })
    }

    /// Sends a command. 0, or the number of the error.
    pub(crate) fn send(&self, bytes: &[u8]) -> i32 {
        match (&self.file).write(bytes) {
            Ok(length) if length == bytes.len() => 0,
            Ok(length) => length as i32,
            Err(error) => error.raw_os_error().unwrap_or(-1),
        }
    }

    /// Adds the target of a case and its outputs. Returns what the commands returned, some of which are to be refused.
    pub(crate) fn add(&mut self, case: &mut Case) -> (Vec<i32>, Places) {
        let places = self.places(case);
        let local = case.target.local;
        let target = self.add_target(&case.target);
        let mut results = Vec::new();
        let refuse = case.number % 8 == 0;
        let outputs: Vec<_> = (0u32..)
            .zip(&case.outputs)
            .map(|(index, output)| self.add_destination(&local, index, &output.output))
            .collect();
        if refuse {
            results.extend(outputs.iter().map(|output| self.send(output)));
        }
        results.push(self.send(&target));
        let count = outputs.len();
        for (n, (output, it)) in outputs.iter().zip(&case.outputs).enumerate() {
            if refuse && n + 1 == count {
                results.extend(outputs.iter().take(n).map(|given| self.send(given)));
                let beyond = self.add_destination(&local, count as u32, &it.output);
                results.push(self.send(&beyond));
            }
            results.push(self.send(output));
        }
        if refuse {
            results.push(self.send(&target));
            results.extend(outputs.iter().map(|output| self.send(output)));
            results.push(self.send(target.get(..100).unwrap_or(&target)));
            results.push(self.send(&target.repeat(2)));
            results.push(self.send(&[0; 3]));
            results.push(self.send(&[99; 8]));
        }
        (results, places)
    }

    /// Deletes the target of a case, twice.
    pub(crate) fn delete(&self, case: &Case) -> [i32; 2] {
        let command = del_target(&case.target.local);
        [0; 2].map(|_| self.send(command.as_bytes()))
    }

    fn places(&mut self, case: &mut Case) -> Places {
        let ssrcs = case.ssrcs();
        let memory = &mut self.memory;
        let target = memory.take(PointerKind::Stream);
        let ingress = memory.take(PointerKind::Interface);
        case.target.stats = memory.pointer(target);
        case.target.interface_stats = memory.pointer(ingress);
        let own = case.target.ssrcs.iter_mut().zip(&case.presets).take(ssrcs);
        let ssrc_places = own
            .map(|(ssrc, preset)| {
                let place = take_ssrc(memory, preset);
                ssrc.stats = memory.pointer(place);
                place
            })
            .collect();
        let own = case.target.payload_types.iter_mut();
        let payload_types = own
            .zip(&case.payload_types)
            .map(|(to, &(number, clock))| {
                let place = memory.take(PointerKind::Rtp);
                memory.set_u32(place, offset_of!(RtpStats, payload_type), number.into());
                memory.set_u32(place, offset_of!(RtpStats, clock_rate), clock);
                to.stats = memory.pointer(place);
                place
            })
            .collect();
        let own = case.outputs.iter_mut().map(|output| {
            let place = memory.take(PointerKind::Stream);
            let egress = memory.take(PointerKind::Interface);
            output.output.stats = memory.pointer(place);
            output.output.interface_stats = memory.pointer(egress);
            let own = output.output.ssrcs.iter_mut().zip(&output.presets);
            let ssrcs = own.take(ssrcs).map(|(ssrc, preset)| {
                let place = take_ssrc(memory, preset);
                ssrc.stats = memory.pointer(place);
                place
            });
            OutputPlaces {
                output: place,
                egress,
                ssrcs: ssrcs.collect(),
            }
        });
        let outputs = own.collect();
        Places {
            target,
            ingress,
            ssrcs: ssrc_places,
            payload_types,
            outputs,
        }
    }
}

fn take_ssrc(memory: &mut Memory, preset: &Preset) -> Place {
    let place = memory.take(PointerKind::Ssrc);
    memory.set_u32(place, offset_of!(SsrcStats, ext_seq), preset.ext_seq);
    memory.set_u32(place, offset_of!(SsrcStats, lost_bits), preset.lost_bits);
    memory.set_u32(place, offset_of!(SsrcStats, rtcp_seq), preset.rtcp_seq);
    place
}

/// Reads a number: its name, its offset, and whether it has 64 bits.
type Fields = &'static [(&'static str, usize, bool)];

/// Counters of everything.
pub(crate) const GLOBAL: Fields = &[
    ("packets", offset_of!(GlobalStats, packets), true),
    ("bytes", offset_of!(GlobalStats, bytes), true),
    ("errors", offset_of!(GlobalStats, errors), true),
    ("lost", offset_of!(GlobalStats, packets_lost), true),
];
/// Counters of a target or an output.
pub(crate) const STREAM: Fields = &[
    ("packets", offset_of!(StreamStats, packets), true),
    ("bytes", offset_of!(StreamStats, bytes), true),
    ("errors", offset_of!(StreamStats, errors), true),
    ("last", offset_of!(StreamStats, last_packet), true),
    ("tos", offset_of!(StreamStats, tos), false),
];
/// Counters of an interface as a target has them.
pub(crate) const INGRESS: Fields = &[
    ("packets", 0, true),
    ("bytes", 8, true),
    ("errors", 16, true),
    ("egress_packets", 24, true),
    ("egress_bytes", 32, true),
    ("egress_errors", 40, true),
    ("lost", offset_of!(InterfaceStats, packets_lost), true),
    ("duplicates", offset_of!(InterfaceStats, duplicates), true),
    ("sampled", offset_of!(InterfaceStats, sampled), true),
];
/// Counters of an interface as an output has them.
pub(crate) const EGRESS: Fields = &[
    ("ingress_packets", 0, true),
    ("ingress_bytes", 8, true),
    ("ingress_errors", 16, true),
    ("packets", 24, true),
    ("bytes", 32, true),
    ("errors", 40, true),
    ("lost", offset_of!(InterfaceStats, packets_lost), true),
    ("duplicates", offset_of!(InterfaceStats, duplicates), true),
];
/// Counters of a payload type.
pub(crate) const RTP: Fields = &[
    ("number", offset_of!(RtpStats, payload_type), false),
    ("clock", offset_of!(RtpStats, clock_rate), false),
    ("packets", offset_of!(RtpStats, packets), true),
    ("bytes", offset_of!(RtpStats, bytes), true),
    ("kernel_packets", offset_of!(RtpStats, kernel_packets), true),
    ("kernel_bytes", offset_of!(RtpStats, kernel_bytes), true),
];
/// Counters of an SSRC.
pub(crate) const SSRC: Fields = &[
    ("packets", offset_of!(SsrcStats, packets), true),
    ("bytes", offset_of!(SsrcStats, bytes), true),
    ("timestamp", offset_of!(SsrcStats, timestamp), false),
    ("ext_seq", offset_of!(SsrcStats, ext_seq), false),
    ("rtcp_seq", offset_of!(SsrcStats, rtcp_seq), false),
    ("lost_bits", offset_of!(SsrcStats, lost_bits), false),
    ("total_lost", offset_of!(SsrcStats, total_lost), false),
    ("transit", offset_of!(SsrcStats, transit), false),
    ("jitter", offset_of!(SsrcStats, jitter), false),
    ("last", offset_of!(SsrcStats, last_packet), true),
    ("last_pt", offset_of!(SsrcStats, last_pt), false),
];

/// Reads counters.
pub(crate) fn read(
    memory: &Memory,
    place: Place,
    fields: Fields,
) -> impl Iterator<Item = (&'static str, u64)> + '_ {
    fields.iter().map(move |&(name, offset, is_long)| {
        let value = if is_long {
            memory.u64(place, offset)
        } else {
            memory.u32(place, offset).into()
        };
        (name, value)
    })
}
