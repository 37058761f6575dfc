// SPDX-License-Identifier: GPL-2.0-only

//! Compounds of RTCP, and SRTCP.

use host_crypto::{HostCrypto, Inbound};
use rtp_media::rtcp::{all_feedback, sender, Parts, PSFB, RTPFB};
use rtp_media::srtp::Context;

use crate::input::Input;

const SSRC: u32 = 7;

/// Splits any bytes into the parts of a compound, protects them, and opens them.
pub fn rtcp(data: &[u8]) {
    let mut input = Input::new(data);
    let suite = input.suite();
    let mki = &[9; 8][..usize::from(input.byte() % 8)];
    let index = input.word() & 0x7fff_ffff;
    let window = u32::from(input.short());
    let is_protected = input.bit();
    let mut flips = Input::new(input.bytes(10));
    let datagram = input.rest();

    parts(datagram);

    let context = Context::<HostCrypto>::new(&suite.policy(mki.len() as u8)).expect("a suite");
    let mut packet = datagram.to_vec();
    if is_protected {
        packet.resize(datagram.len() + context.rtcp_overhead(), 0xee);
        let end = context.protect_rtcp(&mut packet, datagram.len(), index, mki);
        assert_eq!(end, (datagram.len() >= 8).then_some(packet.len()));
        if end.is_none() {
            return;
        }
    }
    let is_changed = flips.flip(&mut packet);

    let mut inbound = Inbound::new(context, window);
    let arrived = packet.clone();
    let opened = inbound.open_rtcp(&mut packet, SSRC);
    if let Ok(opened) = &opened {
        assert!(opened.end <= packet.len());
        if is_protected && !is_changed {
            assert_eq!((opened.index, &packet[..opened.end]), (index, datagram));
        }
        inbound.context.restore_rtcp(&mut packet, opened).unwrap();
    } else {
        assert!(!is_protected || is_changed);
    }
    assert_eq!(packet, arrived);

    let again = inbound.open_rtcp(&mut packet, SSRC);
    let is_replay = opened.is_ok() && window > 0 && suite.authenticates_rtcp();
    assert_eq!(again.is_ok(), opened.is_ok() && !is_replay);
}

fn parts(datagram: &[u8]) {
    let mut length = 0;
    let mut is_feedback = !datagram.is_empty();
    let mut parts = Parts::new(datagram);
    for part in &mut parts {
        let Ok(part) = part else {
            is_feedback = false;
            length = datagram.len();
            continue;
        };
        assert!(length < datagram.len(), "malformed is the last");
        assert_eq!(part.body, &datagram[length + 4..][..part.body.len()]);
        assert_eq!(part.packet_type, datagram[length + 1]);
        let words = [datagram[length + 2], datagram[length + 3]];
        assert_eq!(part.body.len(), usize::from(u16::from_be_bytes(words)) * 4);
        is_feedback &= [RTPFB, PSFB].contains(&part.packet_type);
        length += 4 + part.body.len();
    }
    assert_eq!(length, datagram.len());
    assert!(parts.next().is_none());
    assert_eq!(all_feedback(datagram), is_feedback);
    assert_eq!(sender(datagram).is_some(), datagram.len() >= 8);
}
