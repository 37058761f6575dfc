// SPDX-License-Identifier: GPL-2.0-only

use rtp_media::reason::{Reason, Unsent};
use std::collections::HashSet;

#[test]
fn each_reason_has_its_place() {
    for (place, reason) in Reason::ALL.iter().enumerate() {
        assert_eq!(reason.index(), place, "{reason:?}");
    }
    for (place, reason) in Unsent::ALL.iter().enumerate() {
        assert_eq!(reason.index(), place, "{reason:?}");
    }
}

/// Name and sentence of all.
fn all() -> Vec<(&'static str, &'static str)> {
    let unrelayed = Reason::ALL.iter().map(|it| (it.name(), it.sentence()));
    let unsent = Unsent::ALL.iter().map(|it| (it.name(), it.sentence()));
    unrelayed.chain(unsent).collect()
}

#[test]
fn names_are_words_of_small_letters_and_no_two_are_alike() {
    let names: HashSet<_> = all().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), all().len());
    for name in names {
        let plain = |letter: char| letter.is_ascii_lowercase() || letter == '-';
        assert!(name.chars().all(plain), "{name}");
    }
}

#[test]
fn the_docs_have_them_all_in_order() {
    let page = include_str!("../../../docs/interface.md");
    let rows: Vec<String> = page
        .lines()
        .skip_while(|line| *line != "## Why packets are not relayed")
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            line.split('|')
                .skip(1)
                .take(2)
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(": ")
        })
        .take(all().len())
        .collect();
    let expected: Vec<_> = all()
        .iter()
        .map(|(name, sentence)| format!("`{name}`: {sentence}"))
        .collect();
    assert_eq!(rows, expected);
}
