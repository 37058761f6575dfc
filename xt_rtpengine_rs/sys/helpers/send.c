// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending: a payload becomes a datagram of this host, with what a socket that has no options set gives it.
 */

#include "../bindings.h"

/* Forgets all that a buffer tells of the packet that was received, but its data. */
static void rtpe_skb_scrub(struct sk_buff *skb)
{
	struct skb_shared_info *info = skb_shinfo(skb);
	u16 cpu = skb->alloc_cpu;

	skb_orphan(skb);
	skb_dst_drop(skb);
	skb_ext_reset(skb);
	nf_reset_ct(skb);
	skb->dev = NULL;
	skb->tstamp = 0;
	skb->mac_len = 0;
	skb->queue_mapping = 0;
	memset(skb->cb, 0, sizeof(skb->cb));
	/* All that a clone takes over, and a new buffer has as zero: marks, hash, priority, times, tags, checksums. */
	memset(&skb->headers, 0, sizeof(skb->headers));
	skb->alloc_cpu = cpu;
	skb_unset_mac_header(skb);
	info->gso_size = 0;
	info->gso_segs = 0;
	info->gso_type = 0;
	info->meta_len = 0;
	info->tx_flags = 0;
	info->tskey = 0;
	info->hwtstamps = (struct skb_shared_hwtstamps){};
}

/*
 * Makes a buffer that was received one to send: `len` bytes of its linear data from `start` on, which nobody else has then, with
 * the room that the route wants before them and `growth` bytes behind them.
 */
bool rtpe_skb_take(struct sk_buff *skb, unsigned int start, unsigned int len,
		   const struct rtpe_route *route, unsigned int growth)
{
	int before, behind;

	if (skb_is_nonlinear(skb) || start > skb->len || len > skb->len - start)
		return false;
	__skb_pull(skb, start);
	__skb_trim(skb, len);
	before = max_t(int, 0, READ_ONCE(route->headroom) - skb_headroom(skb));
	behind = max_t(int, 0, growth - skb_tailroom(skb));
	if ((before || behind || skb_cloned(skb)) &&
	    pskb_expand_head(skb, ALIGN(before, NET_SKB_PAD), behind, GFP_ATOMIC))
		return false;
	rtpe_skb_scrub(skb);
	return true;
}

/* A buffer with a copy of a payload, and room as above. */
struct sk_buff *rtpe_skb_copy(const void *payload, unsigned int len,
			      const struct rtpe_route *route, unsigned int growth)
{
	unsigned int headroom = READ_ONCE(route->headroom);
	struct sk_buff *skb = alloc_skb(headroom + len + growth, GFP_ATOMIC);

	if (skb) {
		skb_reserve(skb, headroom);
		skb_put_data(skb, payload, len);
	}
	return skb;
}

/* Writes the UDP header. Its checksum is left to the device, or to who finds that it cannot. */
static struct udphdr *rtpe_push_udp(struct sk_buff *skb, const struct rtpe_path *path)
{
	struct udphdr *udp = __skb_push(skb, sizeof(*udp));

	skb_reset_transport_header(skb);
	udp->source = path->source_port;
	udp->dest = path->destination_port;
	udp->len = htons(skb->len);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
	return udp;
}

static int rtpe_ttl(int ttl, const struct rtpe_limits *limits)
{
	return limits->ttl < 0 ? ttl : min(ttl, limits->ttl);
}

/* Writes the headers of IPv4, as __ip_make_skb() and udp_send_skb(). */
static void rtpe_push4(struct net *net, struct sk_buff *skb, const struct rtpe_path *path,
		       struct rtpe_route *route, const struct rtpe_limits *limits)
{
	const struct dst_entry *dst = skb_dst(skb);
	__be32 source = path->source[0], destination = path->destination[0];
	struct udphdr *udp = rtpe_push_udp(skb, path);
	struct iphdr *ip;
	int ttl = 1;

	udp->check = ~udp_v4_check(skb->len, source, destination, 0);
	ip = __skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	if (!ipv4_is_multicast(destination))
		ttl = ip4_dst_hoplimit(dst);
	*(__be16 *)ip = htons((4 << 12) | (5 << 8) | path->tos);
	ip->ttl = rtpe_ttl(ttl, limits);
	ip->protocol = IPPROTO_UDP;
	ip->saddr = source;
	ip->daddr = destination;
	/* With the default path MTU discovery of a new socket (ip_dont_fragment()). */
	if (skb->len <= dst4_mtu(dst) && !READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) &&
	    !ip_mtu_locked(dst)) {
		ip->frag_off = htons(IP_DF);
		ip->id = htons((u16)atomic_inc_return(&route->ident));
	} else {
		ip->frag_off = 0;
		__ip_select_ident(net, ip, 1);
	}
	skb->priority = rt_tos2priority(path->tos);
}

