// SPDX-License-Identifier: GPL-2.0-only

//! Whether a difference has the form that it is said to have.

use crate::{meant::Flow, transcript::Transcript};

/// Whether a line is about a master key identifier.
pub(crate) fn is_mki(line: &str) -> bool {
    line.trim_start().starts_with("MKI: ")
}

/// Whether lines about SRTP say the same: bytes that are not there are zeros with C.
pub(crate) fn is_same_srtp(c: &str, ours: &str) -> bool {
    if c.contains("salt: ") {
        return *c == format!("{ours}0000");
    }
    if let Some(start) = ours.strip_suffix("...").filter(|_| is_mki(ours)) {
        let zeros = c
            .strip_prefix(start)
            .and_then(|rest| rest.strip_suffix("..."));
        return zeros.is_some_and(|zeros| zeros.replace(":00", "").is_empty());
    }
    ours.contains("SRTP") && c.trim_start() == ours.trim_start()
}

/// Whether our datagrams are to those of the C module what a difference says.
pub(crate) fn fits(flow: Flow, c: &[String], ours: &[String]) -> bool {
    let within = |few: &[String], many: &[String]| {
        let mut many = many.iter();
        few.iter().all(|it| many.any(|other| other == it))
    };
    match flow {
        Flow::Same => c == ours,
        Flow::Fewer => within(ours, c),
        Flow::More => within(c, ours),
        Flow::Changed => c.len() == ours.len(),
        Flow::Other => true,
    }
}

/// The C module never counts a packet as lost, and sets no bit but the first.
pub(crate) fn is_no_loss(name: &str, of_c: u64) -> bool {
    match name.rsplit('.').next() {
        Some("lost_bits") => of_c == 0 || of_c == 1 || of_c == u64::from(u32::MAX),
        _ => of_c == 0,
    }
}

/// What SRTP has added to all that an output sent of an SSRC.
pub(crate) fn overhead(name: &str, ours: &Transcript) -> Option<u64> {
    let ssrc = name.strip_suffix(".bytes")?;
    let packets = ours.counters.get(&format!("{ssrc}.packets"))?;
    let output = ssrc.strip_prefix("out")?.split('.').next()?;
    let overhead = *ours.overheads.get(output.parse::<usize>().ok()?)?;
    Some(packets * overhead?)
}

/// Whether a plain output has counted the bytes that it sent; those of SRTP are not told apart here.
pub(crate) fn is_length_sent(name: &str, c: &Transcript, ours: &Transcript, counted: u64) -> bool {
    let output = name.strip_prefix("out").and_then(|it| it.split('.').next());
    let Some(output) = output else {
        return false;
    };
    let index = output.parse::<usize>().unwrap_or(usize::MAX);
    let is_plain = ours.overheads.get(index) == Some(&None);
    let of_output = |line: &&String| line.split(' ').next() == Some(output);
    let bytes = |line: &String| {
        line.rsplit(' ')
            .next()
            .map_or(0, |hex| hex.len() as u64 / 2)
    };
    let sent: u64 = ours.sent.iter().filter(of_output).map(bytes).sum();
    c.sent.len() == ours.sent.len() && (!is_plain || sent == counted)
}
