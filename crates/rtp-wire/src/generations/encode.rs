// SPDX-License-Identifier: GPL-2.0-only

//! What all generations share, from the internal form onto the wire.

use super::super::command::CommandNumber;
use super::super::srtp::{Cipher, Hmac, Srtp};
use super::super::target::MediaIndex;
use super::super::udp_ip::{Endpoint, Family};
use super::layout;
use zerocopy::FromZeros as _;

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
