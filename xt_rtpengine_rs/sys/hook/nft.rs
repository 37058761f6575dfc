// SPDX-License-Identifier: GPL-2.0-only

//! The nftables expression `rtpengine`, for the families ip, ip6 and inet, on the hooks input and prerouting, and on ingress of
//! inet and netdev.
//!
//! C header:
//! [`include/net/netfilter/nf_tables.h`](srctree/include/net/netfilter/nf_tables.h)

use super::{
    super::{bindings, module::this_module, net::Namespace},
    packet::Rule,
    Handler, Packet, INPUT, PREROUTING,
};
use core::{marker::PhantomData, mem, ptr};
use kernel::{
    error::{from_result, to_result},
    ffi::{c_int, c_uint},
    prelude::*,
    types::Opaque,
};

/// The attribute that names the table: its id, in host order.
const ATTRIBUTE_ID: usize = 1;
/// The flag by which a rule creates its table.
const ATTRIBUTE_CREATE: usize = 2;
/// The flag by which there must not be such a table.
const ATTRIBUTE_EXCLUSIVE: usize = 3;
/// The flag by which what is relayed at ingress leaves past the hooks of output and postrouting. It is ours: the first numbers
/// are the daemons'.
const ATTRIBUTE_PAST_HOOKS: usize = 16;
const MAX_ATTRIBUTE: usize = ATTRIBUTE_PAST_HOOKS;

/// What a rule carries.
#[repr(C)]
struct Private {
    /// The id of the table, which need not exist.
    id: u32,
    /// Whether what is relayed leaves past the hooks of output and postrouting.
    past_hooks: bool,
}

static POLICY: Policy = {
    // SAFETY: Attributes of zero: they are not looked at.
    let mut all: [bindings::nla_policy; MAX_ATTRIBUTE + 1] = unsafe { mem::zeroed() };
    all[ATTRIBUTE_ID] = policy(bindings::NLA_U32);
    all[ATTRIBUTE_CREATE] = policy(bindings::NLA_FLAG);
    all[ATTRIBUTE_EXCLUSIVE] = policy(bindings::NLA_FLAG);
    all[ATTRIBUTE_PAST_HOOKS] = policy(bindings::NLA_FLAG);
    Policy(all)
};

const fn policy(type_: c_uint) -> bindings::nla_policy {
    bindings::nla_policy {
        type_: type_ as u8,
        // SAFETY: No further condition.
        ..unsafe { mem::zeroed() }
    }
}

struct Policy([bindings::nla_policy; MAX_ATTRIBUTE + 1]);

// SAFETY: The policy is never changed.
unsafe impl Sync for Policy {}

/// The expression, registered until dropped.
///
/// # Invariants
///
/// The expression is registered. Its operations point to the type in the same structure.
#[pin_data(PinnedDrop)]
pub(crate) struct Registration<H: Handler> {
    #[pin]
    operations: Opaque<bindings::nft_expr_ops>,
    #[pin]
    expression: Opaque<bindings::nft_expr_type>,
    handler: PhantomData<H>,
}

// SAFETY: The structures are touched by registration and its drop alone.
unsafe impl<H: Handler> Send for Registration<H> {}
// SAFETY: There are no methods on a shared reference.
unsafe impl<H: Handler> Sync for Registration<H> {}

impl<H: Handler> Registration<H> {
    /// Registers the expression.
    pub(crate) fn new() -> impl PinInit<Self, Error> {
        try_pin_init!(&this in Self {
            operations <- Opaque::ffi_init(move |slot: *mut bindings::nft_expr_ops| {
                // SAFETY: The field is in the same allocation.
                let expression = unsafe { &raw mut (*this.as_ptr()).expression };
                // SAFETY: `slot` is valid for writes.
                unsafe { ptr::write(slot, operations::<H>(Opaque::cast_into(expression))) };
            }),
            expression <- Opaque::try_ffi_init(move |slot: *mut bindings::nft_expr_type| {
                // SAFETY: The field is in the same allocation.
                let operations = unsafe { &raw mut (*this.as_ptr()).operations };
                // SAFETY: `slot` is valid for writes.
                unsafe { ptr::write(slot, expression(Opaque::cast_into(operations))) };
                // INVARIANT: Registered when this returns no error.
                // SAFETY: Both structures are initialised and stay where they are until they are
                // unregistered by the drop.
                to_result(unsafe { bindings::nft_register_expr(slot) })
            }),
            handler: PhantomData,
        })
    }
}

#[pinned_drop]
impl<H: Handler> PinnedDrop for Registration<H> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: By the type invariant the expression is registered.
        unsafe { bindings::nft_unregister_expr(self.expression.get()) };
    }
}

fn operations<H: Handler>(expression: *mut bindings::nft_expr_type) -> bindings::nft_expr_ops {
    // SAFETY: All of the structure may be zero.
    let mut operations: bindings::nft_expr_ops = unsafe { mem::zeroed() };
    operations.type_ = expression;
    // The pointer to the operations, and the private part, a multiple of eight bytes.
    operations.size =
        (size_of::<bindings::nft_expr>() + size_of::<Private>().next_multiple_of(8)) as u32;
    operations.eval = Some(eval::<H>);
    operations.init = Some(init::<H>);
    operations.dump = Some(dump);
    operations.validate = Some(validate);
    operations
}

