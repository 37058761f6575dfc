/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions around the inline functions and macros of the kernel that Rust cannot call.
 * Each does what its namesake does, no more; the contracts are those of the kernel's headers.
 */
#ifndef RTPE_HELPERS_H
#define RTPE_HELPERS_H

#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct aes_enckey;
struct dst_cache;
struct dst_entry;
struct file;
struct file_operations;
struct hmac_sha1_ctx;
struct inode;
struct net;
struct nlattr;
struct sk_buff;

#define RTPE_MIN_REPLAY_WINDOW 64
#define RTPE_MAX_REPLAY_WINDOW 1024

/* Module parameters. */
extern unsigned int rtpe_proc_uid;
extern unsigned int rtpe_proc_gid;
extern unsigned int rtpe_proc_mask;
extern unsigned int rtpe_stream_packets_list_limit;
extern unsigned int rtpe_srtp_replay_window;
extern bool rtpe_log_errors;
extern bool rtpe_api_debug;
bool rtpe_net_ratelimit(void);

/* Files and credentials. */
void rtpe_replace_fops(struct file *file, const struct file_operations *fops);
bool rtpe_fops_get(const struct file_operations *fops);
void *rtpe_pde_data(const struct inode *inode);
kuid_t rtpe_make_kuid(unsigned int uid);
kgid_t rtpe_make_kgid(unsigned int gid);
bool rtpe_file_capable(const struct file *file, int capability);
bool rtpe_is_user(kuid_t uid);
bool rtpe_in_group(kgid_t gid);
struct net *rtpe_current_net(void);
struct net *rtpe_get_net(const struct net *wanted);
void rtpe_put_net(struct net *net);
unsigned int rtpe_current_tgid(void);

/* The module itself. */
bool rtpe_module_has_started(void);

/* The context of the packet path. */
void rtpe_bh_disable(void);
void rtpe_bh_enable(void);

/* Mapping. */
pgprot_t rtpe_page_kernel(void);

/* The hash of targets. */
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

/* Ciphers and codes. */
void rtpe_memzero(void *memory, size_t size);
bool rtpe_is_equal(const u8 *a, const u8 *b, size_t size);
void rtpe_aes_encrypt(const struct aes_enckey *key, u8 *block);
void rtpe_aes_ctr(const struct aes_enckey *key, u8 *data, size_t len, u8 *counter);
void rtpe_hmac_sha1_update(struct hmac_sha1_ctx *ctx, const u8 *data, size_t len);

/* Netlink attributes. */
u32 rtpe_nla_get_u32(const struct nlattr *attribute);

/* Packet buffers. */
struct sk_buff *rtpe_alloc_skb(unsigned int size);
bool rtpe_skb_may_pull(struct sk_buff *skb, unsigned int len);
bool rtpe_skb_linearize(struct sk_buff *skb);
bool rtpe_skb_make_private(struct sk_buff *skb);
int rtpe_skb_tailroom(const struct sk_buff *skb);
bool rtpe_skb_shared(const struct sk_buff *skb);
bool rtpe_skb_is_gso(const struct sk_buff *skb);
bool rtpe_skb_csum_vouched(const struct sk_buff *skb);
bool rtpe_skb_policy_allows(struct sk_buff *skb, bool ipv4);
__sum16 rtpe_udp4_csum(const void *udp, unsigned int len, __be32 saddr, __be32 daddr);
__sum16 rtpe_udp6_csum(const void *udp, unsigned int len, const void *saddr, const void *daddr);
int rtpe_skb_network_offset(const struct sk_buff *skb);
int rtpe_skb_make_room(struct sk_buff *skb, unsigned int headroom, unsigned int tailroom);
void rtpe_skb_reserve(struct sk_buff *skb, unsigned int len);
void rtpe_skb_scrub(struct sk_buff *skb);
void rtpe_skb_set_headers(struct sk_buff *skb, int transport_offset);
void rtpe_skb_set_protocol(struct sk_buff *skb, __be16 protocol);
void rtpe_skb_set_ignore_df(struct sk_buff *skb);
s64 rtpe_skb_arrival(const struct sk_buff *skb);
void rtpe_skb_set_arrival(struct sk_buff *skb, s64 ns);
void rtpe_consume_skb(struct sk_buff *skb);

/* Routes. */
struct dst_entry *rtpe_route4(struct net *net, __be32 saddr, __be32 daddr, __be16 sport,
			      __be16 dport, u8 tos);
struct dst_entry *rtpe_route6(struct net *net, const void *saddr, const void *daddr,
			      __be16 sport, __be16 dport, u8 traffic_class);
int rtpe_dst_cache_init(struct dst_cache *cache);
void rtpe_dst_release(struct dst_entry *dst);
unsigned int rtpe_dst_mtu(const struct dst_entry *dst);
bool rtpe_dont_fragment(const struct net *net, const struct dst_entry *dst);
unsigned int rtpe_dst_headroom(const struct dst_entry *dst);
int rtpe_dst_hoplimit4(const struct dst_entry *dst);
void rtpe_skb_dst_set(struct sk_buff *skb, struct dst_entry *dst);
void rtpe_select_ident(struct net *net, void *ip);

#endif
