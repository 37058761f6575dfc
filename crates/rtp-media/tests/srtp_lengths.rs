// SPDX-License-Identifier: GPL-2.0-only

//! Lengths of keys, tags and identifiers.

use crate::common::rtcp;
use crate::common::srtp::{context, protect_rtcp, protect_rtp, rtp_of, Receiver, SSRC};
use host_crypto::suites::{ALL, KEY};
use host_crypto::HostCrypto;
use rtp_media::srtp::{Cipher, Context, Policy};

fn is_accepted(policy: &Policy<'_>) -> bool {
    Context::<HostCrypto>::new(policy).is_some()
}

#[test]
fn defect_03_keys_of_another_length_are_refused() {
    let bytes = [7; 300];
    for suite in &ALL {
        let policy = suite.policy(0);
        for length in 0..bytes.len() {
            let master_key = &bytes[..length];
            let is_right = match (policy.cipher, policy.hmac) {
                (Cipher::Null, false) => true,
                (Cipher::Null | Cipher::AesCm, _) => [16, 24, 32].contains(&length),
                (Cipher::AesF8, _) => length == 16,
                (Cipher::AeadAesGcm, _) => [16, 32].contains(&length),
            };
            let policy = Policy {
                master_key,
                ..policy
            };
            assert_eq!(is_accepted(&policy), is_right, "{} {length}", suite.name);
        }
    }
}

#[test]
fn defect_03_salts_that_are_too_long_are_refused() {
    let bytes = [7; 300];
    for suite in &ALL {
        let policy = suite.policy(0);
        let longest = match (policy.cipher, policy.hmac) {
            (Cipher::Null, false) => continue,
            (Cipher::AeadAesGcm, _) => 12,
            _ => 14,
        };
        for length in 0..bytes.len() {
            let policy = Policy {
                master_salt: &bytes[..length],
                ..policy
            };
            let is_right = length <= longest;
            assert_eq!(is_accepted(&policy), is_right, "{} {length}", suite.name);
        }
    }
}

#[test]
fn defect_03_tags_that_are_too_long_are_refused() {
    for length in 0..=255 {
        let policy = Policy {
            hmac: true,
            ..ALL[0].policy(0)
        };
        let rtp_tag_len = length;
        let rtcp_tag_len = length;
        let is_right = length <= 20;
        assert_eq!(
            is_accepted(&Policy {
                rtp_tag_len,
                ..policy
            }),
            is_right
        );
        assert_eq!(
            is_accepted(&Policy {
                rtcp_tag_len,
                ..policy
            }),
            is_right
        );
    }
}

/// RTP and RTCP have tags of their own length, and so have the packets.
#[test]
fn defect_18_rtcp_has_its_own_tag_length() {
    for rtp_tag_len in 0..=20 {
        for rtcp_tag_len in 0..=20 {
            let policy = Policy {
                hmac: true,
                rtp_tag_len,
                rtcp_tag_len,
                master_key: &KEY[..16],
                ..ALL[0].policy(3)
            };
            let new = || Context::<HostCrypto>::new(&policy).unwrap();
            let context = new();
            let (rtp_tag, rtcp_tag) = (usize::from(rtp_tag_len), usize::from(rtcp_tag_len));
            assert_eq!(context.rtp_overhead(), 3 + rtp_tag);
            assert_eq!(context.rtcp_overhead(), 4 + 3 + rtcp_tag);

            let mut receiver = Receiver::new(new(), 64);
            let plain = rtp_of(SSRC, 5);
            let length = plain.len();
            let rtp = protect_rtp(&context, plain, 12, 5, b"mki");
            assert_eq!(rtp.len(), length + 3 + rtp_tag);
            assert_eq!(receiver.take(&rtp), Ok(5));

            let plain = rtcp(200, 6);
            let protected = protect_rtcp(&context, plain.clone(), 5, b"mki");
            assert_eq!(protected.len(), plain.len() + 4 + 3 + rtcp_tag);
            assert_eq!(receiver.take_rtcp(&protected), Ok((plain, 5)));
        }
    }
}

/// Without room for what SRTP adds, a packet is not sent; with just enough, it is.
#[test]
fn the_room_that_is_asked_for_is_enough_and_needed() {
    for suite in &ALL {
        for mki_len in [0, 1, 4, 255] {
            let context = context(suite, mki_len);
            let mki = vec![7; mki_len.into()];
            let plain = rtp_of(SSRC, 5);
            for missing in 0..=context.rtp_overhead() {
                let room = context.rtp_overhead() - missing;
                let mut buffer = [&plain[..], &vec![0; room]].concat();
                let end = context.protect_rtp(&mut buffer, plain.len(), 12, 5, &mki);
                assert_eq!(
                    end,
                    (missing == 0).then_some(buffer.len()),
                    "{}",
                    suite.name
                );
            }
            let plain = rtcp(200, 6);
            for missing in 0..=context.rtcp_overhead() {
                let room = context.rtcp_overhead() - missing;
                let mut buffer = [&plain[..], &vec![0; room]].concat();
                let end = context.protect_rtcp(&mut buffer, plain.len(), 5, &mki);
                assert_eq!(
                    end,
                    (missing == 0).then_some(buffer.len()),
                    "{}",
                    suite.name
                );
            }
        }
    }
}

/// A length or a start that is not of this packet.
#[test]
fn places_outside_the_packet_are_refused() {
    for suite in &ALL {
        let context = context(suite, 0);
        let mut buffer = vec![0x80; 200];
        for (length, payload_start) in [(100, 101), (201, 12), (100, 11), (5, 5), (0, 0)] {
            let end = context.protect_rtp(&mut buffer, length, payload_start, 5, b"");
            assert_eq!(end, None, "{}", suite.name);
        }
        for length in [0, 7, 201, usize::MAX] {
            assert_eq!(context.protect_rtcp(&mut buffer, length, 5, b""), None);
        }
    }
}
