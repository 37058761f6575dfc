// SPDX-License-Identifier: GPL-2.0-only

//! SRTP parameters as they are asked for: a suite, a master key with its salt, and what of the suite is used.
//!
//! Keys are never shown: no error repeats a part of what it was made of, and memory that held a key is wiped.

use std::fmt;

use rtp_wire::srtp::{Cipher, MAX_KEY, MAX_SALT};
use zeroize::Zeroizing;

mod sdes;
mod source;
mod suite;

pub(crate) use source::read;
pub(crate) use suite::{names, Suite};

/// How packets are protected on their way in or out.
#[derive(PartialEq, Eq)]
pub(crate) struct Srtp {
    suite: &'static Suite,
    // In memory of their own, so that to move them leaves no copy behind.
    key: Box<Zeroizing<[u8; MAX_KEY]>>,
    salt: Box<Zeroizing<[u8; MAX_SALT]>>,
    mki: Vec<u8>,
    session: Session,
}

/// What of a suite is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// The payload of RTP is in the clear.
    pub(crate) unencrypted_rtp: bool,
    /// RTCP is in the clear.
    pub(crate) unencrypted_rtcp: bool,
    /// RTP has no authentication tag.
    pub(crate) unauthenticated_rtp: bool,
}

impl Srtp {
    /// The suite.
    pub(crate) const fn suite(&self) -> &'static Suite {
        self.suite
    }

    /// What of the suite is left out.
    pub(crate) const fn session(&self) -> Session {
        self.session
    }

    /// Fills in what the interface carries.
    pub(crate) fn fill(&self, to: &mut rtp_wire::Srtp) {
        let Self {
            suite,
            key,
            salt,
            mki,
            session,
        } = self;
        to.cipher = if session.unencrypted_rtp {
            Cipher::Null
        } else {
            suite.cipher
        };
        to.hmac = suite.hmac;
        to.master_key.copy_from_slice(&key[..]);
        to.master_key_len = suite.key_len;
        to.master_salt.copy_from_slice(&salt[..]);
        to.master_salt_len = suite.salt_len;
        // As long as the master key and salt, whatever the suite.
        to.session_key_len = suite.key_len;
        to.session_salt_len = suite.salt_len;
        to.rtp_auth_tag_len = if session.unauthenticated_rtp {
            0
        } else {
            suite.rtp_tag
        };
        to.rtcp_auth_tag_len = suite.rtcp_tag;
        for (to, from) in to.mki.iter_mut().zip(mki) {
            *to = *from;
        }
        to.mki_len = u8::try_from(mki.len()).unwrap_or(u8::MAX);
    }
}

impl fmt::Debug for Srtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Srtp")
            .field("suite", &self.suite.name)
            .field("key", &"<redacted>")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
