/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_PACKET_H
#define RTPE_HELPERS_PACKET_H

#include <linux/types.h>

struct sk_buff;

bool rtpe_skb_may_pull(struct sk_buff *skb, unsigned int len);
bool rtpe_skb_make_private(struct sk_buff *skb);
void rtpe_skb_set_arrival(struct sk_buff *skb, s64 ns);
void rtpe_skb_consume(struct sk_buff *skb);

#endif
