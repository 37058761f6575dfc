// SPDX-License-Identifier: GPL-2.0-only

//! From the internal form onto the wire, in each generation, and what all of them share of it.

use super::super::command::{CommandNumber, Generation};
use super::super::output::{Output, OutputSsrc, PayloadRule};
use super::super::pointer::UserPointer;
use super::super::srtp::{Cipher, Hmac, Srtp};
use super::super::target::{ExpectedSource, MediaIndex, Target, TargetFlags};
use super::super::udp_ip::{Endpoint, Family};
use super::layout::{self, InitHead};
use super::{v12_5, v26_0, v26_1, v26_3};
use zerocopy::byteorder::native_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros as _, IntoBytes, KnownLayout};

/// What daemons of a generation do, and its messages, each written into zeros of the length that [`command_size`](Self::command_size) says; none when there is
/// another number of bytes. They stay where they are: to move one would leave a copy of its keys behind. What a generation has no field
/// for is not written.
impl Generation {
    /// Whether its daemons map memory of the module's, and do not pin theirs.
    pub fn maps_memory(self) -> bool {
        self.command_size(CommandNumber::PinMemory).is_none()
    }

    /// Whether the outputs of a target are groups by media, and not one list.
    pub fn has_output_groups(self) -> bool {
        self.text().groups
    }

    /// Writes INIT with the pointer to the global counters.
    #[must_use]
    pub fn write_init(self, global: UserPointer, message: &mut [u8]) -> Option<()> {
        let sizes = self.command_sizes();
        let (head, rest) = InitHead::mut_from_prefix(message).ok()?;
        let words = <[U64]>::mut_from_bytes(rest).ok()?;
        let (to, words) = words.split_last_mut()?;
        if words.len() != sizes.len() {
            return None;
        }
        head.cmd.set(CommandNumber::Init as u32);
        head.last_cmd.set(i32::try_from(sizes.len()).ok()?);
        for (to, size) in words.iter_mut().zip(sizes) {
            to.set(u64::try_from(*size).ok()?);
        }
        to.set(global.0);
        Some(())
    }

    /// Writes ADD_TARGET.
    #[must_use]
    pub fn write_target(self, target: &Target, message: &mut [u8]) -> Option<()> {
        match self {
            Self::V12_5 | Self::V13_5 => v12_5::encode::write_target(target, whole(message)?),
            Self::V14_0 | Self::V26_0 => {
                v26_0::encode::write_target::<32, ()>(target, whole(message)?);
            }
            Self::V26_1 => {
                let message: &mut v26_1::layout::CommandAddTarget = whole(message)?;
                v26_0::encode::write_target(target, message);
            }
            Self::V26_3 => {
                let message: &mut v26_3::layout::CommandAddTarget = whole(message)?;
                v26_0::encode::write_target(target, message);
            }
        }
        Some(())
    }

    /// Writes ADD_DESTINATION: the output of this index, of the target with this local address.
    #[must_use]
    pub fn write_destination(
        self,
        target: &Endpoint,
        index: u32,
        output: &Output,
        message: &mut [u8],
    ) -> Option<()> {
        match self {
            Self::V12_5 | Self::V13_5 => {
                v12_5::encode::write_destination(target, index, output, whole(message)?);
            }
            Self::V14_0 | Self::V26_0 | Self::V26_1 | Self::V26_3 => {
                v26_0::encode::write_destination(target, index, output, whole(message)?);
            }
        }
        Some(())
    }
}

fn whole<T: FromBytes + IntoBytes + KnownLayout>(message: &mut [u8]) -> Option<&mut T> {
    T::mut_from_bytes(message).ok()
}

/// PIN_MEMORY.
pub fn pin_memory(address: u64, size: u64) -> layout::CommandPinMemory {
    let mut command = layout::CommandPinMemory::new_zeroed();
    command.cmd.set(CommandNumber::PinMemory as u32);
    command.pin_memory.addr.set(address);
    command.pin_memory.size.set(size);
    command
}

/// DEL_TARGET.
pub fn del_target(local: &Endpoint) -> layout::CommandDelTarget {
    let mut command = layout::CommandDelTarget::new_zeroed();
    command.cmd.set(CommandNumber::DelTarget as u32);
    address(local, &mut command.local);
    command
}

