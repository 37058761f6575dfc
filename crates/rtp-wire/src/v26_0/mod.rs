// SPDX-License-Identifier: GPL-2.0-only

//! Generation 26.0 of the interface, spoken by rtpengine 26.0.
//!
//! [`layout`] is the wire format as it is, [`request`] tells messages apart, [`decode`] turns them
//! into the internal form and [`encode`] the internal form into messages.

pub(super) mod decode;
#[cfg(not(CONFIG_RUST))]
pub mod encode;
pub mod layout;
pub(super) mod request;

use super::command::CommandNumber;
use core::mem::size_of;

/// Highest command of this generation plus one.
pub const LAST_COMMAND: usize = 17;

/// Size of a command's structure, without data that may follow; none when this generation has no
/// such command.
pub const fn command_size(command: CommandNumber) -> Option<usize> {
    Some(match command {
        CommandNumber::Init => size_of::<layout::CommandInit>(),
        CommandNumber::AddTarget => size_of::<layout::CommandAddTarget>(),
        CommandNumber::AddDestination => size_of::<layout::CommandDestination>(),
        CommandNumber::AddCall => 264,
        CommandNumber::DelCall => 8,
        CommandNumber::AddStream => 272,
        CommandNumber::DelStream => 12,
        CommandNumber::Packet => 12,
        CommandNumber::DelTarget => size_of::<layout::CommandDelTarget>(),
        CommandNumber::InitPlayStreams => 12,
        CommandNumber::GetPacketStream => 8,
        CommandNumber::PlayStreamPacket => 32,
        CommandNumber::PlayStream => 464,
        CommandNumber::StopStream => 8,
        CommandNumber::FreePacketStream => 8,
        CommandNumber::PinMemory => size_of::<layout::CommandPinMemory>(),
        CommandNumber::RingBuffer => return None,
    })
}
