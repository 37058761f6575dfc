// SPDX-License-Identifier: GPL-2.0-only

//! Targets as the packet path sees them, and how commands put them together.
//!
//! A target is put together by a [`Builder`] while its outputs arrive, and never changed once it is
//! published: all that the packet path writes are the counters in shared memory, and what is remembered
//! for SRTP. What only `list` shows lies elsewhere, with the master keys.

use super::{
    listed::ListedTarget,
    memory::Charge,
    output::Output,
    reasons::{OfTarget, Reasons},
    srtp::{self, Decryption},
};
use crate::{
    command::error::Fault,
    rtp_media::rules::Rules,
    rtp_wire::{self, target::MAX_SSRCS, OutputGroup, PointerName as Name, TimeUnit},
    sys::{
        counters::{Counters, GlobalStats, InterfaceStats, RtpStats, SsrcStats, StreamStats},
        input::InputRoute,
        map::{Map, Node, Unpublished},
        memory::Shared,
        tally::Tallied,
    },
    udp_ip::Endpoint,
};
use core::ops::Range;
use kernel::{
    alloc::KVVec,
    new_spinlock,
    prelude::*,
    sync::{Arc, SpinLock},
};

/// A target. What packets read comes first, in the order in which they do, what few of them read last.
#[repr(C)]
pub(crate) struct Target {
    /// The outputs, in the order of their numbers.
    outputs: KVVec<Output>,
    /// How packets are decrypted; none when they come as they are.
    pub(crate) decryption: Option<Pin<KBox<Decryption>>>,
    /// How packets are judged.
    pub(crate) rules: Rules,
    /// Its counters.
    pub(crate) stats: Shared<StreamStats>,
    /// What became of its packets.
    pub(crate) reasons: KBox<OfTarget>,
    /// Counters of the interface it receives on.
    pub(crate) interface: Tallied<InterfaceStats>,
    /// Counters of the daemon as a whole.
    pub(crate) global: Tallied<GlobalStats>,
    /// The payload types, in the order of the rules.
    payload_types: KVec<PayloadType>,
    /// The outputs of each media, by their numbers.
    groups: [OutputGroup; rtp_wire::target::MAX_MEDIA],
    /// The unit of the times in its counters.
    time_unit: TimeUnit,
    /// The id of its table, of which there are 64.
    pub(crate) table: u8,
    /// Counters of its SSRCs.
    ssrcs: [Option<Shared<SsrcStats>>; MAX_SSRCS],
    /// Taken while loss and jitter are brought up to date, by the packet path alone.
    pub(crate) measuring: Pin<KBox<SpinLock<()>>>,
    /// Where the route of its packets is kept, for hooks that come before routing.
    pub(crate) input_route: KBox<InputRoute>,
    /// The MIDs of its media; none if no media has one.
    mids: Option<KBox<KVec<Mid>>>,
    /// The local address that it stands for.
    pub(crate) local: Endpoint,
    /// What the daemon asked for, to be listed.
    pub(crate) listed: KBox<ListedTarget>,
}

/// A payload type that a target knows.
pub(crate) struct PayloadType {
    /// Its counters.
    pub(crate) stats: Shared<RtpStats>,
    /// Its clock rate in Hz, as it was when the target was added.
    pub(crate) clock_rate: u32,
    /// Its number, as it was when the target was added.
    pub(crate) number: u8,
}

/// A media identification string.
struct Mid {
    text: KVec<u8>,
    media: u8,
}

impl Target {
    /// A Unix time in microseconds, in the unit of its counters.
    pub(crate) fn time(&self, us: u64) -> u64 {
        match self.time_unit {
            TimeUnit::Microseconds => us,
            TimeUnit::Seconds => us / 1_000_000,
        }
    }

    /// The Unix time of the last packet, in seconds.
    pub(crate) fn last_packet(&self) -> u64 {
        let time = self.stats.last_packet.get();
        match self.time_unit {
            TimeUnit::Microseconds => time / 1_000_000,
            TimeUnit::Seconds => time,
        }
    }

    /// The media of a MID.
    pub(crate) fn media_of_mid(&self, mid: &[u8]) -> Option<u8> {
        let known = self.mids().iter().find(|known| *known.text == *mid)?;
        Some(known.media)
    }

    /// The MID of a media, empty for none.
    pub(crate) fn mid_of_media(&self, media: usize) -> &[u8] {
        let known = self.mids().iter().find(|it| usize::from(it.media) == media);
        known.map_or(&[], |known| &known.text)
    }

