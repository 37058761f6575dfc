// SPDX-License-Identifier: GPL-2.0-only

//! The places in the stack where rules hand packets over.

pub(crate) mod nft;
pub(crate) mod xt;
