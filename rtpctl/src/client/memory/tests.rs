// SPDX-License-Identifier: GPL-2.0-only

use std::net::SocketAddr;

use rtp_wire::Flow;

use super::super::super::config::{Output, PayloadType, Rewrite, Ssrc};
use super::*;

fn config(outputs: usize, payload_types: u8, ssrcs: u32) -> StreamConfig {
    let here: SocketAddr = ([192, 0, 2, 1], 30_000).into();
    let output = Output {
        flow: Flow::new(here.into(), here.into()).expect("one family"),
        rtcp: false,
        media: 0,
        tos: 0,
        encrypt: None,
        rewrite: Rewrite::default(),
    };
    StreamConfig {
        table: 0,
        local: here,
        outputs: vec![output; outputs],
        expect: None,
        payload_types: (0..payload_types)
            .map(|number| PayloadType {
                number,
                clock_rate: 8000,
                media: 0,
            })
            .collect(),
        ssrcs: (1..=ssrcs)
            .map(|number| Ssrc {
                number,
                media: None,
            })
            .collect(),
        mid_extension: None,
        mids: Vec::new(),
        decrypt: None,
        rtp: true,
        rtcp: None,
        rtp_only: false,
        pt_filter: false,
        ssrc_req: false,
        stun: false,
        dtls: false,
        non_forwarding: false,
        blackhole: false,
        rtp_stats: false,
    }
}

/// Each structure's offset and size.
fn places(layout: &Layout) -> Vec<(usize, usize)> {
    let mut places = vec![
        (layout.global, size_of::<GlobalStats>()),
        (layout.stream, size_of::<StreamStats>()),
        (layout.interface, size_of::<InterfaceStats>()),
    ];
    places.extend(
        layout
            .payload_types
            .iter()
            .map(|at| (*at, size_of::<RtpStats>())),
    );
    places.extend(layout.ssrcs.iter().map(|at| (*at, size_of::<SsrcStats>())));
    for output in &layout.outputs {
        places.push((output.stream, size_of::<StreamStats>()));
        places.push((output.interface, size_of::<InterfaceStats>()));
        places.extend(output.ssrcs.iter().map(|at| (*at, size_of::<SsrcStats>())));
    }
    places.sort_unstable();
    places
}

#[test]
fn counters_do_not_overlap_and_are_aligned() {
    for (outputs, payload_types, ssrcs) in [(1, 0, 0), (2, 3, 1), (32, 32, 4)] {
        let layout = Layout::new(&config(outputs, payload_types, ssrcs));
        let places = places(&layout);
        assert_eq!(
            places.len(),
            3 + usize::from(payload_types) + ssrcs as usize + outputs * (2 + ssrcs as usize)
        );
        let mut end = 0;
        for (at, size) in places {
            assert!(at >= end, "{at} lies before {end}");
            assert_eq!(at % ALIGN, 0);
            end = at + size;
        }
        assert!(end <= layout.size);
        assert!((layout.size as u64) < STRIDE);
        // What a daemon of 12.5 maps at once is room enough.
        assert_eq!(mapping(layout.size), 1 << 16);
    }
}

#[test]
fn the_values_are_numbers_and_clock_rates() {
    let mut config = config(1, 2, 0);
    if let Some(pt) = config.payload_types.get_mut(1) {
        pt.number = 96;
        pt.clock_rate = 48_000;
    }
    let layout = Layout::new(&config);
    let [first, second] = layout.payload_types[..] else {
        panic!("{layout:?}");
    };
    assert_eq!(
        layout.values(&config),
        [
            (first, 0),
            (first + 4, 8000),
            (second, 96),
            (second + 4, 48_000)
        ]
    );
}

#[test]
fn no_two_ranges_share_an_address() {
    assert_eq!(address(0), Some(BASE));
    assert_eq!(address(1), Some(BASE + STRIDE));
    let last = address(RANGES - 1).expect("the last range");
    // Below 47 bits, where user memory ends on x86-64.
    assert!(last + STRIDE < 0x5000_0000_0000);
    assert_eq!(address(RANGES), None);
    assert_eq!(address(u64::MAX), None);
}
