// SPDX-License-Identifier: GPL-2.0-only

//! Targets and outputs as the packet path sees them.
//!
//! A target is put together while its outputs arrive, and never changed once it is published: all
//! that the packet path writes are the counters in shared memory.

use super::srtp::{self, Decryption, Encryption};
use crate::{
    command::error::Fault,
    rtp_media::{
        receive::{Rules, SourceRule},
        select::{PayloadTypes, SsrcEntry, Ssrcs},
    },
    rtp_wire::{self, ExpectedSource},
    sys::{
        counters::{GlobalStats, InterfaceStats, RtpStats, SsrcStats, StreamStats},
        memory::Shared,
        opener::Uid,
        route::{Path, Route},
    },
};
use kernel::{new_spinlock, prelude::*, sync::SpinLock};

/// A payload type that a target knows.
pub(crate) struct PayloadType {
    /// Its counters.
    pub(crate) stats: Shared<RtpStats>,
    /// Its number, as it was when the target was added.
    pub(crate) number: u8,
    /// Its clock rate in Hz, as it was when the target was added.
    pub(crate) clock_rate: u32,
}

/// A target.
pub(crate) struct Target {
    /// What the daemon asked for.
    pub(crate) config: KBox<rtp_wire::Target>,
    /// The id of its table.
    pub(crate) table: u32,
    /// How packets are judged.
    pub(crate) rules: Rules,
    /// Its counters.
    pub(crate) stats: Shared<StreamStats>,
    /// Counters of the interface it receives on.
    pub(crate) interface: Shared<InterfaceStats>,
    /// Counters of the daemon as a whole.
    pub(crate) global: Shared<GlobalStats>,
    /// Counters of its SSRCs.
    pub(crate) ssrcs: [Option<Shared<SsrcStats>>; rtp_wire::target::MAX_SSRCS],
    /// Taken while loss and jitter are brought up to date, by the packet path alone.
    pub(crate) measuring: Pin<KBox<SpinLock<()>>>,
    /// How packets are decrypted; none when they come as they are.
    pub(crate) decryption: Option<Pin<KBox<Decryption>>>,
    /// The payload types, in the order of the rules.
    pub(crate) payload_types: KVec<PayloadType>,
    /// The outputs; all are there once the target is published.
    pub(crate) outputs: KVec<Option<KBox<Output>>>,
}

/// An output of a target.
pub(crate) struct Output {
    /// Its place among those of the target.
    pub(crate) index: u16,
    /// What the daemon asked for.
    pub(crate) config: KBox<rtp_wire::Output>,
    /// Its counters.
    pub(crate) stats: Shared<StreamStats>,
    /// Counters of the interface it sends on.
    pub(crate) interface: Shared<InterfaceStats>,
    /// Counters of its SSRCs.
    pub(crate) ssrcs: [Option<Shared<SsrcStats>>; rtp_wire::target::MAX_SSRCS],
    /// How packets are encrypted; none when they go as they are.
    pub(crate) encryption: Option<Pin<KBox<Encryption>>>,
    /// From where to where it sends.
    pub(crate) path: Path,
    /// The route there.
    pub(crate) route: Route,
}

impl Target {
    /// How many outputs are yet to come.
    pub(crate) fn missing_outputs(&self) -> usize {
        self.outputs
            .iter()
            .filter(|output| output.is_none())
            .count()
    }

    /// The media of a media identification string.
    pub(crate) fn media_of_mid(&self, mid: &[u8]) -> Option<u8> {
        (0u8..)
            .zip(&self.config.mids)
            .find_map(|(media, known)| (known.as_bytes() == mid).then_some(media))
    }
}

/// Where the counters of a command are found.
pub(crate) trait Resolve {
    /// Finds counters by the address that the daemon knows.
    fn resolve<T: crate::sys::counters::Counters>(
        &self,
        name: rtp_wire::PointerName,
        pointer: rtp_wire::UserPointer,
    ) -> Result<Shared<T>, Fault>;
}

