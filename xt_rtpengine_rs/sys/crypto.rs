// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's AES and HMAC-SHA1, which work in place and in any context.
//!
//! C headers: [`include/crypto/aes-ctr.h`](srctree/include/crypto/aes-ctr.h),
//! [`include/crypto/aes-gcm.h`](srctree/include/crypto/aes-gcm.h),
//! [`include/crypto/sha1.h`](srctree/include/crypto/sha1.h)

use super::bindings;
use crate::rtp_media::srtp::{Aes, Block, Code, Crypto, Gcm, Mac, Nonce, Started, Tag};
use core::mem::{self, MaybeUninit};
use kernel::{alloc::Flags, prelude::*};

/// The kernel's own algorithms.
pub(crate) struct KernelCrypto;

impl Crypto for KernelCrypto {
    type Aes = AesKey;
    type Gcm = GcmKey;
    type Mac = MacKey;

    fn is_equal(one: &[u8], other: &[u8]) -> bool {
        // SAFETY: Both have the length that is given.
        one.len() == other.len()
            && unsafe { bindings::rtpe_is_equal(one.as_ptr(), other.as_ptr(), one.len()) }
    }
}

/// Overwrites a secret with zeros.
pub(crate) fn wipe(secret: &mut [u8]) {
    // SAFETY: The memory is borrowed, and of that size.
    unsafe { bindings::rtpe_memzero(secret.as_mut_ptr().cast(), secret.len()) };
}

/// A prepared key, in memory of its own, so that moving it leaves nothing behind.
///
/// # Invariants
///
/// The memory is initialised.
struct Secret<T>(KBox<MaybeUninit<T>>);

// SAFETY: Keys are plain memory that is only read once it is prepared.
unsafe impl<T> Send for Secret<T> {}
// SAFETY: As above.
unsafe impl<T> Sync for Secret<T> {}

impl<T> Secret<T> {
    /// Has `prepare` write a key into memory that is zero; it returns whether it could. May sleep.
    fn new(prepare: impl FnOnce(*mut T) -> bool) -> Option<Self> {
        Self::with_flags(GFP_KERNEL_ACCOUNT, prepare)
    }

    fn with_flags(flags: Flags, prepare: impl FnOnce(*mut T) -> bool) -> Option<Self> {
        let memory = KBox::new_uninit(flags | __GFP_ZERO).ok()?;
        // INVARIANT: The structures of keys consist of integers: zeros are valid, as is what is written.
        let mut secret = Self(memory);
        prepare(secret.0.as_mut_ptr()).then_some(secret)
    }

    fn as_ptr(&self) -> *const T {
        self.0.as_ptr()
    }
}

impl<T> Drop for Secret<T> {
    fn drop(&mut self) {
        // SAFETY: The memory is owned, and of that size.
        unsafe { bindings::rtpe_memzero(self.0.as_mut_ptr().cast(), size_of::<T>()) };
    }
}

/// A key of AES.
pub(crate) struct AesKey(Secret<bindings::aes_enckey>);

impl AesKey {
    fn with_flags(flags: Flags, key: &[u8]) -> Option<Self> {
        // SAFETY: `to` is memory for a prepared key, and `key` has the length that is given.
        let prepare = |to| unsafe { bindings::aes_prepareenckey(to, key.as_ptr(), key.len()) } == 0;
        Secret::with_flags(flags, prepare).map(Self)
    }
}

impl Aes for AesKey {
    fn new(key: &[u8]) -> Option<Self> {
        Self::with_flags(GFP_KERNEL_ACCOUNT, key)
    }

    fn encrypt(&self, block: &mut Block) {
        // SAFETY: The key is prepared, and the block has 16 bytes.
        unsafe { bindings::rtpe_aes_encrypt(self.0.as_ptr(), block.as_mut_ptr()) };
    }

    fn ctr(&self, counter: &Block, data: &mut [u8]) {
        let mut counter = *counter;
        // SAFETY: The key is prepared, the data has the length that is given, and the counter 16 bytes.
        unsafe {
            bindings::rtpe_aes_ctr(
                self.0.as_ptr(),
                data.as_mut_ptr(),
                data.len(),
                counter.as_mut_ptr(),
            )
        };
    }
}

/// A key of AES that can be prepared where nothing may sleep.
pub(crate) struct AtomicAesKey(AesKey);

impl Aes for AtomicAesKey {
    fn new(key: &[u8]) -> Option<Self> {
        AesKey::with_flags(GFP_ATOMIC, key).map(Self)
    }

    fn encrypt(&self, block: &mut Block) {
        self.0.encrypt(block);
    }

    fn ctr(&self, counter: &Block, data: &mut [u8]) {
        self.0.ctr(counter, data);
    }
}

/// A key of AES in Galois/counter mode.
pub(crate) struct GcmKey(Secret<bindings::aes_gcm_key>);

/// A computation that is wiped, finished or not.
struct GcmRun(MaybeUninit<bindings::aes_gcm_ctx>);

