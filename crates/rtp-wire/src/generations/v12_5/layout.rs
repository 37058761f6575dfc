// SPDX-License-Identifier: GPL-2.0-only

//! Structures of generations 12.5 and 13.5 as they are on the wire (x86-64), padding included, as those that [all
//! generations share](super::super::layout).

use super::super::layout::{self, sizes, wire, DestinationHead};
use core::mem::{offset_of, size_of};
use zerocopy::byteorder::native_endian::{U32, U64};
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use super::super::layout::{output_flag, Address, PtOutput, Srtp};

/// Size of each command's structure by number, without data that may follow.
pub const SIZES: [usize; 16] = sizes(
    size_of::<CommandAddTarget>(),
    size_of::<CommandDestination>(),
    456,
);

wire! {
    /// `rtpengine_target_info`.
    TargetInfo = 744 {
        /// Local address.
        local: Address = 0, 24;
        /// Expected source.
        expected_src: Address = 24, 24;
        /// Action on another source.
        src_mismatch: U32 = 48, 4;
        /// Number of outputs.
        num_destinations: U32 = 52, 4;
        /// How many of them, the last ones, are for RTCP.
        num_rtcp_destinations: U32 = 56, 4;
        /// Stream of recorded packets.
        intercept_stream_idx: U32 = 60, 4;
        /// Decryption.
        decrypt: Srtp = 64, 340;
        /// SSRCs in network order; the first 0 ends them.
        ssrc: [[u8; 4]; 4] = 404, 16;
        /// Padding.
        pad0: [u8; 4] = 420, 4;
        /// Counters of the SSRCs.
        ssrc_stats: [U64; 4] = 424, 32;
        /// Counters of the payload types.
        pt_stats: [U64; 32] = 456, 256;
        /// Number of payload types.
        num_payload_types: U32 = 712, 4;
        /// Padding.
        pad1: [u8; 4] = 716, 4;
        /// Counters of the ingress interface.
        iface_stats: U64 = 720, 8;
        /// Counters of the target.
        stats: U64 = 728, 8;
        /// Flags.
        flags: U32 = 736, 4;
        /// Padding.
        pad2: [u8; 4] = 740, 4;
    }
}

/// Bits of [`TargetInfo::flags`].
pub mod target_flag {
    pub use super::super::super::layout::target_flag::*;

    /// RTCP comes on the port of RTP. 13.5 does not use it.
    pub const RTCP_MUX: u32 = 1 << 0;
}

wire! {
    /// `rtpengine_output_info`.
    OutputInfo = 1248 {
        /// Source address.
        src_addr: Address = 0, 24;
        /// Destination address.
        dst_addr: Address = 24, 24;
        /// Encryption.
        encrypt: Srtp = 48, 340;
        /// SSRCs to send, in network order.
        ssrc_out: [[u8; 4]; 4] = 388, 16;
        /// What is added to sequence numbers.
        seq_offset: [U32; 4] = 404, 16;
        /// Rewriting by payload type. 12.5 has no flags there.
        pt_output: [PtOutput; 32] = 420, 768;
        /// Padding.
        pad0: [u8; 4] = 1188, 4;
        /// Counters of the egress interface.
        iface_stats: U64 = 1192, 8;
        /// Counters of the output.
        stats: U64 = 1200, 8;
        /// Counters of the SSRCs; the first that is null ends them.
        ssrc_stats: [U64; 4] = 1208, 32;
        /// TOS in bits 0 to 7, flags from bit 8.
        tos_flags: U32 = 1240, 4;
        /// Padding.
        pad1: [u8; 4] = 1244, 4;
    }
}

/// `rtpengine_command_add_target`.
pub type CommandAddTarget = layout::CommandAddTarget<TargetInfo>;

wire! {
    /// `rtpengine_command_destination`, with the `rtpengine_destination_info` that it is.
    CommandDestination = 1288 {
        /// The command, the target, and the index of the output.
        head: DestinationHead = 0, 40;
        /// The output.
        output: OutputInfo = 40, 1248;
    }
}
