// SPDX-License-Identifier: GPL-2.0-only

//! Structures of generation 26.0 as they are on the wire (x86-64), padding included, as those that [all
//! generations share](super::super::layout).

use super::super::layout::{sizes, wire};
use core::mem::{offset_of, size_of};
use zerocopy::byteorder::native_endian::{I32, U32, U64};
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

pub use super::super::layout::{
    Address, CommandDelTarget, CommandPinMemory, PtOutput, Srtp, AF_INET, AF_INET6, PT_BLACKHOLE,
};

/// Size of each command's structure by number, without data that may follow.
pub const SIZES: [usize; 17] = sizes(
    size_of::<CommandAddTarget>(),
    size_of::<CommandDestination>(),
    464,
);

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

/// What a target has of ring buffers: nothing here.
pub trait Rings {
    /// How many ring buffers it uses.
    fn count(&self) -> u32;
}

impl Rings for () {
    fn count(&self) -> u32 {
        0
    }
}

/// `rtpengine_target_info`. Generations differ in how many media of SSRCs it has room for, of which no more than 4 are looked
/// at, and in whether there are [`Rings`].
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct TargetInfo<const SSRC_MEDIA: usize = 32, R = ()> {
    /// Local address.
    pub local: Address,
    /// Expected source.
    pub expected_src: Address,
    /// Action on another source.
    pub src_mismatch: U32,
    /// Number of outputs.
    pub num_destinations: U32,
    /// Stream of recorded packets.
    pub intercept_stream_idx: U32,
    /// Outputs by media.
    pub media_output_idxs: [OutputGroup; 8],
    /// Decryption.
    pub decrypt: Srtp,
    /// SSRCs in network order.
    pub ssrc: [[u8; 4]; 4],
    /// Counters of the SSRCs.
    pub ssrc_stats: [U64; 4],
    /// Media of the SSRCs.
    pub ssrc_media_idx: [U32; SSRC_MEDIA],
    /// Counters of the payload types.
    pub pt_stats: [U64; 32],
    /// Media of the payload types.
    pub pt_media_idx: [U32; 32],
    /// Number of payload types.
    pub num_payload_types: U32,
    /// Id of the MID header extension.
    pub extmap_mid: u8,
    /// Padding.
    pub pad0: [u8; 3],
    /// MIDs by media.
    pub mid_output: [Mid; 8],
    /// Counters of the ingress interface.
    pub iface_stats: U64,
    /// Counters of the target.
    pub stats: U64,
    /// Ring buffers that userspace has packets from.
    pub raw_ring_buf: R,
    /// Flags.
    pub flags: U32,
    /// Padding.
    pub pad1: [u8; 4],
}

const _: () = {
    assert!(size_of::<TargetInfo>() == 3232);
    assert!(offset_of!(TargetInfo, local) == 0);
    assert!(offset_of!(TargetInfo, expected_src) == 24);
    assert!(offset_of!(TargetInfo, src_mismatch) == 48);
    assert!(offset_of!(TargetInfo, num_destinations) == 52);
    assert!(offset_of!(TargetInfo, intercept_stream_idx) == 56);
    assert!(offset_of!(TargetInfo, media_output_idxs) == 60);
    assert!(offset_of!(TargetInfo, decrypt) == 188);
    assert!(offset_of!(TargetInfo, ssrc) == 528);
    assert!(offset_of!(TargetInfo, ssrc_stats) == 544);
    assert!(offset_of!(TargetInfo, ssrc_media_idx) == 576);
    assert!(offset_of!(TargetInfo, pt_stats) == 704);
    assert!(offset_of!(TargetInfo, pt_media_idx) == 960);
    assert!(offset_of!(TargetInfo, num_payload_types) == 1088);
    assert!(offset_of!(TargetInfo, extmap_mid) == 1092);
    assert!(offset_of!(TargetInfo, pad0) == 1093);
    assert!(offset_of!(TargetInfo, mid_output) == 1096);
    assert!(offset_of!(TargetInfo, iface_stats) == 3208);
    assert!(offset_of!(TargetInfo, stats) == 3216);
    assert!(offset_of!(TargetInfo, flags) == 3224);
    assert!(offset_of!(TargetInfo, pad1) == 3228);
};

/// Bits of [`TargetInfo::flags`].
pub mod target_flag {
    pub use super::super::super::layout::target_flag::*;

    /// Header extensions are looked at.
    pub const EXTMAP: u32 = 1 << 0;
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
    pub use super::super::super::layout::output_flag::*;

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

/// `rtpengine_command_add_target`.
pub type CommandAddTarget<T = TargetInfo> = super::super::layout::CommandAddTarget<T>;

const _: () = {
    assert!(size_of::<CommandAddTarget>() == 3240);
    assert!(offset_of!(CommandAddTarget, target) == 8);
};

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
