// SPDX-License-Identifier: GPL-2.0-only

//! What the counters of a case say when its packets have gone.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::control::{read, Control, Places, EGRESS, GLOBAL, INGRESS, RTP, SSRC, STREAM};

/// All counters that are not 0, by name; those of the whole by how much they grew. `run` is from when to when, in
/// the unit of the generation: any time of it is told as 1.
pub(crate) fn counters(
    control: &Control,
    places: &Places,
    before: &[(&str, u64)],
    run: RangeInclusive<u64>,
) -> BTreeMap<String, u64> {
    let memory = &control.memory;
    let mut counters = BTreeMap::new();
    let mut add = |prefix: &str, place, fields| {
        for (name, value) in read(memory, place, fields) {
            let value = if name == "last" && run.contains(&value) {
                1
            } else {
                value
            };
            if value != 0 {
                counters.insert(format!("{prefix}.{name}"), value);
            }
        }
    };
    add("target", places.target, STREAM);
    add("in", places.ingress, INGRESS);
    for (n, &place) in places.ssrcs.iter().enumerate() {
        add(&format!("ssrc{n}"), place, SSRC);
    }
    for (n, &place) in places.payload_types.iter().enumerate() {
        add(&format!("pt{n}"), place, RTP);
    }
    for (n, output) in places.outputs.iter().enumerate() {
        add(&format!("out{n}"), output.output, STREAM);
        add(&format!("out{n}.if"), output.egress, EGRESS);
        for (m, &place) in output.ssrcs.iter().enumerate() {
            add(&format!("out{n}.ssrc{m}"), place, SSRC);
        }
    }
    for ((name, after), (_, before)) in read(memory, control.global, GLOBAL).zip(before) {
        counters.insert(format!("global.{name}"), after.wrapping_sub(*before));
    }
    counters
}
