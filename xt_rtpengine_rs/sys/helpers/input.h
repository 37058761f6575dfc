/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_INPUT_H
#define RTPE_HELPERS_INPUT_H

#include <linux/types.h>

struct nf_hook_state;
struct sk_buff;

/* How far a packet has come. */
enum rtpe_place {
	RTPE_INGRESS,		/* a device has it; IP has not seen it */
	RTPE_PREROUTING,	/* IP has checked its header */
	RTPE_INPUT,		/* it is routed to this host, and its source is valid */
};

#define RTPE_INPUT_WORDS 5

/* What the last packet was whose route led to this host. All zero: none. */
struct rtpe_input_route {
	__u64 known[RTPE_INPUT_WORDS];
	/* When it is to be looked up anew, in jiffies. */
	unsigned long expires;
	/* Odd while the rest is being written. */
	__u32 sequence;
};

__u8 rtpe_family(const struct sk_buff *skb);
bool rtpe_is_for_this_host(struct sk_buff *skb, const struct nf_hook_state *state,
			   enum rtpe_place place, bool ipv4, unsigned int udp_offset,
			   struct rtpe_input_route *route);
void rtpe_mark_judged(struct sk_buff *skb, const struct nf_hook_state *state, __u32 table);
bool rtpe_is_mark_of(const struct sk_buff *skb, const struct nf_hook_state *state, __u32 table);

#endif
