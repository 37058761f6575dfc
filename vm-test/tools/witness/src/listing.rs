// SPDX-License-Identifier: GPL-2.0-only

//! What a table lists: a target's block, in which numbers that are those of the counters are told so.

use std::collections::{BTreeMap, HashMap};

use crate::case::Case;

/// The blocks of a list by the address of the target.
pub(crate) fn blocks(text: &str) -> HashMap<String, Vec<String>> {
    let mut found = HashMap::new();
    let mut current: Option<(String, Vec<String>)> = None;
    for line in text.lines() {
        if let Some(local) = line.strip_prefix("local ") {
            found.extend(current.take());
            current = Some((local.to_owned(), Vec::new()));
        } else if let Some((_, lines)) = &mut current {
            lines.push(line.to_owned());
        }
    }
    found.extend(current);
    found
}

/// Replaces what a block says of counters by "as counted" where it says what the counters say.
pub(crate) fn without_counters(
    lines: Vec<String>,
    case: &Case,
    counters: &BTreeMap<String, u64>,
    seconds: std::ops::RangeInclusive<u64>,
) -> Vec<String> {
    let of = |name: String| counters.get(&name).copied().unwrap_or(0);
    let stats = |of_what: &str| {
        let [bytes, packets, errors] =
            ["bytes", "packets", "errors"].map(|name| of(format!("{of_what}.{name}")));
        format!("stats: {bytes:20} bytes, {packets:20} packets, {errors:20} errors")
    };
    let mut output: Option<usize> = None;
    let mut payload_type = 0;
    let mut told = Vec::new();
    for line in lines {
        let text = line.trim_start();
        let indent = line.get(..line.len() - text.len()).unwrap_or("");
        let holder = output.map_or("target".to_owned(), |n| format!("out{n}"));
        if text.starts_with("output #") {
            output = Some(output.map_or(0, |n| n + 1));
        } else if text == stats(&holder) {
            told.push(format!("{indent}stats: as counted"));
            continue;
        } else if text.starts_with("RTP payload type") && output.is_none() {
            let number = of(format!("pt{payload_type}.number"));
            let [bytes, packets] =
                ["bytes", "packets"].map(|name| of(format!("pt{payload_type}.{name}")));
            payload_type += 1;
            let expected =
                format!("RTP payload type {number:3}: {bytes:20} bytes, {packets:20} packets");
            if let Some(rest) = text.strip_prefix(&expected) {
                told.push(format!("{indent}RTP payload type as counted{rest}"));
                continue;
            }
        } else if let Some(rest) = text.strip_prefix("last packet: ") {
            // 12.5 goes on with the SSRCs on the same line.
            let end = rest
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(rest.len());
            let (time, rest) = rest.split_at(end);
            let is_as_counted =
                time.parse()
                    .is_ok_and(|time: u64| match of("target.last".to_owned()) {
                        0 => time == 0,
                        _ => seconds.contains(&time),
                    });
            if is_as_counted {
                let rest = sequence_numbers(rest, output, case, &of);
                told.push(format!("{indent}last packet: as counted{rest}"));
                continue;
            }
        } else if text.starts_with("SSRC in:") || text.starts_with("SSRC out:") {
            told.push(sequence_numbers(&line, output, case, &of));
            continue;
        }
        told.push(line);
    }
    told
}

/// Takes the sequence numbers out that are those of the counters.
fn sequence_numbers(
    line: &str,
    output: Option<usize>,
    case: &Case,
    of: &impl Fn(String) -> u64,
) -> String {
    let mut line = line.to_owned();
    for n in 0..case.ssrcs() {
        let holder = output.map_or(String::new(), |output| format!("out{output}."));
        let [ext_seq, rtcp_seq] =
            ["ext_seq", "rtcp_seq"].map(|name| of(format!("{holder}ssrc{n}.{name}")));
        let offset = output.and_then(|output| {
            let ssrc = case.outputs.get(output)?.output.ssrcs.get(n)?;
            Some(format!("+{}", ssrc.seq_offset))
        });
        let offset = offset.unwrap_or_default();
        line = line.replacen(
            &format!("[seq {ext_seq}{offset}/{rtcp_seq}"),
            &format!("[as counted{offset}"),
            1,
        );
    }
    line
}
