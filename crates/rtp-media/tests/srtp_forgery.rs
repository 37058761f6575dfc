// SPDX-License-Identifier: GPL-2.0-only

//! Packets that somebody tampered with: refused, left as they are, and without consequences.

use crate::common;
use crate::common::rtcp;
use crate::common::srtp::{context, protect_rtcp, protect_rtp, rtp_of, srtp_of, Receiver, SSRC};
use host_crypto::suites::{Suite, ALL};
use host_crypto::{HostAes, HostCrypto, HostGcm, HostGhash, HostMac, Inbound};
use rtp_media::srtp::index::Refused;
use rtp_media::srtp::{
    Aes, Block, Cipher, Code, Context, Crypto, Ctr, Gcm, Ghash, Mac, Nonce, Part, Started,
};

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
            let refused = receiver.take(&forged);
            let expected = Err(Refused::NotAuthentic);
            assert_eq!(refused, expected, "{} bit {bit}", suite.name);
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
            let refused = receiver.take_rtcp(&forged);
            let expected = Err(Refused::NotAuthentic);
            assert_eq!(refused, expected, "{} bit {bit}", suite.name);
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

        let mut renamed = srtp_of(&receiver.inbound.context, SSRC, 5);
        renamed[11] ^= 1;
        assert!(receiver.take(&renamed).is_err());
    }
}

/// Algorithms that tell what they were asked to do.
struct Watched;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Work {
    comparisons: usize,
    /// How often a packet went through HMAC, or through the hash of AES-GCM.
    hashed: usize,
    /// How often one was encrypted or decrypted without being hashed.
    crypted: usize,
}

thread_local! {
    static WORK: std::cell::Cell<Work> = const { std::cell::Cell::new(Work {
        comparisons: 0,
        hashed: 0,
        crypted: 0,
    }) };
}

fn worked(change: impl FnOnce(&mut Work)) {
    let mut work = WORK.get();
    change(&mut work);
    WORK.set(work);
}

struct WatchedAes(HostAes);
struct WatchedGcm(HostGcm);
struct WatchedGhash(HostGhash);
struct WatchedMac(HostMac);
struct WatchedStarted(HostMac);

impl Crypto for Watched {
    type Aes = WatchedAes;
    type Ctr = WatchedAes;
    type Gcm = WatchedGcm;
    type Ghash = WatchedGhash;
    type Mac = WatchedMac;

    fn is_equal(one: &[u8], other: &[u8]) -> bool {
        worked(|work| work.comparisons += 1);
        HostCrypto::is_equal(one, other)
    }
}

impl Aes for WatchedAes {
    fn new(key: &[u8]) -> Option<Self> {
        <HostAes as Aes>::new(key).map(Self)
    }

    fn encrypt(&self, block: &mut Block) {
        self.0.encrypt(block);
    }

    fn ctr(&self, counter: &Block, data: &mut [u8]) {
        worked(|work| work.crypted += 1);
        self.0.ctr(counter, data);
    }
}

impl Ctr for WatchedAes {
    fn new(key: &[u8], _: Part) -> Option<Self> {
        <Self as Aes>::new(key)
    }

    fn crypt(&self, counter: &Block, data: &mut [u8]) -> Option<()> {
        self.ctr(counter, data);
        Some(())
    }
}

impl Gcm for WatchedGcm {
    fn new(key: &[u8]) -> Option<Self> {
        HostGcm::new(key).map(Self)
    }

    fn seal(&self, nonce: &Nonce, packet: &mut [u8], clear: usize) -> Option<()> {
        worked(|work| work.hashed += 1);
        self.0.seal(nonce, packet, clear)
    }

    fn open(&self, nonce: &Nonce, packet: &mut [u8], clear: usize) -> bool {
        worked(|work| {
            work.hashed += 1;
            work.comparisons += 1;
        });
        self.0.open(nonce, packet, clear)
    }
}

impl Ghash for WatchedGhash {
    fn new(key: &Block) -> Option<Self> {
        HostGhash::new(key).map(Self)
    }

    fn hash(&self, parts: [&[u8]; 4]) -> Block {
        worked(|work| work.hashed += 1);
        self.0.hash(parts)
    }
}

