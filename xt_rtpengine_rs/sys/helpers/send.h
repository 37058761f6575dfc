/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_SEND_H
#define RTPE_HELPERS_SEND_H

#include <linux/types.h>

struct net;
struct rtpe_report;
struct rtpe_path;
struct rtpe_route;
struct sk_buff;

/* What bounds a datagram. */
struct rtpe_limits {
	/* Its TTL or hop limit at most; negative for no limit. */
	int ttl;
	/* The device whose packet is relayed, or 0: it tells the VRF of a source address that no device holds. */
	int device;
	/* Whether it leaves past the hooks of output and postrouting, where its route is plain. */
	bool past_hooks;
	/* Who is told what becomes of it when it is sent later; NULL for at once. */
	const struct rtpe_report *report;
};

bool rtpe_skb_take(struct sk_buff *skb, unsigned int start, unsigned int len,
		   const struct rtpe_route *route, unsigned int growth);
struct sk_buff *rtpe_skb_copy(const void *payload, unsigned int len,
			      const struct rtpe_route *route, unsigned int growth);
/*
 * Sends the first `len` bytes of a buffer that rtpe_skb_take() or rtpe_skb_copy() made, with no more of what is behind its data
 * than its growth, by a path. At once, or later: then what is returned is no more than why it was not queued.
 * The buffer is gone. Called under RCU.
 */
int rtpe_send(struct net *net, struct sk_buff *skb, unsigned int len,
	      const struct rtpe_path *path, struct rtpe_route *route,
	      const struct rtpe_limits *limits);
/* Over IPv6. */
int rtpe_send6(struct net *net, struct sk_buff *skb, unsigned int len,
	       const struct rtpe_path *path, struct rtpe_route *route,
	       const struct rtpe_limits *limits);
int rtpe_hand_over(struct net *net, struct sk_buff *skb);
void rtpe_send_end(void);

#endif
