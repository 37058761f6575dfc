// SPDX-License-Identifier: GPL-2.0-only

//! A short comparison with libsrtp, and that it would tell.

use libsrtp_oracle::compare::{run, suites};

#[test]
fn both_agree() {
    let figures = run(12_000, 7).unwrap_or_else(|what| panic!("{what}"));
    assert!(figures.protected >= 12_000);
    assert!(figures.opened > figures.protected / 2);
    assert!(figures.refused > figures.protected / 50);
    assert!(figures.rollovers > 0 && figures.unauthenticated > 0);
}

#[test]
fn every_suite_that_libsrtp_has_is_compared() {
    assert_eq!(suites().count(), 15);
}
