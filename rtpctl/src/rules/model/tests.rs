// SPDX-License-Identifier: GPL-2.0-only

use super::*;

#[test]
fn families_have_the_words_and_numbers_of_nftables() {
    for number in 0..=255 {
        assert_eq!(Family::of_number(number).number(), number);
    }
    for (family, word) in [
        (Family::Netdev, "netdev"),
        (Family::Ip6, "ip6"),
        (Family::Other(99), "family-99"),
    ] {
        assert_eq!(family.word(), word);
    }
    assert_eq!("ip6".parse(), Ok(Family::Ip6));
    assert!("ipv6".parse::<Family>().is_err());
}

#[test]
fn hooks_have_their_number_in_each_family() {
    for family in [
        Family::Inet,
        Family::Ip,
        Family::Ip6,
        Family::Netdev,
        Family::Bridge,
        Family::Arp,
    ] {
        for number in 0..8 {
            assert_eq!(
                Place::of_number(family, number).number(family),
                Some(number),
                "{family} {number}"
            );
        }
    }
    assert_eq!(Place::of_number(Family::Netdev, 0), Place::Ingress);
    assert_eq!(Place::of_number(Family::Inet, 0), Place::Prerouting);
    assert_eq!(Place::of_number(Family::Inet, 5), Place::Ingress);
    assert_eq!(Place::of_number(Family::Inet, 9).word(), "hook 9");
    assert_eq!(Place::Ingress.number(Family::Ip), None);
    assert_eq!("input".parse(), Ok(Place::Input));
    assert!("INPUT".parse::<Place>().is_err());
}
