// SPDX-License-Identifier: GPL-2.0-only

//! Why a message is refused: the error number, and a sentence for whoever has to mend it.

use super::command::{CommandNumber, Direction};
use super::errno::{EBUSY, EFAULT, EINVAL, EIO, EMSGSIZE, ENOENT, ENXIO, ERANGE};
use super::pointer::{PointerName, UserPointer};
use core::fmt;

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressFault {
    /// Neither IPv4 nor IPv6.
    Family(i32),
    /// All zero.
    Unspecified,
    /// Port zero.
    Port,
}

impl fmt::Display for AddressFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AddressFault::Family(family) => {
                write!(f, "family {family} is neither IPv4 (2) nor IPv6 (10)")
            }
            AddressFault::Unspecified => f.write_str("the address is unspecified; name one"),
            AddressFault::Port => f.write_str("the port is 0; name one"),
        }
    }
}

/// Which address is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressName {
    /// Local address of a target.
    Local,
    /// Expected source of a target.
    ExpectedSource,
    /// Source of an output.
    Source,
    /// Destination of an output.
    Destination,
}

impl fmt::Display for AddressName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressName::Local => "local address",
            AddressName::ExpectedSource => "expected source",
            AddressName::Source => "source of the output",
            AddressName::Destination => "destination of the output",
        })
    }
}

/// What is wrong with SRTP parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrtpFault {
    /// Unknown cipher.
    Cipher(u32),
    /// Unknown message authentication code.
    Hmac(u32),
    /// Length of the master key.
    MasterKey(u32),
    /// Length of the master salt.
    MasterSalt(u32),
    /// Length of the session key.
    SessionKey(u32),
    /// Length of the session salt.
    SessionSalt(u32),
    /// Length of the authentication tag of RTP.
    RtpTag(u32),
    /// Length of the authentication tag of RTCP.
    RtcpTag(u32),
    /// Length of the master key identifier.
    Mki(u32),
}

impl fmt::Display for SrtpFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SrtpFault::Cipher(given) => {
                write!(f, "cipher {given} is unknown; NULL is 1, the last is 7")
            }
            SrtpFault::Hmac(given) => {
                write!(f, "HMAC {given} is unknown; NULL is 1, HMAC-SHA1 is 2")
            }
            SrtpFault::MasterKey(len) => {
                write!(f, "a master key of {len} bytes does not fit the cipher")
            }
            SrtpFault::MasterSalt(len) => {
                write!(f, "a master salt of {len} bytes does not fit the cipher")
            }
            SrtpFault::SessionKey(len) => {
                write!(f, "a session key of {len} bytes does not fit the cipher")
            }
            SrtpFault::SessionSalt(len) => {
                write!(f, "a session salt of {len} bytes does not fit the cipher")
            }
            SrtpFault::RtpTag(len) => {
                write!(f, "an RTP authentication tag of {len} bytes; at most 20")
            }
            SrtpFault::RtcpTag(len) => {
                write!(f, "an RTCP authentication tag of {len} bytes; at most 20")
            }
            SrtpFault::Mki(len) => write!(f, "an MKI of {len} bytes; at most 255"),
        }
    }
}

/// The outputs of a media that a range is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeName {
    /// Those of RTP.
    Rtp,
    /// Those of RTCP.
    Rtcp,
}

impl fmt::Display for RangeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RangeName::Rtp => "RTP",
            RangeName::Rtcp => "RTCP",
        })
    }
}