impl Mac for WatchedMac {
    type Started<'m> = WatchedStarted;

    fn new(key: &Code) -> Option<Self> {
        HostMac::new(key).map(Self)
    }

    fn start<'m>(&'m self, message: &'m [u8]) -> WatchedStarted {
        worked(|work| work.hashed += 1);
        WatchedStarted(self.0.start(message))
    }
}

impl Started for WatchedStarted {
    fn finish(&self, end: Option<[u8; 4]>) -> Code {
        self.0.finish(end)
    }
}

fn watched(suite: &Suite) -> Receiver<Watched> {
    let context = rtp_media::srtp::Context::<Watched>::new(&suite.policy(0)).unwrap();
    Receiver::new(context, 64)
}

fn work_of<T>(what: impl FnOnce() -> T) -> (Work, T) {
    WORK.set(Work::default());
    let result = what();
    (WORK.get(), result)
}

/// The comparison is left to the algorithm, which does it in constant time.
#[test]
fn defect_09_tags_are_compared_by_the_algorithm() {
    for suite in ALL.iter().filter(|suite| suite.authenticates_rtp()) {
        let sender = context(suite, 0);
        let mut receiver = watched(suite);
        // HMAC beside AES-GCM: both.
        let is_gcm = suite.cipher == Cipher::AeadAesGcm;
        let tags = usize::from(suite.hmac) + usize::from(is_gcm);
        let srtp = srtp_of(&sender, SSRC, 5);
        let (work, taken) = work_of(|| receiver.take(&srtp));
        assert_eq!((taken, work.comparisons), (Ok(5), tags), "{}", suite.name);
        let srtcp = protect_rtcp(&sender, rtcp(200, 6), 5, b"");
        let (work, taken) = work_of(|| receiver.take_rtcp(&srtcp));
        assert!(taken.is_ok());
        assert_eq!(work.comparisons, tags, "{}", suite.name);
    }
}

/// What is forged is hashed once, however many rollover counters it may have, and so is what is genuine with any of them.
#[test]
fn field_20_a_forged_packet_is_hashed_once() {
    let is_hmac = |suite: &&Suite| suite.hmac && suite.cipher != Cipher::AeadAesGcm;
    for suite in ALL.iter().filter(is_hmac) {
        if !suite.authenticates_rtp() {
            continue;
        }
        let (sender, mut receiver, genuine) = four_guesses(suite);
        let mut forged = genuine.clone();
        *forged.last_mut().unwrap() ^= 1;
        let (work, taken) = work_of(|| receiver.take(&forged));
        assert_eq!(taken, Err(Refused::NotAuthentic), "{}", suite.name);
        let expected = Work {
            comparisons: 4,
            hashed: 1,
            crypted: 0,
        };
        assert_eq!(work, expected, "{}", suite.name);

        // Nor is a replay, or what only another guess finds, hashed more than once.
        let ahead = srtp_of(&sender, SSRC, 0x3_4002);
        let behind = srtp_of(&sender, SSRC, 0x1_4000);
        for (packet, expected) in [
            (&genuine, Ok(0x2_4001)),
            (&genuine, Err(Refused::Replayed)),
            (&behind, Err(Refused::TooOld)),
            (&ahead, Ok(0x3_4002)),
        ] {
            let (work, taken) = work_of(|| receiver.take(packet));
            assert_eq!((taken, work.hashed), (expected, 1), "{}", suite.name);
        }
    }
}

/// One that received a packet in the third round, and is told of another round by others: there are four guesses. The
/// packet is the next one.
fn four_guesses(suite: &Suite) -> (Context<HostCrypto>, Receiver<Watched>, Vec<u8>) {
    let sender = context(suite, 0);
    let mut receiver = watched(suite);
    receiver.shared = Some(0x2_4000);
    receiver.take(&srtp_of(&sender, SSRC, 0x2_4000)).unwrap();
    receiver.shared = Some(0x5_4000);
    let genuine = srtp_of(&sender, SSRC, 0x2_4001);
    (sender, receiver, genuine)
}

