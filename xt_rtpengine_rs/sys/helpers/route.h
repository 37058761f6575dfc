/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_ROUTE_H
#define RTPE_HELPERS_ROUTE_H

#include <linux/types.h>
#include <linux/uidgid.h>

struct dst_entry;
struct net;

/* From where to where datagrams go: addresses and ports in network order, an IPv4 address in the first word of its four. */
struct rtpe_path {
	__be32 source[4];
	__be32 destination[4];
	__be16 source_port;
	__be16 destination_port;
	__u8 tos;
	bool is_ipv6;
	/* Whose socket it would be. */
	kuid_t uid;
	/* What follows is made of the rest by rtpe_path_prepare(). Of the flow, which the flow label of IPv6 is made of. */
	__u32 hash;
	/* The sum of addresses and protocol, for checksums: 16 bits. */
	__u32 sum;
	/* What a header of IPv4 without options begins with. */
	__be16 ipv4;
	/* Of packets (SO_PRIORITY). */
	__u8 priority;
};

/* The route of one path, as the last lookup found it. */
struct rtpe_route {
	/* Owned. Read under RCU; replaced by whoever sets RTPE_ROUTE_BUSY. */
	struct dst_entry *dst;
	/* The same, where it is one of IPv4 that rtpe_is_plain4() is true of; else NULL. */
	struct dst_entry *plain4;
	unsigned long flags;
	/* When it is to be looked up anew, and when if its gateway is not known to be reachable, in jiffies. */
	unsigned long expires;
	unsigned long doubted;
	/* What dst_check() wants to know. */
	__u32 cookie;
	/* Room that the route wants before the payload. */
	__u32 headroom;
	/* TTL or hop limit; 0 when it is not known yet. */
	__u8 ttl;
	/* The last identification that was given to a datagram of IPv4. */
	atomic_t ident;
};

void rtpe_path_prepare(struct rtpe_path *path);
int rtpe_path_check(struct net *net, const struct rtpe_path *path);

void rtpe_route_init(struct rtpe_route *route);
void rtpe_route_release(struct rtpe_route *route);

#endif
