// SPDX-License-Identifier: GPL-2.0-only
/* The hash of targets. */

#include "../bindings.h"

static const struct rhashtable_params rtpe_map_params = {
	.key_len = sizeof_field(struct rtpe_node, key),
	.key_offset = offsetof(struct rtpe_node, key),
	.head_offset = offsetof(struct rtpe_node, head),
	.automatic_shrinking = true,
};

int rtpe_map_init(struct rhashtable *map)
{
	return rhashtable_init(map, &rtpe_map_params);
}

struct rtpe_node *rtpe_map_lookup(struct rhashtable *map, const __u32 *key)
{
	return rhashtable_lookup(map, key, rtpe_map_params);
}

int rtpe_map_insert(struct rhashtable *map, struct rtpe_node *node)
{
	return rhashtable_lookup_insert_fast(map, &node->head, rtpe_map_params);
}

int rtpe_map_remove(struct rhashtable *map, struct rtpe_node *node)
{
	return rhashtable_remove_fast(map, &node->head, rtpe_map_params);
}

struct workqueue_struct *rtpe_alloc_workqueue(void)
{
	return alloc_workqueue("rtpengine", WQ_UNBOUND, 0);
}

void rtpe_reclaim(struct workqueue_struct *queue, struct rtpe_node *node,
		  void (*reclaim)(struct work_struct *work))
{
	INIT_RCU_WORK(&node->reclaim, reclaim);
	queue_rcu_work(queue, &node->reclaim);
}

struct rtpe_node *rtpe_node_of_work(struct work_struct *work)
{
	return container_of(to_rcu_work(work), struct rtpe_node, reclaim);
}