/* Writes the headers of IPv6, as __ip6_make_skb() and udp_v6_send_skb(). */
static void rtpe_push6(struct net *net, struct sk_buff *skb, const struct rtpe_path *path,
		       const struct rtpe_limits *limits)
{
	struct dst_entry *dst = skb_dst(skb);
	const struct in6_addr *source = (const struct in6_addr *)path->source;
	const struct in6_addr *destination = (const struct in6_addr *)path->destination;
	struct udphdr *udp = rtpe_push_udp(skb, path);
	struct ipv6hdr *ip;
	__be32 label;
	int ttl = 1;

	udp->check = ~udp_v6_check(skb->len, source, destination, 0);
	/* The label is made of the hash, which need not be computed any more. */
	__skb_set_sw_hash(skb, path->hash, true);
	label = ip6_make_flowlabel(net, skb, 0, ip6_default_np_autolabel(net), NULL);
	ip = __skb_push(skb, sizeof(*ip));
	skb_reset_network_header(skb);
	if (!ipv6_addr_is_multicast(destination))
		ttl = ip6_dst_hoplimit(dst);
	ip6_flow_hdr(ip, path->tos, label);
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = rtpe_ttl(ttl, limits);
	ip->saddr = *source;
	ip->daddr = *destination;
	IP6_INC_STATS(net, dst_rt6_info(dst)->rt6i_idev, IPSTATS_MIB_OUTREQUESTS);
}

/* Hands a datagram with headers and route to the stack, as ip_send_skb() and ip6_send_skb(). The buffer is gone. */
int rtpe_hand_over(struct net *net, struct sk_buff *skb)
{
	struct inet6_dev *idev = NULL;
	bool is_ipv6 = ip_hdr(skb)->version == 6;
	int result;

	rcu_read_lock();
	if (is_ipv6) {
		idev = dst_rt6_info(skb_dst(skb))->rt6i_idev;
		result = ip6_local_out(net, NULL, skb);
	} else {
		result = ip_local_out(net, NULL, skb);
	}
	if (unlikely(result)) {
		if (result > 0)
			result = net_xmit_errno(result);
		if (result && is_ipv6)
			IP6_INC_STATS(net, idev, IPSTATS_MIB_OUTDISCARDS);
		else if (result)
			IP_INC_STATS(net, IPSTATS_MIB_OUTDISCARDS);
	}
	rcu_read_unlock();
	return result;
}

static int rtpe_drop(struct sk_buff *skb, enum skb_drop_reason reason, int error)
{
	kfree_skb_reason(skb, reason);
	return error;
}

/*
 * Sends the first `len` bytes of a buffer that rtpe_skb_take() or rtpe_skb_copy() made, with no more of what is behind its data
 * than its growth. At once, or with a `report` later: then what is returned is no more than why it was not queued. The
 * buffer is gone.
 */
int rtpe_send(struct net *net, struct sk_buff *skb, unsigned int len,
	      const struct rtpe_path *path, struct rtpe_route *route,
	      const struct rtpe_limits *limits, const struct rtpe_report *report)
{
	const unsigned int ip = path->is_ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	const unsigned int headers = ip + sizeof(struct udphdr);
	/* The length of IPv6 does not count its header. */
	const unsigned int longest = IP_MAX_MTU - (path->is_ipv6 ? sizeof(struct udphdr) : headers);
	struct dst_entry *dst;
	unsigned int headroom;
	bool is_cached;
	int result;

	if (len > longest)
		return rtpe_drop(skb, SKB_DROP_REASON_PKT_TOO_BIG, -EMSGSIZE);
	if (limits->ttl == 0)
		/* As ip_forward() and ip6_forward() have it. */
		return rtpe_drop(skb, SKB_DROP_REASON_IP_INHDR, -ELOOP);
	if (len > skb->len)
		__skb_put(skb, len - skb->len);
	else
		__skb_trim(skb, len);

	rcu_read_lock();
	dst = rtpe_route_get(net, path, route, limits->device, &is_cached);
	if (IS_ERR(dst)) {
		result = rtpe_drop(skb, SKB_DROP_REASON_IP_OUTNOROUTES, PTR_ERR(dst));
		goto out;
	}
	if (is_cached)
		skb_dst_set_noref(skb, dst);
	else
		skb_dst_set(skb, dst);
	headroom = rtpe_headroom(dst) + headers;
	if (unlikely(skb_headroom(skb) < headroom) &&
	    pskb_expand_head(skb, ALIGN(headroom - skb_headroom(skb), NET_SKB_PAD), 0, GFP_ATOMIC)) {
		result = rtpe_drop(skb, SKB_DROP_REASON_NOMEM, -ENOMEM);
		goto out;
	}
	if (path->is_ipv6)
		rtpe_push6(net, skb, path, limits);
	else
		rtpe_push4(net, skb, path, route, limits);
	/* The stack may fragment it, whatever becomes of its size and of its way. */
	skb->ignore_df = 1;
	result = report ? rtpe_later(net, skb, report) : rtpe_hand_over(net, skb);
out:
	rcu_read_unlock();
	return result;
}
