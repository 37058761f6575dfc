// SPDX-License-Identifier: GPL-2.0-only
/* Packets at a hook of netfilter. */

#include "../bindings.h"

/*
 * The packet that is in the hands of other hooks now, on this processor with bottom halves disabled. Rules of ours that it
 * meets there let it go on: all of them, or those up to a rule of `table`, which has judged it. Those behind that one have
 * not seen it yet.
 */
struct rtpe_judged {
	const struct sk_buff *skb;
	u32 table;
};

#define RTPE_ALL_TABLES U32_MAX

static DEFINE_PER_CPU(struct rtpe_judged, rtpe_judged);

/* Returns what is to be put back when the hooks are done with the packet. */
static struct rtpe_judged rtpe_begin_judged(const struct sk_buff *skb, u32 table)
{
	struct rtpe_judged outer = *this_cpu_ptr(&rtpe_judged);

	*this_cpu_ptr(&rtpe_judged) = (struct rtpe_judged){ skb, table };
	return outer;
}

static void rtpe_end_judged(struct rtpe_judged outer)
{
	*this_cpu_ptr(&rtpe_judged) = outer;
}

/* A rule of `table` has met the packet that was judged. */
static noinline void rtpe_meet_judged(u32 table)
{
	if (this_cpu_read(rtpe_judged.table) == table)
		this_cpu_write(rtpe_judged.skb, NULL);
}

/* As xfrm_policy_check(), which takes the secpath of what a device decrypted: a packet that goes on is checked again. */
static bool rtpe_policy_allows(struct sk_buff *skb, u8 family)
{
	const struct xfrm_offload *offload = xfrm_offload(skb);

	if (offload && xfrm_input_state(skb)->xso.type == XFRM_DEV_OFFLOAD_PACKET)
		return (offload->flags & CRYPTO_DONE) && (offload->status & CRYPTO_SUCCESS);
	return xfrm_policy_check(NULL, XFRM_POLICY_IN, skb, family);
}

static bool rtpe_checksum_is_right(const struct sk_buff *skb, bool ipv4, unsigned int udp_offset,
				   unsigned int udp_len)
{
	const void *udp = skb->data + udp_offset;
	__wsum sum;

	/* Over IPv6 there has to be one (RFC 8200 section 8.1). */
	if (!((const struct udphdr *)udp)->check)
		return ipv4;
	if (skb->ip_summed == CHECKSUM_PARTIAL || skb_csum_unnecessary(skb))
		return true;
	sum = csum_partial(udp, udp_len, 0);
	if (ipv4) {
		const struct iphdr *ip = (const struct iphdr *)skb->data;

		return !csum_tcpudp_magic(ip->saddr, ip->daddr, udp_len, IPPROTO_UDP, sum);
	} else {
		const struct ipv6hdr *ip = (const struct ipv6hdr *)skb->data;

		return !csum_ipv6_magic(&ip->saddr, &ip->daddr, udp_len, IPPROTO_UDP, sum);
	}
}

/*
 * Whether a VRF delivers what this host has sent to itself, rather than what one of its devices has received. Over IPv4 the route
 * is still that of the way out; over IPv6 the frame is from the VRF (vrf_local_xmit()).
 */
static bool rtpe_vrf_is_sender(const struct sk_buff *skb, const struct net_device *dev, bool ipv4)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (ipv4)
		return dst && dst->ops->family == AF_INET && rt_is_output_route(dst_rtable(dst));
	return skb_mac_header_was_set(skb) && skb->data - skb_mac_header(skb) >= ETH_HLEN &&
	       ether_addr_equal(eth_hdr(skb)->h_source, dev->dev_addr);
}

/*
 * Whether the packet came over a loopback device, or from an address of this host (over IPv6, of the same VRF). Over IPv4 the
 * stack drops such a source from another device (fib_validate_source()), but where it may be one.
 */