    fn mids(&self) -> &[Mid] {
        self.mids.as_deref().map_or(&[], |mids| mids)
    }

    /// The outputs of each media.
    pub(crate) fn groups(&self) -> &[OutputGroup] {
        &self.groups
    }

    /// Counters of an SSRC.
    pub(crate) fn ssrc_stats(&self, index: Option<u8>) -> Option<&SsrcStats> {
        self.ssrcs.get(usize::from(index?))?.as_deref()
    }

    /// What is known of a payload type.
    pub(crate) fn payload_type(&self, index: Option<u8>) -> Option<&PayloadType> {
        self.payload_types.get(usize::from(index?))
    }

    /// The payload types.
    pub(crate) fn payload_types(&self) -> &[PayloadType] {
        &self.payload_types
    }

    /// The outputs.
    pub(crate) fn outputs(&self) -> &[Output] {
        &self.outputs
    }

    /// The output of a number.
    pub(crate) fn output(&self, number: u8) -> Option<&Output> {
        self.outputs.get(usize::from(number))
    }

    /// Those that RTP of a media goes to, and what is not RTP, of media 0.
    pub(crate) fn rtp_outputs(&self, media: u8) -> &[Output] {
        self.group(media, OutputGroup::rtp)
    }

    /// Those that RTCP of a media goes to.
    pub(crate) fn rtcp_outputs(&self, media: u8) -> &[Output] {
        self.group(media, OutputGroup::rtcp)
    }

    fn group(&self, media: u8, range: impl Fn(&OutputGroup) -> Range<usize>) -> &[Output] {
        let group = self.groups.get(usize::from(media));
        group
            .and_then(|group| self.outputs.get(range(group)))
            .unwrap_or(&[])
    }
}

/// Where the counters of a command are found, and what the table may have is counted.
pub(crate) trait Resolve {
    /// Counts bytes that nobody is charged for.
    ///
    /// # Errors
    ///
    /// [`Fault::MemoryLimit`] when the table may not have so many more.
    fn charge(&self, size: u64) -> Result<Charge, Fault>;

    /// Finds counters by the address that the daemon knows.
    fn resolve<T: Counters>(
        &self,
        name: rtp_wire::PointerName,
        pointer: rtp_wire::UserPointer,
    ) -> Result<Shared<T>, Fault>;
}

/// A target whose outputs are not all there: nobody else sees it.
pub(crate) struct Builder(Unpublished<Target>);

impl Builder {
    /// Begins with a target that has no outputs. May sleep.
    // Here as below: large frames are not to become one.
    #[inline(never)]
    pub(crate) fn new(
        config: KBox<rtp_wire::Target>,
        table: u32,
        memory: &impl Resolve,
        global: Shared<GlobalStats>,
        ended: Arc<Reasons>,
    ) -> Result<Self, Fault> {
        let config = &*config;
        let payload_types = payload_types(config, memory)?;
        let local = config.local;
        let mut node = Node::new(
            local,
            try_init!(Target {
                rules: rules(config, &payload_types)?,
                local,
                table: table as u8,
                time_unit: config.time_unit,
                input_route: KBox::new(InputRoute::new(), GFP_KERNEL_ACCOUNT)?,
                groups: config.groups,
                stats: memory.resolve(Name::Target, config.stats)?,
                reasons: OfTarget::new(ended)?,
                interface: Tallied::new(memory.resolve(Name::TargetInterface, config.interface_stats)?),
                global: Tallied::new(global),
                ssrcs: [const { None }; MAX_SSRCS],
                measuring: KBox::pin_init(new_spinlock!(()), GFP_KERNEL_ACCOUNT)?,
                decryption: None,
                payload_types,
                outputs: KVVec::with_capacity(usize::from(config.num_outputs), GFP_KERNEL_ACCOUNT)?,
                mids: mids(config)?,
                listed: ListedTarget::new(config)?,
            }? Fault),
        )?;
        let target = node.as_mut().value_mut();
        ssrcs(target, config, memory)?;
        if let Some((decryption, charge)) = srtp::decryption(config, memory)? {
            target.decryption = Some(decryption);
            target.listed.charge = Some(charge);
        }
        Ok(Self(node))
    }

    /// The target as far as it is there.
    pub(crate) fn target(&self) -> &Target {
        self.0.value()
    }

    /// How many outputs are yet to come.
    pub(crate) fn missing(&self) -> usize {
        let Target {
            listed, outputs, ..
        } = self.target();
        usize::from(listed.num_outputs).saturating_sub(outputs.len())
    }

