// SPDX-License-Identifier: GPL-2.0-only

//! What only `list` shows of a target and of its outputs. Packets read nothing of it.

use super::memory::Charge;
use crate::{
    rtp_wire::{
        output::OutputFlags,
        target::{TargetFlags, MAX_SSRCS},
        ExpectedSource, Output, Srtp, Target,
    },
    sys::alloc::zeroed,
    udp_ip::Flow,
};
use kernel::prelude::*;

/// SRTP parameters, with the first bytes of the master key identifier: more is not shown.
pub(crate) type ListedSrtp = Srtp<8>;

/// Of a target.
pub(crate) struct ListedTarget {
    /// Where packets are expected from.
    pub(crate) expected_source: ExpectedSource,
    /// Its switches.
    pub(crate) flags: TargetFlags,
    /// Id of the MID header extension, 0 for none.
    pub(crate) mid_extension: u8,
    /// How many outputs were announced.
    pub(crate) num_outputs: u8,
    /// How to decrypt; none where packets come as they are.
    pub(crate) decrypt: Option<KBox<ListedSrtp>>,
    /// What its keys count for. It would not fit beside them: what decrypts fills the memory that it has.
    pub(super) charge: Option<Charge>,
}

impl ListedTarget {
    /// Of this one. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn new(config: &Target) -> Result<KBox<Self>> {
        let listed = Self {
            expected_source: config.expected_source,
            flags: config.flags,
            mid_extension: config.mid_extension,
            num_outputs: config.num_outputs,
            decrypt: srtp(&config.decrypt)?,
            charge: None,
        };
        Ok(KBox::new(listed, GFP_KERNEL_ACCOUNT)?)
    }
}

/// Of an output.
pub(crate) struct ListedOutput {
    /// From where to where it sends.
    pub(crate) flow: Flow,
    /// The media it belongs to.
    pub(crate) media: u32,
    /// Its switches.
    pub(crate) flags: OutputFlags,
    /// What SSRCs are replaced by, or would be.
    pub(crate) ssrcs: [u32; MAX_SSRCS],
    /// How to encrypt; none where packets go as they are.
    pub(crate) encrypt: Option<KBox<ListedSrtp>>,
}

impl ListedOutput {
    /// Of this one. May sleep.
    ///
    /// # Errors
    ///
    /// `ENOMEM`.
    pub(super) fn new(config: &Output) -> Result<KBox<Self>> {
        let listed = Self {
            flow: config.flow,
            media: config.media,
            flags: config.flags,
            ssrcs: config.ssrcs.map(|ssrc| ssrc.ssrc),
            encrypt: srtp(&config.encrypt)?,
        };
        Ok(KBox::new(listed, GFP_KERNEL_ACCOUNT)?)
    }
}

/// Keys go from one place to the other, and are overwritten in both when they are dropped.
fn srtp(config: &Srtp) -> Result<Option<KBox<ListedSrtp>>> {
    if config.is_plain() {
        return Ok(None);
    }
    let mut kept = zeroed::<ListedSrtp>()?;
    kept.copy_from(config);
    Ok(Some(kept))
}
