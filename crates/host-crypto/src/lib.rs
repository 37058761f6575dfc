// SPDX-License-Identifier: GPL-2.0-only

//! The algorithms of SRTP by the RustCrypto crates, for tests of `rtp_media` on the host.
//!
//! The kernel module uses the kernel's own.

pub mod inbound;
pub mod outbound;
pub mod suites;

pub use inbound::Inbound;
pub use outbound::Indices;

use aes::cipher::{BlockEncrypt as _, KeyInit as _, StreamCipher as _};
use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::AeadInPlace as _;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use hmac::Mac as _;
use rtp_media::srtp::{Aes, Block, Code, Crypto, Ctr, Gcm, Ghash, Mac, Nonce, Part, Started, Tag};
use sha1::Sha1;

/// RustCrypto.
pub struct HostCrypto;

impl Crypto for HostCrypto {
    type Aes = HostAes;
    type Ctr = HostAes;
    type Gcm = HostGcm;
    type Ghash = HostGhash;
    type Mac = HostMac;

    fn is_equal(one: &[u8], other: &[u8]) -> bool {
        one == other
    }
}

/// AES.
pub enum HostAes {
    /// With a key of 16 bytes.
    Aes128(Aes128),
    /// With a key of 24 bytes.
    Aes192(Aes192),
    /// With a key of 32 bytes.
    Aes256(Aes256),
}

impl Aes for HostAes {
    fn new(key: &[u8]) -> Option<Self> {
        Some(match key.len() {
            16 => Self::Aes128(Aes128::new(key.into())),
            24 => Self::Aes192(Aes192::new(key.into())),
            32 => Self::Aes256(Aes256::new(key.into())),
            _ => return None,
        })
    }

    fn encrypt(&self, block: &mut Block) {
        match self {
            Self::Aes128(key) => key.encrypt_block(block.into()),
            Self::Aes192(key) => key.encrypt_block(block.into()),
            Self::Aes256(key) => key.encrypt_block(block.into()),
        }
    }

    fn ctr(&self, counter: &Block, data: &mut [u8]) {
        match self {
            Self::Aes128(key) => from_core::<Aes128>(key, counter, data),
            Self::Aes192(key) => from_core::<Aes192>(key, counter, data),
            Self::Aes256(key) => from_core::<Aes256>(key, counter, data),
        }
    }
}

impl Ctr for HostAes {
    fn new(key: &[u8], _part: Part) -> Option<Self> {
        <Self as Aes>::new(key)
    }

    fn crypt(&self, counter: &Block, data: &mut [u8]) -> Option<()> {
        self.ctr(counter, data);
        Some(())
    }
}

fn from_core<A>(key: &A, counter: &Block, data: &mut [u8])
where
    A: aes::cipher::BlockCipher
        + aes::cipher::BlockEncryptMut
        + aes::cipher::BlockSizeUser<BlockSize = aes::cipher::consts::U16>
        + Clone,
{
    use aes::cipher::{InnerIvInit as _, StreamCipherCoreWrapper};
    let core =
        ctr::CtrCore::<A, ctr::flavors::Ctr128BE>::inner_iv_init(key.clone(), counter.into());
    StreamCipherCoreWrapper::from_core(core).apply_keystream(data);
}

/// AES in Galois/counter mode, and the cipher by itself.
pub enum HostGcm {
    /// With a key of 16 bytes.
    Aes128(Box<Aes128Gcm>, HostAes),
    /// With a key of 32 bytes.
    Aes256(Box<Aes256Gcm>, HostAes),
}

impl HostGcm {
    /// Encrypts or decrypts.
    fn crypt(&self, nonce: &[u8; 12], data: &mut [u8]) {
        let (Self::Aes128(_, key) | Self::Aes256(_, key)) = self;
        let mut counter = [0; 16];
        counter[..12].copy_from_slice(nonce);
        counter[15] = 2;
        key.ctr(&counter, data);
    }

    /// Encrypts, and returns the tag.
    fn encrypt(&self, nonce: &[u8; 12], associated: &[u8], data: &mut [u8]) -> Tag {
        let tag = match self {
            Self::Aes128(key, _) => key.encrypt_in_place_detached(nonce.into(), associated, data),
            Self::Aes256(key, _) => key.encrypt_in_place_detached(nonce.into(), associated, data),
        };
        tag.expect("a packet is not too long").into()
    }
}

impl Gcm for HostGcm {
    fn new(key: &[u8]) -> Option<Self> {
        Some(match key.len() {
            16 => Self::Aes128(
                Box::new(Aes128Gcm::new(key.into())),
                <HostAes as Aes>::new(key)?,
            ),
            32 => Self::Aes256(
                Box::new(Aes256Gcm::new(key.into())),
                <HostAes as Aes>::new(key)?,
            ),
            _ => return None,
        })
    }

    fn seal(&self, nonce: &Nonce, packet: &mut [u8], clear: usize) -> Option<()> {
        let (packet, tag) = packet.split_last_chunk_mut()?;
        let (associated, data) = packet.split_at_mut_checked(clear)?;
        *tag = self.encrypt(nonce, associated, data);
        Some(())
    }

    fn open(&self, nonce: &Nonce, packet: &mut [u8], clear: usize) -> bool {
        let (packet, tag) = packet.split_last_chunk_mut().expect("there is a tag");
        let (associated, data) = packet.split_at_mut(clear);
        self.crypt(nonce, data);
        self.encrypt(nonce, associated, &mut data.to_vec()) == *tag
    }
}

/// The hash of AES-GCM.
pub struct HostGhash(ghash::GHash);

impl Ghash for HostGhash {
    fn new(key: &Block) -> Option<Self> {
        Some(Self(ghash::GHash::new(key.into())))
    }

    fn hash(&self, parts: [&[u8]; 4]) -> Block {
        use ghash::universal_hash::UniversalHash as _;
        let mut hash = self.0.clone();
        for part in parts {
            hash.update_padded(part);
        }
        hash.finalize().into()
    }
}

/// HMAC-SHA1.
#[derive(Clone)]
pub struct HostMac(hmac::Hmac<Sha1>);

impl Mac for HostMac {
    type Started<'m> = Self;

    fn new(key: &Code) -> Option<Self> {
        <hmac::Hmac<Sha1> as hmac::Mac>::new_from_slice(key)
            .ok()
            .map(Self)
    }

    fn start<'m>(&'m self, message: &'m [u8]) -> Self {
        let mut started = self.clone();
        started.0.update(message);
        started
    }
}

impl Started for HostMac {
    fn finish(&self, end: Option<[u8; 4]>) -> Code {
        let mut mac = self.0.clone();
        mac.update(end.as_ref().map_or(&[], |end| end));
        mac.finalize().into_bytes().into()
    }
}
