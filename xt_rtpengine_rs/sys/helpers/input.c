// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets that are met before IP has delivered them to the input hook: what ip_rcv(), ipv6_rcv() and routing would have checked.
 * What they might do anything else with than deliver it as it is, is left to them.
 */

#include "../bindings.h"

/* All that the route of a packet for one target may depend on, as words. */
struct rtpe_question {
	/* Source address, of IPv6 in two words; mark and, above it, TOS of IPv4 or traffic class and flow label of IPv6; device and what
	 * changes with addresses, routes and rules; source port and rp_filter. */
	u64 words[RTPE_INPUT_WORDS];
};

/* The family of a packet that a device has received; NFPROTO_UNSPEC for neither of IP. */
__u8 rtpe_family(const struct sk_buff *skb)
{
	switch (skb->protocol) {
	case htons(ETH_P_IP):
		return NFPROTO_IPV4;
	case htons(ETH_P_IPV6):
		return NFPROTO_IPV6;
	default:
		return NFPROTO_UNSPEC;
	}
}

static __always_inline struct rtpe_question rtpe_question(const struct sk_buff *skb,
							  const struct nf_hook_state *state,
							  bool ipv4, unsigned int udp_offset)
{
	const struct udphdr *udp = (const struct udphdr *)(skb->data + udp_offset);
	struct rtpe_question question;
	u32 flow, genid, rp_filter = 0;

	if (ipv4) {
		const struct iphdr *ip = (const struct iphdr *)skb->data;
		const struct in_device *in_dev = __in_dev_get_rcu(state->in);

		question.words[0] = (__force u32)ip->saddr;
		question.words[1] = 0;
		flow = ip->tos;
		genid = rt_genid_ipv4(state->net);
		rp_filter = in_dev ? IN_DEV_RPFILTER(in_dev) : 0;
	} else {
		const struct ipv6hdr *ip = (const struct ipv6hdr *)skb->data;

		question.words[0] = get_unaligned((const u64 *)&ip->saddr);
		question.words[1] = get_unaligned((const u64 *)&ip->saddr + 1);
		flow = (__force u32)ip6_flowinfo(ip);
		genid = rt_genid_ipv6(state->net);
	}
	question.words[2] = (u64)flow << 32 | skb->mark;
	question.words[3] = (u64)genid << 32 | (u32)state->in->ifindex;
	question.words[4] = (u64)rp_filter << 16 | (__force u16)udp->source;
	return question;
}

static __always_inline bool rtpe_is_known(const struct rtpe_input_route *route,
					  const struct rtpe_question *question)
{
	u32 sequence = smp_load_acquire(&route->sequence);
	u64 differs = sequence & 1;
	unsigned int i;

#pragma GCC unroll 5
	for (i = 0; i < RTPE_INPUT_WORDS; i++)
		differs |= READ_ONCE(route->known[i]) ^ question->words[i];
	if (differs || !time_before(jiffies, READ_ONCE(route->expires)))
		return false;
	smp_rmb();
	return READ_ONCE(route->sequence) == sequence;
}

static void rtpe_note(struct rtpe_input_route *route, const struct rtpe_question *question)
{
	u32 sequence = READ_ONCE(route->sequence);
	unsigned int i;

	/* Another processor is about to. */
	if (sequence & 1 || cmpxchg(&route->sequence, sequence, sequence + 1) != sequence)
		return;
	smp_wmb();
	for (i = 0; i < RTPE_INPUT_WORDS; i++)
		WRITE_ONCE(route->known[i], question->words[i]);
	WRITE_ONCE(route->expires, jiffies + HZ);
	smp_store_release(&route->sequence, sequence + 2);
}

/* Whether a route is one to this host, and no tunnel has a say in it. */
static bool rtpe_is_local(const struct dst_entry *dst, bool ipv4)
{
	if (dst->flags & DST_METADATA || dst->error || dst->lwtstate || dst_xfrm(dst) ||
	    dst->ops->family != (ipv4 ? AF_INET : AF_INET6))
		return false;
	if (ipv4)
		return dst_rtable(dst)->rt_type == RTN_LOCAL;
	return dst_rt6_info(dst)->rt6i_flags & RTF_LOCAL;
}

/* Asks for the route, as IP will if the packet goes on: it is not kept. IPv4 has none for an invalid source. */
static bool rtpe_look_up_input(struct sk_buff *skb, struct net_device *dev, bool ipv4)
{
	const struct iphdr *ip = (const struct iphdr *)skb->data;
	char cb[sizeof(skb->cb)];
	bool is_local;

	memcpy(cb, skb->cb, sizeof(cb));
	if (!ipv4)
		ip6_route_input(skb);
	else if (ip_route_input_noref(skb, ip->daddr, ip->saddr, ip4h_dscp(ip), dev))
		skb_dst_drop(skb);
	is_local = skb_dst(skb) && rtpe_is_local(skb_dst(skb), ipv4);
	skb_dst_drop(skb);
	memcpy(skb->cb, cb, sizeof(cb));
	return is_local;
}

