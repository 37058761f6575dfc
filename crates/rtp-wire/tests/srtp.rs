// SPDX-License-Identifier: GPL-2.0-only

//! SRTP parameters: which lengths fit which cipher.

use crate::common::{add_destination, add_target, decode_output, decode_target};
use rtp_wire::errno::EINVAL;
use rtp_wire::v26_0::{encode, layout};
use rtp_wire::Refusal;

/// Both places that SRTP parameters are in.
fn both(change: impl Fn(&mut layout::Srtp)) -> Result<(), i32> {
    let mut target = add_target();
    change(&mut target.target.decrypt);
    let target = decode_target(&target);
    let mut output = add_destination();
    change(&mut output.destination.output.encrypt);
    let output = decode_output(&output);

    match (target, output) {
        (Ok(_), Ok(_)) => Ok(()),
        (Err(target), Err(output)) => {
            assert!(matches!(target, Refusal::Decrypt(_)));
            assert!(matches!(output, Refusal::Encrypt(_)));
            assert_eq!(target.errno(), output.errno());
            Err(target.errno())
        }
        _ => panic!("target and output differ"),
    }
}

fn set(s: &mut layout::Srtp, cipher: u32, hmac: u32, key: u32, salt: u32) {
    s.cipher.set(cipher);
    s.hmac.set(hmac);
    s.master_key_len.set(key);
    s.session_key_len.set(key);
    s.master_salt_len.set(salt);
    s.session_salt_len.set(salt);
}

/// Cipher, key length, salt length.
const SUITES: [(u32, u32, u32); 6] = [
    (2, 16, 14),
    (3, 16, 14),
    (4, 24, 14),
    (5, 32, 14),
    (6, 16, 12),
    (7, 32, 12),
];

#[test]
fn defect_03_ciphers_take_keys_of_their_length() {
    for (cipher, key, salt) in SUITES {
        for hmac in [1, 2] {
            assert_eq!(
                both(|s| set(s, cipher, hmac, key, salt)),
                Ok(()),
                "{cipher}"
            );
            let lengths = [0, 1, 12, 13, 14, 15, 16, 17, 24, 32, 33, 256, 272, u32::MAX];
            for length in lengths {
                let key_ok = if length == key { Ok(()) } else { Err(EINVAL) };
                let salt_ok = if length == salt { Ok(()) } else { Err(EINVAL) };
                let master_key = both(|s| {
                    set(s, cipher, hmac, key, salt);
                    s.master_key_len.set(length);
                });
                assert_eq!(master_key, key_ok);
                let session_key = both(|s| {
                    set(s, cipher, hmac, key, salt);
                    s.session_key_len.set(length);
                });
                assert_eq!(session_key, key_ok);
                let master_salt = both(|s| {
                    set(s, cipher, hmac, key, salt);
                    s.master_salt_len.set(length);
                });
                assert_eq!(master_salt, salt_ok);
                let session_salt = both(|s| {
                    set(s, cipher, hmac, key, salt);
                    s.session_salt_len.set(length);
                });
                assert_eq!(session_salt, salt_ok);
            }
        }
    }
}

#[test]
fn algorithms_survive_a_round_trip() {
    for (cipher, key, salt) in SUITES.into_iter().chain([(1, 16, 14)]) {
        for hmac in [1, 2] {
            let mut message = add_target();
            set(&mut message.target.decrypt, cipher, hmac, key, salt);
            let encoded = encode::add_target(&decode_target(&message).unwrap());
            assert_eq!(encoded.target.decrypt.cipher.get(), cipher);
            assert_eq!(encoded.target.decrypt.hmac.get(), hmac);
        }
    }
}

#[test]
fn unknown_algorithms_are_refused() {
    for cipher in [0, 8, 9, 256, 258, u32::MAX] {
        assert_eq!(both(|s| set(s, cipher, 2, 16, 14)), Err(EINVAL));
    }
    for hmac in [0, 3, 256, 258, u32::MAX] {
        assert_eq!(both(|s| set(s, 2, hmac, 16, 14)), Err(EINVAL));
    }
}

#[test]
fn plain_is_accepted_with_and_without_keys() {
    for (key, salt) in [(0, 0), (16, 14), (24, 14), (32, 14), (16, 12), (32, 12)] {
        assert_eq!(both(|s| set(s, 1, 1, key, salt)), Ok(()));
    }
    for (key, salt) in [(33, 0), (0, 15), (u32::MAX, 0), (1, 0), (0, 1)] {
        assert_eq!(both(|s| set(s, 1, 1, key, salt)), Err(EINVAL));
    }
    let mut message = add_target();
    set(&mut message.target.decrypt, 1, 1, 0, 0);
    let target = decode_target(&message).unwrap();
    assert!(target.decrypt.is_plain());
    assert_eq!(target.decrypt.master_key, [0; 32]);
}

#[test]
fn authentication_alone_needs_keys() {
    for (key, salt) in [(16, 14), (24, 14), (32, 14)] {
        assert_eq!(both(|s| set(s, 1, 2, key, salt)), Ok(()));
    }
    assert_eq!(both(|s| set(s, 1, 2, 0, 0)), Err(EINVAL));
    assert_eq!(both(|s| set(s, 1, 2, 16, 0)), Err(EINVAL));

    let mut message = add_target();
    set(&mut message.target.decrypt, 1, 2, 16, 14);
    assert!(!decode_target(&message).unwrap().decrypt.is_plain());
    set(&mut message.target.decrypt, 2, 1, 16, 14);
    assert!(!decode_target(&message).unwrap().decrypt.is_plain());
}

#[test]
fn tags_and_identifiers_are_bounded() {
    let fit = |s: &mut layout::Srtp| set(s, 2, 2, 16, 14);
    for (length, result) in [
        (0, Ok(())),
        (20, Ok(())),
        (21, Err(EINVAL)),
        (276, Err(EINVAL)),
    ] {
        let rtp = both(|s| {
            fit(s);
            s.rtp_auth_tag_len.set(length);
        });
        assert_eq!(rtp, result);
        let rtcp = both(|s| {
            fit(s);
            s.rtcp_auth_tag_len.set(length);
        });
        assert_eq!(rtcp, result);
    }
    for (length, result) in [(255, Ok(())), (256, Err(EINVAL)), (u32::MAX, Err(EINVAL))] {
        let mki = both(|s| {
            fit(s);
            s.mki_len.set(length);
        });
        assert_eq!(mki, result);
    }
}

#[test]
fn keys_do_not_show() {
    let mut target = decode_target(&add_target()).unwrap();
    let shown = format!("{:?}", target.decrypt);
    assert!(shown.contains("<redacted>"));
    assert!(!shown.contains("0123"), "{shown}");
    assert!(!shown.contains("48, 49"), "{shown}");

    target.decrypt.wipe();
    assert_eq!(target.decrypt.master_key, [0; 32]);
    assert_eq!(target.decrypt.master_salt, [0; 14]);
    assert!(target.decrypt.is_plain());
}
