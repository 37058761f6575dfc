// SPDX-License-Identifier: GPL-2.0-only

//! Messages as tests write them.

/// Hexadecimal, with what else there is for the eye, as bytes.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | *digit))
        .map(|byte| u8::try_from(byte).expect("two digits"))
        .collect()
}