/* Asks for the route of a packet that is not known, and notes it. What changes meanwhile was asked for before. */
static noinline bool rtpe_learn(struct sk_buff *skb, const struct nf_hook_state *state, bool ipv4,
				unsigned int udp_offset, struct rtpe_input_route *route)
{
	struct rtpe_question question = rtpe_question(skb, state, ipv4, udp_offset);

	if (!rtpe_look_up_input(skb, state->in, ipv4))
		return false;
	rtpe_note(route, &question);
	return true;
}

/* What ip_rcv_core() and ip6_rcv_core() have checked at prerouting; lengths, version and fragments are checked already. */
static bool rtpe_header_is_valid(const struct sk_buff *skb, const struct net_device *dev,
				 bool ipv4)
{
	const struct ipv6hdr *ip6 = (const struct ipv6hdr *)skb->data;
	const struct inet6_dev *idev;

	if (ipv4)
		return !ip_fast_csum(skb->data, sizeof(struct iphdr) / 4);
	idev = __in6_dev_get(dev);
	if (!idev || READ_ONCE(idev->cnf.disable_ipv6))
		return false;
	if (ipv6_addr_loopback(&ip6->saddr) || ipv6_addr_loopback(&ip6->daddr))
		return dev->flags & IFF_LOOPBACK || netif_is_l3_master(dev);
	return !ipv6_addr_is_multicast(&ip6->saddr);
}

/* Whether the packet that a device has is IP's: no VLAN's, no bridge's. */
static bool rtpe_is_of_ip(const struct sk_buff *skb, bool ipv4)
{
	return skb->protocol == (ipv4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6)) &&
	       !skb_vlan_tag_present(skb) && !rcu_access_pointer(skb->dev->rx_handler);
}

/* Whether IPsec has nothing to say: its policies are asked at the input hook. */
static bool rtpe_is_without_ipsec(const struct sk_buff *skb, const struct net *net)
{
	return !net->xfrm.policy_count[XFRM_POLICY_IN] && !secpath_exists(skb) &&
	       net->xfrm.policy_default[XFRM_POLICY_IN] == XFRM_USERPOLICY_ACCEPT;
}

/* Whether a bridge has netfilter see it (br_netfilter). */
static bool rtpe_is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_info_exists(skb);
#else
	return false;
#endif
}

/*
 * Whether IP would deliver a datagram to this host as it is. All headers lie in one piece. A packet of a port of a VRF comes to
 * prerouting once more, from the VRF; one that br_netfilter shows is the bridge's.
 */
bool rtpe_is_for_this_host(struct sk_buff *skb, const struct nf_hook_state *state,
			   enum rtpe_place place, bool ipv4, unsigned int udp_offset,
			   struct rtpe_input_route *route)
{
	struct net_device *dev = state->in;
	struct rtpe_question question;

	/* Options of IPv4 may have it routed elsewhere. */
	if (skb->pkt_type != PACKET_HOST || netif_is_l3_slave(dev) ||
	    netif_has_l3_rx_handler(dev) || !rtpe_is_without_ipsec(skb, state->net) ||
	    rtpe_is_bridged(skb) || (ipv4 && udp_offset != sizeof(struct iphdr)))
		return false;
	if (place == RTPE_INGRESS &&
	    (!rtpe_is_of_ip(skb, ipv4) || !rtpe_header_is_valid(skb, dev, ipv4)))
		return false;
	/* That of the way out, when this host has sent it. */
	if (unlikely(skb_dst(skb)))
		return rtpe_is_local(skb_dst(skb), ipv4);
	question = rtpe_question(skb, state, ipv4, udp_offset);
	return likely(rtpe_is_known(route, &question)) ||
	       rtpe_learn(skb, state, ipv4, udp_offset, route);
}

/*
 * The mark of a packet that a rule of a table judged at an early hook, and that went on: the table's rules at later hooks let it
 * go on, too. It is a delivery time long past, which local delivery replaces by the time (skb_clear_delivery_time()).
 */
static ktime_t rtpe_judged_mark(const struct nf_hook_state *state, u32 table)
{
	return 1 + (u64)((net_hash_mix(state->net) & ~63U) | (table & 63));
}

void rtpe_mark_judged(struct sk_buff *skb, const struct nf_hook_state *state, u32 table)
{
	skb_set_delivery_time(skb, rtpe_judged_mark(state, table), SKB_CLOCK_MONOTONIC);
}

/* Whether the delivery time of a packet is such a mark. */
bool rtpe_is_mark_of(const struct sk_buff *skb, const struct nf_hook_state *state, u32 table)
{
	return skb->tstamp == rtpe_judged_mark(state, table);
}
