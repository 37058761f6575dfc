// SPDX-License-Identifier: GPL-2.0-only

//! Structures that all generations share, as they are on the wire (x86-64), padding included.
//!
//! Numbers are in the byte order of the host, but for addresses and SSRCs, which are in network
//! order. Every structure may be read at any address.

use super::super::command::CommandNumber;
use core::mem::{offset_of, size_of};
use zerocopy::byteorder::native_endian::{I32, U16, U32, U64};
use zerocopy_derive::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// A structure with the offset and the size of each field, which are checked.
macro_rules! wire {
    ($(#[$doc:meta])* $name:ident = $total:literal {
        $($(#[$fdoc:meta])* $field:ident: $type:ty = $offset:literal, $size:literal;)*
    }) => {
        $(#[$doc])*
        #[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(C)]
        pub struct $name {
            $($(#[$fdoc])* pub $field: $type,)*
        }

        const _: () = {
            assert!(size_of::<$name>() == $total);
            $(
                assert!(offset_of!($name, $field) == $offset);
                assert!(size_of::<$type>() == $size);
            )*
        };
    };
}
pub(super) use wire;

/// `AF_INET`.
pub const AF_INET: i32 = 2;
/// `AF_INET6`.
pub const AF_INET6: i32 = 10;

wire! {
    /// `re_address`.
    Address = 24 {
        /// `AF_INET` or `AF_INET6`.
        family: I32 = 0, 4;
        /// Address in network order; an IPv4 address in the first four bytes.
        addr: [u8; 16] = 4, 16;
        /// Port in host order.
        port: U16 = 20, 2;
        /// Padding.
        pad: [u8; 2] = 22, 2;
    }
}

wire! {
    /// `rtpengine_srtp`.
    Srtp = 340 {
        /// Cipher.
        cipher: U32 = 0, 4;
        /// Message authentication code.
        hmac: U32 = 4, 4;
        /// Master key.
        master_key: [u8; 32] = 8, 32;
        /// Length of the master key.
        master_key_len: U32 = 40, 4;
        /// Master salt.
        master_salt: [u8; 14] = 44, 14;
        /// Padding.
        pad: [u8; 2] = 58, 2;
        /// Length of the master salt.
        master_salt_len: U32 = 60, 4;
        /// Length of the session key.
        session_key_len: U32 = 64, 4;
        /// Length of the session salt.
        session_salt_len: U32 = 68, 4;
        /// Master key identifier.
        mki: [u8; 256] = 72, 256;
        /// Length of the authentication tag of RTP.
        rtp_auth_tag_len: U32 = 328, 4;
        /// Length of the authentication tag of RTCP.
        rtcp_auth_tag_len: U32 = 332, 4;
        /// Length of the master key identifier.
        mki_len: U32 = 336, 4;
    }
}

wire! {
    /// `rtpengine_pt_output`.
    PtOutput = 24 {
        /// Shorter payloads are dropped.
        min_payload_len: U32 = 0, 4;
        /// What replaces the payload.
        replace_pattern: [u8; 16] = 4, 16;
        /// Length of the pattern in bits 0 to 7, flags from bit 8.
        replace_pattern_len_flags: U32 = 20, 4;
    }
}

/// Bit of [`PtOutput::replace_pattern_len_flags`].
pub const PT_BLACKHOLE: u32 = 1 << 8;

/// Bits of the flags of a target. Bit 0 is each generation's own.
pub mod target_flag {
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

/// Bits of the flags of an output, which follow its TOS.
pub mod output_flag {
    /// The SSRC is replaced.
    pub const SSRC_SUBST: u32 = 1 << 8;
}

/// Size of INIT that declares so many commands: their sizes follow the head, and the pointer to the global counters.
pub(super) const fn init_size(commands: usize) -> usize {
    let words = commands.saturating_add(1);
    size_of::<InitHead>().saturating_add(words.saturating_mul(size_of::<U64>()))
}

/// Size of each command's structure by number, without data that may follow, of a generation whose highest command is
/// `COUNT - 1`: those of ADD_TARGET, ADD_DESTINATION and PLAY_STREAM are its own.
pub(super) const fn sizes<const COUNT: usize>(
    add_target: usize,
    add_destination: usize,
    play_stream: usize,
) -> [usize; COUNT] {
    // DEL_STREAM went when RING_BUFFER came.
    let has_rings = COUNT > CommandNumber::RingBuffer as usize;
    let all = [
        0,
        init_size(COUNT),
        add_target,
        add_destination,
        264,
        8,
        272,
        if has_rings { 0 } else { 12 },
        12,
        size_of::<CommandDelTarget>(),
        12,
        8,
        32,
        play_stream,
        8,
        8,
        size_of::<CommandPinMemory>(),
        136,
    ];
    match all.first_chunk() {
        Some(sizes) => *sizes,
        None => [0; COUNT],
    }
}

wire! {
    /// What `rtpengine_command_init` begins with; the size of each command's structure, by number, and the
    /// pointer to the global counters follow, 8 bytes each.
    InitHead = 16 {
        /// Number of the command.
        cmd: U32 = 0, 4;
        /// Padding.
        pad0: [u8; 4] = 4, 4;
        /// Highest command plus one.
        last_cmd: I32 = 8, 4;
        /// Padding.
        pad1: [u8; 4] = 12, 4;
    }
}

/// `rtpengine_command_add_target`, with a generation's target.
#[derive(FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct CommandAddTarget<T> {
    /// Number of the command.
    pub cmd: U32,
    /// Padding.
    pub pad: [u8; 4],
    /// What it carries.
    pub target: T,
}

wire! {
    /// `rtpengine_command_del_target`.
    CommandDelTarget = 28 {
        /// Number of the command.
        cmd: U32 = 0, 4;
        /// Local address of the target.
        local: Address = 4, 24;
    }
}

wire! {
    /// `rtpengine_pin_memory_info`.
    PinMemoryInfo = 16 {
        /// Address of the first page.
        addr: U64 = 0, 8;
        /// Number of bytes.
        size: U64 = 8, 8;
    }
}

wire! {
    /// `rtpengine_command_pin_memory`.
    CommandPinMemory = 24 {
        /// Number of the command.
        cmd: U32 = 0, 4;
        /// Padding.
        pad: [u8; 4] = 4, 4;
        /// What it carries.
        pin_memory: PinMemoryInfo = 8, 16;
    }
}

wire! {
    /// What `rtpengine_command_destination` begins with.
    DestinationHead = 40 {
        /// Number of the command.
        cmd: U32 = 0, 4;
        /// Padding.
        pad0: [u8; 4] = 4, 4;
        /// Local address of the target.
        local: Address = 8, 24;
        /// Index of the output.
        num: U32 = 32, 4;
        /// Padding.
        pad1: [u8; 4] = 36, 4;
    }
}
