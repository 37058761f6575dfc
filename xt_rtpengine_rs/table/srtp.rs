// SPDX-License-Identifier: GPL-2.0-only

//! SRTP of a target, and of what is sent: keys, and what has to be remembered from packet to packet.

use super::{indices::KeyUse, listed::ListedSrtp, memory::Charge, target::Resolve};
use crate::{
    command::error::Fault,
    rtp_media::{
        decide::{Rtcp, Rtp},
        reason::{Reason, Unsent},
        srtp::{
            self,
            index::{Guesses, Received, Refused, ShortStream, Stream, StreamOf, Window, LAST_RTCP},
            Context, Opened, Part, Policy,
        },
    },
    rtp_wire::{self, Srtp},
    sys::{
        counters::SsrcStats,
        crypto::{AtomicAesKey, Drivers, KernelCrypto},
        outgoing::Outgoing,
        parameters,
    },
};
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use kernel::{new_spinlock, prelude::*, sync::SpinLock};

/// How many SSRCs are remembered that a target does not list.
const UNLISTED: usize = 16;

/// How what a target receives is decrypted.
#[pin_data]
pub(crate) struct Decryption {
    /// Its keys.
    pub(crate) context: Context<KernelCrypto>,
    /// Which RTP was received. Taken by the packet path alone, as is the next one.
    #[pin]
    rtp: SpinLock<ReceivedRtp>,
    /// What the windows know of the SSRC of the last packet, so that most need not lock them to guess an index.
    last: AtomicU64,
    /// Which RTCP was received.
    #[pin]
    rtcp: SpinLock<Received<KVec<ShortStream>>>,
}

/// Which RTP was received, by windows that are as long as they have to be.
enum ReceivedRtp {
    Short(Received<KVec<ShortStream>>),
    Long(Received<KVec<Stream>>),
}

impl ReceivedRtp {
    fn new(places: usize, window: u32) -> Result<Self> {
        Ok(if window <= Window::<1>::CAPACITY {
            Self::Short(received(places, window)?)
        } else {
            Self::Long(received(places, window)?)
        })
    }

    fn guesses(&self, ssrc: u32, sequence: u16, shared: Option<u32>) -> Guesses {
        match self {
            Self::Short(received) => received.guesses(ssrc, sequence, shared),
            Self::Long(received) => received.guesses(ssrc, sequence, shared),
        }
    }

    fn last(&self, ssrc: u32) -> u64 {
        match self {
            Self::Short(received) => received.last(ssrc),
            Self::Long(received) => received.last(ssrc),
        }
    }

    fn admit(&mut self, ssrc: u32, index: u32, shared: Option<u32>) -> Result<(), Refused> {
        match self {
            Self::Short(received) => received.admit(ssrc, index, shared),
            Self::Long(received) => received.admit(ssrc, index, shared),
        }
    }
}

// More would take twice the memory.
const _: () = assert!(cfg!(CONFIG_DEBUG_SPINLOCK) || size_of::<Decryption>() <= 256);

impl Decryption {
    /// Authenticates an RTP packet and decrypts it in place. `stats` are the counters of its SSRC, if it has
    /// any. A packet that is refused is as before.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub(crate) fn open_rtp(
        &self,
        packet: &mut [u8],
        rtp: &Rtp,
        stats: Option<&SsrcStats>,
    ) -> Result<Opened, Reason> {
        let (ssrc, shared) = (rtp.ssrc, highest(stats));
        let last = self.last.load(Relaxed);
        let guesses = Guesses::of_last(last, ssrc, rtp.sequence, shared)
            .unwrap_or_else(|| self.rtp.lock().guesses(ssrc, rtp.sequence, shared));
        let admit = |index| {
            let mut received = self.rtp.lock();
            received.admit(ssrc, index, shared)?;
            self.last.store(received.last(ssrc), Relaxed);
            Ok(())
        };
        let opened = self
            .context
            .open_rtp(packet, rtp.payload_start, guesses, admit)?;
        Ok(opened)
    }

    /// Authenticates an RTCP packet and decrypts it in place. A packet that is refused is as before.
    ///
    /// # Errors
    ///
    /// Why it is refused.
    pub(crate) fn open_rtcp(&self, packet: &mut [u8], rtcp: &Rtcp) -> Result<Opened, Reason> {
        let admit = |index| self.rtcp.lock().admit(rtcp.ssrc, index, None);
        Ok(self.context.open_rtcp(packet, admit)?)
    }
}

/// The highest index that counters tell; 0 is what the daemon starts with.
fn highest(stats: Option<&SsrcStats>) -> Option<u32> {
    stats
        .map(|stats| stats.ext_seq.get())
        .filter(|&highest| highest != 0)
}

/// How what is sent is encrypted.
pub(crate) struct Encryption {
    /// Its keys.
    pub(crate) context: Context<KernelCrypto>,
    _charge: Charge,
    mki: KVec<u8>,
    /// The indices that are left.
    pub(super) indices: KeyUse,
}

impl Encryption {
    /// The index of an RTP packet that is about to be sent, which none has that was or will be sent under its key. `stats` are
    /// the counters of its SSRC, if it has any.
    ///
    /// # Errors
    ///
    /// Why it must not be sent.
    pub(crate) fn rtp_index(
        &self,
        ssrc: u32,
        sequence: u16,
        stats: Option<&SsrcStats>,
    ) -> Result<u32, Unsent> {
        let shared = stats.map_or(0, |stats| stats.ext_seq.get());
        let index = self.indices.next_rtp(ssrc, sequence, shared)?;
        if let Some(stats) = stats {
            stats.ext_seq.raise(index);
        }
        Ok(index)
    }

