// SPDX-License-Identifier: GPL-2.0-only

//! What a command asks for, in the form that packets are judged and protected by.

use host_crypto::HostCrypto;
use rtp_media::rules::{Rules, SourceRule};
use rtp_media::select::{PayloadTypes, SsrcEntry, Ssrcs};
use rtp_media::srtp::{Cipher, Context, Policy};
use rtp_wire::{ExpectedSource, Srtp};

/// How a target judges packets.
pub(crate) fn rules(config: &rtp_wire::Target, numbers: &[u8]) -> Option<Rules> {
    let mut payload_types = PayloadTypes::EMPTY;
    for (given, &number) in config.payload_types().iter().zip(numbers) {
        payload_types
            .push(number, given.media.get())
            .then_some(())?;
    }
    let ssrcs = config.ssrcs.map(|ssrc| {
        ssrc.given.then_some(SsrcEntry {
            ssrc: ssrc.ssrc,
            media: ssrc.media.get(),
        })
    });
    let flags = &config.flags;
    Some(Rules {
        stun: flags.stun,
        dtls: flags.dtls,
        rtp: flags.rtp,
        rtp_only: flags.rtp_only,
        rtcp_fw: flags.rtcp_fw,
        rtcp_fb_fw: flags.rtcp_fb_fw,
        non_forwarding: flags.non_forwarding,
        blackhole: flags.blackhole,
        intercept: flags.do_intercept,
        pt_filter: flags.pt_filter,
        ssrc_req: flags.ssrc_req,
        rtp_stats: flags.rtp_stats,
        mid_extension: if flags.extmap {
            config.mid_extension
        } else {
            0
        },
        source: match config.expected_source {
            ExpectedSource::Any | ExpectedSource::Ignore(_) => SourceRule::Any,
            ExpectedSource::Drop(source) => SourceRule::DropOthers(source),
            ExpectedSource::Pass(source) => SourceRule::PassOthers(source),
        },
        ssrcs: Ssrcs(ssrcs),
        payload_types,
    })
}

/// Keys as a command has them; none when packets are plain. None in the first place when they are
/// no keys.
pub(crate) fn context(srtp: &Srtp) -> Option<Option<Context<HostCrypto>>> {
    if srtp.is_plain() {
        return Some(None);
    }
    Context::new(&policy(srtp)).map(Some)
}

/// Keys as a command has them.
pub(crate) fn policy(srtp: &Srtp) -> Policy<'_> {
    use rtp_wire::Cipher as Wire;
    Policy {
        cipher: match srtp.cipher {
            Wire::Null => Cipher::Null,
            Wire::AesCm128 | Wire::AesCm192 | Wire::AesCm256 => Cipher::AesCm,
            Wire::AesF8 => Cipher::AesF8,
            Wire::AeadAesGcm128 | Wire::AeadAesGcm256 => Cipher::AeadAesGcm,
        },
        hmac: srtp.hmac == rtp_wire::Hmac::HmacSha1,
        master_key: srtp.master_key(),
        master_salt: srtp.master_salt(),
        rtp_tag_len: srtp.rtp_auth_tag_len,
        rtcp_tag_len: srtp.rtcp_auth_tag_len,
        mki_len: srtp.mki_len,
    }
}
