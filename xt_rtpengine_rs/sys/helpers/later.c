// SPDX-License-Identifier: GPL-2.0-only
/*
 * Datagrams that are sent later: in the next softirq of this processor, when the rules that are being walked through are
 * done with.
 */

#include "../bindings.h"

/* As many as a network device may have on a processor by default (net.core.netdev_max_backlog). */
#define RTPE_LATER_MAX 1000

struct rtpe_later {
	struct sk_buff_head queue;
	struct work_struct work;
};

static DEFINE_PER_CPU(struct rtpe_later, rtpe_later_of_cpu);
/* How many are queued on all processors. */
static atomic_t rtpe_later_count = ATOMIC_INIT(0);

/* What a datagram carries while it is queued. */
struct rtpe_later_cb {
	struct net *net;
	struct rtpe_report report;
};

static struct rtpe_later_cb *rtpe_later_cb(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct rtpe_later_cb) > sizeof(skb->cb));
	return (struct rtpe_later_cb *)skb->cb;
}

static void rtpe_later_run(struct work_struct *work)
{
	struct rtpe_later *later = container_of(work, struct rtpe_later, work);
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&later->queue))) {
		struct rtpe_later_cb cb = *rtpe_later_cb(skb);

		memset(skb->cb, 0, sizeof(skb->cb));
		cb.report.sent(cb.net, cb.report.data, rtpe_hand_over(cb.net, skb));
		atomic_dec(&rtpe_later_count);
	}
}

void rtpe_later_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct rtpe_later *later = per_cpu_ptr(&rtpe_later_of_cpu, cpu);

		skb_queue_head_init(&later->queue);
		INIT_WORK(&later->work, rtpe_later_run);
	}
}

/*
 * Waits until what has been queued is sent and reported. What an RCU reader queues is seen when a grace period has passed after
 * that. Sleeps.
 */
void rtpe_later_settle(void)
{
	if (atomic_read(&rtpe_later_count))
		rtpe_later_end();
}

/* As above, and for the return of who has sent it. */
void rtpe_later_end(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		flush_work(&per_cpu_ptr(&rtpe_later_of_cpu, cpu)->work);
}

/*
 * Queues a datagram that only has to be handed over. The namespace has to be alive until rtpe_later_settle() has been called.
 * Called under RCU, with bottom halves off. The buffer is gone; an error is not reported otherwise.
 */
int rtpe_later(struct net *net, struct sk_buff *skb, const struct rtpe_report *report)
{
	struct rtpe_later *later = this_cpu_ptr(&rtpe_later_of_cpu);

	if (skb_queue_len(&later->queue) >= RTPE_LATER_MAX || !skb_dst_force(skb)) {
		kfree_skb_reason(skb, SKB_DROP_REASON_CPU_BACKLOG);
		return -ENOBUFS;
	}
	*rtpe_later_cb(skb) = (struct rtpe_later_cb){ .net = net, .report = *report };
	atomic_inc(&rtpe_later_count);
	skb_queue_tail(&later->queue, skb);
	queue_work(system_bh_wq, &later->work);
	return 0;
}
