// SPDX-License-Identifier: GPL-2.0-only

//! SipHash with a key that nobody knows.
//!
//! C headers: [`include/linux/siphash.h`](srctree/include/linux/siphash.h),
//! [`include/linux/random.h`](srctree/include/linux/random.h)

use super::bindings;

/// A key of SipHash.
pub(crate) struct SipKey([u64; 2]);

impl SipKey {
    /// A random one.
    pub(crate) fn random() -> Self {
        let mut key = [0; 2];
        // SAFETY: The memory is borrowed, and of that size.
        unsafe { bindings::get_random_bytes(key.as_mut_ptr().cast(), size_of_val(&key)) };
        Self(key)
    }

    /// The hash of a message.
    pub(crate) fn of(&self, message: &[u8]) -> u64 {
        // SAFETY: The key has two words, and the message the length that is given.
        unsafe { bindings::rtpe_siphash(self.0.as_ptr(), message.as_ptr().cast(), message.len()) }
    }
}
