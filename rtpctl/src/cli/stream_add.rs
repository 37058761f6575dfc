// SPDX-License-Identifier: GPL-2.0-only

//! The options of `stream add`.

use clap::{Args, ValueEnum};

use super::super::secret::{secret_text, SecretText};
use super::super::srtp;
use super::values::{self, Mid, PayloadType, Span, Ssrc};
use super::TableOption;

/// Stands under the short help.
pub(super) const EXAMPLES: &str = "\
Examples:
  rtpctl stream add -t 0 -l 192.0.2.1:30000 --to 198.51.100.7:4000 --to 198.51.100.8:4000,tos=184
  rtpctl stream add -t 0 -l '[2001:db8::1]:30000' --to 198.51.100.7:4000 --from 192.0.2.1:30000
  rtpctl stream add -t 0 -l 192.0.2.1:30000 --to 198.51.100.7:4000 --expect 203.0.113.9:5000 \\
    --payload-type 8 --payload-type 96/48000 --ssrc 0x1234abcd
  rtpctl stream add -t 0 -l 192.0.2.1:30000 --to 198.51.100.7:4000 --ssrc 0x1234abcd \\
    --decrypt file:/run/keys/caller --encrypt file:/run/keys/callee --rtcp";

const SETTINGS: &str = "\
Settings of an output, with commas behind its address: --to ADDR:PORT,tos=184,encrypt=env:KEY
  from=ADDR:PORT       the source of what is sent
  tos=N                the TOS byte or traffic class
  encrypt=KEY          how it is encrypted; none: not at all, whatever --encrypt says
  rtcp=ADDR:PORT       where RTCP goes; none: nowhere [default: where RTP goes]
  rtcp-from=ADDR:PORT  the source of RTCP
  media=M              the media it belongs to, 0 to 7 [default: 0]
  ssrc=[IN:]SSRC       the SSRC to send; IN, the one received, is named where there are several
  seq-offset=[IN:]N    what is added to sequence numbers, -65535 to 65535
  blackhole=PT         send nothing of this payload type
  min-len=PT:BYTES     send nothing of this payload type with a shorter payload
  replace=PT:HEX       fill the payload of this payload type with a pattern of 1 to 16 bytes
  ext=ID[:ID]...       keep these header extensions only; none: remove them all
  mid=ID:TEXT          append a MID in the header extension of this id
Those from ssrc to replace may be given more than once.";

/// Stands under the long help.
pub(super) fn long_help() -> String {
    format!(
        "{SETTINGS}\n\n\
         KEY is one of
  file:PATH            a file with one line like the one below; # begins a comment
  env:NAME             an environment variable with such a line
  SUITE:inline:BASE64  the suite, and the master key and master salt together in base64;
                       or an a=crypto: line of SDP
Behind BASE64, as in SDP: |2^20 (a lifetime, which is not counted), |1:4 (an MKI and its length),
and after spaces UNENCRYPTED_SRTP, UNENCRYPTED_SRTCP, UNAUTHENTICATED_SRTP.
A key on the command line can be seen by every user of the host. Suites:
  {}\n\n{EXAMPLES}",
        srtp::names()
    )
}

/// What becomes of a packet that does not come from the expected source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mismatch {
    /// It is relayed as any other.
    Ignore,
    /// It is dropped, and counted as an error.
    Drop,
    /// It goes on to the next rule, and to the socket that listens there.
    Pass,
}

/// Which RTCP is relayed, and which of that also goes on to the socket that listens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rtcp {
    /// All is relayed; what is not pure feedback goes on, too.
    All,
    /// Pure feedback is relayed; the rest goes on instead.
    Feedback,
    /// All is relayed, and goes on, too.
    Copy,
}

/// Whether loss and jitter are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RtpStats {
    /// They are; refused when the SSRC or a clock rate is missing.
    On,
    /// They are not.
    Off,
}

/// The options of `stream add`.
#[derive(Debug, Args)]
pub(crate) struct StreamAdd {
    /// Which table.
    #[command(flatten)]
    pub(crate) table: TableOption,

    /// The address and port to take packets on; an IPv6 address stands in brackets. With a range of ports, a stream for
    /// each: other addresses have a range as long, whose ports go with them in order, or one port for all.
    #[arg(short, long, value_name = "ADDR:PORT[-PORT]")]
    pub(crate) local: Span,

    /// Put it in the place of a stream with the same local address and port, if there is one.
    #[arg(short, long)]
    pub(crate) replace: bool,

