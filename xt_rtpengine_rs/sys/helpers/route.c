// SPDX-License-Identifier: GPL-2.0-only
/* Routes. */

#include "../bindings.h"

struct dst_entry *rtpe_route4(struct net *net, __be32 saddr, __be32 daddr, __be16 sport,
			      __be16 dport, u8 tos)
{
	struct flowi4 flow;
	struct rtable *route;

	flowi4_init_output(&flow, 0, 0, tos & INET_DSCP_MASK, RT_SCOPE_UNIVERSE, IPPROTO_UDP,
			   FLOWI_FLAG_ANYSRC, daddr, saddr, dport, sport, GLOBAL_ROOT_UID);
	route = ip_route_output_flow(net, &flow, NULL);
	return IS_ERR(route) ? ERR_CAST(route) : &route->dst;
}

struct dst_entry *rtpe_route6(struct net *net, const void *saddr, const void *daddr,
			      __be16 sport, __be16 dport, u8 traffic_class)
{
	struct flowi6 flow = {
		.saddr = *(const struct in6_addr *)saddr,
		.daddr = *(const struct in6_addr *)daddr,
		.fl6_sport = sport,
		.fl6_dport = dport,
		.flowi6_proto = IPPROTO_UDP,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
		.flowlabel = ip6_make_flowinfo(traffic_class, 0),
	};

	return ip6_dst_lookup_flow(net, NULL, &flow, NULL);
}

int rtpe_dst_cache_init(struct dst_cache *cache)
{
	return dst_cache_init(cache, GFP_KERNEL);
}

void rtpe_dst_release(struct dst_entry *dst)
{
	dst_release(dst);
}

unsigned int rtpe_dst_mtu(const struct dst_entry *dst)
{
	return dst_mtu(dst);
}

/* As ip_dont_fragment() for a new socket, which takes its way of path MTU discovery from the namespace. */
bool rtpe_dont_fragment(const struct net *net, const struct dst_entry *dst)
{
	return !READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) && !ip_mtu_locked(dst);
}

unsigned int rtpe_dst_headroom(const struct dst_entry *dst)
{
	unsigned int headroom;

	rcu_read_lock();
	headroom = LL_RESERVED_SPACE(dst_dev_rcu(dst)) + dst->header_len;
	rcu_read_unlock();
	return headroom;
}

int rtpe_dst_hoplimit4(const struct dst_entry *dst)
{
	return ip4_dst_hoplimit(dst);
}

void rtpe_skb_dst_set(struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_set(skb, dst);
}

void rtpe_select_ident(struct net *net, void *ip)
{
	__ip_select_ident(net, ip, 1);
}
