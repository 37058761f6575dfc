/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_ROUTE_GET_H
#define RTPE_HELPERS_ROUTE_GET_H

/* What a packet asks of the route of its path, inline: for C alone. */

struct dst_entry *rtpe_route_renew(struct net *net, const struct rtpe_path *path,
				   struct rtpe_route *route, struct dst_entry *old, int device,
				   bool *is_cached);
int rtpe_route_ttl(const struct rtpe_path *path, const struct dst_entry *dst);

/*
 * The neighbour entry of the gateway. `*none` when there is no gateway, or none that this host resolves: of a destination
 * on the link the entry decides nothing.
 */
static inline struct neighbour *rtpe_gateway(const struct dst_entry *dst, bool *none)
{
	const struct in6_addr *gateway;

	if (dst->ops->family == AF_INET6) {
		const struct rt6_info *rt = dst_rt6_info(dst);

		*none = !(rt->rt6i_flags & RTF_GATEWAY) || dst->lwtstate;
		gateway = &rt->rt6i_gateway;
	} else {
		const struct rtable *rt = dst_rtable(dst);

		*none = !rt->rt_gw_family || dst->lwtstate;
		if (!*none && rt->rt_gw_family == AF_INET)
			return __ipv4_neigh_lookup_noref(dst_dev_rcu(dst), (__force u32)rt->rt_gw4);
		gateway = &rt->rt_gw6;
	}
	return *none ? NULL : __ipv6_neigh_lookup_noref(dst_dev_rcu(dst), gateway);
}

/*
 * Whether a lookup would choose this gateway again, as far as its neighbour entry tells. Multipath routes and IPv6 leave one that
 * is not valid (fib_good_nh(), rt6_check_neigh()). IPv4 may leave a default gateway as soon as it is not known to be reachable
 * (fib_detect_death()): then `doubted` tells.
 */
static inline bool rtpe_gateway_stands(const struct rtpe_route *route, const struct dst_entry *dst,
				       struct neighbour **found)
{
	const struct dst_entry *path = xfrm_dst_path(dst);
	struct neighbour *gateway;
	bool none;
	u8 state;

	gateway = rtpe_gateway(path, &none);
	*found = gateway;
	if (!gateway)
		return none;
	state = READ_ONCE(gateway->nud_state);
	if (likely(state & NUD_CONNECTED))
		return true;
	/* Each lookup with IPsec makes a bundle: as few as can be. */
	if (path != dst || path->ops->family == AF_INET6)
		return state & NUD_VALID;
	return state & NUD_VALID && time_before(jiffies, READ_ONCE(route->doubted));
}

/* Whether nothing stands between a route and its device. */
static inline bool rtpe_is_plain(const struct dst_entry *dst, const struct net_device *device)
{
	return !dst_xfrm(dst) && !dst->lwtstate && !netif_is_l3_slave(device);
}

/*
 * Whether a route of IPv4 is unicast, leads to a device by IP itself, and says nothing of the MTU. It stays so: a device comes into
 * a VRF by going down, which ends its routes, and metrics of IPv4 do not change.
 */
static inline bool rtpe_is_plain4(const struct dst_entry *dst)
{
	const struct rtable *rt;

	if (dst->ops->family != AF_INET || dst->output != ip_output ||
	    !rtpe_is_plain(dst, dst_dev_rcu(dst)))
		return false;
	rt = dst_rtable(dst);
	return rt->rt_type == RTN_UNICAST && rt->rt_gw_family != AF_INET6 &&
	       !dst_metric_raw(dst, RTAX_MTU) && !dst_metric_locked(dst, RTAX_MTU);
}

/*
 * The route of a path of IPv4, if it is cached, plain, and good, as rtpe_route_get() has it: with as little as can be, and
 * dst_check() inline (ipv4_dst_check()).
 */
static inline struct dst_entry *rtpe_route_plain4(const struct net *net, struct rtpe_route *route,
						  struct neighbour **gateway)
{
	struct dst_entry *dst = READ_ONCE(route->plain4);

	if (likely(dst && time_before(jiffies, READ_ONCE(route->expires)) &&
		   READ_ONCE(dst->obsolete) == DST_OBSOLETE_FORCE_CHK &&
		   dst_rtable(dst)->rt_genid == rt_genid_ipv4(net) &&
		   (!dst_rtable(dst)->rt_gw_family || rtpe_gateway_stands(route, dst, gateway))))
		return dst;
	return NULL;
}

/*
 * The route of a path, or an error. `device` is what a packet came in by, or 0. A reference is returned, unless `*is_cached`:
 * then the route is good for as long as RCU is read, and `*gateway` the neighbour entry of its gateway, if there is one.
 */
static inline struct dst_entry *rtpe_route_get(struct net *net, const struct rtpe_path *path,
					       struct rtpe_route *route, int device,
					       struct neighbour **gateway, bool *is_cached)
{
	struct dst_entry *dst = READ_ONCE(route->dst);

	*is_cached = true;
	if (likely(dst && time_before(jiffies, READ_ONCE(route->expires)) &&
		   dst_check(dst, READ_ONCE(route->cookie)) &&
		   rtpe_gateway_stands(route, dst, gateway)))
		return dst;
	*gateway = NULL;
	return rtpe_route_renew(net, path, route, dst, device, is_cached);
}

/* Room that a route wants before the IP header. Called under RCU. */
static inline unsigned int rtpe_headroom(const struct dst_entry *dst)
{
	return LL_RESERVED_SPACE(dst_dev_rcu(dst)) + dst->header_len;
}

#endif
