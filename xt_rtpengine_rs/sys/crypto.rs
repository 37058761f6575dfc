// SPDX-License-Identifier: GPL-2.0-only

//! The kernel's AES and HMAC-SHA1, which work in place and in any context.
//!
//! Packets are encrypted by drivers of the crypto API, which enter the FPU once for a message; small things, and packets where
//! there is no driver, by the library, which enters it for each block.
//!
//! C headers: [`include/crypto/aead.h`](srctree/include/crypto/aead.h),
//! [`include/crypto/aes-ctr.h`](srctree/include/crypto/aes-ctr.h),
//! [`include/crypto/gf128hash.h`](srctree/include/crypto/gf128hash.h),
//! [`include/crypto/sha1.h`](srctree/include/crypto/sha1.h),
//! [`include/crypto/skcipher.h`](srctree/include/crypto/skcipher.h)

use super::bindings;
use crate::rtp_media::srtp::{
    self, Aes, Block, Code, Crypto, Ctr, Gcm, Ghash, Mac, Nonce, Part, Started, Tag,
};
use core::{
    mem::{self, MaybeUninit},
    ptr::NonNull,
};
use kernel::{alloc::Flags, prelude::*};

/// The kernel's own algorithms.
pub(crate) struct KernelCrypto;

impl Crypto for KernelCrypto {
    type Aes = AesKey;
    type Ctr = CtrKey;
    type Gcm = GcmKey;
    type Ghash = GhashKey;
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

/// The drivers that packets are encrypted by, which stay loaded. Where there is none the library does it.
pub(crate) struct Drivers(());

impl Drivers {
    /// Looks for them, and has them loaded. May sleep.
    pub(crate) fn new() -> Self {
        // SAFETY: The module is being loaded: nothing else of it runs, and this is done once.
        unsafe { bindings::rtpe_drivers_find() };
        Self(())
    }

    /// The names of those for counter mode and for Galois/counter mode; none where the library does it.
    pub(crate) fn names() -> [Option<&'static CStr>; 2] {
        // SAFETY: No requirements: drivers are found before anybody asks.
        let names = unsafe { [bindings::rtpe_ctr_driver(), bindings::rtpe_gcm_driver()] };
        // SAFETY: What is not null is the name of a driver, which stays loaded while anybody can ask.
        names.map(|name| (!name.is_null()).then(|| unsafe { CStr::from_char_ptr(name) }))
    }

    /// How many bytes a key of RTP has that nobody is charged for.
    pub(crate) fn key_size(cipher: srtp::Cipher) -> u64 {
        // SAFETY: No requirements: drivers are found before anybody asks.
        let size = unsafe {
            match cipher {
                srtp::Cipher::AesCm => bindings::rtpe_ctr_size(),
                srtp::Cipher::AeadAesGcm => bindings::rtpe_gcm_size(),
                srtp::Cipher::Null | srtp::Cipher::AesF8 => 0,
            }
        };
        size as u64
    }
}

impl Drop for Drivers {
    fn drop(&mut self) {
        // SAFETY: No keys are made any more, and no file that tells names is left.
        unsafe { bindings::rtpe_drivers_put() };
    }
}

/// A cipher of a driver, with its key.
///
/// # Invariants
///
/// The cipher is owned, synchronous, works in any context with no more of a request than its head, and has its key. It is of the
/// kind `C`.
struct Cipher<C>(NonNull<C>);

// SAFETY: Nothing but requests, which are on a stack, is written once the cipher has its key.
unsafe impl<C> Send for Cipher<C> {}
// SAFETY: As above.
unsafe impl<C> Sync for Cipher<C> {}

/// A key of AES in counter mode: of a driver, or where there is none, and for RTCP, which is rare, of the library.
pub(crate) enum CtrKey {
    /// Of a driver.
    Driver(DriverCtrKey),
    /// Of the library.
    Library(AesKey),
}

/// A key of a driver.
pub(crate) struct DriverCtrKey(Cipher<bindings::crypto_skcipher>);

impl DriverCtrKey {
    fn new(key: &[u8]) -> Option<Self> {
        let len = u32::try_from(key.len()).ok()?;
        // SAFETY: `key` has the length that is given.
        let cipher = unsafe { bindings::rtpe_ctr_new(key.as_ptr(), len) };
        // INVARIANT: What is not null is such a cipher with that key, and ours.
        NonNull::new(cipher).map(|cipher| Self(Cipher(cipher)))
    }
}

impl Drop for DriverCtrKey {
    fn drop(&mut self) {
        // SAFETY: By the type invariant the cipher is owned. This wipes the key.
        unsafe { bindings::rtpe_ctr_free(self.0 .0.as_ptr()) };
    }
}

impl Ctr for CtrKey {
    fn new(key: &[u8], part: Part) -> Option<Self> {
        let driver = match part {
            Part::Rtp => DriverCtrKey::new(key),
            Part::Rtcp => None,
        };
        match driver {
            Some(driver) => Some(Self::Driver(driver)),
            None => AesKey::new(key).map(Self::Library),
        }
    }

