// SPDX-License-Identifier: GPL-2.0-only
/* The way out over IPv6, as that over IPv4: in place of ip6_local_out(). */

#include "../bindings.h"
#include "send_inline.h"

/* Where what POST_ROUTING has queued goes on, and what is not plain any more: in ip6_finish_output(). */
static int rtpe_after_post_routing(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	IP6CB(skb)->flags |= IP6SKB_REROUTED;
	return ip6_output(net, sk, skb);
}

/* `gateway` is the neighbour entry of the gateway, or NULL. */
static __always_inline int rtpe_output(struct net *net, struct sk_buff *skb, struct dst_entry *dst,
				       struct neighbour *gateway, bool past_hooks)
{
	struct net_device *device = dst_dev_rcu(dst);
	struct inet6_dev *idev = ip6_dst_idev(dst);
	const struct inet6_dev *of_device = __in6_dev_get(device);
	struct nf_hook_state state __uninitialized;
	int result;

	/* Multicast has a scope, and may be for this host, too. */
	if (unlikely(dst->output != ip6_output || !rtpe_is_plain(dst, device) || !of_device || !idev ||
		     dst_metric_raw(dst, RTAX_MTU) ||
		     ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr)))
		return ip6_local_out(net, NULL, skb);
	/* As __ip6_local_out(). */
	IP6CB(skb)->nhoff = offsetof(struct ipv6hdr, nexthdr);
	skb->protocol = htons(ETH_P_IPV6);
	nf_hook_state_init(&state, 0, NFPROTO_IPV6, NULL, device, NULL, net, NULL);
	result = past_hooks ? 1 :
		 rtpe_hook(&state, NFPROTO_IPV6, NF_INET_LOCAL_OUT, skb, rtpe_after_local_out);
	if (unlikely(result != 1))
		return result;
	if (unlikely(skb_dst(skb) != dst || READ_ONCE(idev->cnf.disable_ipv6)))
		return dst_output(net, NULL, skb);
	/* As ip6_output(). */
	skb->dev = device;
	result = past_hooks ? 1 :
		 rtpe_hook(&state, NFPROTO_IPV6, NF_INET_POST_ROUTING, skb, rtpe_after_post_routing);
	if (unlikely(result != 1))
		return result;
	if (unlikely(skb_dst(skb) != dst || skb->len > READ_ONCE(of_device->cnf.mtu6) ||
		     IP6CB(skb)->frag_max_size || skb_headroom(skb) < LL_RESERVED_SPACE(device) ||
		     ipv6_addr_is_multicast(&ipv6_hdr(skb)->daddr)))
		return rtpe_after_post_routing(net, NULL, skb);
	/* As ip6_finish_output2(). */
	IP6_UPD_PO_STATS(net, idev, IPSTATS_MIB_OUT, skb->len);
	if (!gateway) {
		const struct in6_addr *next = rt6_nexthop(dst_rt6_info(dst), &ipv6_hdr(skb)->daddr);

		gateway = __ipv6_neigh_lookup_noref(device, next);
		if (unlikely(!gateway))
			gateway = __neigh_create(&nd_tbl, next, device, false);
		if (IS_ERR(gateway)) {
			IP6_INC_STATS(net, idev, IPSTATS_MIB_OUTNOROUTES);
			return rtpe_drop(skb, SKB_DROP_REASON_NEIGH_CREATEFAIL, -EINVAL);
		}
	}
	return neigh_output(gateway, skb, false);
}

/* Sends over IPv6, as send.h has it. */
int rtpe_send6(struct net *net, struct sk_buff *skb, unsigned int len,
	       const struct rtpe_path *path, struct rtpe_route *route,
	       const struct rtpe_limits *limits)
{
	struct neighbour *gateway = NULL;
	bool is_cached = true;
	struct inet6_dev *idev;
	struct dst_entry *dst;
	struct udphdr *udp;
	struct ipv6hdr *ip;
	__be32 label;
	int result;

	/* The length of IPv6 does not count its header. */
	if (unlikely(len > IP_MAX_MTU - sizeof(*udp)))
		return rtpe_drop(skb, SKB_DROP_REASON_PKT_TOO_BIG, -EMSGSIZE);
	if (unlikely(limits->ttl == 0))
		/* As ip6_forward() has it. */
		return rtpe_drop(skb, SKB_DROP_REASON_IP_INHDR, -ELOOP);
	dst = rtpe_route_get(net, path, route, limits->device, &gateway, &is_cached);
	if (IS_ERR(dst))
		return rtpe_drop(skb, SKB_DROP_REASON_IP_OUTNOROUTES, PTR_ERR(dst));
	/* The headers, as __ip6_make_skb() and udp_v6_send_skb(). */
	udp = rtpe_begin(skb, len, path, sizeof(*ip), dst, is_cached);
	udp->check = rtpe_udp_check(path, udp->len);
	/* The label is made of the hash, which need not be computed any more. */
	__skb_set_sw_hash(skb, path->hash, true);
	label = ip6_make_flowlabel(net, skb, 0, ip6_default_np_autolabel(net), NULL);
	ip = ipv6_hdr(skb);
	ip6_flow_hdr(ip, path->tos, label);
	ip->payload_len = udp->len;
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = rtpe_ttl(path, route, dst, limits);
	ip->saddr = *(const struct in6_addr *)path->source;
	ip->daddr = *(const struct in6_addr *)path->destination;
	idev = ip6_dst_idev(dst);
	IP6_INC_STATS(net, idev, IPSTATS_MIB_OUTREQUESTS);
	if (unlikely(limits->report))
		return rtpe_later(net, skb, limits->report);
	result = rtpe_output(net, skb, dst, gateway, limits->past_hooks);
	return likely(!result) ? 0 : rtpe_refused6(net, idev, result);
}
