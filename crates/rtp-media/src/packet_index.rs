// SPDX-License-Identifier: GPL-2.0-only

//! Extended sequence numbers: 16 bits of rollover counter above 16 bits of sequence number.

/// The extended sequence number that `sequence` most likely stands for, when `highest` is the
/// highest so far, 0 for none (RFC 3711, 3.3.1). There is nothing before the first round.
pub const fn estimate(highest: u32, sequence: u16) -> u32 {
    let [roc_high, roc_low, high, low] = highest.to_be_bytes();
    let roc = u16::from_be_bytes([roc_high, roc_low]);
    let last = u16::from_be_bytes([high, low]);

    let roc = if last < 0x8000 {
        if sequence > last && sequence.wrapping_sub(last) > 0x8000 {
            roc.saturating_sub(1)
        } else {
            roc
        }
    } else if last.wrapping_sub(0x8000) > sequence {
        roc.wrapping_add(1)
    } else {
        roc
    };

    let [roc_high, roc_low] = roc.to_be_bytes();
    let [high, low] = sequence.to_be_bytes();
    u32::from_be_bytes([roc_high, roc_low, high, low])
}
