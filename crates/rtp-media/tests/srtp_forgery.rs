// SPDX-License-Identifier: GPL-2.0-only

//! Packets that somebody tampered with: refused, left as they are, and without consequences.

use crate::common;
use crate::common::rtcp;
use crate::common::srtp::{context, protect_rtcp, protect_rtp, rtp_of, srtp_of, Receiver, SSRC};
use host_crypto::suites::ALL;
use host_crypto::{HostAes, HostCrypto, HostGcm, HostMac};
use rtp_media::srtp::{Crypto, Mac, Refused};

const MKI: &[u8] = b"mki!";

/// Where the master key identifier of a protected packet is: it is not authenticated, nor looked at.
fn mki_of(protected: usize, tag_len: u8) -> std::ops::Range<usize> {
    let end = protected - usize::from(tag_len);
    end - MKI.len()..end
}

#[test]
fn defect_07_every_flipped_bit_is_refused_and_forgotten() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtp()) {
        let context = context(suite, 4);
        let mut receiver = Receiver::new(common::srtp::context(suite, 4), 64);
        let srtp = |index| protect_rtp(&context, rtp_of(SSRC, index), 12, index, MKI);
        let first = 0x0002_fffe;
        receiver.shared = Some(first);
        receiver.take(&srtp(first)).unwrap();
        receiver.shared = None;

        let genuine = srtp(first + 1);
        let unlooked_at = mki_of(genuine.len(), suite.rtp_tag_len);
        for bit in 0..genuine.len() * 8 {
            if unlooked_at.contains(&(bit / 8)) {
                continue;
            }
            let mut forged = genuine.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            // With another sequence number it may look like an old one.
            let refused = receiver.take(&forged).unwrap_err();
            if !(2..4).contains(&(bit / 8)) {
                assert_eq!(refused, Refused::NotAuthentic, "{} bit {bit}", suite.name);
            }
        }
        // The stream that follows is not disturbed.
        for index in first + 1..first + 5 {
            assert_eq!(receiver.take(&srtp(index)), Ok(index), "{}", suite.name);
        }
    }
}

#[test]
fn defect_07_every_flipped_bit_of_rtcp_is_refused_and_forgotten() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtcp()) {
        let context = context(suite, 4);
        let mut receiver = Receiver::new(common::srtp::context(suite, 4), 64);
        let srtcp = |index| protect_rtcp(&context, rtcp(200, 6), index, MKI);
        receiver.take_rtcp(&srtcp(300)).unwrap();

        let genuine = srtcp(301);
        let unlooked_at = mki_of(genuine.len(), suite.rtcp_tag_len);
        for bit in 0..genuine.len() * 8 {
            if unlooked_at.contains(&(bit / 8)) {
                continue;
            }
            let mut forged = genuine.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(
                receiver.take_rtcp(&forged).is_err(),
                "{} bit {bit}",
                suite.name
            );
        }
        for index in 301..305 {
            assert_eq!(receiver.take_rtcp(&srtcp(index)).unwrap().1, index);
        }
    }
}

/// Forged packets with every sequence number: none of them moves the counter.
#[test]
fn defect_07_a_flood_of_forged_packets_desynchronises_nothing() {
    for suite in [&ALL[0], &ALL[15]] {
        let context = context(suite, 0);
        let mut receiver = Receiver::new(common::srtp::context(suite, 0), 64);
        receiver.shared = Some(0x0004_8000);
        receiver
            .take(&srtp_of(&context, SSRC, 0x0004_8000))
            .unwrap();
        receiver.shared = None;
        let mut forged = srtp_of(&context, SSRC, 0);
        for sequence in (0..=u16::MAX).step_by(7) {
            forged[2..4].copy_from_slice(&sequence.to_be_bytes());
            receiver.take(&forged).unwrap_err();
        }
        for index in [0x0004_8001, 0x0004_8003, 0x0004_8002] {
            let packet = srtp_of(&context, SSRC, index);
            assert_eq!(receiver.take(&packet), Ok(index));
        }
    }
}

#[test]
fn every_prefix_of_a_packet_is_refused() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtp()) {
        let context = context(suite, 4);
        let packet = protect_rtp(&context, rtp_of(SSRC, 5), 12, 5, MKI);
        let mut receiver = Receiver::new(common::srtp::context(suite, 4), 64);
        for length in 12..packet.len() {
            let refused = receiver.take(&packet[..length]);
            assert_eq!(refused, Err(Refused::NotAuthentic), "{}", suite.name);
        }
        assert_eq!(receiver.take(&packet), Ok(5));
    }
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtcp()) {
        let context = context(suite, 4);
        let packet = protect_rtcp(&context, rtcp(200, 6), 5, MKI);
        let mut receiver = Receiver::new(common::srtp::context(suite, 4), 64);
        for length in 0..packet.len() {
            assert!(receiver.take_rtcp(&packet[..length]).is_err());
        }
        assert!(receiver.take_rtcp(&packet).is_ok());
    }
}

/// A packet of another session, or of another SSRC of this one.
#[test]
fn packets_of_others_are_refused() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtp()) {
        let mut policy = suite.policy(0);
        let mut other_key = policy.master_key.to_vec();
        other_key[0] ^= 1;
        policy.master_key = &other_key;
        let other = rtp_media::srtp::Context::<HostCrypto>::new(&policy).unwrap();
        let mut receiver = Receiver::new(context(suite, 0), 64);
        assert!(receiver.take(&srtp_of(&other, SSRC, 5)).is_err());

        let mut renamed = srtp_of(&receiver.context, SSRC, 5);
        renamed[11] ^= 1;
        assert!(receiver.take(&renamed).is_err());
    }
}

/// HMAC-SHA1 that tells what it was asked to compare.
struct Compared;

thread_local! {
    static COMPARISONS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

struct ComparingMac(HostMac);

impl Crypto for Compared {
    type Aes = HostAes;
    type Gcm = HostGcm;
    type Mac = ComparingMac;
}

impl Mac for ComparingMac {
    fn new(key: &[u8; 20]) -> Option<Self> {
        HostMac::new(key).map(Self)
    }

    fn code(&self, _: [&[u8]; 2]) -> [u8; 20] {
        panic!("what is received is not compared by hand");
    }

    fn verify(&self, message: [&[u8]; 2], tag: &[u8]) -> bool {
        COMPARISONS.set(COMPARISONS.get() + 1);
        self.0.verify(message, tag)
    }
}

/// The comparison is left to the algorithm, which does it in constant time.
#[test]
fn defect_09_tags_are_compared_by_the_algorithm() {
    let suite = &ALL[0];
    let sender = context(suite, 0);
    let context = rtp_media::srtp::Context::<Compared>::new(&suite.policy(0)).unwrap();
    let mut receiver = Receiver::new(context, 64);
    assert_eq!(receiver.take(&srtp_of(&sender, SSRC, 5)), Ok(5));
    let rtcp = protect_rtcp(&sender, rtcp(200, 6), 5, b"");
    assert!(receiver.take_rtcp(&rtcp).is_ok());
    assert_eq!(COMPARISONS.get(), 2);
}