static bool rtpe_is_from_this_host(const struct sk_buff *skb, const struct nf_hook_state *state,
				   bool ipv4)
{
	const struct net_device *dev = state->in;
	const struct in_device *in_dev;

	if (dev->flags & IFF_LOOPBACK)
		return true;
	if (unlikely(netif_is_l3_master(dev)) && rtpe_vrf_is_sender(skb, dev, ipv4))
		return true;
	if (!ipv4)
		return ipv6_chk_addr_and_flags(state->net,
					       &((const struct ipv6hdr *)skb->data)->saddr, dev,
					       true, 0, IFA_F_TENTATIVE);
	in_dev = __in_dev_get_rcu(dev);
	if (likely(in_dev && !IN_DEV_ACCEPT_LOCAL(in_dev) && !netif_is_l3_master(dev)))
		return false;
	return __ip_dev_find(state->net, ((const struct iphdr *)skb->data)->saddr, false);
}

/*
 * Whether a rule of `table` at an early hook is to judge a packet. Several that were joined are left to IP where those that go on
 * could not go on one by one: there is no way from ingress to IP, and prerouting of a VRF has no end (vrf_rcv_nfhook()).
 */
static noinline bool rtpe_is_taken_early(struct sk_buff *skb, const struct nf_hook_state *state,
					 bool ipv4, enum rtpe_place place, unsigned int udp_offset,
					 struct rtpe_input_route *route)
{
	if (skb_is_gso(skb) && (place == RTPE_INGRESS || netif_is_l3_master(state->in)))
		return false;
	return rtpe_is_for_this_host(skb, state, place, ipv4, udp_offset, route);
}

/*
 * Takes in a datagram, or several that were joined, of `udp_len` bytes with the UDP header at `udp_offset`; all headers
 * lie in one piece. When this returns RTPE_SINGLE all of it does. Then, and for RTPE_JOINED, bottom
 * halves are disabled: packets that come back from a queue are handled by the process that let them go.
 */
enum rtpe_shape rtpe_take_in(struct sk_buff *skb, const struct rtpe_hook *hook,
			     unsigned int udp_offset, unsigned int udp_len,
			     struct rtpe_input_route *route, struct rtpe_arrival *arrival)
{
	const struct nf_hook_state *state = hook->state;
	enum rtpe_place place = hook->place;
	enum rtpe_shape shape = RTPE_JOINED;
	bool ipv4 = hook->ipv4;
	ktime_t stamp;

	if (skb_shared(skb) || skb_network_offset(skb))
		return RTPE_REFUSED;
	if (unlikely(this_cpu_read(rtpe_judged.skb) == skb)) {
		rtpe_meet_judged(hook->table);
		return RTPE_REFUSED;
	}
	if (udp_offset < (ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr)) ||
	    udp_len < sizeof(struct udphdr) || udp_offset > skb->len ||
	    udp_len > skb->len - udp_offset)
		return RTPE_REFUSED;
	if (unlikely(skb->tstamp_type == SKB_CLOCK_MONOTONIC &&
		     rtpe_is_mark_of(skb, state, hook->table)))
		return RTPE_REFUSED;
	if (place != RTPE_INPUT &&
	    !rtpe_is_taken_early(skb, state, ipv4, place, udp_offset, route))
		return RTPE_REFUSED;
	if (unlikely(skb_is_gso(skb))) {
		if (!(skb_shinfo(skb)->gso_type & SKB_GSO_UDP_L4) || skb->encapsulation)
			return RTPE_REFUSED;
	} else {
		/* The stamp of what was relayed, and went on all the same, is negative. */
		stamp = skb_tstamp(skb);
		if (stamp < 0)
			return RTPE_REFUSED;
		if (!rtpe_policy_allows(skb, ipv4 ? AF_INET : AF_INET6))
			return RTPE_UNSOUND;
		if (skb_linearize(skb))
			return RTPE_REFUSED;
		if (!rtpe_checksum_is_right(skb, ipv4, udp_offset, udp_len))
			return RTPE_UNSOUND;
		arrival->ns = stamp ?: ktime_get_real();
		arrival->device = skb->skb_iif;
		arrival->from_this_host = rtpe_is_from_this_host(skb, state, ipv4);
		shape = RTPE_SINGLE;
	}
	arrival->bh_disabled = !softirq_count();
	if (arrival->bh_disabled)
		local_bh_disable();
	return shape;
}

