// SPDX-License-Identifier: GPL-2.0-only
/* Packet buffers. */

#include "../bindings.h"

bool rtpe_skb_may_pull(struct sk_buff *skb, unsigned int len)
{
	return pskb_may_pull(skb, len);
}

bool rtpe_skb_linearize(struct sk_buff *skb)
{
	return skb_linearize(skb) == 0;
}

/* Makes sure that nobody else has the data. */
bool rtpe_skb_make_private(struct sk_buff *skb)
{
	return !skb_cloned(skb) || pskb_expand_head(skb, 0, 0, GFP_ATOMIC) == 0;
}

bool rtpe_skb_shared(const struct sk_buff *skb)
{
	return skb_shared(skb);
}

bool rtpe_skb_is_gso(const struct sk_buff *skb)
{
	return skb_is_gso(skb);
}

bool rtpe_skb_csum_vouched(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL || skb_csum_unnecessary(skb);
}

/* Whether the policies of IPsec let the packet in. */
bool rtpe_skb_policy_allows(struct sk_buff *skb, bool ipv4)
{
	return xfrm_policy_check(NULL, XFRM_POLICY_IN, skb, ipv4 ? AF_INET : AF_INET6);
}

__sum16 rtpe_udp4_csum(const void *udp, unsigned int len, __be32 saddr, __be32 daddr)
{
	return csum_tcpudp_magic(saddr, daddr, len, IPPROTO_UDP, csum_partial(udp, len, 0));
}

__sum16 rtpe_udp6_csum(const void *udp, unsigned int len, const void *saddr, const void *daddr)
{
	return csum_ipv6_magic(saddr, daddr, len, IPPROTO_UDP, csum_partial(udp, len, 0));
}

int rtpe_skb_network_offset(const struct sk_buff *skb)
{
	return skb_network_offset(skb);
}

/* The index of the device that the packet came in by. */
int rtpe_skb_device(const struct sk_buff *skb)
{
	return skb->skb_iif;
}

s64 rtpe_skb_arrival(const struct sk_buff *skb)
{
	ktime_t stamp = skb_tstamp(skb);

	return stamp > 0 ? stamp : ktime_get_real();
}

void rtpe_skb_set_arrival(struct sk_buff *skb, s64 ns)
{
	skb->tstamp = ns;
	skb->tstamp_type = SKB_CLOCK_REALTIME;
}

void rtpe_consume_skb(struct sk_buff *skb)
{
	consume_skb(skb);
}
