// SPDX-License-Identifier: GPL-2.0-only

//! Structures of generation 26.0 as they are on the wire (x86-64), padding included, as those that [all
//! generations share](super::super::layout).

use super::super::layout::wire;
use core::mem::{offset_of, size_of};
use zerocopy::byteorder::native_endian::{I32, U32, U64};
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use super::super::layout::{
    Address, CommandDelTarget, CommandPinMemory, PtOutput, Srtp, AF_INET, AF_INET6, PT_BLACKHOLE,
};

/// Size of each command's structure by number, without data that may follow.
pub const SIZES: [usize; 17] = [
    0,
    size_of::<CommandInit>(),
    size_of::<CommandAddTarget>(),
    size_of::<CommandDestination>(),
    264,
    8,
    272,
    12,
    12,
    size_of::<CommandDelTarget>(),
    12,
    8,
    32,
    464,
    8,
    8,
    size_of::<CommandPinMemory>(),
];

wire! {
    /// `rtpengine_output_group`.
    OutputGroup = 16 {
        /// First output of RTP.
        rtp_start_idx: U32 = 0, 4;
        /// One past the last output of RTP.
        rtp_end_idx: U32 = 4, 4;
        /// First output of RTCP.
        rtcp_start_idx: U32 = 8, 4;
        /// One past the last output of RTCP.
        rtcp_end_idx: U32 = 12, 4;
    }
}

wire! {
    /// An element of `mid_output`.
    Mid = 264 {
        /// The string.
        mid: [u8; 255] = 0, 255;
        /// Padding.
        pad: [u8; 1] = 255, 1;
        /// Its length.
        len: U64 = 256, 8;
    }
}

wire! {
    /// `rtpengine_target_info`.
    TargetInfo = 3232 {
        /// Local address.
        local: Address = 0, 24;
        /// Expected source.
        expected_src: Address = 24, 24;
        /// Action on another source.
        src_mismatch: U32 = 48, 4;
        /// Number of outputs.
        num_destinations: U32 = 52, 4;
        /// Stream of recorded packets.
        intercept_stream_idx: U32 = 56, 4;
        /// Outputs by media.
        media_output_idxs: [OutputGroup; 8] = 60, 128;
        /// Decryption.
        decrypt: Srtp = 188, 340;
        /// SSRCs in network order.
        ssrc: [[u8; 4]; 4] = 528, 16;
        /// Counters of the SSRCs.
        ssrc_stats: [U64; 4] = 544, 32;
        /// Media of the SSRCs, of which there are only 4.
        ssrc_media_idx: [U32; 32] = 576, 128;
        /// Counters of the payload types.
        pt_stats: [U64; 32] = 704, 256;
        /// Media of the payload types.
        pt_media_idx: [U32; 32] = 960, 128;
        /// Number of payload types.
        num_payload_types: U32 = 1088, 4;
        /// Id of the MID header extension.
        extmap_mid: u8 = 1092, 1;
        /// Padding.
        pad0: [u8; 3] = 1093, 3;
        /// MIDs by media.
        mid_output: [Mid; 8] = 1096, 2112;
        /// Counters of the ingress interface.
        iface_stats: U64 = 3208, 8;
        /// Counters of the target.
        stats: U64 = 3216, 8;
        /// Flags.
        flags: U32 = 3224, 4;
        /// Padding.
        pad1: [u8; 4] = 3228, 4;
    }
}

/// Bits of [`TargetInfo::flags`].
pub mod target_flag {
    /// Header extensions are looked at.
    pub const EXTMAP: u32 = 1 << 0;
    /// DTLS goes to userspace.
    pub const DTLS: u32 = 1 << 1;
    /// STUN goes to userspace.
    pub const STUN: u32 = 1 << 2;
    /// Packets are RTP or RTCP.
    pub const RTP: u32 = 1 << 3;
    /// An SSRC must be given.
    pub const SSRC_REQ: u32 = 1 << 4;
    /// What is not RTP goes to userspace.
    pub const RTP_ONLY: u32 = 1 << 5;
    /// SSRCs are tracked.
    pub const TRACK_SSRC: u32 = 1 << 6;
    /// A port of RTCP.
    pub const RTCP: u32 = 1 << 7;
    /// RTCP is relayed.
    pub const RTCP_FW: u32 = 1 << 8;
    /// RTCP feedback is relayed.
    pub const RTCP_FB_FW: u32 = 1 << 9;
    /// Packets are recorded.
    pub const DO_INTERCEPT: u32 = 1 << 10;
    /// Unknown payload types go to userspace.
    pub const PT_FILTER: u32 = 1 << 11;
    /// Nothing is relayed.
    pub const NON_FORWARDING: u32 = 1 << 12;
    /// What is not relayed is dropped.
    pub const BLACKHOLE: u32 = 1 << 13;
    /// Loss and jitter are measured.
    pub const RTP_STATS: u32 = 1 << 14;
}

