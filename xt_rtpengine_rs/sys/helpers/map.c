// SPDX-License-Identifier: GPL-2.0-only
/* The hash of targets. */

#include "../bindings.h"

/* Nobody knows it. */
static u64 rtpe_map_secret[3] __read_mostly;

static __always_inline u64 rtpe_fold(u64 a, u64 b)
{
	return a * b ^ mul_u64_u64_shr(a, b, 64);
}

/*
 * The product of two secrets with the key mixed in, folded, twice: a third of the instructions of jhash2(). Who chooses addresses to make
 * chains long would have to know the secrets, which nothing tells; a chain that is long all the same has the table hashed anew, with
 * another seed.
 */
static __always_inline u32 rtpe_map_hash(const void *data, u32 len, u32 seed)
{
	const u32 *key = data;
	u64 address = rtpe_fold(get_unaligned((const u64 *)key) ^ rtpe_map_secret[0],
				get_unaligned((const u64 *)(key + 2)) ^ rtpe_map_secret[1] ^ seed);

	return rtpe_fold(address ^ key[4], rtpe_map_secret[2]);
}

static __always_inline int rtpe_map_compare(struct rhashtable_compare_arg *arg, const void *object)
{
	const u32 *wanted = arg->key, *key = ((const struct rtpe_node *)object)->key;

	return ((get_unaligned((const u64 *)wanted) ^ get_unaligned((const u64 *)key)) |
		(get_unaligned((const u64 *)(wanted + 2)) ^ get_unaligned((const u64 *)(key + 2))) |
		(wanted[4] ^ key[4])) != 0;
}

static const struct rhashtable_params rtpe_map_params = {
	.key_len = sizeof_field(struct rtpe_node, key),
	.key_offset = offsetof(struct rtpe_node, key),
	.head_offset = offsetof(struct rtpe_node, head),
	.hashfn = rtpe_map_hash,
	.obj_cmpfn = rtpe_map_compare,
	.automatic_shrinking = true,
};

int rtpe_map_init(struct rhashtable *map)
{
	return rhashtable_init(map, &rtpe_map_params);
}

struct rtpe_node *rtpe_map_lookup(struct rhashtable *map, const __u32 *key)
{
	struct rhash_head *head;

	head = __rhashtable_lookup(map, key, rtpe_map_params, RHT_LOOKUP_LIKELY);
	/* It is the first of a node. */
	return (struct rtpe_node *)head;
}

int rtpe_map_insert(struct rhashtable *map, struct rtpe_node *node)
{
	return rhashtable_lookup_insert_fast(map, &node->head, rtpe_map_params);
}

int rtpe_map_remove(struct rhashtable *map, struct rtpe_node *node)
{
	return rhashtable_remove_fast(map, &node->head, rtpe_map_params);
}

/*
 * Prepares what all tables share, when the module is loaded. Returns the workqueue. get_random_once() would hold the module for a while
 * after the first table, by a work of its own: it could not be unloaded when that table has gone.
 */
struct workqueue_struct *rtpe_maps_prepare(void)
{
	get_random_bytes(rtpe_map_secret, sizeof(rtpe_map_secret));
	return alloc_workqueue("rtpengine", WQ_UNBOUND, 0);
}

void rtpe_reclaim(struct workqueue_struct *queue, struct rcu_work *work,
		  void (*reclaim)(struct work_struct *work))
{
	INIT_RCU_WORK(work, reclaim);
	queue_rcu_work(queue, work);
}

struct rcu_work *rtpe_rcu_work(struct work_struct *work)
{
	return to_rcu_work(work);
}