    /// The number of an output of that index.
    ///
    /// # Errors
    ///
    /// [`Fault::OutputIndex`] or [`Fault::OutputExists`] when none is wanted.
    pub(crate) fn place(&self, index: u32) -> Result<u8, Fault> {
        let announced = self.target().listed.num_outputs;
        let number = u8::try_from(index).ok().filter(|&it| it < announced);
        let number = number.ok_or(Fault::OutputIndex { index, announced })?;
        match self.find(number) {
            Ok(_) => Err(Fault::OutputExists(index)),
            Err(_) => Ok(number),
        }
    }

    /// Adds an output, for which there was a place.
    pub(crate) fn add(&mut self, output: Output) -> Result<(), Fault> {
        let at = self.find(output.number).unwrap_or_else(|at| at);
        let outputs = &mut self.0.as_mut().value_mut().outputs;
        let added = outputs.insert_within_capacity(at, output);
        added.map_err(|_| Fault::Kernel(ENOMEM))
    }

    /// Takes an output away again.
    pub(crate) fn remove(&mut self, number: u8) {
        if let Ok(at) = self.find(number) {
            // There is one at that place.
            let _ = self.0.as_mut().value_mut().outputs.remove(at);
        }
    }

    /// Where the output of a number is, or would be.
    fn find(&self, number: u8) -> Result<usize, usize> {
        let outputs = self.target().outputs();
        outputs.binary_search_by_key(&number, |output| output.number)
    }

    /// Lets the packet path see a target whose outputs are all there.
    ///
    /// # Errors
    ///
    /// Those of [`Map::publish`].
    pub(crate) fn publish(self, targets: &Map<Target>) -> Result<(), (Self, Error)> {
        let published = targets.publish(self.0);
        published.map_err(|(node, error)| (Self(node), error))
    }
}

/// Finds the counters of SSRCs, those that are none's among them.
#[inline(never)]
fn ssrcs(
    target: &mut Target,
    config: &rtp_wire::Target,
    memory: &impl Resolve,
) -> Result<(), Fault> {
    let ssrcs = target.ssrcs.iter_mut().zip(&config.ssrcs);
    for (index, (to, ssrc)) in (0u8..).zip(ssrcs) {
        if ssrc.stats.is_some() {
            let stats = memory.resolve(Name::TargetSsrc(index), ssrc.stats)?;
            *to = ssrc.given.then_some(stats);
        }
    }
    Ok(())
}

/// Reads the payload types from the daemon's memory, once.
#[inline(never)]
fn payload_types(
    config: &rtp_wire::Target,
    memory: &impl Resolve,
) -> Result<KVec<PayloadType>, Fault> {
    let given = config.payload_types();
    let mut known = KVec::with_capacity(given.len(), GFP_KERNEL_ACCOUNT)?;
    let mut numbers = [0u32; rtp_wire::target::MAX_PAYLOAD_TYPES];
    for (index, (to, payload_type)) in (0u8..).zip(numbers.iter_mut().zip(given)) {
        let name = Name::PayloadType(index);
        let stats: Shared<RtpStats> = memory.resolve(name, payload_type.stats)?;
        *to = stats.payload_type.get();
        let payload_type = PayloadType {
            number: u8::try_from(*to).unwrap_or(u8::MAX),
            clock_rate: stats.clock_rate.get(),
            stats,
        };
        known.push(payload_type, GFP_KERNEL_ACCOUNT)?;
    }
    rtp_wire::check_payload_types(numbers.get(..given.len()).unwrap_or(&[]))?;
    Ok(known)
}

/// The MIDs of media. An empty one is none.
#[inline(never)]
fn mids(config: &rtp_wire::Target) -> Result<Option<KBox<KVec<Mid>>>> {
    let mut mids = KVec::new();
    for (media, mid) in (0u8..).zip(&config.mids) {
        if !mid.as_bytes().is_empty() {
            let mut text = KVec::new();
            text.extend_from_slice(mid.as_bytes(), GFP_KERNEL_ACCOUNT)?;
            mids.push(Mid { text, media }, GFP_KERNEL_ACCOUNT)?;
        }
    }
    Ok(match mids.is_empty() {
        true => None,
        false => Some(KBox::new(mids, GFP_KERNEL_ACCOUNT)?),
    })
}

#[inline(never)]
fn rules(config: &rtp_wire::Target, known: &[PayloadType]) -> Result<Rules, Fault> {
    let numbers = known.iter().map(|known| known.number);
    // Their order was checked before.
    Rules::of(config, numbers).ok_or(Fault::Kernel(EINVAL))
}
