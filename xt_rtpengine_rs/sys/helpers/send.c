// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending: a payload becomes a datagram of this host, with what a socket that has no options set gives it.
 */

#include "../bindings.h"
#include "send_inline.h"

/* Exported, but declared for netfilter itself alone (net/netfilter/nf_internals.h). */
void nf_queue_nf_hook_drop(struct net *net);

/* memset() to zero, whose string instruction takes longer to start than this does in all. */
static __always_inline void rtpe_clear(void *at, const size_t size)
{
	size_t done;

#pragma GCC unroll 16
	for (done = 0; done + sizeof(long) <= size; done += sizeof(long))
		WRITE_ONCE(*(long *)(at + done), 0);
	memset(at + done, 0, size - done);
}

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
	BUILD_BUG_ON(offsetof(struct sk_buff, cb) % sizeof(long) ||
		     offsetof(struct sk_buff, headers) % sizeof(long));
	rtpe_clear(skb->cb, sizeof(skb->cb));
	/* All that a clone takes over, and a new buffer has as zero: marks, hash, priority, times, tags, checksums. */
	rtpe_clear(&skb->headers, sizeof(skb->headers));
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

/*
 * A buffer with a copy of a payload, and room as above: from the processor's caches, with bottom halves off. Its data is a part of a
 * page, as drivers have it, which is not cleared for each.
 */
struct sk_buff *rtpe_skb_copy(const void *payload, unsigned int len,
			      const struct rtpe_route *route, unsigned int growth)
{
	unsigned int headroom = READ_ONCE(route->headroom);
	unsigned int size = SKB_HEAD_ALIGN(headroom + len + growth);
	struct sk_buff *skb;
	void *head;

	if (likely(size <= PAGE_SIZE)) {
		head = napi_alloc_frag(size);
		if (unlikely(!head))
			return NULL;
		skb = napi_build_skb(head, size);
		if (unlikely(!skb))
			skb_free_frag(head);
	} else {
		skb = __alloc_skb(headroom + len + growth, GFP_ATOMIC, SKB_ALLOC_NAPI, NUMA_NO_NODE);
	}
	if (likely(skb)) {
		skb_reserve(skb, headroom);
		__skb_put_data(skb, payload, len);
	}
	return skb;
}

/* What nf_hook_slow() does with the verdict of an entry that has not accepted. What a queue does not want goes on behind it. */
int rtpe_hook_verdict(struct sk_buff *skb, struct nf_hook_state *state,
		      const struct nf_hook_entries *entries, unsigned int at, unsigned int verdict)
{
	int result;

	switch (verdict & NF_VERDICT_MASK) {
	case NF_ACCEPT:
		return nf_hook_slow(skb, state, entries, at + 1);
	case NF_DROP:
		kfree_skb_reason(skb, SKB_DROP_REASON_NETFILTER_DROP);
		return NF_DROP_GETERR(verdict) ?: -EPERM;
	case NF_QUEUE:
		result = nf_queue(skb, state, at, verdict);
		return result == 1 ? nf_hook_slow(skb, state, entries, at + 1) : result;
	case NF_STOLEN:
		return NF_DROP_GETERR(verdict);
	default:
		WARN_ON_ONCE(1);
		return 0;
	}
}

int rtpe_drop(struct sk_buff *skb, enum skb_drop_reason reason, int error)
{
	kfree_skb_reason(skb, reason);
	return error;
}

/* Where what LOCAL_OUT has queued goes on. */
int rtpe_after_local_out(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	return dst_output(net, sk, skb);
}

/* What ip_send_skb() returns when a datagram was not sent, or may not have been. */
int rtpe_refused4(struct net *net, int result)
{
	if (result > 0)
		result = net_xmit_errno(result);
	if (result)
		IP_INC_STATS(net, IPSTATS_MIB_OUTDISCARDS);
	return result;
}

/* What ip6_send_skb() returns likewise. */
int rtpe_refused6(struct net *net, struct inet6_dev *idev, int result)
{
	if (result > 0)
		result = net_xmit_errno(result);
	if (result)
		IP6_INC_STATS(net, idev, IPSTATS_MIB_OUTDISCARDS);
	return result;
}

/* Hands a datagram that has headers and a route to the stack. The buffer is gone. */
int rtpe_hand_over(struct net *net, struct sk_buff *skb)
{
	struct inet6_dev *idev;
	int result;

	rcu_read_lock();
	if (ip_hdr(skb)->version == 6) {
		idev = ip6_dst_idev(skb_dst(skb));
		result = ip6_local_out(net, NULL, skb);
		if (result)
			result = rtpe_refused6(net, idev, result);
	} else {
		result = ip_local_out(net, NULL, skb);
		if (result)
			result = rtpe_refused4(net, result);
	}
	rcu_read_unlock();
	return result;
}

/*
 * Frees what waits in a queue of netfilter, and would go on in a function of ours, as is done when a hook is removed; then waits
 * for what has gone on. Sleeps.
 */
void rtpe_send_end(void)
{
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net)
		nf_queue_nf_hook_drop(net);
	up_read(&net_rwsem);
	synchronize_net();
}
