// SPDX-License-Identifier: GPL-2.0-only

//! Single values, as they are typed.

use std::num::ParseIntError;

use rtp_wire::target::{MAX_MEDIA, MAX_MID};

mod span;

pub(crate) use span::Span;

/// A payload type, its clock, and the media it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PayloadType {
    /// 0 to 127.
    pub(crate) number: u8,
    /// In Hz; zero when it is not known.
    pub(crate) clock_rate: u32,
    /// Its media.
    pub(crate) media: u8,
}

/// An SSRC, and the media it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ssrc {
    /// The SSRC, not zero.
    pub(crate) number: u32,
    /// Its media; none when the payload type is to tell.
    pub(crate) media: Option<u8>,
}

/// The MID of a media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mid {
    /// The text.
    pub(crate) text: String,
    /// The media.
    pub(crate) media: u8,
}

/// Ports from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PortRange {
    /// The first.
    pub(crate) first: u16,
    /// The last.
    pub(crate) last: u16,
}

/// Reads `PORT` or `PORT-PORT`.
pub(crate) fn ports(text: &str) -> Result<PortRange, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.parse().ok();
    number(first)
        .zip(number(last))
        .map(|(first, last)| PortRange { first, last })
        .filter(|range| range.first <= range.last)
        .ok_or_else(|| "it is a port, or two in ascending order: 30000 or 30000-30099".to_owned())
}

/// Reads a handle of nftables.
pub(crate) fn handle(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "a handle is a number, as `rtpctl rule show` has it".to_owned())
}

/// The highest number of a table.
pub(crate) const LAST_TABLE: u8 = 63;

/// Reads the number of a table.
pub(crate) fn table(text: &str) -> Result<u8, String> {
    text.parse()
        .ok()
        .filter(|id| *id <= LAST_TABLE)
        .ok_or_else(|| format!("a table is a number from 0 to {LAST_TABLE}"))
}

/// Splits `VALUE,media=N`.
fn media_of(text: &str) -> Result<(&str, Option<u8>), String> {
    match text.split_once(',') {
        None => Ok((text, None)),
        Some((value, setting)) => {
            let number = setting
                .strip_prefix("media=")
                .ok_or("after the comma only media=N is known")?;
            Ok((value, Some(media(number)?)))
        }
    }
}

/// Reads the number of a media.
pub(crate) fn media(text: &str) -> Result<u8, String> {
    text.parse()
        .ok()
        .filter(|media| usize::from(*media) < MAX_MEDIA)
        .ok_or_else(|| {
            format!(
                "a media is a number from 0 to {}",
                MAX_MEDIA.saturating_sub(1)
            )
        })
}

/// Reads the number of a payload type.
pub(crate) fn payload_number(text: &str) -> Result<u8, String> {
    text.parse()
        .ok()
        .filter(|number| *number < 128)
        .ok_or_else(|| "a payload type is a number from 0 to 127".to_owned())
}

/// Reads `N[/RATE][,media=M]`.
pub(crate) fn payload_type(text: &str) -> Result<PayloadType, String> {
    let (text, media) = media_of(text)?;
    let (number, rate) = match text.split_once('/') {
        Some((number, rate)) => (number, Some(rate)),
        None => (text, None),
    };
    let number = payload_number(number)?;
    let clock_rate = match rate {
        Some(rate) => rate
            .parse()
            .ok()
            .filter(|r| *r > 0)
            .ok_or("a clock rate is a number of Hz above 0")?,
        None => static_clock_rate(number),
    };
    Ok(PayloadType {
        number,
        clock_rate,
        media: media.unwrap_or(0),
    })
}

/// The clock rate that RFC 3551 gives to a payload type, or zero.
pub(crate) const fn static_clock_rate(number: u8) -> u32 {
    match number {
        0 | 3 | 4 | 5 | 7 | 8 | 9 | 12 | 13 | 15 | 18 => 8_000,
        6 => 16_000,
        10 | 11 => 44_100,
        14 | 25 | 26 | 28 | 31..=34 => 90_000,
        16 => 11_025,
        17 => 22_050,
        _ => 0,
    }
}

/// Reads an SSRC that is not zero, decimal or hexadecimal with `0x`.
pub(crate) fn ssrc_number(text: &str) -> Result<u32, String> {
    match number(text) {
        // The interface reads a zero as none.
        Ok(0) => Err("SSRC 0 cannot be singled out".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err("an SSRC is a 32-bit number, in decimal or as 0xHEX".to_owned()),
    }
}

/// Reads `SSRC[,media=M]`.
pub(crate) fn ssrc(text: &str) -> Result<Ssrc, String> {
    let (text, media) = media_of(text)?;
    Ok(Ssrc {
        number: ssrc_number(text)?,
        media,
    })
}

/// Checks the text of a MID.
pub(crate) fn mid_text(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > MAX_MID {
        return Err(format!("a MID is a text of 1 to {MAX_MID} bytes"));
    }
    Ok(text.to_owned())
}

/// Reads `TEXT[,media=M]`.
pub(crate) fn mid(text: &str) -> Result<Mid, String> {
    let (text, media) = media_of(text)?;
    Ok(Mid {
        text: mid_text(text)?,
        media: media.unwrap_or(0),
    })
}

/// Reads the id of a header extension.
pub(crate) fn extension_id(text: &str) -> Result<u8, String> {
    text.parse()
        .ok()
        .filter(|id| *id > 0)
        .ok_or_else(|| "the id of a header extension is a number from 1 to 255".to_owned())
}

/// Reads a TOS byte, decimal or hexadecimal with `0x`.
pub(crate) fn tos(text: &str) -> Result<u8, String> {
    number(text)
        .ok()
        .and_then(|n| u8::try_from(n).ok())
        .ok_or_else(|| "a TOS byte is a number from 0 to 255".to_owned())
}

fn number(text: &str) -> Result<u32, ParseIntError> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => text.parse(),
    }
}

/// The priorities that nft has words for, those of NF_IP_PRI_*.
const PRIORITIES: [(&str, i32); 6] = [
    ("raw", -300),
    ("mangle", -150),
    ("dstnat", -100),
    ("filter", 0),
    ("security", 50),
    ("srcnat", 100),
];

/// Reads the priority of a chain: a number, a word of nft, or a word with an offset.
pub(crate) fn priority(text: &str) -> Result<i32, String> {
    let wrong = || {
        "a priority is a number, or raw, mangle, dstnat, filter, security or srcnat, as in filter-5"
            .to_owned()
    };
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let end = text
        .find(|c: char| !c.is_ascii_lowercase())
        .unwrap_or(text.len());
    let (word, offset) = text.split_at_checked(end).ok_or_else(wrong)?;
    let (_, base) = PRIORITIES
        .into_iter()
        .find(|(name, _)| *name == word)
        .ok_or_else(wrong)?;
    let offset: String = offset.split_whitespace().collect();
    let offset = match offset.as_str() {
        "" => 0,
        offset => offset.parse().map_err(|_| wrong())?,
    };
    base.checked_add(offset).ok_or_else(wrong)
}

#[cfg(test)]
mod tests;
