/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C interfaces of the kernel that sys/ builds on, for bindgen and for helpers/: functions around
 * inline functions and macros that Rust cannot call, one file an interface.
 */

#include <crypto/aes-ctr.h>
#include <crypto/aes-gcm.h>
#include <crypto/sha1.h>
#include <crypto/utils.h>
#include <linux/cpuhotplug.h>
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/if_vlan.h>
#include <linux/inetdevice.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/namei.h>
#include <linux/nospec.h>
#include <linux/percpu.h>
#include <linux/proc_fs.h>
#include <linux/random.h>
#include <linux/rhashtable.h>
#include <linux/rtnetlink.h>
#include <linux/sched/mm.h>
#include <linux/seq_file.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/timekeeping.h>
#include <linux/timer.h>
#include <linux/udp.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <net/addrconf.h>
#include <net/arp.h>
#include <net/flow_dissector.h>
#include <net/gso.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_fib.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/lwtunnel.h>
#include <net/ndisc.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_extend.h>
#include <net/netfilter/nf_tables.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/xfrm.h>

#include "helpers/crypto.h"
#include "helpers/hook.h"
#include "helpers/input.h"
#include "helpers/kernel.h"
#include "helpers/later.h"
#include "helpers/map.h"
#include "helpers/memory.h"
#include "helpers/net.h"
#include "helpers/packet.h"
#include "helpers/parameters.h"
#include "helpers/proc.h"
#include "helpers/route.h"
#include "helpers/send.h"
#include "helpers/tally.h"
