// SPDX-License-Identifier: GPL-2.0-only

//! A packet at a hook: a datagram to be judged, or several that were joined.
//!
//! C headers: [`include/linux/netfilter.h`](srctree/include/linux/netfilter.h),
//! [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use super::{
    super::{
        bindings,
        bottom_halves::Disabled,
        net::Namespace,
        rcu,
        received::{Arrival, Received},
        skb::{Skb, SkbList},
    },
    Handler, Judge, Outcome,
};
use crate::udp_ip::{self, Datagram, Family, Malformed};
use core::{marker::PhantomData, ptr::NonNull};

/// A rule that a packet meets.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// The id of its table.
    pub(super) table: u32,
    /// Whether it is one of x_tables.
    pub(super) in_xtables: bool,
    /// Whether what it relays leaves past the hooks of output and postrouting.
    pub(super) past_hooks: bool,
}

/// The place of a hook of IP: what is neither of the two is its ingress.
fn place_of(state: &bindings::nf_hook_state) -> bindings::rtpe_place {
    match state.hook.into() {
        bindings::nf_inet_hooks_NF_INET_LOCAL_IN => bindings::rtpe_place_RTPE_INPUT,
        bindings::nf_inet_hooks_NF_INET_PRE_ROUTING => bindings::rtpe_place_RTPE_PREROUTING,
        _ => bindings::rtpe_place_RTPE_INGRESS,
    }
}

/// The hook that a packet is at.
///
/// # Invariants
///
/// `raw.state` is the state of a hook at `raw.place`, valid for `'a`, and the family that of the packet. The caller is an RCU
/// reader for `'a`.
#[derive(Clone, Copy)]
pub(crate) struct Hook<'a> {
    raw: bindings::rtpe_hook,
    rule: Rule,
    lifetime: PhantomData<&'a bindings::nf_hook_state>,
}

impl<'a> Hook<'a> {
    /// The state in the form that C takes.
    pub(in super::super) fn state(&self) -> *mut bindings::nf_hook_state {
        self.raw.state
    }

    fn family(&self) -> Family {
        if self.raw.ipv4 {
            Family::V4
        } else {
            Family::V6
        }
    }

    /// The namespace of the hook.
    pub(in super::super) fn namespace(&self) -> Namespace<'a> {
        // SAFETY: By the type invariant the state is valid; the namespace of a hook is alive while
        // packets are at it.
        unsafe { Namespace::from_ptr((*self.state()).net) }
    }

    /// Whether a rule of x_tables handed the packet over.
    pub(in super::super) fn in_xtables(&self) -> bool {
        self.rule.in_xtables
    }

    /// Whether what is relayed leaves past the hooks of output and postrouting.
    pub(in super::super) fn past_hooks(&self) -> bool {
        self.rule.past_hooks
    }

    /// Has conntrack confirm the entry of a packet at the hook.
    ///
    /// # Safety
    ///
    /// `skb` is owned. It is no more for `RTPE_GONE`.
    pub(in super::super) unsafe fn confirm(
        &self,
        skb: *mut bindings::sk_buff,
    ) -> bindings::rtpe_confirmed {
        // SAFETY: By the type invariant the state is valid and the caller an RCU reader; the buffer is as this function
        // requires.
        unsafe { bindings::rtpe_confirm(skb, self.state(), self.raw.ipv4, self.raw.place) }
    }

    /// Marks a packet that was judged here and goes on, so that rules of the same table at later hooks let it go on.
    fn mark_judged(&self, skb: &Skb) {
        if self.raw.place == bindings::rtpe_place_RTPE_INPUT {
            return;
        }
        // SAFETY: By the invariant of `Skb` the buffer is owned; only its time stamp is written. By that of this type the state is
        // valid.
        unsafe { bindings::rtpe_mark_judged(skb.raw(), self.state(), self.raw.table) };
    }

    /// Has a packet that a rule of the table judged go through the hook from its start.
    fn reinject(&self, skb: Skb) {
        // SAFETY: By the type invariant the state is valid and the caller an RCU reader; the buffer starts with the IP
        // header, and is given away.
        unsafe { bindings::rtpe_reinject(skb.into_raw(), self.state(), self.raw.table) };
    }
}

/// What a packet is that was taken in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A datagram.
    Single,
    /// Several that were joined.
    Joined,
}

#[inline(always)]
fn parse(family: Family, skb: &Skb) -> Result<Datagram, Malformed> {
    udp_ip::parse(family, skb.head(), skb.len())
}