fn expression(operations: *mut bindings::nft_expr_ops) -> bindings::nft_expr_type {
    // SAFETY: All of the structure may be zero.
    let mut expression: bindings::nft_expr_type = unsafe { mem::zeroed() };
    expression.name = c"rtpengine".as_char_ptr();
    expression.ops = operations;
    expression.policy = POLICY.0.as_ptr();
    expression.maxattr = MAX_ATTRIBUTE as u32;
    expression.owner = this_module();
    expression
}

/// # Safety
///
/// `expression` is one of ours.
unsafe fn private(expression: *const bindings::nft_expr) -> *mut Private {
    // SAFETY: The private part follows the pointer to the operations, in the same allocation.
    unsafe { (&raw const (*expression).data).cast_mut().cast() }
}

/// # Safety
///
/// Called by nf_tables with a packet at a hook and an expression that [`init`] made.
unsafe extern "C" fn eval<H: Handler>(
    expression: *const bindings::nft_expr,
    registers: *mut bindings::nft_regs,
    packet: *const bindings::nft_pktinfo,
) {
    // SAFETY: The expression is one of ours.
    let private = unsafe { &*private(expression) };
    let rule = Rule {
        table: private.id,
        in_xtables: false,
        past_hooks: private.past_hooks,
    };
    // SAFETY: The hook hands over its packet; what is taken is reported as stolen.
    let taken = unsafe { Packet::hand_over::<H>(rule, (*packet).skb, (*packet).state) };
    if taken {
        // SAFETY: The registers are ours while the expression runs.
        unsafe { (*registers).__bindgen_anon_1.verdict.code = bindings::NF_STOLEN };
    }
}

/// # Safety
///
/// Called by nf_tables with a rule that is being added.
unsafe extern "C" fn init<H: Handler>(
    context: *const bindings::nft_ctx,
    expression: *const bindings::nft_expr,
    attributes: *const *const bindings::nlattr,
) -> c_int {
    from_result(|| {
        // SAFETY: There are `MAX_ATTRIBUTE + 1` attributes.
        let is_set = |attribute: usize| unsafe { !(*attributes.add(attribute)).is_null() };
        // SAFETY: There are `MAX_ATTRIBUTE + 1` attributes, each null or checked by the policy.
        let id = unsafe {
            let attribute = *attributes.add(ATTRIBUTE_ID);
            if attribute.is_null() {
                return Err(EINVAL);
            }
            // A number of four bytes follows its header.
            attribute.add(1).cast::<u32>().read()
        };
        if id >= H::TABLES {
            return Err(ERANGE);
        }
        // SAFETY: The context is valid, and its namespace during the call.
        let net = unsafe { Namespace::from_ptr((*context).net) };
        H::rule_added(
            net,
            id,
            is_set(ATTRIBUTE_CREATE),
            is_set(ATTRIBUTE_EXCLUSIVE),
        )?;
        let rule = Private {
            id,
            past_hooks: is_set(ATTRIBUTE_PAST_HOOKS),
        };
        // SAFETY: The expression is one of ours, and its private part ours to write.
        unsafe { ptr::write(private(expression), rule) };
        Ok(0)
    })
}

/// # Safety
///
/// Called by nf_tables with a message that is being written, and an expression that [`init`] made.
unsafe extern "C" fn dump(
    message: *mut bindings::sk_buff,
    expression: *const bindings::nft_expr,
    _reset: bool,
) -> c_int {
    // SAFETY: The expression is one of ours.
    let rule = unsafe { &*private(expression) };
    // SAFETY: The message is valid, and there are so many bytes.
    let put = |attribute: usize, bytes: &[u8]| unsafe {
        bindings::nla_put(
            message,
            attribute as c_int,
            bytes.len() as c_int,
            bytes.as_ptr().cast(),
        )
    };
    match put(ATTRIBUTE_ID, &rule.id.to_ne_bytes()) {
        0 if rule.past_hooks => put(ATTRIBUTE_PAST_HOOKS, &[]),
        result => result,
    }
}

/// # Safety
///
/// Called by nf_tables with the chain from which the expression is reached.
unsafe extern "C" fn validate(
    context: *const bindings::nft_ctx,
    expression: *const bindings::nft_expr,
) -> c_int {
    // SAFETY: The expression is one of ours.
    let past_hooks = unsafe { (*private(expression)).past_hooks };
    // SAFETY: The context is valid.
    let (family, chain) = unsafe { (u32::from((*context).family), (*context).chain) };
    const INGRESS: c_uint = 1 << bindings::nf_inet_hooks_NF_INET_INGRESS;
    const DEVICE: c_uint = 1 << bindings::nf_dev_hooks_NF_NETDEV_INGRESS;
    let hooks = match family {
        bindings::NFPROTO_INET if past_hooks => INGRESS,
        bindings::NFPROTO_IPV4 | bindings::NFPROTO_IPV6 if !past_hooks => INPUT | PREROUTING,
        bindings::NFPROTO_INET => INPUT | PREROUTING | INGRESS,
        bindings::NFPROTO_NETDEV => DEVICE,
        _ => return EOPNOTSUPP.to_errno(),
    };
    // SAFETY: The chain is valid.
    unsafe { bindings::nft_chain_validate_hooks(chain, hooks) }
}
