// SPDX-License-Identifier: GPL-2.0-only

//! SRTP parameters in the form of SDP (RFC 4568): `SUITE:inline:KEY|LIFETIME|MKI:LENGTH PARAMETER...`, or what
//! stands behind `a=crypto:` in a session description.

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::DecodePaddingMode;
use base64::Engine;
use rtp_wire::srtp::{MAX_KEY, MAX_SALT};
use zeroize::Zeroizing;

use super::super::exit::{Code, Failure};
use super::suite::{self, Suite};
use super::{Session, Srtp};

/// Longest master key identifier (RFC 4568, 6.1).
const MAX_MKI: usize = 128;

/// Some leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const FORM: &str = "the form is SUITE:inline:KEY, with the key and the salt together in base64";

/// Says what is wrong. A part of the text is never repeated: it might be the key.
fn wrong(what: impl Into<String>) -> Failure {
    Failure::new(Code::Usage, what)
}

/// Reads SRTP parameters.
pub(super) fn parse(text: &str) -> Result<Srtp, Failure> {
    let text = text.trim();
    let text = text.strip_prefix("a=").unwrap_or(text);
    let text = text.strip_prefix("crypto:").unwrap_or(text);
    let mut words = text.split_ascii_whitespace().peekable();
    // The tag that numbers the attributes of SDP.
    words.next_if(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let first = words.next().unwrap_or("");
    let (name, key) = match first.split_once(':') {
        Some(parts) => parts,
        None => (first, words.next().unwrap_or("")),
    };
    let suite = suite::find(name).ok_or_else(|| {
        wrong("it does not begin with the name of a suite")
            .hint(format!("{FORM}; the suites are {}", suite::names()))
    })?;
    let key = key
        .strip_prefix("inline:")
        .ok_or_else(|| wrong(format!("no key follows the suite {}", suite.name)).hint(FORM))?;
    if key.contains(';') {
        return Err(
            wrong("it has more than one key, and the interface takes one").hint("leave one"),
        );
    }
    let mut fields = key.split('|');
    let (key, salt) = key_and_salt(suite, fields.next().unwrap_or(""))?;
    let mki = lifetime_and_mki(fields)?;
    Ok(Srtp {
        suite,
        key,
        salt,
        mki,
        session: session(suite, words)?,
    })
}

type KeyAndSalt = (
    Box<Zeroizing<[u8; MAX_KEY]>>,
    Box<Zeroizing<[u8; MAX_SALT]>>,
);

fn key_and_salt(suite: &Suite, text: &str) -> Result<KeyAndSalt, Failure> {
    let key_len = usize::from(suite.key_len);
    let salt_len = usize::from(suite.salt_len);
    let wanted = key_len.saturating_add(salt_len);
    // More than any suite takes, so that a length that is a little off can be told.
    let mut bytes = Zeroizing::new([0; 128]);
    let length =
        match BASE64.decode_slice(text, &mut *bytes) {
            Ok(length) => Some(length),
            Err(base64::DecodeSliceError::OutputSliceTooSmall) => None,
            Err(_) => return Err(wrong("the key is not base64").hint(
                "check that it was copied whole, and quote it: the shell reads | and ; otherwise",
            )),
        };
    if length != Some(wanted) {
        let given = length.map_or("more than 128".to_owned(), |length| length.to_string());
        return Err(wrong(format!(
            "the key has {given} bytes, {} takes {wanted}: a key of {key_len} and a salt of {salt_len}",
            suite.name
        )));
    }
    let mut key = Box::new(Zeroizing::new([0; MAX_KEY]));
    let mut salt = Box::new(Zeroizing::new([0; MAX_SALT]));
    let (from_key, rest) = bytes.split_at_checked(key_len).unwrap_or_default();
    copy(&mut **key, from_key);
    copy(&mut **salt, rest.get(..salt_len).unwrap_or_default());
    Ok((key, salt))
}

fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// Reads what may follow the key: `2^20`, `1:4`, or the one and then the other.
///
/// The lifetime is a promise of whoever chose the key; the module does not count it.
fn lifetime_and_mki<'a>(fields: impl Iterator<Item = &'a str>) -> Result<Vec<u8>, Failure> {
    let mut fields = fields.peekable();
    if let Some(lifetime) = fields.next_if(|field| !field.contains(':')) {
        let digits = lifetime.strip_prefix("2^").unwrap_or(lifetime);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong(
                "what follows the key is neither a lifetime such as 2^20 nor an MKI such as 1:4",
            ));
        }
    }
    let mki = match fields.next() {
        None => return Ok(Vec::new()),
        Some(field) => mki(field),
    };
    match (mki, fields.next()) {
        (Some(mki), None) => Ok(mki),
        _ => Err(wrong(format!(
            "the MKI is not of the form VALUE:LENGTH, with a decimal value that fits LENGTH bytes, 1 to {MAX_MKI}"
        ))
        .hint("the lifetime comes before the MKI: KEY|2^20|1:4")),
    }
}

/// Reads `VALUE:LENGTH`.
fn mki(text: &str) -> Option<Vec<u8>> {
    let (value, length) = text.split_once(':')?;
    let length = length
        .parse()
        .ok()
        .filter(|length| (1..=MAX_MKI).contains(length))?;
    if value.is_empty() {
        return None;
    }
    let mut bytes = vec![0u8; length];
    for digit in value.chars() {
        let mut carry = digit.to_digit(10)?;
        for byte in bytes.iter_mut().rev() {
            // At most 255 * 10 + 255.
            let sum = u32::from(*byte).wrapping_mul(10).wrapping_add(carry);
            [.., *byte] = sum.to_be_bytes();
            carry = sum >> 8;
        }
        if carry != 0 {
            return None;
        }
    }
    Some(bytes)
}

fn session<'a>(suite: &Suite, words: impl Iterator<Item = &'a str>) -> Result<Session, Failure> {
    let mut session = Session::default();
    for word in words {
        match word {
            "UNENCRYPTED_SRTP" => session.unencrypted_rtp = true,
            "UNENCRYPTED_SRTCP" => session.unencrypted_rtcp = true,
            "UNAUTHENTICATED_SRTP" => session.unauthenticated_rtp = true,
            // What is meant anyway; and a hint to the receiver.
            "KDR=0" => {}
            _ if word.starts_with("WSH=") => {}
            // One that may be left out of account.
            _ if word.starts_with('-') => {}
            _ if word.starts_with("KDR=") => {
                return Err(wrong(
                    "KDR asks for keys that are derived again and again, the interface has that not; only KDR=0 is taken",
                ))
            }
            _ if word.starts_with("FEC_") => {
                return Err(wrong("forward error correction (FEC_ORDER, FEC_KEY) is not to be had"))
            }
            _ => {
                return Err(wrong("a session parameter after the key is not known").hint(
                    "known are UNENCRYPTED_SRTP, UNENCRYPTED_SRTCP and UNAUTHENTICATED_SRTP",
                ))
            }
        }
    }
    if suite.is_aead() && session != Session::default() {
        return Err(wrong(format!(
            "{} encrypts and authenticates always (RFC 7714), the session parameters cannot take that away",
            suite.name
        )));
    }
    Ok(session)
}

#[cfg(test)]
mod tests;
