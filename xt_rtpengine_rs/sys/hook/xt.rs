// SPDX-License-Identifier: GPL-2.0-only

//! The xtables target `RTPENGINE`, revision 0, for IPv4 and IPv6: in the table `filter` on the input hook, in `raw` and `mangle` on
//! prerouting.
//!
//! C header: [`include/linux/netfilter/x_tables.h`](srctree/include/linux/netfilter/x_tables.h)

use super::{
    super::{bindings, module::this_module},
    packet::Rule,
    Handler, Packet, INPUT, PREROUTING,
};
use core::{marker::PhantomData, mem, ptr};
use kernel::{error::to_result, ffi::c_int, prelude::*, types::Opaque};

/// What a rule carries: the id of a table, in host order.
type Info = u32;

/// The target, registered until dropped.
///
/// # Invariants
///
/// All targets are registered.
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<H: Handler> {
    #[pin]
    targets: Opaque<[bindings::xt_target; 2]>,
    handler: PhantomData<H>,
}

// SAFETY: The targets are touched by registration and its drop alone.
unsafe impl<H: Handler> Send for Registration<H> {}
// SAFETY: There are no methods on a shared reference.
unsafe impl<H: Handler> Sync for Registration<H> {}

impl<H: Handler> Registration<H> {
    /// Registers the target.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            targets <- Opaque::try_ffi_init(|slot: *mut [bindings::xt_target; 2]| {
                let targets = [bindings::NFPROTO_IPV4, bindings::NFPROTO_IPV6].map(target::<H>);
                // SAFETY: `slot` is valid for writes.
                unsafe { ptr::write(slot, targets) };
                // INVARIANT: Registered when this returns no error.
                // SAFETY: The targets are initialised and stay where they are until they are
                // unregistered by the drop.
                to_result(unsafe { bindings::xt_register_targets(slot.cast(), 2) })
            }),
            handler: PhantomData,
        })
    }
}

#[pinned_drop]
impl<H: Handler> PinnedDrop for Registration<H> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant both targets are registered.
        unsafe { bindings::xt_unregister_targets(self.targets.get().cast(), 2) };
    }
}

fn target<H: Handler>(family: u32) -> bindings::xt_target {
    // SAFETY: All of the structure may be zero.
    let mut target: bindings::xt_target = unsafe { mem::zeroed() };
    for (to, from) in target.name.iter_mut().zip(b"RTPENGINE") {
        *to = *from;
    }
    target.family = family as u16;
    target.target = Some(run::<H>);
    target.check_hooks = Some(check_hooks);
    target.checkentry = Some(check::<H>);
    target.me = this_module();
    target.targetsize = size_of::<Info>() as u32;
    target.hooks = INPUT | PREROUTING;
    target
}

/// # Safety
///
/// Called by x_tables with a packet at a hook and the parameters of a rule that [`check`] allowed.
unsafe extern "C" fn run<H: Handler>(
    skb: *mut bindings::sk_buff,
    parameters: *const bindings::xt_action_param,
) -> u32 {
    let rule = Rule {
        // SAFETY: The rule carries an `Info`.
        table: unsafe { *(*parameters).__bindgen_anon_2.targinfo.cast::<Info>() },
        in_xtables: true,
        past_hooks: false,
    };
    // SAFETY: The hook hands over its packet; what is taken is reported as stolen.
    let taken = unsafe { Packet::hand_over::<H>(rule, skb, (*parameters).state) };
    if taken {
        bindings::NF_STOLEN
    } else {
        bindings::XT_CONTINUE
    }
}

/// # Safety
///
/// Called by x_tables with a rule that is being added.
unsafe extern "C" fn check<H: Handler>(parameters: *const bindings::xt_tgchk_param) -> c_int {
    // SAFETY: The rule carries an `Info`.
    let id = unsafe { *(*parameters).targinfo.cast::<Info>() };
    if id < H::TABLES {
        0
    } else {
        ERANGE.to_errno()
    }
}

/// Whether the rule's table is one that serves, and its hooks are those of the table: of nftables, a table of that name.
///
/// # Safety
///
/// Called by x_tables, or nf_tables, with a rule that is being added.
unsafe extern "C" fn check_hooks(parameters: *const bindings::xt_tgchk_param) -> c_int {
    // SAFETY: The parameters are valid, and the table is named by a string.
    let (table, hooks) = unsafe {
        (
            CStr::from_char_ptr((*parameters).table),
            (*parameters).hook_mask,
        )
    };
    let allowed = match table.to_bytes() {
        b"filter" => INPUT,
        b"raw" | b"mangle" => PREROUTING,
        _ => return EINVAL.to_errno(),
    };
    if hooks & (INPUT | PREROUTING) & !allowed == 0 {
        0
    } else {
        EINVAL.to_errno()
    }
}
