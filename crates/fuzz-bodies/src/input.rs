// SPDX-License-Identifier: GPL-2.0-only

//! Choices, made by the first bytes of an input.

use host_crypto::suites::{Suite, ALL};

/// Bytes that are taken from the front. Behind the end there are zeros.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        byte
    }

    pub(crate) fn bit(&mut self) -> bool {
        self.byte() & 1 != 0
    }

    pub(crate) fn word(&mut self) -> u32 {
        u32::from_be_bytes([self.byte(), self.byte(), self.byte(), self.byte()])
    }

    pub(crate) fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// At most so many bytes.
    pub(crate) fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(self.0.len().min(most));
        self.0 = rest;
        bytes
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn suite(&mut self) -> &'static Suite {
        &ALL[usize::from(self.byte()) % ALL.len()]
    }

    /// Flips up to three bits.
    pub(crate) fn flip(&mut self, bytes: &mut [u8]) -> bool {
        let before = bytes.to_vec();
        for _ in 0..self.byte() % 4 {
            let (at, bit) = (usize::from(self.short()), self.byte() % 8);
            if !bytes.is_empty() {
                let length = bytes.len();
                bytes[at % length] ^= 1 << bit;
            }
        }
        before != bytes
    }
}
