// SPDX-License-Identifier: GPL-2.0-only

//! The messages that a stream is made of, in the generation of the table. Both forms of a message, ours and that of the wire, are wiped
//! when they are dropped: they hold keys. They have memory of their own, so that to move them leaves no copy behind.

use std::alloc::handle_alloc_error;
use std::net::SocketAddr;
use std::ops::Deref;

use rtp_wire::output::{OutputFlags, OutputSsrc};
use rtp_wire::target::{MediaIndex, PayloadType, TargetFlags, TargetSsrc};
use rtp_wire::{
    CommandNumber, ExpectedSource, ExtensionSet, Generation, Output, Target, UserPointer,
};
use zerocopy::FromZeros;
use zeroize::Zeroize;

use super::super::config::{self, Mismatch, Rtcp, StreamConfig};
use super::memory::{Layout, OutputLayout};

/// A message, wiped when it is dropped.
pub(super) struct Message(Box<[u8]>);

impl Deref for Message {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Message {
    /// A command of a generation that `write` writes into zeros of its length; none where the generation has no such command.
    fn new(
        generation: Generation,
        command: CommandNumber,
        write: impl FnOnce(&mut [u8]) -> Option<()>,
    ) -> Option<Self> {
        let length = generation.command_size(command)?;
        let mut message = Self(vec![0; length].into_boxed_slice());
        write(&mut message.0)?;
        Some(message)
    }

    fn wipe(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.wipe();
    }
}

/// INIT with the address of the global counters.
pub(super) fn init(generation: Generation, global: UserPointer) -> Option<Message> {
    Message::new(generation, CommandNumber::Init, |message| {
        generation.write_init(global, message)
    })
}

/// Zeros in memory of their own.
fn zeroed<T: FromZeros>() -> Box<T> {
    T::new_box_zeroed().unwrap_or_else(|_| handle_alloc_error(std::alloc::Layout::new::<T>()))
}

/// The address of counters.
pub(super) fn pointer(base: u64, offset: usize) -> UserPointer {
    UserPointer(base.saturating_add(offset as u64))
}

fn media(index: Option<u8>) -> MediaIndex {
    index.and_then(MediaIndex::new).unwrap_or(MediaIndex::NONE)
}

/// ADD_TARGET of a stream whose counters begin at `base`.
pub(super) fn add_target(
    generation: Generation,
    config: &StreamConfig,
    layout: &Layout,
    base: u64,
) -> Option<Message> {
    let mut target = zeroed::<Target>();
    target.local = config.local.into();
    if let Some((address, mismatch)) = config.expect {
        target.expected_source = match mismatch {
            Mismatch::Ignore => ExpectedSource::Ignore(address.into()),
            Mismatch::Drop => ExpectedSource::Drop(address.into()),
            Mismatch::Pass => ExpectedSource::Pass(address.into()),
        };
    }
    // Limited when the command line was resolved, as is the number of payload types.
    target.num_outputs = u8::try_from(config.outputs.len()).unwrap_or(u8::MAX);
    target.groups = config.groups();
    target.stats = pointer(base, layout.stream);
    target.interface_stats = pointer(base, layout.interface);
    let ssrcs = layout.ssrcs.iter().zip(&config.ssrcs);
    for (to, (at, ssrc)) in target.ssrcs.iter_mut().zip(ssrcs) {
        *to = TargetSsrc {
            stats: pointer(base, *at),
            ssrc: ssrc.number,
            given: true,
            media: media(ssrc.media),
        };
    }
    let types = layout.payload_types.iter().zip(&config.payload_types);
    for (to, (at, pt)) in target.payload_types.iter_mut().zip(types) {
        *to = PayloadType {
            stats: pointer(base, *at),
            media: media(Some(pt.media)),
        };
    }
    target.num_payload_types = u8::try_from(config.payload_types.len()).unwrap_or(u8::MAX);
    target.mid_extension = config.mid_extension.unwrap_or(0);
    for mid in &config.mids {
        if let Some(to) = target.mids.get_mut(usize::from(mid.media)) {
            // Limited when it was read.
            to.set(mid.text.as_bytes());
        }
    }
    // Later generations tell RTCP by its second byte, and need no flag for it.
    let has_mux = generation == Generation::V12_5 && config.rtcp.is_some();
    target.flags = TargetFlags {
        rtcp: has_mux,
        rtcp_mux: has_mux,
        extmap: config.looks_at_extensions(),
        dtls: config.dtls,
        stun: config.stun,
        rtp: config.rtp,
        ssrc_req: config.ssrc_req,
        rtp_only: config.rtp_only,
        rtcp_fw: matches!(config.rtcp, Some(Rtcp::All | Rtcp::Copy)),
        rtcp_fb_fw: matches!(config.rtcp, Some(Rtcp::All | Rtcp::Feedback)),
        pt_filter: config.pt_filter,
        non_forwarding: config.non_forwarding,
        blackhole: config.blackhole,
        rtp_stats: config.rtp_stats,
        ..TargetFlags::default()
    };
    if let Some(srtp) = &config.decrypt {
        srtp.fill(&mut target.decrypt);
    }
    Message::new(generation, CommandNumber::AddTarget, |message| {
        generation.write_target(&target, message)
    })
}

/// ADD_DESTINATION of the output of this index, with its counters.
pub(super) fn add_destination(
    generation: Generation,
    local: SocketAddr,
    index: usize,
    config: &config::Output,
    counters: &OutputLayout,
    base: u64,
) -> Option<Message> {
    let mut output = zeroed::<Output>();
    let rewrite = &config.rewrite;
    output.flow = config.flow;
    output.media = config.media.into();
    output.tos = config.tos;
    output.flags = OutputFlags {
        ssrc_subst: rewrite.ssrcs.iter().any(|ssrc| ssrc.ssrc != 0),
        extmap: rewrite.extensions.is_some(),
        rtcp: config.rtcp,
    };
    output.extensions = rewrite.extensions.unwrap_or(ExtensionSet::EMPTY);
    if let Some((id, text)) = &rewrite.mid {
        output.mid_extension = *id;
        // Limited when it was read.
        output.mid.set(text.as_bytes());
    }
    output.stats = pointer(base, counters.stream);
    output.interface_stats = pointer(base, counters.interface);
    for (to, at) in output.ssrcs.iter_mut().zip(&counters.ssrcs) {
        to.stats = pointer(base, *at);
    }
    for (to, from) in output.ssrcs.iter_mut().zip(&rewrite.ssrcs) {
        *to = OutputSsrc {
            stats: to.stats,
            ssrc: from.ssrc,
            seq_offset: from.seq_offset,
        };
    }
    for (to, from) in output.payload_rules.iter_mut().zip(&rewrite.payload_rules) {
        *to = *from;
    }
    if let Some(srtp) = &config.encrypt {
        srtp.fill(&mut output.encrypt);
    }
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    Message::new(generation, CommandNumber::AddDestination, |message| {
        generation.write_destination(&local.into(), index, &output, message)
    })
}

#[cfg(test)]
mod tests;