/// Why a message is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too short to hold a command number.
    NoCommand {
        /// Its length.
        length: usize,
    },
    /// No such command.
    UnknownCommand {
        /// Its number.
        number: u32,
    },
    /// Shorter than its structure.
    TooShort {
        /// The command.
        command: CommandNumber,
        /// Length of the message.
        length: usize,
        /// Length of the structure.
        expected: usize,
    },
    /// Longer than its structure and the data that may follow it.
    TooLong {
        /// The command.
        command: CommandNumber,
        /// Length of the message.
        length: usize,
        /// Length that is allowed.
        limit: usize,
    },
    /// Sent the wrong way.
    Direction {
        /// The command.
        command: CommandNumber,
        /// The way it was sent.
        sent: Direction,
    },
    /// A command that INIT has to come before.
    NotInitialised(CommandNumber),
    /// INIT was sent before.
    AlreadyInitialised,
    /// INIT of a generation that is no longer served.
    OlderGeneration {
        /// The daemon's.
        name: &'static str,
    },
    /// INIT with a number of commands that no generation has.
    CommandCount {
        /// Highest command plus one, as given.
        given: i32,
    },
    /// INIT with another size of a command than the generation with most in common.
    CommandSize {
        /// Number of the command.
        number: u32,
        /// Size of its structure, as given.
        given: u64,
        /// Size of its structure, as expected.
        expected: u64,
    },
    /// PIN_MEMORY of nothing.
    PinNothing,
    /// PIN_MEMORY of other than whole pages.
    PinSize {
        /// Its size.
        size: u64,
    },
    /// PIN_MEMORY not at the start of a page.
    PinAddress {
        /// Its address.
        address: u64,
    },
    /// PIN_MEMORY past the end of the address space.
    PinRange {
        /// Its address.
        address: u64,
        /// Its size.
        size: u64,
    },
    /// A mandatory pointer is missing.
    PointerMissing(PointerName),
    /// A pointer is not aligned for its structure.
    PointerAlignment(PointerName, UserPointer),
    /// An address that no target can have, where a target is asked for.
    NoSuchTarget(AddressFault),
    /// An address out of order.
    Address(AddressName, AddressFault),
    /// Source and destination of different families.
    Families,
    /// Unknown action for packets from elsewhere.
    SourceMismatch(u32),
    /// Too many outputs.
    OutputCount(u32),
    /// No outputs, though the target relays.
    OutputsMissing,
    /// Outputs, though the target does not relay.
    OutputsUnwanted(u32),
    /// More outputs of RTCP than outputs.
    RtcpOutputCount {
        /// How many are for RTCP.
        rtcp: u32,
        /// How many there are.
        outputs: u8,
    },
    /// A range of outputs that are not there.
    OutputRange {
        /// The media.
        media: usize,
        /// Which of its ranges.
        range: RangeName,
        /// First output.
        start: u32,
        /// One past the last output.
        end: u32,
        /// Number of outputs.
        outputs: u32,
    },
    /// Ring buffers that are not there.
    RingBuffers(u32),
    /// Too many payload types.
    PayloadTypeCount(u32),
    /// Media index of a payload type.
    PayloadTypeMedia {
        /// Index of the payload type.
        index: usize,
        /// Index of the media.
        media: u32,
    },
    /// Number of a payload type.
    PayloadTypeNumber {
        /// Index of the payload type.
        index: usize,
        /// Its number.
        number: u32,
    },
    /// Payload types out of order.
    PayloadTypeOrder {
        /// Index of the payload type.
        index: usize,
        /// Its number.
        number: u32,
    },
    /// Media index of an SSRC.
    SsrcMedia {
        /// Index of the SSRC.
        index: usize,
        /// Index of the media.
        media: u32,
    },
    /// Length of a media identification string.
    MidLength {
        /// Index of the media.
        media: usize,
        /// Its length.
        length: u64,
    },
    /// A MID extension to append, without a string.
    MidEmpty,
    /// SRTP parameters of a target.
    Decrypt(SrtpFault),
    /// SRTP parameters of an output.
    Encrypt(SrtpFault),
    /// Length of a pattern that replaces a payload.
    PatternLength {
        /// Index of the payload type.
        index: usize,
        /// Its length.
        length: u8,
    },
    /// Too many header extensions.
    ExtensionCount(u32),
}