/// Has the headers lie in one piece, if what there is of them does not. What cannot be is parsed as far as it does.
#[cold]
#[inline(never)]
fn pull_headers(family: Family, skb: &mut Skb, wanted: usize) {
    if matches!(parse(family, skb), Err(Malformed::Truncated)) {
        skb.pull(wanted);
    }
}

/// A packet at a hook, of which nothing is checked. Dropping it takes it from the stack for good.
///
/// # Invariants
///
/// The data starts with what is to be an IP header of the hook's family.
pub(crate) struct Packet<'a> {
    skb: Skb,
    hook: &'a Hook<'a>,
}

impl<'a> Packet<'a> {
    /// Hands a packet that a rule saw over to the handler, and returns whether it took it.
    ///
    /// # Safety
    ///
    /// `skb` is a packet at a hook that `state` describes, and the caller an RCU reader. When this returns
    /// true it is no longer there; when it returns false it is as before, but that its first bytes may
    /// lie elsewhere.
    #[inline]
    pub(super) unsafe fn hand_over<H: Handler>(
        rule: Rule,
        skb: *mut bindings::sk_buff,
        state: *const bindings::nf_hook_state,
    ) -> bool {
        let (Some(skb), Some(state)) = (NonNull::new(skb), NonNull::new(state.cast_mut())) else {
            return false;
        };
        // SAFETY: The state is valid, and nobody writes it while a rule has it.
        let described = unsafe { state.as_ref() };
        let (place, family) = match described.pf.into() {
            // SAFETY: The buffer is valid.
            bindings::NFPROTO_NETDEV => (bindings::rtpe_place_RTPE_INGRESS, unsafe {
                bindings::rtpe_family(skb.as_ptr())
            }),
            _ => (place_of(described), described.pf),
        };
        let family = match family.into() {
            bindings::NFPROTO_IPV4 => Family::V4,
            bindings::NFPROTO_IPV6 => Family::V6,
            _ => return false,
        };
        // INVARIANT: As this function's own requirement.
        let hook = Hook {
            raw: bindings::rtpe_hook {
                state: state.as_ptr(),
                place,
                table: rule.table,
                ipv4: family == Family::V4,
            },
            rule,
            lifetime: PhantomData,
        };
        // INVARIANT: Hooks of IP see packets from the IP header on, and so do those of a device that has received one.
        let packet = Packet {
            // SAFETY: The hook hands its packet over.
            skb: unsafe { Skb::from_raw(skb) },
            hook: &hook,
        };
        // Each family has a way of its own, on which nothing asks for it any more.
        let outcome = match family {
            Family::V4 => H::handle(rule.table, packet, Family::V4),
            Family::V6 => H::handle(rule.table, packet, Family::V6),
        };
        match outcome {
            Outcome::Pass(packet) => {
                // The hook has its packet back.
                packet.skb.into_raw();
                false
            }
            Outcome::Taken => true,
        }
    }

