// SPDX-License-Identifier: GPL-2.0-only

//! What is asked for, wherever it was read: a stream, or as many as a range of ports has.

use std::rc::Rc;

use super::super::cli::values::{Mid, PayloadType, Span, Ssrc};
use super::super::cli::{Mismatch, Rtcp, RtpStats, StreamAdd};
use super::super::exit::Failure;
use super::super::srtp::{self, Srtp};
use super::to::To;
use super::{usage, StreamConfig};

/// Streams that are asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) table: u8,
    pub(super) local: Span,
    pub(super) to: Vec<To<Span>>,
    pub(super) from: Vec<Span>,
    pub(super) tos: u8,
    pub(super) expect: Option<Span>,
    pub(super) mismatch: Option<Mismatch>,
    pub(super) payload_types: Vec<PayloadType>,
    pub(super) pt_filter: bool,
    pub(super) ssrcs: Vec<Ssrc>,
    pub(super) ssrc_req: bool,
    pub(super) rtp_stats: Option<RtpStats>,
    pub(super) decrypt: Option<Rc<Srtp>>,
    pub(super) encrypt: Option<Rc<Srtp>>,
    pub(super) opaque: bool,
    pub(super) rtcp: Option<Rtcp>,
    pub(super) rtp_only: bool,
    pub(super) stun: bool,
    pub(super) dtls: bool,
    pub(super) non_forwarding: bool,
    pub(super) blackhole: bool,
    pub(super) mid_extension: Option<u8>,
    pub(super) mids: Vec<Mid>,
}

/// Reads the SRTP parameters of an option.
pub(super) fn protection(option: &str, value: Option<&str>) -> Result<Option<Rc<Srtp>>, Failure> {
    let srtp = value.map(srtp::read).transpose();
    Ok(srtp.map_err(|failure| failure.about(option))?.map(Rc::new))
}

impl Asked {
    /// What the command line asks for.
    pub(super) fn typed(args: &StreamAdd) -> Result<Self, Failure> {
        let key = |option, value: &Option<super::super::secret::SecretText>| {
            protection(option, value.as_ref().map(|text| text.as_str()))
        };
        Ok(Self {
            table: args.table.table,
            local: args.local,
            to: args
                .to
                .iter()
                .map(|text| To::parse(text.as_str()))
                .collect::<Result<_, _>>()?,
            from: args.from.clone(),
            tos: args.tos,
            expect: args.expect,
            mismatch: args.mismatch,
            payload_types: args.payload_type.clone(),
            pt_filter: args.pt_filter,
            ssrcs: args.ssrc.clone(),
            ssrc_req: args.ssrc_req,
            rtp_stats: args.rtp_stats,
            decrypt: key("--decrypt", &args.decrypt)?,
            encrypt: key("--encrypt", &args.encrypt)?,
            opaque: args.opaque,
            rtcp: args.rtcp,
            rtp_only: args.rtp_only,
            stun: args.stun,
            dtls: args.dtls,
            non_forwarding: args.non_forwarding,
            blackhole: args.blackhole,
            mid_extension: args.mid_extension,
            mids: args.mid.clone(),
        })
    }

    /// The streams, in the order of their ports.
    pub(super) fn streams(&self) -> Result<Vec<StreamConfig>, Failure> {
        let count = self.count()?;
        (0..count)
            .map(|number| StreamConfig::new(self, number))
            .collect()
    }

    /// How many streams there are: ranges are as long as that of the local address, or are one port.
    fn count(&self) -> Result<usize, Failure> {
        let count = self.local.count();
        let of_outputs = self.to.iter().flat_map(To::spans);
        let from = self.from.iter().map(|span| ("--from ", *span));
        let expect = self.expect.map(|span| ("--expect ", span));
        for (word, span) in of_outputs.chain(from).chain(expect) {
            if ![1, count].contains(&span.count()) {
                return Err(usage(format!(
                    "{word}{span} has {} ports, and --local {} has {count}",
                    span.count(),
                    self.local
                ))
                .hint("ranges are of the same length; one port may stand for all"));
            }
        }
        Ok(count)
    }
}
