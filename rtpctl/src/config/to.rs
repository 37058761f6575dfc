// SPDX-License-Identifier: GPL-2.0-only

//! `--to ADDR:PORT[,SETTING=VALUE]...`: an output, with the settings that are its own.

use std::net::SocketAddr;
use std::rc::Rc;

use rtp_wire::output::{ExtensionSet, MAX_EXTENSIONS, MAX_PATTERN};

use super::super::cli::values::{
    extension_id, media, mid_text, payload_number, ssrc_number, tos, Span,
};
use super::super::exit::Failure;
use super::super::secret::is_suspect;
use super::super::srtp::{self, Srtp};
use super::address::specified;
use super::usage;

const SETTINGS: &str = "from, tos, encrypt, rtcp, rtcp-from, media, ssrc, seq-offset, blackhole, min-len, replace, ext, mid";

/// Where the RTCP of an output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RtcpTo<A = SocketAddr> {
    /// Nowhere.
    None,
    /// To an address of its own.
    Address(A),
}

/// What is done to packets of a payload type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PayloadSetting {
    /// They are not sent.
    Blackhole,
    /// Those with a shorter payload are not sent.
    MinLen(u32),
    /// Their payload is replaced.
    Replace(Vec<u8>),
}

/// Which packets an output takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Takes {
    /// RTP, and RTCP where the stream relays it.
    #[default]
    All,
    /// RTCP alone.
    Rtcp,
}

/// An output as it is asked for: of one stream, or with the spans of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct To<A = SocketAddr> {
    /// Where it is sent.
    pub(super) address: A,
    /// What it takes.
    pub(super) takes: Takes,
    /// The source of what is sent.
    pub(super) from: Option<A>,
    /// TOS or traffic class.
    pub(super) tos: Option<u8>,
    /// How it is encrypted, or that it is not.
    pub(super) encrypt: Option<Option<Rc<Srtp>>>,
    /// Where RTCP goes; where RTP does when it is left out.
    pub(super) rtcp: Option<RtcpTo<A>>,
    /// The source of RTCP.
    pub(super) rtcp_from: Option<A>,
    /// The media it belongs to.
    pub(super) media: Option<u8>,
    /// SSRCs to send, for the SSRCs received.
    pub(super) ssrcs: Vec<(Option<u32>, u32)>,
    /// What is added to sequence numbers, for the SSRCs received.
    pub(super) offsets: Vec<(Option<u32>, u16)>,
    /// What is done to payload types.
    pub(super) payloads: Vec<(u8, PayloadSetting)>,
    /// The header extensions that stay.
    pub(super) extensions: Option<ExtensionSet>,
    /// The MID to append, with the id of its header extension.
    pub(super) mid: Option<(u8, String)>,
}

impl To<Span> {
    /// One without settings.
    pub(super) const fn new(address: Span) -> Self {
        Self {
            address,
            takes: Takes::All,
            from: None,
            tos: None,
            encrypt: None,
            rtcp: None,
            rtcp_from: None,
            media: None,
            ssrcs: Vec::new(),
            offsets: Vec::new(),
            payloads: Vec::new(),
            extensions: None,
            mid: None,
        }
    }