    /// The namespace that the packet is in.
    pub(crate) fn namespace(&self) -> Namespace<'a> {
        self.hook.namespace()
    }

    /// Evidence that RCU is read while the packet is at the hook.
    #[inline]
    pub(crate) fn guard(&self) -> &'a rcu::Guard {
        // SAFETY: By the type invariant of `Hook` the caller is an RCU reader for `'a`.
        unsafe { rcu::held() }
    }

    /// Takes the headers apart, as of the hook's family: `None` when this is not a whole UDP datagram. Several datagrams that were
    /// joined have the headers of one.
    #[inline(always)]
    pub(crate) fn datagram(&mut self, family: Family) -> Option<Datagram> {
        let wanted = self.skb.len().min(udp_ip::MAX_HEADERS);
        if self.skb.head().len() < wanted {
            pull_headers(family, &mut self.skb, wanted);
        }
        parse(family, &self.skb).ok()
    }

    /// Has `judge` decide what becomes of the datagram whose headers [`Packet::datagram`] took apart. It
    /// is passed unjudged when the stack had better see it: the checksum is wrong, a policy of IPsec
    /// does not let it in, or it was judged before.
    ///
    /// If several datagrams were joined, each is judged. If all of them are to be passed, the packet goes on
    /// as it is. Otherwise those that are go through the hook again, each as a packet of its own.
    #[inline(always)]
    pub(crate) fn judge(self, datagram: &Datagram, judge: &impl Judge) -> Outcome<Self> {
        let mut arrival = Arrival::new(self.hook, datagram.ttl);
        let shape = self.take_in(datagram, judge, &mut arrival);
        if shape == Some(Shape::Single) {
            // SAFETY: `rtpe_take_in` disabled them.
            let _disabled = arrival.bh_disabled().then(|| unsafe { Disabled::from_c() });
            return self.judge_single(&arrival, datagram, judge);
        }
        self.judge_otherwise(shape, &arrival, judge)
    }

    /// What of [`Packet::judge`] is not for a single datagram.
    #[cold]
    #[inline(never)]
    fn judge_otherwise(
        self,
        shape: Option<Shape>,
        arrival: &Arrival<'_>,
        judge: &impl Judge,
    ) -> Outcome<Self> {
        if shape.is_none() {
            return Outcome::Pass(self);
        }
        // SAFETY: `rtpe_take_in` disabled them.
        let _disabled = arrival.bh_disabled().then(|| unsafe { Disabled::from_c() });
        self.judge_each(judge)
    }

    /// Takes the packet in: `None` when it is for the stack to judge. Otherwise bottom halves are disabled, and `arrival` tells whether by
    /// this, and of a single datagram how it came.
    #[inline(always)]
    fn take_in(
        &self,
        datagram: &Datagram,
        judge: &impl Judge,
        arrival: &mut Arrival<'a>,
    ) -> Option<Shape> {
        // They are at most 60 and 65,535.
        let (start, len) = (datagram.udp.start as u32, datagram.udp.len() as u32);
        // SAFETY: The buffer and the state are valid, the input route is initialised, and `arrival` is for writes. What does
        // not lie in the packet is refused.
        let shape = unsafe {
            bindings::rtpe_take_in(
                self.skb.raw(),
                &raw const self.hook.raw,
                start,
                len,
                judge.input_route().as_ptr(),
                arrival.as_mut_ptr(),
            )
        };
        match shape {
            bindings::rtpe_shape_RTPE_SINGLE => Some(Shape::Single),
            bindings::rtpe_shape_RTPE_JOINED => Some(Shape::Joined),
            bindings::rtpe_shape_RTPE_UNSOUND => {
                judge.refused_by_stack();
                self.hook.mark_judged(&self.skb);
                None
            }
            _ => None,
        }
    }

    #[inline(always)]
    fn judge_single(
        self,
        arrival: &Arrival<'_>,
        datagram: &Datagram,
        judge: &impl Judge,
    ) -> Outcome<Self> {
        let hook = self.hook;
        // SAFETY: It was taken in.
        let received = unsafe { Received::new(self.skb, arrival) };
        match judge.judge(received, datagram) {
            Outcome::Pass(received) => {
                let skb = received.into_skb();
                // What was relayed is marked already.
                if !arrival.is_relayed() {
                    hook.mark_judged(&skb);
                }
                Outcome::Pass(Packet { skb, hook })
            }
            Outcome::Taken => Outcome::Taken,
        }
    }

    fn judge_each(self, judge: &impl Judge) -> Outcome<Self> {
        // If anything of it is sent, the walk through the rules ends with this one.
        let hook = &Hook {
            rule: Rule {
                in_xtables: false,
                ..self.hook.rule
            },
            ..*self.hook
        };
        // SAFETY: The buffer is valid. What is returned is null or a list that is the caller's.
        let mut joined = unsafe { SkbList::from_raw(bindings::rtpe_segments(self.skb.raw())) };
        let mut passed = SkbList::new();
        let mut as_it_came = true;
        loop {
            let Some(skb) = joined.pop() else { break };
            // INVARIANT: What was taken apart starts with an IP header each.
            let (outcome, relayed) = Packet { skb, hook }.judge_one_of_many(judge);
            match outcome {
                Outcome::Pass(packet) => {
                    as_it_came &= !relayed;
                    passed.push(packet.skb);
                }
                Outcome::Taken => as_it_came = false,
            }
        }
        if as_it_came {
            self.hook.mark_judged(&self.skb);
            return Outcome::Pass(self);
        }
        self.skb.consume();
        while let Some(skb) = passed.pop() {
            hook.reinject(skb);
        }
        Outcome::Taken
    }

    /// Judges a packet that was joined with others. Besides, whether it was marked as relayed.
    fn judge_one_of_many(mut self, judge: &impl Judge) -> (Outcome<Self>, bool) {
        let Some(datagram) = self.datagram(self.hook.family()) else {
            return (Outcome::Pass(self), false);
        };
        let mut arrival = Arrival::new(self.hook, datagram.ttl);
        let shape = self.take_in(&datagram, judge, &mut arrival);
        // SAFETY: `rtpe_take_in` disabled them.
        let _disabled = arrival.bh_disabled().then(|| unsafe { Disabled::from_c() });
        if shape != Some(Shape::Single) {
            return (Outcome::Pass(self), false);
        }
        let outcome = self.judge_single(&arrival, &datagram, judge);
        (outcome, arrival.is_relayed())
    }
}
