/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_SEND_INLINE_H
#define RTPE_HELPERS_SEND_INLINE_H

/* What the ways out of IPv4 and IPv6 have in common: for C alone. All is called under RCU. */

#include "route_get.h"

int rtpe_refused4(struct net *net, int result);
int rtpe_refused6(struct net *net, struct inet6_dev *idev, int result);
int rtpe_drop(struct sk_buff *skb, enum skb_drop_reason reason, int error);
int rtpe_after_local_out(struct net *net, struct sock *sk, struct sk_buff *skb);

int rtpe_hook_verdict(struct sk_buff *skb, struct nf_hook_state *state,
		      const struct nf_hook_entries *entries, unsigned int at, unsigned int verdict);

/* As nf_hook() with nf_hook_slow(), but that RCU is not entered again. What is queued goes on in `next`. */
static __always_inline int rtpe_hook(struct nf_hook_state *state, u8 family, unsigned int hook,
				     struct sk_buff *skb,
				     int (*next)(struct net *, struct sock *, struct sk_buff *))
{
	struct nf_hook_entries __rcu *const *all =
		family == NFPROTO_IPV4 ? state->net->nf.hooks_ipv4 : state->net->nf.hooks_ipv6;
	const struct nf_hook_entries *entries;
	unsigned int i, verdict;

#ifdef CONFIG_JUMP_LABEL
	if (!static_key_false(&nf_hooks_needed[family][hook]))
		return 1;
#endif
	entries = rcu_dereference(all[hook]);
	if (!entries)
		return 1;
	state->hook = hook;
	state->okfn = next;
	for (i = 0; i < entries->num_hook_entries; i++) {
		verdict = nf_hook_entry_hookfn(&entries->hooks[i], skb, state);
		if (unlikely(verdict != NF_ACCEPT))
			return rtpe_hook_verdict(skb, state, entries, i, verdict);
	}
	return 1;
}

/*
 * Gives a linear buffer a payload of `len` bytes, a route, and room for headers: all but what the device wants was seen to when
 * the buffer was made. Writes the UDP header but its checksum, which is left to the device, or to who finds that it cannot.
 */
static inline struct udphdr *rtpe_begin(struct sk_buff *skb, unsigned int len,
					const struct rtpe_path *path, unsigned int ip_header,
					struct dst_entry *dst, bool is_cached)
{
	struct udphdr *udp;

	/* As skb_dst_set_noref() or skb_dst_set() of a route that there is. */
	skb->slow_gro = true;
	skb->_skb_refdst = (unsigned long)dst | (likely(is_cached) ? SKB_DST_NOREF : 0);
	skb_set_tail_pointer(skb, len);
	skb->len = len;
	udp = __skb_push(skb, sizeof(*udp) + ip_header) + ip_header;
	skb_reset_network_header(skb);
	skb->transport_header = skb->network_header + ip_header;
	/* The stack may fragment it, whatever becomes of its size and of its way. */
	skb->ignore_df = 1;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb->transport_header;
	skb->csum_offset = offsetof(struct udphdr, check);
	/* One is behind the other, in both. */
	*(__be32 *)&udp->source = *(const __be32 *)&path->source_port;
	udp->len = htons(len + sizeof(*udp));
	return udp;
}

/* The sum of fewer than 65,536 words of 16 bits, as one. */
static inline u16 rtpe_fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return sum + (sum >> 16);
}

/* The checksum of a UDP header alone, of that length. */
static inline __sum16 rtpe_udp_check(const struct rtpe_path *path, __be16 len)
{
	return (__force __sum16)rtpe_fold(path->sum + (__force u16)len);
}

static inline int rtpe_ttl(const struct rtpe_path *path, const struct rtpe_route *route,
			   const struct dst_entry *dst, const struct rtpe_limits *limits)
{
	int ttl = READ_ONCE(route->ttl);

	if (unlikely(!ttl))
		ttl = rtpe_route_ttl(path, dst);
	return limits->ttl < 0 ? ttl : min(ttl, limits->ttl);
}

#endif
