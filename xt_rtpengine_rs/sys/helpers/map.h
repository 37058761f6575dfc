/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_MAP_H
#define RTPE_HELPERS_MAP_H

#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

/* The bytes of a udp_ip::Endpoint. */
#define RTPE_KEY_WORDS 5

/* What a search reads lies in one cache line, with what it is for behind it. */
struct rtpe_node {
	struct rhash_head head;
	__u32 key[RTPE_KEY_WORDS];
};

int rtpe_map_init(struct rhashtable *map);
struct rtpe_node *rtpe_map_lookup(struct rhashtable *map, const __u32 *key);
int rtpe_map_insert(struct rhashtable *map, struct rtpe_node *node);
int rtpe_map_remove(struct rhashtable *map, struct rtpe_node *node);
struct workqueue_struct *rtpe_maps_prepare(void);
void rtpe_reclaim(struct workqueue_struct *queue, struct rcu_work *work,
		  void (*reclaim)(struct work_struct *work));
struct rcu_work *rtpe_rcu_work(struct work_struct *work);

#endif
