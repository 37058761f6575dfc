// SPDX-License-Identifier: GPL-2.0-only

//! Why the module did not relay what came to a stream.

use super::super::reasons::sentence;
use super::facts::Facts;
use super::finding::{About, Found};

/// What to do about a reason, where it is one that keeps media from being heard.
fn remedy(name: &str) -> Option<&'static str> {
    Some(match name {
        "foreign-dropped" | "foreign-passed" => {
            "the sender has another address or port than the one that is expected (`rtpctl stream list --details`, `tcpdump`): NAT, or a new port after a re-INVITE"
        }
        "ssrc" => "the sender changed its SSRC, or the one that was given is wrong: compare `rtpctl stream list --details` with the packets",
        "not-authentic" => "the SRTP key or suite is not the sender's: compare a=crypto of both sides, or the DTLS fingerprints",
        "payload-type" => "the sender uses a payload type that was not negotiated, or not given: `rtpctl stream list --details`",
        "not-rtp" => "what comes is no RTP (a keep-alive, T.38, an encrypted tunnel): `tcpdump -X`; `rtpctl stream add --opaque` relays any UDP",
        "unsound" => "packets come damaged, or a policy of IPsec refuses them: `nstat -az UdpInCsumErrors`, `ip xfrm policy`",
        "replayed" => "packets come twice: a loop or a mirror in the network, or a sender that began anew with an old key",
        "too-old" => "the sender began anew under one key, or packets are very late",
        "no-output" => "it has no output for such packets: RTCP needs one of its own (`rtpctl stream list --details`)",
        "no-memory" | "unsent-no-memory" => "the host lacks memory: `free`, `dmesg`",
        "blackhole" => "it is set up to drop everything: a call on hold?",
        "index-used" | "indices-used-up" | "indices-no-place" => "have the call negotiate new SRTP keys: a re-INVITE",
        "too-long" => "packets of SRTP get too long for a datagram",
        "looped" => "what it sends comes back to it: see `loop`",
        "prohibited" => "the destination is a broadcast address, or a route prohibits it: `ip route get`",
        "filtered" => "a rule on output or postrouting drops what is sent: see `output`, `nft list ruleset`",
        "congested" => "a queue on the way out is full: `tc -s qdisc`",
        "no-route" => "there was no route to the destination: see `route`",
        _ => return None,
    })
}

/// The reasons that keep media from being heard, where they are many.
pub(super) fn reasons(facts: &Facts, found: &mut Found) {
    let mut tells = false;
    for stream in facts.streams() {
        let Some(block) = stream.block else { continue };
        tells = true;
        for (name, event) in &block.reasons {
            let Some(remedy) = remedy(name) else { continue };
            // Those of now count, where we watched.
            let moved = stream.moved_by(name);
            let relayed = stream.moved().map_or(0, |(_, relayed)| relayed);
            let (count, relayed) = match moved {
                Some(count) if count != 0 => (count, relayed),
                _ => (event.count, block.relayed_packets),
            };
            let about = About::Stream(stream.name());
            let what = format!(
                "{name}: {}",
                sentence(name).unwrap_or("packets are not relayed")
            );
            if count > relayed {
                found.fault(about, what, remedy);
            } else if count.saturating_mul(100) > relayed {
                found.warning(about, what, remedy);
            }
        }
    }
    if !tells {
        found.ok("the loaded module does not tell");
    }
}

#[cfg(test)]
mod tests {
    use rtp_media::reason::Unsent;

    use super::*;

    #[test]
    fn each_reason_that_counts_as_an_error_has_a_remedy() {
        for reason in Unsent::ALL {
            assert_eq!(
                remedy(reason.name()).is_none(),
                reason.name() == "kept-back",
                "{}",
                reason.name()
            );
        }
        for name in [
            "stun",
            "dtls",
            "rtcp",
            "no-target",
            "non-forwarding",
            "no-datagram",
        ] {
            assert_eq!(remedy(name), None, "{name}");
        }
        for name in [
            "foreign-dropped",
            "ssrc",
            "not-authentic",
            "replayed",
            "too-old",
            "no-memory",
        ] {
            assert!(remedy(name).is_some(), "{name}");
        }
    }
}
