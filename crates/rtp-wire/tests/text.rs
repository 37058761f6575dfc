// SPDX-License-Identifier: GPL-2.0-only

//! Text and small types.

use rtp_wire::refusal::{AddressFault, AddressName, SrtpFault};
use rtp_wire::{
    Cipher, CommandNumber, Direction, MediaIndex, Mid, PointerName, Refusal, UserPointer,
};
use zerocopy::FromZeros;

#[test]
fn error_numbers_are_those_of_linux() {
    use rtp_wire::errno::{EFAULT, EINVAL, EIO, EMSGSIZE, ENOENT, ENXIO, ERANGE};
    let numbers = [ENOENT, EIO, ENXIO, EFAULT, EINVAL, ERANGE, EMSGSIZE];
    assert_eq!(numbers, [2, 5, 6, 14, 22, 34, 90]);
}

#[test]
fn media_indices_are_below_eight() {
    for index in 0..8 {
        assert_eq!(MediaIndex::new(index).unwrap().get(), Some(index));
    }
    assert_eq!(MediaIndex::new(8), None);
    assert_eq!(MediaIndex::new(255), None);
    assert_eq!(MediaIndex::NONE.get(), None);
    assert_eq!(MediaIndex::new_zeroed(), MediaIndex::NONE);
}

#[test]
fn mids_are_any_bytes() {
    let mut mid = Mid::new_zeroed();
    assert!(mid.set(b"long one"));
    assert!(mid.set(b"a\"\n\xff"));
    assert_eq!(mid.as_bytes(), b"a\"\n\xff");
    assert_eq!(format!("{mid:?}"), r#""a\"\n\xff""#);
    assert!(!mid.set(&[0; 256]));
    assert_eq!(mid.as_bytes(), b"a\"\n\xff");
}

#[test]
fn refusals_say_what_and_what_to_do() {
    for (refusal, text) in [
        (
            Refusal::Direction {
                command: CommandNumber::AddCall,
                sent: Direction::Write,
            },
            "ADD_CALL was sent with write; send it with read",
        ),
        (
            Refusal::TooShort {
                command: CommandNumber::AddTarget,
                length: 9,
                expected: 3240,
            },
            "ADD_TARGET of 9 bytes is too short; send 3240",
        ),
        (
            Refusal::Address(AddressName::Local, AddressFault::Port),
            "local address: the port is 0; name one",
        ),
        (
            Refusal::PointerAlignment(PointerName::PayloadType(3), UserPointer(0x1001)),
            "pointer 0x1001 to the counters of payload type #3 is not a multiple of 8",
        ),
        (
            Refusal::Decrypt(SrtpFault::MasterKey(17)),
            "SRTP of the target: a master key of 17 bytes does not fit the cipher",
        ),
    ] {
        assert_eq!(refusal.to_string(), text);
    }
}

#[test]
fn ciphers_know_their_lengths() {
    assert_eq!(Cipher::Null.key_len(), None);
    assert_eq!(Cipher::AesCm128.key_len(), Some(16));
    assert_eq!(Cipher::AesCm192.key_len(), Some(24));
    assert_eq!(Cipher::AeadAesGcm256.key_len(), Some(32));
    assert_eq!(Cipher::AeadAesGcm256.salt_len(), Some(12));
    assert_eq!(Cipher::AesF8.salt_len(), Some(14));
}
