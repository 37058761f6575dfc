/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_HOOK_H
#define RTPE_HELPERS_HOOK_H

#include <linux/types.h>

#include "input.h"

struct nf_hook_state;
struct sk_buff;

enum rtpe_shape {
	RTPE_REFUSED,		/* not to be judged here */
	RTPE_UNSOUND,		/* the stack drops it */
	RTPE_SINGLE,		/* a sound datagram in one piece */
	RTPE_JOINED,		/* several datagrams, to be taken apart */
};

enum rtpe_confirmed {
	RTPE_CONFIRMED,		/* or there is nothing to confirm */
	RTPE_DROPPED,		/* by a verdict: it is the caller's to free */
	RTPE_GONE,		/* a hook has it */
};

/* How a packet came. */
struct rtpe_arrival {
	s64 ns;			/* Unix time */
	int device;		/* the index of the device that it came in by */
	bool from_this_host;
	bool bh_disabled;	/* by rtpe_take_in(): rtpe_bh_enable() is due for the last two */
};

/* Where a packet met a rule. */
struct rtpe_hook {
	struct nf_hook_state *state;
	enum rtpe_place place;
	u32 table;		/* which the rule names */
	bool ipv4;
};

enum rtpe_shape rtpe_take_in(struct sk_buff *skb, const struct rtpe_hook *hook,
			     unsigned int udp_offset, unsigned int udp_len,
			     struct rtpe_input_route *route, struct rtpe_arrival *arrival);
struct sk_buff *rtpe_segments(struct sk_buff *skb);
enum rtpe_confirmed rtpe_confirm(struct sk_buff *skb, const struct nf_hook_state *state,
				 bool ipv4, enum rtpe_place place);
void rtpe_reinject(struct sk_buff *skb, const struct nf_hook_state *state, u32 table);

#endif