impl Refusal {
    /// The error number, positive.
    pub const fn errno(&self) -> i32 {
        match self {
            Refusal::PinAddress { .. } => ENXIO,
            // A table without INIT has no targets.
            Refusal::NotInitialised(CommandNumber::AddDestination) | Refusal::NoSuchTarget(_) => {
                ENOENT
            }
            Refusal::AlreadyInitialised => EBUSY,
            Refusal::TooShort { .. }
            | Refusal::OlderGeneration { .. }
            | Refusal::CommandSize { .. } => EMSGSIZE,
            Refusal::TooLong { .. } | Refusal::CommandCount { .. } => ERANGE,
            Refusal::PinRange { .. }
            | Refusal::PointerMissing(_)
            | Refusal::PointerAlignment(..) => EFAULT,
            Refusal::NoCommand { .. } | Refusal::NotInitialised(_) | Refusal::PinSize { .. } => EIO,
            Refusal::UnknownCommand { .. }
            | Refusal::Direction { .. }
            | Refusal::PinNothing
            | Refusal::Address(..)
            | Refusal::Families
            | Refusal::SourceMismatch(_)
            | Refusal::OutputCount(_)
            | Refusal::OutputsMissing
            | Refusal::OutputsUnwanted(_)
            | Refusal::RtcpOutputCount { .. }
            | Refusal::OutputRange { .. }
            | Refusal::RingBuffers(_)
            | Refusal::PayloadTypeCount(_)
            | Refusal::PayloadTypeMedia { .. }
            | Refusal::PayloadTypeNumber { .. }
            | Refusal::PayloadTypeOrder { .. }
            | Refusal::SsrcMedia { .. }
            | Refusal::MidLength { .. }
            | Refusal::MidEmpty
            | Refusal::Decrypt(_)
            | Refusal::Encrypt(_)
            | Refusal::PatternLength { .. }
            | Refusal::ExtensionCount(_) => EINVAL,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NoCommand { length } => {
                write!(
                    f,
                    "a message of {length} bytes has no command number; send at least 4"
                )
            }
            Refusal::UnknownCommand { number } => {
                write!(
                    f,
                    "command {number} is unknown; it may be of another generation"
                )
            }
            Refusal::TooShort {
                command,
                length,
                expected,
            } => write!(
                f,
                "{command} of {length} bytes is too short; send {expected}"
            ),
            Refusal::TooLong {
                command,
                length,
                limit,
            } => write!(
                f,
                "{command} of {length} bytes is too long; send at most {limit}"
            ),
            Refusal::Direction { command, sent } => write!(
                f,
                "{command} was sent with {sent}; send it with {}",
                command.direction()
            ),
            Refusal::NotInitialised(command) => {
                write!(f, "{command} before INIT; send INIT first")
            }
            Refusal::AlreadyInitialised => f.write_str("the table is initialised already"),
            Refusal::OlderGeneration { name } => write!(
                f,
                "the daemon speaks generation {name} of the interface, which this module does not; \
                 install a newer daemon"
            ),
            Refusal::CommandCount { given } => write!(
                f,
                "INIT counts commands up to {given}, which no generation does that this module speaks; \
                 install a daemon that matches it"
            ),
            Refusal::CommandSize {
                number,
                given,
                expected,
            } => write!(
                f,
                "INIT gives command {number} a size of {given} bytes, expected {expected}; \
                 install a daemon that matches this module"
            ),
            Refusal::PinNothing => f.write_str("PIN_MEMORY of no bytes; pin at least a page"),
            Refusal::PinSize { size } => {
                write!(f, "PIN_MEMORY of {size} bytes; pin whole pages")
            }
            Refusal::PinAddress { address } => {
                write!(f, "PIN_MEMORY at {address:#x}; start at a page")
            }
            Refusal::PinRange { address, size } => write!(
                f,
                "PIN_MEMORY of {size} bytes at {address:#x} leaves the address space"
            ),
            Refusal::PointerMissing(name) => {
                write!(f, "no pointer to the {name}; it must be in shared memory")
            }
            Refusal::PointerAlignment(name, pointer) => write!(
                f,
                "pointer {pointer:?} to the {name} is not a multiple of {}",
                name.kind().align()
            ),
            Refusal::NoSuchTarget(fault) => write!(f, "no target has this address: {fault}"),
            Refusal::Address(name, fault) => write!(f, "{name}: {fault}"),
            Refusal::Families => f.write_str(
                "source and destination of the output are of different families; use one",
            ),
            Refusal::SourceMismatch(given) => write!(
                f,
                "source mismatch action {given} is unknown; ignore is 0, drop 1, pass 2"
            ),
            Refusal::OutputCount(given) => write!(f, "{given} outputs; at most 32"),
            Refusal::OutputsMissing => {
                f.write_str("no outputs; announce at least 1, or set non-forwarding")
            }
            Refusal::OutputsUnwanted(given) => {
                write!(
                    f,
                    "{given} outputs of a non-forwarding target; announce none"
                )
            }
            Refusal::RtcpOutputCount { rtcp, outputs } => {
                write!(f, "{rtcp} outputs of RTCP among {outputs} outputs")
            }
            Refusal::RingBuffers(given) => write!(
                f,
                "packets to {given} ring buffers, of which none is registered"
            ),
            Refusal::OutputRange {
                media,
                range,
                start,
                end,
                outputs,
            } => write!(
                f,
                "{range} outputs {start} to {end} of media {media}, of {outputs} outputs; \
                 start below their number, end not above it and not before the start"
            ),
            Refusal::PayloadTypeCount(given) => write!(f, "{given} payload types; at most 32"),
            Refusal::PayloadTypeMedia { index, media } => write!(
                f,
                "media {media} of payload type #{index}; below 8, or all ones for none"
            ),
            Refusal::PayloadTypeNumber { index, number } => {
                write!(f, "payload type #{index} is {number}; at most 127")
            }
            Refusal::PayloadTypeOrder { index, number } => write!(
                f,
                "payload type #{index} is {number}, not above the one before; sort them"
            ),
            Refusal::SsrcMedia { index, media } => write!(
                f,
                "media {media} of SSRC #{index}; below 8, or all ones for none"
            ),
            Refusal::MidLength { media, length } => {
                write!(f, "a MID of {length} bytes of media {media}; at most 255")
            }
            Refusal::MidEmpty => {
                f.write_str("a MID extension to append, but no MID; give one, or no extension")
            }
            Refusal::Decrypt(fault) => write!(f, "SRTP of the target: {fault}"),
            Refusal::Encrypt(fault) => write!(f, "SRTP of the output: {fault}"),
            Refusal::PatternLength { index, length } => write!(
                f,
                "a replacement of {length} bytes for payload type #{index}; at most 16"
            ),
            Refusal::ExtensionCount(given) => {
                write!(f, "{given} header extensions to let through; at most 32")
            }
        }
    }
}