    fn crypt(&self, counter: &Block, data: &mut [u8]) -> Option<()> {
        let key = match self {
            Self::Driver(key) => key.0 .0.as_ptr(),
            Self::Library(key) => {
                key.ctr(counter, data);
                return Some(());
            }
        };
        let mut counter = *counter;
        let len = u32::try_from(data.len()).ok()?;
        // SAFETY: By the type invariant of `Cipher` it has its key; the data, which is that of a packet, has the length that is given,
        // and the counter 16 bytes.
        let done =
            unsafe { bindings::rtpe_ctr_crypt(key, data.as_mut_ptr(), len, counter.as_mut_ptr()) };
        done.then_some(())
    }
}

/// A key of AES in Galois/counter mode, of a driver.
pub(crate) struct GcmKey(Cipher<bindings::crypto_aead>);

impl Drop for GcmKey {
    fn drop(&mut self) {
        // SAFETY: By the type invariant of `Cipher` it is owned. This wipes the key.
        unsafe { bindings::rtpe_gcm_free(self.0 .0.as_ptr()) };
    }
}

impl GcmKey {
    /// Whether all that is asked for was done, and the tag is right.
    fn crypt(&self, encrypt: bool, nonce: &Nonce, packet: &mut [u8], clear: usize) -> bool {
        let len = packet.len().checked_sub(clear);
        let Some(len) = len.filter(|&len| len >= size_of::<Tag>()) else {
            return false;
        };
        let (Ok(clear), Ok(len)) = (u32::try_from(clear), u32::try_from(len)) else {
            return false;
        };
        let mut nonce = *nonce;
        // SAFETY: By the type invariant of `Cipher` it has its key; the packet has `clear` and `len` bytes, of which the last 16 are
        // those of a tag, and pages; the nonce has 12 bytes.
        unsafe {
            bindings::rtpe_gcm_crypt(
                self.0 .0.as_ptr(),
                encrypt,
                packet.as_mut_ptr(),
                clear,
                len,
                nonce.as_mut_ptr(),
            )
        }
    }
}

impl Gcm for GcmKey {
    fn new(key: &[u8]) -> Option<Self> {
        let len = u32::try_from(key.len()).ok()?;
        // SAFETY: `key` has the length that is given.
        let cipher = unsafe { bindings::rtpe_gcm_new(key.as_ptr(), len) };
        // INVARIANT: What is not null is such a cipher with that key, and ours.
        NonNull::new(cipher).map(|cipher| Self(Cipher(cipher)))
    }

    fn seal(&self, nonce: &Nonce, packet: &mut [u8], clear: usize) -> Option<()> {
        self.crypt(true, nonce, packet, clear).then_some(())
    }

    fn open(&self, nonce: &Nonce, packet: &mut [u8], clear: usize) -> bool {
        self.crypt(false, nonce, packet, clear)
    }
}

/// A key of GHASH.
pub(crate) struct GhashKey(Secret<bindings::ghash_key>);

impl Ghash for GhashKey {
    fn new(key: &Block) -> Option<Self> {
        let prepare = |to| {
            // SAFETY: `to` is memory for a prepared key, and `key` has the 16 bytes of one.
            unsafe { bindings::ghash_preparekey(to, key.as_ptr()) };
            true
        };
        Secret::new(prepare).map(Self)
    }

    fn hash(&self, parts: [&[u8]; 4]) -> Block {
        let mut run = MaybeUninit::uninit();
        // SAFETY: The key is prepared, and outlives the computation, which this starts.
        unsafe { bindings::rtpe_ghash_init(run.as_mut_ptr(), self.0.as_ptr()) };
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            // SAFETY: The computation was started, and `part` has the length that is given.
            unsafe { bindings::ghash_update(run.as_mut_ptr(), part.as_ptr(), part.len()) };
        }
        let mut hash = Block::default();
        // SAFETY: The computation was started, and a hash has 16 bytes. This wipes the context.
        unsafe { bindings::ghash_final(run.as_mut_ptr(), hash.as_mut_ptr()) };
        hash
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