    /// Where to send them, with settings of this output behind commas; up to 32 times, or 16 times with --rtcp.
    #[arg(
        short = 'o',
        long,
        value_name = "ADDR:PORT[-PORT][,SETTING=VALUE]...",
        required_unless_present = "non_forwarding",
        value_parser = secret_text
    )]
    pub(crate) to: Vec<SecretText>,

    /// The source address and port of what is sent; may be given once for each family
    /// [default: the local address and port, for outputs of its family].
    #[arg(short, long, value_name = "ADDR:PORT[-PORT]")]
    pub(crate) from: Vec<Span>,

    /// The TOS byte or traffic class of what is sent.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = values::tos)]
    pub(crate) tos: u8,

    /// The address and port that packets have to come from.
    #[arg(short, long, value_name = "ADDR:PORT[-PORT]")]
    pub(crate) expect: Option<Span>,

    /// What becomes of a packet from elsewhere [default: drop].
    #[arg(short, long, value_enum, requires = "expect")]
    pub(crate) mismatch: Option<Mismatch>,

    /// A payload type to count, with its clock rate in Hz where the number alone does not tell it, and the media
    /// that its packets belong to; RTP of any other is relayed, too, and counts as an error. May be given up to 32 times.
    #[arg(short, long, value_name = "N[/RATE][,media=M]", value_parser = values::payload_type)]
    pub(crate) payload_type: Vec<PayloadType>,

    /// Pass on packets of other payload types instead of relaying them.
    #[arg(long, requires = "payload_type")]
    pub(crate) pt_filter: bool,

    /// An SSRC to relay, in decimal or as 0xHEX, and the media that its packets belong to; packets of other SSRCs are
    /// passed on. May be given up to 4 times.
    #[arg(short, long, value_name = "SSRC[,media=M]", value_parser = values::ssrc)]
    pub(crate) ssrc: Vec<Ssrc>,

    /// Pass on RTP for as long as no --ssrc is given.
    #[arg(long)]
    pub(crate) ssrc_req: bool,

    /// Whether loss and jitter are measured [default: on when --ssrc is given and all clock rates are known].
    #[arg(long, value_enum)]
    pub(crate) rtp_stats: Option<RtpStats>,

    /// Decrypt and authenticate what arrives, as SRTP: file:PATH, env:NAME, or SUITE:inline:BASE64; see below.
    #[arg(long, value_name = "KEY", value_parser = secret_text, help_heading = "SRTP")]
    pub(crate) decrypt: Option<SecretText>,

    /// Encrypt what is sent, as SRTP. An output with encrypt=KEY has a key of its own.
    #[arg(long, value_name = "KEY", value_parser = secret_text, help_heading = "SRTP")]
    pub(crate) encrypt: Option<SecretText>,

    /// Relay RTP: read the RTP header, count by payload type and SSRC [default].
    #[arg(long, conflicts_with = "opaque", help_heading = "What is relayed")]
    pub(crate) rtp: bool,

    /// Relay any UDP, whatever it holds.
    #[arg(
        long,
        conflicts_with_all = ["payload_type", "ssrc", "ssrc_req", "rtp_stats", "rtcp", "rtp_only", "decrypt", "encrypt",
            "mid_extension"],
        help_heading = "What is relayed"
    )]
    pub(crate) opaque: bool,

    /// Relay the RTCP that comes to the same port, too. Reports also go on to the socket that listens there;
    /// feedback does not. Without this, RTCP is passed on. --rtcp=feedback relays nothing but feedback, --rtcp=copy
    /// lets all of it go on to the socket, too.
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all",
        hide_possible_values = true,
        help_heading = "What is relayed"
    )]
    pub(crate) rtcp: Option<Rtcp>,

    /// Pass on what is not RTP instead of relaying it.
    #[arg(long, help_heading = "What is relayed")]
    pub(crate) rtp_only: bool,

    /// Pass on STUN instead of relaying it.
    #[arg(long, help_heading = "What is relayed")]
    pub(crate) stun: bool,

    /// Pass on DTLS instead of relaying it.
    #[arg(long, help_heading = "What is relayed")]
    pub(crate) dtls: bool,

    /// Relay nothing: packets are passed on.
    #[arg(
        long,
        conflicts_with_all = ["to", "from", "rtcp", "decrypt", "encrypt"],
        help_heading = "What is relayed"
    )]
    pub(crate) non_forwarding: bool,

    /// Drop and count packets instead of passing them on.
    #[arg(long, requires = "non_forwarding", help_heading = "What is relayed")]
    pub(crate) blackhole: bool,

    /// The id of the header extension with the MID, by which packets of several media are told apart.
    #[arg(
        long,
        value_name = "ID",
        requires = "mid",
        value_parser = values::extension_id,
        help_heading = "Several media on one port"
    )]
    pub(crate) mid_extension: Option<u8>,

    /// The MID of a media, 0 to 7. Packets go to the outputs of the media that their MID names; without one to those
    /// of the media of their SSRC, else of their payload type, else of media 0.
    #[arg(
        long,
        value_name = "TEXT[,media=M]",
        requires = "mid_extension",
        value_parser = values::mid,
        help_heading = "Several media on one port"
    )]
    pub(crate) mid: Vec<Mid>,
}
