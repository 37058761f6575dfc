// SPDX-License-Identifier: GPL-2.0-only
/* Packet buffers. */

#include "../bindings.h"

bool rtpe_skb_may_pull(struct sk_buff *skb, unsigned int len)
{
	return !skb_shared(skb) && pskb_may_pull(skb, len);
}

/* Makes sure that nobody else has the data. */
bool rtpe_skb_make_private(struct sk_buff *skb)
{
	return !skb_cloned(skb) || pskb_expand_head(skb, 0, 0, GFP_ATOMIC) == 0;
}

void rtpe_skb_set_arrival(struct sk_buff *skb, s64 ns)
{
	skb->tstamp = ns;
	skb->tstamp_type = SKB_CLOCK_REALTIME;
}

/* An inline function where the kernel has no tracepoints. */
void rtpe_skb_consume(struct sk_buff *skb)
{
	consume_skb(skb);
}
