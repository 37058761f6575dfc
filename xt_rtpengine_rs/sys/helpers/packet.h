/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_PACKET_H
#define RTPE_HELPERS_PACKET_H

#include <linux/types.h>

struct sk_buff;

bool rtpe_skb_may_pull(struct sk_buff *skb, unsigned int len);
bool rtpe_skb_linearize(struct sk_buff *skb);
bool rtpe_skb_make_private(struct sk_buff *skb);
bool rtpe_skb_shared(const struct sk_buff *skb);
bool rtpe_skb_is_gso(const struct sk_buff *skb);
bool rtpe_skb_csum_vouched(const struct sk_buff *skb);
bool rtpe_skb_policy_allows(struct sk_buff *skb, bool ipv4);
__sum16 rtpe_udp4_csum(const void *udp, unsigned int len, __be32 saddr, __be32 daddr);
__sum16 rtpe_udp6_csum(const void *udp, unsigned int len, const void *saddr, const void *daddr);
int rtpe_skb_network_offset(const struct sk_buff *skb);
int rtpe_skb_device(const struct sk_buff *skb);
s64 rtpe_skb_arrival(const struct sk_buff *skb);
void rtpe_skb_set_arrival(struct sk_buff *skb, s64 ns);
void rtpe_consume_skb(struct sk_buff *skb);

#endif
