/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_MAP_H
#define RTPE_HELPERS_MAP_H

#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct rtpe_key {
	__u8 address[16];
	__u16 family;
	__u16 port;
};

struct rtpe_node {
	struct rhash_head head;
	struct rtpe_key key;
	struct rcu_work reclaim;
};

int rtpe_map_init(struct rhashtable *map);
struct rtpe_node *rtpe_map_lookup(struct rhashtable *map, const struct rtpe_key *key);
int rtpe_map_insert(struct rhashtable *map, struct rtpe_node *node);
int rtpe_map_remove(struct rhashtable *map, struct rtpe_node *node);
struct workqueue_struct *rtpe_alloc_workqueue(void);
void rtpe_reclaim(struct workqueue_struct *queue, struct rtpe_node *node,
		  void (*reclaim)(struct work_struct *work));
struct rtpe_node *rtpe_node_of_work(struct work_struct *work);

#endif
