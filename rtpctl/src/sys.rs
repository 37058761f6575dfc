// SPDX-License-Identifier: GPL-2.0-only

//! What cannot be done without unsafe code. There is none elsewhere in rtpctl.

#[expect(unsafe_code)]
mod pages;

pub(crate) use pages::SharedPages;