impl GcmRun {
    fn start(key: &GcmKey, nonce: &Nonce, associated: [&[u8]; 2]) -> Self {
        let mut run = Self(MaybeUninit::uninit());
        // SAFETY: The key is prepared and outlives the computation, which no method returns; the nonce
        // has 12 bytes.
        unsafe { bindings::aes_gcm_init(run.0.as_mut_ptr(), nonce.as_ptr(), key.0.as_ptr()) };
        for part in associated {
            // SAFETY: The computation was started, and `part` has the length that is given.
            unsafe { bindings::aes_gcm_auth_update(run.0.as_mut_ptr(), part.as_ptr(), part.len()) };
        }
        run
    }

    fn encrypt(&mut self, data: &mut [u8]) {
        let at = data.as_mut_ptr();
        // SAFETY: The computation was started; the data has that length, and is changed in place.
        unsafe { bindings::aes_gcm_encrypt_update(self.0.as_mut_ptr(), at, at, data.len()) };
    }

    fn decrypt(&mut self, data: &mut [u8]) {
        let at = data.as_mut_ptr();
        // SAFETY: The computation was started; the data has that length, and is changed in place.
        unsafe { bindings::aes_gcm_decrypt_update(self.0.as_mut_ptr(), at, at, data.len()) };
    }

    /// The tag, of what was encrypted or decrypted alike.
    fn finish(mut self) -> Tag {
        let mut tag = Tag::default();
        // SAFETY: The computation was started, and the tag has the length that the key asks for.
        // This wipes the context.
        unsafe { bindings::aes_gcm_encrypt_final(self.0.as_mut_ptr(), tag.as_mut_ptr()) };
        mem::forget(self);
        tag
    }
}

impl Drop for GcmRun {
    fn drop(&mut self) {
        let size = size_of::<bindings::aes_gcm_ctx>();
        // SAFETY: The memory is owned, and of that size.
        unsafe { bindings::rtpe_memzero(self.0.as_mut_ptr().cast(), size) };
    }
}

impl Gcm for GcmKey {
    fn new(key: &[u8]) -> Option<Self> {
        let prepare = |to| {
            // SAFETY: `to` is memory for a prepared key, and `key` has the length that is given.
            let result = unsafe {
                bindings::aes_gcm_preparekey(to, key.as_ptr(), key.len(), size_of::<Tag>())
            };
            result == 0
        };
        Secret::new(prepare).map(Self)
    }

    fn seal(&self, nonce: &Nonce, associated: [&[u8]; 2], data: &mut [u8]) -> Tag {
        let mut run = GcmRun::start(self, nonce, associated);
        run.encrypt(data);
        run.finish()
    }

    fn open(&self, nonce: &Nonce, associated: [&[u8]; 2], data: &mut [u8]) -> Tag {
        let mut run = GcmRun::start(self, nonce, associated);
        run.decrypt(data);
        run.finish()
    }

    fn keystream(&self, nonce: &Nonce, data: &mut [u8]) {
        GcmRun::start(self, nonce, [&[], &[]]).encrypt(data);
    }
}

/// A key of HMAC-SHA1.
pub(crate) struct MacKey(Secret<bindings::hmac_sha1_key>);

impl Mac for MacKey {
    type Started = MacRun;

    fn new(key: &Code) -> Option<Self> {
        let prepare = |to| {
            // SAFETY: `to` is memory for a prepared key, and `key` has the length that is given.
            unsafe { bindings::hmac_sha1_preparekey(to, key.as_ptr(), key.len()) };
            true
        };
        Secret::new(prepare).map(Self)
    }

    fn start(&self, message: &[u8]) -> MacRun {
        let mut run = MacRun(MaybeUninit::uninit());
        // SAFETY: The key is prepared; this starts the computation.
        unsafe { bindings::hmac_sha1_init(run.0.as_mut_ptr(), self.0.as_ptr()) };
        run.update(message);
        run
    }
}

/// A started computation, of integers alone, that is wiped, finished or not.
#[derive(Clone)]
pub(crate) struct MacRun(MaybeUninit<bindings::hmac_sha1_ctx>);

impl MacRun {
    fn update(&mut self, part: &[u8]) {
        // SAFETY: The computation was started, and `part` has the length that is given.
        unsafe { bindings::rtpe_hmac_sha1_update(self.0.as_mut_ptr(), part.as_ptr(), part.len()) };
    }
}

impl Started for MacRun {
    fn finish(mut self, end: &[u8]) -> Code {
        self.update(end);
        let mut code = [0; 20];
        // SAFETY: The computation was started, and a code has 20 bytes. This wipes the context.
        unsafe { bindings::hmac_sha1_final(self.0.as_mut_ptr(), code.as_mut_ptr()) };
        mem::forget(self);
        code
    }
}

impl Drop for MacRun {
    fn drop(&mut self) {
        let size = size_of::<bindings::hmac_sha1_ctx>();
        // SAFETY: The memory is owned, and of that size.
        unsafe { bindings::rtpe_memzero(self.0.as_mut_ptr().cast(), size) };
    }
}
