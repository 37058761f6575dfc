// SPDX-License-Identifier: GPL-2.0-only

//! Relay of RTP in the kernel, for the rtpengine daemon.
//!
//! The module's registrations, in the order in which they are undone. The parameters are declared
//! in `sys/helpers/parameters.c`.

// What the last expression of a block holds, a lock, lives longer than the block's variables, such as what disables bottom halves.
#![deny(tail_expr_drop_order)]
#![deny(unsafe_code)]
#![warn(missing_docs)]

use kernel::prelude::*;

mod command;
mod files;
mod packet;
mod show;
#[allow(unsafe_code, reason = "the one place for it")]
mod sys;
mod table;

#[path = "../crates/rtp-media/src/lib.rs"]
pub mod rtp_media;
#[path = "../crates/rtp-wire/src/lib.rs"]
pub mod rtp_wire;
#[path = "../crates/udp-ip/src/lib.rs"]
pub mod udp_ip;

module! {
    type: Module,
    name: "xt_rtpengine_rs",
    authors: ["The xt_rtpengine_rs authors"],
    description: "In-kernel relay of RTP for the rtpengine daemon",
    license: "GPL v2",
    alias: [
        "nft_rtpengine",
        "xt_RTPENGINE",
        "ipt_RTPENGINE",
        "ip6t_RTPENGINE",
        "nft-expr-rtpengine",
        "nft-expr-1-rtpengine",
        "nft-expr-2-rtpengine",
        "nft-expr-10-rtpengine",
    ],
}

/// The module: dropped from the first field to the last when it is unloaded. By then no rule and
/// no table is left, since each of them keeps the module loaded.
struct Module {
    _expression: Pin<KBox<sys::hook::nft::Registration<packet::Receiver>>>,
    _target: Pin<KBox<sys::hook::xt::Registration<packet::Receiver>>>,
    _link: sys::proc::Link,
    _namespaces: Pin<KBox<sys::net::Registration<table::Tables>>>,
    _later: sys::later::Queues,
    _reclaimer: sys::map::Reclaimer,
    _tallies: sys::tally::Tallies,
    _drivers: sys::crypto::Drivers,
}

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        files::check_free()?;
        let tallies = sys::tally::Tallies::new()?;
        let drivers = sys::crypto::Drivers::new();
        let reclaimer = sys::map::Reclaimer::new()?;
        let later = sys::later::Queues::new();
        let namespaces = KBox::pin_init(sys::net::Registration::new(), GFP_KERNEL)?;
        // Nothing that can fail comes after the first rule can name a table.
        let target = KBox::new_uninit(GFP_KERNEL)?;
        let expression = KBox::new_uninit(GFP_KERNEL)?;
        let link = files::link()?;
        let target = target.write_pin_init(sys::hook::xt::Registration::new())?;
        let expression = expression.write_pin_init(sys::hook::nft::Registration::new())?;
        pr_info!("loaded\n");
        Ok(Self {
            _expression: expression,
            _target: target,
            _link: link,
            _namespaces: namespaces,
            _later: later,
            _reclaimer: reclaimer,
            _tallies: tallies,
            _drivers: drivers,
        })
    }
}
