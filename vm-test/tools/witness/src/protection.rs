// SPDX-License-Identifier: GPL-2.0-only

//! SRTP as a target or an output speaks it.

use host_crypto::{suites::Suite, HostCrypto};
use rtp_media::srtp::{Cipher, Context, Policy};
use rtp_wire::{Hmac, Srtp};

use crate::random::Random;

/// A suite with keys.
pub(crate) struct Protection {
    pub(crate) suite: &'static Suite,
    key: Vec<u8>,
    salt: Vec<u8>,
    mki: Vec<u8>,
    context: Context<HostCrypto>,
}

impl Protection {
    /// New keys.
    pub(crate) fn new(random: &mut Random, suite: &'static Suite, mki_len: u8) -> Self {
        let key = random.bytes(suite.key_len);
        let salt = random.bytes(if is_gcm(suite) { 12 } else { 14 });
        let policy = Policy {
            cipher: suite.cipher,
            hmac: suite.hmac,
            master_key: &key,
            master_salt: &salt,
            rtp_tag_len: suite.rtp_tag_len,
            rtcp_tag_len: suite.rtcp_tag_len,
            mki_len,
        };
        let context = Context::new(&policy).expect("lengths of a suite fit");
        let mki = random.bytes(usize::from(mki_len));
        Self {
            suite,
            key,
            salt,
            mki,
            context,
        }
    }

    /// Fills in the parameters of a command.
    pub(crate) fn fill(&self, to: &mut Srtp) {
        to.cipher = match (self.suite.cipher, self.suite.key_len) {
            (Cipher::Null, _) => rtp_wire::Cipher::Null,
            (Cipher::AesF8, _) => rtp_wire::Cipher::AesF8,
            (Cipher::AesCm, 16) => rtp_wire::Cipher::AesCm128,
            (Cipher::AesCm, 24) => rtp_wire::Cipher::AesCm192,
            (Cipher::AesCm, _) => rtp_wire::Cipher::AesCm256,
            (Cipher::AeadAesGcm, 16) => rtp_wire::Cipher::AeadAesGcm128,
            (Cipher::AeadAesGcm, _) => rtp_wire::Cipher::AeadAesGcm256,
        };
        to.hmac = if self.suite.hmac {
            Hmac::HmacSha1
        } else {
            Hmac::Null
        };
        copy(&mut to.master_key, &self.key);
        copy(&mut to.master_salt, &self.salt);
        copy(&mut to.mki, &self.mki);
        to.master_key_len = self.key.len() as u8;
        to.session_key_len = self.key.len() as u8;
        to.master_salt_len = self.salt.len() as u8;
        to.session_salt_len = self.salt.len() as u8;
        to.mki_len = self.mki.len() as u8;
        to.rtp_auth_tag_len = self.suite.rtp_tag_len;
        to.rtcp_auth_tag_len = self.suite.rtcp_tag_len;
    }

    /// Protects an RTP packet.
    pub(crate) fn rtp(&self, packet: &[u8], payload_start: usize, index: u32) -> Vec<u8> {
        let mut bytes = packet.to_vec();
        bytes.resize(packet.len() + self.rtp_overhead(), 0);
        let length =
            self.context
                .protect_rtp(&mut bytes, packet.len(), payload_start, index, &self.mki);
        bytes.truncate(length.expect("there is room"));
        bytes
    }

    /// Protects an RTCP packet.
    pub(crate) fn rtcp(&self, packet: &[u8], index: u32) -> Vec<u8> {
        let mut bytes = packet.to_vec();
        bytes.resize(packet.len() + self.context.rtcp_overhead(), 0);
        let length = self
            .context
            .protect_rtcp(&mut bytes, packet.len(), index, &self.mki);
        bytes.truncate(length.expect("there is room"));
        bytes
    }

    /// How much longer RTP gets.
    pub(crate) fn rtp_overhead(&self) -> usize {
        self.context.rtp_overhead()
    }
}

/// Whether a suite is one of AES-GCM.
pub(crate) fn is_gcm(suite: &Suite) -> bool {
    suite.cipher == Cipher::AeadAesGcm
}

fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