    /// Reads what was typed.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let mut parts = text.split(',');
        let address = parts.next().unwrap_or_default();
        let address: Span = address.parse().map_err(|what| {
            let failure = usage(what).hint("settings stand behind it with commas: ,tos=184");
            match is_suspect(address) {
                true => failure.about("--to"),
                false => failure.about(&format!("--to {address}")),
            }
        })?;
        let mut to = Self::new(address);
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            to.set(name, value).map_err(|failure| {
                if is_suspect(name) {
                    failure.about(&format!("--to {address}"))
                } else {
                    failure.about(&format!("--to {address}: {name}"))
                }
            })?;
        }
        to.check()?;
        Ok(to)
    }

    /// Sees that its settings go together.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.mid.is_some() && self.extensions.is_none() {
            return Err(usage(format!(
                "--to {}: mid: once header extensions are touched, those not named are removed",
                self.address
            ))
            .hint("name with ext= those that stay, or say ext=none"));
        }
        Ok(())
    }

    /// That of the stream of this number.
    pub(super) fn nth(&self, number: usize) -> Result<To, Failure> {
        let address = specified("--to", self.address.nth(number))?;
        let own = |word: &str, span: Span| {
            let own = specified(word, span.nth(number));
            own.map_err(|failure| failure.about(&format!("--to {address}")))
        };
        let source = |from: Option<Span>| from.map(|from| own("from", from)).transpose();
        Ok(To {
            address,
            takes: self.takes,
            from: source(self.from)?,
            tos: self.tos,
            encrypt: self.encrypt.clone(),
            rtcp: match self.rtcp {
                Some(RtcpTo::Address(to)) => Some(RtcpTo::Address(own("rtcp", to)?)),
                Some(RtcpTo::None) => Some(RtcpTo::None),
                None => None,
            },
            rtcp_from: source(self.rtcp_from)?,
            media: self.media,
            ssrcs: self.ssrcs.clone(),
            offsets: self.offsets.clone(),
            payloads: self.payloads.clone(),
            extensions: self.extensions,
            mid: self.mid.clone(),
        })
    }

    /// Its spans, each with the word for it.
    pub(super) fn spans(&self) -> impl Iterator<Item = (&'static str, Span)> {
        let rtcp = match self.rtcp {
            Some(RtcpTo::Address(to)) => Some(("rtcp=", to)),
            _ => None,
        };
        let from = self.from.map(|span| ("from=", span));
        let rtcp_from = self.rtcp_from.map(|span| ("rtcp-from=", span));
        [Some(("--to ", self.address)), from, rtcp, rtcp_from]
            .into_iter()
            .flatten()
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        match name {
            "from" => once(&mut self.from, source(value)?),
            "tos" => once(&mut self.tos, tos(value).map_err(usage)?),
            "encrypt" => once(&mut self.encrypt, encryption(value)?),
            "rtcp" => once(&mut self.rtcp, rtcp_to(value)?),
            "rtcp-from" => once(&mut self.rtcp_from, source(value)?),
            "media" => once(&mut self.media, media(value).map_err(usage)?),
            "ssrc" => {
                let (of, value) = of_ssrc(value)?;
                self.ssrcs.push((of, ssrc_number(value).map_err(usage)?));
                Ok(())
            }
            "seq-offset" => {
                let (of, value) = of_ssrc(value)?;
                self.offsets.push((of, offset(value)?));
                Ok(())
            }
            "blackhole" => self.payload(value, PayloadSetting::Blackhole),
            "min-len" => {
                let (number, length) = pair(value, "PT:BYTES")?;
                let length = length
                    .parse()
                    .map_err(|_| usage("a length is a number of bytes"))?;
                self.payload(number, PayloadSetting::MinLen(length))
            }
            "replace" => {
                let (number, pattern) = pair(value, "PT:HEX")?;
                let pattern = hex(pattern).ok_or_else(|| {
                    usage(format!(
                        "a pattern is 1 to {MAX_PATTERN} bytes in hexadecimal, two digits each"
                    ))
                })?;
                self.payload(number, PayloadSetting::Replace(pattern))
            }
            "ext" => once(&mut self.extensions, extensions(value)?),
            "mid" => {
                let (id, text) = pair(value, "ID:TEXT")?;
                let id = extension_id(id).map_err(usage)?;
                once(&mut self.mid, (id, mid_text(text).map_err(usage)?))
            }
            _ => Err(usage("there is no such setting of an output").hint(format!(
                "there are {SETTINGS}; a path with a comma cannot be given here"
            ))),
        }
    }

    fn payload(&mut self, number: &str, setting: PayloadSetting) -> Result<(), Failure> {
        let number = payload_number(number).map_err(usage)?;
        self.payloads.push((number, setting));
        Ok(())
    }
}

fn once<T>(to: &mut Option<T>, value: T) -> Result<(), Failure> {
    match to.replace(value) {
        None => Ok(()),
        Some(_) => Err(usage("it is given twice")),
    }
}

fn pair<'a>(value: &'a str, form: &str) -> Result<(&'a str, &'a str), Failure> {
    value
        .split_once(':')
        .ok_or_else(|| usage(format!("the form is {form}")))
}

fn source(value: &str) -> Result<Span, Failure> {
    value.parse().map_err(usage)
}

fn rtcp_to(value: &str) -> Result<RtcpTo<Span>, Failure> {
    if value == "none" {
        return Ok(RtcpTo::None);
    }
    let address = value
        .parse()
        .map_err(|what: String| usage("it is neither an address and port nor `none`").hint(what))?;
    Ok(RtcpTo::Address(address))
}

/// Reads a key, or `none`.
pub(super) fn encryption(value: &str) -> Result<Option<Rc<Srtp>>, Failure> {
    if value == "none" {
        return Ok(None);
    }
    Ok(Some(Rc::new(srtp::read(value)?)))
}

/// Splits `IN:VALUE`, where IN is an SSRC that is received and may be left out.
fn of_ssrc(value: &str) -> Result<(Option<u32>, &str), Failure> {
    match value.split_once(':') {
        None => Ok((None, value)),
        Some((of, value)) => Ok((Some(ssrc_number(of).map_err(usage)?), value)),
    }
}

/// Sequence numbers have 16 bits: one below zero is one just below 65,536.
fn offset(value: &str) -> Result<u16, Failure> {
    let offset = value
        .parse::<i32>()
        .ok()
        .filter(|offset| (-65_535..=65_535).contains(offset))
        .ok_or_else(|| usage("an offset is a number from -65535 to 65535"))?;
    let [low, high, ..] = offset.to_le_bytes();
    Ok(u16::from_le_bytes([low, high]))
}

/// Reads the bytes of a pattern.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    let digits = digits?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    let bytes: Vec<u8> = pairs
        .map(|pair| pair.iter().fold(0, |byte, digit| (byte << 4) | digit))
        .collect();
    Some(bytes).filter(|bytes| (1..=MAX_PATTERN).contains(&bytes.len()))
}

/// Reads `ID[:ID]...` or `none`.
fn extensions(value: &str) -> Result<ExtensionSet, Failure> {
    let mut set = ExtensionSet::EMPTY;
    if value != "none" {
        for id in value.split(':') {
            set.insert(extension_id(id).map_err(usage)?);
        }
    }
    if set.iter().count() > MAX_EXTENSIONS {
        return Err(usage(format!(
            "at most {MAX_EXTENSIONS} header extensions can be named"
        )));
    }
    Ok(set)
}

#[cfg(test)]
mod tests;
