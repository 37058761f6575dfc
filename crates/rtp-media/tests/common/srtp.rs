// SPDX-License-Identifier: GPL-2.0-only

//! Both ends of an SRTP session, for tests to come between.

use std::cell::RefCell;

use host_crypto::{HostAes, HostCrypto, HostGcm, HostGhash, HostMac, Inbound};
use rtp_media::srtp::index::Refused;
use rtp_media::srtp::{Aes, Block, Cipher, Context, Crypto, Policy};

pub(crate) const SSRC: u32 = 0x5555_0001;

/// The bytes that these digits stand for; spaces do not matter.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).unwrap() as u8)
        .collect();
    assert_eq!(digits.len() % 2, 0);
    digits
        .chunks(2)
        .map(|pair| (pair[0] << 4) | pair[1])
        .collect()
}

/// A context of a suite, with a master key identifier of `mki_len` bytes.
pub(crate) fn context(suite: &host_crypto::suites::Suite, mki_len: u8) -> Context<HostCrypto> {
    Context::new(&suite.policy(mki_len)).unwrap()
}

/// The RTP packet of an index: 12 bytes of header, and a payload that tells the index.
pub(crate) fn rtp_of(ssrc: u32, index: u32) -> Vec<u8> {
    let mut packet = super::rtp(ssrc, b"payload of packet ");
    packet[2..4].copy_from_slice(&(index as u16).to_be_bytes());
    packet.extend_from_slice(&index.to_be_bytes());
    packet
}

/// That packet, protected.
pub(crate) fn srtp_of<C: Crypto>(context: &Context<C>, ssrc: u32, index: u32) -> Vec<u8> {
    protect_rtp(context, rtp_of(ssrc, index), 12, index, b"")
}

/// Protects an RTP packet.
pub(crate) fn protect_rtp<C: Crypto>(
    context: &Context<C>,
    mut packet: Vec<u8>,
    payload_start: usize,
    index: u32,
    mki: &[u8],
) -> Vec<u8> {
    let length = packet.len();
    packet.resize(length + context.rtp_overhead(), 0xee);
    let end = context.protect_rtp(&mut packet, length, payload_start, index, mki);
    packet.truncate(end.unwrap());
    packet
}

/// Protects an RTCP packet.
pub(crate) fn protect_rtcp<C: Crypto>(
    context: &Context<C>,
    mut packet: Vec<u8>,
    index: u32,
    mki: &[u8],
) -> Vec<u8> {
    let length = packet.len();
    packet.resize(length + context.rtcp_overhead(), 0xee);
    let end = context.protect_rtcp(&mut packet, length, index, mki);
    packet.truncate(end.unwrap());
    packet
}

/// One who receives.
pub(crate) struct Receiver<C: Crypto> {
    pub(crate) inbound: Inbound<C>,
    /// What others know of the highest packet index.
    pub(crate) shared: Option<u32>,
}

impl<C: Crypto> Receiver<C> {
    pub(crate) fn new(context: Context<C>, window: u32) -> Self {
        Self {
            inbound: Inbound::new(context, window),
            shared: None,
        }
    }

    /// Takes an RTP packet, with a header of 12 bytes. One that is refused is left as it was.
    pub(crate) fn take(&mut self, packet: &[u8]) -> Result<u32, Refused> {
        self.take_from(SSRC, packet)
    }

    pub(crate) fn take_from(&mut self, ssrc: u32, packet: &[u8]) -> Result<u32, Refused> {
        let mut copy = packet.to_vec();
        let sequence = u16::from_be_bytes([packet[2], packet[3]]);
        let result = self
            .inbound
            .open_rtp(&mut copy, 12, ssrc, sequence, self.shared);
        if let Ok(opened) = result {
            let plain = rtp_of(ssrc, opened.index);
            assert_eq!(copy[..opened.end], plain, "{:x}", opened.index);
            let context = &self.inbound.context;
            context.restore_rtp(&mut copy, 12, &opened).unwrap();
        }
        assert_eq!(copy, packet, "neither refused nor restored as it was");
        result.map(|opened| opened.index)
    }

    /// Takes an RTCP packet.
    pub(crate) fn take_rtcp(&mut self, packet: &[u8]) -> Result<(Vec<u8>, u32), Refused> {
        let mut copy = packet.to_vec();
        let plain = self.inbound.open_rtcp(&mut copy, SSRC).map(|opened| {
            let plain = copy[..opened.end].to_vec();
            let context = &self.inbound.context;
            context.restore_rtcp(&mut copy, &opened).unwrap();
            (plain, opened.index)
        });
        assert_eq!(copy, packet, "neither refused nor restored as it was");
        plain
    }
}

/// RustCrypto, with session keys that are given and not derived.
pub(crate) struct GivenKeys;

impl Crypto for GivenKeys {
    type Aes = GivenAes;
    type Ctr = HostAes;
    type Gcm = HostGcm;
    type Ghash = HostGhash;
    type Mac = HostMac;

    fn is_equal(one: &[u8], other: &[u8]) -> bool {
        one == other
    }
}

/// AES, which gives the session keys out when they are derived.
pub(crate) struct GivenAes(HostAes);

thread_local! {
    /// Cipher key, authentication key and salt, while they are derived.
    static GIVEN: RefCell<Option<[Vec<u8>; 3]>> = const { RefCell::new(None) };
}

impl Aes for GivenAes {
    fn new(key: &[u8]) -> Option<Self> {
        <HostAes as Aes>::new(key).map(Self)
    }

    fn encrypt(&self, block: &mut Block) {
        self.0.encrypt(block);
    }

    fn ctr(&self, counter: &Block, data: &mut [u8]) {
        GIVEN.with_borrow(|given| match given {
            // The master salt is zero: this is the label.
            Some(keys) => {
                let key = &keys[usize::from(counter[7] % 3)];
                data.copy_from_slice(&key[..data.len()]);
            }
            None => self.0.ctr(counter, data),
        });
    }
}

/// A context with these session keys, for RTP and RTCP.
pub(crate) fn with_session_keys(
    cipher: Cipher,
    key: &[u8],
    salt: &[u8],
    auth: Option<&[u8; 20]>,
) -> Context<GivenKeys> {
    let auth_key = auth.copied().unwrap_or_default().to_vec();
    GIVEN.set(Some([key.to_vec(), auth_key, salt.to_vec()]));
    let tag_len = if auth.is_some() { 10 } else { 0 };
    let context = Context::new(&Policy {
        cipher,
        hmac: auth.is_some(),
        master_key: key,
        master_salt: &[0; 14][..salt.len()],
        rtp_tag_len: tag_len,
        rtcp_tag_len: tag_len,
        mki_len: 0,
    });
    GIVEN.set(None);
    context.unwrap()
}
