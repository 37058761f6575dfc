// SPDX-License-Identifier: GPL-2.0-only

//! The generator without a kernel: the model answers for it.

use rtp_wire::Direction;

use super::memory::{Arena, LARGE};
use super::message::Maker;
use super::model::{Model, Pin};
use super::random::Random;
use super::report::{outcome, Report};
use super::spread::REFUSALS;

/// What comes about by other means than messages to a table that is there.
const ELSEWHERE: [&str; 3] = ["Killed", "PayloadTypeNumber", "PayloadTypeOrder"];

#[test]
fn messages_are_what_they_are_made_for_and_of_every_kind() {
    let mut random = Random::new(1);
    let mut arena = Arena::new().expect("memory");
    let mut report = Report::default();
    let (mut model, mut accepted) = (Model::default(), 0);
    for step in 0..50_000 {
        if step % 1500 == 0 {
            model = Model::default();
            // As if it had been mapped.
            let (start, size) = LARGE;
            model.pins.push(Pin { start, size });
        }
        if step % 20 == 0 {
            arena.disturb(&mut random);
        }
        let message = Maker {
            random: &mut random,
            model: &model,
            arena: &arena,
        }
        .next();
        let prediction = model.predict(&arena, message.sent, &message.bytes);
        if let Some(made_for) = message.made_for {
            let (allowed, class) = (&prediction.allowed, &prediction.class);
            assert!(
                allowed.contains(&made_for),
                "{}, not {}: {class}: {:02x?}",
                outcome(made_for),
                allowed
                    .iter()
                    .copied()
                    .map(outcome)
                    .collect::<Vec<_>>()
                    .join(" or "),
                message.bytes
            );
        }
        if prediction.allowed.contains(&0) {
            model.apply(prediction.effect);
            accepted += 1;
        } else {
            report.refusal(&prediction.class);
        }
    }
    assert!(accepted > 12_000, "{accepted} are accepted");
    let mut missing = REFUSALS.to_vec();
    missing.retain(|class| !report.refusals.contains_key(*class) && !ELSEWHERE.contains(class));
    assert!(missing.is_empty(), "{missing:?} of {:?}", report.refusals);
}

#[test]
fn a_seed_gives_the_same_choices() {
    let draw = |seed| {
        let mut random = Random::new(seed);
        [random.draw(), random.draw()]
    };
    assert_eq!(draw(5), draw(5));
    assert_ne!(draw(5), draw(6));
}

#[test]
fn an_empty_message_is_told_as_one() {
    let arena = Arena::default();
    let prediction = Model::default().predict(&arena, Direction::Write, &[]);
    assert_eq!(
        (prediction.allowed, prediction.class.as_str()),
        (vec![5], "NoCommand")
    );
}