/// AES-GCM decrypts as it hashes, and has to undo that for the first forged packet. From then on, until so many are genuine, packets
/// are hashed first: what is forged is hashed once.
#[test]
fn field_20_forged_packets_of_aes_gcm_are_hashed_once() {
    let is_gcm = |suite: &&Suite| suite.cipher == Cipher::AeadAesGcm && !suite.hmac;
    for suite in ALL.iter().filter(is_gcm) {
        let (sender, mut receiver, genuine) = four_guesses(suite);
        let mut forged = genuine.clone();
        *forged.last_mut().unwrap() ^= 1;
        let (first, taken) = work_of(|| receiver.take(&forged));
        assert_eq!(taken, Err(Refused::NotAuthentic));
        let work = |hashed, comparisons| Work {
            comparisons,
            hashed,
            crypted: 0,
        };
        assert_eq!(first, work(2, 4), "{}: decrypted, and undone", suite.name);
        for _ in 0..3 {
            let (another, taken) = work_of(|| receiver.take(&forged));
            assert_eq!(taken, Err(Refused::NotAuthentic));
            assert_eq!(another, work(1, 4), "{}", suite.name);
        }
        // Those that follow are hashed before they are decrypted, and what is forged meanwhile is hashed once. The test has what is
        // genuine restored, which hashes it once more.
        receiver.shared = None;
        let first = 0x2_4001;
        for index in first..first + 64 {
            let (of_genuine, taken) = work_of(|| receiver.take(&srtp_of(&sender, SSRC, index)));
            assert_eq!((taken, of_genuine.hashed), (Ok(index), 2 + 1));
            if index < first + 63 {
                let (of_forged, _) = work_of(|| receiver.take(&forged));
                assert_eq!(of_forged.hashed, 1, "{}: {index:x}", suite.name);
            }
        }
        let next = srtp_of(&sender, SSRC, first + 64);
        let (of_genuine, taken) = work_of(|| receiver.take(&next));
        assert_eq!((taken, of_genuine), (Ok(first + 64), work(1 + 1, 1)));
        let (of_forged, _) = work_of(|| receiver.take(&forged));
        assert_eq!(of_forged.hashed, 2, "{}: trusted again", suite.name);
    }
}

/// Without anything that takes a packet in one call, the halves of AES-GCM do the same.
#[test]
fn aes_gcm_is_the_same_in_one_call_and_put_together() {
    struct Halves;
    struct NoGcm;
    impl Crypto for Halves {
        type Aes = HostAes;
        type Ctr = HostAes;
        type Gcm = NoGcm;
        type Ghash = HostGhash;
        type Mac = HostMac;

        fn is_equal(one: &[u8], other: &[u8]) -> bool {
            HostCrypto::is_equal(one, other)
        }
    }
    impl Gcm for NoGcm {
        fn new(_: &[u8]) -> Option<Self> {
            None
        }

        fn seal(&self, _: &Nonce, _: &mut [u8], _: usize) -> Option<()> {
            unreachable!()
        }

        fn open(&self, _: &Nonce, _: &mut [u8], _: usize) -> bool {
            unreachable!()
        }
    }
    for suite in ALL.iter().filter(|it| it.cipher == Cipher::AeadAesGcm) {
        let whole = context(suite, 0);
        let halves = || Context::<Halves>::new(&suite.policy(0)).unwrap();
        for header in [12, 16, 28, 32, 40] {
            for payload in (0..70).chain([160, 161, 1200]) {
                let mut packet = rtp_of(SSRC, 7);
                packet.resize(header + payload, 0x5a);
                let one = protect_rtp(&whole, packet.clone(), header, 7, b"");
                let other = protect_rtp(&halves(), packet.clone(), header, 7, b"");
                assert_eq!(one, other, "{}: {header} {payload}", suite.name);
                let mut received = one.clone();
                let mut inbound = Inbound::new(halves(), 64);
                let opened = inbound.open_rtp(&mut received, header, SSRC, 7, None);
                assert_eq!(received[..opened.unwrap().end], packet);
                let mut forged = one;
                forged[header + payload] ^= 1;
                let before = forged.clone();
                let refused = inbound.open_rtp(&mut forged, header, SSRC, 7, None);
                assert_eq!((refused, forged), (Err(Refused::NotAuthentic), before));
            }
        }
    }
}