/*
 * Takes a joined packet apart: a list of single ones, NULL when that fails. The packet itself stays as it is: what
 * skb_segment_list() takes the list of is a clone.
 */
struct sk_buff *rtpe_segments(struct sk_buff *skb)
{
	struct sk_buff *clone = skb_clone(skb, GFP_ATOMIC);
	struct sk_buff *segments, *each;

	if (!clone)
		return NULL;
	if (skb_mac_header_was_set(clone))
		__skb_push(clone, -skb_mac_offset(clone));
	segments = __skb_gso_segment(clone, NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM, false);
	consume_skb(clone);
	if (IS_ERR_OR_NULL(segments))
		return NULL;
	segments->prev = NULL;
	for (each = segments; each; each = each->next)
		__skb_pull(each, skb_network_offset(each));
	return segments;
}

static bool rtpe_is_settled(const struct nf_conn *ct)
{
	return test_bit(IPS_CONFIRMED_BIT, &ct->status) &&
	       !test_bit(IPS_SEQ_ADJUST_BIT, &ct->status) &&
	       !nf_ct_ext_exist(ct, NF_CT_EXT_HELPER) &&
#ifdef CONFIG_NF_CONNTRACK_EVENTS
	       !nf_ct_ext_exist(ct, NF_CT_EXT_ECACHE) &&
#endif
	       true;
}

/*
 * Does with a packet what is done before it reaches its socket: its source is bound (nf_nat), helpers see it, and its entry is
 * confirmed (nf_confirm()). Those modules need not be there; where they are, they stand in the input hook, after the filters.
 * What has an entry at ingress has been confirmed on the way out.
 */
enum rtpe_confirmed rtpe_confirm(struct sk_buff *skb, const struct nf_hook_state *state,
				 bool ipv4, enum rtpe_place place)
{
	const struct nf_conn *ct = (const struct nf_conn *)skb_nfct(skb);
	struct nf_hook_entries __rcu *const *hooks;
	const struct nf_hook_entries *entries;
	struct nf_hook_ops *const *all;
	unsigned int verdict = NF_ACCEPT;
	struct rtpe_judged outer;
	struct nf_hook_state copy;
	unsigned int i;

	if (!ct || place == RTPE_INGRESS || rtpe_is_settled(ct))
		return RTPE_CONFIRMED;
	hooks = ipv4 ? state->net->nf.hooks_ipv4 : state->net->nf.hooks_ipv6;
	entries = rcu_dereference(hooks[NF_INET_LOCAL_IN]);
	if (!entries)
		return RTPE_CONFIRMED;
	all = nf_hook_entries_get_hook_ops(entries);
	copy = *state;
	copy.hook = NF_INET_LOCAL_IN;
	outer = rtpe_begin_judged(skb, RTPE_ALL_TABLES);
	for (i = 0; i < entries->num_hook_entries; i++) {
		const struct nf_hook_ops *ops = READ_ONCE(all[i]);
		bool is_last = ops->hook_ops_type == NF_HOOK_OP_UNDEFINED &&
			       ops->priority >= NF_IP_PRI_CONNTRACK_CONFIRM - 1;

		if (!is_last && ops->hook_ops_type != NF_HOOK_OP_NAT)
			continue;
		verdict = nf_hook_entry_hookfn(&entries->hooks[i], skb, &copy) & NF_VERDICT_MASK;
		if (verdict == NF_DROP || verdict == NF_STOLEN)
			break;
	}
	rtpe_end_judged(outer);
	switch (verdict) {
	case NF_DROP:
		return RTPE_DROPPED;
	case NF_STOLEN:
		return RTPE_GONE;
	default:
		return RTPE_CONFIRMED;
	}
}

/* Has a packet that a rule of `table` judged go through its hook from the start, and on from there. */
void rtpe_reinject(struct sk_buff *skb, const struct nf_hook_state *state, u32 table)
{
	struct rtpe_judged outer = rtpe_begin_judged(skb, table);
	int verdict = nf_hook(state->pf, state->hook, state->net, state->sk, skb, state->in,
			      state->out, state->okfn);

	rtpe_end_judged(outer);
	if (verdict == 1)
		state->okfn(state->net, state->sk, skb);
}
