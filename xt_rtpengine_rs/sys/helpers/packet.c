// SPDX-License-Identifier: GPL-2.0-only
/* Packet buffers. */

#include "../bindings.h"

struct sk_buff *rtpe_alloc_skb(unsigned int size)
{
	return alloc_skb(size, GFP_ATOMIC);
}

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

int rtpe_skb_tailroom(const struct sk_buff *skb)
{
	return skb_tailroom(skb);
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

/* As skb_cow(), but for room behind the data too. */
int rtpe_skb_make_room(struct sk_buff *skb, unsigned int headroom, unsigned int tailroom)
{
	int before = max_t(int, 0, headroom - skb_headroom(skb));
	int behind = max_t(int, 0, tailroom - skb_tailroom(skb));

	if (!before && !behind && !skb_cloned(skb))
		return 0;
	return pskb_expand_head(skb, ALIGN(before, NET_SKB_PAD), behind, GFP_ATOMIC);
}

void rtpe_skb_reserve(struct sk_buff *skb, unsigned int len)
{
	skb_reserve(skb, len);
}

/* Forgets all that the buffer carries of the packet that was received, but its data. */
void rtpe_skb_scrub(struct sk_buff *skb)
{
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb_clear_hash(skb);
	skb_set_queue_mapping(skb, 0);
	__vlan_hwaccel_clear_tag(skb);
	skb->priority = 0;
	skb->dev = NULL;
	skb->encapsulation = 0;
	skb->ip_summed = CHECKSUM_NONE;
	skb->csum_valid = 0;
	skb->csum_level = 0;
	skb_init_secmark(skb);
	memset(skb_hwtstamps(skb), 0, sizeof(struct skb_shared_hwtstamps));
	skb_shinfo(skb)->tx_flags = 0;
	memset(skb->cb, 0, sizeof(skb->cb));
}

void rtpe_skb_set_headers(struct sk_buff *skb, int transport_offset)
{
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb_set_transport_header(skb, transport_offset);
}

void rtpe_skb_set_protocol(struct sk_buff *skb, __be16 protocol)
{
	skb->protocol = protocol;
}

void rtpe_skb_set_ignore_df(struct sk_buff *skb)
{
	skb->ignore_df = 1;
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
