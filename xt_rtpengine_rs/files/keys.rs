// SPDX-License-Identifier: GPL-2.0-only

//! SRTP parameters as they are listed. Keys are shown to those who may see them.

use crate::{
    rtp_wire::srtp::{Cipher, Hmac},
    table::{listed::ListedSrtp, srtp::session_keys},
};
use kernel::{seq_file::SeqFile, seq_print};

/// Writes the parameters, if there are any.
pub(crate) fn show_srtp(out: &SeqFile, label: &str, srtp: Option<&ListedSrtp>, with_keys: bool) {
    let Some(srtp) = srtp else {
        return;
    };
    seq_print!(out, "    SRTP {label} parameters:\n");
    if srtp.cipher != Cipher::Null {
        seq_print!(out, "        cipher: {}\n", srtp.cipher.name());
        show_keys(out, srtp, with_keys);
    }
    if srtp.mki_len > 0 {
        seq_print!(out, "            MKI: length {}, ", srtp.mki_len);
        let mut separator = "";
        for byte in srtp.mki() {
            seq_print!(out, "{separator}{byte:02x}");
            separator = ":";
        }
        seq_print!(out, "...\n");
    }
    if srtp.hmac != Hmac::Null {
        seq_print!(out, "          HMAC: {}\n", srtp.hmac.name());
        seq_print!(
            out,
            "            auth tag length: {}\n",
            srtp.rtp_auth_tag_len
        );
    }
}

fn show_keys(out: &SeqFile, srtp: &ListedSrtp, with_keys: bool) {
    // Derived anew: nothing keeps them.
    let session = if with_keys { session_keys(srtp) } else { None };
    let session = session.as_ref();
    let salt_len = srtp.cipher.salt_len().unwrap_or(0);
    let own = |secret| if with_keys { Some(secret) } else { None };
    let lines = [
        ("    master key", own(srtp.master_key())),
        ("   master salt", own(srtp.master_salt())),
        ("   session key", session.map(|keys| keys.key())),
        (
            "  session salt",
            session.and_then(|keys| keys.salt.get(..salt_len)),
        ),
        ("  session auth", session.map(|keys| &keys.auth[..])),
    ];
    for (name, secret) in lines {
        seq_print!(out, "{name}: ");
        match secret {
            Some(bytes) => {
                for byte in bytes {
                    seq_print!(out, "{byte:02x}");
                }
            }
            None => seq_print!(out, "<redacted>"),
        }
        seq_print!(out, "\n");
    }
}
