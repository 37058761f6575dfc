// SPDX-License-Identifier: GPL-2.0-only

//! A target: where packets are taken, how they are judged, and where they are counted.

use super::pointer::{PointerName, UserPointer};
use super::refusal::Refusal;
use super::srtp::Srtp;
use super::udp_ip::Endpoint;
use core::fmt;
use core::ops::Range;
use zerocopy_derive::FromZeros;

/// Most outputs of a target.
pub const MAX_OUTPUTS: usize = 32;
/// Most payload types of a target.
pub const MAX_PAYLOAD_TYPES: usize = 32;
/// Most SSRCs of a target.
pub const MAX_SSRCS: usize = 4;
/// Most media of a target.
pub const MAX_MEDIA: usize = 8;
/// Longest media identification string.
pub const MAX_MID: usize = 255;
/// Highest number of a payload type.
pub const MAX_PAYLOAD_TYPE: u32 = 127;

/// Where packets are expected from, and what becomes of those from elsewhere. All zero is nowhere
/// in particular.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(u8)]
pub enum ExpectedSource {
    /// From anywhere.
    Any = 0,
    /// From anywhere: the source is not looked at, only shown.
    Ignore(Endpoint),
    /// From there; others are dropped and counted as errors.
    Drop(Endpoint),
    /// From there; others go to userspace.
    Pass(Endpoint),
}

impl ExpectedSource {
    /// The endpoint, if one was given.
    pub const fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Any => None,
            Self::Ignore(source) | Self::Drop(source) | Self::Pass(source) => Some(source),
        }
    }
}

/// Index of a media section, or none. All zero is none.
#[derive(Clone, Copy, PartialEq, Eq, FromZeros)]
#[repr(transparent)]
pub struct MediaIndex(
    // INVARIANT: at most MAX_MEDIA; one more than the index.
    u8,
);

impl MediaIndex {
    /// No media.
    pub const NONE: Self = Self(0);

    /// The media of this index, if it is below [`MAX_MEDIA`].
    pub const fn new(index: u8) -> Option<Self> {
        if (index as usize) < MAX_MEDIA {
            // INVARIANT: just checked.
            Some(Self(index.wrapping_add(1)))
        } else {
            None
        }
    }

    /// The index.
    pub const fn get(self) -> Option<u8> {
        self.0.checked_sub(1)
    }
}

impl fmt::Debug for MediaIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// A media identification string.
#[derive(FromZeros)]
#[repr(C)]
pub struct Mid {
    len: u8,
    text: [u8; MAX_MID],
}

impl Mid {
    /// The string, which is any bytes at all.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// Takes over a string. Longer ones than [`MAX_MID`] are not taken.
    pub fn set(&mut self, text: &[u8]) -> bool {
        let Ok(len) = u8::try_from(text.len()) else {
            return false;
        };
        self.text = [0; MAX_MID];
        if let Some(to) = self.text.get_mut(..text.len()) {
            to.copy_from_slice(text);
        }
        self.len = len;
        true
    }
}

impl fmt::Debug for Mid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// Which outputs a packet of one media goes to: ranges of outputs by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(C)]
pub struct OutputGroup {
    /// First output of RTP.
    pub rtp_start: u8,
    /// One past the last output of RTP.
    pub rtp_end: u8,
    /// First output of RTCP.
    pub rtcp_start: u8,
    /// One past the last output of RTCP.
    pub rtcp_end: u8,
}

impl OutputGroup {
    /// The outputs of RTP, and of what is neither RTP nor RTCP.
    pub const fn rtp(&self) -> Range<usize> {
        self.rtp_start as usize..self.rtp_end as usize
    }

    /// The outputs of RTCP.
    pub const fn rtcp(&self) -> Range<usize> {
        self.rtcp_start as usize..self.rtcp_end as usize
    }
}

/// An SSRC that a target accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(C)]
pub struct TargetSsrc {
    /// Its counters.
    pub stats: UserPointer,
    /// The SSRC, in host order.
    pub ssrc: u32,
    /// Whether this entry is one: 0 is no SSRC to accept, though counters may be prepared for one.
    pub given: bool,
    /// The media it belongs to.
    pub media: MediaIndex,
}

/// A payload type that a target knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(C)]
pub struct PayloadType {
    /// Its number, clock rate and counters.
    pub stats: UserPointer,
    /// The media it belongs to.
    pub media: MediaIndex,
}