wire! {
    /// `rtpengine_output_info`.
    OutputInfo = 1544 {
        /// Source address.
        src_addr: Address = 0, 24;
        /// Destination address.
        dst_addr: Address = 24, 24;
        /// Media, for show.
        media_idx: U32 = 48, 4;
        /// Encryption.
        encrypt: Srtp = 52, 340;
        /// SSRCs to send, in network order.
        ssrc_out: [[u8; 4]; 4] = 392, 16;
        /// What is added to sequence numbers.
        seq_offset: [U32; 4] = 408, 16;
        /// Rewriting by payload type.
        pt_output: [PtOutput; 32] = 424, 768;
        /// Header extensions to let through.
        extmap_filter: [u8; 32] = 1192, 32;
        /// Number of header extensions to let through.
        num_extmap_filter: U32 = 1224, 4;
        /// Id of the MID header extension.
        extmap_mid: u8 = 1228, 1;
        /// Length of the MID.
        extmap_mid_len: u8 = 1229, 1;
        /// MID.
        extmap_mid_str: [u8; 255] = 1230, 255;
        /// Padding.
        pad0: [u8; 3] = 1485, 3;
        /// Counters of the egress interface.
        iface_stats: U64 = 1488, 8;
        /// Counters of the output.
        stats: U64 = 1496, 8;
        /// Counters of the SSRCs.
        ssrc_stats: [U64; 4] = 1504, 32;
        /// TOS in bits 0 to 7, flags from bit 8.
        tos_flags: U32 = 1536, 4;
        /// Padding.
        pad1: [u8; 4] = 1540, 4;
    }
}

/// Bits of [`OutputInfo::tos_flags`].
pub mod output_flag {
    /// The SSRC is replaced.
    pub const SSRC_SUBST: u32 = 1 << 8;
    /// Header extensions are filtered.
    pub const EXTMAP: u32 = 1 << 9;
    /// An output of RTCP.
    pub const RTCP: u32 = 1 << 10;
}

wire! {
    /// `rtpengine_destination_info`.
    DestinationInfo = 1576 {
        /// Local address of the target.
        local: Address = 0, 24;
        /// Index of the output.
        num: U32 = 24, 4;
        /// Padding.
        pad: [u8; 4] = 28, 4;
        /// The output.
        output: OutputInfo = 32, 1544;
    }
}

wire! {
    /// `rtpengine_init_info`.
    InitInfo = 152 {
        /// Highest command plus one.
        last_cmd: I32 = 0, 4;
        /// Padding.
        pad: [u8; 4] = 4, 4;
        /// Size of each command's structure, by number.
        msg_size: [U64; 17] = 8, 136;
        /// Global counters.
        rtpe_stats: U64 = 144, 8;
    }
}

wire! {
    /// `rtpengine_command_init`.
    CommandInit = 160 {
        /// Number of the command.
        cmd: U32 = 0, 4;
        /// Padding.
        pad: [u8; 4] = 4, 4;
        /// What it carries.
        init: InitInfo = 8, 152;
    }
}

wire! {
    /// `rtpengine_command_add_target`.
    CommandAddTarget = 3240 {
        /// Number of the command.
        cmd: U32 = 0, 4;
        /// Padding.
        pad: [u8; 4] = 4, 4;
        /// What it carries.
        target: TargetInfo = 8, 3232;
    }
}

wire! {
    /// `rtpengine_command_destination`.
    CommandDestination = 1584 {
        /// Number of the command.
        cmd: U32 = 0, 4;
        /// Padding.
        pad: [u8; 4] = 4, 4;
        /// What it carries.
        destination: DestinationInfo = 8, 1576;
    }
}