    /// Protects an RTP packet, which has room for as much as that adds.
    ///
    /// # Errors
    ///
    /// [`Unsent::NoMemory`] when there is none.
    pub(crate) fn protect_rtp(
        &self,
        packet: &mut Outgoing,
        payload_start: usize,
        index: u32,
    ) -> Result<(), Unsent> {
        let (context, mki) = (&self.context, &self.mki);
        protect(packet, context.rtp_overhead(), |bytes, length| {
            context.protect_rtp(bytes, length, payload_start, index, mki)
        })
    }

    /// Protects an RTCP packet, which has room for as much as that adds, with the next index that its key and counters
    /// have.
    ///
    /// # Errors
    ///
    /// Why it must not be sent.
    pub(crate) fn protect_rtcp(
        &self,
        packet: &mut Outgoing,
        stats: Option<&SsrcStats>,
    ) -> Result<(), Unsent> {
        let index = self.indices.take_rtcp(|first| match stats {
            Some(stats) => stats.rtcp_seq.take(first, LAST_RTCP),
            None => Some(first),
        })?;
        let (context, mki) = (&self.context, &self.mki);
        protect(packet, context.rtcp_overhead(), |bytes, length| {
            context.protect_rtcp(bytes, length, index, mki)
        })
    }
}

/// Has `protect` change a packet that grows by `overhead` bytes at most.
fn protect(
    packet: &mut Outgoing,
    overhead: usize,
    protect: impl FnOnce(&mut [u8], usize) -> Option<usize>,
) -> Result<(), Unsent> {
    let length = packet.len();
    let grown = packet.resize(length.saturating_add(overhead)).is_ok();
    let length = grown
        .then(|| protect(packet.payload_mut(), length))
        .flatten();
    let shrunk = length.and_then(|length| packet.resize(length).ok());
    shrunk.ok_or(Unsent::NoMemory)
}

/// Keys of RTP, to be shown to those who may see them. Does not sleep: a published target is listed
/// under RCU.
pub(crate) fn session_keys(srtp: &ListedSrtp) -> Option<srtp::SessionKeys> {
    srtp::SessionKeys::derive::<AtomicAesKey>(&Policy::of(srtp), Part::Rtp)
}

/// The keys, and what counts for them.
fn context(srtp: &Srtp, memory: &impl Resolve) -> Result<(Context<KernelCrypto>, Charge), Fault> {
    let policy = Policy::of(srtp);
    let charge = memory.charge(Drivers::key_size(policy.cipher))?;
    // The lengths were checked when the command was decoded.
    let context = Context::new(&policy).ok_or(Fault::Kernel(ENOMEM))?;
    Ok((context, charge))
}

/// With places for so many SSRCs, one at least, and a window of so many packets.
fn received<const WORDS: usize>(
    count: usize,
    window: u32,
) -> Result<Received<KVec<StreamOf<WORDS>>>> {
    let places = KVec::from_elem(StreamOf::EMPTY, count.max(1), GFP_KERNEL_ACCOUNT)?;
    Ok(Received::new(places, window))
}

/// Prepares decryption, and tells what its keys count for; none where packets come as they are. May sleep.
// Here as below: large frames are not to become one with the caller's.
#[inline(never)]
pub(crate) fn decryption(
    config: &rtp_wire::Target,
    memory: &impl Resolve,
) -> Result<Option<(Pin<KBox<Decryption>>, Charge)>, Fault> {
    if config.decrypt.is_plain() {
        return Ok(None);
    }
    let (context, charge) = context(&config.decrypt, memory)?;
    // Where SSRCs are listed no other RTP comes so far; RTCP does.
    let rtp = match config.ssrcs.iter().filter(|ssrc| ssrc.given).count() {
        0 => UNLISTED,
        listed => listed,
    };
    let rtcp = if config.flags.rtcp_fw || config.flags.rtcp_fb_fw {
        UNLISTED
    } else {
        0
    };
    let window = |part| match context.is_authenticated(part) {
        true => parameters::srtp_replay_window(),
        false => 0,
    };
    let rtp = ReceivedRtp::new(rtp, window(Part::Rtp))?;
    // RTCP comes seldom: 64 packets are many.
    let rtcp = received(rtcp, window(Part::Rtcp))?;
    let decryption = KBox::pin_init(
        pin_init!(Decryption {
            context,
            rtp <- new_spinlock!(rtp),
            last: AtomicU64::new(0),
            rtcp <- new_spinlock!(rtcp),
        }),
        GFP_KERNEL_ACCOUNT,
    )?;
    Ok(Some((decryption, charge)))
}

/// Prepares encryption; none where packets go as they are. May sleep.
#[inline(never)]
pub(crate) fn encryption(
    srtp: &Srtp,
    indices: Option<KeyUse>,
    memory: &impl Resolve,
) -> Result<Option<KBox<Encryption>>, Fault> {
    let Some(indices) = indices else {
        return Ok(None);
    };
    let mut mki = KVec::new();
    mki.extend_from_slice(srtp.mki(), GFP_KERNEL_ACCOUNT)?;
    let (context, charge) = context(srtp, memory)?;
    let encryption = Encryption {
        context,
        _charge: charge,
        mki,
        indices,
    };
    Ok(Some(KBox::new(encryption, GFP_KERNEL_ACCOUNT)?))
}