/// Puts a target together, still without outputs. May sleep.
pub(crate) fn build(
    config: KBox<rtp_wire::Target>,
    table: u32,
    memory: &impl Resolve,
    global: Shared<GlobalStats>,
) -> Result<Target, Fault> {
    use rtp_wire::PointerName as Name;

    let stats = memory.resolve(Name::Target, config.stats)?;
    let interface = memory.resolve(Name::TargetInterface, config.interface_stats)?;
    let mut ssrcs = [const { None }; rtp_wire::target::MAX_SSRCS];
    for (index, (to, ssrc)) in (0u8..).zip(ssrcs.iter_mut().zip(&config.ssrcs)) {
        if ssrc.stats.is_some() {
            let stats = memory.resolve(Name::TargetSsrc(index), ssrc.stats)?;
            *to = ssrc.given.then_some(stats);
        }
    }
    let payload_types = payload_types(&config, memory)?;
    let rules = rules(&config, &payload_types)?;
    let mut outputs = KVec::with_capacity(usize::from(config.num_outputs), GFP_KERNEL)?;
    for _ in 0..config.num_outputs {
        outputs.push(None, GFP_KERNEL)?;
    }
    Ok(Target {
        table,
        rules,
        stats,
        interface,
        global,
        ssrcs,
        measuring: KBox::pin_init(new_spinlock!(()), GFP_KERNEL)?,
        decryption: srtp::decryption(&config.decrypt)?,
        payload_types,
        outputs,
        config,
    })
}

/// Reads the payload types from the daemon's memory, once.
fn payload_types(
    config: &rtp_wire::Target,
    memory: &impl Resolve,
) -> Result<KVec<PayloadType>, Fault> {
    let given = config.payload_types();
    let mut known = KVec::with_capacity(given.len(), GFP_KERNEL)?;
    let mut numbers = [0u32; rtp_wire::target::MAX_PAYLOAD_TYPES];
    for (index, (to, payload_type)) in (0u8..).zip(numbers.iter_mut().zip(given)) {
        let stats: Shared<RtpStats> = memory.resolve(
            rtp_wire::PointerName::PayloadType(index),
            payload_type.stats,
        )?;
        *to = stats.payload_type.get();
        known.push(
            PayloadType {
                number: u8::try_from(*to).unwrap_or(u8::MAX),
                clock_rate: stats.clock_rate.get(),
                stats,
            },
            GFP_KERNEL,
        )?;
    }
    rtp_wire::check_payload_types(numbers.get(..given.len()).unwrap_or(&[]))?;
    Ok(known)
}

fn rules(config: &rtp_wire::Target, known: &[PayloadType]) -> Result<Rules, Fault> {
    let mut payload_types = PayloadTypes::EMPTY;
    for (given, known) in config.payload_types().iter().zip(known) {
        if !payload_types.push(known.number, given.media.get()) {
            // Their order was checked before.
            return Err(Fault::Kernel(EINVAL));
        }
    }
    let ssrcs = config.ssrcs.map(|ssrc| {
        ssrc.given.then_some(SsrcEntry {
            ssrc: ssrc.ssrc,
            media: ssrc.media.get(),
        })
    });
    let flags = &config.flags;
    Ok(Rules {
        stun: flags.stun,
        dtls: flags.dtls,
        rtp: flags.rtp,
        rtp_only: flags.rtp_only,
        rtcp_fw: flags.rtcp_fw,
        rtcp_fb_fw: flags.rtcp_fb_fw,
        non_forwarding: flags.non_forwarding,
        blackhole: flags.blackhole,
        intercept: flags.do_intercept,
        pt_filter: flags.pt_filter,
        ssrc_req: flags.ssrc_req,
        rtp_stats: flags.rtp_stats,
        mid_extension: if flags.extmap {
            config.mid_extension
        } else {
            0
        },
        source: match config.expected_source {
            ExpectedSource::Any | ExpectedSource::Ignore(_) => SourceRule::Any,
            ExpectedSource::Drop(source) => SourceRule::DropOthers(source),
            ExpectedSource::Pass(source) => SourceRule::PassOthers(source),
        },
        ssrcs: Ssrcs(ssrcs),
        payload_types,
    })
}

/// Puts an output together, which sends as a socket of `user` would. May sleep.
pub(crate) fn build_output(
    config: KBox<rtp_wire::Output>,
    index: u32,
    user: Uid,
    memory: &impl Resolve,
) -> Result<KBox<Output>, Fault> {
    use rtp_wire::PointerName as Name;

    let stats = memory.resolve(Name::Output, config.stats)?;
    let interface = memory.resolve(Name::OutputInterface, config.interface_stats)?;
    let mut ssrcs = [const { None }; rtp_wire::target::MAX_SSRCS];
    for (index, (to, ssrc)) in (0u8..).zip(ssrcs.iter_mut().zip(&config.ssrcs)) {
        if ssrc.stats.is_some() {
            *to = Some(memory.resolve(Name::OutputSsrc(index), ssrc.stats)?);
        }
    }
    let path = Path::new(&config.flow, config.tos, user);
    let output = Output {
        // Below 32, where there is a place for it.
        index: index as u16,
        stats,
        interface,
        ssrcs,
        encryption: srtp::encryption(&config.encrypt)?,
        path,
        route: Route::new(),
        config,
    };
    Ok(KBox::new(output, GFP_KERNEL)?)
}
