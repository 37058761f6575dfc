// SPDX-License-Identifier: GPL-2.0-only

//! What routing says of packets that are met before they are routed.
//!
//! C headers: [`include/net/route.h`](srctree/include/net/route.h),
//! [`include/net/ip6_route.h`](srctree/include/net/ip6_route.h)

use super::bindings;
use kernel::types::Opaque;

/// The last packet for one address whose route led to this host, and whose source was valid: its like is not looked up
/// for a second, unless addresses, routes or rules change.
///
/// # Invariants
///
/// It is initialised.
pub(crate) struct InputRoute(Opaque<bindings::rtpe_input_route>);

// SAFETY: It is read and written atomically, and has no owner's data.
unsafe impl Send for InputRoute {}
// SAFETY: As above: what is being written is told by its sequence.
unsafe impl Sync for InputRoute {}

impl InputRoute {
    /// None so far.
    pub(crate) const fn new() -> Self {
        // INVARIANT: No device has the index 0, so no packet is known.
        Self(Opaque::new(bindings::rtpe_input_route {
            known: [0; bindings::RTPE_INPUT_WORDS as usize],
            expires: 0,
            sequence: 0,
        }))
    }

    /// It in the form that C takes.
    pub(super) fn as_ptr(&self) -> *mut bindings::rtpe_input_route {
        self.0.get()
    }
}
