// SPDX-License-Identifier: GPL-2.0-only

//! What SRTP needs of a stream, and what of it the interface cannot express.

use super::super::exit::Failure;
use super::super::srtp::Srtp;
use super::{usage, StreamConfig};

/// Refuses SRTP where it could not work.
pub(super) fn check(config: &StreamConfig) -> Result<(), Failure> {
    let encrypts = config.outputs.iter().any(|output| output.encrypt.is_some());
    if config.decrypt.is_none() && !encrypts {
        return Ok(());
    }
    if !config.rtp {
        return Err(usage("SRTP is RTP: it does not go together with --opaque"));
    }
    // The packet index, which the keys of each packet hang on, is kept in the counters of an SSRC.
    if config.ssrcs.is_empty() {
        return Err(usage(
            "SRTP needs the SSRC: how often its sequence numbers wrapped is a part of each packet's encryption",
        )
        .hint("add --ssrc with the SSRC that is received"));
    }
    if config.rtcp.is_none() {
        return Ok(());
    }
    if let Some(srtp) = &config.decrypt {
        // Each packet of SRTCP says itself whether it is encrypted, so the other way round is no matter.
        if lacks_rtcp_cipher(srtp) {
            return Err(one_cipher("--decrypt"));
        }
    }
    for output in config.outputs.iter().filter(|output| output.rtcp) {
        let Some(srtp) = &output.encrypt else {
            continue;
        };
        let session = srtp.session();
        if lacks_rtcp_cipher(srtp) {
            return Err(one_cipher(&format!("encryption to {}", output.to())));
        }
        if session.unencrypted_rtcp && !session.unencrypted_rtp && !srtp.suite().is_null() {
            return Err(usage(format!(
                "encryption to {}: the interface has no way to send RTCP in the clear beside encrypted RTP \
                 (UNENCRYPTED_SRTCP)",
                output.to()
            ))
            .hint("leave UNENCRYPTED_SRTCP out, or leave RTCP out with rtcp=none"));
        }
    }
    Ok(())
}

/// Whether RTCP is encrypted and RTP is not.
fn lacks_rtcp_cipher(srtp: &Srtp) -> bool {
    let session = srtp.session();
    session.unencrypted_rtp && !session.unencrypted_rtcp && !srtp.suite().is_null()
}

fn one_cipher(what: &str) -> Failure {
    usage(format!(
        "{what}: the interface has one cipher for RTP and RTCP, so UNENCRYPTED_SRTP alone cannot be had where RTCP is \
         relayed"
    ))
    .hint("add UNENCRYPTED_SRTCP if that is what the other side does")
}

#[cfg(test)]
mod tests;
