// SPDX-License-Identifier: GPL-2.0-only
/*
 * Routes: where a datagram that a socket of this host sends would go.
 *
 * A socket looks its route up with each datagram. Here one is kept for at most a second, and only while a lookup would find it
 * again as far as that can be told without one: the tables are as they were (dst_check()), and the gateway stands.
 */

#include "../bindings.h"
#include "route_get.h"

#define RTPE_ROUTE_BUSY 0

static const struct in6_addr *rtpe_source6(const struct rtpe_path *path)
{
	return (const struct in6_addr *)path->source;
}

static const struct in6_addr *rtpe_destination6(const struct rtpe_path *path)
{
	return (const struct in6_addr *)path->destination;
}

static struct flowi6 rtpe_flow6(const struct rtpe_path *path)
{
	return (struct flowi6){
		.saddr = *rtpe_source6(path),
		.daddr = *rtpe_destination6(path),
		.fl6_sport = path->source_port,
		.fl6_dport = path->destination_port,
		.flowi6_proto = IPPROTO_UDP,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
		.flowi6_uid = path->uid,
		.flowlabel = ip6_make_flowinfo(path->tos, 0),
	};
}

static __u32 rtpe_path_hash(const struct rtpe_path *path)
{
	struct flowi6 flow = rtpe_flow6(path);
	struct flow_keys keys;

	return path->is_ipv6 ? __get_hash_from_flowi6(&flow, &keys) : 0;
}

static __u16 rtpe_path_sum(const struct rtpe_path *path)
{
	__sum16 sum = path->is_ipv6 ? csum_ipv6_magic(rtpe_source6(path), rtpe_destination6(path),
						      0, IPPROTO_UDP, 0) :
				      csum_tcpudp_magic(path->source[0], path->destination[0], 0,
							IPPROTO_UDP, 0);

	return (__force u16)~sum;
}

/* Makes what packets of a path have in common, of which the rest is set. */
void rtpe_path_prepare(struct rtpe_path *path)
{
	path->hash = rtpe_path_hash(path);
	path->sum = rtpe_path_sum(path);
	path->ipv4 = htons((4 << 12) | (5 << 8) | path->tos);
	path->priority = rt_tos2priority(path->tos);
}

/* Whether a device has the source address that belongs to an L3 master, or with `dev` NULL to none. */
static bool rtpe_is_source6_of(struct net *net, const struct rtpe_path *path,
			       const struct net_device *dev)
{
	return ipv6_chk_addr_and_flags(net, rtpe_source6(path), dev, true, 1, IFA_F_TENTATIVE);
}

/* The L3 master whose tables are asked: that of the device that holds the source address, else of `device`. 0 for none. */
static int rtpe_l3_master(struct net *net, const struct rtpe_path *path, int device)
{
	struct net_device *by = device ? dev_get_by_index_rcu(net, device) : NULL;
	struct net_device *dev;

	if (!path->is_ipv6) {
		dev = __ip_dev_find(net, path->source[0], false);
		return l3mdev_master_ifindex_rcu(dev ?: by);
	}
	if (rtpe_is_source6_of(net, path, NULL))
		return 0;
	if (!by || !rtpe_is_source6_of(net, path, by)) {
		for_each_netdev_rcu(net, dev) {
			if (netif_is_l3_master(dev) && rtpe_is_source6_of(net, path, dev))
				return dev->ifindex;
		}
	}
	return l3mdev_master_ifindex_rcu(by);
}

/*
 * The link of a destination that does not tell its own: that of the source address. 0 when no device holds it, or several
 * do, as VLANs hold the link-local address of their device.
 */
static int rtpe_link(struct net *net, const struct rtpe_path *path)
{
	struct net_device *dev;
	int link = 0;

	if (!ipv6_mod_enabled())
		return 0;
	for_each_netdev_rcu(net, dev) {
		if (!ipv6_chk_addr(net, rtpe_source6(path), dev, 1))
			continue;
		if (link)
			return 0;
		link = dev->ifindex;
	}
	return link;
}

