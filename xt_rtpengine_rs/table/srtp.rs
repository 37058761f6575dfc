// SPDX-License-Identifier: GPL-2.0-only

//! SRTP of a target, and of an output: keys, and what has to be remembered from packet to packet.

use crate::{
    command::error::Fault,
    rtp_media::srtp::{self, Cipher, Context, Policy, Rollovers, Sources},
    rtp_wire::{self, srtp::Hmac, Srtp},
    sys::{
        crypto::{AtomicAesKey, KernelCrypto},
        parameters,
    },
};
use kernel::{
    new_spinlock,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        SpinLock,
    },
};

/// How what a target receives is decrypted.
#[pin_data]
pub(crate) struct Decryption {
    /// Its keys.
    pub(crate) context: Context<KernelCrypto>,
    /// What was received. Taken by the packet path alone, and first of its locks.
    #[pin]
    pub(crate) sources: SpinLock<Sources>,
}

/// How what an output sends is encrypted.
#[pin_data]
pub(crate) struct Encryption {
    /// Its keys.
    pub(crate) context: Context<KernelCrypto>,
    /// Packet indices of SSRCs without counters in shared memory. Taken by the packet path alone.
    #[pin]
    rollovers: SpinLock<Rollovers>,
    /// The next SRTCP index where there is no counter in shared memory.
    rtcp_index: Atomic<u32>,
}

impl Encryption {
    /// The packet index of an RTP packet that has no counters in shared memory.
    ///
    /// # Errors
    ///
    /// `ENOSPC` when it must not be sent, because too many SSRCs have to be remembered.
    pub(crate) fn rtp_index(&self, ssrc: u32, sequence: u16) -> Result<u32> {
        let index = self.rollovers.lock().advance(ssrc, sequence);
        index.ok_or(ENOSPC)
    }

    /// The index of an RTCP packet that has no counter in shared memory.
    pub(crate) fn rtcp_index(&self) -> u32 {
        self.rtcp_index.fetch_add(1, Relaxed)
    }
}

/// The parameters in the form that keys are derived from.
pub(crate) fn policy(srtp: &Srtp) -> Policy<'_> {
    Policy {
        cipher: match srtp.cipher {
            rtp_wire::srtp::Cipher::Null => Cipher::Null,
            rtp_wire::srtp::Cipher::AesCm128
            | rtp_wire::srtp::Cipher::AesCm192
            | rtp_wire::srtp::Cipher::AesCm256 => Cipher::AesCm,
            rtp_wire::srtp::Cipher::AesF8 => Cipher::AesF8,
            rtp_wire::srtp::Cipher::AeadAesGcm128 | rtp_wire::srtp::Cipher::AeadAesGcm256 => {
                Cipher::AeadAesGcm
            }
        },
        hmac: srtp.hmac == Hmac::HmacSha1,
        master_key: srtp.master_key(),
        master_salt: srtp.master_salt(),
        rtp_tag_len: srtp.rtp_auth_tag_len,
        rtcp_tag_len: srtp.rtcp_auth_tag_len,
        mki_len: srtp.mki_len,
    }
}

/// Keys of RTP, to be shown to those who may see them. Does not sleep: a published target is listed
/// under RCU.
pub(crate) fn session_keys(srtp: &Srtp) -> Option<srtp::SessionKeys> {
    srtp::SessionKeys::derive::<AtomicAesKey>(&policy(srtp), srtp::Part::Rtp)
}

fn context(srtp: &Srtp) -> Result<Context<KernelCrypto>, Fault> {
    // The lengths were checked when the command was decoded.
    Context::new(&policy(srtp)).ok_or(Fault::Kernel(ENOMEM))
}

/// Prepares decryption; none where packets come as they are. May sleep.
pub(crate) fn decryption(srtp: &Srtp) -> Result<Option<Pin<KBox<Decryption>>>, Fault> {
    if srtp.is_plain() {
        return Ok(None);
    }
    let context = context(srtp)?;
    let sources = Sources::new(parameters::srtp_replay_window());
    let decryption = KBox::pin_init(
        pin_init!(Decryption {
            context,
            sources <- new_spinlock!(sources),
        }),
        GFP_KERNEL,
    )?;
    Ok(Some(decryption))
}

/// Prepares encryption; none where packets go as they are. May sleep.
pub(crate) fn encryption(srtp: &Srtp) -> Result<Option<Pin<KBox<Encryption>>>, Fault> {
    if srtp.is_plain() {
        return Ok(None);
    }
    let context = context(srtp)?;
    let encryption = KBox::pin_init(
        pin_init!(Encryption {
            context,
            rollovers <- new_spinlock!(Rollovers::default()),
            rtcp_index: Atomic::new(0),
        }),
        GFP_KERNEL,
    )?;
    Ok(Some(encryption))
}