/// The switches of a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromZeros)]
#[repr(C)]
pub struct TargetFlags {
    /// Header extensions are looked at.
    pub extmap: bool,
    /// DTLS goes to userspace.
    pub dtls: bool,
    /// STUN goes to userspace.
    pub stun: bool,
    /// Packets are RTP or RTCP.
    pub rtp: bool,
    /// Without an SSRC given, RTP goes to userspace.
    pub ssrc_req: bool,
    /// What is not RTP goes to userspace.
    pub rtp_only: bool,
    /// The SSRCs are tracked.
    pub track_ssrc: bool,
    /// The port is one of RTCP.
    pub rtcp: bool,
    /// The port is one of RTP, too.
    pub rtcp_mux: bool,
    /// RTCP is relayed, and goes to userspace too.
    pub rtcp_fw: bool,
    /// RTCP that is nothing but feedback is relayed, and stays away from userspace.
    pub rtcp_fb_fw: bool,
    /// Packets are recorded.
    pub do_intercept: bool,
    /// Unknown payload types go to userspace.
    pub pt_filter: bool,
    /// Nothing is relayed.
    pub non_forwarding: bool,
    /// What would not be relayed is dropped.
    pub blackhole: bool,
    /// Loss and jitter are measured.
    pub rtp_stats: bool,
}

/// What is RTCP, of a target of RTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromZeros)]
#[repr(u8)]
pub enum RtcpKind {
    /// What has the second byte of RTCP (RFC 5761, 4), and its least length.
    #[default]
    SecondByte = 0,
    /// Nothing.
    Nothing,
    /// Everything.
    Everything,
}

/// In what Unix time is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromZeros)]
#[repr(u8)]
pub enum TimeUnit {
    /// Microseconds.
    Microseconds = 0,
    /// Seconds.
    Seconds,
}

/// A target. All zero is an empty one, to be decoded into.
#[derive(Debug, FromZeros)]
#[repr(C)]
pub struct Target {
    /// Where its packets arrive.
    pub local: Endpoint,
    /// Where they are expected from.
    pub expected_source: ExpectedSource,
    /// How many outputs will follow, at most [`MAX_OUTPUTS`].
    pub num_outputs: u8,
    /// How many of `payload_types` count.
    pub num_payload_types: u8,
    /// Id of the MID header extension, 0 for none.
    pub mid_extension: u8,
    /// Its switches.
    pub flags: TargetFlags,
    /// What is RTCP.
    pub rtcp_kind: RtcpKind,
    /// The unit of the times of its last packets.
    pub time_unit: TimeUnit,
    /// RTP that no output is for is passed; else it is taken.
    pub passes_unserved: bool,
    /// The outputs of each media.
    pub groups: [OutputGroup; MAX_MEDIA],
    /// The stream that recorded packets are queued on.
    pub intercept_stream: u32,
    /// Its counters.
    pub stats: UserPointer,
    /// Counters of the interface its packets arrive on.
    pub interface_stats: UserPointer,
    /// The SSRCs it accepts. The index of an entry is also that of its rewriting in each output.
    pub ssrcs: [TargetSsrc; MAX_SSRCS],
    /// The payload types it knows. The index of an entry is also that of its rule in each output.
    pub payload_types: [PayloadType; MAX_PAYLOAD_TYPES],
    /// How to decrypt.
    pub decrypt: Srtp,
    /// The MID of each media.
    pub mids: [Mid; MAX_MEDIA],
}

impl Target {
    /// The payload types that count.
    pub fn payload_types(&self) -> &[PayloadType] {
        let num = usize::from(self.num_payload_types);
        self.payload_types.get(..num).unwrap_or(&[])
    }

    /// Every pointer that is given, each to be resolved.
    pub fn pointers(&self) -> impl Iterator<Item = (PointerName, UserPointer)> + '_ {
        let fixed = [
            (PointerName::TargetInterface, self.interface_stats),
            (PointerName::Target, self.stats),
        ];
        let payload_types = (0u8..)
            .zip(self.payload_types())
            .map(|(i, pt)| (PointerName::PayloadType(i), pt.stats));
        let ssrcs = (0u8..)
            .zip(&self.ssrcs)
            .filter(|(_, ssrc)| ssrc.stats.is_some())
            .map(|(i, ssrc)| (PointerName::TargetSsrc(i), ssrc.stats));
        fixed.into_iter().chain(payload_types).chain(ssrcs)
    }
}

/// Checks the numbers of a target's payload types, which the daemon keeps in shared memory: none
/// above 127, each above the one before.
pub fn check_payload_types(numbers: &[u32]) -> Result<(), Refusal> {
    let mut previous = None;
    for (index, &number) in numbers.iter().enumerate() {
        if number > MAX_PAYLOAD_TYPE {
            return Err(Refusal::PayloadTypeNumber { index, number });
        }
        if previous.is_some_and(|previous| number <= previous) {
            return Err(Refusal::PayloadTypeOrder { index, number });
        }
        previous = Some(number);
    }
    Ok(())
}