static bool rtpe_needs_link(const struct rtpe_path *path)
{
	return path->is_ipv6 &&
	       __ipv6_addr_needs_scope_id(ipv6_addr_type(rtpe_destination6(path)));
}

static struct dst_entry *rtpe_look_up4(struct net *net, const struct rtpe_path *path, int device)
{
	struct flowi4 flow;
	struct rtable *route;
	int oif = 0;

	/* The source address alone tells where multicast leaves, as for a socket. */
	if (!ipv4_is_multicast(path->destination[0]))
		oif = rtpe_l3_master(net, path, device);
	flowi4_init_output(&flow, oif, 0, path->tos & INET_DSCP_MASK, RT_SCOPE_UNIVERSE,
			   IPPROTO_UDP, FLOWI_FLAG_ANYSRC, path->destination[0], path->source[0],
			   path->destination_port, path->source_port, path->uid);
	route = ip_route_output_flow(net, &flow, NULL);
	return IS_ERR(route) ? ERR_CAST(route) : &route->dst;
}

static struct dst_entry *rtpe_look_up6(struct net *net, const struct rtpe_path *path, int device)
{
	struct flowi6 flow = rtpe_flow6(path);

	/* There are no lists of addresses then. */
	if (!ipv6_mod_enabled())
		return ERR_PTR(-EAFNOSUPPORT);
	if (rtpe_needs_link(path)) {
		flow.flowi6_oif = rtpe_link(net, path);
		if (!flow.flowi6_oif)
			return ERR_PTR(-EINVAL);
	} else {
		flow.flowi6_oif = rtpe_l3_master(net, path, device);
	}
	return ip6_dst_lookup_flow(net, NULL, &flow, NULL);
}

/* Called under RCU. */
static struct dst_entry *rtpe_look_up(struct net *net, const struct rtpe_path *path, int device)
{
	return path->is_ipv6 ? rtpe_look_up6(net, path, device) : rtpe_look_up4(net, path, device);
}

static bool rtpe_is_broadcast(const struct rtpe_path *path, const struct dst_entry *dst)
{
	return !path->is_ipv6 && dst_rtable(dst)->rt_flags & RTCF_BROADCAST;
}

static bool rtpe_is_malformed(const struct rtpe_path *path)
{
	__be32 source = path->source[0];

	if (path->is_ipv6)
		return ipv6_addr_is_multicast(rtpe_source6(path)) ||
		       ipv6_addr_v4mapped(rtpe_source6(path)) ||
		       ipv6_addr_v4mapped(rtpe_destination6(path));
	return ipv4_is_multicast(source) || ipv4_is_lbcast(source);
}

/*
 * Whether no datagram may go that way: -EINVAL for addresses that no host has, or a link that nothing tells, -EACCES for
 * broadcast. There need not be a route.
 */
int rtpe_path_check(struct net *net, const struct rtpe_path *path)
{
	struct dst_entry *dst;
	int result = 0;

	if (rtpe_is_malformed(path))
		return -EINVAL;
	if (!path->is_ipv6 && ipv4_is_lbcast(path->destination[0]))
		return -EACCES;
	rcu_read_lock();
	if (rtpe_needs_link(path)) {
		if (!rtpe_link(net, path))
			result = -EINVAL;
	} else {
		dst = rtpe_look_up(net, path, 0);
		if (!IS_ERR(dst)) {
			if (rtpe_is_broadcast(path, dst))
				result = -EACCES;
			dst_release(dst);
		}
	}
	rcu_read_unlock();
	return result;
}

void rtpe_route_init(struct rtpe_route *route)
{
	*route = (struct rtpe_route){
		.headroom = LL_MAX_HEADER + sizeof(struct ipv6hdr) + sizeof(struct udphdr),
		.ident = ATOMIC_INIT(get_random_u16()),
	};
}

/* Lets go of what is cached. Nobody uses the route any more. */
void rtpe_route_release(struct rtpe_route *route)
{
	dst_release(route->dst);
}

static bool rtpe_gateway_is_doubtful(const struct dst_entry *dst)
{
	const struct neighbour *gateway;
	bool none;

	gateway = rtpe_gateway(dst, &none);
	return gateway && !(READ_ONCE(gateway->nud_state) & NUD_VALID);
}

