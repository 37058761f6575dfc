// SPDX-License-Identifier: GPL-2.0-only
/*
 * See helpers.h.
 */

#include "bindings.h"

unsigned int rtpe_proc_uid;
module_param_named(proc_uid, rtpe_proc_uid, uint, 0444);
MODULE_PARM_DESC(proc_uid, "User id that owns the files under /proc/rtpengine (default 0)");

unsigned int rtpe_proc_gid;
module_param_named(proc_gid, rtpe_proc_gid, uint, 0444);
MODULE_PARM_DESC(proc_gid, "Group id that owns the files under /proc/rtpengine (default 0)");

unsigned int rtpe_proc_mask;
module_param_named(proc_mask, rtpe_proc_mask, hexint, 0444);
MODULE_PARM_DESC(proc_mask, "Mode bits to take away from the files under /proc/rtpengine (default 0)");

unsigned int rtpe_stream_packets_list_limit = 10;
module_param_named(stream_packets_list_limit, rtpe_stream_packets_list_limit, uint, 0444);
MODULE_PARM_DESC(stream_packets_list_limit,
		 "Packets that a recording stream keeps when it names no limit (default 10)");

static int rtpe_set_replay_window(const char *text, const struct kernel_param *parameter)
{
	unsigned int size;
	int error = kstrtouint(text, 0, &size);

	if (error)
		return error;
	if (size != 0 && (size < RTPE_MIN_REPLAY_WINDOW || size > RTPE_MAX_REPLAY_WINDOW))
		return -ERANGE;
	WRITE_ONCE(*(unsigned int *)parameter->arg, size);
	return 0;
}

static const struct kernel_param_ops rtpe_replay_window_ops = {
	.set = rtpe_set_replay_window,
	.get = param_get_uint,
};

unsigned int rtpe_srtp_replay_window = RTPE_MIN_REPLAY_WINDOW;
module_param_cb(srtp_replay_window, &rtpe_replay_window_ops, &rtpe_srtp_replay_window, 0644);
MODULE_PARM_DESC(srtp_replay_window,
		 "How many packets back SRTP may come late, 64 to 1024, or 0 to accept replays, of targets added from then on (default 64)");

bool rtpe_log_errors;
module_param_named(log_errors, rtpe_log_errors, bool, 0644);
MODULE_PARM_DESC(log_errors, "Log errors of the packet path, rate limited (default N)");

bool rtpe_api_debug;
module_param_named(api_debug, rtpe_api_debug, bool, 0644);
MODULE_PARM_DESC(api_debug, "Log why a command was refused (default N)");

bool rtpe_net_ratelimit(void)
{
	return net_ratelimit();
}

void rtpe_replace_fops(struct file *file, const struct file_operations *fops)
{
	replace_fops(file, fops);
}

bool rtpe_fops_get(const struct file_operations *fops)
{
	return fops_get(fops);
}

void *rtpe_pde_data(const struct inode *inode)
{
	return pde_data(inode);
}

kuid_t rtpe_make_kuid(unsigned int uid)
{
	return make_kuid(&init_user_ns, uid);
}

kgid_t rtpe_make_kgid(unsigned int gid)
{
	return make_kgid(&init_user_ns, gid);
}

bool rtpe_file_capable(const struct file *file, int capability)
{
	return file_ns_capable(file, &init_user_ns, capability);
}

bool rtpe_is_user(kuid_t uid)
{
	return uid_eq(current_fsuid(), uid);
}

bool rtpe_in_group(kgid_t gid)
{
	return in_group_p(gid);
}

struct net *rtpe_current_net(void)
{
	return current->nsproxy->net_ns;
}

/* Takes a reference to a namespace if it is alive still. */
struct net *rtpe_get_net(const struct net *wanted)
{
	struct net *net, *found = NULL;

