// SPDX-License-Identifier: GPL-2.0-only

//! The counters that the daemon and the module share, as they lie in memory.
//!
//! The layout is that of `common_stats.h` of the daemon. The daemon may write any value at any
//! time: what is read back is untrusted.

use crate::rtp_wire::shared;
use core::{
    mem::offset_of,
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
};
use kernel::sync::atomic::Atomic;

/// A structure of atomics.
///
/// # Safety
///
/// The structure is `repr(C)` and consists of atomics of integers alone, for which every byte
/// pattern is valid, and padding.
pub(crate) unsafe trait Counters: 'static {}

/// Adds to a number, relaxed: by an instruction, where [`Atomic::add`] calls a function (docs/performance.md).
#[inline(always)]
pub(crate) fn add(number: &Atomic<u64>, amount: u64) {
    // SAFETY: It is as large, as aligned and as valid as the other one, and accessed by atomic operations alone.
    let number = unsafe { AtomicU64::from_ptr(number.as_ptr()) };
    number.fetch_add(amount, Relaxed);
}

/// A counter of packets, bytes or errors. As of all that the daemon shares, accesses are relaxed ones of C11 on both sides.
#[repr(transparent)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adds to the counter.
    #[inline(always)]
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Relaxed);
    }

    /// The value.
    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Replaces the value.
    #[inline]
    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }
}

/// A 32-bit value that the daemon reads.
#[repr(transparent)]
pub(crate) struct Value(AtomicU32);

impl Value {
    /// The value.
    #[inline]
    pub(crate) fn get(&self) -> u32 {
        self.0.load(Relaxed)
    }

    /// Raises the value to this one: it never goes back.
    pub(crate) fn raise(&self, to: u32) {
        let mut value = self.get();
        while value < to {
            match self.0.compare_exchange(value, to, Relaxed, Relaxed) {
                Ok(_) => return,
                Err(other) => value = other,
            }
        }
    }

    /// Takes the value, or `first` if that is above it; nobody gets it again: the next one is one above. None beyond `last`.
    pub(crate) fn take(&self, first: u32, last: u32) -> Option<u32> {
        let mut value = self.get();
        loop {
            let taken = value.max(first);
            if taken > last {
                return None;
            }
            let next = taken.wrapping_add(1);
            match self.0.compare_exchange(value, next, Relaxed, Relaxed) {
                Ok(_) => return Some(taken),
                Err(other) => value = other,
            }
        }
    }

    /// Replaces the value.
    #[inline]
    pub(crate) fn set(&self, value: u32) {
        self.0.store(value, Relaxed);
    }
}

/// `struct stream_stats`: one target, or one output.
#[repr(C)]
pub(crate) struct StreamStats {
    /// Packets.
    pub(crate) packets: Counter,
    /// Bytes of UDP payload.
    pub(crate) bytes: Counter,
    /// Errors.
    pub(crate) errors: Counter,
    /// When the last packet came: Unix time, in the unit of the generation.
    pub(crate) last_packet: Counter,
    /// TOS or traffic class of the last packet.
    pub(crate) tos: Value,
}

/// `struct rtp_stats`: one payload type of a target.
#[repr(C)]
pub(crate) struct RtpStats {
    /// The payload type (RFC 3550 section 5.1), written by the daemon.
    pub(crate) payload_type: Value,
    /// Its clock rate in Hz, written by the daemon.
    pub(crate) clock_rate: Value,
    /// Packets.
    pub(crate) packets: Counter,
    /// Bytes of UDP payload.
    pub(crate) bytes: Counter,
    _kernel_packets: Counter,
    _kernel_bytes: Counter,
}

/// `struct ssrc_stats`: one SSRC, received or sent.
#[repr(C)]
pub(crate) struct SsrcStats {
    /// Packets.
    pub(crate) packets: Counter,
    /// Bytes of RTP payload.
    pub(crate) bytes: Counter,
    /// RTP timestamp of the last packet.
    pub(crate) timestamp: Value,
    /// Highest extended sequence number.
    pub(crate) ext_seq: Value,
    /// SRTCP index.
    pub(crate) rtcp_seq: Value,
    /// Which of the last 32 packets came: bit 0 is the highest sequence number.
    pub(crate) lost_bits: Value,
    /// Packets that never came.
    pub(crate) total_lost: Value,
    /// Relative transit time of the last packet (RFC 3550 A.8), in units of the timestamp.
    pub(crate) transit: Value,
    /// Interarrival jitter (RFC 3550 A.8), sixteen times the value.
    pub(crate) jitter: Value,
    /// When the last packet came: Unix time, in the unit of the generation.
    pub(crate) last_packet: Counter,
    /// Payload type of the last packet.
    pub(crate) last_pt: Value,
}

/// `struct interface_counter_stats_dir`: one direction of an interface.
#[repr(C)]
pub(crate) struct InterfaceDirection {
    /// Packets.
    pub(crate) packets: Counter,
    /// Bytes of UDP payload.
    pub(crate) bytes: Counter,
    /// Errors.
    pub(crate) errors: Counter,
}

/// `struct interface_stats_block`: a local interface of the daemon.
#[repr(C)]
pub(crate) struct InterfaceStats {
    /// Received.
    pub(crate) ingress: InterfaceDirection,
    /// Sent.
    pub(crate) egress: InterfaceDirection,
    /// Packets that never came.
    pub(crate) packets_lost: Counter,
    _duplicates: Counter,
    _sampled: [Counter; 18],
}

/// `struct global_stats_counter`: the daemon as a whole.
#[repr(C)]
pub(crate) struct GlobalStats {
    /// Packets taken by the module.
    pub(crate) packets: Counter,
    /// Bytes of UDP payload taken by the module.
    pub(crate) bytes: Counter,
    /// Errors of the module.
    pub(crate) errors: Counter,
    /// Packets that never came.
    pub(crate) packets_lost: Counter,
}

// SAFETY: Atomics of integers.
unsafe impl Counters for StreamStats {}
// SAFETY: Atomics of integers.
unsafe impl Counters for RtpStats {}
// SAFETY: Atomics of integers.
unsafe impl Counters for SsrcStats {}
// SAFETY: Atomics of integers.
unsafe impl Counters for InterfaceStats {}
// SAFETY: Atomics of integers.
unsafe impl Counters for GlobalStats {}

/// Asserts that a structure has the size and offsets that `rtp_wire` gives.
macro_rules! assert_layout {
    ($name:ident: $($field:ident)*) => {
        const _: () = {
            assert!(size_of::<$name>() == size_of::<shared::$name>());
            $(assert!(offset_of!($name, $field) == offset_of!(shared::$name, $field));)*
        };
    };
}

assert_layout!(StreamStats: packets bytes errors last_packet tos);
assert_layout!(RtpStats: payload_type clock_rate packets bytes);
assert_layout!(SsrcStats: packets bytes timestamp ext_seq rtcp_seq lost_bits total_lost transit jitter
    last_packet last_pt);
assert_layout!(InterfaceDirection: packets bytes errors);
assert_layout!(InterfaceStats: ingress egress packets_lost);
assert_layout!(GlobalStats: packets bytes errors packets_lost);
