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
use core::{mem::MaybeUninit, ptr::NonNull};
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

    fn get(&self) -> &T {
        // SAFETY: By the type invariant it is initialised, and it is borrowed as long.
        unsafe { &*self.as_ptr() }
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

/// Length of a block of SHA-1.
const SHA1_BLOCK: usize = 64;

/// What SHA-1 has made of whole blocks.
#[derive(Clone, Copy)]
struct Sha1(bindings::sha1_block_state);

impl Sha1 {
    /// Of none (FIPS 180-4, 5.3.1).
    const START: Self = Self(bindings::sha1_block_state {
        h: [
            0x6745_2301,
            0xefcd_ab89,
            0x98ba_dcfe,
            0x1032_5476,
            0xc3d2_e1f0,
        ],
    });

    /// Goes on with more; what is not a whole block is left out.
    #[inline(always)]
    fn hash(&mut self, blocks: &[u8]) {
        let size = blocks.len().saturating_sub(blocks.len() % SHA1_BLOCK);
        let mut run = MaybeUninit::<bindings::sha1_ctx>::uninit();
        let context = run.as_mut_ptr();
        // SAFETY: The context is ours. Its buffer is neither read nor written: it is empty before whole blocks, and after them.
        unsafe {
            (&raw mut (*context).state).write(self.0);
            (&raw mut (*context).bytecount).write(0);
            bindings::sha1_update(context, blocks.as_ptr(), size);
            self.0 = (&raw const (*context).state).read();
        }
    }

    fn code(&self) -> Code {
        let mut code = [0; 20];
        for (to, word) in code.chunks_exact_mut(4).zip(self.0.h) {
            to.copy_from_slice(&word.to_be_bytes());
        }
        code
    }
}

/// A key of HMAC-SHA1 (RFC 2104): what its inner and its outer padding make of SHA-1.
///
/// The kernel's own HMAC copies and clears more: docs/performance.md.
pub(crate) struct MacKey(Secret<[Sha1; 2]>);

impl Mac for MacKey {
    type Started<'m> = MacRun<'m>;

    fn new(key: &Code) -> Option<Self> {
        let padded = |padding: u8| {
            let mut block = [padding; SHA1_BLOCK];
            for (byte, key) in block.iter_mut().zip(key) {
                *byte ^= key;
            }
            let mut sha1 = Sha1::START;
            sha1.hash(&block);
            wipe(&mut block);
            sha1
        };
        let prepare = |to: *mut [Sha1; 2]| {
            // SAFETY: `to` is memory for a prepared key.
            unsafe { to.write([padded(0x36), padded(0x5c)]) };
            true
        };
        Secret::new(prepare).map(Self)
    }

    fn start<'m>(&'m self, message: &'m [u8]) -> MacRun<'m> {
        let [inner, outer] = self.0.get();
        let whole = message.len().saturating_sub(message.len() % SHA1_BLOCK);
        let (blocks, rest) = message.split_at_checked(whole).unwrap_or((message, &[]));
        let mut inner = *inner;
        inner.hash(blocks);
        MacRun {
            inner,
            outer,
            rest,
            len: message.len(),
        }
    }
}

/// A started computation. What is on the stack of it, and what it leaves there, has gone through SHA-1 with a message: that does not
/// tell the key.
pub(crate) struct MacRun<'m> {
    inner: Sha1,
    outer: &'m Sha1,
    /// What of the message is not a whole block.
    rest: &'m [u8],
    len: usize,
}

impl Started for MacRun<'_> {
    fn finish(&self, end: Option<[u8; 4]>) -> Code {
        let mut last = [0; 2 * SHA1_BLOCK];
        let mut len = self.rest.len();
        if let Some(to) = last.get_mut(..len) {
            to.copy_from_slice(self.rest);
        }
        let mut total = self.len;
        if let Some(end) = end {
            if let Some(to) = last.get_mut(len..).and_then(<[u8]>::first_chunk_mut) {
                *to = end;
            }
            len = len.saturating_add(end.len());
            total = total.saturating_add(end.len());
        }
        let is_short = len < SHA1_BLOCK.saturating_sub(LENGTH);
        let blocks = if is_short { SHA1_BLOCK } else { last.len() };
        let mut inner = self.inner;
        inner.hash(pad(last.get_mut(..blocks).unwrap_or(&mut []), len, total));
        let mut last = [0; SHA1_BLOCK];
        let code = inner.code();
        if let Some(to) = last.first_chunk_mut() {
            *to = code;
        }
        let mut outer = *self.outer;
        outer.hash(pad(&mut last, code.len(), code.len()));
        outer.code()
    }
}

/// Length of the length at the end of what SHA-1 hashes.
const LENGTH: usize = size_of::<u64>();

/// Ends what goes through SHA-1 (FIPS 180-4, 5.1.1), of which `len` bytes are in these blocks; `total` are behind the padded key.
fn pad(blocks: &mut [u8], len: usize, total: usize) -> &[u8] {
    if let Some(to) = blocks.get_mut(len) {
        *to = 0x80;
    }
    if let Some(to) = blocks.last_chunk_mut::<LENGTH>() {
        *to = ((total.saturating_add(SHA1_BLOCK) as u64) << 3).to_be_bytes();
    }
    blocks
}