	rcu_read_lock();
	for_each_net_rcu(net) {
		if (net == wanted) {
			found = maybe_get_net(net);
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

void rtpe_put_net(struct net *net)
{
	put_net(net);
}

unsigned int rtpe_current_tgid(void)
{
	return task_tgid_nr(current);
}

bool rtpe_module_has_started(void)
{
	return READ_ONCE(THIS_MODULE->state) == MODULE_STATE_LIVE;
}

void rtpe_bh_disable(void)
{
	local_bh_disable();
}

void rtpe_bh_enable(void)
{
	local_bh_enable();
}

pgprot_t rtpe_page_kernel(void)
{
	return PAGE_KERNEL;
}

static const struct rhashtable_params rtpe_map_params = {
	.key_len = sizeof(struct rtpe_key),
	.key_offset = offsetof(struct rtpe_node, key),
	.head_offset = offsetof(struct rtpe_node, head),
	.automatic_shrinking = true,
};

int rtpe_map_init(struct rhashtable *map)
{
	return rhashtable_init(map, &rtpe_map_params);
}

struct rtpe_node *rtpe_map_lookup(struct rhashtable *map, const struct rtpe_key *key)
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

void rtpe_memzero(void *memory, size_t size)
{
	memzero_explicit(memory, size);
}

bool rtpe_is_equal(const u8 *a, const u8 *b, size_t size)
{
	return crypto_memneq(a, b, size) == 0;
}

void rtpe_aes_encrypt(const struct aes_enckey *key, u8 *block)
{
	aes_encrypt(key, block, block);
}

void rtpe_aes_ctr(const struct aes_enckey *key, u8 *data, size_t len, u8 *counter)
{
	aes_ctr(data, data, len, counter, key);
}

void rtpe_hmac_sha1_update(struct hmac_sha1_ctx *ctx, const u8 *data, size_t len)
{
	hmac_sha1_update(ctx, data, len);
}

u32 rtpe_nla_get_u32(const struct nlattr *attribute)
{
	return nla_get_u32(attribute);
}

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

struct dst_entry *rtpe_route4(struct net *net, __be32 saddr, __be32 daddr, __be16 sport,
			      __be16 dport, u8 tos)
{
	struct flowi4 flow;
	struct rtable *route;

	flowi4_init_output(&flow, 0, 0, tos & INET_DSCP_MASK, RT_SCOPE_UNIVERSE, IPPROTO_UDP,
			   FLOWI_FLAG_ANYSRC, daddr, saddr, dport, sport, GLOBAL_ROOT_UID);
	route = ip_route_output_flow(net, &flow, NULL);
	return IS_ERR(route) ? ERR_CAST(route) : &route->dst;
}

struct dst_entry *rtpe_route6(struct net *net, const void *saddr, const void *daddr,
			      __be16 sport, __be16 dport, u8 traffic_class)
{
	struct flowi6 flow = {
		.saddr = *(const struct in6_addr *)saddr,
		.daddr = *(const struct in6_addr *)daddr,
		.fl6_sport = sport,
		.fl6_dport = dport,
		.flowi6_proto = IPPROTO_UDP,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
		.flowlabel = ip6_make_flowinfo(traffic_class, 0),
	};

	return ip6_dst_lookup_flow(net, NULL, &flow, NULL);
}

int rtpe_dst_cache_init(struct dst_cache *cache)
{
	return dst_cache_init(cache, GFP_KERNEL);
}

void rtpe_dst_release(struct dst_entry *dst)
{
	dst_release(dst);
}

unsigned int rtpe_dst_mtu(const struct dst_entry *dst)
{
	return dst_mtu(dst);
}

/* As ip_dont_fragment() for a new socket, which takes its way of path MTU discovery from the namespace. */
bool rtpe_dont_fragment(const struct net *net, const struct dst_entry *dst)
{
	return !READ_ONCE(net->ipv4.sysctl_ip_no_pmtu_disc) && !ip_mtu_locked(dst);
}

unsigned int rtpe_dst_headroom(const struct dst_entry *dst)
{
	unsigned int headroom;

	rcu_read_lock();
	headroom = LL_RESERVED_SPACE(dst_dev_rcu(dst)) + dst->header_len;
	rcu_read_unlock();
	return headroom;
}

int rtpe_dst_hoplimit4(const struct dst_entry *dst)
{
	return ip4_dst_hoplimit(dst);
}

void rtpe_skb_dst_set(struct sk_buff *skb, struct dst_entry *dst)
{
	skb_dst_set(skb, dst);
}

void rtpe_select_ident(struct net *net, void *ip)
{
	__ip_select_ident(net, ip, 1);
}
