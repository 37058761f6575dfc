// SPDX-License-Identifier: GPL-2.0-only

//! Text and small types.

use rtp_wire::refusal::{AddressFault, AddressName, SrtpFault};
use rtp_wire::{
    Cipher, CommandNumber, Direction, Endpoint, Family, MediaIndex, Mid, PointerName, Refusal,
    UserPointer,
};
use zerocopy::{FromZeros, IntoBytes};

#[test]
fn endpoints_print_as_in_the_list() {
    assert_eq!(
        Endpoint::v4([192, 0, 2, 1], 30_000).to_string(),
        "inet4 192.0.2.1:30000"
    );
    let mut addr = [0; 16];
    addr[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    addr[15] = 0x1f;
    assert_eq!(
        Endpoint::v6(addr, 1).to_string(),
        "inet6 [2001:db8:0:0:0:0:0:1f]:1"
    );
    assert_eq!(Endpoint::NONE.to_string(), "none");
}

#[test]
fn endpoints_know_their_family() {
    let v4 = Endpoint::v4([1, 2, 3, 4], 5);
    assert_eq!(v4.family(), Family::V4);
    assert_eq!(v4.ipv4(), Some([1, 2, 3, 4]));
    assert_eq!(v4.ipv6(), None);
    assert!(v4.is_some());
    let v6 = Endpoint::v6([1; 16], 5);
    assert_eq!(v6.ipv4(), None);
    assert_eq!(v6.ipv6(), Some([1; 16]));
    assert_ne!(v4, Endpoint::v6(*v4.addr(), 5));
    assert!(!Endpoint::NONE.is_some());
    assert_eq!(Endpoint::new_zeroed(), Endpoint::NONE);
}

#[test]
fn endpoints_are_their_bytes() {
    let mut expected = [0; 20];
    expected[..4].copy_from_slice(&[1, 2, 3, 4]);
    expected[16..18].copy_from_slice(&0x1234_u16.to_ne_bytes());
    expected[18] = 4;
    assert_eq!(Endpoint::v4([1, 2, 3, 4], 0x1234).as_bytes(), expected);
    let mut expected = [7; 20];
    expected[16..18].copy_from_slice(&0x1234_u16.to_ne_bytes());
    expected[18..].copy_from_slice(&[6, 0]);
    assert_eq!(Endpoint::v6([7; 16], 0x1234).as_bytes(), expected);
    assert_eq!(Endpoint::NONE.as_bytes(), [0; 20]);
}

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
