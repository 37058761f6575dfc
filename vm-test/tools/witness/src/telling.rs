// SPDX-License-Identifier: GPL-2.0-only

//! What is said of a case: what it is about, and which differences apply to it.

use rtp_wire::{Family, TargetFlags};

use crate::{
    case::{Case, Packet},
    meant::Difference,
    protection::Protection,
    shape::Shape,
};

impl Shape {
    /// The case of this shape.
    pub(crate) fn into_case(self, number: u32, packets: Vec<Packet>) -> Case {
        let meant = self.meant();
        let about = self.about();
        Case {
            number,
            shows: self.shows,
            meant,
            about,
            ipv6: self.ipv6,
            target: self.target,
            payload_types: self.payload_types,
            presets: self.presets,
            outputs: self.outputs,
            packets,
            tos: self.tos,
        }
    }

    /// The differences that apply to what is like this.
    fn meant(&self) -> Vec<Difference> {
        let flags = &self.target.flags;
        let listed = self.target.ssrcs.iter().any(|ssrc| ssrc.given);
        let measured = flags.rtp_stats && !self.payload_types.is_empty();
        let (mut protected, mut extensions, mut ipv4) = (false, false, false);
        for output in &self.outputs {
            protected |= output.protection.is_some();
            extensions |= output.output.flags.extmap;
            ipv4 |= output.output.flow.family() == Family::V4;
        }
        let clocked = self.payload_types.iter().any(|(_, clock)| *clock != 0);
        [
            (Difference::Loss, listed && measured),
            (
                Difference::PlainIndex,
                listed && self.decrypt.is_none() && !measured,
            ),
            (Difference::OutputBytes, extensions),
            (Difference::SsrcOctets, listed && protected),
            (Difference::DontFragment, ipv4),
            (Difference::ListedSrtp, protected || self.decrypt.is_some()),
            (Difference::ArrivalTime, listed && measured && clocked),
            // It has targets of its own, too, so that it shows.
            (Difference::LateSent, listed && protected),
        ]
        .into_iter()
        .filter_map(|(difference, applies)| applies.then_some(difference))
        .collect()
    }

    fn about(&self) -> String {
        let suite = |it: Option<&Protection>| it.map_or("plain", |it| it.suite.name);
        let outputs: Vec<_> = self
            .outputs
            .iter()
            .map(|output| suite(output.protection.as_ref()))
            .collect();
        format!(
            "{} to {}; {}; {} SSRCs, {} payload types, {:?}",
            suite(self.decrypt.as_ref()),
            outputs.join(", "),
            set_flags(&self.target.flags),
            self.target.ssrcs.iter().filter(|ssrc| ssrc.given).count(),
            self.payload_types.len(),
            self.target.expected_source
        )
    }
}

/// The names of the flags that are set.
fn set_flags(flags: &TargetFlags) -> String {
    let text = format!("{flags:?}");
    let fields = text.split(['{', '}', ',']);
    let set = fields.filter_map(|field| field.trim().strip_suffix(": true"));
    set.collect::<Vec<_>>().join(" ")
}
