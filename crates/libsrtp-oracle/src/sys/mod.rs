// SPDX-License-Identifier: GPL-2.0-only

//! libsrtp 2: what of `srtp2/srtp.h` is needed here.
#![allow(unsafe_code, reason = "a C library is called")]

use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void, CStr};
use std::ptr::{null, null_mut};
use std::sync::Once;

use host_crypto::suites::{Suite, KEY, SALT};
use rtp_media::srtp::Cipher;

/// `SRTP_MAX_TRAILER_LEN`, and the index of RTCP.
const MAX_TRAILER: usize = 16 + 128 + 4;

#[repr(C)]
#[derive(Clone, Copy)]
struct CryptoPolicy {
    cipher_type: u32,
    cipher_key_len: c_int,
    auth_type: u32,
    auth_key_len: c_int,
    auth_tag_len: c_int,
    sec_serv: c_uint,
}

#[repr(C)]
struct MasterKey {
    key: *const u8,
    mki_id: *const u8,
    mki_size: c_uint,
}

#[repr(C)]
struct Policy {
    ssrc_type: c_uint,
    ssrc_value: c_uint,
    rtp: CryptoPolicy,
    rtcp: CryptoPolicy,
    key: *const u8,
    keys: *const *const MasterKey,
    num_master_keys: c_ulong,
    deprecated_ekt: *const c_void,
    window_size: c_ulong,
    allow_repeat_tx: c_int,
    enc_xtn_hdr: *const c_int,
    enc_xtn_hdr_count: c_int,
    next: *const Policy,
}

#[link(name = "srtp2")]
extern "C" {
    fn srtp_init() -> c_uint;
    fn srtp_get_version_string() -> *const c_char;
    fn srtp_create(session: *mut *mut c_void, policy: *const Policy) -> c_uint;
    fn srtp_dealloc(session: *mut c_void) -> c_uint;
    fn srtp_set_stream_roc(session: *mut c_void, ssrc: u32, roc: u32) -> c_uint;
    fn srtp_protect_mki(
        session: *mut c_void,
        packet: *mut c_void,
        length: *mut c_int,
        use_mki: c_uint,
        mki_index: c_uint,
    ) -> c_uint;
    fn srtp_protect_rtcp_mki(
        session: *mut c_void,
        packet: *mut c_void,
        length: *mut c_int,
        use_mki: c_uint,
        mki_index: c_uint,
    ) -> c_uint;
    fn srtp_unprotect_mki(
        session: *mut c_void,
        packet: *mut c_void,
        length: *mut c_int,
        use_mki: c_uint,
    ) -> c_uint;
    fn srtp_unprotect_rtcp_mki(
        session: *mut c_void,
        packet: *mut c_void,
        length: *mut c_int,
        use_mki: c_uint,
    ) -> c_uint;
}

/// Why libsrtp refuses a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The tag is wrong.
    NotAuthentic,
    /// It was received before, or is too old.
    Replayed,
    /// Anything else, by its number.
    Other(u32),
}

fn check(status: c_uint) -> Result<(), Refused> {
    match status {
        0 => Ok(()),
        7 => Err(Refused::NotAuthentic),
        9 | 10 => Err(Refused::Replayed),
        other => Err(Refused::Other(other)),
    }
}

/// Who uses a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Who receives.
    Inbound = 2,
    /// Who sends.
    Outbound = 3,
}

/// A session that takes every SSRC.
pub struct Session {
    session: *mut c_void,
    use_mki: c_uint,
}

/// What libsrtp calls itself.
pub fn version() -> String {
    // SAFETY: It takes nothing and returns a string that lives for ever.
    let version = unsafe { CStr::from_ptr(srtp_get_version_string()) };
    version.to_string_lossy().into_owned()
}

/// Whether libsrtp has a suite.
pub fn has(suite: &Suite) -> bool {
    match suite.cipher {
        Cipher::Null | Cipher::AesCm => true,
        Cipher::AesF8 => false,
        Cipher::AeadAesGcm => !suite.hmac,
    }
}

fn crypto_policy(suite: &Suite, tag_len: u8) -> CryptoPolicy {
    let (cipher_type, salt_len) = match (suite.cipher, suite.key_len) {
        (Cipher::Null, _) => (0, 14),
        (Cipher::AeadAesGcm, 32) => (7, 12),
        (Cipher::AeadAesGcm, _) => (6, 12),
        (_, 32) => (5, 14),
        (_, 24) => (4, 14),
        _ => (1, 14),
    };
    let is_aead = suite.cipher == Cipher::AeadAesGcm;
    let is_encrypted = suite.cipher != Cipher::Null;
    let is_authenticated = is_aead || tag_len > 0;
    CryptoPolicy {
        cipher_type,
        cipher_key_len: (suite.key_len + salt_len) as c_int,
        auth_type: if tag_len > 0 { 3 } else { 0 },
        auth_key_len: if tag_len > 0 { 20 } else { 0 },
        auth_tag_len: if is_aead { 16 } else { tag_len.into() },
        sec_serv: c_uint::from(is_encrypted) | (c_uint::from(is_authenticated) << 1),
    }
}

