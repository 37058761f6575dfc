// SPDX-License-Identifier: GPL-2.0-only

//! The options of `stream pair`.

use clap::Args;

use super::super::secret::{secret_text, SecretText};
use super::stream_add::{Rtcp, StreamAdd};
use super::values::{self, PayloadType, Span, Ssrc};
use super::TableOption;

/// Stands under the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  rtpctl stream pair -t 0 --a-local 192.0.2.1:30000 --a-remote 203.0.113.9:5000 \\
    --b-local 192.0.2.1:30002 --b-remote 198.51.100.7:4000
  rtpctl stream pair -t 0 --a-local 192.0.2.1:30000 --a-remote 203.0.113.9:5000 --a-ssrc 0x1234abcd \\
    --a-decrypt file:/run/keys/from-a --a-encrypt file:/run/keys/to-a \\
    --b-local '[2001:db8::1]:30000' --b-remote '[2001:db8::7]:4000' --b-ssrc 0x5678";

/// `stream pair`.
#[derive(Debug, Args)]
pub(crate) struct StreamPair {
    /// Which table.
    #[command(flatten)]
    pub(crate) table: TableOption,

    /// Our address and port that A sends to, and is sent to from.
    #[arg(long, value_name = "ADDR:PORT[-PORT]", help_heading = "Side A")]
    pub(crate) a_local: Span,
    /// A's address and port.
    #[arg(long, value_name = "ADDR:PORT[-PORT]", help_heading = "Side A")]
    pub(crate) a_remote: Span,
    /// An SSRC that A sends. May be given up to 4 times.
    #[arg(long, value_name = "SSRC", value_parser = values::ssrc, help_heading = "Side A")]
    pub(crate) a_ssrc: Vec<Ssrc>,
    /// How what A sends is decrypted: file:PATH, env:NAME, or SUITE:inline:BASE64.
    #[arg(long, value_name = "KEY", value_parser = secret_text, help_heading = "Side A")]
    pub(crate) a_decrypt: Option<SecretText>,
    /// How what is sent to A is encrypted.
    #[arg(long, value_name = "KEY", value_parser = secret_text, help_heading = "Side A")]
    pub(crate) a_encrypt: Option<SecretText>,

    /// Our address and port that B sends to, and is sent to from.
    #[arg(long, value_name = "ADDR:PORT[-PORT]", help_heading = "Side B")]
    pub(crate) b_local: Span,
    /// B's address and port.
    #[arg(long, value_name = "ADDR:PORT[-PORT]", help_heading = "Side B")]
    pub(crate) b_remote: Span,
    /// An SSRC that B sends. May be given up to 4 times.
    #[arg(long, value_name = "SSRC", value_parser = values::ssrc, help_heading = "Side B")]
    pub(crate) b_ssrc: Vec<Ssrc>,
    /// How what B sends is decrypted.
    #[arg(long, value_name = "KEY", value_parser = secret_text, help_heading = "Side B")]
    pub(crate) b_decrypt: Option<SecretText>,
    /// How what is sent to B is encrypted.
    #[arg(long, value_name = "KEY", value_parser = secret_text, help_heading = "Side B")]
    pub(crate) b_encrypt: Option<SecretText>,

    /// Take packets from the remote addresses alone: others are dropped.
    #[arg(short, long)]
    pub(crate) expect: bool,
    /// Put them in the place of streams with the same local addresses and ports.
    #[arg(short, long)]
    pub(crate) replace: bool,
    /// A payload type to count, both ways, with its clock rate where the number alone does not tell it. May be given up to 32 times.
    #[arg(short, long, value_name = "N[/RATE]", value_parser = values::payload_type)]
    pub(crate) payload_type: Vec<PayloadType>,
    /// The TOS byte or traffic class of what is sent.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = values::tos)]
    pub(crate) tos: u8,
    /// Relay muxed RTCP, too, as --rtcp of `stream add`.
    #[arg(long, value_name = "WHAT", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "all",
        hide_possible_values = true)]
    pub(crate) rtcp: Option<Rtcp>,
    /// Relay any UDP, whatever it holds.
    #[arg(long, conflicts_with_all = ["payload_type", "a_ssrc", "b_ssrc", "rtcp", "a_decrypt", "a_encrypt", "b_decrypt", "b_encrypt"])]
    pub(crate) opaque: bool,
}

/// One way of a pair.
struct Way<'a> {
    local: Span,
    expect: Span,
    from: Span,
    to: Span,
    ssrc: &'a [Ssrc],
    decrypt: &'a Option<SecretText>,
    encrypt: &'a Option<SecretText>,
}

impl StreamPair {
    /// What it stands for: from A to B, and from B to A.
    pub(crate) fn ways(&self) -> [StreamAdd; 2] {
        [
            self.way(&Way {
                local: self.a_local,
                expect: self.a_remote,
                from: self.b_local,
                to: self.b_remote,
                ssrc: &self.a_ssrc,
                decrypt: &self.a_decrypt,
                encrypt: &self.b_encrypt,
            }),
            self.way(&Way {
                local: self.b_local,
                expect: self.b_remote,
                from: self.a_local,
                to: self.a_remote,
                ssrc: &self.b_ssrc,
                decrypt: &self.b_decrypt,
                encrypt: &self.a_encrypt,
            }),
        ]
    }

    fn way(&self, way: &Way<'_>) -> StreamAdd {
        let Ok(to) = secret_text(&way.to.to_string());
        StreamAdd {
            table: self.table,
            local: way.local,
            replace: self.replace,
            to: vec![to],
            from: vec![way.from],
            tos: self.tos,
            expect: self.expect.then_some(way.expect),
            mismatch: None,
            payload_type: self.payload_type.clone(),
            pt_filter: false,
            ssrc: way.ssrc.to_vec(),
            ssrc_req: false,
            rtp_stats: None,
            decrypt: way.decrypt.clone(),
            encrypt: way.encrypt.clone(),
            rtp: !self.opaque,
            opaque: self.opaque,
            rtcp: self.rtcp,
            rtp_only: false,
            stun: false,
            dtls: false,
            non_forwarding: false,
            blackhole: false,
            mid_extension: None,
            mid: Vec::new(),
        }
    }
}