static bool rtpe_is_of_one_table(const struct dst_entry *one, const struct dst_entry *other)
{
	const struct fib6_info *a = rcu_dereference(dst_rt6_info(one)->from);
	const struct fib6_info *b = rcu_dereference(dst_rt6_info(other)->from);

	return a && b && a->fib6_table == b->fib6_table;
}

/*
 * IPv6 takes a gateway that is being asked for to be there (rt6_check_neigh()), so that a lookup leads back to a dead one
 * whenever somebody asks for it. While a route is right and its gateway stands, it is kept for another second.
 */
static bool rtpe_is_kept(const struct rtpe_route *route, struct dst_entry *old,
			 const struct dst_entry *new)
{
	struct neighbour *gateway;

	return old && old->ops->family == AF_INET6 && !dst_xfrm(old) && !dst_xfrm(new) &&
	       rtpe_gateway_is_doubtful(new) && dst_check(old, READ_ONCE(route->cookie)) &&
	       rtpe_gateway_stands(route, old, &gateway) && rtpe_is_of_one_table(old, new);
}

/* The TTL, or hop limit, of what a socket without options sends by a route. */
int rtpe_route_ttl(const struct rtpe_path *path, const struct dst_entry *dst)
{
	if (path->is_ipv6 ? ipv6_addr_is_multicast(rtpe_destination6(path)) :
			    ipv4_is_multicast(path->destination[0]))
		return 1;
	return path->is_ipv6 ? ip6_dst_hoplimit((struct dst_entry *)dst) : ip4_dst_hoplimit(dst);
}

/* Caches a route, whose reference is taken over, or none. False when another processor is about to. */
static bool rtpe_route_set(const struct rtpe_path *path, struct rtpe_route *route,
			   struct dst_entry *dst)
{
	struct dst_entry *old;

	if (test_and_set_bit_lock(RTPE_ROUTE_BUSY, &route->flags))
		return false;
	/*
	 * Who reads meanwhile may have the old cookie for the new route, and looks it up again, or the new cookie for the old
	 * route, and sends one more packet by that.
	 */
	old = xchg(&route->dst, dst);
	WRITE_ONCE(route->plain4, dst && rtpe_is_plain4(dst) ? dst : NULL);
	if (dst) {
		WRITE_ONCE(route->ttl, rtpe_route_ttl(path, dst));
		if (dst->ops->family == AF_INET6)
			WRITE_ONCE(route->cookie, rt6_get_cookie(dst_rt6_info(dst)));
		WRITE_ONCE(route->headroom, rtpe_headroom(dst) + sizeof(struct udphdr) +
			   (dst->ops->family == AF_INET6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)));
		WRITE_ONCE(route->expires, jiffies + HZ);
		/* A gateway in doubt that was found again is not doubted for each of many packets. */
		WRITE_ONCE(route->doubted, old == dst ? jiffies + HZ / 50 : jiffies);
	}
	clear_bit_unlock(RTPE_ROUTE_BUSY, &route->flags);
	dst_release(old);
	return true;
}

/* Looks a route up as rtpe_route_get() does; `old` is the one that was cached. */
struct dst_entry *rtpe_route_renew(struct net *net, const struct rtpe_path *path,
				   struct rtpe_route *route, struct dst_entry *old, int device,
				   bool *is_cached)
{
	struct dst_entry *dst = rtpe_look_up(net, path, device);

	*is_cached = false;
	if (!IS_ERR(dst) && rtpe_is_broadcast(path, dst)) {
		dst_release(dst);
		dst = ERR_PTR(-EACCES);
	}
	if (IS_ERR(dst)) {
		if (old)
			rtpe_route_set(path, route, NULL);
		return dst;
	}
	if (rtpe_is_kept(route, old, dst)) {
		dst_release(dst);
		WRITE_ONCE(route->expires, jiffies + HZ);
		*is_cached = true;
		return old;
	}
	*is_cached = rtpe_route_set(path, route, dst);
	return dst;
}
