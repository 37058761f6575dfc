// SPDX-License-Identifier: GPL-2.0-only

//! Structures that all generations share, as they are on the wire (x86-64), padding included.
//!
//! Numbers are in the byte order of the host, but for addresses and SSRCs, which are in network
//! order. Every structure may be read at any address.

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
