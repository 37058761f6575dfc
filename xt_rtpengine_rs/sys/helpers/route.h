/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_ROUTE_H
#define RTPE_HELPERS_ROUTE_H

#include <linux/types.h>

struct dst_cache;
struct dst_entry;
struct net;
struct sk_buff;

struct dst_entry *rtpe_route4(struct net *net, __be32 saddr, __be32 daddr, __be16 sport,
			      __be16 dport, u8 tos);
struct dst_entry *rtpe_route6(struct net *net, const void *saddr, const void *daddr,
			      __be16 sport, __be16 dport, u8 traffic_class);
int rtpe_dst_cache_init(struct dst_cache *cache);
void rtpe_dst_release(struct dst_entry *dst);
unsigned int rtpe_dst_mtu(const struct dst_entry *dst);
bool rtpe_dont_fragment(const struct net *net, const struct dst_entry *dst);
unsigned int rtpe_dst_headroom(const struct dst_entry *dst);
int rtpe_dst_hoplimit4(const struct dst_entry *dst);
void rtpe_skb_dst_set(struct sk_buff *skb, struct dst_entry *dst);
void rtpe_select_ident(struct net *net, void *ip);

#endif
