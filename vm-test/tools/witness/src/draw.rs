// SPDX-License-Identifier: GPL-2.0-only

//! What is drawn of a target by itself.

use host_crypto::suites::{Suite, ALL as SUITES};
use rtp_media::srtp::Cipher;
use rtp_wire::TargetFlags;

use crate::{
    meant::Difference,
    protection::{is_gcm, Protection},
    random::Random,
};

/// Whether tags of RTCP are as long as those of RTP, and there is a cipher: what the C module gets right.
fn has_plain_srtcp(suite: &Suite) -> bool {
    suite.rtp_tag_len == suite.rtcp_tag_len && suite.cipher != Cipher::Null
}

/// A suite like that.
pub(crate) fn suite(random: &mut Random, wanted: impl Fn(&Suite) -> bool) -> &'static Suite {
    let fitting: Vec<_> = SUITES
        .iter()
        .filter(|suite| suite.cipher != Cipher::Null || suite.hmac)
        .filter(|suite| wanted(suite))
        .collect();
    random.pick(&fitting)
}

/// The switches of a target.
pub(crate) fn flags(random: &mut Random) -> TargetFlags {
    TargetFlags {
        rtcp_mux: false,
        extmap: random.percent(30),
        dtls: random.percent(40),
        stun: random.percent(50),
        rtp: random.percent(93),
        ssrc_req: random.percent(30),
        rtp_only: random.percent(40),
        track_ssrc: random.percent(50),
        rtcp: random.percent(10),
        rtcp_fw: random.percent(45),
        rtcp_fb_fw: random.percent(15),
        do_intercept: random.percent(4),
        pt_filter: random.percent(30),
        non_forwarding: random.percent(5),
        blackhole: random.percent(20),
        rtp_stats: random.percent(65),
    }
}

/// How a target decrypts.
pub(crate) fn decrypt(random: &mut Random, shows: Option<Difference>) -> Protection {
    use Difference as D;
    let suite = suite(random, |suite| match shows {
        Some(D::Replay | D::ForgedIndex | D::TooOld | D::FirstRound) => suite.authenticates_rtp(),
        Some(D::GcmMki | D::GcmUnencrypted | D::GcmFilter) => is_gcm(suite) && !suite.hmac,
        Some(D::SrtcpNull) => suite.cipher == Cipher::Null,
        _ => true,
    });
    let mki = match shows {
        Some(D::GcmMki) => 4,
        // Without HMAC the C module leaves it in the payload.
        _ if !suite.hmac => 0,
        _ => random.pick(&[0, 0, 0, 1, 4, 8, 30]),
    };
    Protection::new(random, suite, mki)
}

/// Numbers in order. Those that would look like RTCP with the marker set are left out.
pub(crate) fn payload_types(random: &mut Random, some: bool) -> Vec<(u8, u32)> {
    let count = random.below(6) + u32::from(some);
    let clock = random.pick(&[0, 0, 0, 8_000, 48_000]);
    let mut numbers: Vec<u8> = (0..count)
        .map(|_| random.pick(&[0, 8, 9, 13, 18, 63, 96, 97, 100, 101, 111, 127]))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().map(|number| (number, clock)).collect()
}

/// The suites of an output that RTCP goes to.
pub(crate) fn srtcp_fits(shows: Option<Difference>, suite: &Suite) -> bool {
    match shows {
        Some(Difference::SrtcpTag) => {
            suite.rtp_tag_len < suite.rtcp_tag_len && suite.cipher != Cipher::Null
        }
        Some(Difference::SrtcpNull) => suite.cipher == Cipher::Null,
        _ => has_plain_srtcp(suite),
    }
}
