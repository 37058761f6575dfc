// SPDX-License-Identifier: GPL-2.0-only

//! Layout of the counters in shared memory.
//!
//! These structures describe memory, they are not values: the daemon reads and writes the same bytes
//! at any time. Take sizes and offsets from them (`core::mem::offset_of!`) and access each field as
//! an atomic. All generations lay them out alike.

use core::mem::{offset_of, size_of};

/// Counters of everything that the module handles.
#[repr(C)]
pub struct GlobalStats {
    /// Packets received by targets.
    pub packets: u64,
    /// Bytes received by targets.
    pub bytes: u64,
    /// Errors of targets and outputs.
    pub errors: u64,
    /// RTP packets found missing.
    pub packets_lost: u64,
}

/// One direction of an interface.
#[repr(C)]
pub struct InterfaceDirection {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Errors.
    pub errors: u64,
}

/// Counters of one of the daemon's interfaces.
#[repr(C)]
pub struct InterfaceStats {
    /// Received.
    pub ingress: InterfaceDirection,
    /// Sent.
    pub egress: InterfaceDirection,
    /// RTP packets found missing.
    pub packets_lost: u64,
    /// RTP packets received twice.
    pub duplicates: u64,
    /// Sums, sums of squares and counts of six samples each, which are the daemon's alone.
    pub sampled: [u64; 18],
}

/// Counters of a target or of an output.
#[repr(C)]
pub struct StreamStats {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Errors.
    pub errors: u64,
    /// Unix time of the last packet, in the unit of the generation.
    pub last_packet: u64,
    /// TOS or traffic class of the last packet.
    pub tos: u32,
    /// Nothing.
    pub pad: u32,
}

/// Counters of a payload type. The daemon gives its first two fields.
#[repr(C)]
pub struct RtpStats {
    /// The payload type.
    pub payload_type: u32,
    /// Its clock rate in Hz.
    pub clock_rate: u32,
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
    /// Packets that the kernel handled.
    pub kernel_packets: u64,
    /// Bytes that the kernel handled.
    pub kernel_bytes: u64,
}

/// Counters of an SSRC.
#[repr(C)]
pub struct SsrcStats {
    /// Packets.
    pub packets: u64,
    /// Bytes of payload.
    pub bytes: u64,
    /// RTP timestamp of the last packet.
    pub timestamp: u32,
    /// Highest extended sequence number.
    pub ext_seq: u32,
    /// Index of the next SRTCP packet to send.
    pub rtcp_seq: u32,
    /// One bit per packet of the last 32, set when it was seen.
    pub lost_bits: u32,
    /// Packets found missing.
    pub total_lost: u32,
    /// Relative transit time of the last packet, in units of the RTP clock.
    pub transit: u32,
    /// Interarrival jitter in sixteenths of a unit of the RTP clock.
    pub jitter: u32,
    /// Nothing.
    pub pad0: u32,
    /// Unix time of the last packet, in the unit of the generation.
    pub last_packet: u64,
    /// Payload type of the last packet.
    pub last_pt: u32,
    /// Nothing.
    pub pad1: u32,
}

const _: () = {
    assert!(size_of::<GlobalStats>() == 32);

    assert!(size_of::<InterfaceDirection>() == 24);
    assert!(size_of::<InterfaceStats>() == 208);
    assert!(offset_of!(InterfaceStats, ingress) == 0);
    assert!(offset_of!(InterfaceStats, egress) == 24);
    assert!(offset_of!(InterfaceStats, packets_lost) == 48);
    assert!(offset_of!(InterfaceStats, duplicates) == 56);
    assert!(offset_of!(InterfaceStats, sampled) == 64);

    assert!(size_of::<StreamStats>() == 40);
    assert!(offset_of!(StreamStats, packets) == 0);
    assert!(offset_of!(StreamStats, bytes) == 8);
    assert!(offset_of!(StreamStats, errors) == 16);
    assert!(offset_of!(StreamStats, last_packet) == 24);
    assert!(offset_of!(StreamStats, tos) == 32);

    assert!(size_of::<RtpStats>() == 40);
    assert!(offset_of!(RtpStats, payload_type) == 0);
    assert!(offset_of!(RtpStats, clock_rate) == 4);
    assert!(offset_of!(RtpStats, packets) == 8);
    assert!(offset_of!(RtpStats, bytes) == 16);
    assert!(offset_of!(RtpStats, kernel_packets) == 24);
    assert!(offset_of!(RtpStats, kernel_bytes) == 32);

    assert!(size_of::<SsrcStats>() == 64);
    assert!(offset_of!(SsrcStats, packets) == 0);
    assert!(offset_of!(SsrcStats, bytes) == 8);
    assert!(offset_of!(SsrcStats, timestamp) == 16);
    assert!(offset_of!(SsrcStats, ext_seq) == 20);
    assert!(offset_of!(SsrcStats, rtcp_seq) == 24);
    assert!(offset_of!(SsrcStats, lost_bits) == 28);
    assert!(offset_of!(SsrcStats, total_lost) == 32);
    assert!(offset_of!(SsrcStats, transit) == 36);
    assert!(offset_of!(SsrcStats, jitter) == 40);
    assert!(offset_of!(SsrcStats, last_packet) == 48);
    assert!(offset_of!(SsrcStats, last_pt) == 56);
};
