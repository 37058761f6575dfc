// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way out over IPv4: headers, then from LOCAL_OUT to the device what ip_local_out() does with a datagram that leaves by a
 * plain route, in one function. One whose route is not plain, or that does not stay as it was in a hook, goes on by the stack's own
 * functions.
 */

#include "../bindings.h"
#include "send_inline.h"

/*
 * Where what POST_ROUTING has queued goes on, and what is not plain any more: in ip_finish_output(), to which ip_output() goes
 * with that flag.
 */
static int rtpe_after_post_routing(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	IPCB(skb)->flags |= IPSKB_REROUTED;
	return ip_output(net, sk, skb);
}

/*
 * By a plain route (rtpe_is_plain4()). `gateway` is the neighbour entry of the gateway, or NULL, and `mtu` that of the route. With
 * `past_hooks` no hook sees it.
 */
static __always_inline int rtpe_output(struct net *net, struct sk_buff *skb, struct dst_entry *dst,
				       struct neighbour *gateway, unsigned int mtu,
				       bool past_hooks)
{
	struct net_device *device = dst_dev_rcu(dst);
	struct rtable *route = dst_rtable(dst);
	struct nf_hook_state state __uninitialized;
	int result;

	/* As __ip_local_out(). */
	IP_INC_STATS(net, IPSTATS_MIB_OUTREQUESTS);
	skb->protocol = htons(ETH_P_IP);
	nf_hook_state_init(&state, 0, NFPROTO_IPV4, NULL, device, NULL, net, NULL);
	result = past_hooks ? 1 :
		 rtpe_hook(&state, NFPROTO_IPV4, NF_INET_LOCAL_OUT, skb, rtpe_after_local_out);
	if (unlikely(result != 1))
		return result;
	if (unlikely(skb_dst(skb) != dst))
		return dst_output(net, NULL, skb);
	/* As ip_output(). */
	skb->dev = device;
	result = past_hooks ? 1 :
		 rtpe_hook(&state, NFPROTO_IPV4, NF_INET_POST_ROUTING, skb, rtpe_after_post_routing);
	if (unlikely(result != 1))
		return result;
	if (unlikely(skb_dst(skb) != dst || skb->len > mtu || IPCB(skb)->frag_max_size ||
		     skb_headroom(skb) < LL_RESERVED_SPACE(device)))
		return rtpe_after_post_routing(net, NULL, skb);
	/* As ip_finish_output2(). */
	IP_UPD_PO_STATS(net, IPSTATS_MIB_OUT, skb->len);
	if (!gateway) {
		__be32 next = route->rt_gw_family ? route->rt_gw4 : ip_hdr(skb)->daddr;

		gateway = __ipv4_neigh_lookup_noref(device, (__force u32)next);
		if (unlikely(!gateway))
			gateway = __neigh_create(&arp_tbl, &next, device, false);
		if (IS_ERR(gateway))
			return rtpe_drop(skb, SKB_DROP_REASON_NEIGH_CREATEFAIL, PTR_ERR(gateway));
	}
	return neigh_output(gateway, skb, false);
}

/* Whether nobody has locked the MTU of a route. */
static bool rtpe_may_discover(const struct dst_entry *dst, bool is_plain)
{
	return !dst_rtable(dst)->rt_mtu_locked && (is_plain || !dst_metric_locked(dst, RTAX_MTU));
}

/* Sends as send.h has it: over IPv4 here. */
int rtpe_send(struct net *net, struct sk_buff *skb, unsigned int len, const struct rtpe_path *path,
	      struct rtpe_route *route, const struct rtpe_limits *limits)
{
	const unsigned int headers = sizeof(struct iphdr) + sizeof(struct udphdr);
	struct neighbour *gateway = NULL;
	bool is_cached = true, is_plain = true, is_limited;
	struct dst_entry *dst;
	__be16 total, id, offset;
	unsigned int mtu, ttl;
	const struct rtable *rt;
	struct udphdr *udp;
	struct iphdr *ip;
	int result;

	if (path->is_ipv6)
		return rtpe_send6(net, skb, len, path, route, limits);
	if (unlikely(len > IP_MAX_MTU - headers))
		return rtpe_drop(skb, SKB_DROP_REASON_PKT_TOO_BIG, -EMSGSIZE);
	if (unlikely(limits->ttl == 0))
		/* As ip_forward() has it. */
		return rtpe_drop(skb, SKB_DROP_REASON_IP_INHDR, -ELOOP);
	dst = rtpe_route_plain4(net, route, &gateway);
	if (unlikely(!dst)) {
		dst = rtpe_route_get(net, path, route, limits->device, &gateway, &is_cached);
		if (IS_ERR(dst))
			return rtpe_drop(skb, SKB_DROP_REASON_IP_OUTNOROUTES, PTR_ERR(dst));
		is_plain = rtpe_is_plain4(dst);
	}
	rt = dst_rtable(dst);
	/* The headers, as __ip_make_skb() and udp_send_skb(). */
	udp = rtpe_begin(skb, len, path, sizeof(*ip), dst, is_cached);
	udp->check = rtpe_udp_check(path, udp->len);
	ip = (struct iphdr *)udp - 1;
	*(__be16 *)ip = path->ipv4;
	total = htons(len + headers);
	ip->tot_len = total;
	ttl = rtpe_ttl(path, route, dst, limits);
	ip->ttl = ttl;
	ip->protocol = IPPROTO_UDP;
	ip->saddr = path->source[0];
	ip->daddr = path->destination[0];
	/* What was learned of the path's MTU may change; without that nothing limits a plain route but the device. */
	is_limited = !is_plain || rt->rt_pmtu || rt->rt_mtu_locked;
	mtu = likely(!is_limited) ?
	      min_t(unsigned int, READ_ONCE(dst_dev_rcu(dst)->mtu), IP_MAX_MTU) : dst4_mtu(dst);
	/* With the default path MTU discovery of a new socket (ip_dont_fragment()). */
	if (likely(len + headers <= mtu && !READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) &&
		   (!is_limited || rtpe_may_discover(dst, is_plain)))) {
		offset = htons(IP_DF);
		id = htons((u16)atomic_inc_return(&route->ident));
		ip->id = id;
	} else {
		offset = 0;
		__ip_select_ident(net, ip, 1);
		id = ip->id;
	}
	ip->frag_off = offset;
	/* The sum of the path has addresses and protocol. */
	ip->check = (__force __sum16)~rtpe_fold(path->sum + (__force u16)path->ipv4 +
						(__force u16)total + (__force u16)id +
						(__force u16)offset +
						(__force u16)htons(ttl << 8));
	skb->priority = path->priority;
	if (unlikely(limits->report))
		return rtpe_later(net, skb, limits->report);
	result = likely(is_plain) ? rtpe_output(net, skb, dst, gateway, mtu, limits->past_hooks) :
				    ip_local_out(net, NULL, skb);
	return likely(!result) ? 0 : rtpe_refused4(net, result);
}
