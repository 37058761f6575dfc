// SPDX-License-Identifier: GPL-2.0-only

//! What one end protects, the other opens, and can make what it was again.

use crate::common::srtp::SSRC;
use host_crypto::suites::{Suite, ALL};
use host_crypto::{HostCrypto, Inbound};
use proptest::prelude::*;
use rtp_media::rtp::RtpView;
use rtp_media::srtp::{Cipher, Context, Policy};

/// A suite with any tag lengths.
fn suite() -> impl Strategy<Value = Suite> {
    let tags = prop_oneof![
        3 => Just(None),
        1 => (0..=20u8, 0..=20u8).prop_map(Some),
    ];
    (proptest::sample::select(&ALL[..]), tags).prop_map(|(suite, tags)| match tags {
        Some((rtp_tag_len, rtcp_tag_len)) if suite.cipher != Cipher::AeadAesGcm => Suite {
            hmac: true,
            rtp_tag_len,
            rtcp_tag_len,
            ..suite
        },
        _ => suite,
    })
}

/// An RTP packet with whatever a header may have.
fn rtp() -> impl Strategy<Value = Vec<u8>> {
    (
        any::<[u8; 11]>(),
        proptest::collection::vec(any::<u32>(), 0..=15),
        proptest::option::of((any::<u16>(), proptest::collection::vec(any::<u32>(), 0..20))),
        proptest::collection::vec(any::<u8>(), 0..300),
    )
        .prop_map(|(header, csrcs, extension, payload)| {
            let mut packet = vec![0x80 | csrcs.len() as u8];
            packet.extend_from_slice(&header);
            packet.extend(csrcs.iter().flat_map(|csrc| csrc.to_be_bytes()));
            if let Some((profile, words)) = extension {
                packet[0] |= 0x10;
                packet.extend_from_slice(&profile.to_be_bytes());
                packet.extend_from_slice(&(words.len() as u16).to_be_bytes());
                packet.extend(words.iter().flat_map(|word| word.to_be_bytes()));
            }
            packet.extend_from_slice(&payload);
            packet
        })
}

fn mki() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => Just(Vec::new()),
        1 => proptest::collection::vec(any::<u8>(), 0..=255),
    ]
}

fn context(policy: &Policy<'_>) -> Context<HostCrypto> {
    Context::new(policy).unwrap()
}

proptest! {
    #[test]
    fn rtp_comes_back_and_can_be_restored(
        suite in suite(),
        plain in rtp(),
        mki in mki(),
        roc in any::<u16>(),
        lag in 0..0x7000u32,
    ) {
        let context = context(&suite.policy(mki.len() as u8));
        let view = RtpView::parse(&plain).unwrap();
        let (start, sequence) = (view.payload_start(), view.sequence());
        let index = (u32::from(roc) << 16) | u32::from(sequence);

        let mut packet = plain.clone();
        packet.resize(plain.len() + context.rtp_overhead(), 0xee);
        let length = context.protect_rtp(&mut packet, plain.len(), start, index, &mki).unwrap();
        prop_assert_eq!(length, packet.len());
        prop_assert_eq!(&packet[..start], &plain[..start]);
        let protected = packet.clone();

        let shared = Some(index.saturating_sub(lag));
        let mut inbound = Inbound::new(context, 64);
        let opened = inbound.open_rtp(&mut packet, start, SSRC, sequence, shared).unwrap();
        prop_assert_eq!(opened.index, index);
        prop_assert_eq!(&packet[..opened.end], &plain);
        inbound.context.restore_rtp(&mut packet, start, &opened).unwrap();
        prop_assert_eq!(packet, protected);
    }

    #[test]
    fn rtcp_comes_back_and_can_be_restored(
        suite in suite(),
        plain in proptest::collection::vec(any::<u8>(), 8..300),
        mki in mki(),
        index in 0..1u32 << 31,
    ) {
        let context = context(&suite.policy(mki.len() as u8));
        let mut packet = plain.clone();
        packet.resize(plain.len() + context.rtcp_overhead(), 0xee);
        let length = context.protect_rtcp(&mut packet, plain.len(), index, &mki).unwrap();
        prop_assert_eq!(length, packet.len());
        prop_assert_eq!(&packet[..8], &plain[..8]);
        let protected = packet.clone();

        let mut inbound = Inbound::new(context, 64);
        let opened = inbound.open_rtcp(&mut packet, SSRC).unwrap();
        prop_assert_eq!(opened.index, index);
        prop_assert_eq!(&packet[..opened.end], &plain);
        inbound.context.restore_rtcp(&mut packet, &opened).unwrap();
        prop_assert_eq!(packet, protected);
    }

    /// Any bytes, with any start of the payload: refused they are as before, accepted they can be
    /// restored.
    #[test]
    fn any_bytes(
        suite in suite(),
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        mki in mki(),
        start in 0..220usize,
        sequence in any::<u16>(),
        highest in any::<Option<u32>>(),
        window in 0..100u32,
    ) {
        let mut inbound = Inbound::new(context(&suite.policy(mki.len() as u8)), window);
        for _ in 0..2 {
            let mut packet = bytes.clone();
            let opened = inbound.open_rtp(&mut packet, start, SSRC, sequence, highest);
            if let Ok(opened) = opened {
                prop_assert!(start <= opened.end && opened.end <= packet.len());
                prop_assert_eq!(&packet[..start], &bytes[..start]);
                inbound.context.restore_rtp(&mut packet, start, &opened).unwrap();
            }
            prop_assert_eq!(&packet, &bytes);

            let opened = inbound.open_rtcp(&mut packet, SSRC);
            if let Ok(opened) = opened {
                prop_assert!(opened.end <= packet.len());
                inbound.context.restore_rtcp(&mut packet, &opened).unwrap();
            }
            prop_assert_eq!(&packet, &bytes);
        }
        // Protecting them panics neither, nor writes behind what it says.
        for length in [start, bytes.len()] {
            let mut buffer = bytes.clone();
            let _ = inbound.context.protect_rtp(&mut buffer, length, start, 5, &mki);
            let _ = inbound.context.protect_rtcp(&mut buffer, length, 5, &mki);
            prop_assert_eq!(buffer.len(), bytes.len());
        }
    }
}