impl Session {
    /// A session with the keys of the suites, and a replay window for RTP. That of RTCP is always
    /// 128.
    pub fn new(suite: &Suite, mki: &[u8], window: usize, role: Role) -> Self {
        static INIT: Once = Once::new();
        // SAFETY: It takes nothing, and is called once.
        INIT.call_once(|| check(unsafe { srtp_init() }).expect("libsrtp starts"));

        let rtp = crypto_policy(suite, suite.rtp_tag_len);
        let salt_len = rtp.cipher_key_len as usize - suite.key_len;
        let key = [&KEY[..suite.key_len], &SALT[..salt_len]].concat();
        let master_key = MasterKey {
            key: key.as_ptr(),
            mki_id: mki.as_ptr(),
            mki_size: mki.len() as c_uint,
        };
        let keys: [*const MasterKey; 1] = [&master_key];
        let policy = Policy {
            ssrc_type: role as c_uint,
            ssrc_value: 0,
            rtp,
            rtcp: crypto_policy(suite, suite.rtcp_tag_len),
            key: if mki.is_empty() { key.as_ptr() } else { null() },
            keys: if mki.is_empty() {
                null()
            } else {
                keys.as_ptr()
            },
            num_master_keys: c_ulong::from(!mki.is_empty()),
            deprecated_ekt: null(),
            window_size: window as c_ulong,
            allow_repeat_tx: 1,
            enc_xtn_hdr: null(),
            enc_xtn_hdr_count: 0,
            next: null(),
        };
        let mut session = null_mut();
        // SAFETY: The policy is laid out as that of the header, and what it points to lives until
        // after the call, which copies all of it; `session` is written when it succeeds.
        check(unsafe { srtp_create(&mut session, &policy) })
            .unwrap_or_else(|why| panic!("{}: {why:?}", suite.name));
        Self {
            session,
            use_mki: c_uint::from(!mki.is_empty()),
        }
    }

    /// Tells the rollover counter of an SSRC.
    pub fn set_roc(&mut self, ssrc: u32, roc: u32) -> Result<(), Refused> {
        // SAFETY: The session lives.
        check(unsafe { srtp_set_stream_roc(self.session, ssrc, roc) })
    }

    /// Protects an RTP packet.
    pub fn protect_rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), Refused> {
        self.protect(packet, srtp_protect_mki)
    }

    /// Protects an RTCP packet.
    pub fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), Refused> {
        self.protect(packet, srtp_protect_rtcp_mki)
    }

    /// Opens an RTP packet, which is lost when it is refused.
    pub fn unprotect_rtp(&mut self, packet: &mut Vec<u8>) -> Result<(), Refused> {
        self.unprotect(packet, srtp_unprotect_mki)
    }

    /// Opens an RTCP packet, which is lost when it is refused.
    pub fn unprotect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), Refused> {
        self.unprotect(packet, srtp_unprotect_rtcp_mki)
    }

    fn protect(
        &mut self,
        packet: &mut Vec<u8>,
        function: unsafe extern "C" fn(
            *mut c_void,
            *mut c_void,
            *mut c_int,
            c_uint,
            c_uint,
        ) -> c_uint,
    ) -> Result<(), Refused> {
        let mut length = packet.len() as c_int;
        packet.resize(packet.len() + MAX_TRAILER, 0xee);
        // SAFETY: The session lives; the packet has as many bytes, and room for all that is added.
        check(unsafe {
            function(
                self.session,
                packet.as_mut_ptr().cast(),
                &mut length,
                self.use_mki,
                0,
            )
        })?;
        packet.truncate(length as usize);
        Ok(())
    }

    fn unprotect(
        &mut self,
        packet: &mut Vec<u8>,
        function: unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_int, c_uint) -> c_uint,
    ) -> Result<(), Refused> {
        let mut length = packet.len() as c_int;
        // SAFETY: The session lives, and the packet has as many bytes.
        check(unsafe {
            function(
                self.session,
                packet.as_mut_ptr().cast(),
                &mut length,
                self.use_mki,
            )
        })?;
        packet.truncate(length as usize);
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: The session was created, and nothing else has it.
        unsafe { srtp_dealloc(self.session) };
    }
}
