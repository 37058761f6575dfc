// SPDX-License-Identifier: GPL-2.0-only

//! SRTP of `rtp_media` against that of libsrtp.
//!
//! Both protect the same packets, and the bytes have to be equal. Then a [network](network) loses,
//! delays, repeats, replays and changes them, and both open what arrives: they have to agree on every
//! packet, and on what is in it. [`compare`] says where they differ by a rule.
//!
//! AES-F8, and HMAC beside AES-GCM, are not in libsrtp.

#![deny(unsafe_code)]

pub mod compare;
pub mod derivation;
pub mod network;
pub mod random;
pub mod sys;