pub(super) fn address(from: &Endpoint, to: &mut layout::Address) {
    to.family.set(match from.family() {
        Family::V4 => layout::AF_INET,
        Family::V6 => layout::AF_INET6,
    });
    to.addr = *from.addr();
    to.port.set(from.port());
}

pub(super) fn srtp(from: &Srtp, to: &mut layout::Srtp) {
    to.cipher.set(match from.cipher {
        Cipher::Null => 1,
        Cipher::AesCm128 => 2,
        Cipher::AesF8 => 3,
        Cipher::AesCm192 => 4,
        Cipher::AesCm256 => 5,
        Cipher::AeadAesGcm128 => 6,
        Cipher::AeadAesGcm256 => 7,
    });
    to.hmac.set(match from.hmac {
        Hmac::Null => 1,
        Hmac::HmacSha1 => 2,
    });
    copy(&mut to.master_key, from.master_key());
    to.master_key_len.set(from.master_key_len.into());
    copy(&mut to.master_salt, from.master_salt());
    to.master_salt_len.set(from.master_salt_len.into());
    to.session_key_len.set(from.session_key_len.into());
    to.session_salt_len.set(from.session_salt_len.into());
    to.rtp_auth_tag_len.set(from.rtp_auth_tag_len.into());
    to.rtcp_auth_tag_len.set(from.rtcp_auth_tag_len.into());
    copy(&mut to.mki, from.mki());
    to.mki_len.set(from.mki_len.into());
}

pub(super) fn media_index(index: MediaIndex) -> u32 {
    index.get().map_or(u32::MAX, u32::from)
}

/// Copies as much as there is room for.
pub(super) fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Where packets are expected from, and what becomes of others.
pub(super) fn source(from: &ExpectedSource, to: &mut layout::Address, mismatch: &mut U32) {
    if let Some(endpoint) = from.endpoint() {
        address(endpoint, to);
    }
    mismatch.set(match from {
        ExpectedSource::Any | ExpectedSource::Ignore(_) => 0,
        ExpectedSource::Drop(_) => 1,
        ExpectedSource::Pass(_) => 2,
    });
}

/// The flags of a target, but for bit 0.
pub(super) fn target_flags(flags: &TargetFlags) -> u32 {
    use layout::target_flag as flag;
    bits(&[
        (flags.dtls, flag::DTLS),
        (flags.stun, flag::STUN),
        (flags.rtp, flag::RTP),
        (flags.ssrc_req, flag::SSRC_REQ),
        (flags.rtp_only, flag::RTP_ONLY),
        (flags.track_ssrc, flag::TRACK_SSRC),
        (flags.rtcp, flag::RTCP),
        (flags.rtcp_fw, flag::RTCP_FW),
        (flags.rtcp_fb_fw, flag::RTCP_FB_FW),
        (flags.do_intercept, flag::DO_INTERCEPT),
        (flags.pt_filter, flag::PT_FILTER),
        (flags.non_forwarding, flag::NON_FORWARDING),
        (flags.blackhole, flag::BLACKHOLE),
        (flags.rtp_stats, flag::RTP_STATS),
    ])
}

/// The bits that are set.
pub(super) fn bits(flags: &[(bool, u32)]) -> u32 {
    let set = flags.iter().filter(|(is_set, _)| *is_set);
    set.fold(0, |bits, (_, bit)| bits | bit)
}

/// How packets of each SSRC are rewritten and counted.
pub(super) fn rewriting<'a>(
    from: &[OutputSsrc],
    to: impl Iterator<Item = ((&'a mut [u8; 4], &'a mut U32), &'a mut U64)>,
) {
    for (((ssrc, offset), stats), from) in to.zip(from) {
        *ssrc = from.ssrc.to_be_bytes();
        offset.set(from.seq_offset.into());
        stats.set(from.stats.0);
    }
}

/// How packets of each payload type are rewritten.
pub(super) fn payload_rules(from: &[PayloadRule], to: &mut [layout::PtOutput]) {
    for (to, from) in to.iter_mut().zip(from) {
        to.min_payload_len.set(from.min_payload_len);
        to.replace_pattern = from.pattern;
        let flags = bits(&[(from.blackhole, layout::PT_BLACKHOLE)]);
        to.replace_pattern_len_flags
            .set(u32::from(from.pattern_len) | flags);
    }
}
