// SPDX-License-Identifier: GPL-2.0-only

use super::*;
use proptest::prelude::*;
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
}

#[test]
fn endpoints_know_their_family() {
    let v4 = Endpoint::v4([1, 2, 3, 4], 5);
    assert_eq!(v4.family(), Family::V4);
    assert_eq!((v4.ipv4(), v4.ipv6()), (Some([1, 2, 3, 4]), None));
    let v6 = Endpoint::v6([1; 16], 5);
    assert_eq!(v6.family(), Family::V6);
    assert_eq!((v6.ipv4(), v6.ipv6()), (None, Some([1; 16])));
    assert_ne!(v4, Endpoint::v6(*v4.addr(), 5));
}

#[test]
fn endpoints_are_their_bytes() {
    let mut expected = [0; 20];
    expected[..4].copy_from_slice(&[1, 2, 3, 4]);
    expected[16..18].copy_from_slice(&0x1234_u16.to_ne_bytes());
    assert_eq!(Endpoint::v4([1, 2, 3, 4], 0x1234).as_bytes(), expected);
    let mut expected = [7; 20];
    expected[16..18].copy_from_slice(&0x1234_u16.to_ne_bytes());
    expected[18..].copy_from_slice(&[1, 0]);
    assert_eq!(Endpoint::v6([7; 16], 0x1234).as_bytes(), expected);
    assert_eq!(Endpoint::new_zeroed(), Endpoint::v4([0; 4], 0));
    assert!(Endpoint::v4([0; 4], 1).is_unspecified());
    assert!(!Endpoint::v6([1; 16], 0).is_unspecified());
}

#[test]
fn endpoints_are_ordered_by_family_address_port() {
    let ascending = [
        Endpoint::v4([1, 2, 3, 4], 9),
        Endpoint::v4([1, 2, 3, 5], 1),
        Endpoint::v4([1, 2, 3, 5], 256),
        Endpoint::v4([2, 0, 0, 0], 1),
        Endpoint::v6([0; 16], 1),
        Endpoint::v6([1; 16], 0),
    ];
    assert!(ascending.is_sorted_by(|a, b| a < b));
}

#[test]
fn a_flow_is_of_one_family() {
    let (v4, v6) = (Endpoint::v4([1; 4], 1), Endpoint::v6([2; 16], 2));
    assert_eq!(Flow::new(v4, v6), None);
    assert_eq!(Flow::new(v6, v4), None);
    let flow = Flow::v4(([1; 4], 1), ([3; 4], 3));
    assert_eq!(Flow::new(v4, Endpoint::v4([3; 4], 3)), Some(flow));
    assert_eq!(flow.family(), Family::V4);
    assert_eq!(
        flow.addresses(),
        Addresses::V4 {
            source: [1; 4],
            destination: [3; 4]
        }
    );
    let flow = Flow::v6(([4; 16], 4), ([2; 16], 2));
    assert_eq!((flow.source().port(), flow.destination()), (4, &v6));
    assert_eq!(
        flow.addresses(),
        Addresses::V6 {
            source: &[4; 16],
            destination: &[2; 16]
        }
    );
}

proptest! {
    #[test]
    fn socket_addresses_survive_a_round_trip(v4: [u8; 4], v6: [u8; 16], port: u16) {
        for address in [SocketAddr::from((v4, port)), SocketAddr::from((v6, port))] {
            let end = Endpoint::from(address);
            prop_assert_eq!(end.family() == Family::V6, address.is_ipv6());
            prop_assert_eq!(SocketAddr::from(end), address);
        }
    }
}
